/* That this runs at all is the test: greedy never waits, and is more urgent. */
#include "k5_task.h"
#include "verdict.h"

int main(void)
{
    struct k5_message message = k5_short(0, 0, 0, 0, 0);

    EXPECT_EQUAL("the less urgent run while the greedy cools down", k5_send(CAP_STOP, &message),
                 K5_OK);
    verdict_end();
}
