/* Makes the server that will be held fault, and waits for an answer that never comes. */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"
#include "mortal.h"

int main(void)
{
    struct k5_message message = k5_short(MORTAL_DIE, 0, 0, 0, 0);
    enum k5_error error = k5_call(CAP_SERVER, &message);

    K5_ERROR("FAIL the call to a held server came back with %d", error);
    k5_sleep_forever();
}
