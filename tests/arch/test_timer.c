/* Time of the image, with variables for registers: the counter's extension, deadlines. */
#include "arch/armv8m/clock.h"
#include "arch/armv8m/core.h"
#include "arch/armv8m/port_internal.h"
#include "kernel/entry.h"
#include "kernel/port.h"
#include "kernel/state.h"
#include "tests/arch/arch_test.h"

static struct kernel_state kernel;
_Thread_local struct kernel_state *hostport_state = &kernel;

static struct {
    volatile uint32_t csr, rvr, cvr, icsr;
    uint32_t loaded; /* what RVR was when the count began */
    uint32_t count;  /* of the board's counter */
    uint32_t kernel_timers;
} fake;

volatile uint32_t *fake_register(uint32_t address)
{
    switch (address) {
    case 0xe000e010:
        return &fake.csr;
    case 0xe000e014:
        return &fake.rvr;
    case 0xe000e018:
        if ((fake.csr & SYST_CSR_ENABLE) != 0 && fake.cvr == 0) { /* the clock loads it */
            fake.loaded = fake.rvr;
            fake.cvr = fake.rvr;
        }
        return &fake.cvr;
    case 0xe000ed04:
        return &fake.icsr;
    default:
        fail_msg("register %08x", address);
        return NULL;
    }
}

uint32_t clock_count(void)
{
    return fake.count;
}

void kernel_timer(void)
{
    fake.kernel_timers++;
}

static int start(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    kernel.unfinished = 0;
    return 0;
}

/* One test of time for all: it never runs backwards, and timer.c remembers it. */
static void test_counter_extends_over_its_wraps(void **state)
{
    uint64_t base;

    (void)state;
    fake.count = 0xfffffff0;
    base = port_cycles();
    for (uint32_t wrap = 0; wrap < 5; wrap++) {
        fake.count = 0xfffffff0;
        assert_true(port_cycles() == base + ((uint64_t)wrap << 32));
        fake.count = 0x10;
        assert_true(port_cycles() == base + ((uint64_t)wrap << 32) + 0x20);
        fake.count = 0x10;
        assert_true(port_cycles() == base + ((uint64_t)wrap << 32) + 0x20);
    }
}

static void test_deadline_counts_down_once(void **state)
{
    (void)state;
    port_deadline(port_cycles() + 1000);
    assert_int_equal(fake.loaded, 1000);
    assert_int_equal(fake.rvr, 0); /* no reload */
    assert_int_equal(fake.csr, 7);
    assert_int_equal(fake.icsr, 1u << 25);
}

static void test_deadline_that_has_passed_pends_at_once(void **state)
{
    const uint64_t now = port_cycles();
    const uint64_t row[] = {0, now / 2, now};

    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        fake.icsr = 0;
        port_deadline(row[i]);
        assert_int_equal(fake.icsr, 1u << 26);
        assert_int_equal(fake.csr, 0);
    }
}

static void test_far_deadline_goes_in_steps_that_the_kernel_does_not_see(void **state)
{
    uint64_t at = port_cycles() + 0x2000001; /* two full steps and two ticks */

    (void)state;
    port_deadline(at);
    assert_int_equal(fake.loaded, 0xffffff);
    fake.count += 0xffffff;
    fake.cvr = 0;
    port_timer();
    assert_int_equal(fake.loaded, 0xffffff);
    fake.count += 0xffffff;
    fake.cvr = 0;
    port_timer();
    assert_int_equal(fake.loaded, 3);
    assert_int_equal(fake.kernel_timers, 0);
    fake.count += 3;
    port_timer();
    assert_int_equal(fake.kernel_timers, 1);
}

static void test_no_deadline_still_watches_the_counter(void **state)
{
    (void)state;
    port_deadline(PORT_NEVER);
    assert_int_equal(fake.loaded, 0xffffff);
    fake.count += 0xffffff;
    fake.cvr = 0;
    port_timer();
    assert_int_equal(fake.kernel_timers, 0);
    assert_int_equal(fake.csr, 7);
}

/* The idle thread pends SysTick for work that the kernel has left. It may come together with the
 * end of a step, which must not be lost: the kernel does not ask for the same deadline again. */
static void test_work_left_over_goes_on_and_keeps_the_deadline(void **state)
{
    (void)state;
    port_deadline(port_cycles() + 0x1000000);
    fake.count += 0xffffff;
    fake.cvr = 0;
    kernel.unfinished = 1;
    port_timer();
    assert_int_equal(fake.kernel_timers, 1);
    assert_int_equal(fake.loaded, 1);
    assert_int_equal(fake.csr, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_counter_extends_over_its_wraps, start),
        cmocka_unit_test_setup(test_deadline_counts_down_once, start),
        cmocka_unit_test_setup(test_deadline_that_has_passed_pends_at_once, start),
        cmocka_unit_test_setup(test_far_deadline_goes_in_steps_that_the_kernel_does_not_see, start),
        cmocka_unit_test_setup(test_no_deadline_still_watches_the_counter, start),
        cmocka_unit_test_setup(test_work_left_over_goes_on_and_keeps_the_deadline, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
