/* The NVIC's driver against variables for registers: which words and bits, in which order.
 * Addresses are numbers of the Armv8-M ARM, not the names under test.
 */
#include "arch/armv8m/core.h"
#include "arch/armv8m/port_internal.h"
#include "kernel/port.h"
#include "tests/arch/arch_test.h"

#define ISER     0xe000e100u
#define ICER     0xe000e180u
#define ICPR     0xe000e280u
#define IPR      0xe000e400u
#define ICSR_AT  0xe000ed04u
#define LINES    96u /* IRQ_LINES of this test */
#define ACCESSES 64u

static struct {
    struct {
        uint32_t address;
        volatile uint32_t value;
    } access[ACCESSES]; /* in their order; what was written is in `value` */
    uint32_t count;
    uint32_t icsr;
} fake;

volatile uint32_t *fake_register(uint32_t address)
{
    assert_true(fake.count < ACCESSES);
    fake.access[fake.count].address = address;
    fake.access[fake.count].value = address == ICSR_AT ? fake.icsr : 0;
    return &fake.access[fake.count++].value;
}

static int reset_machine(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    return 0;
}

static void assert_write(uint32_t index, uint32_t address, uint32_t value)
{
    assert_true(index < fake.count);
    assert_int_equal(fake.access[index].address, address);
    assert_int_equal(fake.access[index].value, value);
}

static void test_all_lines_start_masked_at_the_kernel_s_priority(void **state)
{
    (void)state;
    nvic_start(0x80808080);
    assert_int_equal(fake.count, LINES / 32 + LINES / 4);
    for (uint32_t word = 0; word < LINES / 32; word++) {
        assert_write(word, ICER + 4 * word, 0xffffffff);
    }
    for (uint32_t word = 0; word < LINES / 4; word++) {
        assert_write(LINES / 32 + word, IPR + 4 * word, 0x80808080);
    }
}

static const struct {
    uint32_t line, word, bit;
} row[] = {{0, 0, 1}, {4, 0, 0x10}, {31, 0, 0x80000000}, {32, 1, 1}, {95, 2, 0x80000000}};

static void test_masking_touches_its_line_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        fake.count = 0;
        port_irq_mask(row[i].line);
        assert_int_equal(fake.count, 1);
        assert_write(0, ICER + 4 * row[i].word, row[i].bit);
    }
}

/* The other way round, a line that was raised when the kernel was left would fire once for nothing.
 */
static void test_unmasking_forgets_what_pends_and_then_enables(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        fake.count = 0;
        port_irq_unmask(row[i].line);
        assert_int_equal(fake.count, 2);
        assert_write(0, ICPR + 4 * row[i].word, row[i].bit);
        assert_write(1, ISER + 4 * row[i].word, row[i].bit);
    }
}

/* ISRPENDING (bit 22) counts lines that are masked, and would keep the kernel from its work. */
static void test_what_pends_is_the_next_exception_that_is_enabled(void **state)
{
    const struct {
        uint32_t icsr;
        bool pending;
    } value[] = {
        {0, false},           {0x00000800, false}, /* RETTOBASE */
        {0x0000000b, false},                       /* VECTACTIVE: SVCall */
        {1u << 22, false},                         /* ISRPENDING */
        {15u << 12, true},                         /* SysTick */
        {16u << 12, true},                         /* line 0 */
        {0x1ffu << 12, true},
    };

    (void)state;
    for (size_t i = 0; i < ROWS(value); i++) {
        fake.count = 0;
        fake.icsr = value[i].icsr;
        assert_int_equal(port_pending(), value[i].pending);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_all_lines_start_masked_at_the_kernel_s_priority, reset_machine),
        cmocka_unit_test_setup(test_masking_touches_its_line_alone, reset_machine),
        cmocka_unit_test_setup(test_unmasking_forgets_what_pends_and_then_enables, reset_machine),
        cmocka_unit_test_setup(test_what_pends_is_the_next_exception_that_is_enabled,
                               reset_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
