/* Keeps chaos going: wakes up whoever waits for a message, answers for the faults of those that it
 * supervises, and starts or resumes what others have stopped or held.
 */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

#define PERIOD_US    700u
#define REPORT_EVERY 8u

static const k5_cptr_t everybody[] = {CAP_ONE,  CAP_TWO,     CAP_SIDE,
                                      CAP_HIGH, CAP_PASSIVE, CAP_MORTAL};
static const k5_cptr_t tasks[] = {CAP_TASK_ONE, CAP_TASK_TWO, CAP_TASK_HIGH, CAP_TASK_PASSIVE,
                                  CAP_TASK_MORTAL};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint32_t random_word(void)
{
    static uint32_t state = 1;

    state = state * 1664525u + 1013904223u;
    return state >> 16;
}

static void wake_everybody(void)
{
    struct k5_message message = k5_short(0, 1, 2, 3, 4);

    for (uint32_t i = 0; i < COUNT(everybody); i++) {
        enum k5_error error = k5_try_send(everybody[i], &message);

        message.word[0] = (uint32_t)error; /* whatever it was */
    }
}

static void decide(const struct k5_message *message)
{
    struct k5_fault fault = k5_fault(message);
    k5_cptr_t task = fault.task == TASK_ID_ONE ? CAP_TASK_ONE : CAP_TASK_HIGH;
    enum k5_error error = K5_OK;

    switch (random_word() % 4) {
    case 0:
        error = k5_task_resume(task);
        if (error != K5_OK) {
            error = k5_task_restart(task);
        }
        break;
    case 1:
        error = k5_task_stop(task);
        break;
    case 2: /* stays held, for some time */
        break;
    default:
        error = k5_task_restart(task);
        break;
    }
    if (error != K5_OK) {
        K5_WARN("decided for task %u: %d", fault.task, error);
    }
}

static void take_faults(void)
{
    struct k5_message message = {0};

    while (k5_try_recv(CAP_FAULTS, &message) == K5_OK) {
        if (k5_kind(&message) == K5_MSG_FAULT) {
            decide(&message);
        }
    }
}

/* The one time out of four, so that the states last. */
static void revive(void)
{
    for (uint32_t i = 0; i < COUNT(tasks); i++) {
        if (random_word() % 4 == 0 && k5_task_start(tasks[i]) == K5_E_STATE &&
            k5_task_resume(tasks[i]) == K5_OK) {
            K5_TRACE("resumed %u", i);
        }
    }
}

int main(void)
{
    for (uint32_t count = 1;; count++) {
        wake_everybody();
        take_faults();
        revive();
        if (count % REPORT_EVERY == 0) {
            K5_INFO("%u rounds", count);
        }
        k5_sleep_us(PERIOD_US);
    }
}
