/* Faults of registers and memory do what they say, and nothing else, on both instruction sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/fault_kit.h"

#define ARM_SP   13u
#define ARM_PC   15u
#define ARM_XPSR 16u
#define RV_PC    32u

/* b . and its like: an instruction that changes no register. */
static const uint16_t arm_loop[] = {0xe7fe};
static const uint16_t rv_loop[] = {0xa001};

/* Counts in the word at its argument, and reads it back: */
static const uint16_t arm_count[] = {
    0x3301, 0x6003, 0x6802, 0xe7fb, /* adds r3, #1; str r3, [r0]; ldr r2, [r0]; b . - 6 */
};
static const uint16_t rv_count[] = {
    0x0305, 0x2023, 0x0065, 0x2383, 0x0005, /* addi t1, 1; sw t1, 0(a0); lw t2, 0(a0) */
    0xbfdd,                                 /* j . - 10 */
};

struct set {
    enum bench_isa isa;
    struct bench_program loop;
    struct bench_program count;
    uint32_t registers;
    uint32_t pc;
    uint32_t counted; /* the register that counts, and that which is read */
    uint32_t read;
    uint32_t round; /* instructions of it */
};

static const struct set sets[] = {
    {BENCH_ARM, BENCH_PROGRAM(arm_loop), BENCH_PROGRAM(arm_count), 17, ARM_PC, 3, 2, 4},
    {BENCH_RV32, BENCH_PROGRAM(rv_loop), BENCH_PROGRAM(rv_count), 33, RV_PC, 6, 7, 4},
};

#define COUNTER(task) build_buffer(task, 0)

static struct k5sim *boot(const struct set *set, const struct bench_program *program)
{
    const struct bench_program programs[] = {*program, *program};
    struct k5sim *sim = bench_open_isa(set->isa, NULL);

    build_reset();
    for (uint32_t i = 0; i < 2; i++) {
        build_single(10);
        build_thread_of(i)->argument = COUNTER(i);
    }
    bench_start_isa(set->isa, sim, programs, 2);
    return sim;
}

/* Which bits of a register there are. */
static uint32_t bits_of(const struct set *set, uint32_t number)
{
    if (number == set->pc) {
        return ~UINT32_C(1);
    }
    if (set->isa == BENCH_RV32) {
        return number == 0 ? 0 : UINT32_MAX;
    }
    return number == ARM_SP ? ~UINT32_C(3) : number == ARM_XPSR ? 0xff0ffc00 : UINT32_MAX;
}

/* ---------------------------------------------------------------- registers */

static void flip_and_compare(struct k5sim *sim, const struct set *set, uint32_t thread,
                             uint32_t number, uint32_t bit)
{
    static struct fault_view before, after;
    uint32_t mask = UINT32_C(1) << bit;
    const struct k5sim_fault fault = {
        .kind = K5SIM_FAULT_REGISTER, .thread = (uint8_t)thread, .where = number, .mask = mask};
    bool there = (bits_of(set, number) & mask) != 0;

    fault_view_take(sim, 2, &before);
    assert_int_equal(fault_inject(sim, fault), there ? K5SIM_OK : K5SIM_NOTHING);
    fault_view_take(sim, 2, &after);
    assert_int_equal(after.reg[thread][number], before.reg[thread][number] ^ (there ? mask : 0));
    after.reg[thread][number] = before.reg[thread][number];
    if (thread != 0 && set->isa == BENCH_ARM) { /* its frame is in memory */
        memcpy(after.ram, before.ram, sizeof after.ram);
    }
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(fault_inject(sim, fault), there ? K5SIM_OK : K5SIM_NOTHING);
    fault_view_take(sim, 2, &after);
    assert_memory_equal(&before, &after, sizeof before);
}

static void test_each_bit_of_each_register_flips_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct set *set = &sets[i];
        struct k5sim *sim = boot(set, &set->loop);

        fault_run(sim, 100);
        for (uint32_t number = 0; number < set->registers; number++) {
            for (uint32_t bit = 0; bit < 32; bit++) {
                flip_and_compare(sim, set, 0, number, bit);
            }
        }
        k5sim_close(sim);
    }
}

/* The other task ran before, and waits for its turn. The stack pointer is a matter of its own. */
static void test_suspended_thread_goes_on_with_what_flipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct set *set = &sets[i];
        struct k5sim *sim = boot(set, &set->loop);

        fault_run(sim, 2 * BUILD_SLICE + 100);
        for (uint32_t number = 0; number < set->registers; number++) {
            for (uint32_t bit = 0; bit < 32; bit++) {
                if (set->isa == BENCH_RV32 || number != ARM_SP) {
                    flip_and_compare(sim, set, 1, number, bit);
                }
            }
        }
        uint32_t number = set->counted;

        fault_done(sim,
                   (struct k5sim_fault){
                       .kind = K5SIM_FAULT_REGISTER, .thread = 1, .where = number, .mask = 0x88});
        fault_run(sim, BUILD_SLICE);
        assert_int_equal(fault_register_of(sim, 1, number), 0x88);
        assert_int_equal(fault_register_of(sim, 0, number), 0);
        k5sim_close(sim);
    }
}

/* The engine has it, not the look at it alone: it is still there when instructions have run. */
static void test_engine_runs_with_flipped_registers(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct set *set = &sets[i];
        struct k5sim *sim = boot(set, &set->loop);

        fault_run(sim, 10);
        for (uint32_t number = 0; number < set->registers; number++) {
            uint32_t mask = bits_of(set, number) & 0xa8f0a5f0u; /* without T and IT of xPSR */
            uint32_t before = fault_register_of(sim, 0, number);

            mask = number == ARM_XPSR && set->isa == BENCH_ARM ? mask & 0xf80f0000u : mask;
            if (number != set->pc && mask != 0) {
                const struct k5sim_fault fault = {
                    .kind = K5SIM_FAULT_REGISTER, .where = number, .mask = mask};

                fault_done(sim, fault);
                fault_run(sim, 3);
                assert_int_equal(fault_register_of(sim, 0, number), before ^ mask);
                fault_done(sim, fault);
            }
        }
        k5sim_close(sim);
    }
}

static void test_pc_that_flips_goes_elsewhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct set *set = &sets[i];
        struct k5sim *sim = boot(set, &set->loop);
        static struct k5sim_event events[BENCH_EVENTS];

        fault_run(sim, 10);
        fault_done(sim, (struct k5sim_fault){
                            .kind = K5SIM_FAULT_REGISTER, .where = set->pc, .mask = 0x40000000});
        fault_run(sim, 10);
        size_t count = bench_take(sim, events);
        const struct k5sim_event *fault = bench_find(events, count, K5_EVENT_FAULT, 0);

        assert_int_equal(fault->time, 11);
        assert_int_equal(fault->arg[0], bench_text(0) ^ 0x40000000u);
        k5sim_close(sim);
    }
}

/* Without the Thumb bit a Cortex-M has no instructions. */
static void test_thumb_bit_that_flips_is_a_usage_fault(void **state)
{
    struct k5sim *sim = boot(&sets[0], &sets[0].loop);
    static struct k5sim_event events[BENCH_EVENTS];

    (void)state;
    fault_run(sim, 10);
    fault_done(sim, (struct k5sim_fault){
                        .kind = K5SIM_FAULT_REGISTER, .where = ARM_XPSR, .mask = 1u << 24});
    fault_run(sim, 10);
    size_t count = bench_take(sim, events);

    assert_int_equal(bench_find(events, count, K5_EVENT_FAULT, 0)->arg[2], 0x20000); /* INVSTATE */
    k5sim_close(sim);
}

static void test_stuck_register_bits_are_so_before_each_instruction(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct set *set = &sets[i];
        struct k5sim *sim = boot(set, &set->count);
        struct k5sim_fault fault = {
            .kind = K5SIM_FAULT_REGISTER_STUCK, .where = set->counted, .mask = 2, .value = 0};

        fault_run(sim, 4); /* counted: 1 */
        fault_done(sim, fault);
        assert_int_equal(fault_inject(sim, fault), K5SIM_NOTHING);
        for (uint32_t n = 0; n < 20; n++) { /* from 1: to 2, but that is 0; then 1 again */
            fault_run(sim, 4);
            assert_int_equal(fault_register_of(sim, 0, set->counted), n % 2);
            assert_int_equal(fault_register_of(sim, 0, set->read), n % 2);
        }
        fault.mask = 0x100;
        fault.value = 1;
        fault_done(sim, fault);
        assert_int_equal(fault_register_of(sim, 0, set->counted), 0x101);
        fault_run(sim, 2 * BUILD_SLICE); /* and it is so for this thread alone */
        assert_int_equal(fault_register_of(sim, 0, set->counted) & 0x102, 0x100);
        assert_true(fault_register_of(sim, 1, set->counted) > 0x101 / 4);
        k5sim_faults_end(sim);
        uint32_t before = fault_register_of(sim, 0, set->counted);

        fault_run(sim, 2 * BUILD_SLICE);
        assert_int_equal(fault_register_of(sim, 0, set->counted),
                         before + BUILD_SLICE / set->round);
        k5sim_close(sim);
    }
}

/* ---------------------------------------------------------------- memory */

static void test_memory_bits_flip_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct set *set = &sets[i];
        struct k5sim *sim = boot(set, &set->count);
        static struct fault_view before, after;

        fault_run(sim, 400);
        fault_view_take(sim, 2, &before);
        uint32_t word = fault_word(sim, COUNTER(0));

        fault_done(sim, (struct k5sim_fault){
                            .kind = K5SIM_FAULT_MEMORY, .where = COUNTER(0), .mask = 0x80000001});
        assert_int_equal(fault_word(sim, COUNTER(0)), word ^ 0x80000001);
        fault_view_take(sim, 2, &after);
        assert_int_equal(fault_ram_differs(&before, &after, COUNTER(0), COUNTER(0) + 4), 0);
        assert_memory_equal(before.reg, after.reg, sizeof before.reg);
        assert_int_equal(before.now, after.now);
        k5sim_close(sim);
    }
}

/* A flip in flash changes the program, for good: until the next boot, not the next reset. */
static void test_flash_that_flips_is_another_program(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct set *set = &sets[i];
        struct k5sim *sim = boot(set, &set->count);
        /* Each counts by 3 instead of 1. */
        uint32_t mask = set->isa == BENCH_ARM ? 2 : 2u << 2;

        fault_run(sim, 40);
        assert_int_equal(fault_register_of(sim, 0, set->counted), 10);
        fault_done(sim, (struct k5sim_fault){
                            .kind = K5SIM_FAULT_MEMORY, .where = bench_text(0), .mask = mask});
        fault_run(sim, 40);
        assert_int_equal(fault_register_of(sim, 0, set->counted), 40);
        fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_POWER});
        fault_run(sim, 40);
        assert_int_equal(fault_register_of(sim, 0, set->counted), 30);
        assert_int_equal(k5sim_boot(sim), K5SIM_OK);
        fault_run(sim, 40);
        assert_int_equal(fault_register_of(sim, 0, set->counted), 10);
        k5sim_close(sim);
    }
}

static void test_stuck_memory_holds_whatever_is_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct set *set = &sets[i];
        struct k5sim *sim = boot(set, &set->count);
        struct k5sim *twin = boot(set, &set->count);
        static struct fault_view here, there;
        const struct k5sim_fault fault = {
            .kind = K5SIM_FAULT_MEMORY_STUCK, .where = COUNTER(0), .mask = 4, .value = 1};

        fault_run(sim, 40);
        fault_run(twin, 40);
        fault_done(sim, fault);
        assert_int_equal(fault_inject(sim, fault), K5SIM_NOTHING);
        assert_int_equal(fault_inject(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_MEMORY,
                                                                .where = COUNTER(0),
                                                                .mask = 4}),
                         K5SIM_NOTHING); /* what sticks does not flip */
        for (uint32_t n = 0; n < 20; n++) {
            fault_run(sim, 4);
            fault_run(twin, 4);
            uint32_t count = 11 + n;

            assert_int_equal(fault_word(sim, COUNTER(0)), count | 4);
            assert_int_equal(fault_register_of(sim, 0, set->counted), count);
            assert_int_equal(fault_register_of(sim, 0, set->read), count | 4); /* it is read so */
        }
        fault_run(sim, 2 * BUILD_SLICE);
        fault_run(twin, 2 * BUILD_SLICE);
        fault_view_take(sim, 2, &here);
        fault_view_take(twin, 2, &there);
        /* What was read is in the frame, too, which lies before. */
        uint32_t frame = build_thread_of(0)->stack_top - 32u;

        assert_true(frame < COUNTER(0));
        assert_int_equal(fault_ram_differs(&here, &there, frame, COUNTER(0) + 4), 0);
        assert_int_equal(here.instructions, there.instructions);

        uint32_t zero = 0; /* as the kernel writes, and tools */

        assert_int_equal(k5sim_write(sim, COUNTER(0), &zero, 4), K5SIM_OK);
        assert_int_equal(fault_word(sim, COUNTER(0)), 4);
        k5sim_faults_end(sim);
        assert_int_equal(k5sim_write(sim, COUNTER(0), &zero, 4), K5SIM_OK);
        assert_int_equal(fault_word(sim, COUNTER(0)), 0);
        k5sim_close(sim);
        k5sim_close(twin);
    }
}

/* The frame of an exception goes over a stuck bit: the thread comes back with it. */
static void test_exception_frame_takes_stuck_bits_along(void **state)
{
    struct k5sim *sim = boot(&sets[0], &sets[0].loop);
    uint32_t frame = build_thread_of(0)->stack_top - 32u;

    (void)state;
    fault_run(sim, 10);
    fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_MEMORY_STUCK,
                                         .where = frame + 4u, /* r1 */
                                         .mask = 0x10,
                                         .value = 1});
    fault_run(sim, 10);
    assert_int_equal(fault_register_of(sim, 0, 1), 0);
    fault_run(sim, BUILD_SLICE); /* the other one runs */
    assert_int_equal(fault_register_of(sim, 0, 1), 0x10);
    fault_run(sim, BUILD_SLICE);
    assert_int_equal(fault_register_of(sim, 0, 1), 0x10);
    assert_int_equal(fault_register_of(sim, 1, 1), 0);
    k5sim_close(sim);
}

/* RAM is erased when the supply fails; what sticks sticks. The next boot is another board. */
static void test_stuck_bits_outlive_the_supply_but_not_a_boot(void **state)
{
    struct k5sim *sim = boot(&sets[0], &sets[0].loop);

    (void)state;
    fault_done(
        sim, (struct k5sim_fault){
                 .kind = K5SIM_FAULT_MEMORY_STUCK, .where = COUNTER(1), .mask = 0xf0, .value = 1});
    fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_POWER});
    assert_int_equal(fault_word(sim, COUNTER(1)), 0xf0);
    assert_int_equal(k5sim_boot(sim), K5SIM_OK);
    assert_int_equal(fault_word(sim, COUNTER(1)), 0);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- bad arguments */

static void test_what_there_is_not_is_refused(void **state)
{
    struct k5sim *sim = bench_open();

    (void)state;
    fault_refused(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_POWER}, "not booted");
    k5sim_close(sim);
    sim = boot(&sets[0], &sets[0].loop);
    fault_run(sim, 10);
    fault_refused(sim, (struct k5sim_fault){.kind = 0}, "kind of fault 0");
    fault_refused(sim, (struct k5sim_fault){.kind = 21}, "kind of fault 21, but 1 to 20");
    fault_refused(sim, (struct k5sim_fault){.kind = UINT32_MAX}, "kind of fault");
    fault_refused(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_REGISTER, .thread = 2, .mask = 1},
                  "thread 2, but 2 of them");
    fault_refused(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_REGISTER, .where = 17, .mask = 1},
                  "register 17, but 17 of them");
    fault_refused(sim,
                  (struct k5sim_fault){.kind = K5SIM_FAULT_REGISTER_STUCK, .mask = 1, .value = 2},
                  "2 is no level");
    fault_refused(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_MEMORY, .where = 0x20000002},
                  "0x20000002 is not the address of a word");
    fault_refused(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_MEMORY, .where = 0x40000000},
                  "0x40000000 is in no memory");
    fault_refused(sim,
                  (struct k5sim_fault){.kind = K5SIM_FAULT_MEMORY_STUCK,
                                       .where = FAKE_RAM_BASE + FAKE_RAM_BYTES},
                  "in no memory");
    assert_int_equal(
        fault_inject(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_MEMORY, .where = FAKE_RAM_BASE}),
        K5SIM_NOTHING);
    k5sim_close(sim);
}

static void test_there_is_room_for_so_many_that_last(void **state)
{
    struct k5sim *sim = boot(&sets[0], &sets[0].loop);
    struct k5sim_fault memory = {.kind = K5SIM_FAULT_MEMORY_STUCK, .mask = 1, .value = 1};
    struct k5sim_fault registers = {.kind = K5SIM_FAULT_REGISTER_STUCK, .mask = 16, .value = 0};

    (void)state;
    for (uint32_t i = 0; i < 16; i++) {
        memory.where = FAKE_RAM_BASE + 4u * i;
        fault_done(sim, memory);
        registers.thread = (uint8_t)(i % 2);
        registers.where = i / 2;
        fault_done(sim, registers);
    }
    memory.where = FAKE_RAM_BASE + 64;
    fault_refused(sim, memory, "16 words with stuck bits are the most");
    memory.where = FAKE_RAM_BASE + 60;
    assert_int_equal(fault_inject(sim, memory), K5SIM_NOTHING);
    registers.where = 9;
    fault_refused(sim, registers, "16 registers with stuck bits are the most");
    fault_run(sim, 3 * BUILD_SLICE);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_bit_of_each_register_flips_alone),
        cmocka_unit_test(test_suspended_thread_goes_on_with_what_flipped),
        cmocka_unit_test(test_engine_runs_with_flipped_registers),
        cmocka_unit_test(test_pc_that_flips_goes_elsewhere),
        cmocka_unit_test(test_thumb_bit_that_flips_is_a_usage_fault),
        cmocka_unit_test(test_stuck_register_bits_are_so_before_each_instruction),
        cmocka_unit_test(test_memory_bits_flip_alone),
        cmocka_unit_test(test_flash_that_flips_is_another_program),
        cmocka_unit_test(test_stuck_memory_holds_whatever_is_written),
        cmocka_unit_test(test_exception_frame_takes_stuck_bits_along),
        cmocka_unit_test(test_stuck_bits_outlive_the_supply_but_not_a_boot),
        cmocka_unit_test(test_what_there_is_not_is_refused),
        cmocka_unit_test(test_there_is_room_for_so_many_that_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
