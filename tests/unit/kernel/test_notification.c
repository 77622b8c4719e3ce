/* Notifications, and the interrupts that signal them. */
#include "kernel/notification.h"

#include "kernel/entry.h"
#include "kernel/system.h"
#include "tests/unit/kit.h"

#define DRIVER 0u /* receives */
#define SENDER 1u

#define LINE  37u
#define BIT   5u
#define TRY   K5_FLAG_TRY
#define TIMED K5_FLAG_TIMED
#define ANY   UINT32_MAX

static uint32_t wait_cap, signal_cap, masked_cap, ack, serve, to_driver;

static void build_driver(bool bound)
{
    kit_setup(NULL);
    build_single(10);
    build_single(10);

    uint32_t note = build_notification(DRIVER);

    if (bound) {
        build_bind(note);
    }
    wait_cap = build_cap_for(DRIVER, K5_KIND_NOTIFICATION, note, K5_RIGHT_WAIT, 0);
    signal_cap = build_cap_for(SENDER, K5_KIND_NOTIFICATION, note, K5_RIGHT_SIGNAL, 0);
    masked_cap = build_cap_for(SENDER, K5_KIND_NOTIFICATION, note, K5_RIGHT_SIGNAL, 0xf0);
    ack =
        build_cap_for(DRIVER, K5_KIND_INTERRUPT, build_interrupt(LINE, note, BIT), K5_RIGHT_ACK, 0);
    serve = build_cap(DRIVER, build_endpoint(DRIVER), K5_RIGHT_RECV, 0);
    to_driver = build_cap(SENDER, 0, K5_RIGHT_SEND, 77);
}

static void boot_driver(bool bound)
{
    build_driver(bound);
    kit_boot();
}

static void signal_bits(uint32_t bits)
{
    TURN_TO(SENDER);
    PLAY(SENDER, K5_SYS_SIGNAL, signal_cap, bits);
    ASSERT_ERROR(SENDER, K5_OK);
}

/* ------------------------------------------------------------ signal and wait */

static void test_wait_takes_the_bits_that_are_set(void **state)
{
    (void)state;
    boot_driver(false);
    signal_bits(0x1);
    signal_bits(0x6);
    signal_bits(0x2); /* signals merge */
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, 0, ANY);
    ASSERT_ERROR(DRIVER, K5_OK);
    assert_int_equal(kit_reg(DRIVER, 1), 0x7);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, TRY, ANY); /* once */
    ASSERT_ERROR(DRIVER, K5_E_WOULD_BLOCK);
}

static void test_wait_takes_only_the_bits_of_its_mask(void **state)
{
    (void)state;
    boot_driver(false);
    signal_bits(0x80000011);
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, TRY, 0x0e);
    ASSERT_ERROR(DRIVER, K5_E_WOULD_BLOCK);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, TRY, 0x1e);
    assert_int_equal(kit_reg(DRIVER, 1), 0x10);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, TRY, ANY);
    assert_int_equal(kit_reg(DRIVER, 1), 0x80000001);
}

static void test_wait_goes_on_when_a_bit_of_its_mask_comes(void **state)
{
    (void)state;
    boot_driver(false);
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, 0, 0x6);
    ASSERT_STATE(DRIVER, K5_THREAD_WAITING);
    signal_bits(0x9); /* not one of them */
    ASSERT_STATE(DRIVER, K5_THREAD_WAITING);
    signal_bits(0x5);
    ASSERT_STATE(DRIVER, K5_THREAD_READY);
    ASSERT_ERROR(DRIVER, K5_OK);
    assert_int_equal(kit_reg(DRIVER, 1), 0x4); /* the rest is there for another wait */
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, TRY, ANY);
    assert_int_equal(kit_reg(DRIVER, 1), 0x9);
}

static void test_wait_errors(void **state)
{
    (void)state;
    build_driver(false);

    uint32_t others_cap =
        build_cap_for(SENDER, K5_KIND_NOTIFICATION, 0, K5_RIGHT_WAIT | K5_RIGHT_SIGNAL, 0);

    kit_boot();

    const struct {
        uint32_t who, cptr, flags, mask;
        enum k5_error want;
    } row[] = {
        {DRIVER, wait_cap, 0, 0, K5_E_INVALID},
        {DRIVER, wait_cap, TRY | TIMED, 1, K5_E_INVALID},
        {DRIVER, wait_cap, K5_FLAG_RECV_BUF, 1, K5_E_INVALID},
        {DRIVER, wait_cap, 1, 1, K5_E_INVALID},
        {SENDER, others_cap, 0, 1, K5_E_RIGHTS}, /* holds the right, is not the receiver */
        {SENDER, signal_cap, 0, 1, K5_E_RIGHTS},
        {DRIVER, wait_cap + 0x10000, 0, 1, K5_E_STALE},
        {DRIVER, 0x10011, 0, 1, K5_E_CPTR},
    };

    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        kit_row("wait", i);
        TURN_TO(row[i].who);
        PLAY(row[i].who, K5_SYS_WAIT, row[i].cptr, row[i].flags, row[i].mask);
        ASSERT_ERROR(row[i].who, row[i].want);
    }
}

static void test_signal_errors(void **state)
{
    (void)state;
    boot_driver(false);
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_SIGNAL, wait_cap, 1);
    ASSERT_ERROR(DRIVER, K5_E_RIGHTS);
    TURN_TO(SENDER);
    PLAY(SENDER, K5_SYS_SIGNAL, masked_cap, 0x30);
    ASSERT_ERROR(SENDER, K5_OK);
    PLAY(SENDER, K5_SYS_SIGNAL, masked_cap, 0x31);
    ASSERT_ERROR(SENDER, K5_E_RIGHTS); /* a bit that its badge does not allow */
    PLAY(SENDER, K5_SYS_SIGNAL, masked_cap + 0x10000, 0x10);
    ASSERT_ERROR(SENDER, K5_E_STALE);
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, TRY, ANY);
    assert_int_equal(kit_reg(DRIVER, 1), 0x30);
}

static void test_signal_of_no_bit_wakes_nobody(void **state)
{
    (void)state;
    for (uint32_t bound = 0; bound < 2; bound++) {
        boot_driver(bound);
        TURN_TO(DRIVER);
        if (bound) {
            PLAY(DRIVER, K5_SYS_RECV, serve);
        } else {
            PLAY(DRIVER, K5_SYS_WAIT, wait_cap, 0, ANY);
        }
        signal_bits(0);
        ASSERT_STATE(DRIVER, bound ? K5_THREAD_RECEIVING : K5_THREAD_WAITING);
    }
}

static void test_wait_gives_up_at_its_deadline(void **state)
{
    (void)state;
    boot_driver(false);
    kit_sleep_until(SENDER, 5000);
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, TIMED, ANY, kit_deadline(1024));
    kit_advance_to(1023);
    ASSERT_STATE(DRIVER, K5_THREAD_WAITING);
    kit_advance_to(1024);
    ASSERT_ERROR(DRIVER, K5_E_TIMEOUT);
    ASSERT_CURRENT(DRIVER);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, TIMED, ANY, kit_deadline(1024)); /* past: like try */
    ASSERT_ERROR(DRIVER, K5_E_TIMEOUT);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, TIMED, ANY, kit_deadline(2048));
    kit_advance_to(3000);
    ASSERT_ERROR(DRIVER, K5_E_TIMEOUT);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, 0, ANY);
    kit_advance_to(4900);
    ASSERT_STATE(DRIVER, K5_THREAD_WAITING); /* an old deadline is forgotten */
}

/* ------------------------------------------------------------ bound to a thread */

static void test_bound_bits_come_by_recv(void **state)
{
    (void)state;
    for (uint32_t before = 0; before < 2; before++) {
        boot_driver(true);
        if (before) {
            signal_bits(0x81);
        }
        TURN_TO(DRIVER);
        PLAY(DRIVER, K5_SYS_RECV, serve);
        if (!before) {
            ASSERT_STATE(DRIVER, K5_THREAD_RECEIVING);
            signal_bits(0x81);
        }
        ASSERT_ERROR(DRIVER, K5_OK);
        assert_int_equal(kit_reg(DRIVER, 1), K5_MSG_NOTIFICATION);
        assert_int_equal(kit_reg(DRIVER, 2), 0x81);
        for (uint32_t i = 3; i < 8; i++) {
            assert_int_equal(kit_reg(DRIVER, i), 0);
        }
        assert_int_equal(k5.endpoint[0].waiting, 0);
        TURN_TO(SENDER); /* a message afterwards waits for the next recv */
        PLAY(SENDER, K5_SYS_SEND, to_driver, TRY, 1);
        ASSERT_ERROR(SENDER, K5_E_WOULD_BLOCK);
    }
}

/* Bits come before messages, and neither is lost. */
static void test_bound_bits_come_before_messages(void **state)
{
    (void)state;
    boot_driver(true);
    signal_bits(0x3);
    PLAY(SENDER, K5_SYS_CALL, to_driver, kit_info(9, 0), 5);
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_RECV, serve);
    assert_int_equal(kit_reg(DRIVER, 1), K5_MSG_NOTIFICATION);
    PLAY(DRIVER, K5_SYS_RECV, serve);
    assert_int_equal(kit_reg(DRIVER, 1), kit_info(9, 0));
    assert_int_equal(kit_reg(DRIVER, 2), 5);
    PLAY(DRIVER, K5_SYS_REPLY_RECV, kit_reg(DRIVER, 7), TRY, 0, 0, 0, 0, serve);
    ASSERT_ERROR(DRIVER, K5_E_WOULD_BLOCK);
    ASSERT_ERROR(SENDER, K5_OK);
}

static void test_bound_bits_come_by_reply_recv(void **state)
{
    (void)state;
    boot_driver(true);
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_RECV, serve);
    TURN_TO(SENDER);
    PLAY(SENDER, K5_SYS_CALL, to_driver, 0, 5);
    ASSERT_CURRENT(DRIVER);
    PLAY(DRIVER, K5_SYS_REPLY_RECV, kit_reg(DRIVER, 7), 0, 0, 0, 0, 0, serve);
    ASSERT_STATE(DRIVER, K5_THREAD_RECEIVING);
    signal_bits(0x10);
    assert_int_equal(kit_reg(DRIVER, 2), 0x10);
    assert_int_equal(kit_reg(DRIVER, 1), K5_MSG_NOTIFICATION);
}

/* The receiver may wait for its bound notification as well, by a mask. */
static void test_bound_bits_may_be_waited_for(void **state)
{
    (void)state;
    boot_driver(true);
    signal_bits(0x5);
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, 0, 0x4);
    assert_int_equal(kit_reg(DRIVER, 1), 0x4);
    PLAY(DRIVER, K5_SYS_RECV, serve);
    assert_int_equal(kit_reg(DRIVER, 2), 0x1);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, 0, 0x4);
    ASSERT_STATE(DRIVER, K5_THREAD_WAITING);
    signal_bits(0x2);
    ASSERT_STATE(DRIVER, K5_THREAD_WAITING);
    signal_bits(0x4);
    ASSERT_STATE(DRIVER, K5_THREAD_READY);
}

static void test_bits_of_a_dead_receiver_are_gone(void **state)
{
    (void)state;
    for (uint32_t bound = 0; bound < 2; bound++) {
        boot_driver(bound);
        signal_bits(0x7);
        TURN_TO(DRIVER);
        FAULT(DRIVER);
        kit_advance(BUILD_BACKOFF);
        TURN_TO(DRIVER);
        PLAY(DRIVER, K5_SYS_WAIT, wait_cap, TRY, ANY);
        ASSERT_ERROR(DRIVER, K5_E_WOULD_BLOCK);
        PLAY(DRIVER, K5_SYS_RECV, serve, TRY);
        ASSERT_ERROR(DRIVER, K5_E_WOULD_BLOCK);
    }
}

/* Dying while it waits leaves nothing behind that waits. */
static void test_receiver_that_dies_waiting_waits_no_more(void **state)
{
    (void)state;
    build_driver(false);

    uint32_t control = build_cap_for(SENDER, K5_KIND_TASK, DRIVER, K5_RIGHT_CONTROL, 0);

    kit_boot();
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, 0, ANY);
    TURN_TO(SENDER);
    PLAY(SENDER, K5_SYS_TASK_RESTART, control);
    ASSERT_ERROR(SENDER, K5_OK);
    ASSERT_STATE(DRIVER, K5_THREAD_READY);
    signal_bits(1);
    ASSERT_STATE(DRIVER, K5_THREAD_READY);
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, 0, ANY);
    assert_int_equal(kit_reg(DRIVER, 1), 1); /* sent to its new incarnation */
}

/* ------------------------------------------------------------ interrupts */

static void test_interrupts_are_masked_until_acknowledged(void **state)
{
    (void)state;
    boot_driver(false);
    assert_false(fake_machine_unmasked(&kit_machine, LINE));
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_IRQ_ACK, ack);
    ASSERT_ERROR(DRIVER, K5_OK);
    assert_true(fake_machine_unmasked(&kit_machine, LINE));
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, 0, ANY);
    ASSERT_CURRENT(SENDER);
    FIRE(LINE);
    assert_false(fake_machine_unmasked(&kit_machine, LINE));
    ASSERT_ERROR(DRIVER, K5_OK);
    assert_int_equal(kit_reg(DRIVER, 1), 1u << BIT);
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_IRQ_ACK, ack);
    assert_true(fake_machine_unmasked(&kit_machine, LINE));
}

static void test_interrupt_makes_an_urgent_driver_run_at_once(void **state)
{
    (void)state;
    build_driver(true);
    build_thread_of(DRIVER)->priority = 20;
    kit_boot();
    PLAY(DRIVER, K5_SYS_IRQ_ACK, ack);
    PLAY(DRIVER, K5_SYS_RECV, serve);
    ASSERT_CURRENT(SENDER);
    kit_elapse(7);
    FIRE(LINE);
    ASSERT_CURRENT(DRIVER);
    assert_int_equal(kit_reg(DRIVER, 1), K5_MSG_NOTIFICATION);
    assert_int_equal(kit_reg(DRIVER, 2), 1u << BIT);
    assert_int_equal(k5.thread[SENDER].consumed, 7);

    const struct k5_event *event = fake_machine_last(&kit_machine, K5_EVENT_INTERRUPT);

    assert_non_null(event);
    assert_int_equal(event->code, LINE);
    assert_int_equal(event->arg[0], 0);
    assert_int_equal(event->arg[1], 1u << BIT);
}

/* An idle machine with a line open is not at its end. */
static void test_interrupt_wakes_an_idle_machine(void **state)
{
    (void)state;
    boot_driver(false);
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_IRQ_ACK, ack);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, 0, ANY);
    PLAY(SENDER, K5_SYS_SLEEP, UINT32_MAX, UINT32_MAX);
    ASSERT_CURRENT(NO_THREAD);
    assert_false(kit_machine.port.halted);
    FIRE(LINE);
    ASSERT_CURRENT(DRIVER);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, 0, ANY); /* without unmasking it: nothing can come */
    ASSERT_CURRENT(NO_THREAD);
    assert_true(kit_machine.port.halted);
}

static void test_interrupts_of_a_dead_driver_are_masked(void **state)
{
    (void)state;
    boot_driver(false);
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_IRQ_ACK, ack);
    FAULT(DRIVER);
    assert_false(fake_machine_unmasked(&kit_machine, LINE));
    kit_advance(BUILD_BACKOFF);
    ASSERT_TASK(DRIVER, K5_TASK_READY);
    assert_false(fake_machine_unmasked(&kit_machine, LINE)); /* the driver says when */
}

static void test_interrupt_that_nobody_knows_is_masked(void **state)
{
    (void)state;
    boot_driver(false);
    kit_machine.port.unmasked[200 / 32] |= 1u << 200 % 32;
    FIRE(200);
    assert_false(fake_machine_unmasked(&kit_machine, 200));
    assert_int_equal(k5.notification[0].bits, 0);
}

static void test_ack_needs_its_right(void **state)
{
    (void)state;
    build_driver(false);

    uint32_t powerless = build_cap_for(DRIVER, K5_KIND_INTERRUPT, 0, K5_RIGHT_GRANT, 0);

    kit_boot();
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_IRQ_ACK, powerless);
    ASSERT_ERROR(DRIVER, K5_E_RIGHTS);
    PLAY(DRIVER, K5_SYS_IRQ_ACK, ack + 0x10000);
    ASSERT_ERROR(DRIVER, K5_E_STALE);
    assert_false(fake_machine_unmasked(&kit_machine, LINE));
}

/* Two lines on one notification are two bits. */
static void test_interrupts_of_one_notification_keep_apart(void **state)
{
    (void)state;
    build_driver(false);

    uint32_t second =
        build_cap_for(DRIVER, K5_KIND_INTERRUPT, build_interrupt(99, 0, 31), K5_RIGHT_ACK, 0);

    kit_boot();
    TURN_TO(DRIVER);
    PLAY(DRIVER, K5_SYS_IRQ_ACK, ack);
    PLAY(DRIVER, K5_SYS_IRQ_ACK, second);
    FIRE(99);
    assert_true(fake_machine_unmasked(&kit_machine, LINE));
    FIRE(LINE);
    PLAY(DRIVER, K5_SYS_WAIT, wait_cap, TRY, ANY);
    assert_int_equal(kit_reg(DRIVER, 1), 1u << BIT | 1u << 31);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_wait_takes_the_bits_that_are_set),
        KIT_TEST(test_wait_takes_only_the_bits_of_its_mask),
        KIT_TEST(test_wait_goes_on_when_a_bit_of_its_mask_comes),
        KIT_TEST(test_wait_errors),
        KIT_TEST(test_signal_errors),
        KIT_TEST(test_signal_of_no_bit_wakes_nobody),
        KIT_TEST(test_wait_gives_up_at_its_deadline),
        KIT_TEST(test_bound_bits_come_by_recv),
        KIT_TEST(test_bound_bits_come_before_messages),
        KIT_TEST(test_bound_bits_come_by_reply_recv),
        KIT_TEST(test_bound_bits_may_be_waited_for),
        KIT_TEST(test_bits_of_a_dead_receiver_are_gone),
        KIT_TEST(test_receiver_that_dies_waiting_waits_no_more),
        KIT_TEST(test_interrupts_are_masked_until_acknowledged),
        KIT_TEST(test_interrupt_makes_an_urgent_driver_run_at_once),
        KIT_TEST(test_interrupt_wakes_an_idle_machine),
        KIT_TEST(test_interrupts_of_a_dead_driver_are_masked),
        KIT_TEST(test_interrupt_that_nobody_knows_is_masked),
        KIT_TEST(test_ack_needs_its_right),
        KIT_TEST(test_interrupts_of_one_notification_keep_apart),
    };

    return cmocka_run_group_tests_name("notification", tests, NULL, NULL);
}
