/* Lets its supervisor die, until the machine must have halted. */
#include "k5_task.h"
#include "verdict.h"

#define LIMIT 2u /* restart.limit of warden */

static enum k5_error let_it_die(uint32_t code)
{
    struct k5_message message = k5_short(0, code, 0, 0, 0);
    enum k5_error error = k5_send(CAP_DIE, &message);

    return error == K5_E_RESTARTED ? k5_send(CAP_DIE, &message) : error;
}

int main(void)
{
    for (uint32_t i = 0; i < LIMIT; i++) {
        EXPECT_EQUAL("up to its limit the supervisor is restarted", let_it_die(i), K5_OK);
    }
    K5_INFO("END passed=%u failed=%u", verdict_passed, verdict_failed); /* nothing comes after */
    (void)let_it_die(LIMIT);
    K5_ERROR("FAIL the machine went on without its supervisor");
    k5_sleep_forever();
}
