/* From 5 ms on spins until it is stopped. */
#include "k5.h"
#include "k5_task.h"

int main(void)
{
    struct k5_message message = {0};

    k5_sleep_until_us(5000);
    while (k5_try_recv(CAP_STOP, &message) != K5_OK) {
    }
    k5_sleep_forever();
}
