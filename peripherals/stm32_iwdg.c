/*
 * Independent watchdog of STM32L552 and L562.
 * Source: RM0438, "Independent watchdog (IWDG)"; LSI is taken as exactly 32 kHz.
 *
 * A 12-bit down counter, a step every 4 << PR cycles of LSI, that asks for a reset
 * when it would leave 0: RLR + 1 steps after a reload. PR, RLR and WINR take what is
 * written five LSI cycles later, and their update flag is set until then; meanwhile
 * they read the old value and take no other. LSI runs while the watchdog does: before
 * it was started, an update does not end. Times begin at cycles of LSI, which runs
 * from power-on.
 * Not modelled: freezing by debugger, option bytes (hardware start, stop modes).
 */
#include "sim/device.h"

enum { R_KR, R_PR, R_RLR, R_SR, R_WINR, R_COUNT };

#define KEY_ACCESS 0x5555u
#define KEY_RELOAD 0xaaaau
#define KEY_START  0xccccu

#define COUNTER_BITS 0xfffu
#define LSI_HZ       UINT64_C(32000)
#define UPDATE       5u /* LSI cycles */

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*          offset  name    reset         write         w1c  unmodelled */
    [R_KR]   = {0x00,   "KR",   0,            0xffff,       0,   0},
    [R_PR]   = {0x04,   "PR",   0,            7,            0,   0},
    [R_RLR]  = {0x08,   "RLR",  COUNTER_BITS, COUNTER_BITS, 0,   0},
    [R_SR]   = {0x0c,   "SR",   0,            0,            0,   0},
    [R_WINR] = {0x10,   "WINR", COUNTER_BITS, COUNTER_BITS, 0,   0},
};
/* clang-format on */

enum update { U_PR, U_RLR, U_WINR, UPDATES }; /* as their flags in SR */

enum {
    S_UNLOCKED,
    S_STARTED,
    S_COUNT,                    /* the counter at */
    S_COUNT_AT,                 /* this LSI cycle */
    S_NEW,                      /* UPDATES values that are on their way, */
    S_NEW_AT = S_NEW + UPDATES, /* and the LSI cycles at which they arrive */
    STATES = S_NEW_AT + UPDATES,
};
_Static_assert(STATES <= DEVICE_STATES, "all fit");

/* The last LSI cycle that has begun; products stay below 2^64 as tick_hz is below 2^32. */
static uint64_t cycle_now(const struct device *d)
{
    return d->now / d->tick_hz * LSI_HZ + d->now % d->tick_hz * LSI_HZ / d->tick_hz;
}

/* The first tick of a cycle. */
static uint64_t tick_of(const struct device *d, uint64_t cycle)
{
    uint64_t rest = cycle % LSI_HZ * d->tick_hz;

    return cycle / LSI_HZ * d->tick_hz + rest / LSI_HZ + (rest % LSI_HZ != 0);
}

/* PR 7 is the same as 6. */
static uint64_t cycles_per_step(const struct device *d)
{
    return UINT64_C(4) << (d->reg[R_PR] == 7u ? 6u : d->reg[R_PR]);
}

/* The counter now; one below 0 when its time is over. */
static int64_t counter(const struct device *d)
{
    uint64_t cycles = cycle_now(d) - d->state[S_COUNT_AT];

    return (int64_t)d->state[S_COUNT] - (int64_t)(cycles / cycles_per_step(d));
}

static void set_counter(struct device *d, uint64_t value)
{
    d->state[S_COUNT] = value;
    d->state[S_COUNT_AT] = cycle_now(d);
}

static bool is_updating(const struct device *d, enum update u)
{
    return (d->reg[R_SR] & 1u << u) != 0;
}

static void schedule(struct device *d)
{
    d->event_at = DEVICE_NEVER;
    if (d->state[S_STARTED] == 0) {
        return;
    }
    uint64_t cycle = d->state[S_COUNT_AT] + (d->state[S_COUNT] + 1u) * cycles_per_step(d);

    for (unsigned u = 0; u < UPDATES; u++) {
        if (is_updating(d, u) && d->state[S_NEW_AT + u] < cycle) {
            cycle = d->state[S_NEW_AT + u];
        }
    }
    d->event_at = tick_of(d, cycle);
}

static void reset(struct device *d, enum device_reset why)
{
    (void)why;
    d->state[S_COUNT] = COUNTER_BITS;
}

static void start(struct device *d)
{
    if (d->state[S_STARTED] != 0) {
        return;
    }
    d->state[S_STARTED] = 1;
    set_counter(d, d->state[S_COUNT]);
    for (unsigned u = 0; u < UPDATES; u++) {
        d->state[S_NEW_AT + u] = cycle_now(d) + UPDATE;
    }
}

static void reload(struct device *d)
{
    if (d->state[S_STARTED] != 0 && counter(d) > (int64_t)d->reg[R_WINR]) {
        d->wants_reset = 1; /* too early */
    }
    set_counter(d, d->reg[R_RLR]);
}

static void key_written(struct device *d)
{
    uint32_t key = d->reg[R_KR];

    d->reg[R_KR] = 0;
    d->state[S_UNLOCKED] = key == KEY_ACCESS;
    if (key == KEY_RELOAD) {
        reload(d);
    } else if (key == KEY_START) {
        start(d);
    }
}

static void update_written(struct device *d, unsigned r, enum update u, uint32_t old)
{
    uint32_t value = d->reg[r];

    d->reg[r] = old;
    if (d->state[S_UNLOCKED] != 0 && !is_updating(d, u)) {
        d->reg[R_SR] |= 1u << u;
        d->state[S_NEW + u] = value;
        d->state[S_NEW_AT + u] = cycle_now(d) + UPDATE;
    }
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    switch (r) {
    case R_KR:
        key_written(d);
        break;
    case R_PR:
        update_written(d, r, U_PR, old);
        break;
    case R_RLR:
        update_written(d, r, U_RLR, old);
        break;
    case R_WINR:
        update_written(d, r, U_WINR, old);
        break;
    default:
        break;
    }
    schedule(d);
}

/* A new value has arrived where the counter is. */
static void arrive(struct device *d, enum update u)
{
    static const unsigned place[UPDATES] = {R_PR, R_RLR, R_WINR};

    set_counter(d, (uint64_t)counter(d)); /* so far at the old pace */
    d->reg[R_SR] &= ~(1u << u);
    d->reg[place[u]] = (uint32_t)d->state[S_NEW + u];
    if (u == U_WINR) { /* a new window begins with a reload */
        set_counter(d, d->reg[R_RLR]);
    }
}

static void event(struct device *d)
{
    if (counter(d) < 0) {
        d->wants_reset = 1;
        return;
    }
    for (unsigned u = 0; u < UPDATES; u++) {
        if (is_updating(d, u) && d->state[S_NEW_AT + u] <= cycle_now(d)) {
            arrive(d, u);
        }
    }
    schedule(d);
}

const struct device_model stm32_iwdg_model = {
    .name = "stm32-iwdg",
    .bytes = 0x400,
    .registers = registers,
    .register_count = R_COUNT,
    .access = DEVICE_HALFWORDS,
    .reset = reset,
    .written = written,
    .event = event,
};
