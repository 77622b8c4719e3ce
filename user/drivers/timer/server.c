/* One hardware timer for many alarms: it is always set to the next of them.
 *
 * Time is the kernel's clock; the hardware only says when to look at it. Should the
 * hardware fail to, a deadline of the kernel does: late, and with a warning.
 */
#include "driver_server.h"
#include "k5_log.h"
#include "k5_task.h"
#include "timer_hw.h"

#define ALARMS       16u
#define LEAST_PERIOD 100u
#define GRACE_US     20000u /* so late the hardware is broken */

struct alarm {
    uint64_t at_us;     /* 0: this entry is free */
    uint32_t period_us; /* 0: once */
    uint32_t owner;
    uint32_t bits;
    k5_cptr_t notification; /* either is told, */
    k5_cptr_t sleeper;      /* or answered */
};

static struct alarm alarms[ALARMS];

static struct alarm *find(uint32_t owner, uint32_t bits)
{
    for (uint32_t i = 0; i < ALARMS; i++) {
        if (alarms[i].at_us != 0 && alarms[i].notification != 0 && alarms[i].owner == owner &&
            alarms[i].bits == bits) {
            return &alarms[i];
        }
    }
    return NULL;
}

static struct alarm *find_free(void)
{
    for (uint32_t i = 0; i < ALARMS; i++) {
        if (alarms[i].at_us == 0) {
            return &alarms[i];
        }
    }
    return NULL;
}

static void drop(struct alarm *alarm)
{
    driver_forget(&alarm->notification);
    *alarm = (struct alarm){0};
}

static uint64_t next_alarm(void)
{
    uint64_t next = 0;

    for (uint32_t i = 0; i < ALARMS; i++) {
        if (alarms[i].at_us != 0 && (next == 0 || alarms[i].at_us < next)) {
            next = alarms[i].at_us;
        }
    }
    return next;
}

/* Periods that were missed are skipped: their signals would merge anyway. */
static void ring(struct alarm *alarm, uint64_t now)
{
    if (alarm->sleeper != 0) {
        driver_finish(alarm->sleeper, K5_OK, 0);
        *alarm = (struct alarm){0};
    } else if (!driver_signal(&alarm->notification, alarm->bits) || alarm->period_us == 0) {
        drop(alarm);
    } else {
        alarm->at_us += ((now - alarm->at_us) / alarm->period_us + 1u) * alarm->period_us;
    }
}

static void ring_all(void)
{
    uint64_t now = k5_time_us();

    for (uint32_t i = 0; i < ALARMS; i++) {
        if (alarms[i].at_us != 0 && alarms[i].at_us <= now) {
            ring(&alarms[i], now);
        }
    }
}

static void set_next(void)
{
    uint64_t next = next_alarm();
    uint64_t now = k5_time_us();

    if (next == 0) {
        timer_hw_clear();
        return;
    }

    uint64_t us = next > now ? next - now : 1u;

    timer_hw_set(us < UINT32_MAX ? (uint32_t)us : UINT32_MAX);
}

static void sleep(struct k5_message *message)
{
    struct alarm *alarm = find_free();

    if (message->word[0] == 0) {
        driver_answer(message, K5_OK, 0, 0, 0);
    } else if (alarm == NULL) {
        driver_answer(message, K5_E_FULL, 0, 0, 0);
    } else {
        uint32_t us = message->word[0];

        *alarm = (struct alarm){
            .at_us = k5_time_us() + us + 1u, /* the clock was rounded down */
            .owner = message->badge,
            .sleeper = driver_defer(message),
        };
        alarm->at_us = alarm->sleeper != 0 ? alarm->at_us : 0; /* a mere send has nobody to wake */
    }
}

static enum k5_error set(const struct k5_message *message, bool again)
{
    uint32_t us = message->word[0];
    uint32_t bits = message->word[2];
    k5_cptr_t notification = k5_has_cap(message) ? message->word[1] : 0;
    struct alarm *alarm = find(message->badge, bits);
    enum k5_error error = K5_OK;

    alarm = alarm ? alarm : find_free();
    if (notification == 0 || bits == 0 || (again && us < LEAST_PERIOD)) {
        error = K5_E_INVALID;
    } else if (alarm == NULL) {
        error = K5_E_FULL;
    }
    if (error != K5_OK) {
        driver_forget(&notification);
        return error;
    }
    drop(alarm);
    *alarm = (struct alarm){
        .at_us = k5_time_us() + us + 1u,
        .period_us = again ? us : 0,
        .owner = message->badge,
        .bits = bits,
        .notification = notification,
    };
    return K5_OK;
}

static enum k5_error cancel(const struct k5_message *message)
{
    struct alarm *alarm = find(message->badge, message->word[2]);

    if (alarm == NULL) {
        return K5_E_STATE;
    }
    drop(alarm);
    return K5_OK;
}

static void serve(struct k5_message *message)
{
    switch (driver_what(message)) {
    case TIMER_SLEEP:
        sleep(message);
        break;
    case TIMER_ALARM:
        driver_answer(message, set(message, false), 0, 0, 0);
        break;
    case TIMER_EVERY:
        driver_answer(message, set(message, true), 0, 0, 0);
        break;
    case TIMER_CANCEL:
        driver_answer(message, cancel(message), 0, 0, 0);
        break;
    case DRIVER_EVENT:
        timer_hw_clear();
        timer_hw_acknowledge();
        break; /* what is due is looked at after each of these */
    case DRIVER_TIME:
        K5_WARN("the hardware timer did not come");
        timer_hw_start();
        break;
    default:
        driver_answer(message, K5_E_INVALID, 0, 0, 0);
    }
}

int main(void)
{
    struct driver_server server = {
        .endpoint = CAP_SELF,
        .takes_cap = 1u << TIMER_ALARM | 1u << TIMER_EVERY,
    };
    struct k5_message message = {0};

    timer_hw_start();
    while (driver_next(&server, &message) == K5_OK) {
        serve(&message);
        ring_all();
        set_next();
        server.wake_at = next_alarm();
        server.wake_at += server.wake_at != 0 ? GRACE_US : 0;
    }
    k5_panic(1);
}
