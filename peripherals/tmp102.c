/*
 * Texas Instruments TMP102: a temperature sensor on an I2C bus.
 * Source: data sheet SBOS397. Status: docs/peripherals/tmp102.md.
 *
 * It converts at its own pace: a conversion takes 26 ms and then shows the
 * temperature that the outside has set. The parameter is its address.
 */
#include "sim/device.h"

enum { V_TEMPERATURE, V_NACK, V_STUCK, V_COUNT };

static const char *const value_names[V_COUNT] = {"temperature_mc", "nack", "stuck"};

enum { OUT_ALERT, OUT_HOLDS };

/* What the pointer chooses. */
enum { P_TEMPERATURE, P_CONFIGURATION, P_LOW, P_HIGH };

/* The configuration's two bytes, the first one in the high bits. */
#define CONFIG_EM        (1u << 4)
#define CONFIG_AL        (1u << 5)
#define CONFIG_RATE      6 /* two bits */
#define CONFIG_SD        (1u << 8)
#define CONFIG_TM        (1u << 9)
#define CONFIG_POL       (1u << 10)
#define CONFIG_FAULTS    11 /* two bits */
#define CONFIG_OS        (1u << 15)
#define CONFIG_RESET     0x6080u
#define CONFIG_READ_ONLY (CONFIG_AL | 0x600fu) /* and R1 R0, which say 12 bits */

#define LOW_RESET  0x4b00u /* 75 degrees */
#define HIGH_RESET 0x5000u /* 80 degrees */

enum {
    S_REGISTER,                 /* four of them, as on the wire; AL and OS are worked out */
    S_POINTER = S_REGISTER + 4, /* chooses one */
    S_BYTE,                     /* of a transfer: how many there were */
    S_READ,                     /* what this transfer reads */
    S_CONVERTED_AT,             /* when the last one ended */
    S_FAULTS,                   /* conversions in a row that are beyond the limit */
    S_ABOVE,                    /* it was too hot, and is not yet cool: what AL says */
    S_ALERT,                    /* interrupt mode: nobody has read it yet */
    S_CALLED,                   /* this transfer is a general call */
};

#define RESET_BY_CALL 0x06u

static uint16_t config(const struct device *d)
{
    return (uint16_t)d->state[S_REGISTER + P_CONFIGURATION];
}

/* ---------------------------------------------------------------- temperatures */

/* 1/16 degrees, from the 12 or 13 bits at the top of a register. */
static int32_t sixteenths(const struct device *d, unsigned pointer)
{
    int16_t raw = (int16_t)d->state[S_REGISTER + pointer];

    return raw >> ((config(d) & CONFIG_EM) != 0 ? 3 : 4);
}

static int32_t clamp(int32_t value, int32_t least, int32_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* The register of a temperature of the outside: rounded, and as far as it goes. */
static uint16_t measured(const struct device *d)
{
    int32_t mc = clamp(d->value[V_TEMPERATURE], -300000, 300000);
    int32_t half = mc < 0 ? -500 : 500;
    int32_t value = (mc * 16 + half) / 1000;

    if ((config(d) & CONFIG_EM) != 0) {
        return (uint16_t)((uint32_t)clamp(value, -4096, 4095) << 3 | 1u);
    }
    return (uint16_t)((uint32_t)clamp(value, -2048, 2047) << 4);
}

/* ---------------------------------------------------------------- alert */

static void compare(struct device *d)
{
    static const uint8_t faults[] = {1, 2, 4, 6};
    int32_t temperature = sixteenths(d, P_TEMPERATURE);
    bool above = d->state[S_ABOVE] != 0;
    bool fault = above ? temperature < sixteenths(d, P_LOW) : temperature >= sixteenths(d, P_HIGH);

    d->state[S_FAULTS] = fault ? d->state[S_FAULTS] + 1u : 0;
    if (d->state[S_FAULTS] >= faults[(config(d) >> CONFIG_FAULTS) & 3u]) {
        d->state[S_FAULTS] = 0;
        d->state[S_ABOVE] = !above;
        d->state[S_ALERT] = 1;
    }
}

/* In interrupt mode it lasts until any register is read; otherwise until it is cool. */
static bool alerts(const struct device *d)
{
    return d->state[(config(d) & CONFIG_TM) != 0 ? S_ALERT : S_ABOVE] != 0;
}

/* ALERT is an open drain. SCL is held low by "stuck": a line of its own, that is high then. */
static struct device_levels drives(const struct device *d)
{
    bool low = alerts(d) == ((config(d) & CONFIG_POL) == 0);
    uint32_t holds = d->value[V_STUCK] != 0 ? 1u << OUT_HOLDS : 0;

    return (struct device_levels){
        .driven = (low ? 1u << OUT_ALERT : 0) | 1u << OUT_HOLDS,
        .high = holds,
    };
}

/* ---------------------------------------------------------------- conversions */

static uint64_t ms(const struct device *d, uint64_t count)
{
    return d->tick_hz * count / 1000u;
}

static uint64_t conversion_ticks(const struct device *d)
{
    return ms(d, 26);
}

/* The event is always a conversion's end. */
static bool is_converting(const struct device *d)
{
    return d->event_at - d->now <= conversion_ticks(d);
}

static void begin_conversion(struct device *d)
{
    d->event_at = d->now + conversion_ticks(d);
}

/* The next result of those that come by themselves. */
static void schedule(struct device *d)
{
    static const uint16_t period_ms[] = {4000, 1000, 250, 125};
    uint64_t period = ms(d, period_ms[(config(d) >> CONFIG_RATE) & 3u]);
    uint64_t at = d->state[S_CONVERTED_AT] + period;
    uint64_t soonest = d->now + conversion_ticks(d);

    d->event_at = at < soonest ? soonest : at;
}

static void event(struct device *d)
{
    d->state[S_REGISTER + P_TEMPERATURE] = measured(d);
    d->state[S_CONVERTED_AT] = d->now;
    compare(d);
    if ((config(d) & CONFIG_SD) == 0) {
        schedule(d);
    }
}

/* The first conversion begins at once. */
static void power_on(struct device *d)
{
    d->state[S_REGISTER + P_TEMPERATURE] = 0;
    d->state[S_REGISTER + P_CONFIGURATION] = CONFIG_RESET;
    d->state[S_REGISTER + P_LOW] = LOW_RESET;
    d->state[S_REGISTER + P_HIGH] = HIGH_RESET;
    d->state[S_POINTER] = P_TEMPERATURE;
    d->state[S_FAULTS] = 0;
    d->state[S_ABOVE] = 0;
    d->state[S_ALERT] = 0;
    begin_conversion(d);
}

static void reset(struct device *d, enum device_reset why)
{
    (void)why;
    power_on(d);
}

/* ---------------------------------------------------------------- registers */

static uint16_t read_register(const struct device *d, unsigned pointer)
{
    uint16_t value = (uint16_t)d->state[S_REGISTER + pointer];

    if (pointer != P_CONFIGURATION) {
        return value;
    }
    bool al = (d->state[S_ABOVE] != 0) == ((value & CONFIG_POL) != 0);
    bool os = (value & CONFIG_SD) != 0 && !is_converting(d);

    return (uint16_t)(value | (al ? CONFIG_AL : 0) | (os ? CONFIG_OS : 0));
}

static void write_config(struct device *d, uint16_t value)
{
    uint16_t old = config(d);
    uint16_t stays = CONFIG_READ_ONLY | CONFIG_OS;
    bool was_shut_down = (old & CONFIG_SD) != 0;
    bool one_shot = was_shut_down && (value & CONFIG_OS) != 0;

    value = (uint16_t)((value & ~stays) | (old & CONFIG_READ_ONLY));
    d->state[S_REGISTER + P_CONFIGURATION] = value;
    if (is_converting(d)) {
        return; /* it ends first, and sees to what follows */
    }
    if (one_shot || (was_shut_down && (value & CONFIG_SD) == 0)) {
        begin_conversion(d);
    } else if ((value & CONFIG_SD) != 0) {
        d->event_at = DEVICE_NEVER;
    } else {
        schedule(d);
    }
}

/* One byte of a register: the first of a transfer is its high one. */
static void write_byte(struct device *d, unsigned pointer, unsigned place, uint8_t byte)
{
    uint16_t value = (uint16_t)d->state[S_REGISTER + pointer];

    value = place == 0 ? (uint16_t)((value & 0xff) | (uint32_t)byte << 8)
                       : (uint16_t)((value & 0xff00) | byte);
    if (pointer == P_CONFIGURATION) {
        write_config(d, value);
    } else if (pointer != P_TEMPERATURE) {
        d->state[S_REGISTER + pointer] = value;
    }
}

/* ---------------------------------------------------------------- bus */

static bool i2c_start(struct device *d, uint32_t address, bool reading)
{
    bool called = address == 0 && !reading;

    if (d->value[V_NACK] != 0 || (address != d->parameter && !called)) {
        return false;
    }
    d->state[S_CALLED] = called;
    d->state[S_BYTE] = 0;
    if (reading) {
        d->state[S_READ] = read_register(d, (unsigned)d->state[S_POINTER]);
        d->state[S_ALERT] = 0;
    }
    return true;
}

static bool i2c_write(struct device *d, uint8_t byte)
{
    uint64_t place = d->state[S_BYTE]++;

    if (d->value[V_NACK] != 0) {
        return false;
    }
    if (d->state[S_CALLED] != 0) {
        if (byte == RESET_BY_CALL) {
            power_on(d);
        }
        return byte == RESET_BY_CALL;
    }
    if (place == 0) {
        d->state[S_POINTER] = byte & 3u;
    } else if (place <= 2) {
        write_byte(d, (unsigned)d->state[S_POINTER], (unsigned)place - 1u, byte);
    }
    return true;
}

/* Behind the second byte nobody pulls SDA low. */
static uint8_t i2c_read(struct device *d)
{
    uint64_t place = d->state[S_BYTE]++;

    return place == 0   ? (uint8_t)(d->state[S_READ] >> 8)
           : place == 1 ? (uint8_t)d->state[S_READ]
                        : 0xff;
}

const struct device_model tmp102_model = {
    .name = "tmp102",
    .external = true,
    .values = value_names,
    .value_count = V_COUNT,
    .reset = reset,
    .event = event,
    .drives = drives,
    .i2c_start = i2c_start,
    .i2c_write = i2c_write,
    .i2c_read = i2c_read,
};
