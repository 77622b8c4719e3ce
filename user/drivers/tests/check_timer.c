/* Sleeps, alarms, periods. */
#include "check.h"
#include "k5_board.h"
#include "k5_task.h"
#include "timer.h"

#define BITS 0xf0u

/* What "at once" may take: some thousand instructions, which last as long as the board is fast. */
#define SLACK_US (8000u * 1000u / (K5_TICK_HZ / 1000u))

static void check_alarms(void)
{
    uint64_t before = k5_time_us();
    uint32_t bits = 0;

    check_error("late alarm", timer_alarm(CAP_TIMER, 9000, CAP_EVENTS, 0x10), K5_OK);
    check_error("early alarm", timer_alarm(CAP_TIMER, 3000, CAP_EVENTS, 0x20), K5_OK);
    check_error("cancelled alarm", timer_alarm(CAP_TIMER, 5000, CAP_EVENTS, 0x40), K5_OK);
    check_error("cancel", timer_cancel(CAP_TIMER, 0x40), K5_OK);
    check_error("cancel again", timer_cancel(CAP_TIMER, 0x40), K5_E_STATE);
    check_error("wait", k5_wait(CAP_EVENTS, BITS, &bits), K5_OK);
    check_that("the early one first", bits == 0x20 && k5_time_us() - before >= 3000u &&
                                          k5_time_us() - before < 3000u + SLACK_US);
    check_error("wait again", k5_wait(CAP_EVENTS, BITS, &bits), K5_OK);
    check_that("then the late one", bits == 0x10 && k5_time_us() - before >= 9000u &&
                                        k5_time_us() - before < 9000u + SLACK_US);
}

static void check_period(void)
{
    uint64_t before = k5_time_us();
    uint32_t bits = 0;

    check_error("too short", timer_every(CAP_TIMER, 99, CAP_EVENTS, 0x10), K5_E_INVALID);
    check_error("period", timer_every(CAP_TIMER, 2000, CAP_EVENTS, 0x10), K5_OK);
    for (uint32_t i = 0; i < 50; i++) {
        check_error("tick", k5_wait(CAP_EVENTS, BITS, &bits), K5_OK);
    }
    check_that("no drift",
               k5_time_us() - before >= 100000u && k5_time_us() - before < 100000u + SLACK_US);
    check_error("end", timer_cancel(CAP_TIMER, 0x10), K5_OK);
    check_error("no ticks any more",
                k5_wait_until(CAP_EVENTS, BITS, k5_deadline_in_us(10000u), &bits), K5_E_TIMEOUT);
}

static void check_share(void)
{
    for (uint32_t i = 0; i < 4; i++) {
        check_error("an alarm", timer_alarm(CAP_TIMER, 1000000u, CAP_EVENTS, 1u << i), K5_OK);
    }
    check_error("one too many", timer_alarm(CAP_TIMER, 1000000u, CAP_EVENTS, 0x10), K5_E_FULL);
    check_error("replaced", timer_alarm(CAP_TIMER, 1000000u, CAP_EVENTS, 1), K5_OK);
    for (uint32_t i = 0; i < 4; i++) {
        check_error("cancelled", timer_cancel(CAP_TIMER, 1u << i), K5_OK);
    }
}

void check_timer(void)
{
    uint64_t before = k5_time_us();

    check_error("no sleep", timer_sleep(CAP_TIMER, 0), K5_OK);
    check_error("long sleep", timer_sleep(CAP_TIMER, 250000u), K5_OK);
    check_that("as long",
               k5_time_us() - before >= 250000u && k5_time_us() - before < 250000u + 2u * SLACK_US);
    check_alarms();
    check_period();
    check_share();
}
