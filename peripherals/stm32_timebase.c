/*
 * The time base that the timers of STM32 have in common; see stm32_timebase.h.
 *
 * The first step comes PSC + 1 ticks after CEN is set. In centre-aligned mode the
 * counter turns where it arrives at the auto-reload value or at 0. A counter that is
 * beyond the auto-reload value goes on to 0xffff and then to 0, without an update.
 * An auto-reload value of 0 blocks the counter.
 */
#include "peripherals/stm32_timebase.h"

#include <stddef.h>

enum {
    S_STEP_AT, /* counting: the tick of the last step; else: ticks that count towards the next */
    S_PSC,     /* what is effective of PSC, */
    S_ARR,     /* and of ARR */
    S_COUNT,
};
_Static_assert(S_COUNT == TIMEBASE_STATES, "as the header says");

/* Turns after which nothing is new in a run that nobody disturbs; an even number of periods. */
#define TURNS_TO_SETTLE 4u

static uint64_t *state(struct device *d, const struct timebase *t, unsigned s)
{
    return &d->state[t->state + s];
}

static uint64_t get(const struct device *d, const struct timebase *t, unsigned s)
{
    return d->state[t->state + s];
}

uint32_t timebase_counter(const struct device *d, const struct timebase *t)
{
    return d->reg[t->cnt] & TIM_COUNTER;
}

uint32_t timebase_reload(const struct device *d, const struct timebase *t)
{
    return (uint32_t)get(d, t, S_ARR);
}

static bool is(const struct device *d, const struct timebase *t, uint32_t bit)
{
    return (d->reg[t->cr1] & bit) != 0;
}

static bool counts(const struct device *d, const struct timebase *t)
{
    return is(d, t, TIM_CR1_CEN) && get(d, t, S_ARR) != 0;
}

static uint64_t ticks_per_step(const struct device *d, const struct timebase *t)
{
    return get(d, t, S_PSC) + 1u;
}

uint64_t timebase_tick_of(const struct device *d, const struct timebase *t, uint32_t steps)
{
    if (!counts(d, t)) {
        return DEVICE_NEVER;
    }
    return get(d, t, S_STEP_AT) + steps * ticks_per_step(d, t);
}

/* ---------------------------------------------------------------- runs */

uint32_t timebase_steps_to_turn(const struct device *d, const struct timebase *t)
{
    uint32_t count = timebase_counter(d, t);
    uint32_t reload = timebase_reload(d, t);
    uint32_t behind = is(d, t, TIM_CR1_CMS) ? 0 : 1; /* it turns a step behind the last value */

    if (is(d, t, TIM_CR1_DIR)) {
        return count + behind != 0 ? count + behind : 1u;
    }
    if (count < reload + behind) {
        return reload + behind - count;
    }
    return TIM_COUNTER + 1u - count; /* beyond: to 0, but for nothing */
}

uint32_t timebase_steps_to(const struct device *d, const struct timebase *t, uint32_t value)
{
    uint32_t count = timebase_counter(d, t);
    uint32_t steps = is(d, t, TIM_CR1_DIR) ? count - value : value - count;
    bool ahead = is(d, t, TIM_CR1_DIR) ? value < count : value > count;

    return ahead && steps < timebase_steps_to_turn(d, t) ? steps : 0;
}

static void tell(struct device *d, const struct timebase *t, struct timebase_run run)
{
    if (t->passed != NULL) {
        t->passed(d, &run);
    }
}

/* Some steps that lead to no turn. */
static void walk(struct device *d, const struct timebase *t, uint32_t steps)
{
    uint32_t count = timebase_counter(d, t);
    bool down = is(d, t, TIM_CR1_DIR);
    struct timebase_run run = {
        .first = down ? count - 1u : count + 1u,
        .last = down ? count - steps : count + steps,
        .down = down,
    };

    if (steps != 0) {
        d->reg[t->cnt] = run.last;
        tell(d, t, run);
    }
}

/* ---------------------------------------------------------------- updates */

/* Shadow registers take what was written to them; unless UDIS is set. */
static void update_event(struct device *d, const struct timebase *t, bool by_counter)
{
    if (is(d, t, TIM_CR1_UDIS)) {
        return;
    }
    *state(d, t, S_PSC) = d->reg[t->psc];
    *state(d, t, S_ARR) = d->reg[t->arr];
    if (t->update != NULL) {
        t->update(d);
    }
    if (by_counter || !is(d, t, TIM_CR1_URS)) {
        d->reg[t->sr] |= TIM_SR_UIF;
    }
    if (is(d, t, TIM_CR1_OPM)) {
        d->reg[t->cr1] &= ~TIM_CR1_CEN;
        *state(d, t, S_STEP_AT) = 0;
    }
}

/* Is the next step an overflow or an underflow? Only beyond the auto-reload value it is not. */
static bool is_at_end(const struct device *d, const struct timebase *t)
{
    uint32_t count = timebase_counter(d, t);
    uint32_t ahead = is(d, t, TIM_CR1_CMS) ? 1 : 0; /* centred: the step onto the last value */

    return is(d, t, TIM_CR1_DIR) ? count == ahead : count + ahead == timebase_reload(d, t);
}

/* The step that ends a run: an overflow or underflow, or from one end of 16 bits to the other. */
static void turn(struct device *d, const struct timebase *t)
{
    bool centred = is(d, t, TIM_CR1_CMS);
    bool down = is(d, t, TIM_CR1_DIR);
    bool end = is_at_end(d, t);

    if (end) { /* first: the counter is to take the new auto-reload value */
        update_event(d, t, true);
        d->reg[t->cnt] = down == centred ? 0 : timebase_reload(d, t);
        d->reg[t->cr1] ^= centred ? TIM_CR1_DIR : 0;
    } else {
        d->reg[t->cnt] = down ? TIM_COUNTER : 0;
    }
    tell(d, t, (struct timebase_run){d->reg[t->cnt], d->reg[t->cnt], down, end});
}

/* Whole pairs of periods that change nothing. */
static void skip(struct device *d, const struct timebase *t)
{
    uint64_t reload = timebase_reload(d, t);
    uint64_t period = is(d, t, TIM_CR1_CMS) ? 2u * reload : reload + 1u;
    uint64_t ticks = 2u * period * ticks_per_step(d, t);

    *state(d, t, S_STEP_AT) += (d->now - get(d, t, S_STEP_AT)) / ticks * ticks;
}

void timebase_catch_up(struct device *d, const struct timebase *t)
{
    uint32_t turns = 0;

    d->reg[t->cnt] = timebase_counter(d, t);
    while (counts(d, t)) {
        uint64_t steps = (d->now - get(d, t, S_STEP_AT)) / ticks_per_step(d, t);
        uint32_t to_turn = timebase_steps_to_turn(d, t);

        if (steps < to_turn) {
            *state(d, t, S_STEP_AT) += steps * ticks_per_step(d, t);
            walk(d, t, (uint32_t)steps);
            return;
        }
        *state(d, t, S_STEP_AT) += to_turn * ticks_per_step(d, t);
        walk(d, t, to_turn - 1u);
        turn(d, t);
        if (++turns == TURNS_TO_SETTLE && counts(d, t)) {
            skip(d, t);
        }
    }
    if (is(d, t, TIM_CR1_CEN)) { /* it is blocked, but its prescaler runs */
        uint64_t ticks = d->now - get(d, t, S_STEP_AT);

        *state(d, t, S_STEP_AT) += ticks - ticks % ticks_per_step(d, t);
    }
}

/* ---------------------------------------------------------------- registers */

void timebase_reset(struct device *d, const struct timebase *t)
{
    *state(d, t, S_ARR) = d->reg[t->arr];
}

void timebase_reading(struct device *d, const struct timebase *t, unsigned r)
{
    timebase_catch_up(d, t);
    if (r == t->cnt && is(d, t, TIM_CR1_UIFREMAP)) {
        d->reg[t->cnt] |= (d->reg[t->sr] & TIM_SR_UIF) << 31u;
    }
}

/* In centre-aligned mode a counter at one of the ends turns, without an update. */
static void direct(struct device *d, const struct timebase *t)
{
    uint32_t count = timebase_counter(d, t);

    if (is(d, t, TIM_CR1_CMS)) {
        if (count == 0) {
            d->reg[t->cr1] &= ~TIM_CR1_DIR;
        } else if (count == timebase_reload(d, t)) {
            d->reg[t->cr1] |= TIM_CR1_DIR;
        }
    }
}

static void control_written(struct device *d, const struct timebase *t, uint32_t old)
{
    bool counted = (old & TIM_CR1_CEN) != 0;

    if (is(d, t, TIM_CR1_CMS) && (old & TIM_CR1_CMS) != 0) { /* the direction is the counter's */
        d->reg[t->cr1] = (d->reg[t->cr1] & ~TIM_CR1_DIR) | (old & TIM_CR1_DIR);
    }
    if (!is(d, t, TIM_CR1_ARPE)) {
        *state(d, t, S_ARR) = d->reg[t->arr];
    }
    if (counted != is(d, t, TIM_CR1_CEN)) { /* the prescaler's count stays */
        *state(d, t, S_STEP_AT) = d->now - get(d, t, S_STEP_AT);
    }
    direct(d, t);
}

/* UG: the counter starts anew, and the prescaler. */
static void generate(struct device *d, const struct timebase *t)
{
    bool down = is(d, t, TIM_CR1_DIR) && !is(d, t, TIM_CR1_CMS);

    update_event(d, t, false);
    *state(d, t, S_STEP_AT) = is(d, t, TIM_CR1_CEN) ? d->now : 0;
    d->reg[t->cnt] = down ? timebase_reload(d, t) : 0;
    direct(d, t);
}

void timebase_written(struct device *d, const struct timebase *t, unsigned r, uint32_t old)
{
    uint32_t value = d->reg[r];

    d->reg[r] = old; /* until now it was like this */
    timebase_catch_up(d, t);
    uint32_t before = d->reg[r];

    d->reg[r] = value;
    if (r == t->sr) {
        d->reg[r] = before & value; /* cleared by writing 0 */
    } else if (r == t->cr1) {
        control_written(d, t, before);
    } else if (r == t->cnt) {
        direct(d, t);
    } else if (r == t->arr && !is(d, t, TIM_CR1_ARPE)) {
        *state(d, t, S_ARR) = value;
        direct(d, t);
    } else if (r == t->egr && (value & TIM_EGR_UG) != 0) {
        generate(d, t);
    }
}
