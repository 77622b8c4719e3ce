/* Restarts the worker when it faults or falls silent, and feeds the watchdog meanwhile. */
#include "clocks.h"
#include "k5_log.h"
#include "k5_task.h"
#include "supervision.h"
#include "watchdog.h"

#define SILENCE_US (5u * BEAT_US) /* then the worker hangs */
#define BITE_US    400000u        /* then the supervisor does */

static void report_cause(void)
{
    uint32_t cause = 0;

    while (clocks_cause(CAP_CLOCKS, &cause) == K5_E_RESTARTED ||
           clocks_clear_cause(CAP_CLOCKS) == K5_E_RESTARTED) {
    }
    if ((cause & RESET_WATCHDOG) != 0) {
        K5_WARN("started by the watchdog");
    } else if ((cause & RESET_POWER) != 0) {
        K5_INFO("started by power");
    } else if ((cause & RESET_PIN) != 0) {
        K5_INFO("started by the reset pin");
    } else {
        K5_INFO("started anew, the chip was not reset");
    }
}

/* The driver may have begun anew, and then knows us no more. */
static void feed(void)
{
    enum k5_error error = watchdog_feed(CAP_WATCHDOG);

    while (error == K5_E_RESTARTED || error == K5_E_STATE) {
        error = watchdog_start(CAP_WATCHDOG, BITE_US);
    }
    if (error != K5_OK) {
        K5_ERROR("no watchdog: error %d", error);
    }
}

static void restart_worker(void)
{
    enum k5_error error = k5_task_restart(CAP_WORKER);

    if (error != K5_OK) {
        K5_ERROR("the worker does not restart: error %d", error);
    }
}

int main(void)
{
    struct k5_message message = {0};

    report_cause();
    for (;;) {
        enum k5_error error;

        feed();
        error = k5_recv_until(CAP_SELF, &message, k5_deadline_in_us(SILENCE_US));
        if (error == K5_E_TIMEOUT) {
            K5_WARN("the worker is silent: restart");
            restart_worker();
        } else if (error == K5_OK && k5_kind(&message) == K5_MSG_FAULT) {
            K5_WARN("the worker faulted: restart");
            restart_worker();
        } else if (error != K5_OK) {
            k5_panic(1);
        }
    }
}
