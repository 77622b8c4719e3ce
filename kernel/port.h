/* The port interface: all that the kernel asks of a machine.
 *
 * arch/armv8m, arch/rv32 and hostport implement it. The include path
 * chooses port_types.h, which defines:
 *
 *   k5                      the name of the kernel state (struct kernel_state)
 *   struct port_context     what a switched-out thread keeps beside its system-call registers
 *   struct port_mpu_image   the protection hardware's registers for one task
 *   port_system()           the boot tables
 *   PORT_TABLE(name), PORT_COUNT(name, configured)
 *                           where one of them lies, and how long it is: see kernel/system.h
 *   port_row(row)           the same address, but of unknown origin: see kernel/state.h
 *   port_trace(...)         see below; a macro, so that a release image has none
 *   port_assertion_failed(file, line)
 *                           see below; a macro, so that an image has neither name nor number
 *
 * A port calls the kernel through kernel/entry.h. On entry it has stored the
 * thread's eight system-call registers in k5.thread[k5.current].reg and the
 * rest in .context; on return it runs k5.current, or waits for the deadline if
 * that is NO_THREAD.
 */
#pragma once

#include <port_types.h>

#include "kernel/event.h"

struct fault_record; /* kernel/entry.h */
struct sys_region;   /* kernel/system.h */

#define PORT_NEVER UINT64_MAX

/* Ticks since boot; never runs backwards, charged time is counted in it. */
uint64_t port_cycles(void);

/*
 * Ask for kernel_timer() at tick `at` or soon after; replaces the earlier
 * request. A tick that has passed fires as soon as the kernel is left. May fire
 * early (short hardware counters); PORT_NEVER asks for nothing.
 */
void port_deadline(uint64_t at);

/*
 * Copies between user ranges that region_check() has just allowed. The only
 * access to user memory beside port_thread_init() and port_fault_site(). At most
 * CFG_COPY_BYTES. Ranges overlap only where tasks share memory: then the order
 * of the bytes is not defined.
 */
void port_copy(uint32_t to, uint32_t from, uint32_t bytes);

/*
 * Makes thread `id` start at its entry with an empty stack: writes its initial
 * exception frame below stack_top (the kernel has checked that range) and fills
 * its context.
 */
void port_thread_init(uint8_t id);

/*
 * Fills pc, sp, lr and the flags of a fault that the kernel itself found (bad
 * system call, panic, timeout) from what thread `id` was interrupted in. Where
 * that lies in the task's memory, the port checks it first; what is not to be
 * had stays 0 and unknown.
 */
void port_fault_site(uint8_t id, struct fault_record *record);

/*
 * The most entries of the protection hardware that `region` may take while parts
 * of it are lent: `edges` is how often the access changes inside it, `holes` how
 * often it is interrupted; `whole` if neither, nor is its end cut off. Pure. On
 * Armv8-M 1 + edges + holes; on RV32 1 for a whole power of two on a multiple of
 * itself, else 2 + edges + 2 * holes. port_mpu_compile() never needs more than the
 * sum over a task's regions, whichever of its loans have ended.
 */
uint32_t port_mpu_entries(const struct sys_region *region, bool whole, uint32_t edges,
                          uint32_t holes);

/* Compiles k5.task[id].region, which fits, into k5.task[id].mpu. In force when the task runs next.
 */
void port_mpu_compile(uint8_t id);

/* Zeroes a range of RAM that no task can access at the moment. At most CFG_COPY_BYTES. */
void port_clear(uint32_t base, uint32_t bytes);

/* Lines of the interrupt controller, all masked at boot. Unmasking a level that is still raised
 * makes it fire again; of an edge that came while the line was masked no more can be said than that
 * it may. */
void port_irq_mask(uint32_t line);
void port_irq_unmask(uint32_t line);

/*
 * True if an interrupt or the deadline waits to be taken. The kernel asks between
 * two steps of long work; then it leaves with k5.current == NO_THREAD and
 * k5.unfinished set. The port takes the interrupt at once, and while `unfinished`
 * is set it does not wait when idle, but enters by kernel_timer().
 */
bool port_pending(void);

/* Hands a record to the board's sink or the simulator. Never waits for the host. */
void port_event(const struct k5_event *event);

/* Nothing is ready and nothing will be. The machine may end here, or wait. */
void port_halt(void);

/*
 * void port_assertion_failed(file, line): the kernel's own bug. Records it, stops the
 * machine, and does not return. `file` has no folder. A port may record the address of
 * the assertion in its place, from which the tools find both in the image.
 */

/*
 * void port_trace(kind, thread, code, arg0, arg1): a K5_EVENT_ of class kernel
 * or timed. In release images a macro that vanishes; else trace_emit() of
 * kernel/trace.h.
 */
