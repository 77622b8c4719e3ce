/* STM32's general-purpose timer through its registers and pins, against one that counts tick by
 * tick. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/oracle/program.h"
#include "tests/sim/peripherals/stm32_tim_board.h"

struct channel {
    uint32_t mode;    /* its byte of CCMR */
    uint32_t enable;  /* its nibble of CCER */
    uint32_t written; /* CCR */
    uint32_t compare; /* that is effective */
    bool ref;
};

struct timer {
    uint32_t cr1, dier, sr, cnt;
    uint32_t psc, prescaler, prescaled; /* written, effective, counted */
    uint32_t arr, reload;               /* written, effective */
    struct channel channel[4];
};

static bool is_down(const struct timer *t)
{
    return (t->cr1 & DIR) != 0;
}

static bool level_of(const struct timer *t, const struct channel *c)
{
    uint32_t mode = c->mode >> 4 & 7u;
    bool below = is_down(t) ? !(t->cnt > c->compare) : t->cnt < c->compare;

    return mode == 4 ? false : mode == 5 ? true : mode == 6 ? below : mode == 7 ? !below : c->ref;
}

static void update(struct timer *t, bool generated)
{
    if ((t->cr1 & UDIS) != 0) {
        return;
    }
    t->prescaler = t->psc;
    t->reload = t->arr;
    for (uint32_t k = 0; k < 4; k++) {
        t->channel[k].compare = t->channel[k].written;
    }
    if (!generated || (t->cr1 & URS) == 0) {
        t->sr |= 1;
    }
    if ((t->cr1 & OPM) != 0) {
        t->cr1 &= ~(uint32_t)CEN;
        t->prescaled = 0;
    }
}

static void compare(struct timer *t, bool down, bool overflow)
{
    static const bool flags[4][2] = {{true, true}, {false, true}, {true, false}, {true, true}};
    bool flag = flags[t->cr1 >> 5 & 3u][down];

    for (uint32_t k = 0; k < 4; k++) {
        struct channel *c = &t->channel[k];
        uint32_t mode = c->mode >> 4 & 7u;

        if (t->cnt == c->compare) {
            c->ref = mode == 1 ? true : mode == 2 ? false : mode == 3 ? !c->ref : c->ref;
            t->sr |= flag ? 2u << k : 0;
        } else if (overflow && c->compare > t->reload) {
            t->sr |= 2u << k;
        }
    }
}

static void step_centred(struct timer *t)
{
    bool down = is_down(t);

    t->cnt = (down ? t->cnt - 1 : t->cnt + 1) & 0xffffu;
    bool top = !down && t->cnt == t->reload;
    bool bottom = down && t->cnt == 0;

    if (top || bottom) {
        update(t, false);
        t->cr1 ^= DIR;
        t->cnt = top ? t->reload : 0;
    }
    compare(t, down, top);
}

static void step(struct timer *t)
{
    bool over = is_down(t) ? t->cnt == 0 : t->cnt == t->reload;

    if (over) {
        update(t, false);
        t->cnt = is_down(t) ? t->reload : 0;
    } else {
        t->cnt = (is_down(t) ? t->cnt - 1 : t->cnt + 1) & 0xffffu;
    }
    compare(t, is_down(t), over);
}

static void tick(struct timer *t)
{
    if ((t->cr1 & CEN) == 0 || t->prescaled++ < t->prescaler) {
        return;
    }
    t->prescaled = 0;
    if (t->reload == 0) {
        return;
    }
    if ((t->cr1 & CMS) != 0) {
        step_centred(t);
    } else {
        step(t);
    }
}

/* At an end a centred counter turns. */
static void direct(struct timer *t)
{
    if ((t->cr1 & CMS) != 0) {
        t->cr1 = t->cnt == 0           ? t->cr1 & ~(uint32_t)DIR
                 : t->cnt == t->reload ? t->cr1 | DIR
                                       : t->cr1;
    }
}

static void transparent(struct timer *t)
{
    if ((t->cr1 & ARPE) == 0) {
        t->reload = t->arr;
    }
    for (uint32_t k = 0; k < 4; k++) {
        if ((t->channel[k].mode & 8) == 0) {
            t->channel[k].compare = t->channel[k].written;
        }
    }
}

static void write_cr1(struct timer *t, uint32_t value)
{
    uint32_t direction = t->cr1 & DIR;
    bool stays = (t->cr1 & CMS) != 0 && (value & CMS) != 0;

    t->cr1 = stays ? (value & ~(uint32_t)DIR) | direction : value;
    transparent(t);
    direct(t);
}

static void write_ccmr(struct timer *t, uint32_t first, uint32_t value)
{
    for (uint32_t k = 0; k < 4; k++) {
        t->channel[k].ref = level_of(t, &t->channel[k]);
    }
    t->channel[first].mode = value & 0xff;
    t->channel[first + 1].mode = value >> 8;
    transparent(t);
}

static void write_egr(struct timer *t, uint32_t value)
{
    if ((value & 1) != 0) {
        bool down = (t->cr1 & CMS) == 0 && is_down(t);

        update(t, true);
        t->prescaled = 0;
        t->cnt = down ? t->reload : 0;
        direct(t);
    }
    t->sr |= value & 0x5e;
}

static void write_timer(struct timer *t, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case CR1:
        write_cr1(t, value);
        break;
    case DIER:
        t->dier = value;
        break;
    case SR:
        t->sr &= value;
        break;
    case EGR:
        write_egr(t, value);
        break;
    case CCMR1:
    case CCMR2:
        write_ccmr(t, offset == CCMR1 ? 0 : 2, value);
        break;
    case CCER:
        for (uint32_t k = 0; k < 4; k++) {
            t->channel[k].enable = value >> 4 * k & 15u;
        }
        break;
    case CNT:
        t->cnt = value;
        direct(t);
        break;
    case PSC:
        t->psc = value;
        break;
    case ARR:
        t->arr = value;
        if ((t->cr1 & ARPE) == 0) {
            transparent(t);
            direct(t);
        }
        break;
    default:
        t->channel[(offset - CCR1) / 4].written = value;
        transparent(t);
        break;
    }
}

/* What others see of it. */
static void assert_shows(struct k5sim *sim, const struct timer *t)
{
    assert_int_equal(kit_line(sim, LINE), (t->sr & t->dier & 0x5f) != 0);
    for (uint32_t k = 0; k < 4; k++) {
        const struct channel *c = &t->channel[k];
        bool inverted = (c->enable & 2) != 0;
        bool high = (c->enable & 1) != 0 && level_of(t, c) != inverted;

        assert_int_equal(k5sim_pin_level(sim, k), high);
    }
}

static void assert_reads(struct k5sim *sim, const struct timer *t)
{
    assert_int_equal(get(sim, CNT), t->cnt);
    assert_int_equal(get(sim, CR1), t->cr1);
    assert_int_equal(get(sim, SR), t->sr);
    assert_int_equal(get(sim, PSC), t->psc);
    assert_int_equal(get(sim, ARR), t->arr);
}

/* A write that makes sense often enough, with small numbers, so that much happens. */
static uint32_t random_value(uint64_t *random, uint32_t offset)
{
    switch (offset) {
    case CR1:
        return (random_below(random, 8) != 0 ? CEN : 0) |
               (random_below(random, 8) == 0 ? UDIS : 0) |
               (random_below(random, 4) == 0 ? URS : 0) | (random_below(random, 6) == 0 ? OPM : 0) |
               (random_below(random, 2) == 0 ? DIR : 0) |
               (random_below(random, 2) == 0 ? 32u * random_below(random, 4) : 0) |
               (random_below(random, 2) == 0 ? ARPE : 0);
    case DIER:
        return random_below(random, 0x60) & 0x5f;
    case SR:
        return random_below(random, 0x60) & 0x5f;
    case EGR:
        return random_below(random, 4) == 0 ? random_below(random, 0x60) & 0x5f : 1;
    case CCMR1:
    case CCMR2: /* outputs in all modes, with and without preload */
        return random_below(random, 0x10000) & 0x7878;
    case CCER:
        return random_below(random, 0x10000) & 0x3333;
    case PSC:
        return random_below(random, 4);
    case CNT:
        return random_below(random, 20) == 0 ? 0xfff0 : random_below(random, 14);
    case ARR:
        return random_below(random, 12);
    default:
        return random_below(random, 14);
    }
}

static void test_it_counts_as_drawn(void **state)
{
    static const uint32_t offsets[] = {CR1, CR1,   DIER,  SR,   SR,   EGR,  CNT,  PSC, ARR,
                                       ARR, CCMR1, CCMR2, CCER, CCR1, CCR2, CCR3, CCR4};
    struct k5sim *sim = open_timer();
    struct timer t = {.arr = 0xffff, .reload = 0xffff};
    uint64_t random = 11;

    (void)state;
    k5sim_record(sim, 0); /* nobody takes the events */
    for (uint32_t i = 0; i < 60000; i++) {
        uint32_t offset = offsets[random_below(&random, sizeof offsets / sizeof offsets[0])];
        uint32_t ticks = random_below(&random, 3) == 0 ? random_below(&random, 90) : 0;

        if (random_below(&random, 3) != 0) {
            uint32_t value = random_value(&random, offset);

            set(sim, offset, value);
            write_timer(&t, offset, value);
        }
        assert_shows(sim, &t);
        for (uint32_t k = 0; k < ticks; k++) {
            kit_advance(sim, 1); /* nothing is read meanwhile: what shows must come by itself */
            tick(&t);
            assert_shows(sim, &t);
        }
        if (random_below(&random, 2) == 0) {
            assert_reads(sim, &t);
        }
    }
    k5sim_close(sim);
}

/* What happens while nobody looks, over many periods and in one go. */
static void test_long_gaps_are_caught_up_with(void **state)
{
    uint64_t random = 12;

    (void)state;
    for (uint32_t i = 0; i < 300; i++) {
        static const uint32_t offsets[] = {PSC,   ARR,   CNT,  CCR1, CCR2, CCR3,
                                           CCMR1, CCMR2, CCER, EGR,  CR1};
        struct k5sim *sim = open_timer();
        struct timer t = {.arr = 0xffff, .reload = 0xffff};
        uint32_t ticks = 1 + random_below(&random, 20000);

        k5sim_record(sim, 0);
        for (uint32_t k = 0; k < sizeof offsets / sizeof offsets[0]; k++) {
            uint32_t value = random_value(&random, offsets[k]);

            set(sim, offsets[k], value);
            write_timer(&t, offsets[k], value);
        }
        set(sim, CCER, 0); /* no output asks for events */
        write_timer(&t, CCER, 0);
        kit_advance(sim, ticks);
        for (uint32_t k = 0; k < ticks; k++) {
            tick(&t);
        }
        assert_reads(sim, &t);
        set(sim, CCER, 0x1111); /* and the outputs are where they would have been */
        write_timer(&t, CCER, 0x1111);
        assert_shows(sim, &t);
        k5sim_close(sim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_counts_as_drawn),
        cmocka_unit_test(test_long_gaps_are_caught_up_with),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
