/* The PLIC's driver against a model of one context: sources as levels, gateways that wait for a
 * completion, enables without which a completion is ignored (RISC-V PLIC 1.0, "Interrupt Gateways"
 * and "Interrupt Completion"). Addresses are numbers of that text, not the names under test.
 */
#include "arch/rv32/csr.h"
#include "arch/rv32/port_internal.h"
#include "kernel/entry.h"
#include "kernel/port.h"
#include "tests/arch/arch_test.h"

#define BASE      0x0c000000u
#define ENABLE    (BASE + 0x2000u)
#define THRESHOLD (BASE + 0x200000u)
#define CLAIM     (BASE + 0x200004u)
#define SOURCES   52u /* PLIC_SOURCES of this test */
#define WORDS     2u

uint32_t fake_mip;

static struct {
    bool level[SOURCES + 1];     /* what the devices say */
    bool pending[SOURCES + 1];   /* IP */
    bool in_flight[SOURCES + 1]; /* the gateway waits for a completion */
    volatile uint32_t priority[SOURCES + 1];
    volatile uint32_t enable[WORDS];
    volatile uint32_t threshold;
    volatile uint32_t claim;
    bool completes; /* the access to CLAIM that comes is a write */
    bool written;   /* and has come */
    uint32_t fired[8];
    uint32_t count;
} fake;

static bool enabled(uint32_t source)
{
    return (fake.enable[source / 32] >> source % 32 & 1u) != 0;
}

/* A write lands behind the access: taken in before the next look. */
static void settle(void)
{
    if (fake.written) {
        fake.written = false;
        if (enabled(fake.claim)) {
            fake.in_flight[fake.claim] = false;
        }
    }
    for (uint32_t i = 1; i <= SOURCES; i++) {
        if (fake.level[i] && !fake.in_flight[i]) {
            fake.in_flight[i] = true;
            fake.pending[i] = true;
        }
    }
}

/* Lowest number first among equal priorities; 0 if there is none. */
static uint32_t best(void)
{
    settle();
    for (uint32_t i = 1; i <= SOURCES; i++) {
        if (fake.pending[i] && enabled(i) && fake.priority[i] > fake.threshold) {
            return i;
        }
    }
    return 0;
}

volatile uint32_t *fake_register(uint32_t address)
{
    settle();
    if (address == CLAIM) {
        if (fake.completes) {
            fake.written = true;
        } else {
            fake.claim = best();
            fake.pending[fake.claim] = false;
        }
        return &fake.claim;
    }
    if (address == THRESHOLD) {
        return &fake.threshold;
    }
    if (address >= ENABLE) {
        assert_true((address - ENABLE) / 4 < WORDS);
        return &fake.enable[(address - ENABLE) / 4];
    }
    assert_in_range(address, BASE + 4, BASE + 4 * SOURCES);
    return &fake.priority[(address - BASE) / 4];
}

/* What the kernel does: it masks the line, and remembers. */
void kernel_interrupt(uint32_t line)
{
    assert_true(fake.count < ROWS(fake.fired));
    fake.fired[fake.count++] = line;
    port_irq_mask(line);
}

static void unmask(uint32_t line)
{
    fake.completes = true;
    port_irq_unmask(line);
    fake.completes = false;
    settle();
}

/* As the core does while its external interrupt is pending. */
static void run(void)
{
    for (uint32_t i = 0; best() != 0; i++) {
        assert_true(i < ROWS(fake.fired)); /* a storm */
        port_external();
    }
}

static int reset_machine(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    fake.enable[0] = fake.enable[1] = 0xa5a5a5a5; /* reset says nothing of them */
    fake.threshold = 7;
    plic_start();
    return 0;
}

static void test_all_sources_start_masked(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= SOURCES; i++) {
        fake.level[i] = true;
    }
    assert_int_equal(best(), 0);
    assert_int_equal(fake.threshold, 0);
}

static void test_each_source_fires_once_and_is_quiet_until_unmasked(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= SOURCES; i++) {
        fake.count = 0;
        unmask(i);
        assert_int_equal(best(), 0);
        fake.level[i] = true;
        run();
        assert_int_equal(fake.count, 1);
        assert_int_equal(fake.fired[0], i);
        fake.level[i] = false; /* the driver has been there */
        unmask(i);
        run();
        assert_int_equal(fake.count, 1);
        port_irq_mask(i);
    }
}

static void test_a_level_that_is_still_raised_fires_again(void **state)
{
    (void)state;
    unmask(11);
    fake.level[11] = true;
    run();
    unmask(11);
    run();
    assert_int_equal(fake.count, 2);
}

static void test_what_comes_while_masked_fires_when_unmasked(void **state)
{
    (void)state;
    fake.level[40] = true;
    run();
    assert_int_equal(fake.count, 0);
    unmask(40);
    run();
    assert_int_equal(fake.count, 1);
    fake.level[40] = false;
    settle();
    fake.level[40] = true; /* again, before the driver acknowledges */
    run();
    assert_int_equal(fake.count, 1);
    unmask(40);
    run();
    assert_int_equal(fake.count, 2);
}

/* The driver's task died: masked while claimed, by the kernel. Its next life unmasks. */
static void test_a_source_masked_while_claimed_comes_back(void **state)
{
    (void)state;
    unmask(3);
    fake.level[3] = true;
    run();
    port_irq_mask(3);
    fake.level[3] = false;
    unmask(3);
    run();
    assert_int_equal(fake.count, 1);
    fake.level[3] = true;
    run();
    assert_int_equal(fake.count, 2);
}

static void test_unmasking_twice_changes_nothing(void **state)
{
    (void)state;
    unmask(5);
    unmask(5);
    run();
    assert_int_equal(fake.count, 0);
    fake.level[5] = true;
    run();
    assert_int_equal(fake.count, 1);
}

static void test_a_claim_that_finds_nothing_is_no_interrupt(void **state)
{
    (void)state;
    port_external();
    assert_int_equal(fake.count, 0);
}

static void test_what_pends_is_the_timer_or_a_source(void **state)
{
    const struct {
        uint32_t mip;
        bool pending;
    } row[] = {{0, false}, {0x8, false}, {0x80, true}, {0x800, true}, {0x880, true}};

    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        fake_mip = row[i].mip;
        assert_int_equal(port_pending(), row[i].pending);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_all_sources_start_masked, reset_machine),
        cmocka_unit_test_setup(test_each_source_fires_once_and_is_quiet_until_unmasked,
                               reset_machine),
        cmocka_unit_test_setup(test_a_level_that_is_still_raised_fires_again, reset_machine),
        cmocka_unit_test_setup(test_what_comes_while_masked_fires_when_unmasked, reset_machine),
        cmocka_unit_test_setup(test_a_source_masked_while_claimed_comes_back, reset_machine),
        cmocka_unit_test_setup(test_unmasking_twice_changes_nothing, reset_machine),
        cmocka_unit_test_setup(test_a_claim_that_finds_nothing_is_no_interrupt, reset_machine),
        cmocka_unit_test_setup(test_what_pends_is_the_timer_or_a_source, reset_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
