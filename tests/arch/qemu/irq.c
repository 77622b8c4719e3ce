/* An interrupt of the board, from its device to its driver: when it fires, when it does not. */
#include "alarm.h"

#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

#define BIT 1u

static void must(enum k5_error got, enum k5_error want, uint32_t line)
{
    if (got != want) {
        K5_ERROR("line %u: %d instead of %d", line, got, want);
        k5_panic(line);
    }
}

#define MUST(call, want) must(call, want, __LINE__)

static void must_have_fired(uint32_t line)
{
    uint32_t bits = 0;

    must(k5_poll(CAP_EVENTS, BIT, &bits), K5_OK, line);
}

static void must_be_quiet(uint32_t line)
{
    uint32_t bits = 0;

    k5_sleep_us(3000);
    must(k5_poll(CAP_EVENTS, BIT, &bits), K5_E_WOULD_BLOCK, line);
}

/* Nothing else is ready: the processor waits, and the interrupt wakes it. */
static void fires_when_idle(void)
{
    uint64_t begun = k5_time_us();
    uint32_t bits = 0;

    alarm_set(1000);
    MUST(k5_irq_ack(CAP_IRQ), K5_OK);
    MUST(k5_wait(CAP_EVENTS, BIT, &bits), K5_OK);

    uint32_t took = (uint32_t)(k5_time_us() - begun);

    K5_INFO("woke after %u us with bits %u", took, bits);
}

/* It is masked, so a line that stays raised does not come back. */
static void fires_once(void)
{
    must_be_quiet(__LINE__);
    alarm_clear();
    must_be_quiet(__LINE__);
}

/* The level was lowered before: no echo of it. */
static void is_quiet_after_the_acknowledgement(void)
{
    MUST(k5_irq_ack(CAP_IRQ), K5_OK);
    must_be_quiet(__LINE__);
}

static void comes_late_if_masked(void)
{
    alarm_set(500);
    k5_sleep_us(2000);
    must_have_fired(__LINE__);
    alarm_clear();
    alarm_set(500); /* masked since the one before */
    must_be_quiet(__LINE__);
    MUST(k5_irq_ack(CAP_IRQ), K5_OK);
    must_have_fired(__LINE__);
    alarm_clear();
    MUST(k5_irq_ack(CAP_IRQ), K5_OK);
    must_be_quiet(__LINE__);
}

/* spin.c runs at a lower priority, and for ever until it is stopped. */
static void preempts(void)
{
    uint32_t bits = 0;

    MUST(k5_task_start(CAP_SPINNER), K5_OK);
    for (uint32_t i = 0; i < 20; i++) {
        alarm_set(100 + i * 37);
        MUST(k5_wait(CAP_EVENTS, BIT, &bits), K5_OK);
        alarm_clear();
        MUST(k5_irq_ack(CAP_IRQ), K5_OK);
    }
    MUST(k5_task_stop(CAP_SPINNER), K5_OK);
}

/* QEMU 7.2's PLIC does not look at the level again, which the test on the host knows. At the end
 * the line is masked: nothing can ever happen, and the machine halts.
 */
static void says_whether_a_raised_level_fires_again(void)
{
    uint32_t bits = 0;

    alarm_set(100);
    MUST(k5_wait(CAP_EVENTS, BIT, &bits), K5_OK);
    MUST(k5_irq_ack(CAP_IRQ), K5_OK);
    if (k5_poll(CAP_EVENTS, BIT, &bits) == K5_OK) {
        K5_INFO("a level that is still raised fires again");
        return;
    }
    alarm_clear();
    alarm_set(100);
    MUST(k5_wait(CAP_EVENTS, BIT, &bits), K5_OK);
}

int main(void)
{
    must_be_quiet(__LINE__);
    fires_when_idle();
    fires_once();
    is_quiet_after_the_acknowledgement();
    comes_late_if_masked();
    preempts();
    says_whether_a_raised_level_fires_again();
    K5_INFO("done");
    k5_sleep_forever();
}
