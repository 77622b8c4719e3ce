/* PWM of FE310 through its registers and outputs, against a counter that steps clock by clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum { CFG = 0x00, COUNT = 0x08, S = 0x10, CMP0 = 0x20 };
enum { D_WIDE, D_NARROW, D_SLOW };
enum { LINE_OF_0 = 44 };

#define STICKY    (1u << 8)
#define ZEROCMP   (1u << 9)
#define DEGLITCH  (1u << 10)
#define ENALWAYS  (1u << 12)
#define ENONESHOT (1u << 13)
#define CENTER(i) (1u << (16 + (i)))
#define GANG(i)   (1u << (24 + (i)))
#define IP(i)     (1u << (28 + (i)))

static const struct k5sim_device devices[] = {
    {.model = "sifive-pwm",
     .name = "pwm1",
     .base = 0x10025000,
     .line_count = 4,
     .line = {44, 45, 46, 47}},
    {.model = "sifive-pwm8",
     .name = "pwm0",
     .base = 0x10015000,
     .line_count = 4,
     .line = {40, 41, 42, 43}},
    {.model = "sifive-pwm", .name = "slow", .base = 0x10035000, .parameter = KIT_TICK_HZ / 4u},
    {.model = "sifive-gpio", .name = "gpio", .base = 0x10012000},
};

/* The outputs of the first two, on pads 0 to 7 by function 1. */
static const struct k5sim_wire wires[] = {
    {"pwm1", 0, "gpio", 64}, {"pwm1", 1, "gpio", 65}, {"pwm1", 2, "gpio", 66},
    {"pwm1", 3, "gpio", 67}, {"pwm0", 0, "gpio", 68}, {"pwm0", 1, "gpio", 69},
    {"pwm0", 2, "gpio", 70}, {"pwm0", 3, "gpio", 71},
};
static const struct k5sim_pin pins[] = {
    {"W0", "gpio", 0, -1}, {"W1", "gpio", 1, -1}, {"W2", "gpio", 2, -1}, {"W3", "gpio", 3, -1},
    {"N0", "gpio", 4, -1}, {"N1", "gpio", 5, -1}, {"N2", "gpio", 6, -1}, {"N3", "gpio", 7, -1},
};

static struct k5sim *open_kit(void)
{
    struct k5sim *sim = kit_open(&(struct kit_board){.device = devices,
                                                     .device_count = 4,
                                                     .wire = wires,
                                                     .wire_count = 8,
                                                     .pin = pins,
                                                     .pin_count = 8});

    kit_write(sim, 3, 0x38, 0xff);
    kit_write(sim, 3, 0x3c, 0xff);
    return sim;
}

static void set_comparators(struct k5sim *sim, uint32_t device, const uint32_t cmp[4])
{
    for (uint32_t i = 0; i < 4; i++) {
        kit_write(sim, device, CMP0 + 4u * i, cmp[i]);
    }
}

static void test_registers_have_the_width_of_their_comparators(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    assert_int_equal(kit_read(sim, D_WIDE, CFG), 0xf0000000); /* 0 has reached 0 */
    kit_write(sim, D_WIDE, CMP0, UINT32_MAX);
    kit_write(sim, D_NARROW, CMP0, UINT32_MAX);
    assert_int_equal(kit_read(sim, D_WIDE, CMP0), 0xffff);
    assert_int_equal(kit_read(sim, D_NARROW, CMP0), 0xff);
    kit_write(sim, D_WIDE, COUNT, UINT32_MAX);
    kit_write(sim, D_NARROW, COUNT, UINT32_MAX);
    assert_int_equal(kit_read(sim, D_WIDE, COUNT), 0x7fffffff);
    assert_int_equal(kit_read(sim, D_NARROW, COUNT), 0x7fffff);
    kit_write(sim, D_WIDE, CFG, 4);
    kit_write(sim, D_WIDE, COUNT, 0x12345);
    assert_int_equal(kit_read(sim, D_WIDE, S), 0x1234);
    k5sim_close(sim);
}

static void test_it_counts_only_while_it_is_enabled(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_advance(sim, 1000);
    assert_int_equal(kit_read(sim, D_WIDE, COUNT), 0);
    kit_write(sim, D_WIDE, CFG, ENALWAYS);
    kit_advance(sim, 1000);
    assert_int_equal(kit_read(sim, D_WIDE, COUNT), 1000);
    kit_write(sim, D_WIDE, CFG, 0);
    kit_advance(sim, 1000);
    assert_int_equal(kit_read(sim, D_WIDE, COUNT), 1000);
    k5sim_close(sim);
}

static void test_a_period_is_up_to_comparator_0_and_one_clock(void **state)
{
    struct k5sim *sim = open_kit();
    const uint32_t cmp[4] = {99, 25, 50, 0xffff};

    (void)state;
    set_comparators(sim, D_WIDE, cmp);
    kit_write(sim, D_WIDE, CFG, ENALWAYS | ZEROCMP);
    for (uint32_t period = 0; period < 5; period++) {
        assert_int_equal(k5sim_pin_level(sim, 1), 0);
        kit_advance(sim, 24);
        assert_int_equal(k5sim_pin_level(sim, 1), 0);
        kit_advance(sim, 1);
        assert_int_equal(k5sim_pin_level(sim, 1), 1);
        assert_int_equal(k5sim_pin_level(sim, 2), 0);
        kit_advance(sim, 25);
        assert_int_equal(k5sim_pin_level(sim, 2), 1);
        kit_advance(sim, 49);
        assert_int_equal(kit_read(sim, D_WIDE, COUNT), 99);
        assert_int_equal(k5sim_pin_level(sim, 1), 1);
        assert_int_equal(k5sim_pin_level(sim, 3), 0);
        kit_advance(sim, 1);
    }
    k5sim_close(sim);
}

static void test_one_shot_ends_with_its_cycle(void **state)
{
    struct k5sim *sim = open_kit();
    const uint32_t cmp[4] = {9, 5, 5, 5};

    (void)state;
    set_comparators(sim, D_WIDE, cmp);
    kit_write(sim, D_WIDE, CFG, ENONESHOT | ZEROCMP | STICKY);
    kit_advance(sim, 9);
    assert_true((kit_read(sim, D_WIDE, CFG) & ENONESHOT) != 0);
    kit_advance(sim, 1);
    assert_int_equal(kit_read(sim, D_WIDE, CFG), 0xf0000000u | ZEROCMP | STICKY);
    kit_advance(sim, 100);
    assert_int_equal(kit_read(sim, D_WIDE, COUNT), 0);
    k5sim_close(sim);
}

static void test_sticky_bits_stay_until_they_are_cleared(void **state)
{
    struct k5sim *sim = open_kit();
    const uint32_t cmp[4] = {99, 50, 0xffff, 0xffff};
    uint32_t cfg = ENALWAYS | ZEROCMP | STICKY;

    (void)state;
    set_comparators(sim, D_WIDE, cmp);
    kit_write(sim, D_WIDE, CFG, cfg);
    kit_advance(sim, 49);
    assert_false(kit_line(sim, LINE_OF_0 + 1));
    kit_advance(sim, 1);
    assert_true(kit_line(sim, LINE_OF_0 + 1));
    assert_false(kit_line(sim, LINE_OF_0));
    kit_advance(sim, 60); /* 10 of the next period */
    assert_true(kit_line(sim, LINE_OF_0));
    assert_true(kit_line(sim, LINE_OF_0 + 1));
    kit_write(sim, D_WIDE, CFG, cfg | IP(0));
    assert_true(kit_line(sim, LINE_OF_0));
    assert_false(kit_line(sim, LINE_OF_0 + 1));
    kit_write(sim, D_WIDE, CFG, cfg);
    assert_false(kit_line(sim, LINE_OF_0));
    kit_advance(sim, 40);
    assert_true(kit_line(sim, LINE_OF_0 + 1));
    k5sim_close(sim);
}

static void test_a_clock_of_its_own(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_SLOW, CFG, ENALWAYS);
    uint32_t before = kit_read(sim, D_SLOW, COUNT);

    kit_advance(sim, 4000);
    assert_int_equal(kit_read(sim, D_SLOW, COUNT) - before, 1000);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- one clock after the other */

struct pwm {
    uint32_t width;
    uint32_t cfg; /* without the pending bits */
    uint32_t ip;
    uint32_t count;
    uint32_t cmp[4];
};

static uint32_t elapsed(const struct pwm *p)
{
    uint32_t mask = (1u << p->width) - 1u;
    uint32_t s = p->count >> (p->cfg & 15u) & mask;
    uint32_t set = 0;

    for (uint32_t i = 0; i < 4; i++) {
        uint32_t seen = (s >> (p->width - 1u)) != 0 && (p->cfg & CENTER(i)) != 0 ? ~s & mask : s;

        set |= seen >= p->cmp[i] ? 1u << i : 0;
    }
    return set;
}

static void pend(struct pwm *p, bool reset)
{
    bool hold = (p->cfg & STICKY) != 0 || ((p->cfg & DEGLITCH) != 0 && !reset);
    uint32_t top = p->count >> ((p->cfg & 15u) + p->width - 1u) & 1u;
    uint32_t follows = top != 0 ? p->cfg >> 16 & 15u : 0;

    p->ip = elapsed(p) | (hold ? p->ip & ~follows : 0);
}

static void step(struct pwm *p)
{
    uint32_t span = 1u << (p->width + (p->cfg & 15u));
    bool zero = (p->cfg & ZEROCMP) != 0 && (elapsed(p) & 1u) != 0;

    if ((p->cfg & (ENALWAYS | ENONESHOT)) == 0) {
        return;
    }
    zero = zero || (p->count & (span - 1u)) == span - 1u;
    p->count = zero ? 0 : p->count + 1u;
    if (zero) {
        p->cfg &= ~ENONESHOT;
    }
    pend(p, zero);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

static void change(struct k5sim *sim, struct pwm *p, uint32_t *seed)
{
    uint32_t value = next_random(seed);
    uint32_t i = next_random(seed) % 4u;
    uint32_t r = next_random(seed) % 8u;

    if (r < 3) {
        p->cmp[i] = next_random(seed) % 4u == 0 ? value & 0xffu : value % 40u;
        kit_write(sim, D_NARROW, CMP0 + 4u * i, p->cmp[i]);
        pend(p, false);
    } else if (r < 6) {
        p->cfg = (value & 3u) | (value & (STICKY | ZEROCMP | DEGLITCH | ENALWAYS | ENONESHOT)) |
                 (value & 0xf00u) << 8 | (next_random(seed) & 0xfu) << 24;
        p->ip = next_random(seed) & 15u;
        kit_write(sim, D_NARROW, CFG, p->cfg | p->ip << 28);
        pend(p, false);
    } else if (r == 6) {
        p->count = value & 0x3ffu;
        kit_write(sim, D_NARROW, COUNT, p->count);
        pend(p, false);
    }
}

static void must_agree(struct k5sim *sim, const struct pwm *p, uint32_t turn, bool look)
{
    uint32_t pins_high = 0;
    uint32_t next = p->ip >> 1 | (p->ip & 1u) << 3;
    uint32_t want = p->ip & ~(next & p->cfg >> 24 & 15u);

    for (uint32_t i = 0; i < 4; i++) {
        pins_high |= (uint32_t)k5sim_pin_level(sim, 4u + i) << i;
        if (kit_line(sim, 40 + i) != ((p->ip >> i & 1u) != 0)) {
            fail_msg("turn %u: line %u is wrong", (unsigned)turn, (unsigned)i);
        }
    }
    if (pins_high != want) {
        fail_msg("turn %u: outputs 0x%x instead of 0x%x", (unsigned)turn, (unsigned)pins_high,
                 (unsigned)want);
    }
    if (look) {
        assert_int_equal(kit_read(sim, D_NARROW, COUNT), p->count);
        assert_int_equal(kit_read(sim, D_NARROW, CFG), p->cfg | p->ip << 28);
    }
}

static void test_it_equals_a_counter_that_steps(void **state)
{
    struct k5sim *sim = open_kit();
    struct pwm oracle = {.width = 8, .ip = 15};
    uint32_t seed = 7;

    (void)state;
    k5sim_record(sim, 0);
    for (uint32_t turn = 0; turn < 20000; turn++) {
        uint32_t ticks = next_random(&seed) % 60u;

        change(sim, &oracle, &seed);
        kit_advance(sim, ticks);
        for (uint32_t i = 0; i < ticks; i++) {
            step(&oracle);
        }
        must_agree(sim, &oracle, turn, next_random(&seed) % 4u == 0);
    }
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registers_have_the_width_of_their_comparators),
        cmocka_unit_test(test_it_counts_only_while_it_is_enabled),
        cmocka_unit_test(test_a_period_is_up_to_comparator_0_and_one_clock),
        cmocka_unit_test(test_one_shot_ends_with_its_cycle),
        cmocka_unit_test(test_sticky_bits_stay_until_they_are_cleared),
        cmocka_unit_test(test_a_clock_of_its_own),
        cmocka_unit_test(test_it_equals_a_counter_that_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
