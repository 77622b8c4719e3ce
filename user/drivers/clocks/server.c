/* Clocks and resets, for drivers that may not touch those of others.
 *
 * A client's badge is what it may control: bits 0 to 4 its first bit, bits 5 to 7 how
 * many more of them follow, bits 8 on the offset of the register that enables it. Badge
 * 0 controls nothing.
 */
#include "clocks_hw.h"
#include "driver_server.h"
#include "k5_log.h"
#include "k5_task.h"

static enum k5_error control(uint32_t badge, void (*act)(uint32_t offset, uint32_t mask))
{
    uint32_t offset = badge >> 8;
    uint32_t mask = ((2u << (badge >> 5 & 7u)) - 1u) << (badge & 31u);

    if (badge == 0) {
        return K5_E_RIGHTS;
    }
    if (!clocks_hw_exists(offset, mask)) {
        return K5_E_INVALID;
    }
    act(offset, mask);
    return K5_OK;
}

int main(void)
{
    struct driver_server server = {.endpoint = CAP_SELF};
    struct k5_message message = {0};

    clocks_hw_start();
    while (driver_next(&server, &message) == K5_OK) {
        switch (driver_what(&message)) {
        case CLOCKS_ENABLE:
            driver_answer(&message, control(message.badge, clocks_hw_enable), 0, 0, 0);
            break;
        case CLOCKS_RESET:
            driver_answer(&message, control(message.badge, clocks_hw_reset), 0, 0, 0);
            break;
        case CLOCKS_CAUSE:
            driver_answer(&message, K5_OK, clocks_hw_cause(), 0, 0);
            break;
        case CLOCKS_CLEAR_CAUSE:
            clocks_hw_clear_cause();
            driver_answer(&message, K5_OK, 0, 0, 0);
            break;
        default:
            driver_answer(&message, K5_E_INVALID, 0, 0, 0);
        }
    }
    k5_panic(1);
}
