/* Has its call finished by the server's overrun, and waits out its own cooldown after it. */
#include "k5_task.h"
#include "verdict.h"

#define COOLDOWN_US 50000

int main(void)
{
    struct k5_message message = k5_short(0, 0, 0, 0, 0);
    uint64_t start = k5_time_us();

    EXPECT_EQUAL("a server finishes within its overrun", k5_call(CAP_LONG, &message), K5_OK);
    EXPECT("its caller goes on after the cooldown", k5_time_us() - start >= COOLDOWN_US);
    verdict_end();
}
