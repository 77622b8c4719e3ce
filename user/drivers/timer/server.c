/* One hardware timer for many alarms: it is always set to the next of them.
 *
 * Time is the kernel's clock; the hardware only says when to look at it. Should the
 * hardware fail to, a deadline of the kernel does: late, and with a warning.
 */
#include "driver_server.h"
#include "k5_log.h"
#include "k5_task.h"
#include "timer_hw.h"

#define ALARMS       24u
#define QUOTA        4u /* of each client: alarms, and sleeps */
#define LEAST_PERIOD 100u
#define GRACE_US     20000u /* so late the hardware is broken */

struct alarm {
    uint64_t at_us; /* 0: this entry is free */
    uint64_t since_us;
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

static void drop(struct alarm *alarm)
{
    driver_forget(&alarm->notification);
    *alarm = (struct alarm){0};
}

/* Alarms whose clients are gone are free. */
static void sweep(void)
{
    for (uint32_t i = 0; i < ALARMS; i++) {
        if (alarms[i].notification != 0 && driver_is_gone(alarms[i].notification)) {
            drop(&alarms[i]);
        }
    }
}

/*
 * An entry for a client. NULL: it has its share, or there is none left. Whether a sleeper still
 * lives cannot be known, so a client that has its share of them loses the oldest: it is answered,
 * for the case that it does.
 */
static struct alarm *find_free(uint32_t owner, bool sleeps)
{
    struct alarm *free = NULL;
    struct alarm *oldest = NULL;
    uint32_t own = 0;

    sweep();
    for (uint32_t i = 0; i < ALARMS; i++) {
        struct alarm *alarm = &alarms[i];

        if (alarm->at_us == 0) {
            free = alarm;
        } else if (alarm->owner == owner && (alarm->sleeper != 0) == sleeps) {
            own++;
            oldest = oldest == NULL || alarm->since_us < oldest->since_us ? alarm : oldest;
        }
    }
    if (own < QUOTA || !sleeps) {
        return own < QUOTA ? free : NULL;
    }
    driver_finish(oldest->sleeper, K5_E_FULL, 0);
    drop(oldest);
    return oldest;
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
    uint64_t now = k5_time_us();
    uint32_t us = message->word[0];
    struct alarm *alarm = us != 0 ? find_free(message->badge, true) : NULL;

    if (alarm == NULL) {
        driver_answer(message, us == 0 ? K5_OK : K5_E_FULL, 0, 0, 0);
        return;
    }
    *alarm = (struct alarm){
        .at_us = now + us + 1u, /* the clock was rounded down */
        .since_us = now,
        .owner = message->badge,
        .sleeper = driver_defer(message),
    };
}

static enum k5_error set(const struct k5_message *message, bool again)
{
    uint32_t us = message->word[0];
    uint32_t bits = message->word[2];
    k5_cptr_t notification = k5_has_cap(message) ? message->word[1] : 0;
    struct alarm *alarm = find(message->badge, bits);
    enum k5_error error = K5_OK;

    alarm = alarm ? alarm : find_free(message->badge, false);
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
        .since_us = k5_time_us(),
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
