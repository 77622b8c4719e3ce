/*
 * Basic timer of STM32L552 and L562 (TIM6, TIM7): a 16-bit up counter.
 * Source: RM0438, "Basic timers (TIM6/TIM7)".
 *
 * Its clock is the board's tick.
 * Not modelled: the trigger output (CR2.MMS), DMA requests.
 */
#include "peripherals/stm32_timebase.h"

enum { R_CR1, R_CR2, R_DIER, R_SR, R_EGR, R_CNT, R_PSC, R_ARR, R_COUNT };

#define CR1_BITS                                                                                   \
    (TIM_CR1_CEN | TIM_CR1_UDIS | TIM_CR1_URS | TIM_CR1_OPM | TIM_CR1_ARPE | TIM_CR1_UIFREMAP)
#define CR2_MMS  (7u << 4)
#define DIER_UIE (1u << 0)
#define DIER_UDE (1u << 8)

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*          offset  name    reset        write                w1c  unmodelled */
    [R_CR1]  = {0x00,   "CR1",  0,           CR1_BITS,            0,   0},
    [R_CR2]  = {0x04,   "CR2",  0,           CR2_MMS,             0,   CR2_MMS},
    [R_DIER] = {0x0c,   "DIER", 0,           DIER_UIE | DIER_UDE, 0,   DIER_UDE},
    [R_SR]   = {0x10,   "SR",   0,           TIM_SR_UIF,          0,   0},
    [R_EGR]  = {0x14,   "EGR",  0,           TIM_EGR_UG,          0,   0},
    [R_CNT]  = {0x24,   "CNT",  0,           TIM_COUNTER,         0,   0},
    [R_PSC]  = {0x28,   "PSC",  0,           TIM_COUNTER,         0,   0},
    [R_ARR]  = {0x2c,   "ARR",  TIM_COUNTER, TIM_COUNTER,         0,   0},
};
/* clang-format on */

static const struct timebase timebase = {
    .cr1 = R_CR1,
    .sr = R_SR,
    .egr = R_EGR,
    .cnt = R_CNT,
    .psc = R_PSC,
    .arr = R_ARR,
};

/* An event is due only for an interrupt to come. */
static void schedule(struct device *d)
{
    bool awaited = (d->reg[R_DIER] & DIER_UIE) != 0 && (d->reg[R_SR] & TIM_SR_UIF) == 0;

    d->event_at = DEVICE_NEVER;
    if (awaited) {
        d->event_at = timebase_tick_of(d, &timebase, timebase_steps_to_turn(d, &timebase));
    }
}

static void reset(struct device *d, enum device_reset why)
{
    (void)why;
    timebase_reset(d, &timebase);
}

static void reading(struct device *d, unsigned r)
{
    timebase_reading(d, &timebase, r);
    schedule(d);
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    timebase_written(d, &timebase, r, old);
    d->reg[R_EGR] = 0;
    schedule(d);
}

static void event(struct device *d)
{
    timebase_catch_up(d, &timebase);
    schedule(d);
}

static uint32_t raises(const struct device *d)
{
    return d->reg[R_DIER] & d->reg[R_SR] & TIM_SR_UIF;
}

const struct device_model stm32_tim_basic_model = {
    .name = "stm32-tim-basic",
    .bytes = 0x400,
    .registers = registers,
    .register_count = R_COUNT,
    .access = DEVICE_HALFWORDS,
    .reset = reset,
    .reading = reading,
    .written = written,
    .event = event,
    .raises = raises,
};
