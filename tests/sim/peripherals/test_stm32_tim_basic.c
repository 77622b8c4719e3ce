/* STM32's basic timer through its registers, against one that counts tick by tick. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/oracle/program.h"
#include "tests/sim/support/device_kit.h"

enum {
    CR1 = 0x00,
    CR2 = 0x04,
    DIER = 0x0c,
    SR = 0x10,
    EGR = 0x14,
    CNT = 0x24,
    PSC = 0x28,
    ARR = 0x2c
};
enum { CEN = 1, UDIS = 2, URS = 4, OPM = 8, ARPE = 0x80, UIFREMAP = 0x800 };

#define LINE 49u

static struct k5sim *open_timer(void)
{
    static const struct k5sim_device device = {
        .model = "stm32-tim-basic",
        .name = "tim6",
        .base = 0x40001000,
        .line = {LINE},
        .line_count = 1,
    };

    return kit_open(&(struct kit_board){.device = &device, .device_count = 1});
}

static uint32_t get(struct k5sim *sim, uint32_t offset)
{
    return kit_read(sim, 0, offset);
}

static void set(struct k5sim *sim, uint32_t offset, uint32_t value)
{
    kit_write(sim, 0, offset, value);
}

/* ---------------------------------------------------------------- counted tick by tick */

struct counter {
    uint32_t cr1, dier, sr, cnt;
    uint32_t psc, prescaler, prescaled; /* written, effective, counted */
    uint32_t arr, reload;               /* written, effective */
};

static void update(struct counter *c, bool flag)
{
    if ((c->cr1 & UDIS) == 0) {
        c->prescaler = c->psc;
        c->reload = c->arr;
        c->sr |= flag;
        if ((c->cr1 & OPM) != 0) {
            c->cr1 &= ~(uint32_t)CEN;
            c->prescaled = 0;
        }
    }
}

static void tick(struct counter *c)
{
    if ((c->cr1 & CEN) == 0 || c->prescaled++ < c->prescaler) {
        return;
    }
    c->prescaled = 0;
    if (c->reload == 0) {
        return;
    }
    if (c->cnt == c->reload) {
        c->cnt = 0;
        update(c, true);
    } else {
        c->cnt = (c->cnt + 1) & 0xffffu;
    }
}

static void write_both(struct k5sim *sim, struct counter *c, uint32_t offset, uint32_t value)
{
    uint32_t *const plain[] = {[CR1 / 4] = &c->cr1,
                               [DIER / 4] = &c->dier,
                               [CNT / 4] = &c->cnt,
                               [PSC / 4] = &c->psc,
                               [ARR / 4] = &c->arr};

    set(sim, offset, value);
    if (offset == SR) {
        c->sr &= value;
    } else if (offset == EGR) {
        if ((value & 1) != 0) {
            update(c, (c->cr1 & URS) == 0);
            c->prescaled = 0;
            c->cnt = 0;
        }
    } else {
        *plain[offset / 4] = value;
    }
    if ((c->cr1 & ARPE) == 0) {
        c->reload = c->arr;
    }
}

static uint32_t random_value(uint64_t *random, uint32_t offset)
{
    switch (offset) {
    case CR1:
        return (random_below(random, 8) != 0 ? CEN : 0) |
               (random_below(random, 16) & (UDIS | URS | OPM)) |
               (random_below(random, 2) == 0 ? ARPE : 0);
    case CNT:
        return random_below(random, 30) == 0 ? 0xfff8 : random_below(random, 10);
    default:
        return random_below(random, offset == ARR ? 12 : offset == PSC ? 4 : 2);
    }
}

static void assert_same(struct k5sim *sim, const struct counter *c)
{
    assert_int_equal(get(sim, CNT), c->cnt);
    assert_int_equal(get(sim, SR), c->sr);
    assert_int_equal(get(sim, CR1), c->cr1);
    assert_int_equal(get(sim, ARR), c->arr);
    assert_int_equal(get(sim, EGR), 0);
}

static void test_it_counts_as_drawn(void **state)
{
    static const uint32_t offsets[] = {CR1, DIER, SR, SR, EGR, CNT, PSC, ARR};
    struct k5sim *sim = open_timer();
    struct counter c = {.arr = 0xffff, .reload = 0xffff};
    uint64_t random = 7;

    (void)state;
    k5sim_record(sim, 0); /* nobody takes the events */
    for (uint32_t i = 0; i < 60000; i++) {
        uint32_t offset = offsets[random_below(&random, sizeof offsets / sizeof offsets[0])];
        uint32_t ticks = random_below(&random, 3) == 0 ? random_below(&random, 90) : 0;

        if (random_below(&random, 2) == 0) {
            write_both(sim, &c, offset, random_value(&random, offset));
        }
        for (uint32_t k = 0; k < ticks; k++) {
            assert_int_equal(kit_line(sim, LINE), c.sr & c.dier);
            kit_advance(sim, 1);
            tick(&c);
        }
        assert_int_equal(kit_line(sim, LINE), c.sr & c.dier);
        if (random_below(&random, 2) == 0) { /* looking must change nothing */
            assert_same(sim, &c);
        }
    }
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- by hand */

static void test_longest_period(void **state)
{
    struct k5sim *sim = open_timer();

    (void)state;
    set(sim, PSC, 0xffff);
    set(sim, EGR, 1);
    set(sim, SR, 0);
    set(sim, DIER, 1);
    set(sim, CR1, CEN);
    kit_advance(sim, (UINT64_C(1) << 32) - 1);
    assert_false(kit_line(sim, LINE));
    assert_int_equal(get(sim, CNT), 0xffff);
    kit_advance(sim, 1);
    assert_true(kit_line(sim, LINE));
    k5sim_close(sim);
}

/* A day in which nobody looks is caught up with at once, to the tick. */
static void test_a_long_time_unseen(void **state)
{
    struct k5sim *sim = open_timer();

    (void)state;
    set(sim, ARR, 6);
    set(sim, CR1, CEN);
    kit_advance(sim, UINT64_C(7) << 40);
    assert_int_equal(get(sim, CNT), 0);
    kit_advance(sim, 5);
    assert_int_equal(get(sim, CNT), 5);
    k5sim_close(sim);
}

static void test_preload_waits_for_the_update(void **state)
{
    struct k5sim *sim = open_timer();

    (void)state;
    set(sim, ARR, 9);
    set(sim, DIER, 1);
    set(sim, CR1, CEN | ARPE);
    set(sim, EGR, 1);
    set(sim, SR, 0);
    set(sim, ARR, 3);
    kit_advance(sim, 9);
    assert_false(kit_line(sim, LINE));
    kit_advance(sim, 1);
    assert_true(kit_line(sim, LINE));
    set(sim, SR, 0);
    kit_advance(sim, 3);
    assert_false(kit_line(sim, LINE));
    kit_advance(sim, 1);
    assert_true(kit_line(sim, LINE));

    set(sim, SR, 0);
    set(sim, CR1, CEN | ARPE | UDIS); /* no updates, but it goes round */
    kit_advance(sim, 6);
    assert_int_equal(get(sim, CNT), 2);
    assert_int_equal(get(sim, SR), 0);
    k5sim_close(sim);
}

static void test_update_request_source(void **state)
{
    struct k5sim *sim = open_timer();

    (void)state;
    set(sim, CR1, URS);
    set(sim, EGR, 1);
    assert_int_equal(get(sim, SR), 0);
    set(sim, CR1, 0);
    set(sim, EGR, 1);
    assert_int_equal(get(sim, SR), 1);
    set(sim, SR, 1); /* writing 1 changes nothing */
    assert_int_equal(get(sim, SR), 1);
    set(sim, CR1, UIFREMAP);
    assert_int_equal(get(sim, CNT), 0x80000000);
    k5sim_close(sim);
}

static void test_reset_values_and_sizes(void **state)
{
    static const uint32_t offsets[] = {CR1, CR2, DIER, SR, EGR, CNT, PSC, ARR};
    struct k5sim *sim = open_timer();
    struct k5sim_guest_error errors[4];

    (void)state;
    for (uint32_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        assert_int_equal(get(sim, offsets[i]), offsets[i] == ARR ? 0xffff : 0);
    }
    kit_write_sized(sim, 0, PSC, 2, 0x1234);
    assert_int_equal(kit_read_sized(sim, 0, PSC, 2), 0x1234);
    set(sim, ARR, UINT32_MAX); /* 16 bits */
    assert_int_equal(get(sim, ARR), 0xffff);
    assert_int_equal(k5sim_guest_errors(sim, errors, 4), 0);
    assert_int_equal(kit_read_sized(sim, 0, PSC, 1), 0);
    set(sim, 0x18, 1);     /* CCMR1 is another timer's */
    set(sim, CR2, 2 << 4); /* the trigger output */
    set(sim, DIER, 0x100); /* DMA */
    assert_int_equal(k5sim_guest_errors(sim, errors, 4), 4);
    assert_int_equal(errors[0].kind, K5SIM_EVENT_DEVICE_MISUSE);
    assert_int_equal(errors[1].kind, K5SIM_EVENT_DEVICE_MISUSE);
    assert_int_equal(errors[2].kind, K5SIM_EVENT_DEVICE_UNMODELLED);
    assert_int_equal(errors[3].kind, K5SIM_EVENT_DEVICE_UNMODELLED);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_counts_as_drawn),
        cmocka_unit_test(test_longest_period),
        cmocka_unit_test(test_a_long_time_unseen),
        cmocka_unit_test(test_preload_waits_for_the_update),
        cmocka_unit_test(test_update_request_source),
        cmocka_unit_test(test_reset_values_and_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
