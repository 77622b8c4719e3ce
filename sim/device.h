/* The device interface: what a model of a peripheral is made of, and all that it knows.
 *
 * A model is a table of registers, a function for the side effects of a write,
 * at most one pending event, and pure functions for what it shows to the outside:
 * its interrupt lines and the levels of its signals. The core (sim/devices/devices.c and
 * beside it) does the rest: it finds the register, applies the masks, tells misuse
 * from what is not modelled, keeps time, asks for lines and levels after each
 * change, and records. A device's whole state is struct device, plain data, and
 * for some a memory.
 *
 * Time is counted in ticks of the CPU's clock since power-on. A model reads `now`
 * and sets `event_at`; it has no other clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define DEVICE_REGISTERS 64u
#define DEVICE_STATES    24u
#define DEVICE_LINES     32u
#define DEVICE_INPUTS    256u /* signals that others may drive */
#define DEVICE_VALUES    8u
#define DEVICE_NEVER     UINT64_MAX

struct device_register {
    uint32_t offset; /* bytes; a multiple of 4 unless the access is by bytes, ascending */
    const char *name;
    uint32_t reset;
    uint32_t write;      /* bits that take what is written */
    uint32_t w1c;        /* bits that are cleared by writing 1 */
    uint32_t unmodelled; /* bits that mean something on the chip, but nothing here */
};

/* What an access of one or two bytes to a register of words is. */
enum device_access {
    DEVICE_WORDS,      /* misuse: it reads 0 and writes nothing */
    DEVICE_WORDS_ONLY, /* refused with a bus error */
    DEVICE_ANY_SIZE,   /* a part of the word: what is written goes there, the other bytes stay */
    DEVICE_HALFWORDS,  /* the same for halfwords; bytes are misuse */
    DEVICE_BYTES,      /* registers are single bytes, wherever they lie; anything wider is misuse */
};

/* Why a device starts anew. */
enum device_reset {
    DEVICE_RESET_POWER,    /* the supply: everything, but what is non-volatile */
    DEVICE_RESET_PIN,      /* the MCU alone, by its reset pin, */
    DEVICE_RESET_WATCHDOG, /* or by a device that set wants_reset */
};

/* What a character on a serial line came with. */
enum device_serial_error {
    DEVICE_SERIAL_FRAMING = 1, /* no stop bit where one is due */
    DEVICE_SERIAL_PARITY = 2,
    DEVICE_SERIAL_NOISE = 4,
    DEVICE_SERIAL_BREAK = 8, /* the line was low for a whole frame */
};

/* How long a character takes on a serial line as the device is set up now. */
struct device_frame {
    uint64_t ticks; /* of all its bits; 0: it has no speed yet */
    uint32_t bits;  /* start, data, parity and stop bits */
    bool receives;  /* what comes in is not lost */
};

/* Output signals, a bit each. */
struct device_levels {
    uint32_t driven; /* strongly; the others are open */
    uint32_t pulled; /* of the open ones: weakly, by a pull-up or pull-down */
    uint32_t high;   /* the level, where driven or pulled */
};

struct device;

struct device_model {
    const char *name; /* of struct k5sim_device */
    uint32_t bytes;   /* of its registers; a multiple of 4; 0: no registers, it hangs on a bus */
    const struct device_register *registers;
    uint32_t register_count;
    enum device_access access;
    bool external;             /* a chip of its own: reset by power alone */
    uint32_t memory_bytes;     /* of `memory`; 0: none */
    bool memory_stays;         /* non-volatile; erased (0xff) when it is new */
    uint32_t pads;             /* its signals 0 to pads - 1 are pins: read and driven at once */
    const char *const *values; /* quantities that the outside sets: "temperature_mc", "nack" */
    uint32_t value_count;

    /* Any of these may be NULL. Registers are named by their place in the table. */
    void (*reset)(struct device *d,
                  enum device_reset why);          /* reg[] has the reset values, state[] 0 */
    void (*reading)(struct device *d, unsigned r); /* brings reg[r] up to date, before it is read */
    void (*was_read)(struct device *d, unsigned r);              /* side effects of a task's read */
    void (*written)(struct device *d, unsigned r, uint32_t old); /* after the masks; was `old` */
    void (*event)(struct device *d);                             /* event_at has come */
    uint32_t (*raises)(const struct device *d); /* bit k: its k-th interrupt line is up; pure */

    /* Where there is no table of registers: bytes 1, 2 or 4, aligned. False: a bus error. */
    bool (*load)(struct device *d, uint32_t offset, uint32_t bytes, uint32_t *value);
    bool (*store)(struct device *d, uint32_t offset, uint32_t bytes, uint32_t value);

    /* Signals: levels between devices, and at pins. */
    struct device_levels (*drives)(const struct device *d); /* signals 0 to 31; pure */
    void (*input)(struct device *d, unsigned signal); /* device_input() or _open() of it changed */

    void (*changed)(struct device *d, unsigned v); /* the outside has set value[v] */

    /* A serial line, both or none: device_send() is its other direction. */
    struct device_frame (*frame)(const struct device *d);
    void (*received)(struct device *d, uint32_t character, uint32_t errors);

    /* On a serial bus, as a target of another device. */
    uint32_t (*spi)(struct device *d, uint32_t out,
                    uint32_t bits); /* what it shifts out meanwhile */
    bool (*i2c_start)(struct device *d, uint32_t address, bool reading); /* acknowledges */
    bool (*i2c_write)(struct device *d, uint8_t byte);                   /* acknowledges */
    uint8_t (*i2c_read)(struct device *d);
    void (*i2c_stop)(struct device *d);
};

struct device {
    const struct device_model *model;
    uint8_t *memory;        /* memory_bytes; not in the struct, but in a snapshot */
    uint64_t tick_hz;       /* the core's */
    uint32_t parameter;     /* the board's: an address on a bus, say */
    uint32_t access_bytes;  /* the core's: size of the access at hand, */
    uint32_t access_offset; /* and where in the register it begins, 0 to 3 */
    uint64_t now;           /* the core's: set before each of the model's functions */

    /* From here on: its state, what two machines that are alike have in common. */
    uint64_t event_at; /* the model's: absolute tick behind `now`, or DEVICE_NEVER. Consumed when it
                          comes; `now` is exactly that tick then. */
    uint32_t reg[DEVICE_REGISTERS];
    uint64_t state[DEVICE_STATES]; /* what is in no register; named by the model; 0 at reset */
    uint32_t levels[DEVICE_INPUTS / 32u]; /* the core's: see device_input() */
    uint32_t open[DEVICE_INPUTS / 32u];   /* the core's: see device_input_open() */
    int32_t value[DEVICE_VALUES];         /* set by the outside, or used up by the model */
    uint32_t wants_reset;                 /* the model's: 1: the core resets the MCU, at once */
    uint32_t reserved;                    /* no holes */
};

/* The level of an input signal; of a pad: what is there, whoever drives it. */
static inline bool device_input(const struct device *d, unsigned signal)
{
    return ((d->levels[signal / 32u] >> signal % 32u) & 1u) != 0;
}

/* Nobody drives an input signal: no wire is there, or the device at its other end does not. Of a
 * pad: neither chip nor outside drives it; a pull may. */
static inline bool device_input_open(const struct device *d, unsigned signal)
{
    return ((d->open[signal / 32u] >> signal % 32u) & 1u) != 0;
}

/* A character leaves on the device's serial line: its stop bits have just ended. `errors`: some of
 * enum device_serial_error that whoever receives it would see. */
void device_send(struct device *d, uint32_t character, uint32_t errors);

/* A character is on its way in, its start bit not later than now. */
bool device_arriving(const struct device *d);

/* The device on whose bus `d` hangs, or NULL. */
struct device *device_parent(struct device *d);

/*
 * The controller's side of a bus; `d` is the controller. All targets on an SPI bus see the
 * exchange, and know by their select signal whether they are meant; where nobody answers it
 * reads ones. An I2C address is acknowledged or not; then bytes go to and from who did.
 */
uint32_t device_spi(struct device *d, uint32_t out, uint32_t bits);
bool device_i2c_start(struct device *d, uint32_t address, bool reading);
bool device_i2c_write(struct device *d, uint8_t byte);
uint8_t device_i2c_read(struct device *d);
void device_i2c_stop(struct device *d);
