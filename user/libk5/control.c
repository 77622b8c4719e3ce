/* Control of tasks and threads: what is too long to be inline. */
#include "k5_control.h"

enum k5_error k5_task_status(k5_cptr_t task, struct k5_task_status *status)
{
    uint32_t state = 0;
    uint32_t generation = 0;
    uint32_t restarts = 0;
    int32_t error = k5_sys_task_status(task, &state, &generation, &restarts);

    if (error == K5_OK) {
        *status = (struct k5_task_status){
            .state = (enum k5_task_state)state,
            .generation = generation,
            .restarts = restarts,
        };
    }
    return (enum k5_error)error;
}

enum k5_error k5_thread_status(k5_cptr_t thread, struct k5_thread_status *status)
{
    uint32_t state = 0;
    uint32_t priority = 0;
    uint32_t low = 0;
    uint32_t high = 0;
    int32_t error = k5_sys_thread_status(thread, &state, &priority, &low, &high);

    if (error == K5_OK) {
        *status = (struct k5_thread_status){
            .state = (enum k5_thread_state)state,
            .priority = (uint8_t)priority,
            .effective = (uint8_t)(priority >> 8),
            .consumed = (uint64_t)high << 32 | low,
        };
    }
    return (enum k5_error)error;
}
