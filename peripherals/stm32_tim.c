/*
 * General-purpose timer of STM32L552 and L562 (TIM3, TIM4): 16 bits, four channels.
 * Source: RM0438, "General-purpose timers (TIM2/TIM3/TIM4/TIM5)".
 *
 * Its clock is the board's tick. Output signal k is channel k + 1, driven while CCxE is
 * set and the channel is an output. Input signal k is TI(k + 1); an edge is captured
 * at the tick at which it comes. A compare flag is set by the step onto the compare
 * value, in centre-aligned mode in the direction of that step.
 * Not modelled: slave modes, triggers and the external clock (SMCR), TI1S, filters,
 * DMA, output modes above 7, clearing and fast enable of outputs.
 */
#include "peripherals/stm32_timebase.h"

enum {
    R_CR1,
    R_CR2,
    R_SMCR,
    R_DIER,
    R_SR,
    R_EGR,
    R_CCMR1,
    R_CCMR2,
    R_CCER,
    R_CNT,
    R_PSC,
    R_ARR,
    R_CCR1,
    R_CCR2,
    R_CCR3,
    R_CCR4,
    R_DCR,
    R_DMAR,
    R_OR1,
    R_OR2,
    R_COUNT,
};

#define CHANNELS 4u

#define CR1_CMS_SHIFT 5u
#define CR1_CKD       (3u << 8)
#define CR1_BITS      0x0bffu
#define CR2_BITS      0x00f8u
#define SMCR_BITS     0x0001fff7u
#define DIER_IRQS     0x005fu /* as the flags in SR */
#define DIER_DMA      0x5f00u
#define SR_CC1IF      (1u << 1)
#define SR_TIF        (1u << 6)
#define SR_CC1OF      (1u << 9)
#define SR_BITS       0x1e5fu
#define EGR_BITS      0x005fu
#define EGR_CC1G      (1u << 1)
#define CCMR_MODES    0x0000ffffu
#define CCMR_MODES8   0x01010000u /* OCxM[3] */
#define CCER_BITS     0xbbbbu

/* A channel's byte of CCMR, and its nibble of CCER. */
#define CC_S         3u
#define OC_PE        (1u << 3)
#define OC_M_SHIFT   4u
#define IC_PSC_SHIFT 2u
#define CC_E         (1u << 0)
#define CC_P         (1u << 1)
#define CC_NP        (1u << 3)

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*           offset  name     reset        write                     w1c  unmodelled */
    [R_CR1]   = {0x00,   "CR1",   0,           CR1_BITS,                 0,   CR1_CKD},
    [R_CR2]   = {0x04,   "CR2",   0,           CR2_BITS,                 0,   CR2_BITS},
    [R_SMCR]  = {0x08,   "SMCR",  0,           SMCR_BITS,                0,   SMCR_BITS},
    [R_DIER]  = {0x0c,   "DIER",  0,           DIER_IRQS | DIER_DMA,     0,   DIER_DMA},
    [R_SR]    = {0x10,   "SR",    0,           SR_BITS,                  0,   0},
    [R_EGR]   = {0x14,   "EGR",   0,           EGR_BITS,                 0,   0},
    [R_CCMR1] = {0x18,   "CCMR1", 0,           CCMR_MODES | CCMR_MODES8, 0,   CCMR_MODES8},
    [R_CCMR2] = {0x1c,   "CCMR2", 0,           CCMR_MODES | CCMR_MODES8, 0,   CCMR_MODES8},
    [R_CCER]  = {0x20,   "CCER",  0,           CCER_BITS,                0,   0},
    [R_CNT]   = {0x24,   "CNT",   0,           TIM_COUNTER,              0,   0},
    [R_PSC]   = {0x28,   "PSC",   0,           TIM_COUNTER,              0,   0},
    [R_ARR]   = {0x2c,   "ARR",   TIM_COUNTER, TIM_COUNTER,              0,   0},
    [R_CCR1]  = {0x34,   "CCR1",  0,           TIM_COUNTER,              0,   0},
    [R_CCR2]  = {0x38,   "CCR2",  0,           TIM_COUNTER,              0,   0},
    [R_CCR3]  = {0x3c,   "CCR3",  0,           TIM_COUNTER,              0,   0},
    [R_CCR4]  = {0x40,   "CCR4",  0,           TIM_COUNTER,              0,   0},
    [R_DCR]   = {0x48,   "DCR",   0,           0x1f1f,                   0,   0x1f1f},
    [R_DMAR]  = {0x4c,   "DMAR",  0,           0,                        0,   TIM_COUNTER},
    [R_OR1]   = {0x50,   "OR1",   0,           3,                        0,   3},
    [R_OR2]   = {0x60,   "OR2",   0,           7u << 14,                 0,   7u << 14},
};
/* clang-format on */

enum {
    S_TIMEBASE,
    S_CCR = S_TIMEBASE + TIMEBASE_STATES, /* the compare values that are effective */
    S_EDGES = S_CCR + CHANNELS,           /* of each channel, since the last capture */
    S_REF = S_EDGES + CHANNELS,           /* OCxREF of modes that keep it, a bit each */
    S_TI,                                 /* the inputs as they were seen last, a bit each */
    STATES,
};
_Static_assert(STATES <= DEVICE_STATES, "all fit");

enum output_mode { KEEP, ACTIVE_ON_MATCH, INACTIVE_ON_MATCH, TOGGLE, INACTIVE, ACTIVE, PWM1, PWM2 };

static void load_compare(struct device *d);
static void passed(struct device *d, const struct timebase_run *run);

static const struct timebase timebase = {
    .cr1 = R_CR1,
    .sr = R_SR,
    .egr = R_EGR,
    .cnt = R_CNT,
    .psc = R_PSC,
    .arr = R_ARR,
    .state = S_TIMEBASE,
    .update = load_compare,
    .passed = passed,
};

/* ---------------------------------------------------------------- channels */

/* The channel's byte of CCMR1 or CCMR2. */
static uint32_t setup_of(const struct device *d, unsigned k)
{
    return d->reg[R_CCMR1 + k / 2u] >> 8u * (k % 2u);
}

static uint32_t enable_of(const struct device *d, unsigned k)
{
    return d->reg[R_CCER] >> 4u * k;
}

static bool is_output(const struct device *d, unsigned k)
{
    return (setup_of(d, k) & CC_S) == 0;
}

static bool is_enabled(const struct device *d, unsigned k)
{
    return (enable_of(d, k) & CC_E) != 0;
}

static enum output_mode mode_of(const struct device *d, unsigned k)
{
    return (enum output_mode)((setup_of(d, k) >> OC_M_SHIFT) & 7u);
}

static uint32_t compare_of(const struct device *d, unsigned k)
{
    return (uint32_t)d->state[S_CCR + k];
}

static bool counts_down(const struct device *d)
{
    return (d->reg[R_CR1] & TIM_CR1_DIR) != 0;
}

/* An update event: the preloaded compare values become effective. */
static void load_compare(struct device *d)
{
    for (unsigned k = 0; k < CHANNELS; k++) {
        if (is_output(d, k)) {
            d->state[S_CCR + k] = d->reg[R_CCR1 + k];
        }
    }
}

/* Without preload a compare value is effective at once. */
static void pass_compare(struct device *d)
{
    for (unsigned k = 0; k < CHANNELS; k++) {
        if ((setup_of(d, k) & OC_PE) == 0) {
            d->state[S_CCR + k] = d->reg[R_CCR1 + k];
        }
    }
}

/* OCxREF: the channel's output before its polarity. */
static bool reference(const struct device *d, unsigned k)
{
    uint32_t count = timebase_counter(d, &timebase);
    bool first_part = counts_down(d) ? count <= compare_of(d, k) : count < compare_of(d, k);

    switch (mode_of(d, k)) {
    case INACTIVE:
        return false;
    case ACTIVE:
        return true;
    case PWM1:
        return first_part;
    case PWM2:
        return !first_part;
    case KEEP:
    case ACTIVE_ON_MATCH:
    case INACTIVE_ON_MATCH:
    case TOGGLE:
        break;
    }
    return ((d->state[S_REF] >> k) & 1u) != 0;
}

static uint64_t references(const struct device *d)
{
    uint64_t all = 0;

    for (unsigned k = 0; k < CHANNELS; k++) {
        all |= (uint64_t)reference(d, k) << k;
    }
    return all;
}

static void match(struct device *d, unsigned k)
{
    uint64_t bit = UINT64_C(1) << k;

    switch (mode_of(d, k)) {
    case ACTIVE_ON_MATCH:
        d->state[S_REF] |= bit;
        break;
    case INACTIVE_ON_MATCH:
        d->state[S_REF] &= ~bit;
        break;
    case TOGGLE:
        d->state[S_REF] ^= bit;
        break;
    case KEEP:
    case INACTIVE:
    case ACTIVE:
    case PWM1:
    case PWM2:
        break;
    }
}

/* CMS: 1 sets flags counting down, 2 counting up, 3 both. */
static bool flags_in(const struct device *d, bool down)
{
    uint32_t centred = (d->reg[R_CR1] & TIM_CR1_CMS) >> CR1_CMS_SHIFT;

    return centred == 0 || (centred & (down ? 1u : 2u)) != 0;
}

static void passed(struct device *d, const struct timebase_run *run)
{
    bool centred = (d->reg[R_CR1] & TIM_CR1_CMS) != 0;
    uint32_t low = run->down ? run->last : run->first;
    uint32_t high = run->down ? run->first : run->last;

    for (unsigned k = 0; k < CHANNELS; k++) {
        uint32_t compare = compare_of(d, k);
        bool beyond = compare > timebase_reload(d, &timebase); /* then the overflow counts */

        if (!is_output(d, k)) {
            continue;
        }
        if (low <= compare && compare <= high) {
            match(d, k);
            d->reg[R_SR] |= flags_in(d, run->down) ? SR_CC1IF << k : 0;
        } else if (run->turn && beyond && !(centred && run->down)) {
            d->reg[R_SR] |= SR_CC1IF << k;
        }
    }
}

/* ---------------------------------------------------------------- events */

/* Does it show when the counter arrives at the channel's compare value? */
static bool is_awaited(const struct device *d, unsigned k)
{
    uint32_t flag = SR_CC1IF << k;
    enum output_mode mode = mode_of(d, k);

    if (!is_output(d, k)) {
        return false;
    }
    return (d->reg[R_DIER] & ~d->reg[R_SR] & flag) != 0 ||
           (is_enabled(d, k) && mode != KEEP && mode != INACTIVE && mode != ACTIVE);
}

/* An event is due where an interrupt or an output may change; flags alone are caught up with. */
static void schedule(struct device *d)
{
    uint32_t steps = timebase_steps_to_turn(d, &timebase);
    bool awaited = (d->reg[R_DIER] & ~d->reg[R_SR] & TIM_SR_UIF) != 0;

    for (unsigned k = 0; k < CHANNELS; k++) {
        if (is_awaited(d, k)) {
            uint32_t to_match = timebase_steps_to(d, &timebase, compare_of(d, k));

            steps = to_match != 0 && to_match < steps ? to_match : steps;
            awaited = true;
        }
    }
    d->event_at = awaited ? timebase_tick_of(d, &timebase, steps) : DEVICE_NEVER;
}

static void event(struct device *d)
{
    timebase_catch_up(d, &timebase);
    schedule(d);
}

/* ---------------------------------------------------------------- capture */

static void capture(struct device *d, unsigned k)
{
    if ((d->reg[R_SR] & SR_CC1IF << k) != 0) {
        d->reg[R_SR] |= SR_CC1OF << k;
    }
    d->reg[R_SR] |= SR_CC1IF << k;
    d->reg[R_CCR1 + k] = timebase_counter(d, &timebase);
}

static bool takes_edge(const struct device *d, unsigned k, bool rises)
{
    bool falling = (enable_of(d, k) & CC_P) != 0;
    bool both = falling && (enable_of(d, k) & CC_NP) != 0;

    return both || rises != falling;
}

/* An edge of TI(ti + 1): channels take their own input, or that of their neighbour. */
static void edge(struct device *d, unsigned ti, bool rises)
{
    for (unsigned k = 0; k < CHANNELS; k++) {
        uint32_t setup = setup_of(d, k);
        unsigned from = (setup & CC_S) == 1u ? k : k ^ 1u;
        bool taken = (setup & CC_S) == 1u || (setup & CC_S) == 2u;
        uint32_t every = 1u << ((setup >> IC_PSC_SHIFT) & 3u);

        if (taken && from == ti && is_enabled(d, k) && takes_edge(d, k, rises) &&
            ++d->state[S_EDGES + k] >= every) {
            d->state[S_EDGES + k] = 0;
            capture(d, k);
        }
    }
}

static void input(struct device *d, unsigned signal)
{
    uint64_t bit = UINT64_C(1) << signal % 64u;
    bool high = device_input(d, signal);

    if (signal >= CHANNELS || ((d->state[S_TI] & bit) != 0) == high) {
        return;
    }
    d->state[S_TI] ^= bit;
    timebase_catch_up(d, &timebase);
    edge(d, signal, high);
    schedule(d);
}

/* ---------------------------------------------------------------- registers */

static void reset(struct device *d, enum device_reset why)
{
    (void)why;
    timebase_reset(d, &timebase);
    d->state[S_TI] = d->levels[0] & ((1u << CHANNELS) - 1u);
}

static void reading(struct device *d, unsigned r)
{
    timebase_reading(d, &timebase, r);
    schedule(d);
}

/* A captured value that was read: its flag has done its duty. */
static void was_read(struct device *d, unsigned r)
{
    if (r >= R_CCR1 && r <= R_CCR4 && !is_output(d, r - R_CCR1)) {
        d->reg[R_SR] &= ~(SR_CC1IF << (r - R_CCR1));
    }
}

/* Whether a channel is input or output can change only while it is off. */
static void setup_written(struct device *d, unsigned r, uint32_t old)
{
    uint32_t value = d->reg[r];
    unsigned first = 2u * (r - R_CCMR1);

    d->reg[r] = old;
    d->state[S_REF] = references(d); /* what a mode that keeps it goes on from */
    for (unsigned k = first; k < first + 2u; k++) {
        uint32_t select = CC_S << 8u * (k % 2u);

        if (is_enabled(d, k)) {
            value = (value & ~select) | (old & select);
        }
    }
    d->reg[r] = value;
    pass_compare(d);
}

static void generate(struct device *d, uint32_t events)
{
    for (unsigned k = 0; k < CHANNELS; k++) {
        if ((events & EGR_CC1G << k) == 0) {
            continue;
        }
        if (is_output(d, k)) {
            d->reg[R_SR] |= SR_CC1IF << k;
        } else {
            capture(d, k);
        }
    }
    d->reg[R_SR] |= events & SR_TIF;
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    timebase_written(d, &timebase, r, old);
    switch (r) {
    case R_EGR:
        generate(d, d->reg[R_EGR]);
        d->reg[R_EGR] = 0;
        break;
    case R_CCMR1:
    case R_CCMR2:
        setup_written(d, r, old);
        break;
    case R_CCR1:
    case R_CCR2:
    case R_CCR3:
    case R_CCR4:
        if (!is_output(d, r - R_CCR1)) {
            d->reg[r] = old; /* what was captured */
        }
        pass_compare(d);
        break;
    default:
        break;
    }
    schedule(d);
}

static uint32_t raises(const struct device *d)
{
    return (d->reg[R_DIER] & d->reg[R_SR] & DIER_IRQS) != 0;
}

static struct device_levels drives(const struct device *d)
{
    struct device_levels levels = {0};

    for (unsigned k = 0; k < CHANNELS; k++) {
        bool inverted = (enable_of(d, k) & CC_P) != 0;

        if (is_output(d, k) && is_enabled(d, k)) {
            levels.driven |= 1u << k;
            levels.high |= reference(d, k) != inverted ? 1u << k : 0;
        }
    }
    return levels;
}

const struct device_model stm32_tim_model = {
    .name = "stm32-tim",
    .bytes = 0x400,
    .registers = registers,
    .register_count = R_COUNT,
    .access = DEVICE_HALFWORDS,
    .reset = reset,
    .reading = reading,
    .was_read = was_read,
    .written = written,
    .event = event,
    .raises = raises,
    .drives = drives,
    .input = input,
};
