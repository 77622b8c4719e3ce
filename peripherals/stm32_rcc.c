/*
 * RCC of STM32L552 and L562: oscillators, PLLs, clock enable and reset registers.
 * Source: RM0438, "Reset and clock control (RCC)"; start-up times: DS12737.
 *
 * What drivers poll: an oscillator is ready its typical start-up time after it was
 * switched on; a PLL that has a source, its lock time after that; the clock switch
 * follows when its target is ready. The rate of the simulated chip is the board's
 * tick whatever is chosen here. Enable and reset bits are stored; which devices
 * they concern is the board's data.
 * Not modelled: bus prescalers, kernel clock selection, MCO, the clock security
 * system, calibration, stop modes, PWR_CR1.DBP in front of BDCR. TZEN is 0: the
 * security registers read 0.
 */
#include <string.h>

#include "sim/device.h"

enum {
    R_CR,
    R_ICSCR,
    R_CFGR,
    R_PLLCFGR,
    R_PLLSAI1CFGR,
    R_PLLSAI2CFGR,
    R_CIER,
    R_CIFR,
    R_CICR,
    R_AHB1RSTR,
    R_AHB2RSTR,
    R_AHB3RSTR,
    R_APB1RSTR1,
    R_APB1RSTR2,
    R_APB2RSTR,
    R_AHB1ENR,
    R_AHB2ENR,
    R_AHB3ENR,
    R_APB1ENR1,
    R_APB1ENR2,
    R_APB2ENR,
    R_AHB1SMENR,
    R_AHB2SMENR,
    R_AHB3SMENR,
    R_APB1SMENR1,
    R_APB1SMENR2,
    R_APB2SMENR,
    R_CCIPR1,
    R_BDCR,
    R_CSR,
    R_CRRCR,
    R_CCIPR2,
    R_SECCFGR,
    R_SECSR,
    R_AHB1SECSR,
    R_AHB2SECSR,
    R_AHB3SECSR,
    R_APB1SECSR1,
    R_APB1SECSR2,
    R_APB2SECSR,
    R_COUNT,
};
_Static_assert(R_COUNT <= DEVICE_REGISTERS, "all fit");

#define CR_MSION    (1u << 0)
#define CR_MSIRDY   (1u << 1)
#define CR_MSIRGSEL (1u << 3)
#define CR_MSIRANGE (15u << 4)
#define CR_HSION    (1u << 8)
#define CR_HSIRDY   (1u << 10)
#define CR_HSEON    (1u << 16)
#define CR_HSERDY   (1u << 17)
#define CR_HSEBYP   (1u << 18)
#define CR_PLLON    (1u << 24)
#define CR_PLLRDY   (1u << 25)
#define CR_SAI1ON   (1u << 26)
#define CR_SAI1RDY  (1u << 27)
#define CR_SAI2ON   (1u << 28)
#define CR_SAI2RDY  (1u << 29)
#define CR_OTHER    0x80080a04u /* MSIPLLEN, HSIKERON, HSIASFS, CSSON, PRIV */
#define CR_BITS                                                                                    \
    (CR_MSION | CR_MSIRGSEL | CR_MSIRANGE | CR_HSION | CR_HSEON | CR_HSEBYP | CR_PLLON |           \
     CR_SAI1ON | CR_SAI2ON | CR_OTHER)

#define CFGR_SW        3u
#define CFGR_SWS       (3u << 2)
#define CFGR_SWS_SHIFT 2u
#define CFGR_OTHER     0x7f00bff0u /* HPRE, PPRE1, PPRE2, STOPWUCK, MCO */
#define CFGR_BITS      (CFGR_SW | CFGR_OTHER)

#define PLL_SOURCE  3u
#define PLL_OUTPUTS ((1u << 16) | (1u << 20) | (1u << 24)) /* may change while it runs */
#define PLL_REN     (1u << 24)
#define PLL_BITS    0xff737ff3u
#define PLL2_BITS   0xf8037ff3u

#define BDCR_LSEON     (1u << 0)
#define BDCR_LSERDY    (1u << 1)
#define BDCR_LSEBYP    (1u << 2)
#define BDCR_LSESYSEN  (1u << 7)
#define BDCR_LSESYSRDY (1u << 11)
#define BDCR_BDRST     (1u << 16)
#define BDCR_BITS      0x030183bdu
#define BDCR_OTHER     0x03008320u /* of those: RTC, LSCO, LSE's clock security */

#define CSR_LSION     (1u << 0)
#define CSR_LSIRDY    (1u << 1)
#define CSR_LSIPRE    (1u << 4)
#define CSR_MSISRANGE (15u << 8)
#define CSR_RMVF      (1u << 23)
#define CSR_PINRSTF   (1u << 26)
#define CSR_BORRSTF   (1u << 27)
#define CSR_IWDGRSTF  (1u << 29)
#define CSR_FLAGS     (0x7fu << 25)
#define CSR_OTHER     (CSR_LSIPRE | CSR_MSISRANGE)
#define CSR_BITS      (CSR_LSION | CSR_RMVF | CSR_OTHER)

#define CRRCR_HSI48ON  (1u << 0)
#define CRRCR_HSI48RDY (1u << 1)

/* Bits of CIER, CIFR and CICR. */
#define READY  0x4ffu
#define CSS    (1u << 8)
#define LSECSS (1u << 9)

/* Bits of the devices, in the order AHB1, 2, 3, APB1 1, 2, APB2. */
#define AHB1  0x00411107u
#define AHB2  0x006f20ffu
#define AHB3  0x00000101u
#define APB11 0xf1fecc3fu
#define APB12 0x00a00263u
#define APB2  0x01677801u

/* RTC and WWDG cannot be reset; they, the memories and the cache have bits of their own. */
#define APB11_RESET (APB11 & ~(3u << 10))
#define AHB1_SLEEP  0x00c11307u
#define AHB2_SLEEP  0x006f22ffu

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*                 offset  name           reset        write        w1c  unmodelled */
    [R_CR]          = {0x000,  "CR",          0x00000063,  CR_BITS,      0,  CR_OTHER},
    [R_ICSCR]       = {0x004,  "ICSCR",       0x40000000,  0x7f00ff00,   0,  0x7f00ff00},
    [R_CFGR]        = {0x008,  "CFGR",        0,           CFGR_BITS,    0,  CFGR_OTHER},
    [R_PLLCFGR]     = {0x00c,  "PLLCFGR",     0x00001000,  PLL_BITS,     0,  0},
    [R_PLLSAI1CFGR] = {0x010,  "PLLSAI1CFGR", 0x00001000,  PLL_BITS,     0,  0},
    [R_PLLSAI2CFGR] = {0x014,  "PLLSAI2CFGR", 0x00001000,  PLL2_BITS,    0,  0},
    [R_CIER]        = {0x018,  "CIER",        0,           READY | LSECSS, 0, LSECSS},
    [R_CIFR]        = {0x01c,  "CIFR",        0,           0,            0,  0},
    [R_CICR]        = {0x020,  "CICR",        0,           READY | LSECSS | CSS, 0, 0},
    [R_AHB1RSTR]    = {0x028,  "AHB1RSTR",    0,           AHB1,         0,  0},
    [R_AHB2RSTR]    = {0x02c,  "AHB2RSTR",    0,           AHB2,         0,  0},
    [R_AHB3RSTR]    = {0x030,  "AHB3RSTR",    0,           AHB3,         0,  0},
    [R_APB1RSTR1]   = {0x038,  "APB1RSTR1",   0,           APB11_RESET,  0,  0},
    [R_APB1RSTR2]   = {0x03c,  "APB1RSTR2",   0,           APB12,        0,  0},
    [R_APB2RSTR]    = {0x040,  "APB2RSTR",    0,           APB2,         0,  0},
    [R_AHB1ENR]     = {0x048,  "AHB1ENR",     0x00000100,  AHB1,         0,  0},
    [R_AHB2ENR]     = {0x04c,  "AHB2ENR",     0,           AHB2,         0,  0},
    [R_AHB3ENR]     = {0x050,  "AHB3ENR",     0,           AHB3,         0,  0},
    [R_APB1ENR1]    = {0x058,  "APB1ENR1",    0,           APB11,        0,  0},
    [R_APB1ENR2]    = {0x05c,  "APB1ENR2",    0,           APB12,        0,  0},
    [R_APB2ENR]     = {0x060,  "APB2ENR",     0,           APB2,         0,  0},
    [R_AHB1SMENR]   = {0x068,  "AHB1SMENR",   AHB1_SLEEP,  AHB1_SLEEP,   0,  AHB1_SLEEP},
    [R_AHB2SMENR]   = {0x06c,  "AHB2SMENR",   AHB2_SLEEP,  AHB2_SLEEP,   0,  AHB2_SLEEP},
    [R_AHB3SMENR]   = {0x070,  "AHB3SMENR",   AHB3,        AHB3,         0,  AHB3},
    [R_APB1SMENR1]  = {0x078,  "APB1SMENR1",  APB11,       APB11,        0,  APB11},
    [R_APB1SMENR2]  = {0x07c,  "APB1SMENR2",  0x00a00223,  APB12,        0,  APB12},
    [R_APB2SMENR]   = {0x080,  "APB2SMENR",   APB2,        APB2,         0,  APB2},
    [R_CCIPR1]      = {0x088,  "CCIPR1",      0,           0x3fffffff,   0,  0x3fffffff},
    [R_BDCR]        = {0x090,  "BDCR",        0,           BDCR_BITS,    0,  BDCR_OTHER},
    [R_CSR]         = {0x094,  "CSR",         0x00000600,  CSR_BITS,     0,  CSR_OTHER},
    [R_CRRCR]       = {0x098,  "CRRCR",       0,           CRRCR_HSI48ON, 0, 0},
    [R_CCIPR2]      = {0x09c,  "CCIPR2",      0,           0x003047ff,   0,  0x003047ff},
    [R_SECCFGR]     = {0x0b8,  "SECCFGR",     0,           0,            0,  0},
    [R_SECSR]       = {0x0bc,  "SECSR",       0,           0,            0,  0},
    [R_AHB1SECSR]   = {0x0e8,  "AHB1SECSR",   0,           0,            0,  0},
    [R_AHB2SECSR]   = {0x0ec,  "AHB2SECSR",   0,           0,            0,  0},
    [R_AHB3SECSR]   = {0x0f0,  "AHB3SECSR",   0,           0,            0,  0},
    [R_APB1SECSR1]  = {0x0f8,  "APB1SECSR1",  0,           0,            0,  0},
    [R_APB1SECSR2]  = {0x0fc,  "APB1SECSR2",  0,           0,            0,  0},
    [R_APB2SECSR]   = {0x100,  "APB2SECSR",   0,           0,            0,  0},
};
/* clang-format on */

enum { V_HSE_MISSING, V_LSE_MISSING, VALUES };
static const char *const values[VALUES] = {
    [V_HSE_MISSING] = "hse_missing",
    [V_LSE_MISSING] = "lse_missing",
};

/* In the order of the ready interrupts; but that one of HSI48 is bit 10. Sources before PLLs. */
enum { O_LSI, O_LSE, O_MSI, O_HSI, O_HSE, O_PLL, O_SAI1, O_SAI2, O_HSI48, OSCILLATORS };

static const struct oscillator {
    uint32_t place; /* of the register with its bits */
    uint32_t on;
    uint32_t ready;
    uint32_t interrupt; /* in CIER, CIFR, CICR */
    uint32_t start_us;
} oscillators[OSCILLATORS] = {
    [O_LSI] = {R_CSR, CSR_LSION, CSR_LSIRDY, 1u << 0, 80},
    [O_LSE] = {R_BDCR, BDCR_LSEON, BDCR_LSERDY, 1u << 1, 2000000},
    [O_MSI] = {R_CR, CR_MSION, CR_MSIRDY, 1u << 2, 3},
    [O_HSI] = {R_CR, CR_HSION, CR_HSIRDY, 1u << 3, 4},
    [O_HSE] = {R_CR, CR_HSEON, CR_HSERDY, 1u << 4, 2000},
    [O_PLL] = {R_CR, CR_PLLON, CR_PLLRDY, 1u << 5, 15},
    [O_SAI1] = {R_CR, CR_SAI1ON, CR_SAI1RDY, 1u << 6, 15},
    [O_SAI2] = {R_CR, CR_SAI2ON, CR_SAI2RDY, 1u << 7, 15},
    [O_HSI48] = {R_CRRCR, CRRCR_HSI48ON, CRRCR_HSI48RDY, 1u << 10, 3},
};

/* state[k]: when oscillator k will be ready; 0: it is not starting. */

/* What outlives every reset but that of the supply. */
struct domain {
    uint32_t flags; /* CSR's */
    uint32_t bdcr;
    uint64_t lse_at; /* state[O_LSE] */
};

static bool is_ready(const struct device *d, unsigned k)
{
    return (d->reg[oscillators[k].place] & oscillators[k].ready) != 0;
}

/* PLLSRC: none, MSI, HSI16, HSE. */
static bool has_source(const struct device *d, unsigned pll)
{
    static const unsigned source[4] = {OSCILLATORS, O_MSI, O_HSI, O_HSE};
    unsigned chosen = source[d->reg[R_PLLCFGR + (pll - O_PLL)] & PLL_SOURCE];

    return chosen != OSCILLATORS && is_ready(d, chosen);
}

static bool can_run(const struct device *d, unsigned k)
{
    if ((d->reg[oscillators[k].place] & oscillators[k].on) == 0) {
        return false;
    }
    switch (k) {
    case O_HSE:
        return d->value[V_HSE_MISSING] == 0;
    case O_LSE:
        return d->value[V_LSE_MISSING] == 0;
    case O_PLL:
    case O_SAI1:
    case O_SAI2:
        return has_source(d, k);
    default:
        return true;
    }
}

static uint64_t ticks_of(const struct device *d, uint32_t us)
{
    return (us * d->tick_hz + 999999u) / 1000000u;
}

static void settle_oscillator(struct device *d, unsigned k)
{
    const struct oscillator *o = &oscillators[k];

    if (!can_run(d, k)) {
        d->reg[o->place] &= ~o->ready;
        d->state[k] = 0;
    } else if (!is_ready(d, k)) {
        if (d->state[k] == 0) {
            d->state[k] = d->now + ticks_of(d, o->start_us);
        }
        if (d->state[k] <= d->now) {
            d->state[k] = 0;
            d->reg[o->place] |= o->ready;
            d->reg[R_CIFR] |= d->reg[R_CIER] & o->interrupt;
        }
    }
}

/* MSI, HSI16, HSE, PLL: the switch follows when its target gives a clock. */
static void settle_switch(struct device *d)
{
    static const unsigned target[4] = {O_MSI, O_HSI, O_HSE, O_PLL};
    uint32_t wanted = d->reg[R_CFGR] & CFGR_SW;
    bool clock = is_ready(d, target[wanted]);

    if (wanted == 3u) {
        clock = clock && (d->reg[R_PLLCFGR] & PLL_REN) != 0;
    }
    if (clock) {
        d->reg[R_CFGR] = (d->reg[R_CFGR] & ~CFGR_SWS) | wanted << CFGR_SWS_SHIFT;
    }
}

static void keep_domain(struct device *d)
{
    const struct domain domain = {
        .flags = d->reg[R_CSR] & CSR_FLAGS,
        .bdcr = d->reg[R_BDCR],
        .lse_at = d->state[O_LSE],
    };

    memcpy(d->memory, &domain, sizeof domain);
}

/* After any change: what starts, stops or has become ready, and when the next one will. */
static void settle(struct device *d)
{
    d->event_at = DEVICE_NEVER;
    for (unsigned k = 0; k < OSCILLATORS; k++) {
        settle_oscillator(d, k);
        if (d->state[k] != 0 && d->state[k] < d->event_at) {
            d->event_at = d->state[k];
        }
    }
    settle_switch(d);
    uint32_t system = d->reg[R_BDCR] & (BDCR_LSERDY | BDCR_LSESYSEN);

    d->reg[R_BDCR] &= ~BDCR_LSESYSRDY;
    if (system == (BDCR_LSERDY | BDCR_LSESYSEN)) {
        d->reg[R_BDCR] |= BDCR_LSESYSRDY;
    }
    keep_domain(d);
}

static void reset(struct device *d, enum device_reset why)
{
    struct domain domain = {.flags = CSR_BORRSTF | CSR_PINRSTF};

    if (why != DEVICE_RESET_POWER) {
        memcpy(&domain, d->memory, sizeof domain);
        domain.flags |= CSR_PINRSTF; /* every reset pulls the pin, too */
    }
    if (why == DEVICE_RESET_WATCHDOG) {
        domain.flags |= CSR_IWDGRSTF;
    }
    d->reg[R_CSR] |= domain.flags;
    d->reg[R_BDCR] = domain.bdcr;
    d->state[O_LSE] = domain.lse_at;
    settle(d);
}

/* The oscillators that the system clock comes from cannot be switched off. */
static uint32_t held_on(const struct device *d)
{
    static const uint32_t switched[4] = {CR_MSION, CR_HSION, CR_HSEON, CR_PLLON};
    static const uint32_t source[4] = {0, CR_MSION, CR_HSION, CR_HSEON};
    uint32_t now = (d->reg[R_CFGR] & CFGR_SWS) >> CFGR_SWS_SHIFT;
    uint32_t held = switched[now];

    return now == 3u ? held | source[d->reg[R_PLLCFGR] & PLL_SOURCE] : held;
}

static void control_written(struct device *d, uint32_t old)
{
    d->reg[R_CR] |= old & (held_on(d) | CR_MSIRGSEL); /* MSIRGSEL: cleared by a reset alone */
    if ((old & (CR_MSION | CR_MSIRDY)) == CR_MSION) { /* it is starting: its range stays */
        d->reg[R_CR] = (d->reg[R_CR] & ~CR_MSIRANGE) | (old & CR_MSIRANGE);
    }
}

/* While a PLL is on, its outputs alone can be switched. */
static void pll_written(struct device *d, unsigned r, uint32_t old)
{
    static const uint32_t on[3] = {CR_PLLON, CR_SAI1ON, CR_SAI2ON};

    if ((d->reg[R_CR] & on[r - R_PLLCFGR]) != 0) {
        d->reg[r] = (old & ~PLL_OUTPUTS) | (d->reg[r] & PLL_OUTPUTS);
    }
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    switch (r) {
    case R_CR:
        control_written(d, old);
        break;
    case R_PLLCFGR:
    case R_PLLSAI1CFGR:
    case R_PLLSAI2CFGR:
        pll_written(d, r, old);
        break;
    case R_CICR:
        d->reg[R_CIFR] &= ~d->reg[R_CICR];
        d->reg[R_CICR] = 0;
        break;
    case R_BDCR:
        if ((d->reg[R_BDCR] & BDCR_BDRST) != 0) { /* all else is held at its reset value */
            d->reg[R_BDCR] = BDCR_BDRST;
        }
        break;
    case R_CSR:
        if ((d->reg[R_CSR] & CSR_RMVF) != 0) {
            d->reg[R_CSR] &= ~(CSR_RMVF | CSR_FLAGS);
        }
        break;
    default:
        break;
    }
    settle(d);
}

static void changed(struct device *d, unsigned v)
{
    (void)v;
    settle(d);
}

static uint32_t raises(const struct device *d)
{
    return (d->reg[R_CIFR] & d->reg[R_CIER]) != 0;
}

const struct device_model stm32_rcc_model = {
    .name = "stm32-rcc",
    .bytes = 0x400,
    .registers = registers,
    .register_count = R_COUNT,
    .access = DEVICE_ANY_SIZE,
    .memory_bytes = sizeof(struct domain),
    .memory_stays = true,
    .values = values,
    .value_count = VALUES,
    .reset = reset,
    .written = written,
    .event = settle,
    .raises = raises,
    .changed = changed,
};
