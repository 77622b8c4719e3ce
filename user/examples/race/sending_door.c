/* A door that tells the desk of each visitor: one message is one step, however it is timed. */
#include "k5.h"
#include "k5_task.h"
#include "tally.h"

static void tell(uint16_t what)
{
    struct k5_message message = k5_short(what, 0, 0, 0, 0);

    if (k5_send(CAP_DESK, &message) != K5_OK) {
        k5_panic(1);
    }
}

int main(void)
{
    for (uint32_t i = 0; i < VISITORS; i++) {
        tell(VISITOR);
    }
    tell(CLOSED);
    k5_sleep_forever();
}
