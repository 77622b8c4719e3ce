/* Time of the RV32 image, with variables for registers: halves of mtime, steps, deadlines. */
#include "arch/rv32/csr.h"
#include "arch/rv32/port_internal.h"
#include "kernel/entry.h"
#include "kernel/port.h"
#include "tests/arch/arch_test.h"

#define STEP 512u /* ticks a count: MTIME_SHIFT is 9 here */

static struct {
    uint64_t mtime;
    uint64_t carry_after; /* so many reads from now on, mtime goes on by one; 0: never */
    volatile uint32_t half[2];
    volatile uint32_t compare[2];
    uint64_t earliest; /* the least that the two halves of mtimecmp ever made together */
    uint32_t timers;   /* calls of kernel_timer() */
} fake;

static void look_at_compare(void)
{
    uint64_t now = (uint64_t)fake.compare[1] << 32 | fake.compare[0];

    fake.earliest = now < fake.earliest ? now : fake.earliest;
}

volatile uint32_t *fake_register(uint32_t address)
{
    look_at_compare(); /* what the last write left */
    if (address == 0x02004000 || address == 0x02004004) {
        return &fake.compare[(address - 0x02004000) / 4];
    }
    if (fake.carry_after > 0 && --fake.carry_after == 0) {
        fake.mtime++;
    }
    assert_true(address == 0x0200bff8 || address == 0x0200bffc);
    fake.half[0] = (uint32_t)fake.mtime;
    fake.half[1] = (uint32_t)(fake.mtime >> 32);
    return &fake.half[address == 0x0200bffc];
}

void kernel_timer(void)
{
    fake.timers++;
}

static int reset_machine(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    fake.earliest = UINT64_MAX;
    return 0;
}

static uint64_t compare(void)
{
    return (uint64_t)fake.compare[1] << 32 | fake.compare[0];
}

static void test_a_count_is_many_ticks(void **state)
{
    (void)state;
    fake.mtime = 3;
    assert_int_equal(port_cycles(), 3 * STEP);
    fake.mtime = UINT64_C(0x100000000);
    assert_int_equal(port_cycles(), UINT64_C(0x100000000) * STEP);
}

/* Wherever the carry into the upper half comes, the two halves belong together. */
static void test_a_carry_between_two_reads_is_seen(void **state)
{
    (void)state;
    for (uint32_t reads = 1; reads <= 4; reads++) {
        fake.mtime = UINT64_C(0x1ffffffff);
        fake.carry_after = reads;
        uint64_t ticks = port_cycles();

        assert_true(ticks == UINT64_C(0x1ffffffff) * STEP || ticks == UINT64_C(0x200000000) * STEP);
    }
}

static void test_a_deadline_is_the_first_count_that_has_reached_it(void **state)
{
    const struct {
        uint64_t at, count;
    } row[] = {
        {0, 0},
        {1, 1},
        {STEP - 1, 1},
        {STEP, 1},
        {STEP + 1, 2},
        {UINT64_C(0x100000000) * STEP, UINT64_C(0x100000000)},
        {PORT_NEVER, UINT64_C(1) << 55},
    };

    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        port_deadline(row[i].at);
        assert_true(compare() == row[i].count);
    }
}

static void test_no_value_on_the_way_comes_before_the_new_deadline(void **state)
{
    const uint64_t from[] = {0x10 * STEP, UINT64_C(0x1fffffff0) * STEP};
    const uint64_t to[] = {0x20 * STEP, UINT64_C(0x200000005) * STEP};

    (void)state;
    for (size_t i = 0; i < ROWS(from); i++) {
        for (size_t j = 0; j < ROWS(to); j++) {
            port_deadline(from[i]);
            (void)fake_register(0x02004000);
            fake.earliest = UINT64_MAX;
            uint64_t least = compare() < to[j] / STEP ? compare() : to[j] / STEP;

            port_deadline(to[j]);
            look_at_compare();
            assert_true(fake.earliest >= least);
        }
    }
}

static void test_an_early_interrupt_asks_again(void **state)
{
    (void)state;
    port_deadline(10 * STEP);
    fake.mtime = 9;
    fake.compare[0] = 0; /* as if something else had written it */
    port_timer();
    assert_int_equal(fake.timers, 0);
    assert_int_equal(compare(), 10);
    fake.mtime = 10;
    port_timer();
    assert_int_equal(fake.timers, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_count_is_many_ticks, reset_machine),
        cmocka_unit_test_setup(test_a_carry_between_two_reads_is_seen, reset_machine),
        cmocka_unit_test_setup(test_a_deadline_is_the_first_count_that_has_reached_it,
                               reset_machine),
        cmocka_unit_test_setup(test_no_value_on_the_way_comes_before_the_new_deadline,
                               reset_machine),
        cmocka_unit_test_setup(test_an_early_interrupt_asks_again, reset_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
