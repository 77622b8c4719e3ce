/* What the kernel's unit tests share: a booted machine whose tasks the test plays.
 *
 * Every entry into the kernel passes here, and the kernel's invariants are
 * checked after each. A test builds a system (system_builder.h), boots it, and
 * then makes system calls as whichever thread is current.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "k5_abi.h"
#include "kernel/entry.h"
#include "kernel/state.h"
#include "tests/unit/fake_machine.h"
#include "tests/unit/system_builder.h"

extern struct fake_machine kit_machine;

/* Which row of a table is being checked; printed when an assertion of the kit fails. */
void kit_row(const char *name, uint64_t number);

/* CMocka set-up of every test: an empty description, time 0. */
int kit_setup(void **state);

#define KIT_TEST(name) cmocka_unit_test_setup(name, kit_setup)

/* Lays out what was built, boots it at tick `now`. */
void kit_boot_at(uint64_t now);
void kit_boot(void);

/* ------------------------------------------------------------ entries */

/* The line of the test that the next entries belong to: where their failures are reported. */
void kit_at(const char *file, int line);

/* The current thread, which must be `who`, makes a system call with these arguments. */
void kit_play(uint32_t who, uint32_t number, const uint32_t argument[7]);

#define PLAY(who, number, ...)                                                                     \
    (kit_at(__FILE__, __LINE__), kit_play(who, number, (const uint32_t[7]){__VA_ARGS__}))

/* The current thread, which must be `who`, commits a fault. */
void kit_commit_fault(uint32_t who);

#define FAULT(who) (kit_at(__FILE__, __LINE__), kit_commit_fault(who))

/* An interrupt line that the kernel has unmasked fires. */
void kit_fire(uint32_t line);

#define FIRE(line) (kit_at(__FILE__, __LINE__), kit_fire(line))

/* Time passes, and the timer fires at each deadline on the way, as on a real machine. */
void kit_advance(uint64_t ticks);

/* kit_advance() up to tick `at`. */
void kit_advance_to(uint64_t at);

/* Time passes that the kernel does not notice before its next entry. */
void kit_elapse(uint64_t ticks);

/* Checks after an entry; for tests that enter the kernel by themselves. */
void kit_check(const char *file, int line);
#define KIT_CHECK() kit_check(__FILE__, __LINE__)

/* ------------------------------------------------------------ who runs */

/* Lets equals yield until `who` is current; needs threads of one priority that are ready. */
void kit_yield_to(uint32_t who);

#define TURN_TO(who) (kit_at(__FILE__, __LINE__), kit_yield_to(who))

/* Puts a thread, once it is current, to sleep until tick `at`. */
void kit_sleep_until(uint32_t who, uint64_t at);

/* ------------------------------------------------------------ what became of it */

/* A register of a thread: result n of its last system call. */
uint32_t kit_reg(uint32_t who, uint32_t number);
uint64_t kit_now(void);

const char *kit_error_name(uint32_t error);
const char *kit_state_name(uint32_t state);

void kit_assert_error(uint32_t who, enum k5_error want, const char *file, int line);
void kit_assert_state(uint32_t who, enum k5_thread_state want, const char *file, int line);
void kit_assert_current(uint32_t want, const char *file, int line);

/* Result register 0 of `who`. */
#define ASSERT_ERROR(who, want) kit_assert_error(who, want, __FILE__, __LINE__)
#define ASSERT_STATE(who, want) kit_assert_state(who, want, __FILE__, __LINE__)
#define ASSERT_CURRENT(want)    kit_assert_current(want, __FILE__, __LINE__)

void kit_assert_task(uint32_t task, enum k5_task_state want, const char *file, int line);
#define ASSERT_TASK(task, want) kit_assert_task(task, want, __FILE__, __LINE__)

/* ------------------------------------------------------------ memory */

/* Region `index` of what the task may touch now: to take it away behind the kernel's back. */
static inline struct sys_region *kit_view_of(uint32_t task, uint32_t index)
{
    return &k5.task[task].region[index];
}

/* What the task may do with this byte now, as enum sys_access bits. */
uint32_t kit_access(uint32_t task, uint32_t address);

/* Every byte of the range allows the task `want`, neither more nor less. */
void kit_assert_access(uint32_t task, uint32_t base, uint32_t bytes, uint32_t want,
                       const char *file, int line);
#define ASSERT_ACCESS(task, base, bytes, want)                                                     \
    kit_assert_access(task, base, bytes, want, __FILE__, __LINE__)

/* All that tasks may touch, to be compared later. */
void kit_remember_memory(void);
void kit_assert_memory_as_remembered(const char *file, int line);
#define ASSERT_MEMORY_AS_REMEMBERED() kit_assert_memory_as_remembered(__FILE__, __LINE__)

/* ------------------------------------------------------------ messages */

static inline uint32_t kit_info(uint32_t label, uint32_t flags_and_kind)
{
    return label << 16 | flags_and_kind;
}

/* The word that means tick `at` as a deadline: tests use multiples of 256, which it hits. */
static inline uint32_t kit_deadline(uint64_t at)
{
    return (uint32_t)((at + 255) >> 8);
}

/* Fills guest memory with bytes that depend on `seed`; checks that it holds them. */
void kit_fill(uint32_t address, uint32_t bytes, uint32_t seed);
void kit_assert_filled(uint32_t address, uint32_t bytes, uint32_t seed);

/* True if `reply` is the capability of an open call that thread `who` has received. */
bool kit_holds_reply(uint32_t who, uint32_t reply);

/* ------------------------------------------------------------ chance */

/* A small generator of its own, so that a seed means the same run everywhere. */
struct kit_random {
    uint64_t state;
};

/* Seeds that lie close together give runs that have nothing in common. */
struct kit_random kit_random_from(uint64_t seed);

uint32_t kit_random_next(struct kit_random *random);

/* 0 .. limit - 1; limit is not 0. */
uint32_t kit_random_below(struct kit_random *random, uint32_t limit);

/* Value of an environment variable, or `otherwise`. */
uint64_t kit_setting(const char *name, uint64_t otherwise);
