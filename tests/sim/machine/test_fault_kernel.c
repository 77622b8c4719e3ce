/* Faults of the kernel's own state and of messages on their way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/machine.h"
#include "tests/sim/support/fault_kit.h"

#define FLIPS 4000u

#define SYSCALL(number) (uint16_t)(0x2000u | (number)), 0x4683, 0xdf00

static const uint16_t loop[] = {0xe7fe};

/* Sends 0x11, 0x22, 0x33, 0x44 through its first capability. */
static const uint16_t sender[] = {
    0x2401,     0x0424, 0x2500, 0x2611, 0x2722, /* r4 = 0x10000; r5 = 0; r6, r7 = 0x11, 0x22 */
    0x2033,     0x4680, 0x2044, 0x4681,         /* r8, r9 = 0x33, 0x44 */
    SYSCALL(0),                                 /* send */
    0xe7fe,
};

/* Sleeps until tick 200, and receives. */
static const uint16_t receiver[] = {
    0x24c8, 0x2500, SYSCALL(6), 0x2401, 0x0424, 0x2500, 0x2600, 0x2700, SYSCALL(2), 0xe7fe,
};

/* Calls for ever; answers for ever. */
static const uint16_t client[] = {
    0x2401, 0x0424, 0x2500, 0x2600, 0x2700, SYSCALL(1), 0xe7f6, /* call; b . - 16 */
};
static const uint16_t server[] = {
    0x2401,     0x0424, 0x2500, SYSCALL(2),         /* recv */
    0x465c,     0x2500, 0x2001, 0x0400,     0x4682, /* r4 = r11; r5 = 0; r10 = 0x10000 */
    SYSCALL(4), 0xe7f6,                             /* reply_recv; b . - 16 */
};

/* ---------------------------------------------------------------- messages */

/* Task 0 sends to task 1, which takes it at tick 200. */
static struct k5sim *boot_sender(void)
{
    const struct bench_program programs[] = {BENCH_PROGRAM(sender), BENCH_PROGRAM(receiver)};
    struct k5sim *sim = bench_open();

    build_reset();
    build_single(10);
    build_single(10);
    uint32_t endpoint = build_endpoint(1);

    build_cap(0, endpoint, K5_RIGHT_SEND, 0);
    build_cap(1, endpoint, K5_RIGHT_RECV, 0);
    bench_start(sim, programs, 2);
    return sim;
}

static void test_word_of_a_message_on_its_way_flips(void **state)
{
    (void)state;
    for (uint32_t word = 0; word < 4; word++) {
        struct k5sim *sim = boot_sender();
        const struct k5sim_fault fault = {.kind = K5SIM_FAULT_MESSAGE, .where = word, .mask = 0x80};

        assert_int_equal(fault_inject(sim, fault), K5SIM_NOTHING); /* it has not sent yet */
        fault_run(sim, 100);
        fault_done(sim, fault);
        fault_run(sim, 200);
        for (uint32_t i = 0; i < 4; i++) {
            uint32_t got = fault_register_of(sim, 1, 6 + i);

            assert_int_equal(got, (i + 1) * 0x11 ^ (i == word ? 0x80 : 0));
        }
        assert_int_equal(fault_register_of(sim, 1, 5), 0);
        assert_int_equal(fault_inject(sim, fault), K5SIM_NOTHING); /* it has arrived */
        k5sim_close(sim);
    }
}

static void test_label_of_a_message_on_its_way_flips(void **state)
{
    struct k5sim *sim = boot_sender();

    (void)state;
    fault_run(sim, 100);
    fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_MESSAGE, .where = 4, .mask = 0x20000});
    fault_run(sim, 200);
    assert_int_equal(fault_register_of(sim, 1, 5), 0x20000);
    assert_int_equal(fault_register_of(sim, 1, 6), 0x11);
    fault_refused(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_MESSAGE, .where = 5},
                  "word of a message 5");
    fault_refused(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_MESSAGE, .thread = 2}, "thread 2");
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- the kernel's state */

static struct k5sim_fault kernel_fault(size_t offset, uint32_t mask)
{
    return (struct k5sim_fault){
        .kind = K5SIM_FAULT_KERNEL, .where = (uint32_t)offset, .mask = mask};
}

static struct k5sim *boot_loops(void)
{
    const struct bench_program programs[] = {BENCH_PROGRAM(loop), BENCH_PROGRAM(loop)};
    struct k5sim *sim = bench_open();

    build_reset();
    build_single(10);
    build_single(10);
    bench_start(sim, programs, 2);
    return sim;
}

static void test_bits_of_any_field_flip_alone(void **state)
{
    static struct kernel_state before;
    struct k5sim *sim = boot_loops();
    size_t offset = offsetof(struct kernel_state, thread[1].consumed);

    (void)state;
    fault_run(sim, 100);
    before = sim->kernel;
    fault_done(sim, kernel_fault(offset, 0x01020480));
    before.thread[1].consumed ^= 0x01020480;
    assert_memory_equal(&before, &sim->kernel, sizeof before);
    assert_int_equal(fault_inject(sim, kernel_fault(offset, 0)), K5SIM_NOTHING);
    fault_refused(sim, kernel_fault(sizeof before, 1), "is not in the kernel's state");
    fault_refused(sim, kernel_fault(sizeof before - 2, 0x10000), "is not in the kernel's state");
    before = sim->kernel; /* rows that this system has not are no memory of its image */
    assert_int_equal(fault_inject(sim, kernel_fault(sizeof before - 2, 0x8000)), K5SIM_NOTHING);
    offset = offsetof(struct kernel_state, thread[2].consumed);
    assert_int_equal(fault_inject(sim, kernel_fault(offset, 1)), K5SIM_NOTHING);
    assert_memory_equal(&before, &sim->kernel, sizeof before);
    k5sim_close(sim);
}

/* A thread that is ready and believed to sleep for ever never runs again. */
static void test_thread_that_is_taken_for_another_state_is_lost(void **state)
{
    struct k5sim *sim = boot_loops();
    size_t offset = offsetof(struct kernel_state, thread[1].priority);

    (void)state;
    fault_run(sim, 10 * BUILD_SLICE);
    fault_done(sim, kernel_fault(offsetof(struct kernel_state, thread[0].budget_left), 0x40000000));
    uint64_t consumed = sim->kernel.thread[1].consumed;

    fault_run(sim, 20 * BUILD_SLICE); /* its slice does not end */
    assert_int_equal(sim->kernel.thread[1].consumed, consumed);
    assert_int_equal(sim->kernel.thread[1].priority, 10);
    fault_done(sim, kernel_fault(offset, 1));
    assert_int_equal(sim->kernel.thread[1].priority, 11);
    k5sim_close(sim);
}

/* Who runs: the registers of the one that was interrupted are not lost, and the other goes on. */
static void test_running_thread_is_taken_for_another(void **state)
{
    struct k5sim *sim = boot_loops();

    (void)state;
    fault_run(sim, 2 * BUILD_SLICE + 10);
    assert_int_equal(sim->kernel.current, 0);
    fault_done(sim, kernel_fault(offsetof(struct kernel_state, current), 1));
    assert_int_equal(sim->kernel.current, 1);
    fault_run(sim, 10);
    assert_int_equal(fault_register_of(sim, 1, 15), bench_text(1));
    assert_non_null(k5sim_invariants(sim));
    k5sim_close(sim);
}

static void test_index_of_no_table_ends_the_run(void **state)
{
    static const size_t fields[] = {
        offsetof(struct kernel_state, current),
        offsetof(struct kernel_state, thread[1].next),
        offsetof(struct kernel_state, thread[0].task),
        offsetof(struct kernel_state, thread[0].effective),
        offsetof(struct kernel_state, task[0].region_count),
        offsetof(struct kernel_state, task[0].mapped_count),
        offsetof(struct kernel_state, queue[10].head),
    };
    static struct k5sim_event events[BENCH_EVENTS];

    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct k5sim *sim = boot_loops();

        fault_run(sim, 100);
        fault_done(sim, kernel_fault(fields[i], 0x40));
        assert_int_equal(k5sim_run(sim, 1000, 0), K5SIM_STOP_PANIC);
        const struct k5sim_event *panic =
            bench_find(events, bench_take(sim, events), K5_EVENT_PANIC, 0);

        assert_memory_equal(panic->arg, "sim/faults/fault_kernel_check.c", 24);
        assert_true(panic->code > 0);
        assert_int_equal(fault_inject(sim, kernel_fault(fields[i], 1)), K5SIM_NOTHING);
        fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_POWER});
        fault_run(sim, 100); /* it boots from flash as ever */
        k5sim_close(sim);
    }
}

/* A busy system with any bit of its kernel's state flipped: whatever becomes of it, the simulator
 * lives, and ends each run in time. */
static void test_no_flip_takes_the_simulator_down(void **state)
{
#ifdef __SANITIZE_ADDRESS__
    /* thread[NO_THREAD], which a kernel gone wrong looks at, is in its state, but not in its table:
     * the chip reads something there, and so does the simulator. */
    (void)state;
    skip();
#endif
    const struct bench_program programs[] = {BENCH_PROGRAM(client), BENCH_PROGRAM(server),
                                             BENCH_PROGRAM(loop), BENCH_PROGRAM(client)};
    struct k5sim *sim = bench_open();
    uint32_t random = 1;
    uint32_t panics = 0;

    (void)state;
    build_reset();
    build_single(10);
    build_single(12);
    build_single(8);
    build_single(10);
    uint32_t endpoint = build_endpoint(1);

    build_cap(0, endpoint, K5_RIGHT_SEND, 0);
    build_cap(1, endpoint, K5_RIGHT_RECV, 0);
    build_cap(3, endpoint, K5_RIGHT_SEND, 0);
    bench_start(sim, programs, 4);
    fault_run(sim, 3 * BUILD_SLICE);
    assert_true(sim->kernel.thread[0].sequence > 10 && sim->kernel.thread[3].sequence > 10);
    for (uint32_t i = 0; i < FLIPS; i++) {
        random = random * 1664525u + 1013904223u;
        uint32_t offset = (random >> 8) % sizeof sim->kernel;

        /* Half of them where the threads and tasks are that exist. */
        if ((i & 1u) != 0) {
            offset %= offsetof(struct kernel_state, thread[5]);
        }
        assert_int_equal(k5sim_boot(sim), K5SIM_OK);
        k5sim_run(sim, 100 + random % 500, 0);
        fault_inject(sim, kernel_fault(offset, 1u << (random >> 5) % 8));
        panics += k5sim_run(sim, 3000, 0) == K5SIM_STOP_PANIC;
        k5sim_invariants(sim);
    }
    assert_in_range(panics, 1, FLIPS - 1);
    k5sim_close(sim);
}

/* Each byte of the state has a name, at its place and size, but for what is reserved or a hole. */
static void test_fields_of_the_kernel_have_names(void **state)
{
    static uint8_t named[sizeof(struct kernel_state)];
    const struct k5sim_kernel_field *fields;
    size_t count = k5sim_kernel_fields(&fields);
    size_t nameless = 0;

    (void)state;
    memset(named, 0, sizeof named);
    for (size_t i = 0; i < count; i++) {
        const struct k5sim_kernel_field *f = &fields[i];

        for (uint32_t k = 0; k < f->rows * f->count; k++) {
            uint32_t at = f->offset + k / f->count * f->row_bytes + k % f->count * f->step;

            assert_true(at + f->bytes <= sizeof named);
            memset(&named[at], 1, f->bytes);
        }
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(f->name, fields[k].name);
        }
    }
    for (size_t at = 0; at < offsetof(struct kernel_state, endpoint); at++) {
        nameless += named[at] == 0;
    }
    /* A reserved word and holes of a thread; reserved bytes, padding and holes of a task. */
    assert_in_range(nameless, 1, CFG_THREADS * 24 + CFG_TASKS * 48 + 16);
    assert_int_equal(fields[0].offset, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_word_of_a_message_on_its_way_flips),
        cmocka_unit_test(test_label_of_a_message_on_its_way_flips),
        cmocka_unit_test(test_bits_of_any_field_flip_alone),
        cmocka_unit_test(test_thread_that_is_taken_for_another_state_is_lost),
        cmocka_unit_test(test_running_thread_is_taken_for_another),
        cmocka_unit_test(test_index_of_no_table_ends_the_run),
        cmocka_unit_test(test_fields_of_the_kernel_have_names),
        cmocka_unit_test(test_no_flip_takes_the_simulator_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
