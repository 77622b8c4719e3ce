/* What the hosted port asks of the machine around it.
 *
 * The port knows no simulator: sim/ is one machine, tests/unit/fake_machine.h
 * another. What can be plain data is data, since an entry into the kernel must
 * cost nanoseconds.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct fault_record;
struct k5_event;
struct kernel_state;
struct port_mpu_image;
struct sys_header;
struct sys_region;

/* A range of the guest's address space that is host memory. */
struct hostport_range {
    uint32_t base;
    uint32_t bytes;
    uint8_t *host;
};

#define HOSTPORT_RANGES 8

/* Lines of the interrupt controller: 0 to HOSTPORT_LINES - 1. */
#define HOSTPORT_LINES 256u

/* What differs between the instruction sets that tasks are made of. */
struct hostport_arch {
    /* As port_thread_init(), port_fault_site(), port_mpu_compile() and port_mpu_entries(). */
    void (*thread_init)(uint8_t id);
    void (*fault_site)(uint8_t id, struct fault_record *record);
    void (*mpu_compile)(const struct sys_region *region, uint32_t count,
                        struct port_mpu_image *image);
    uint32_t (*mpu_entries)(const struct sys_region *region, bool whole, uint32_t edges,
                            uint32_t holes);
};

extern const struct hostport_arch hostport_armv8m;
extern const struct hostport_arch hostport_rv32;

struct hostport_machine {
    const struct hostport_arch *arch;
    uint64_t now;           /* port_cycles(); stands still during an entry */
    uint64_t deadline;      /* what the kernel asked for last; PORT_NEVER: nothing */
    uint64_t wanted;        /* bit k: kernel events of kind k are wanted */
    bool halted;            /* the kernel called port_halt() */
    bool pending_interrupt; /* port_pending(): entries take no time, so nothing comes during one;
                               for a test to say otherwise */
    bool lines_changed;     /* the kernel masked or unmasked a line; for the machine to clear */
    uint32_t unmasked[HOSTPORT_LINES / 32u]; /* a bit a line */
    uint32_t range_count;
    struct hostport_range range[HOSTPORT_RANGES];

    /* Takes a record; never fails. */
    void (*event)(struct hostport_machine *machine, const struct k5_event *event);
    /* The shorter way for kernel events, which come by the million: where to write the record, its
     * time being there already, or NULL if it is not wanted. No function: they come through
     * `event`. */
    struct k5_event *(*place)(struct hostport_machine *machine, uint32_t kind);
    /* The kernel wrote guest memory: a translation of these bytes is stale. */
    void (*written)(struct hostport_machine *machine, uint32_t address, uint32_t bytes);
    /* The kernel is about to read guest memory; NULL: nobody wants to know. */
    void (*reading)(struct hostport_machine *machine, uint32_t address, uint32_t bytes);
    /* Leaves the kernel for good, by longjmp; the event has been recorded. */
    void (*panic)(struct hostport_machine *machine) __attribute__((noreturn));
};

extern _Thread_local struct hostport_machine *hostport_machine;

/* From here on the calling host thread runs the kernel of this machine. */
void hostport_enter(struct hostport_machine *machine, struct kernel_state *state,
                    const struct sys_header *system);

/* The host's view of [address, address + bytes), or NULL if that is not all in one range. */
uint8_t *hostport_memory(const struct hostport_machine *machine, uint32_t address, uint32_t bytes);

/* port_trace() for a kind that is wanted. */
void hostport_trace(uint32_t kind, uint32_t thread, uint32_t code, uint32_t arg0, uint32_t arg1);

static inline bool hostport_wants(uint32_t kind)
{
    return ((hostport_machine->wanted >> kind) & 1u) != 0;
}
