/* FE310 support against variables for registers. Addresses and bits are numbers from the FE310-G002
 * Manual, not the names under test.
 */
#include "arch/common/machine.h"
#include "arch/common/uart.h"
#include "arch/rv32/csr.h"
#include "tests/arch/arch_test.h"

#define REGISTERS 16u
#define TXDATA    0x10013000u

static struct {
    struct {
        uint32_t address;
        volatile uint32_t value;
    } reg[REGISTERS];
    uint32_t count;
    uint32_t order[64];
    uint32_t accesses;
    bool full;
    uint32_t reads_until_ready;
} fake;

static volatile uint32_t *variable(uint32_t address)
{
    for (uint32_t i = 0; i < fake.count; i++) {
        if (fake.reg[i].address == address) {
            return &fake.reg[i].value;
        }
    }
    assert_true(fake.count < REGISTERS);
    fake.reg[fake.count].address = address;
    return &fake.reg[fake.count++].value;
}

volatile uint32_t *fake_register(uint32_t address)
{
    if (fake.accesses < ROWS(fake.order)) {
        fake.order[fake.accesses++] = address;
    }
    if (address == 0x10008004 && fake.reads_until_ready > 0 && --fake.reads_until_ready == 0) {
        *variable(address) |= UINT32_C(1) << 31; /* the crystal runs */
    }
    if (address == TXDATA) {
        *variable(TXDATA) = fake.full ? UINT32_C(1) << 31 : 0;
    }
    return variable(address);
}

static uint32_t first_access(uint32_t address)
{
    for (uint32_t i = 0; i < fake.accesses; i++) {
        if (fake.order[i] == address) {
            return i;
        }
    }
    fail_msg("register %08x was not touched", address);
    return 0;
}

static int reset_machine(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    fake.reads_until_ready = 5;
    *variable(0x10008008) = 0x000206f1; /* PLLCFG after reset, without LOCK */
    *variable(0x1001203c) = 0xffffffff;
    return 0;
}

static void test_core_runs_on_the_crystal_once_it_is_ready(void **state)
{
    (void)state;
    machine_start();
    assert_true(*variable(0x10008004) & UINT32_C(1) << 30);
    assert_int_equal(fake.reads_until_ready, 0);
    assert_int_equal(*variable(0x10008008) & 0x70000, 0x70000); /* SEL, REFSEL, BYPASS */
    assert_true(first_access(0x10008004) < first_access(0x10008008));
}

static void test_uart_is_on_its_pin_at_115200_baud(void **state)
{
    (void)state;
    machine_start();
    uart_start();
    assert_int_equal(*variable(0x10013018), 138); /* 16 MHz / 139 = 115,108 */
    assert_true(*variable(0x10012038) & UINT32_C(1) << 17);
    assert_int_equal(*variable(0x1001203c), 0xffffffffu & ~(UINT32_C(1) << 17));
    assert_int_equal(*variable(0x10013008), 0x10001); /* on, watermark 1 */
}

static void test_a_full_transmitter_refuses_the_byte(void **state)
{
    (void)state;
    fake.full = true;
    assert_false(uart_put(0x55));
    fake.full = false;
    assert_true(uart_put(0x55));
    assert_int_equal(*variable(TXDATA), 0x55);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_core_runs_on_the_crystal_once_it_is_ready, reset_machine),
        cmocka_unit_test_setup(test_uart_is_on_its_pin_at_115200_baud, reset_machine),
        cmocka_unit_test_setup(test_a_full_transmitter_refuses_the_byte, reset_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
