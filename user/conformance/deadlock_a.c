/* Tries to close cycles of one, two and three tasks. */
#include "k5_task.h"
#include "verdict.h"

int main(void)
{
    struct k5_message message = k5_short(0, 0, 0, 0, 0);

    EXPECT_EQUAL("a call to itself", k5_call(CAP_SELF, &message), K5_E_DEADLOCK);
    EXPECT_EQUAL("a send to itself", k5_send(CAP_SELF, &message), K5_E_DEADLOCK);
    EXPECT_EQUAL("a try_call to itself", k5_try_call(CAP_SELF, &message), K5_E_DEADLOCK);
    EXPECT("a calls b calls a: b is refused, a gets its reply",
           k5_call(CAP_NEXT, &message) == K5_OK && (int32_t)message.word[0] == K5_E_DEADLOCK);
    message = k5_short(0, 1, 0, 0, 0);
    EXPECT("a calls b calls c calls a: c is refused, both others get their reply",
           k5_call(CAP_NEXT, &message) == K5_OK && (int32_t)message.word[0] == K5_E_DEADLOCK &&
               message.word[1] == K5_OK);
    message = k5_short(0, 2, 0, 0, 0);
    EXPECT("c calls c: refused as well",
           k5_call(CAP_NEXT, &message) == K5_OK && (int32_t)message.word[0] == K5_E_DEADLOCK);
    verdict_end();
}
