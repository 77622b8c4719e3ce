/* Tests: interrupts as capabilities. The judge sets the board's alarm, right is its driver. */
#include "actors.h"
#include "alarm.h"
#include "k5_task.h"
#include "rogue_ways.h"
#include "suite_slots.h"

static void ack(void)
{
    order_syscall(RIGHT, K5_SYS_IRQ_ACK, CPTR(SLOT_IRQ), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
}

static void wait(uint32_t flags)
{
    order_syscall(RIGHT, K5_SYS_WAIT, CPTR(SLOT_IRQ_EVENTS), flags, 0xffffffffu, 0, 0, 0, 0);
}

/* Whether the alarm's bit was set meanwhile; takes it. */
static bool has_fired(void)
{
    wait(K5_FLAG_TRY);
    if (outcome(RIGHT) == K5_OK) {
        CHECK_EQUAL(report(RIGHT)->r[1], ALARM_BIT);
        return true;
    }
    CHECK_EQUAL(outcome(RIGHT), K5_E_WOULD_BLOCK);
    return false;
}

/* Unmasks it while it is not raised. A controller may remember that it was while it was masked:
 * then it fires once more, for nothing.
 */
static void arm(void)
{
    ack();
    while (has_fired()) {
        ack();
    }
}

/* The device raises its line, for long enough to be seen. */
static void ring(void)
{
    alarm_set(SOON_US);
    k5_sleep_us(LATER_US);
}

static void masked_at_first(void)
{
    ring();
    CHECK(!has_fired());
    alarm_clear();
}

static void fires_when_unmasked(void)
{
    arm();
    wait(0);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
    ring();
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(report(RIGHT)->r[1], ALARM_BIT);
    alarm_clear();
}

static void masked_when_it_fires(void)
{
    arm();
    ring();
    CHECK(has_fired());
    k5_sleep_us(LATER_US); /* the line is still raised */
    CHECK(!has_fired());
    alarm_clear();
    ring();
    CHECK(!has_fired());
    alarm_clear();
}

static void fires_again_when_acknowledged(void)
{
    arm();
    for (uint32_t i = 0; i < 5; i++) {
        ring();
        CHECK(has_fired());
        alarm_clear();
        arm();
    }
}

static void level_fires_again(void)
{
    arm();
    ring();
    CHECK(has_fired());
    ack(); /* without clearing the device */
    k5_sleep_us(LATER_US);
    CHECK(has_fired());
    alarm_clear();
}

static void level_that_came_while_masked_fires(void)
{
    ring();
    CHECK(!has_fired());
    ack();
    k5_sleep_us(LATER_US);
    CHECK(has_fired());
    alarm_clear();
}

static void cleared_in_time_does_not_fire(void)
{
    arm();
    alarm_set(LATER_US);
    alarm_clear();
    k5_sleep_us(2 * LATER_US);
    CHECK(!has_fired());
}

static void masked_when_its_driver_dies(void)
{
    arm();
    revive(RIGHT);
    ring();
    CHECK(!has_fired());
    alarm_clear();
    arm();
    ring();
    CHECK(has_fired());
    alarm_clear();
}

static void bit_is_lost_with_its_driver(void)
{
    arm();
    ring();
    revive(RIGHT);
    CHECK(!has_fired());
    alarm_clear();
}

static void preempts_the_less_urgent(void)
{
    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), 1), K5_OK);
    order(LEFT, DO_SPIN, 0, 0, 0);
    arm();
    wait(0);
    ring(); /* the judge sleeps, left computes */
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(report(RIGHT)->r[1], ALARM_BIT);
    alarm_clear();
}

static void merges_with_signals(void)
{
    arm();
    order_syscall(LEFT, K5_SYS_SIGNAL, CPTR(SLOT_IRQ_EVENTS), 0x100, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    ring();
    wait(0);
    CHECK_EQUAL(report(RIGHT)->r[1], ALARM_BIT | 0x100);
    alarm_clear();
}

static void held_driver_gets_it_later(void)
{
    arm();
    wait(0);
    CHECK_EQUAL(k5_task_hold(task_of(RIGHT)), K5_OK);
    ring();
    CHECK_EQUAL(report(RIGHT)->busy, 1);
    CHECK_EQUAL(k5_task_resume(task_of(RIGHT)), K5_OK);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    alarm_clear();
}

static void needs_the_right(void)
{
    order_syscall(LEFT, K5_SYS_IRQ_ACK, CPTR(SLOT_IRQ), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_RIGHTS);
    order_syscall(RIGHT, K5_SYS_IRQ_ACK, CPTR(SLOT_IRQ_EVENTS), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_E_KIND);
    ring();
    CHECK(!has_fired()); /* neither has unmasked it */
    alarm_clear();
}

static void device_is_its_drivers(void)
{
    CHECK(!can_load(MIDDLE, (uint32_t)(uintptr_t)REGION_ALARM));
}

static const struct test tests[] = {
    {"interrupt.mask.at_first", "All lines are masked at first.", masked_at_first},
    {"interrupt.mask.when_it_fires", "A line is masked when it fires.", masked_when_it_fires},
    {"interrupt.mask.at_death", "And when its driver dies.", masked_when_its_driver_dies},
    {"interrupt.fire.when_unmasked", "An interrupt sets its bit and wakes its driver.",
     fires_when_unmasked},
    {"interrupt.fire.again", "irq_ack unmasks it.", fires_again_when_acknowledged},
    {"interrupt.fire.level_again", "A level that is still raised fires again.", level_fires_again},
    {"interrupt.fire.level_from_before", "So does one that was raised while it was masked.",
     level_that_came_while_masked_fires},
    {"interrupt.fire.not_when_cleared", "What the device took back does not fire.",
     cleared_in_time_does_not_fire},
    {"interrupt.fire.preempts", "It preempts who is less urgent than its driver.",
     preempts_the_less_urgent},
    {"interrupt.bit.merges", "Its bit merges with others.", merges_with_signals},
    {"interrupt.bit.lost_at_death", "Bits are cleared when the receiver's task dies.",
     bit_is_lost_with_its_driver},
    {"interrupt.bit.held", "A held driver gets it when it is resumed.", held_driver_gets_it_later},
    {"interrupt.rights.ack", "irq_ack needs the right ACK.", needs_the_right},
    {"interrupt.rights.device", "A device's registers are for who was given them.",
     device_is_its_drivers},
};
const struct test_group interrupt_tests = GROUP(tests);
