/* Lends its time to a server that never comes back. */
#include "k5_task.h"
#include "verdict.h"

int main(void)
{
    struct k5_message message = k5_short(0, 1, 0, 0, 0);

    EXPECT_EQUAL("a server that overruns its payer's budget dies of it",
                 k5_call(CAP_SPINNER, &message), K5_E_RESTARTED);
    message = k5_short(0, 0, 0, 0, 0);
    EXPECT_EQUAL("its next life serves again", k5_call(CAP_SPINNER, &message), K5_OK);
    verdict_end();
}
