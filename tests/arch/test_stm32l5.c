/* STM32L5 support against variables for registers: start order, pins, ring. Addresses and bits are
 * numbers from RM0438, not the names under test.
 */
#include "arch/armv8m/clock.h"
#include "arch/armv8m/soc/stm32l5.h"
#include "arch/common/machine.h"
#include "arch/common/stream.h"
#include "tests/arch/arch_test.h"

#define REGISTERS 32u
#define SENT_MOST 8192u
#define TDR       0x40008028u
#define ISR       0x4000801cu
#define TXFNF     0x80u

static struct {
    struct {
        uint32_t address;
        volatile uint32_t value;
    } reg[REGISTERS];
    uint32_t count;
    uint32_t order[256]; /* addresses as they were accessed */
    uint32_t accesses;
    volatile uint32_t sent[SENT_MOST]; /* what was written to TDR */
    uint32_t sent_count;
    uint32_t room; /* of the transmitter's FIFO */
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
    if (address == TDR) {
        assert_true(fake.room > 0); /* TXFNF was 0: the byte would be lost */
        assert_true(fake.sent_count < SENT_MOST);
        fake.room--;
        return &fake.sent[fake.sent_count++];
    }
    if (address == ISR) {
        *variable(ISR) = fake.room > 0 ? TXFNF : 0;
    }
    return variable(address);
}

static uint32_t value(uint32_t address)
{
    return *variable(address);
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

/* Register values after reset that matter here. */
static int reset_machine(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    *variable(0x40021000) = 0x63;       /* RCC_CR: MSI at 4 MHz, on and ready */
    *variable(0x40007000) = 0x400;      /* PWR_CR1: range 2 */
    *variable(0x42021800) = 0xffffffff; /* GPIOG_MODER: analog */
    return 0;
}

static void test_start_raises_voltage_then_latency_then_clock(void **state)
{
    (void)state;
    machine_start();
    assert_int_equal(value(0x40007000), 0x200);         /* VOS: range 1 */
    assert_int_equal(value(0x40022000) & 0xf, 2);       /* 2 wait states */
    assert_int_equal(value(0x40021000) & 0xf8, 0xb8);   /* MSIRANGE 11, MSIRGSEL */
    assert_true(value(0x40021058) & UINT32_C(1) << 28); /* PWREN */
    assert_true(first_access(0x40021058) < first_access(0x40007000));
    assert_true(first_access(0x40007000) < first_access(0x40022000));
    assert_true(first_access(0x40022000) < first_access(0x40021000));
}

static void test_sink_wires_pg7_to_lpuart1(void **state)
{
    (void)state;
    sink_start();
    assert_int_equal(value(0x4002104c) & 1u << 6, 1u << 6);     /* GPIOG's clock */
    assert_int_equal(value(0x4002105c) & 1, 1);                 /* LPUART1's */
    assert_int_equal(value(0x40007004) & 1u << 9, 1u << 9);     /* IOSV */
    assert_int_equal(value(0x42021800) >> 14 & 3, 2);           /* alternate function */
    assert_int_equal(value(0x42021800) | 3u << 14, 0xffffffff); /* other pins as before */
    assert_int_equal(value(0x42021820) >> 28, 8);               /* AF8 */
    assert_int_equal(value(0x4000800c), 13333);                 /* 256 * 48 MHz / 921,600 */
    assert_int_equal(value(0x40008000), 0x20000009);            /* FIFOEN, TE, UE */
}

static void test_tick_counter_takes_all_32_bits_of_tim2(void **state)
{
    (void)state;
    clock_start();
    assert_int_equal(value(0x4000002c), 0xffffffff); /* ARR */
    assert_int_equal(value(0x40000028), 0);          /* PSC */
    assert_int_equal(value(0x40000000), 1);          /* CEN */
    assert_true(value(0x40021058) & 1);
    *variable(0x40000024) = 0x89abcdef;
    assert_int_equal(clock_count(), 0x89abcdef);
}

static struct k5_event record(uint32_t number)
{
    return (struct k5_event){.time = number, .kind = 2, .code = 0x100, .arg = {number * 7}};
}

/* Sends all that waits, through a FIFO with room for `room` bytes a time. */
static void drain(uint32_t room)
{
    bool left = true;

    for (uint32_t i = 0; i < 10000 && left; i++) {
        fake.room = room;
        left = sink_pump();
    }
    assert_false(left);
}

static void assert_sent(uint32_t at, const struct k5_event *event, uint32_t *next)
{
    uint8_t frame[STREAM_FRAME_BYTES];
    uint32_t bytes = stream_encode(event, frame);

    for (uint32_t i = 0; i < bytes; i++) {
        assert_int_equal(fake.sent[at + i], frame[i]);
    }
    *next = at + bytes;
}

static void test_records_leave_in_order_as_frames(void **state)
{
    uint32_t at = 0;

    (void)state;
    for (uint32_t room = 1; room <= 9; room++) {
        fake.sent_count = at = 0;
        for (uint32_t i = 0; i < 10; i++) {
            struct k5_event event = record(i);

            assert_true(sink_put(&event));
        }
        drain(room);
        for (uint32_t i = 0; i < 10; i++) {
            struct k5_event event = record(i);

            assert_sent(at, &event, &at);
        }
        assert_int_equal(fake.sent_count, at);
    }
}

static void test_full_ring_refuses_and_keeps_what_it_has(void **state)
{
    uint32_t taken = 0;
    uint32_t at = 0;

    (void)state;
    for (uint32_t i = 0; i < 200; i++) {
        struct k5_event event = record(i);

        taken += sink_put(&event);
    }
    assert_int_equal(taken, 64);
    drain(8);
    for (uint32_t i = 0; i < 64; i++) {
        struct k5_event event = record(i);

        assert_sent(at, &event, &at);
    }
    assert_int_equal(fake.sent_count, at);
}

static void test_nothing_waits_for_a_transmitter_that_is_full(void **state)
{
    struct k5_event event = record(1);

    (void)state;
    assert_true(sink_put(&event));
    fake.room = 0;
    assert_true(sink_pump()); /* comes back, and says that something is left */
    assert_int_equal(fake.sent_count, 0);
    drain(8);
    assert_true(fake.sent_count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_start_raises_voltage_then_latency_then_clock, reset_machine),
        cmocka_unit_test_setup(test_sink_wires_pg7_to_lpuart1, reset_machine),
        cmocka_unit_test_setup(test_tick_counter_takes_all_32_bits_of_tim2, reset_machine),
        cmocka_unit_test_setup(test_records_leave_in_order_as_frames, reset_machine),
        cmocka_unit_test_setup(test_full_ring_refuses_and_keeps_what_it_has, reset_machine),
        cmocka_unit_test_setup(test_nothing_waits_for_a_transmitter_that_is_full, reset_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
