/* STM32's GPIO port: pads, pulls, alternate functions, locks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum { D_PORT_A, D_PORT_B, D_PORT_C, D_PORT_H, D_TIM };

enum {
    MODER = 0x00,
    OTYPER = 0x04,
    OSPEEDR = 0x08,
    PUPDR = 0x0c,
    IDR = 0x10,
    ODR = 0x14,
    BSRR = 0x18,
    LCKR = 0x1c,
    AFRL = 0x20,
    AFRH = 0x24,
    BRR = 0x28,
    SECCFGR = 0x30,
};

enum { INPUT, OUTPUT, ALTERNATE, ANALOG };

/* The timer stands for any peripheral: its channel 1 is alternate function 2 of PC6. */
static const struct k5sim_device devices[] = {
    {.model = "stm32-gpio", .name = "gpioa", .base = 0x42020000, .parameter = 1},
    {.model = "stm32-gpio", .name = "gpiob", .base = 0x42020400, .parameter = 2},
    {.model = "stm32-gpio", .name = "gpioc", .base = 0x42020800, .parameter = 3},
    {.model = "stm32-gpio", .name = "gpioh", .base = 0x42021c00, .parameter = 8},
    {.model = "stm32-tim", .name = "tim3", .base = 0x40000400},
};
static const struct k5sim_wire wires[] = {{"tim3", 0, "gpioc", 16 * 3 + 6}};
enum { PC0, PC6, PC7, PC15 };
static const struct k5sim_pin pins[] = {
    {"PC0", "gpioc", 0, -1},
    {"PC6", "gpioc", 6, -1},
    {"PC7", "gpioc", 7, 1}, /* the board pulls it up */
    {"PC15", "gpioc", 15, -1},
};

static struct k5sim *open_ports(void)
{
    return kit_open(&(struct kit_board){devices, 5, wires, 1, pins, 4});
}

static uint32_t get(struct k5sim *sim, uint32_t offset)
{
    return kit_read(sim, D_PORT_C, offset);
}

static void set(struct k5sim *sim, uint32_t offset, uint32_t value)
{
    kit_write(sim, D_PORT_C, offset, value);
}

/* Changes the two bits of a pin. */
static void set_pin(struct k5sim *sim, uint32_t offset, uint32_t pin, uint32_t value)
{
    set(sim, offset, (get(sim, offset) & ~(3u << 2 * pin)) | value << 2 * pin);
}

static int level(struct k5sim *sim, uint32_t pin)
{
    return k5sim_pin_level(sim, pin);
}

static void drive(struct k5sim *sim, uint32_t pin, int to)
{
    assert_int_equal(k5sim_pin_drive(sim, pin, to), K5SIM_OK);
}

static void test_ports_leave_reset_differently(void **state)
{
    static const struct {
        uint32_t device, moder, ospeedr, pupdr;
    } expected[] = {
        {D_PORT_A, 0xabffffff, 0x0c000000, 0x64000000},
        {D_PORT_B, 0xfffffebf, 0, 0x00000100},
        {D_PORT_C, 0xffffffff, 0, 0},
        {D_PORT_H, 0x0000000f, 0, 0},
    };
    struct k5sim *sim = open_ports();

    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(kit_read(sim, expected[i].device, MODER), expected[i].moder);
        assert_int_equal(kit_read(sim, expected[i].device, OSPEEDR), expected[i].ospeedr);
        assert_int_equal(kit_read(sim, expected[i].device, PUPDR), expected[i].pupdr);
    }
    for (uint32_t offset = OTYPER; offset <= SECCFGR; offset += 4) {
        if (offset != OSPEEDR && offset != PUPDR && offset != 0x2c) {
            assert_int_equal(get(sim, offset), 0);
        }
    }
    /* PA13 and PA15 are pulled up, PA14 down; what is analog reads 0. */
    assert_int_equal(kit_read(sim, D_PORT_A, IDR), 0xa000);
    k5sim_close(sim);
}

static void test_output_and_its_registers(void **state)
{
    struct k5sim *sim = open_ports();

    (void)state;
    set(sim, ODR, 1);
    assert_int_equal(level(sim, PC0), 0); /* it is not an output yet */
    set_pin(sim, MODER, 0, OUTPUT);
    assert_int_equal(level(sim, PC0), 1);
    assert_int_equal(get(sim, IDR), 1);
    set(sim, BSRR, 0x00018000); /* 0 down, 15 up */
    assert_int_equal(get(sim, ODR), 0x8000);
    assert_int_equal(get(sim, BSRR), 0);
    assert_int_equal(level(sim, PC0), 0);
    set(sim, BSRR, 0x00010001); /* set wins */
    assert_int_equal(get(sim, ODR), 0x8001);
    set(sim, BRR, 0x8001);
    assert_int_equal(get(sim, ODR), 0);
    assert_int_equal(get(sim, BRR), 0);
    set(sim, ODR, UINT32_MAX);
    assert_int_equal(get(sim, ODR), 0xffff);
    set(sim, IDR, 0xffff); /* read-only */
    assert_int_equal(get(sim, IDR), 1);
    k5sim_close(sim);
}

static void test_inputs_and_pulls(void **state)
{
    struct k5sim *sim = open_ports();

    (void)state;
    drive(sim, PC0, 1);
    assert_int_equal(get(sim, IDR), 0); /* analog */
    set_pin(sim, MODER, 0, INPUT);
    assert_int_equal(get(sim, IDR), 1);
    drive(sim, PC0, -1);
    assert_int_equal(get(sim, IDR), 0); /* nobody */
    set_pin(sim, PUPDR, 0, 1);
    assert_int_equal(get(sim, IDR), 1);
    drive(sim, PC0, 0);
    assert_int_equal(get(sim, IDR), 0); /* stronger than the pull */
    drive(sim, PC0, -1);
    set_pin(sim, PUPDR, 0, 2);
    assert_int_equal(get(sim, IDR), 0);
    set_pin(sim, PUPDR, 0, 3); /* reserved: none */
    assert_int_equal(get(sim, IDR), 0);

    set_pin(sim, MODER, 7, INPUT);
    assert_int_equal(get(sim, IDR), 0x80); /* the board's pull-up */
    set_pin(sim, PUPDR, 7, 2);
    assert_int_equal(get(sim, IDR), 0); /* the chip's pull is heard first */
    set_pin(sim, PUPDR, 15, 1);
    assert_int_equal(level(sim, PC15), 0); /* analog: no pulls */
    set_pin(sim, MODER, 15, INPUT);
    assert_int_equal(level(sim, PC15), 1);
    k5sim_close(sim);
}

static void test_open_drain(void **state)
{
    struct k5sim *sim = open_ports();
    struct k5sim_event last;

    (void)state;
    set(sim, OTYPER, 1u << 7);
    set(sim, BSRR, 1u << 7);
    set_pin(sim, MODER, 7, OUTPUT);
    assert_int_equal(level(sim, PC7), 1); /* by the board's pull-up */
    drive(sim, PC7, 0);                   /* others may pull it low */
    assert_int_equal(get(sim, IDR), 0);
    drive(sim, PC7, -1);
    assert_int_equal(get(sim, IDR), 0x80);
    kit_events(sim, 0, 0, NULL);
    set(sim, BRR, 1u << 7);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_PIN, PC7, &last), 1);
    assert_int_equal(last.arg[0], 0);
    assert_int_equal(last.arg[1], K5SIM_DRIVER_CHIP);
    k5sim_close(sim);
}

static void test_alternate_function(void **state)
{
    struct k5sim *sim = open_ports();

    (void)state;
    set_pin(sim, MODER, 6, ALTERNATE);
    set(sim, AFRL, 2u << 24);
    assert_int_equal(level(sim, PC6), 0);
    drive(sim, PC6, 1); /* the channel is off: the pad is open */
    assert_int_equal(level(sim, PC6), 1);
    drive(sim, PC6, -1);
    kit_write(sim, D_TIM, 0x18, 0x50); /* forced active */
    kit_write(sim, D_TIM, 0x20, 1);
    assert_int_equal(level(sim, PC6), 1);
    assert_int_equal(get(sim, IDR), 1u << 6);
    kit_write(sim, D_TIM, 0x20, 3);
    assert_int_equal(level(sim, PC6), 0);
    drive(sim, PC6, 1); /* the chip wins */
    assert_int_equal(level(sim, PC6), 0);
    set(sim, AFRL, 3u << 24); /* nobody drives this function */
    assert_int_equal(level(sim, PC6), 1);
    set(sim, AFRL, 15u << 24); /* nor EVENTOUT */
    assert_int_equal(level(sim, PC6), 1);
    drive(sim, PC6, -1);
    set(sim, AFRL, 2u << 24);
    set(sim, OTYPER, 1u << 6);
    set_pin(sim, PUPDR, 6, 1);
    assert_int_equal(level(sim, PC6), 0);
    kit_write(sim, D_TIM, 0x20, 1); /* high, but open drain */
    assert_int_equal(level(sim, PC6), 1);
    set_pin(sim, PUPDR, 6, 0);
    assert_int_equal(level(sim, PC6), 0);
    k5sim_close(sim);
}

static void lock(struct k5sim *sim, uint32_t pins_locked)
{
    set(sim, LCKR, 0x10000u | pins_locked);
    set(sim, LCKR, pins_locked);
    set(sim, LCKR, 0x10000u | pins_locked);
}

static void test_lock_sequence(void **state)
{
    struct k5sim *sim = open_ports();

    (void)state;
    lock(sim, 0x8001);
    assert_int_equal(get(sim, LCKR), 0x8001);  /* this read completes it */
    assert_int_equal(get(sim, LCKR), 0x18001); /* and this one confirms */
    set(sim, MODER, 0);
    set(sim, PUPDR, 0x55555555);
    set(sim, OSPEEDR, UINT32_MAX);
    set(sim, OTYPER, 0xffff);
    set(sim, AFRL, 0x77777777);
    set(sim, AFRH, 0x77777777);
    assert_int_equal(get(sim, MODER), 0xc0000003);
    assert_int_equal(get(sim, PUPDR), 0x15555554);
    assert_int_equal(get(sim, OSPEEDR), 0x3ffffffc);
    assert_int_equal(get(sim, OTYPER), 0x7ffe);
    assert_int_equal(get(sim, AFRL), 0x77777770);
    assert_int_equal(get(sim, AFRH), 0x07777777);
    set(sim, ODR, 0xffff); /* data is not locked */
    assert_int_equal(get(sim, ODR), 0xffff);
    lock(sim, 2); /* once until the next reset */
    assert_int_equal(get(sim, LCKR), 0x18001);
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_PIN), K5SIM_OK);
    assert_int_equal(get(sim, LCKR), 0);
    set(sim, MODER, 0);
    assert_int_equal(get(sim, MODER), 0);
    k5sim_close(sim);
}

static void test_broken_lock_sequences_lock_nothing(void **state)
{
    /* What is written, up to four times; the last may be the beginning of a good one. */
    static const uint32_t sequences[][4] = {
        {0x10001, 0x00001},          {0x10001, 0x10001, 0x10001},
        {0x10001, 0x00003, 0x10001}, {0x10001, 0x00001, 0x10003},
        {0x00001, 0x00001, 0x10001}, {0x10001, 0x00001, 0x00001, 0x10001},
    };

    (void)state;
    for (uint32_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
        struct k5sim *sim = open_ports();

        for (uint32_t k = 0; k < 4 && sequences[i][k] != 0; k++) {
            set(sim, LCKR, sequences[i][k]);
        }
        assert_int_equal(get(sim, LCKR) & 0x10000, 0);
        assert_int_equal(get(sim, LCKR) & 0x10000, 0);
        set(sim, MODER, 0);
        assert_int_equal(get(sim, MODER), 0);
        k5sim_close(sim);
    }
}

static void test_bytes_and_halfwords(void **state)
{
    struct k5sim *sim = open_ports();

    (void)state;
    kit_write_sized(sim, D_PORT_C, ODR + 1, 1, 0x80);
    assert_int_equal(get(sim, ODR), 0x8000);
    kit_write_sized(sim, D_PORT_C, BSRR, 2, 0x0001);
    kit_write_sized(sim, D_PORT_C, BSRR + 2, 2, 0x8000); /* the reset half */
    assert_int_equal(get(sim, ODR), 0x0001);
    kit_write_sized(sim, D_PORT_C, MODER + 3, 1, 0);
    assert_int_equal(get(sim, MODER), 0x00ffffff);
    assert_int_equal(kit_read_sized(sim, D_PORT_C, MODER + 2, 2), 0x00ff);
    set(sim, SECCFGR, 0xffff); /* without TrustZone it is not there */
    assert_int_equal(get(sim, SECCFGR), 0);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ports_leave_reset_differently),
        cmocka_unit_test(test_output_and_its_registers),
        cmocka_unit_test(test_inputs_and_pulls),
        cmocka_unit_test(test_open_drain),
        cmocka_unit_test(test_alternate_function),
        cmocka_unit_test(test_lock_sequence),
        cmocka_unit_test(test_broken_lock_sequences_lock_nothing),
        cmocka_unit_test(test_bytes_and_halfwords),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
