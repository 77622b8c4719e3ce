/* Boot tables built in C: what the builder of ./k5 would make of a system description.
 *
 * One system at a time. Everything has a sane default; a test changes what it is
 * about through the pointers that the build_..._of() functions return.
 * Memory of task t: text and RAM of BUILD_TASK_BYTES each, at a fixed place. The
 * lower half of the RAM is for stacks, the upper one for buffers. Region objects
 * lie behind all tasks' RAM.
 */
#pragma once

#include "k5_abi.h"
#include "kernel/system.h"
#include "tests/unit/fake_machine.h"

#define BUILD_TASK_BYTES  2048u
#define BUILD_STACK_BYTES 64u
#define BUILD_TICK_HZ     1000000u

/* A task's regions in the order of their addresses, if it has no more of them. */
enum build_region { BUILD_TEXT, BUILD_STACKS, BUILD_BUFFERS };

/* Values that build_task() and build_thread() fill in. */
#define BUILD_BACKOFF     1000u
#define BUILD_BACKOFF_MAX 6000u
#define BUILD_STABLE      100000u
#define BUILD_GRACE       10000u
#define BUILD_SLICE       1000u

/* No budget may be set below. */
#define BUILD_BUDGET_LEAST 10u

/* Forgets the system built last. */
void build_reset(void);

/* The next task, with its text and RAM regions; returns its id. */
uint32_t build_task(enum sys_policy policy);
struct sys_task *build_task_of(uint32_t task);

/* The next thread; the threads of a task are built one after another. Budget BUILD_SLICE, no
 * cooldown: plain round robin. */
uint32_t build_thread(uint32_t task, uint32_t priority);
struct sys_thread *build_thread_of(uint32_t thread);

/* A task with one thread. Returns the id of both, so use it alone or before the others. */
uint32_t build_single(uint32_t priority);

uint32_t build_endpoint(uint32_t receiver);
const struct sys_endpoint *build_endpoint_of(uint32_t endpoint);

/* The endpoint holds up to `places` short messages. Once for each endpoint. */
void build_queue(uint32_t endpoint, uint32_t places);

uint32_t build_notification(uint32_t receiver);

/* The notification's receiver also gets its bits by recv. */
void build_bind(uint32_t notification);

uint32_t build_interrupt(uint32_t line, uint32_t notification, uint32_t bit);
uint32_t build_port(const char *name);

/* A region object of `bytes` in memory of its own. A movable one is at home in the slot of the one
 * capability that is built for it. */
uint32_t build_object(uint32_t bytes, uint32_t access, uint32_t flags);
struct sys_region *build_object_of(uint32_t object);

/* Fills the task's next slot; returns the cptr that the first incarnation and all later find. */
uint32_t build_cap(uint32_t task, uint32_t endpoint, uint32_t rights, uint32_t badge);

/* The same for a capability of any kind. */
uint32_t build_cap_for(uint32_t task, enum k5_kind kind, uint32_t object, uint32_t rights,
                       uint32_t badge);

/* Empty slots behind the task's capabilities. */
void build_spare_slots(uint32_t task, uint32_t count);

/* One more region; build_finish() sorts them. */
void build_region(uint32_t task, uint32_t base, uint32_t bytes, uint32_t access);

/* The same: registers of a device. */
void build_device(uint32_t task, uint32_t base, uint32_t bytes);

/* Region `index` of the task in the finished tables, which are sorted. */
struct sys_region *build_region_of(uint32_t task, uint32_t index);

/* A 512-byte buffer of the task: number 0 or 1. */
uint32_t build_buffer(uint32_t task, uint32_t number);

/* Counts and offsets are filled in by build_finish(); the other fields are the test's to change. */
struct sys_header *build_header(void);

/* Lays the tables out as one blob, valid until build_reset(). */
const struct sys_header *build_finish(void);
