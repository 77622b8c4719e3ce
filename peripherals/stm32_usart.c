/*
 * USART and LPUART of STM32L552/L562. Source: RM0438, chapters "Universal
 * synchronous/asynchronous receiver transmitter (USART/UART)" and "Low-power
 * universal asynchronous receiver transmitter (LPUART)". Status: docs/peripherals/stm32-usart.md.
 *
 * Asynchronous mode, with and without FIFO; the kernel clock is the CPU's. A
 * character leaves when its frame has ended, and what arrives is delivered by
 * then. Both models share all code: LPUART lacks registers and bits, and divides
 * its clock finer.
 */
#include "peripherals/character_queue.h"
#include "sim/device.h"

enum {
    R_CR1,
    R_CR2,
    R_CR3,
    R_BRR,
    R_GTPR,
    R_RTOR,
    R_RQR,
    R_ISR,
    R_ICR,
    R_RDR,
    R_TDR,
    R_PRESC,
    R_COUNT
};

#define CR1_UE      (1u << 0)
#define CR1_RE      (1u << 2)
#define CR1_TE      (1u << 3)
#define CR1_IDLEIE  (1u << 4)
#define CR1_RXNEIE  (1u << 5)
#define CR1_TCIE    (1u << 6)
#define CR1_TXEIE   (1u << 7)
#define CR1_PEIE    (1u << 8)
#define CR1_PS      (1u << 9)
#define CR1_PCE     (1u << 10)
#define CR1_WAKE    (1u << 11)
#define CR1_M0      (1u << 12)
#define CR1_CMIE    (1u << 14)
#define CR1_OVER8   (1u << 15)
#define CR1_DRIVER  (0x3ffu << 16) /* DEDT, DEAT */
#define CR1_RTOIE   (1u << 26)
#define CR1_M1      (1u << 28)
#define CR1_FIFOEN  (1u << 29)
#define CR1_TXFEIE  (1u << 30)
#define CR1_RXFFIE  (1u << 31)
#define CR1_MISSING (CR1_DRIVER | CR1_WAKE | 1u << 1 | 1u << 13 | 1u << 27)
#define CR1_SETTLED                                                                                \
    (CR1_PS | CR1_PCE | CR1_WAKE | CR1_M0 | CR1_OVER8 | CR1_DRIVER | CR1_M1 | CR1_FIFOEN)
#define CR1_LPUART 0xf3ff7fffu

#define CR2_STOP     (3u << 12)
#define CR2_RTOEN    (1u << 23)
#define CR2_ADD      (0xffu << 24)
#define CR2_MODELLED (CR2_STOP | CR2_RTOEN | CR2_ADD)
#define CR2_USART    0xffffff79u
#define CR2_LPUART   0xff0fb010u

#define CR3_EIE    (1u << 0)
#define CR3_ONEBIT (1u << 11)
#define CR3_OVRDIS (1u << 12)
#define CR3_TXFTIE (1u << 23)
#define CR3_RXFTIE (1u << 28)
#define CR3_MODELLED                                                                               \
    (CR3_EIE | CR3_ONEBIT | CR3_OVRDIS | CR3_TXFTIE | 7u << 25 | CR3_RXFTIE | 7u << 29)
#define CR3_USART  0xfffeffffu
#define CR3_LPUART 0xfef0f7c9u

#define RQR_SBKRQ (1u << 1)
#define RQR_RXFRQ (1u << 3)
#define RQR_TXFRQ (1u << 4)

#define ISR_PE    (1u << 0)
#define ISR_FE    (1u << 1)
#define ISR_NE    (1u << 2)
#define ISR_ORE   (1u << 3)
#define ISR_IDLE  (1u << 4)
#define ISR_RXNE  (1u << 5)
#define ISR_TC    (1u << 6)
#define ISR_TXE   (1u << 7)
#define ISR_RTOF  (1u << 11)
#define ISR_CMF   (1u << 17)
#define ISR_SBKF  (1u << 18)
#define ISR_TEACK (1u << 21)
#define ISR_REACK (1u << 22)
#define ISR_TXFE  (1u << 23)
#define ISR_RXFF  (1u << 24)
#define ISR_RXFT  (1u << 26)
#define ISR_TXFT  (1u << 27)
#define ISR_LEVELS                                                                                 \
    (ISR_RXNE | ISR_TXE | ISR_TEACK | ISR_REACK | ISR_TXFE | ISR_RXFF | ISR_RXFT | ISR_TXFT)
#define ISR_CLEARS (ISR_PE | ISR_FE | ISR_NE | ISR_ORE | ISR_IDLE | ISR_TC | ISR_RTOF | ISR_CMF)
#define ISR_RESET  (ISR_TC | ISR_TXE)

#define ICR_TXFECF (1u << 5)

/* clang-format off */
static const struct device_register usart_registers[R_COUNT] = {
    /*           offset name     reset write       w1c unmodelled */
    [R_CR1]   = {0x00, "CR1",   0, UINT32_MAX,  0, CR1_MISSING},
    [R_CR2]   = {0x04, "CR2",   0, CR2_USART,   0, CR2_USART & ~CR2_MODELLED},
    [R_CR3]   = {0x08, "CR3",   0, CR3_USART,   0, CR3_USART & ~CR3_MODELLED},
    [R_BRR]   = {0x0c, "BRR",   0, 0xffff,      0, 0},
    [R_GTPR]  = {0x10, "GTPR",  0, 0xffff,      0, 0xffff},
    [R_RTOR]  = {0x14, "RTOR",  0, UINT32_MAX,  0, 0xff000000},
    [R_RQR]   = {0x18, "RQR",   0, 0x1f,        0, 0x05},
    [R_ISR]   = {0x1c, "ISR",   ISR_RESET, 0,   0, 0},
    [R_ICR]   = {0x20, "ICR",   0, 0x123bff,    0, ICR_TXFECF},
    [R_RDR]   = {0x24, "RDR",   0, 0,           0, 0},
    [R_TDR]   = {0x28, "TDR",   0, 0x1ff,       0, 0},
    [R_PRESC] = {0x2c, "PRESC", 0, 0xf,         0, 0},
};

/* GTPR and RTOR are reserved here, and listed to give both models the same places. */
static const struct device_register lpuart_registers[R_COUNT] = {
    [R_CR1]   = {0x00, "CR1",   0, CR1_LPUART,  0, CR1_LPUART & CR1_MISSING},
    [R_CR2]   = {0x04, "CR2",   0, CR2_LPUART,  0, CR2_LPUART & ~CR2_MODELLED},
    [R_CR3]   = {0x08, "CR3",   0, CR3_LPUART,  0, CR3_LPUART & ~CR3_MODELLED},
    [R_BRR]   = {0x0c, "BRR",   0, 0xfffff,     0, 0},
    [R_GTPR]  = {0x10, "reserved", 0, 0,        0, UINT32_MAX},
    [R_RTOR]  = {0x14, "reserved", 0, 0,        0, UINT32_MAX},
    [R_RQR]   = {0x18, "RQR",   0, 0x1e,        0, 0x04},
    [R_ISR]   = {0x1c, "ISR",   ISR_RESET, 0,   0, 0},
    [R_ICR]   = {0x20, "ICR",   0, 0x12025f,    0, 0},
    [R_RDR]   = {0x24, "RDR",   0, 0,           0, 0},
    [R_TDR]   = {0x28, "TDR",   0, 0x1ff,       0, 0},
    [R_PRESC] = {0x2c, "PRESC", 0, 0xf,         0, 0},
};
/* clang-format on */

enum {
    S_TX,                          /* behind the shift register: TDR or TXFIFO */
    S_RX = S_TX + QUEUE_STATES,    /* RDR, and RXFIFO behind it */
    S_SHIFT = S_RX + QUEUE_STATES, /* what the shift register sends */
    S_KIND,                        /* enum frame_kind of it */
    S_SHIFT_END,                   /* when its stop bits end; 0: it rests */
    S_PREAMBLE,                    /* the transmitter was just enabled */
    S_IDLE_AT,                     /* when the line will have been idle for a frame; 0: it was */
    S_TIMEOUT_AT,                  /* of the receiver; 0: none is to come */
    S_COUNT,
};
_Static_assert(S_COUNT <= DEVICE_STATES, "all fit");

enum frame_kind { FRAME_DATA, FRAME_IDLE, FRAME_BREAK };

#define FIFO_DEPTH 8u
#define RX_MOST    (FIFO_DEPTH + 1u) /* RXFIFO and RDR */
_Static_assert(RX_MOST <= QUEUE_MOST, "RXFIFO fits");

/* Of an entry in the receive queue: data, and ISR's PE, FE and NE. */
#define ENTRY_DATA   0x1ffu
#define ENTRY_ERRORS 12u

/* ---------------------------------------------------------------- format and speed */

static bool is_on(const struct device *d, uint32_t direction)
{
    return (d->reg[R_CR1] & (CR1_UE | direction)) == (CR1_UE | direction);
}

static bool has_fifo(const struct device *d)
{
    return (d->reg[R_CR1] & CR1_FIFOEN) != 0;
}

/* Bits between start and stop, parity among them. M1 M0 = 11 is reserved. */
static uint32_t word_bits(const struct device *d)
{
    return (d->reg[R_CR1] & CR1_M1) != 0 ? 7u : (d->reg[R_CR1] & CR1_M0) != 0 ? 9u : 8u;
}

static uint32_t data_bits(const struct device *d)
{
    return word_bits(d) - ((d->reg[R_CR1] & CR1_PCE) != 0 ? 1u : 0u);
}

static uint32_t stop_half_bits(const struct device *d)
{
    static const uint8_t half_bits[] = {2, 1, 4, 3};

    return half_bits[(d->reg[R_CR2] & CR2_STOP) >> 12];
}

static uint32_t frame_half_bits(const struct device *d)
{
    return 2u * (1u + word_bits(d)) + stop_half_bits(d);
}

static bool is_lpuart(const struct device *d)
{
    return d->model->registers == lpuart_registers;
}

/* Rounded; 0 where the divider is below what the manual allows: the line does not move. */
static uint64_t ticks_of_half_bits(const struct device *d, uint64_t half_bits)
{
    static const uint16_t prescaler[16] = {1,  2,  4,   6,   8,   10,  12,  16,
                                           32, 64, 128, 256, 256, 256, 256, 256};
    uint64_t divider = d->reg[R_BRR];
    uint64_t least = 16;
    uint64_t parts = 2; /* of a tick, times two half bits */

    if (is_lpuart(d)) {
        least = 0x300;
        parts = 512;
    } else if ((d->reg[R_CR1] & CR1_OVER8) != 0) {
        divider = (divider & 0xfff0u) | (divider & 7u) << 1;
        parts = 4;
    }
    if (divider < least) {
        return 0;
    }
    return (half_bits * divider * prescaler[d->reg[R_PRESC]] + parts / 2u) / parts;
}

static struct device_frame frame(const struct device *d)
{
    uint32_t half_bits = frame_half_bits(d);

    return (struct device_frame){
        .ticks = ticks_of_half_bits(d, half_bits),
        .bits = (half_bits + 1u) / 2u,
        .receives = is_on(d, CR1_RE),
    };
}

/* ---------------------------------------------------------------- flags */

static uint32_t fifo_flags(const struct device *d)
{
    /* Thresholds of RXFTCFG and TXFTCFG; 6 and 7 are reserved: never reached. */
    static const uint8_t threshold[8] = {1, 2, 4, 6, 7, 8, QUEUE_MOST, QUEUE_MOST};
    uint32_t received = queue_count(d, S_RX);
    uint32_t waiting = queue_count(d, S_TX);
    uint32_t flags = waiting == 0 ? ISR_TXFE : 0;

    flags |= received == RX_MOST ? ISR_RXFF : 0;
    flags |= received >= threshold[(d->reg[R_CR3] >> 25) & 7u] ? ISR_RXFT : 0;
    flags |= FIFO_DEPTH - waiting >= threshold[d->reg[R_CR3] >> 29] ? ISR_TXFT : 0;
    return flags;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return b != 0 && b < a ? b : a;
}

/* Brings ISR's levels and the next event up to date: the end of whatever happens to the device. */
static void refresh(struct device *d)
{
    uint32_t most = has_fifo(d) ? FIFO_DEPTH : 1u;
    uint32_t flags = queue_count(d, S_TX) < most ? ISR_TXE : 0;

    flags |= queue_count(d, S_RX) != 0 ? ISR_RXNE : 0;
    flags |= is_on(d, CR1_TE) ? ISR_TEACK : 0;
    flags |= is_on(d, CR1_RE) ? ISR_REACK : 0;
    flags |= has_fifo(d) ? fifo_flags(d) : 0;
    d->reg[R_ISR] = (d->reg[R_ISR] & ~ISR_LEVELS) | flags;
    d->event_at = earlier(DEVICE_NEVER, d->state[S_SHIFT_END]);
    d->event_at = earlier(d->event_at, d->state[S_IDLE_AT]);
    d->event_at = earlier(d->event_at, d->state[S_TIMEOUT_AT]);
}

static uint32_t raises(const struct device *d)
{
    uint32_t isr = d->reg[R_ISR];
    uint32_t cr1 = d->reg[R_CR1];
    uint32_t cr3 = d->reg[R_CR3];
    uint32_t wanted = 0;

    wanted |= (cr1 & CR1_IDLEIE) != 0 ? ISR_IDLE : 0;
    wanted |= (cr1 & CR1_RXNEIE) != 0 ? ISR_RXNE | ISR_ORE : 0;
    wanted |= (cr1 & CR1_TCIE) != 0 ? ISR_TC : 0;
    wanted |= (cr1 & CR1_TXEIE) != 0 ? ISR_TXE : 0;
    wanted |= (cr1 & CR1_PEIE) != 0 ? ISR_PE : 0;
    wanted |= (cr1 & CR1_CMIE) != 0 ? ISR_CMF : 0;
    wanted |= (cr1 & CR1_RTOIE) != 0 ? ISR_RTOF : 0;
    wanted |= (cr1 & CR1_TXFEIE) != 0 ? ISR_TXFE : 0;
    wanted |= (cr1 & CR1_RXFFIE) != 0 ? ISR_RXFF : 0;
    wanted |= (cr3 & CR3_EIE) != 0 ? ISR_FE | ISR_ORE | ISR_NE : 0;
    wanted |= (cr3 & CR3_TXFTIE) != 0 ? ISR_TXFT : 0;
    wanted |= (cr3 & CR3_RXFTIE) != 0 ? ISR_RXFT : 0;
    return (isr & wanted) != 0;
}

/* ---------------------------------------------------------------- transmitter */

static void shift_out(struct device *d, enum frame_kind kind, uint32_t half_bits)
{
    d->state[S_KIND] = kind;
    d->state[S_SHIFT_END] = d->now + ticks_of_half_bits(d, half_bits);
}

/* The shift register, if it rests, takes what is next: a break, the idle frame that a transmitter
 * begins with, or data. */
static void send_next(struct device *d)
{
    uint32_t half_bits = frame_half_bits(d);

    if (!is_on(d, CR1_TE) || d->state[S_SHIFT_END] != 0 || ticks_of_half_bits(d, half_bits) == 0) {
        return;
    }
    if (d->state[S_PREAMBLE] != 0) {
        d->state[S_PREAMBLE] = 0;
        shift_out(d, FRAME_IDLE, half_bits);
    } else if ((d->reg[R_ISR] & ISR_SBKF) != 0) {
        /* Low for start, word and one stop bit; then two stop bits. */
        shift_out(d, FRAME_BREAK, 2u * (1u + word_bits(d) + 1u) + 4u);
    } else if (queue_count(d, S_TX) != 0) {
        d->state[S_SHIFT] = queue_pop(d, S_TX);
        shift_out(d, FRAME_DATA, half_bits);
    }
}

static void shifted_out(struct device *d)
{
    d->state[S_SHIFT_END] = 0;
    if (d->state[S_KIND] == FRAME_DATA) {
        device_send(d, (uint32_t)d->state[S_SHIFT] & ((1u << data_bits(d)) - 1u), 0);
    } else if (d->state[S_KIND] == FRAME_BREAK) {
        d->reg[R_ISR] &= ~ISR_SBKF;
        device_send(d, 0, DEVICE_SERIAL_BREAK);
    }
    send_next(d);
    if (d->state[S_SHIFT_END] == 0 && queue_count(d, S_TX) == 0) {
        d->reg[R_ISR] |= ISR_TC;
    }
}

static void transmit(struct device *d)
{
    uint32_t waiting = queue_count(d, S_TX);

    if ((d->reg[R_CR1] & CR1_UE) == 0) {
        return;
    }
    if (has_fifo(d)) {
        if (waiting < FIFO_DEPTH) { /* otherwise it is lost */
            queue_push(d, S_TX, d->reg[R_TDR]);
        }
    } else if (waiting != 0) {
        queue_replace(d, S_TX, 0, d->reg[R_TDR]); /* what was there is lost */
    } else {
        queue_push(d, S_TX, d->reg[R_TDR]);
    }
    d->reg[R_ISR] &= ~ISR_TC;
    send_next(d);
}

/* ---------------------------------------------------------------- receiver */

/* As it is in RDR: with the parity bit, where there is one. */
static uint32_t received_word(const struct device *d, uint32_t character, uint32_t errors)
{
    uint32_t bits = data_bits(d);
    uint32_t word = (errors & DEVICE_SERIAL_BREAK) != 0 ? 0 : character & ((1u << bits) - 1u);

    if ((d->reg[R_CR1] & CR1_PCE) == 0 || (errors & DEVICE_SERIAL_BREAK) != 0) {
        return word;
    }
    uint32_t parity = (uint32_t)__builtin_parity(word);

    parity ^= (d->reg[R_CR1] & CR1_PS) != 0;
    parity ^= (errors & DEVICE_SERIAL_PARITY) != 0;
    return word | parity << bits;
}

static uint32_t error_flags(const struct device *d, uint32_t errors)
{
    uint32_t flags = (errors & (DEVICE_SERIAL_FRAMING | DEVICE_SERIAL_BREAK)) != 0 ? ISR_FE : 0;

    if ((errors & DEVICE_SERIAL_PARITY) != 0 && (d->reg[R_CR1] & CR1_PCE) != 0) {
        flags |= ISR_PE;
    }
    if ((errors & DEVICE_SERIAL_NOISE) != 0 && (d->reg[R_CR3] & CR3_ONEBIT) == 0) {
        flags |= ISR_NE;
    }
    return flags;
}

/* Error flags are those of the character in RDR. */
static void show_errors(struct device *d)
{
    if (queue_count(d, S_RX) != 0) {
        d->reg[R_ISR] |= queue_entry(d, S_RX, 0) >> ENTRY_ERRORS;
    }
}

static void received(struct device *d, uint32_t character, uint32_t errors)
{
    uint32_t word = received_word(d, character, errors);
    uint32_t entry = word | error_flags(d, errors) << ENTRY_ERRORS;
    uint32_t waiting = queue_count(d, S_RX);

    if (waiting < (has_fifo(d) ? RX_MOST : 1u)) {
        queue_push(d, S_RX, entry);
        if (waiting == 0) {
            show_errors(d);
        }
    } else if ((d->reg[R_CR3] & CR3_OVRDIS) != 0) {
        queue_replace(d, S_RX, waiting - 1u, entry);
    } else {
        d->reg[R_ISR] |= ISR_ORE; /* the newer character is lost */
    }
    if ((word & 0xff) == d->reg[R_CR2] >> 24) {
        d->reg[R_ISR] |= ISR_CMF;
    }
    d->state[S_IDLE_AT] = d->now + frame(d).ticks;
    if ((d->reg[R_CR2] & CR2_RTOEN) != 0) {
        d->state[S_TIMEOUT_AT] =
            d->now + ticks_of_half_bits(d, 2u * (uint64_t)(d->reg[R_RTOR] & 0xffffff));
    }
    refresh(d);
}

static void reading(struct device *d, unsigned r)
{
    if (r == R_RDR && queue_count(d, S_RX) != 0) {
        d->reg[R_RDR] = queue_entry(d, S_RX, 0) & ENTRY_DATA;
    }
}

static void was_read(struct device *d, unsigned r)
{
    if (r == R_RDR && queue_count(d, S_RX) != 0) {
        queue_pop(d, S_RX);
        show_errors(d);
        refresh(d);
    }
}

/* ---------------------------------------------------------------- registers, events */

/* Without UE everything stops at once and ISR is as after reset; the configuration stays. */
static void disable(struct device *d)
{
    for (unsigned i = 0; i < S_COUNT; i++) {
        d->state[i] = 0;
    }
    d->reg[R_ISR] = ISR_RESET;
}

static void written_cr1(struct device *d, uint32_t old)
{
    bool sent = (old & (CR1_UE | CR1_TE)) == (CR1_UE | CR1_TE);

    if ((d->reg[R_CR1] & CR1_UE) == 0) {
        disable(d);
    } else if (!sent && is_on(d, CR1_TE)) {
        d->state[S_PREAMBLE] = 1;
    }
    if (!is_on(d, CR1_RE)) {
        d->state[S_IDLE_AT] = 0;
        d->state[S_TIMEOUT_AT] = 0;
    }
}

static void request(struct device *d)
{
    uint32_t wanted = d->reg[R_RQR];

    d->reg[R_RQR] = 0;
    if ((wanted & RQR_RXFRQ) != 0) {
        queue_clear(d, S_RX);
    }
    if ((wanted & RQR_TXFRQ) != 0) {
        queue_clear(d, S_TX);
    }
    if ((wanted & RQR_SBKRQ) != 0 && is_on(d, CR1_TE)) {
        d->reg[R_ISR] |= ISR_SBKF;
    }
}

/* Bits of a register that keep their value while the device is enabled. */
static uint32_t settled_bits(const struct device *d, unsigned r)
{
    switch (r) {
    case R_CR1:
        return CR1_SETTLED;
    case R_CR2:
        return CR2_STOP | ((d->reg[R_CR1] & CR1_RE) != 0 ? CR2_ADD : 0);
    case R_CR3:
        return CR3_ONEBIT | CR3_OVRDIS;
    case R_BRR:
    case R_PRESC:
        return UINT32_MAX;
    default:
        return 0;
    }
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    bool was_enabled = ((r == R_CR1 ? old & d->reg[R_CR1] : d->reg[R_CR1]) & CR1_UE) != 0;

    if (was_enabled) {
        uint32_t settled = settled_bits(d, r);

        d->reg[r] = (d->reg[r] & ~settled) | (old & settled);
    }
    if (r == R_CR1) {
        written_cr1(d, old);
    } else if (r == R_RQR) {
        request(d);
    } else if (r == R_ICR) {
        d->reg[R_ISR] &= ~(d->reg[R_ICR] & ISR_CLEARS);
        d->reg[R_ICR] = 0;
    } else if (r == R_TDR) {
        transmit(d);
    }
    send_next(d);
    refresh(d);
}

static bool is_due(const struct device *d, unsigned at)
{
    return d->state[at] != 0 && d->state[at] <= d->now;
}

/* The line has been quiet for long enough; a character that has begun puts it off. */
static void quiet(struct device *d, unsigned at, uint32_t flag)
{
    if (is_due(d, at)) {
        d->state[at] = 0;
        d->reg[R_ISR] |= device_arriving(d) ? 0 : flag;
    }
}

static void event(struct device *d)
{
    if (is_due(d, S_SHIFT_END)) {
        shifted_out(d);
    }
    quiet(d, S_IDLE_AT, ISR_IDLE);
    quiet(d, S_TIMEOUT_AT, ISR_RTOF);
    refresh(d);
}

#define MODEL(label, table)                                                                        \
    {                                                                                              \
        .name = (label), .bytes = 0x400, .registers = (table), .register_count = R_COUNT,          \
        .reading = reading, .was_read = was_read, .written = written, .event = event,              \
        .raises = raises, .frame = frame, .received = received,                                    \
    }

const struct device_model stm32_usart_model = MODEL("stm32-usart", usart_registers);
const struct device_model stm32_lpuart_model = MODEL("stm32-lpuart", lpuart_registers);
