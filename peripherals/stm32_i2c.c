/*
 * I2C of STM32L552/L562 as a master. Source: RM0438, chapter "Inter-integrated
 * circuit (I2C) interface". Status: docs/peripherals/stm32-i2c.md.
 *
 * A transfer is a chain of phases: some last their bits' time, in the others the
 * controller holds SCL low and waits for software. A phase that lasts stands still
 * while another chip holds SCL low (input signal 0).
 * A bit lasts as long as TIMINGR says; the controller's own delays (synchronisation,
 * filters) are left out.
 */
#include "sim/device.h"

enum {
    R_CR1,
    R_CR2,
    R_OAR1,
    R_OAR2,
    R_TIMINGR,
    R_TIMEOUTR,
    R_ISR,
    R_ICR,
    R_PECR,
    R_RXDR,
    R_TXDR,
    R_COUNT
};

#define CR1_PE      (1u << 0)
#define CR1_TXIE    (1u << 1)
#define CR1_RXIE    (1u << 2)
#define CR1_NACKIE  (1u << 4)
#define CR1_STOPIE  (1u << 5)
#define CR1_TCIE    (1u << 6)
#define CR1_ERRIE   (1u << 7)
#define CR1_FILTERS (0x1fu << 8) /* DNF, ANFOFF */
#define CR1_ALL     0x00ffdfffu
#define CR1_MISSING (1u << 3 | 0x3ffu << 14) /* ADDRIE; DMA, slave, SMBus, PEC */

#define CR2_RD_WRN  (1u << 10)
#define CR2_START   (1u << 13)
#define CR2_STOP    (1u << 14)
#define CR2_NBYTES  (0xffu << 16)
#define CR2_RELOAD  (1u << 24)
#define CR2_AUTOEND (1u << 25)
#define CR2_ALL     0x07ffffffu
#define CR2_MISSING (3u << 11 | 1u << 15 | 1u << 26) /* 10-bit addresses, slave, PEC */

#define TIMEOUTR_TIDLE    (1u << 12)
#define TIMEOUTR_TIMOUTEN (1u << 15)
#define TIMEOUTR_MISSING  (TIMEOUTR_TIDLE | 0xfffu << 16 | 1u << 31)
#define TIMEOUTR_STEP     2048u

#define ISR_TXE     (1u << 0)
#define ISR_TXIS    (1u << 1)
#define ISR_RXNE    (1u << 2)
#define ISR_NACKF   (1u << 4)
#define ISR_STOPF   (1u << 5)
#define ISR_TC      (1u << 6)
#define ISR_TCR     (1u << 7)
#define ISR_BERR    (1u << 8)
#define ISR_ARLO    (1u << 9)
#define ISR_TIMEOUT (1u << 12)
#define ISR_BUSY    (1u << 15)
#define ISR_CLEARS  (ISR_NACKF | ISR_STOPF | ISR_BERR | ISR_ARLO | ISR_TIMEOUT)

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*              offset name        reset    write       w1c unmodelled */
    [R_CR1]      = {0x00, "CR1",      0,       CR1_ALL,     0, CR1_MISSING},
    [R_CR2]      = {0x04, "CR2",      0,       CR2_ALL,     0, CR2_MISSING},
    [R_OAR1]     = {0x08, "OAR1",     0,       0x87ff,      0, 0x87ff},
    [R_OAR2]     = {0x0c, "OAR2",     0,       0x87fe,      0, 0x87fe},
    [R_TIMINGR]  = {0x10, "TIMINGR",  0,       0xf0ffffff,  0, 0},
    [R_TIMEOUTR] = {0x14, "TIMEOUTR", 0,       0x8fff9fff,  0, TIMEOUTR_MISSING},
    [R_ISR]      = {0x18, "ISR",      ISR_TXE, ISR_TXE,     0, 0},
    [R_ICR]      = {0x1c, "ICR",      0,       0x3f38,      0, 0},
    [R_PECR]     = {0x20, "PECR",     0,       0,           0, 0},
    [R_RXDR]     = {0x24, "RXDR",     0,       0,           0, 0},
    [R_TXDR]     = {0x28, "TXDR",     0,       0xff,        0, 0},
};
/* clang-format on */

enum { IN_SCL_HELD };

enum { V_ARBITRATION_LOSS, V_BUS_ERROR, V_COUNT };

static const char *const value_names[V_COUNT] = {"arbitration_loss", "bus_error"};

enum {
    S_PHASE,
    S_PHASE_END,  /* when it ends; 0: it waits, or stands still */
    S_TICKS_LEFT, /* of a phase that stands still */
    S_BYTES,      /* of NBYTES, yet to come */
    S_SHIFT,      /* the byte that goes out */
    S_LOW,        /* SCL is held low */
    S_TIMEOUT_AT, /* when that is too long; 0: never */
};

enum phase {
    PHASE_IDLE,
    PHASE_ADDRESS,     /* START, address, direction, acknowledge */
    PHASE_TX_WAIT,     /* for TXDR */
    PHASE_TX_BYTE,     /* and its acknowledge */
    PHASE_RX_BYTE,     /* up to its last bit */
    PHASE_RX_WAIT,     /* until RXDR is free for it */
    PHASE_RX_ACK,      /* the controller's acknowledge */
    PHASE_RELOAD_WAIT, /* TCR */
    PHASE_END_WAIT,    /* TC */
    PHASE_STOP,
};

/* ---------------------------------------------------------------- phases */

static bool is_held(const struct device *d)
{
    return device_input(d, IN_SCL_HELD);
}

static uint64_t bit_ticks(const struct device *d)
{
    uint32_t timing = d->reg[R_TIMINGR];
    uint32_t low = (timing & 0xff) + 1u;
    uint32_t high = ((timing >> 8) & 0xff) + 1u;

    return (uint64_t)((timing >> 28) + 1u) * (low + high);
}

static void begin(struct device *d, enum phase phase, uint32_t bits)
{
    uint64_t ticks = bits * bit_ticks(d);

    d->state[S_PHASE] = phase;
    d->state[S_PHASE_END] = is_held(d) ? 0 : d->now + ticks;
    d->state[S_TICKS_LEFT] = is_held(d) ? ticks : 0;
}

static void wait(struct device *d, enum phase phase)
{
    begin(d, phase, 0);
    d->state[S_PHASE_END] = 0;
}

static void begin_stop(struct device *d)
{
    begin(d, PHASE_STOP, 1);
}

/* Where the bus is free: START, seven bits of address, direction and acknowledge. */
static void start(struct device *d)
{
    d->reg[R_ISR] |= ISR_BUSY;
    begin(d, PHASE_ADDRESS, 10);
}

/* The controller is off the bus. */
static void leave(struct device *d)
{
    device_i2c_stop(d);
    d->reg[R_ISR] &= ~(ISR_BUSY | ISR_TXIS | ISR_TC | ISR_TCR);
    d->reg[R_CR2] &= ~(CR2_START | CR2_STOP);
    wait(d, PHASE_IDLE);
}

/* All of NBYTES have gone. */
static void count_ended(struct device *d)
{
    uint32_t cr2 = d->reg[R_CR2];

    if ((cr2 & CR2_RELOAD) != 0) {
        d->reg[R_ISR] |= ISR_TCR;
        wait(d, PHASE_RELOAD_WAIT);
    } else if ((cr2 & CR2_AUTOEND) != 0) {
        begin_stop(d);
    } else if ((cr2 & CR2_START) != 0) {
        start(d);
    } else {
        d->reg[R_ISR] |= ISR_TC;
        wait(d, PHASE_END_WAIT);
    }
}

static void next_byte(struct device *d)
{
    if ((d->reg[R_CR2] & CR2_STOP) != 0) {
        begin_stop(d);
    } else if (d->state[S_BYTES] == 0) {
        count_ended(d);
    } else if ((d->reg[R_CR2] & CR2_RD_WRN) != 0) {
        begin(d, PHASE_RX_BYTE, 8);
    } else if ((d->reg[R_ISR] & ISR_TXE) != 0) {
        d->reg[R_ISR] |= ISR_TXIS;
        wait(d, PHASE_TX_WAIT);
    } else {
        d->state[S_SHIFT] = d->reg[R_TXDR];
        d->reg[R_ISR] |= ISR_TXE;
        begin(d, PHASE_TX_BYTE, 9);
    }
}

static void acknowledged(struct device *d, bool acknowledge)
{
    if (acknowledge) {
        next_byte(d);
    } else {
        d->reg[R_ISR] |= ISR_NACKF;
        begin_stop(d); /* whatever AUTOEND says */
    }
}

/* Takes one of the errors that the outside wants, if there is any. */
static bool take(struct device *d, unsigned v)
{
    bool wanted = d->value[v] > 0;

    d->value[v] -= wanted;
    return wanted;
}

static void address_ended(struct device *d)
{
    uint32_t cr2 = d->reg[R_CR2];

    d->reg[R_CR2] &= ~CR2_START;
    if (take(d, V_ARBITRATION_LOSS)) {
        d->reg[R_ISR] |= ISR_ARLO;
        leave(d);
    } else if (take(d, V_BUS_ERROR)) {
        d->reg[R_ISR] |= ISR_BERR;
        leave(d);
    } else {
        d->state[S_BYTES] = (cr2 & CR2_NBYTES) >> 16;
        acknowledged(d, device_i2c_start(d, (cr2 >> 1) & 0x7f, (cr2 & CR2_RD_WRN) != 0));
    }
}

static void byte_received(struct device *d)
{
    if ((d->reg[R_ISR] & ISR_RXNE) != 0) {
        wait(d, PHASE_RX_WAIT);
        return;
    }
    d->reg[R_RXDR] = device_i2c_read(d);
    d->reg[R_ISR] |= ISR_RXNE;
    begin(d, PHASE_RX_ACK, 1);
}

static void stopped(struct device *d)
{
    bool again = (d->reg[R_CR2] & CR2_START) != 0;

    leave(d);
    d->reg[R_ISR] |= ISR_STOPF;
    if (again) {
        d->reg[R_CR2] |= CR2_START;
        start(d);
    }
}

static void phase_ended(struct device *d)
{
    switch ((enum phase)d->state[S_PHASE]) {
    case PHASE_ADDRESS:
        address_ended(d);
        break;
    case PHASE_TX_BYTE:
        d->state[S_BYTES]--;
        acknowledged(d, device_i2c_write(d, (uint8_t)d->state[S_SHIFT]));
        break;
    case PHASE_RX_BYTE:
        byte_received(d);
        break;
    case PHASE_RX_ACK:
        d->state[S_BYTES]--;
        next_byte(d);
        break;
    case PHASE_STOP:
        stopped(d);
        break;
    case PHASE_IDLE:
    case PHASE_TX_WAIT:
    case PHASE_RX_WAIT:
    case PHASE_RELOAD_WAIT:
    case PHASE_END_WAIT:
        break; /* these have no end of their own */
    }
}

/* ---------------------------------------------------------------- SCL held low */

static bool is_low(const struct device *d)
{
    switch ((enum phase)d->state[S_PHASE]) {
    case PHASE_TX_WAIT:
    case PHASE_RX_WAIT:
    case PHASE_RELOAD_WAIT:
    case PHASE_END_WAIT:
        return true;
    case PHASE_IDLE:
    case PHASE_ADDRESS:
    case PHASE_TX_BYTE:
    case PHASE_RX_BYTE:
    case PHASE_RX_ACK:
    case PHASE_STOP:
        break;
    }
    return is_held(d);
}

static void watch_scl(struct device *d)
{
    uint32_t timeout = d->reg[R_TIMEOUTR];
    bool watched = (d->reg[R_CR1] & CR1_PE) != 0 && (timeout & TIMEOUTR_TIMOUTEN) != 0 &&
                   (timeout & TIMEOUTR_TIDLE) == 0;
    bool low = watched && is_low(d);

    if (low && d->state[S_LOW] == 0) {
        d->state[S_TIMEOUT_AT] = d->now + (uint64_t)((timeout & 0xfff) + 1u) * TIMEOUTR_STEP;
    } else if (!low) {
        d->state[S_TIMEOUT_AT] = 0;
    }
    d->state[S_LOW] = low;
}

/* A master ends its transfer, as soon as SCL lets it. */
static void timed_out(struct device *d)
{
    d->state[S_TIMEOUT_AT] = 0;
    d->reg[R_ISR] = (d->reg[R_ISR] | ISR_TIMEOUT) & ~(ISR_TXIS | ISR_TC | ISR_TCR);
    d->reg[R_CR2] &= ~CR2_START;
    if (d->state[S_PHASE] != PHASE_IDLE) {
        begin_stop(d);
    }
}

/* The end of whatever happens to the device. */
static void refresh(struct device *d)
{
    uint64_t end = d->state[S_PHASE_END];

    watch_scl(d);
    uint64_t timeout = d->state[S_TIMEOUT_AT];

    d->event_at = DEVICE_NEVER;
    if (end != 0) {
        d->event_at = end;
    }
    if (timeout != 0 && timeout < d->event_at) {
        d->event_at = timeout;
    }
}

static bool is_due(const struct device *d, unsigned at)
{
    return d->state[at] != 0 && d->state[at] <= d->now;
}

static void event(struct device *d)
{
    if (is_due(d, S_PHASE_END)) {
        d->state[S_PHASE_END] = 0;
        phase_ended(d);
    } else if (is_due(d, S_TIMEOUT_AT)) {
        timed_out(d);
    }
    refresh(d);
}

static bool may_start(const struct device *d)
{
    return d->state[S_PHASE] == PHASE_IDLE && (d->reg[R_CR2] & CR2_START) != 0 && !is_held(d);
}

static void input(struct device *d, unsigned signal)
{
    (void)signal;
    if (is_held(d) && d->state[S_PHASE_END] != 0) {
        d->state[S_TICKS_LEFT] = d->state[S_PHASE_END] - d->now;
        d->state[S_PHASE_END] = 0;
    } else if (!is_held(d) && d->state[S_TICKS_LEFT] != 0) {
        d->state[S_PHASE_END] = d->now + d->state[S_TICKS_LEFT];
        d->state[S_TICKS_LEFT] = 0;
    }
    if (may_start(d)) {
        start(d);
    }
    refresh(d);
}

/* ---------------------------------------------------------------- registers */

static void written_cr1(struct device *d, uint32_t old)
{
    if ((d->reg[R_CR1] & old & CR1_PE) != 0) {
        d->reg[R_CR1] = (d->reg[R_CR1] & ~CR1_FILTERS) | (old & CR1_FILTERS);
    }
    if ((d->reg[R_CR1] & CR1_PE) == 0) {
        leave(d);
        d->reg[R_ISR] = ISR_TXE;
    }
}

/* Software goes on where the controller waits for it. */
static void written_cr2(struct device *d, uint32_t old)
{
    uint32_t *cr2 = &d->reg[R_CR2];
    uint64_t phase = d->state[S_PHASE];

    *cr2 |= old & (CR2_START | CR2_STOP); /* writing 0 has no effect */
    if ((d->reg[R_CR1] & CR1_PE) == 0 || phase == PHASE_IDLE) {
        *cr2 &= ~CR2_STOP;
    }
    if ((d->reg[R_CR1] & CR1_PE) == 0) {
        *cr2 &= ~CR2_START;
    } else if (may_start(d)) {
        start(d);
    } else if (phase == PHASE_RELOAD_WAIT && (*cr2 & (CR2_NBYTES | CR2_STOP)) != 0) {
        d->reg[R_ISR] &= ~ISR_TCR;
        d->state[S_BYTES] = (*cr2 & CR2_NBYTES) >> 16;
        next_byte(d);
    } else if (phase == PHASE_END_WAIT && (*cr2 & (CR2_START | CR2_STOP)) != 0) {
        d->reg[R_ISR] &= ~ISR_TC;
        if ((*cr2 & CR2_STOP) != 0) {
            begin_stop(d);
        } else {
            start(d);
        }
    } else if (phase == PHASE_TX_WAIT && (*cr2 & CR2_STOP) != 0) {
        d->reg[R_ISR] &= ~ISR_TXIS;
        begin_stop(d);
    }
}

static void written_txdr(struct device *d)
{
    d->reg[R_ISR] &= ~(ISR_TXE | ISR_TXIS);
    if (d->state[S_PHASE] == PHASE_TX_WAIT) {
        next_byte(d);
    }
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    if (r == R_CR1) {
        written_cr1(d, old);
    } else if (r == R_CR2) {
        written_cr2(d, old);
    } else if (r == R_TIMINGR && (d->reg[R_CR1] & CR1_PE) != 0) {
        d->reg[R_TIMINGR] = old;
    } else if (r == R_TIMEOUTR && (old & d->reg[R_TIMEOUTR] & TIMEOUTR_TIMOUTEN) != 0) {
        d->reg[R_TIMEOUTR] = (d->reg[R_TIMEOUTR] & ~0x1fffu) | (old & 0x1fffu);
    } else if (r == R_ISR) {
        d->reg[R_ISR] |= old & ISR_TXE; /* writing 1 flushes TXDR, writing 0 does nothing */
    } else if (r == R_ICR) {
        d->reg[R_ISR] &= ~(d->reg[R_ICR] & ISR_CLEARS);
        d->reg[R_ICR] = 0;
    } else if (r == R_TXDR) {
        written_txdr(d);
    }
    refresh(d);
}

static void was_read(struct device *d, unsigned r)
{
    if (r != R_RXDR) {
        return;
    }
    d->reg[R_ISR] &= ~ISR_RXNE;
    if (d->state[S_PHASE] == PHASE_RX_WAIT) {
        byte_received(d);
    }
    refresh(d);
}

/* Bit 0: the event line. Bit 1: the error line. */
static uint32_t raises(const struct device *d)
{
    uint32_t cr1 = d->reg[R_CR1];
    uint32_t events = 0;
    uint32_t errors = (cr1 & CR1_ERRIE) != 0 ? ISR_BERR | ISR_ARLO | ISR_TIMEOUT : 0;

    events |= (cr1 & CR1_TXIE) != 0 ? ISR_TXIS : 0;
    events |= (cr1 & CR1_RXIE) != 0 ? ISR_RXNE : 0;
    events |= (cr1 & CR1_NACKIE) != 0 ? ISR_NACKF : 0;
    events |= (cr1 & CR1_STOPIE) != 0 ? ISR_STOPF : 0;
    events |= (cr1 & CR1_TCIE) != 0 ? ISR_TC | ISR_TCR : 0;
    return ((d->reg[R_ISR] & events) != 0 ? 1u : 0) | ((d->reg[R_ISR] & errors) != 0 ? 2u : 0);
}

const struct device_model stm32_i2c_model = {
    .name = "stm32-i2c",
    .bytes = 0x400,
    .registers = registers,
    .register_count = R_COUNT,
    .values = value_names,
    .value_count = V_COUNT,
    .was_read = was_read,
    .written = written,
    .event = event,
    .raises = raises,
    .input = input,
};
