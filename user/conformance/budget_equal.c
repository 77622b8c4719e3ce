/* Runs although an equal that started before it never waits. */
#include "k5_task.h"
#include "verdict.h"

int main(void)
{
    struct k5_message message = k5_short(0, 0, 0, 0, 0);

    EXPECT_EQUAL("equals take turns by slices", k5_send(CAP_STOP, &message), K5_OK);
    verdict_end();
}
