/* Feeds the hardware as long as every client feeds us in time.
 *
 * If this task restarts it knows its clients no more. They learn so at their next
 * feed, and start again; if nobody does within REJOIN_US the hardware starves.
 */
#include "driver_server.h"
#include "k5_log.h"
#include "k5_task.h"
#include "watchdog_hw.h"

#define CLIENTS   8u
#define LEAST_US  1000u
#define REJOIN_US 1000000u
#define NO_CLIENT UINT32_MAX

struct client {
    uint32_t timeout_us; /* 0: this entry is free */
    uint32_t badge;
    uint64_t due_us;
};

static struct client clients[CLIENTS];
static uint64_t rejoin_by; /* 0: nobody is waited for */
static bool starving;      /* somebody was late: there is no way back */

static struct client *find(uint32_t badge)
{
    for (uint32_t i = 0; i < CLIENTS; i++) {
        if (clients[i].timeout_us != 0 && clients[i].badge == badge) {
            return &clients[i];
        }
    }
    return NULL;
}

static struct client *find_free(void)
{
    for (uint32_t i = 0; i < CLIENTS; i++) {
        if (clients[i].timeout_us == 0) {
            return &clients[i];
        }
    }
    return NULL;
}

static enum k5_error start(const struct k5_message *message)
{
    struct client *client = find(message->badge);
    uint32_t timeout_us = message->word[0];
    enum k5_error error;

    client = client ? client : find_free();
    if (timeout_us < LEAST_US) {
        return K5_E_INVALID;
    }
    if (client == NULL) {
        return K5_E_FULL;
    }
    error = watchdog_hw_runs() ? K5_OK : watchdog_hw_start();
    if (error == K5_OK) {
        *client = (struct client){
            .timeout_us = timeout_us,
            .badge = message->badge,
            .due_us = k5_time_us() + timeout_us,
        };
        rejoin_by = 0;
    }
    return error;
}

static enum k5_error feed(const struct k5_message *message)
{
    struct client *client = find(message->badge);

    if (client == NULL) {
        return K5_E_STATE;
    }
    client->due_us = k5_time_us() + client->timeout_us;
    return K5_OK;
}

static enum k5_error stop(const struct k5_message *message)
{
    struct client *client = find(message->badge);

    if (client == NULL) {
        return K5_E_STATE;
    }
    *client = (struct client){0};
    return K5_OK;
}

/* Before a feed counts: one that comes too late must not save its client. */
static void look(void)
{
    uint64_t now = k5_time_us();

    for (uint32_t i = 0; i < CLIENTS && !starving; i++) {
        if (clients[i].timeout_us != 0 && now > clients[i].due_us) {
            starving = true;
            K5_ERROR("client %u is late: the watchdog will bite", clients[i].badge);
        }
    }
    if (rejoin_by != 0 && now > rejoin_by && !starving) {
        starving = true;
        K5_ERROR("no client came back: the watchdog will bite");
    }
    if (!starving && watchdog_hw_runs()) {
        watchdog_hw_feed();
    }
}

static void serve(struct k5_message *message)
{
    switch (driver_what(message)) {
    case WATCHDOG_START:
        driver_answer(message, start(message), 0, 0, 0);
        break;
    case WATCHDOG_FEED:
        driver_answer(message, feed(message), 0, 0, 0);
        break;
    case WATCHDOG_STOP:
        driver_answer(message, stop(message), 0, 0, 0);
        break;
    case DRIVER_TIME:
        break;
    default:
        driver_answer(message, K5_E_INVALID, 0, 0, 0);
    }
}

int main(void)
{
    struct driver_server server = {.endpoint = CAP_SELF};
    struct k5_message message = {0};

    if (watchdog_hw_runs()) {
        rejoin_by = k5_time_us() + REJOIN_US;
        server.wake_at = k5_time_us();
    }
    while (driver_next(&server, &message) == K5_OK) {
        look();
        serve(&message);
        server.wake_at = watchdog_hw_runs() ? k5_time_us() + watchdog_hw_period_us() : 0;
    }
    k5_panic(1);
}
