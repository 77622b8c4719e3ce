/* The desk that counts: it alone has the tally. */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"
#include "tally.h"

int main(void)
{
    uint32_t open = DOORS;
    uint32_t tally = 0;

    while (open > 0) {
        struct k5_message message = {0};

        if (k5_recv(CAP_DESK, &message) != K5_OK) {
            k5_panic(1);
        }
        tally += k5_label(&message) == VISITOR;
        open -= k5_label(&message) == CLOSED;
    }
    K5_INFO("%u visitors", tally);
    k5_sleep_forever();
}
