/* Looks at a server that was stopped and at one that is held. */
#include "k5_task.h"
#include "mortal.h"
#include "verdict.h"

static int32_t call(k5_cptr_t cptr, uint16_t label)
{
    struct k5_message message = k5_short(label, 0, 0, 0, 0);

    return k5_call(cptr, &message);
}

int main(void)
{
    struct k5_message message = k5_short(MORTAL_COUNT, 0, 0, 0, 0);

    EXPECT_EQUAL("the server answers", call(CAP_STOPPED, MORTAL_COUNT), K5_OK);
    EXPECT_EQUAL("whoever waits for a server that is stopped learns it",
                 call(CAP_STOPPED, MORTAL_DIE), K5_E_STOPPED);
    EXPECT_EQUAL("a stopped server stays stopped", call(CAP_STOPPED, MORTAL_COUNT), K5_E_STOPPED);
    EXPECT_EQUAL("for send, too", k5_send(CAP_STOPPED, &message), K5_E_STOPPED);
    EXPECT_EQUAL("and for the try_ forms", k5_try_call(CAP_STOPPED, &message), K5_E_STOPPED);
    EXPECT_EQUAL("a held server receives nothing", k5_try_call(CAP_HELD, &message),
                 K5_E_WOULD_BLOCK);
    verdict_end();
}
