/* Calls the server as fast as it can; the host measures between the log lines. */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

#define ROUNDS  10000
#define BATCHES 200

int main(void)
{
    struct k5_sys_frame frame = {.info = K5_MSG_SHORT, .w0 = 1, .w1 = 2, .w2 = 3, .w3 = 4};

    if (k5_sys_call(CAP_SERVER, &frame) != K5_OK) { /* both tasks have run once */
        k5_panic(1);
    }
    K5_INFO("bench ipc start rounds=%u batches=%u", ROUNDS, BATCHES);
    for (uint32_t batch = 1; batch <= BATCHES; batch++) {
        for (uint32_t i = 0; i < ROUNDS; i++) {
            if (k5_sys_call(CAP_SERVER, &frame) != K5_OK) {
                k5_panic(2);
            }
        }
        K5_INFO("bench ipc batch=%u", batch);
    }
    K5_INFO("bench ipc end sum=%u", frame.w0);
    k5_sleep_forever();
}
