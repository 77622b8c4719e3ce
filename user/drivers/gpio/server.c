/* Pins: who has which, and who is told of edges. */
#include "driver_server.h"
#include "gpio_hw.h"
#include "k5_task.h"

#define PINS  40u
#define QUOTA 8u /* of each client */

struct pin {
    uint32_t name; /* 0: this entry is free */
    uint32_t owner;
    enum gpio_mode mode;
    k5_cptr_t watcher; /* the notification that edges are signalled to, or 0 */
    uint32_t bits;
};

static struct pin pins[PINS];

static struct pin *find(uint32_t name)
{
    for (uint32_t i = 0; i < PINS; i++) {
        if (pins[i].name == name) {
            return &pins[i];
        }
    }
    return NULL;
}

static uint32_t count_of(uint32_t owner)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < PINS; i++) {
        count += pins[i].name != 0 && pins[i].owner == owner;
    }
    return count;
}

/* The client's pin, or NULL. */
static struct pin *owned(const struct k5_message *message)
{
    struct pin *pin = message->word[0] != 0 ? find(message->word[0]) : NULL;

    return pin && pin->owner == message->badge ? pin : NULL;
}

static void unwatch(struct pin *pin)
{
    if (pin->watcher != 0) {
        (void)gpio_hw_watch(pin->name, 0);
        driver_forget(&pin->watcher);
    }
}

static enum k5_error configure(const struct k5_message *message)
{
    uint32_t name = message->word[0];
    struct gpio_config config = {
        .mode = (enum gpio_mode)(message->word[1] & 0xffu),
        .pull = (enum gpio_pull)(message->word[1] >> 8),
        .level = message->word[2] != 0,
        .function = (uint8_t)message->word[3],
    };

    if (name == 0 || !gpio_hw_has(name) || config.mode > GPIO_ANALOG ||
        config.pull > GPIO_PULL_DOWN) {
        return K5_E_INVALID;
    }

    struct pin *pin = find(name);
    bool fresh = pin == NULL;

    if (fresh) {
        pin = count_of(message->badge) < QUOTA ? find(0) : NULL;
    } else if (pin->owner != message->badge) {
        return K5_E_BUSY;
    }
    if (pin == NULL) {
        return K5_E_FULL;
    }

    enum k5_error error = gpio_hw_configure(name, &config);

    if (error == K5_OK) {
        pin->name = name;
        pin->owner = message->badge;
        pin->mode = config.mode;
    }
    return error;
}

static enum k5_error release(const struct k5_message *message)
{
    struct pin *pin = owned(message);

    if (pin == NULL) {
        return K5_E_STATE;
    }
    unwatch(pin);
    *pin = (struct pin){0};
    return K5_OK;
}

static enum k5_error write(const struct k5_message *message)
{
    struct pin *pin = owned(message);

    if (pin == NULL || (pin->mode != GPIO_OUTPUT && pin->mode != GPIO_OPEN_DRAIN)) {
        return K5_E_STATE;
    }
    gpio_hw_write(pin->name, message->word[1] != 0);
    return K5_OK;
}

/* The capability that came along is kept or given up: one for each watch, never more. */
static enum k5_error watch(const struct k5_message *message)
{
    struct pin *pin = owned(message);
    uint32_t edges = message->word[2];
    uint32_t bits = message->word[3];
    k5_cptr_t watcher = k5_has_cap(message) ? message->word[1] : 0;
    enum k5_error error = K5_E_STATE;

    if (watcher == 0 || bits == 0 || edges == 0 || (edges & ~(uint32_t)GPIO_BOTH_EDGES) != 0) {
        error = K5_E_INVALID;
    } else if (pin != NULL) {
        unwatch(pin);
        error = gpio_hw_watch(pin->name, edges);
    }
    if (error != K5_OK) {
        driver_forget(&watcher);
        return error;
    }
    pin->watcher = watcher;
    pin->bits = bits;
    return K5_OK;
}

/* Tells those whose edges came. Who is gone is not listened for any longer. */
static void tell(void)
{
    for (uint32_t i = 0; i < PINS; i++) {
        struct pin *pin = &pins[i];

        if (pin->watcher != 0 && gpio_hw_take_edge(pin->name) &&
            !driver_signal(&pin->watcher, pin->bits)) {
            (void)gpio_hw_watch(pin->name, 0);
        }
    }
}

static void serve(struct k5_message *message)
{
    const struct pin *pin = owned(message);
    bool level = pin && gpio_hw_read(pin->name);

    switch (driver_what(message)) {
    case GPIO_CONFIGURE:
        driver_answer(message, configure(message), 0, 0, 0);
        break;
    case GPIO_RELEASE:
        driver_answer(message, release(message), 0, 0, 0);
        break;
    case GPIO_WRITE:
        driver_answer(message, write(message), 0, 0, 0);
        break;
    case GPIO_READ:
        driver_answer(message, pin ? K5_OK : K5_E_STATE, level, 0, 0);
        break;
    case GPIO_WATCH:
        driver_answer(message, watch(message), 0, 0, 0);
        break;
    default:
        driver_answer(message, K5_E_INVALID, 0, 0, 0);
    }
}

/* Polls only while somebody watches. */
static uint64_t next_look(void)
{
    bool watched = false;

    for (uint32_t i = 0; i < PINS; i++) {
        watched |= pins[i].watcher != 0;
    }
    return watched && gpio_hw_poll_us() != 0 ? k5_time_us() + gpio_hw_poll_us() : 0;
}

int main(void)
{
    struct driver_server server = {.endpoint = CAP_SELF, .takes_cap = 1u << GPIO_WATCH};
    struct k5_message message = {0};

    gpio_hw_start();
    while (driver_next(&server, &message) == K5_OK) {
        uint32_t what = driver_what(&message);

        if (what == DRIVER_EVENT || what == DRIVER_TIME) {
            tell();
            if (what == DRIVER_EVENT) {
                gpio_hw_acknowledge(message.word[0]);
            }
        } else {
            serve(&message);
        }
        if (what == DRIVER_TIME || what == GPIO_WATCH || what == GPIO_RELEASE) {
            server.wake_at = next_look();
        }
    }
    k5_panic(1);
}
