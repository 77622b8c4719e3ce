/*
 * Sitronix ST7735: a display of 128 x 160 pixels behind a 4-line serial interface.
 * Source: ST7735S data sheet, "System function command list". Status:
 * docs/peripherals/st7735.md.
 *
 * `memory` is what the glass shows while the display is on and not inverted:
 * 160 rows of 128 pixels, RGB565, little-endian, wherever the addresses and the
 * colour order of MADCTL put them. Behind it are four bytes that the outside may
 * want: shown, inverted, awake, and 0.
 */
#include "sim/device.h"

#define COLUMNS      128u
#define ROWS         160u
#define PIXEL_BYTES  (2u * COLUMNS * ROWS)
#define MEMORY_BYTES (PIXEL_BYTES + 4u)

enum { IN_CS, IN_DC, IN_RST };

enum command {
    SWRESET = 0x01,
    SLPIN = 0x10,
    SLPOUT = 0x11,
    INVOFF = 0x20,
    INVON = 0x21,
    DISPOFF = 0x28,
    DISPON = 0x29,
    CASET = 0x2a,
    RASET = 0x2b,
    RAMWR = 0x2c,
    MADCTL = 0x36,
    COLMOD = 0x3a,
};

#define MADCTL_BGR 0x08u
#define MADCTL_MV  0x20u
#define MADCTL_MX  0x40u
#define MADCTL_MY  0x80u

enum {
    S_COMMAND,  /* whose parameters are coming */
    S_PLACE,    /* of the next of them */
    S_SHIFT,    /* bits of a byte that has not all come */
    S_BITS,     /* how many */
    S_FIRST,    /* parameters of CASET or RASET so far */
    S_COLUMN_0, /* the window, as CASET and RASET count */
    S_COLUMN_1,
    S_ROW_0,
    S_ROW_1,
    S_COLUMN, /* where the next pixel goes */
    S_ROW,
    S_PIXEL,      /* bits of a pixel that has not all come */
    S_PIXEL_BITS, /* how many */
    S_MADCTL,
    S_COLMOD,
    S_ON,
    S_INVERTED,
    S_AWAKE,
    S_HELD, /* in reset by its pin */
    S_COUNT,
};
_Static_assert(S_COUNT <= DEVICE_STATES, "all fit");

static void show_state(struct device *d)
{
    d->memory[PIXEL_BYTES] = d->state[S_ON] != 0 && d->state[S_AWAKE] != 0;
    d->memory[PIXEL_BYTES + 1u] = d->state[S_INVERTED] != 0;
    d->memory[PIXEL_BYTES + 2u] = d->state[S_AWAKE] != 0;
}

/* ---------------------------------------------------------------- resets */

/* SWRESET: pixels, MADCTL and COLMOD stay. */
static void reset_software(struct device *d)
{
    bool exchanged = (d->state[S_MADCTL] & MADCTL_MV) != 0;

    d->state[S_COMMAND] = 0;
    d->state[S_COLUMN_0] = 0;
    d->state[S_COLUMN_1] = (exchanged ? ROWS : COLUMNS) - 1u;
    d->state[S_ROW_0] = 0;
    d->state[S_ROW_1] = (exchanged ? COLUMNS : ROWS) - 1u;
    d->state[S_ON] = 0;
    d->state[S_INVERTED] = 0;
    d->state[S_AWAKE] = 0;
}

static void set_order(struct device *d, uint8_t madctl);

static void reset_hardware(struct device *d)
{
    d->state[S_BITS] = 0;
    set_order(d, 0);
    d->state[S_COLMOD] = 6;
    reset_software(d);
    show_state(d);
}

/* An input that nobody drives is pulled up on the display's board. */
static bool is_low(const struct device *d, unsigned signal)
{
    return !device_input(d, signal) && !device_input_open(d, signal);
}

static void reset(struct device *d, enum device_reset why)
{
    (void)why;
    reset_hardware(d);
    d->state[S_HELD] = is_low(d, IN_RST);
}

static void input(struct device *d, unsigned signal)
{
    if (signal == IN_CS && !is_low(d, IN_CS)) {
        d->state[S_BITS] = 0; /* what there is of a byte is given up */
    } else if (signal == IN_RST) {
        bool held = is_low(d, IN_RST);

        if (held && d->state[S_HELD] == 0) {
            reset_hardware(d);
        }
        d->state[S_HELD] = held;
    }
}

/* ---------------------------------------------------------------- pixels */

static uint32_t exchange_red_and_blue(uint32_t rgb565)
{
    return (rgb565 & 0x07e0u) | rgb565 >> 11 | (rgb565 & 0x1fu) << 11;
}

/* The order of colours is one of the glass: it changes what is there, too. */
static void set_order(struct device *d, uint8_t madctl)
{
    uint64_t changed = d->state[S_MADCTL] ^ madctl;

    d->state[S_MADCTL] = madctl;
    for (uint32_t i = 0; (changed & MADCTL_BGR) != 0 && i < PIXEL_BYTES; i += 2) {
        uint32_t pixel = d->memory[i] | (uint32_t)d->memory[i + 1u] << 8;

        pixel = exchange_red_and_blue(pixel);
        d->memory[i] = (uint8_t)pixel;
        d->memory[i + 1u] = (uint8_t)(pixel >> 8);
    }
}

/* Where MADCTL puts the current address; false: off the glass. */
static bool find_pixel(const struct device *d, uint32_t *at)
{
    uint32_t madctl = (uint32_t)d->state[S_MADCTL];
    bool exchanged = (madctl & MADCTL_MV) != 0;
    uint32_t column = (uint32_t)d->state[exchanged ? S_ROW : S_COLUMN];
    uint32_t row = (uint32_t)d->state[exchanged ? S_COLUMN : S_ROW];

    if (column >= COLUMNS || row >= ROWS) {
        return false;
    }
    column = (madctl & MADCTL_MX) != 0 ? COLUMNS - 1u - column : column;
    row = (madctl & MADCTL_MY) != 0 ? ROWS - 1u - row : row;
    *at = 2u * (row * COLUMNS + column);
    return true;
}

static void put_pixel(struct device *d, uint32_t rgb565)
{
    uint32_t at = 0;

    if ((d->state[S_MADCTL] & MADCTL_BGR) != 0) {
        rgb565 = exchange_red_and_blue(rgb565);
    }
    if (find_pixel(d, &at)) {
        d->memory[at] = (uint8_t)rgb565;
        d->memory[at + 1u] = (uint8_t)(rgb565 >> 8);
    }
    if (d->state[S_COLUMN]++ < d->state[S_COLUMN_1]) {
        return;
    }
    d->state[S_COLUMN] = d->state[S_COLUMN_0];
    if (d->state[S_ROW]++ >= d->state[S_ROW_1]) {
        d->state[S_ROW] = d->state[S_ROW_0];
    }
}

/* A byte of pixels in the format of COLMOD: 12 bits, 16, or 18 in three bytes. */
static void put_byte(struct device *d, uint8_t byte)
{
    uint32_t format = d->state[S_COLMOD] & 7u;
    uint32_t size = format == 3u ? 12u : format == 5u ? 16u : 24u;

    d->state[S_PIXEL] = (d->state[S_PIXEL] << 8 | byte) & 0xffffffff;
    d->state[S_PIXEL_BITS] += 8;
    if (d->state[S_PIXEL_BITS] < size) {
        return;
    }
    d->state[S_PIXEL_BITS] -= size;
    uint32_t pixel = (uint32_t)(d->state[S_PIXEL] >> d->state[S_PIXEL_BITS]);

    if (size == 12u) {
        uint32_t red = (pixel >> 8) & 0xfu;
        uint32_t green = (pixel >> 4) & 0xfu;
        uint32_t blue = pixel & 0xfu;

        put_pixel(d, (red << 1 | red >> 3) << 11 | (green << 2 | green >> 2) << 5 |
                         (blue << 1 | blue >> 3));
    } else if (size == 16u) {
        put_pixel(d, pixel & 0xffffu);
    } else {
        put_pixel(d, (pixel >> 8 & 0xf800u) | (pixel >> 5 & 0x07e0u) | (pixel >> 3 & 0x1fu));
    }
}

/* ---------------------------------------------------------------- commands */

static void command(struct device *d, uint8_t byte)
{
    d->state[S_COMMAND] = byte;
    d->state[S_PLACE] = 0;
    switch (byte) {
    case SWRESET:
        reset_software(d);
        break;
    case SLPIN:
    case SLPOUT:
        d->state[S_AWAKE] = byte == SLPOUT;
        break;
    case INVOFF:
    case INVON:
        d->state[S_INVERTED] = byte == INVON;
        break;
    case DISPOFF:
    case DISPON:
        d->state[S_ON] = byte == DISPON;
        break;
    case RAMWR:
        d->state[S_COLUMN] = d->state[S_COLUMN_0];
        d->state[S_ROW] = d->state[S_ROW_0];
        d->state[S_PIXEL_BITS] = 0;
        break;
    default: /* its parameters count, or it has no effect that one can see */
        break;
    }
    show_state(d);
}

/* The last of CASET's and RASET's four bytes sets the window, unless it is upside down. */
static void set_window(struct device *d, unsigned first, uint8_t byte)
{
    d->state[S_FIRST] = (d->state[S_FIRST] << 8 | byte) & 0xffffffff;
    if (d->state[S_PLACE] == 3) {
        uint64_t from = d->state[S_FIRST] >> 16;
        uint64_t to = d->state[S_FIRST] & 0xffff;

        if (from <= to) {
            d->state[first] = from;
            d->state[first + 1u] = to;
        }
    }
}

static void parameter(struct device *d, uint8_t byte)
{
    switch (d->state[S_COMMAND]) {
    case CASET:
        set_window(d, S_COLUMN_0, byte);
        break;
    case RASET:
        set_window(d, S_ROW_0, byte);
        break;
    case RAMWR:
        put_byte(d, byte);
        break;
    case MADCTL:
        if (d->state[S_PLACE] == 0) {
            set_order(d, byte);
        }
        break;
    case COLMOD:
        if (d->state[S_PLACE] == 0) {
            d->state[S_COLMOD] = byte;
        }
        break;
    default:
        break;
    }
    d->state[S_PLACE]++;
}

/* D/CX is sampled with the last bit of a byte. Its data output is not connected. */
static uint32_t spi(struct device *d, uint32_t out, uint32_t bits)
{
    if (!is_low(d, IN_CS) || d->state[S_HELD] != 0) {
        return UINT32_MAX;
    }
    d->state[S_SHIFT] = (d->state[S_SHIFT] << bits | out) & 0xffffffff;
    d->state[S_BITS] += bits;
    while (d->state[S_BITS] >= 8) {
        d->state[S_BITS] -= 8;
        uint8_t byte = (uint8_t)(d->state[S_SHIFT] >> d->state[S_BITS]);

        if (is_low(d, IN_DC)) {
            command(d, byte);
        } else {
            parameter(d, byte);
        }
    }
    return UINT32_MAX;
}

const struct device_model st7735_model = {
    .name = "st7735",
    .external = true,
    .memory_bytes = MEMORY_BYTES,
    .reset = reset,
    .input = input,
    .spi = spi,
};
