/* Regions that the protection unit takes for others: exactly those rights change, for the tasks'
 * own accesses as well, on both instruction sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/fault_kit.h"

#define PROBE 32u /* bytes between the addresses that are asked for */

/* Stores a count at its argument, for ever. */
static const uint16_t arm_store[] = {0x6003, 0x3301,
                                     0xe7fc}; /* str r3, [r0]; adds r3, #1; b . - 4 */
static const uint16_t rv_store[] = {0x2023, 0x0065, 0x0305, 0xbfed}; /* sw t1, 0(a0); ... */

struct set {
    enum bench_isa isa;
    struct bench_program store;
    uint32_t grain;
    uint32_t pc;
};

static const struct set sets[] = {
    {BENCH_ARM, BENCH_PROGRAM(arm_store), 32, 15},
    {BENCH_RV32, BENCH_PROGRAM(rv_store), 4, 32},
};

/* Two tasks; what the first one stores to is the test's, the second one keeps to itself. */
static struct k5sim *boot(const struct set *set, uint32_t target)
{
    const struct bench_program programs[] = {set->store, set->store};
    struct k5sim *sim = bench_open_isa(set->isa, NULL);

    build_reset();
    build_single(10);
    build_single(10);
    build_thread_of(0)->argument = target;
    build_thread_of(1)->argument = build_buffer(1, 0);
    bench_start_isa(set->isa, sim, programs, 2);
    return sim;
}

/* What each task may do with each address, at the grain of the probe. */
#define PROBES ((FAKE_RAM_BYTES + FAKE_FLASH_BYTES) / PROBE)
struct rights {
    uint8_t of[2][PROBES];
};

static uint32_t probe_address(uint32_t probe)
{
    uint32_t at = probe * PROBE;

    return at < FAKE_RAM_BYTES ? FAKE_RAM_BASE + at : FAKE_FLASH_BASE + (at - FAKE_RAM_BYTES);
}

static void take_rights(struct k5sim *sim, struct rights *rights)
{
    for (uint32_t task = 0; task < 2; task++) {
        for (uint32_t i = 0; i < PROBES; i++) {
            rights->of[task][i] = (uint8_t)k5sim_access(sim, task, probe_address(i), PROBE);
        }
    }
}

/* Task 0 has `access` in [from, to) now; all else is as before. */
static void check_rights(struct k5sim *sim, const struct rights *before, uint32_t from, uint32_t to,
                         uint32_t access)
{
    static struct rights now;

    take_rights(sim, &now);
    for (uint32_t task = 0; task < 2; task++) {
        for (uint32_t i = 0; i < PROBES; i++) {
            uint32_t at = probe_address(i);
            bool inside = task == 0 && at >= from && at < to;

            if (now.of[task][i] != (inside ? access : before->of[task][i])) {
                fail_msg("task %u at 0x%08x: %u", (unsigned)task, (unsigned)at,
                         (unsigned)now.of[task][i]);
            }
        }
    }
}

/* Place and size of the region of task 0 that has this address. */
static struct k5sim_region region_at(struct k5sim *sim, uint32_t address, uint32_t *place)
{
    struct k5sim_region regions[16];
    int count = k5sim_regions(sim, 0, regions, 16);

    for (int i = 0; i < count; i++) {
        if (address - regions[i].base < regions[i].bytes) {
            *place = (uint32_t)i;
            return regions[i];
        }
    }
    fail_msg("no region of task 0 has 0x%08x", (unsigned)address);
    return regions[0];
}

static const struct k5sim_event *fault_within(struct k5sim *sim, uint64_t ticks)
{
    static struct k5sim_event events[BENCH_EVENTS];

    fault_run(sim, ticks);
    return bench_find(events, bench_take(sim, events), K5_EVENT_FAULT, 0);
}

static size_t faults_within(struct k5sim *sim, uint64_t ticks)
{
    static struct k5sim_event events[BENCH_EVENTS];
    size_t faults = 0;

    fault_run(sim, ticks);
    size_t count = bench_take(sim, events);

    for (size_t i = 0; i < count; i++) {
        faults += events[i].kind == K5_EVENT_FAULT;
    }
    return faults;
}

static void test_dropped_region_is_refused_until_the_fault_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct k5sim *sim = boot(&sets[i], build_buffer(0, 0));
        static struct rights before;
        uint32_t place;
        struct k5sim_region region = region_at(sim, build_buffer(0, 0), &place);

        fault_run(sim, 100);
        take_rights(sim, &before);
        uint32_t word = fault_word(sim, build_buffer(0, 0));

        fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_REGION_DROP, .where = place});
        check_rights(sim, &before, region.base, region.base + region.bytes, 0);
        const struct k5sim_event *fault = fault_within(sim, 10);

        assert_int_equal(fault->thread, 0);
        assert_int_equal(fault->arg[1], build_buffer(0, 0));
        assert_in_range(fault_word(sim, build_buffer(0, 0)), word, word + 1);
        assert_true(faults_within(sim, 20000) > 1); /* restarted, and still */
        k5sim_faults_end(sim);
        check_rights(sim, &before, 0, 0, 0);
        faults_within(sim, BUILD_BACKOFF_MAX + BUILD_SLICE); /* until it is restarted */
        assert_int_equal(faults_within(sim, 20000), 0);
        k5sim_close(sim);
    }
}

static void test_shifted_region_has_other_borders(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct k5sim *sim = boot(&sets[i], build_buffer(0, 0));
        static struct rights before, shifted;
        uint32_t place;
        struct k5sim_region region = region_at(sim, build_buffer(0, 0), &place);
        uint32_t end = region.base + region.bytes;

        fault_run(sim, 100);
        take_rights(sim, &before);
        fault_done(sim, (struct k5sim_fault){
                            .kind = K5SIM_FAULT_REGION_SHIFT, .where = place, .value = 64});
        shifted = before;
        for (uint32_t p = 0; p < PROBES; p++) {
            uint32_t at = probe_address(p);

            shifted.of[0][p] = at - region.base < 64 ? 0 : shifted.of[0][p];
        }
        check_rights(sim, &shifted, end, end + 64, region.access);
        assert_int_equal(region_at(sim, end, &place).base, region.base + 64);
        assert_int_equal(fault_within(sim, 10)->arg[1], build_buffer(0, 0));
        k5sim_close(sim);
    }
}

static void test_widened_region_reaches_into_the_neighbour(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint32_t victim = build_buffer(1, 1);
        struct k5sim *sim = boot(&sets[i], victim);
        static struct rights before;
        static struct fault_view clean, dirty;
        uint32_t place;
        struct k5sim_region region = region_at(sim, build_buffer(0, 0), &place);
        uint32_t end = region.base + region.bytes;
        uint32_t by = (victim + 64 - end) & ~31u;

        take_rights(sim, &before);
        fault_view_take(sim, 2, &clean);
        assert_int_equal(fault_word(sim, victim), 0);
        fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_REGION_WIDEN,
                                             .where = place,
                                             .value = (int32_t)by});
        check_rights(sim, &before, end, end + by, region.access);
        assert_int_equal(faults_within(sim, BUILD_SLICE - 1), 0);
        assert_true(fault_word(sim, victim) > 100); /* its neighbour's memory */
        fault_view_take(sim, 2, &dirty);
        assert_int_equal(fault_ram_differs(&clean, &dirty, victim, victim + 4), 0);
        k5sim_faults_end(sim);
        check_rights(sim, &before, 0, 0, 0);
        assert_true(faults_within(sim, 3 * BUILD_SLICE) != 0);
        assert_int_equal(k5sim_boot(sim), K5SIM_OK); /* and no boot finds what it left */
        assert_int_equal(fault_word(sim, victim), 0);
        k5sim_close(sim);
    }
}

/* The two regions of a task's RAM touch. What overlaps is refused by PMSAv8; on a PMP it is the
 * lower entry's, which has the same rights. */
static void check_overlap(const struct set *set, bool forward)
{
    struct k5sim *sim = boot(set, build_buffer(0, 0));
    static struct rights before;
    uint32_t stacks, buffers;
    struct k5sim_region lower = region_at(sim, build_thread_of(0)->stack_base, &stacks);
    struct k5sim_region upper = region_at(sim, build_buffer(0, 0), &buffers);
    uint32_t from = forward ? upper.base : upper.base - 32;

    assert_int_equal(lower.base + lower.bytes, upper.base);
    take_rights(sim, &before);
    fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_REGION_WIDEN,
                                         .where = forward ? stacks : buffers,
                                         .value = forward ? 32 : -32});
    check_rights(sim, &before, from, from + 32, set->isa == BENCH_ARM ? 0 : lower.access);
    k5sim_close(sim);
}

static void test_widened_region_over_another_one_is_as_in_hardware(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        check_overlap(&sets[i], true);
        check_overlap(&sets[i], false);
    }
}

/* A region of a PMP that another one shadows: the lower entry decides, here that of the text. */
static void test_lower_entry_of_a_pmp_decides(void **state)
{
    struct k5sim *sim = boot(&sets[1], build_buffer(0, 0));
    uint32_t place;
    struct k5sim_region text = region_at(sim, bench_text(0), &place);

    (void)state;
    fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_REGION_SHIFT,
                                         .where = place,
                                         .value = (int32_t)(build_buffer(0, 0) - text.base)});
    assert_int_equal(k5sim_access(sim, 0, build_buffer(0, 0), 4), SYS_READ | SYS_EXECUTE);
    k5sim_close(sim);
}

/* A grain more or less, to the byte, on the smallest steps that the hardware has. */
static void test_borders_move_by_a_grain(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint32_t grain = sets[i].grain;
        struct k5sim *sim = boot(&sets[i], build_buffer(0, 0));
        uint32_t place;
        struct k5sim_region region = region_at(sim, build_buffer(0, 0), &place);
        uint32_t end = region.base + region.bytes;

        assert_int_equal(k5sim_access(sim, 0, end, grain), 0);
        fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_REGION_WIDEN,
                                             .where = place,
                                             .value = (int32_t)grain});
        assert_int_equal(k5sim_access(sim, 0, end, grain), region.access);
        assert_int_equal(k5sim_access(sim, 0, end + grain, 1), 0);
        k5sim_close(sim);
    }
}

/* Rights alone make flash no memory to store to. */
static void test_flash_is_not_written_whatever_the_unit_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint32_t target = FAKE_FLASH_BASE + 0x8000;
        struct k5sim *sim = boot(&sets[i], target);
        uint32_t place;
        struct k5sim_region region = region_at(sim, build_buffer(0, 0), &place);

        fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_REGION_SHIFT,
                                             .where = place,
                                             .value = (int32_t)(target - region.base)});
        assert_int_equal(k5sim_access(sim, 0, target, 4), SYS_READ);
        assert_int_equal(fault_within(sim, 10)->arg[1], target);
        assert_int_equal(fault_word(sim, target), 0xffffffff);
        k5sim_close(sim);
    }
}

/* Text that the unit finds in RAM: what is written there is what is executed. */
static void test_shifted_text_executes_what_lies_there_now(void **state)
{
    static const uint16_t arm_loop[] = {0x3001, 0xe7fd}, arm_other[] = {0x3101, 0xe7fd};
    static const uint16_t rv_loop[] = {0x0505, 0xbffd}, rv_other[] = {0x0585, 0xbffd};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct set *set = &sets[i];
        bool arm = set->isa == BENCH_ARM;
        uint32_t first = arm ? 0 : 10; /* the register that counts, and the next one */
        struct k5sim *sim = boot(set, build_buffer(0, 0));
        uint32_t place;
        struct k5sim_region text = region_at(sim, bench_text(0), &place);
        uint32_t to = FAKE_RAM_BASE + 0x10000;

        fault_run(sim, 10);
        k5sim_write(sim, to, arm ? arm_loop : rv_loop, 4);
        fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_REGION_SHIFT,
                                             .where = place,
                                             .value = (int32_t)(to - text.base)});
        uint32_t pc = fault_register_of(sim, 0, set->pc);

        fault_done(sim, (struct k5sim_fault){
                            .kind = K5SIM_FAULT_REGISTER, .where = set->pc, .mask = pc ^ to});
        uint32_t one = fault_register_of(sim, 0, first);

        fault_run(sim, 20);
        assert_int_equal(fault_register_of(sim, 0, first), one + 10);
        uint32_t two = fault_register_of(sim, 0, first + 1);

        k5sim_write(sim, to, arm ? arm_other : rv_other, 4);
        fault_run(sim, 20);
        assert_int_equal(fault_register_of(sim, 0, first), one + 10);
        assert_int_equal(fault_register_of(sim, 0, first + 1), two + 10);
        k5sim_close(sim);
    }
}

static void test_bad_regions_are_refused(void **state)
{
    struct k5sim *sim = boot(&sets[0], build_buffer(0, 0));
    struct k5sim_region regions[2];

    (void)state;
    fault_refused(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_REGION_DROP, .task = 2},
                  "task 2, but 2 of them");
    fault_refused(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_REGION_DROP, .where = 8},
                  "there is no region 8");
    fault_refused(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_REGION_SHIFT, .value = 16},
                  "16 bytes: regions of this protection unit end at multiples of 32");
    fault_refused(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_REGION_SHIFT, .value = -0x10000000},
                  "take region 0 out of the address space");
    assert_int_equal(fault_inject(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_REGION_WIDEN}),
                     K5SIM_NOTHING);
    assert_int_equal(k5sim_regions(sim, 2, regions, 2), K5SIM_BAD_ARGUMENT);
    assert_true(k5sim_regions(sim, 0, regions, 1) > 1);
    for (uint32_t i = 0; i < 16; i++) {
        fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_REGION_WIDEN, .value = 32});
    }
    fault_refused(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_REGION_WIDEN, .value = 32},
                  "16 regions with faults are the most");
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dropped_region_is_refused_until_the_fault_ends),
        cmocka_unit_test(test_shifted_region_has_other_borders),
        cmocka_unit_test(test_widened_region_reaches_into_the_neighbour),
        cmocka_unit_test(test_widened_region_over_another_one_is_as_in_hardware),
        cmocka_unit_test(test_lower_entry_of_a_pmp_decides),
        cmocka_unit_test(test_borders_move_by_a_grain),
        cmocka_unit_test(test_flash_is_not_written_whatever_the_unit_says),
        cmocka_unit_test(test_shifted_text_executes_what_lies_there_now),
        cmocka_unit_test(test_bad_regions_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
