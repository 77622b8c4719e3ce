/* What the kernel's unit tests share. */
#include "tests/unit/kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/invariants.h"
#include "kernel/ipc.h"
#include "kernel/port.h"

struct fake_machine kit_machine;

/* More timer entries in one kit_advance() than any test needs: the kernel is stuck. */
#define MOST_TIMERS 1000000u

static const char *row_name;
static uint64_t row_number;

void kit_row(const char *name, uint64_t number)
{
    row_name = name;
    row_number = number;
}

static void print_row(void)
{
    if (row_name != NULL) {
        print_error("in row %s %llu:\n", row_name, (unsigned long long)row_number);
    }
}

int kit_setup(void **state)
{
    (void)state;
    kit_row(NULL, 0);
    build_reset();
    memset(&kit_machine, 0, sizeof kit_machine);
    return 0;
}

void kit_boot_at(uint64_t now)
{
    fake_machine_init(&kit_machine, build_finish());
    kit_machine.port.now = now;
    kernel_boot();
    KIT_CHECK();
}

void kit_boot(void)
{
    kit_boot_at(0);
}

uint64_t kit_now(void)
{
    return kit_machine.port.now;
}

/* ------------------------------------------------------------ entries */

void kit_check(const char *file, int line)
{
    const char *broken = kernel_invariants();

    if (broken != NULL) {
        print_row();
        print_error("broken invariant: %s (tick %llu)\n", broken, (unsigned long long)kit_now());
        _fail(file, line);
    }
}

static const char *at_file = "?";
static int at_line;

void kit_at(const char *file, int line)
{
    at_file = file;
    at_line = line;
}

void kit_play(uint32_t who, uint32_t number, const uint32_t argument[7])
{
    kit_assert_current(who, at_file, at_line);
    memcpy(k5.thread[who].reg, argument, 7 * sizeof argument[0]);
    k5.thread[who].reg[7] = number;
    kernel_syscall();
    kit_check(at_file, at_line);
}

void kit_commit_fault(uint32_t who)
{
    const struct fault_record record = {
        .kind = K5_FAULT_DATA,
        .flags = K5_FAULT_FLAG_PC_KNOWN | K5_FAULT_FLAG_ADDRESS_KNOWN,
        .pc = 0x08000100,
        .address = 0x40000000,
        .status = 0x82,
    };

    kit_assert_current(who, at_file, at_line);
    kernel_fault(&record);
    kit_check(at_file, at_line);
}

void kit_fire(uint32_t line)
{
    if (!fake_machine_unmasked(&kit_machine, line)) {
        fail_msg("line %u is masked: it cannot fire", (unsigned)line);
    }
    kernel_interrupt(line);
    kit_check(at_file, at_line);
}

void kit_elapse(uint64_t ticks)
{
    fake_machine_advance(&kit_machine, ticks);
}

void kit_advance_to(uint64_t at)
{
    struct hostport_machine *port = &kit_machine.port;

    for (uint32_t i = 0; port->deadline <= at; i++) {
        if (i == MOST_TIMERS) {
            fail_msg("the timer does not come to rest at tick %llu", (unsigned long long)port->now);
        }
        if (port->deadline > port->now) {
            port->now = port->deadline;
        }
        kernel_timer();
        KIT_CHECK();
    }
    port->now = at;
}

void kit_advance(uint64_t ticks)
{
    kit_advance_to(kit_now() + ticks);
}

/* ------------------------------------------------------------ who runs */

void kit_yield_to(uint32_t who)
{
    for (uint32_t i = 0; k5.current != who && i < 2 * CFG_THREADS; i++) {
        if (k5.current == NO_THREAD) {
            break;
        }
        kit_play(k5.current, K5_SYS_YIELD, (const uint32_t[7]){0});
    }
    kit_assert_current(who, at_file, at_line);
}

void kit_sleep_until(uint32_t who, uint64_t at)
{
    TURN_TO(who);
    PLAY(who, K5_SYS_SLEEP, (uint32_t)at, (uint32_t)(at >> 32));
}

/* ------------------------------------------------------------ what became of it */

uint32_t kit_reg(uint32_t who, uint32_t number)
{
    return k5.thread[who].reg[number];
}

const char *kit_error_name(uint32_t error)
{
    static const char *const name[] = {
        "OK",        "E_CPTR",   "E_STALE",       "E_KIND",     "E_RIGHTS",    "E_INVALID",
        "E_ADDRESS", "E_SIZE",   "E_WOULD_BLOCK", "E_DEADLOCK", "E_RESTARTED", "E_STOPPED",
        "E_TIMEOUT", "E_FULL",   "E_SLOTS",       "E_REGIONS",  "E_ALIGNMENT", "E_BUSY",
        "E_AGAIN",   "E_CLOSED", "E_STATE",
    };
    uint32_t index = 0u - error;

    return index < sizeof name / sizeof name[0] ? name[index] : "no error code";
}

const char *kit_state_name(uint32_t state)
{
    static const char *const name[] = {
        "OFF",     "RUNNING",   "READY",   "EXHAUSTED",  "UNFUNDED",
        "HELD",    "SENDING",   "CALLING", "FAULTED",    "AWAITING",
        "LENDING", "RECEIVING", "WAITING", "CONNECTING", "SLEEPING",
    };

    return state < sizeof name / sizeof name[0] ? name[state] : "no state";
}

void kit_assert_error(uint32_t who, enum k5_error want, const char *file, int line)
{
    uint32_t got = kit_reg(who, 0);

    if (got != (uint32_t)want) {
        print_row();
        print_error("thread %u got %s, want %s\n", (unsigned)who, kit_error_name(got),
                    kit_error_name((uint32_t)want));
        _fail(file, line);
    }
}

void kit_assert_state(uint32_t who, enum k5_thread_state want, const char *file, int line)
{
    uint32_t got = k5.thread[who].state;

    if (got != (uint32_t)want) {
        print_row();
        print_error("thread %u is %s, want %s\n", (unsigned)who, kit_state_name(got),
                    kit_state_name((uint32_t)want));
        _fail(file, line);
    }
}

void kit_assert_current(uint32_t want, const char *file, int line)
{
    if (k5.current != want) {
        print_row();
        print_error("thread %u runs, want %u (tick %llu)\n", (unsigned)k5.current, (unsigned)want,
                    (unsigned long long)kit_now());
        _fail(file, line);
    }
}

void kit_assert_task(uint32_t task, enum k5_task_state want, const char *file, int line)
{
    static const char *const name[] = {"READY", "BACKOFF", "HELD", "STOPPED"};
    uint32_t got = k5.task[task].state;

    if (got != (uint32_t)want) {
        print_row();
        print_error("task %u is %s, want %s (tick %llu)\n", (unsigned)task,
                    got < 4 ? name[got] : "in no state", name[want], (unsigned long long)kit_now());
        _fail(file, line);
    }
}

/* ------------------------------------------------------------ memory */

uint32_t kit_access(uint32_t task, uint32_t address)
{
    const struct task *owner = &k5.task[task];

    for (uint32_t i = 0; i < owner->region_count; i++) {
        if (address - owner->region[i].base < owner->region[i].bytes) {
            return owner->region[i].access;
        }
    }
    return 0;
}

void kit_assert_access(uint32_t task, uint32_t base, uint32_t bytes, uint32_t want,
                       const char *file, int line)
{
    for (uint32_t i = 0; i < bytes; i++) {
        uint32_t got = kit_access(task, base + i);

        if (got != want) {
            print_row();
            print_error("task %u has access %u to 0x%08x, want %u\n", (unsigned)task, (unsigned)got,
                        (unsigned)(base + i), (unsigned)want);
            _fail(file, line);
        }
    }
}

static struct task remembered[CFG_TASKS];

void kit_remember_memory(void)
{
    memcpy(remembered, k5.task, sizeof remembered);
}

void kit_assert_memory_as_remembered(const char *file, int line)
{
    for (uint32_t t = 0; t < port_system()->task_count; t++) {
        const struct task *was = &remembered[t];
        const struct task *is = &k5.task[t];
        bool same = was->region_count == is->region_count;

        for (uint32_t i = 0; same && i < is->region_count; i++) {
            same = was->region[i].base == is->region[i].base &&
                   was->region[i].bytes == is->region[i].bytes &&
                   was->region[i].access == is->region[i].access;
        }
        if (!same) {
            print_row();
            print_error("task %u may not touch what it could before\n", (unsigned)t);
            _fail(file, line);
        }
    }
}

/* ------------------------------------------------------------ messages */

static uint8_t fill_byte(uint32_t seed, uint32_t i)
{
    return (uint8_t)((seed + 1u) * 31u + i * 7u + (i >> 5));
}

void kit_fill(uint32_t address, uint32_t bytes, uint32_t seed)
{
    uint8_t *memory = fake_machine_memory(&kit_machine, address, bytes);

    for (uint32_t i = 0; i < bytes; i++) {
        memory[i] = fill_byte(seed, i);
    }
}

void kit_assert_filled(uint32_t address, uint32_t bytes, uint32_t seed)
{
    const uint8_t *memory = fake_machine_memory(&kit_machine, address, bytes);

    for (uint32_t i = 0; i < bytes; i++) {
        if (memory[i] != fill_byte(seed, i)) {
            fail_msg("byte %u at 0x%08x is %02x, want %02x", (unsigned)i, (unsigned)(address + i),
                     memory[i], fill_byte(seed, i));
        }
    }
}

/* ------------------------------------------------------------ chance */

/* The output function of splitmix64. */
struct kit_random kit_random_from(uint64_t seed)
{
    uint64_t z = seed + UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return (struct kit_random){z != 0 ? z : 1};
}

/* xorshift64* (Vigna 2014). */
uint32_t kit_random_next(struct kit_random *random)
{
    uint64_t x = random->state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    random->state = x;
    return (uint32_t)(x * UINT64_C(2685821657736338717) >> 32);
}

uint32_t kit_random_below(struct kit_random *random, uint32_t limit)
{
    return (uint32_t)((uint64_t)kit_random_next(random) * limit >> 32);
}

uint64_t kit_setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL && *text != '\0' ? strtoull(text, NULL, 0) : otherwise;
}

bool kit_holds_reply(uint32_t who, uint32_t reply)
{
    uint32_t caller = reply & 0xffu;

    return caller < sys_thread_count() && k5.thread[caller].state == K5_THREAD_AWAITING &&
           k5.thread[caller].holder == who && ipc_reply_cap(caller) == reply;
}
