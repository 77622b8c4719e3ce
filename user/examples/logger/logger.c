/* Reads the sensor now and then, and when it tells that a limit was passed. */
#include "journal.h"
#include "k5_log.h"
#include "k5_task.h"
#include "sensor.h"

#define PERIOD_US 200000u
#define ALERT     1u
#define WARM_MC   30000
#define COOL_MC   28000

static struct journal journal;

static void open_journal(uint32_t *start)
{
    enum k5_error error = journal_open(&journal, CAP_STORAGE);

    if (error != K5_OK) {
        K5_ERROR("no journal: error %d", error);
        k5_panic(1);
    }
    *start = journal.records != 0 ? journal.last.start + 1u : 1u;
    K5_INFO("start %u: %u records, %u torn, next is %u at %#x", *start, journal.records,
            journal.torn, journal.sequence, journal.next);
    if (journal.records != 0) {
        K5_INFO("the last one says %d mC", journal.last.milli_degrees);
    }
}

static bool watch(void)
{
    enum k5_error error = sensor_watch(CAP_SENSOR, COOL_MC, WARM_MC, CAP_EVENTS, ALERT);

    if (error != K5_OK) {
        K5_WARN("no alerts: error %d", error);
    }
    return error == K5_OK;
}

static void take_sample(uint32_t start, bool warm, bool *watched)
{
    struct sample sample = {
        .start = start,
        .time_ms = (uint32_t)(k5_time_us() / 1000u),
        .warm = warm,
    };
    enum k5_error error = sensor_read(CAP_SENSOR, &sample.milli_degrees);

    *watched &= error != K5_E_RESTARTED; /* its driver knows us no more */
    if (error != K5_OK) {
        K5_WARN("no sample: error %d", error);
        return;
    }
    error = journal_append(&journal, &sample);
    if (error != K5_OK) {
        K5_WARN("not stored: error %d", error);
        return;
    }
    K5_INFO("record %u: %d mC", journal.sequence - 1u, sample.milli_degrees);
}

int main(void)
{
    bool watched = false;
    bool warm = false;
    uint64_t next_us = k5_time_us();
    uint32_t start;

    open_journal(&start);
    for (;;) {
        uint32_t bits = 0;

        if (!watched) {
            watched = watch();
        }
        take_sample(start, warm, &watched);
        next_us += PERIOD_US;
        if (k5_wait_until(CAP_EVENTS, ALERT, k5_deadline_us(next_us), &bits) == K5_OK) {
            warm = !warm;
            if (warm) {
                K5_WARN("it is warm");
            } else {
                K5_INFO("it is cool again");
            }
            next_us = k5_time_us();
        }
    }
}
