/* Spins until somebody gets a word in. */
#include "k5.h"
#include "k5_task.h"

int main(void)
{
    struct k5_message message = {0};

    while (k5_try_recv(CAP_STOP, &message) != K5_OK) {
    }
    k5_sleep_forever();
}
