/* A temperature sensor on a bus, with a line that tells when a limit is passed. */
#include "driver_server.h"
#include "gpio.h"
#include "k5_log.h"
#include "k5_task.h"
#include "sensor_hw.h"

#define ALERT_BIT 4u
#define LOOK_US   1000000u /* how often to ask whether the pins' driver still listens for us */

static struct {
    k5_cptr_t notification; /* 0: nobody watches */
    uint32_t owner;
    uint32_t bits;
    int32_t low, high;
    bool warm; /* the state that the client knows */
} watcher;

static bool ready;

/* Sets up the sensor, if it is not, or no longer. */
static enum k5_error prepare(void)
{
    enum k5_error error = ready ? K5_OK : sensor_hw_start();

    if (error == K5_OK && !ready && watcher.notification != 0) {
        error = sensor_hw_limits(watcher.low, watcher.high);
    }
    ready = error == K5_OK;
    return error;
}

static enum k5_error measure(int32_t *milli_degrees)
{
    enum k5_error error = prepare();

    if (error == K5_OK) {
        error = sensor_hw_read(milli_degrees);
    }
    ready = error == K5_OK;
    return error;
}

static enum k5_error listen(void)
{
    struct gpio_config input = {.mode = GPIO_INPUT, .pull = GPIO_PULL_UP};
    enum k5_error error;

    do {
        error = gpio_configure(CAP_GPIO, sensor_hw_alert_pin(), input);
        if (error == K5_OK) {
            error =
                gpio_watch(CAP_GPIO, sensor_hw_alert_pin(), GPIO_BOTH_EDGES, CAP_ALERT, ALERT_BIT);
        }
    } while (error == K5_E_RESTARTED);
    return error;
}

/* Until the next conversion the line may still tell of earlier limits. */
static bool is_warm(uint32_t level)
{
    int32_t milli_degrees = watcher.high;

    if (level != sensor_hw_alert_level()) {
        return false;
    }
    return watcher.warm || measure(&milli_degrees) != K5_OK || milli_degrees >= watcher.low;
}

/* The level is what counts, edges may have merged. */
static void tell(void)
{
    uint32_t level = 0;
    enum k5_error error = gpio_read(CAP_GPIO, sensor_hw_alert_pin(), &level);

    if (error == K5_E_RESTARTED || error == K5_E_STATE) {
        error = listen();
        if (error == K5_OK) {
            error = gpio_read(CAP_GPIO, sensor_hw_alert_pin(), &level);
        }
    }

    if (error == K5_OK && is_warm(level) != watcher.warm) {
        watcher.warm = !watcher.warm;
        (void)driver_signal(&watcher.notification, watcher.bits);
    }
}

static enum k5_error watch(const struct k5_message *message)
{
    k5_cptr_t notification = k5_has_cap(message) ? message->word[1] : 0;
    int32_t high = (int32_t)message->word[0];
    int32_t low = (int32_t)message->word[2];
    enum k5_error error = K5_OK;

    if (notification == 0 || message->word[3] == 0 || low >= high) {
        error = K5_E_INVALID;
    } else if (watcher.notification != 0 && watcher.owner != message->badge &&
               !driver_is_gone(watcher.notification)) {
        error = K5_E_BUSY;
    }
    error = error == K5_OK ? prepare() : error;
    error = error == K5_OK ? sensor_hw_limits(low, high) : error;
    error = error == K5_OK ? listen() : error;
    if (error != K5_OK) {
        driver_forget(&notification);
        return error;
    }
    driver_forget(&watcher.notification);
    watcher.notification = notification;
    watcher.owner = message->badge;
    watcher.bits = message->word[3];
    watcher.low = low;
    watcher.high = high;
    watcher.warm = false;
    return K5_OK;
}

int main(void)
{
    struct driver_server server = {.endpoint = CAP_SELF, .takes_cap = 1u << SENSOR_WATCH};
    struct k5_message message = {0};
    int32_t milli_degrees = 0;
    enum k5_error error = prepare();

    if (error != K5_OK) {
        K5_WARN("the sensor does not answer: error %d", error);
    }
    while (driver_next(&server, &message) == K5_OK) {
        switch (driver_what(&message)) {
        case SENSOR_READ:
            error = measure(&milli_degrees);
            driver_answer(&message, error, (uint32_t)milli_degrees, 0, 0);
            break;
        case SENSOR_WATCH:
            driver_answer(&message, watch(&message), 0, 0, 0);
            break;
        case DRIVER_EVENT:
        case DRIVER_TIME:
            break;
        default:
            driver_answer(&message, K5_E_INVALID, 0, 0, 0);
        }
        if (watcher.notification != 0) {
            tell();
        }
        server.wake_at = watcher.notification != 0 ? k5_time_us() + LOOK_US : 0;
    }
    k5_panic(1);
}
