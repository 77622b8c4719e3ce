/* A display: what is to be seen is the client's memory, lent for the call.
 *
 * After an error of the bus the display is in an unknown state, so it is started
 * again before the next picture.
 */
#include "display_hw.h"
#include "driver_server.h"
#include "k5_log.h"
#include "k5_task.h"

static struct display_info info;
static bool ready;

static enum k5_error draw(const struct k5_message *message)
{
    const uint16_t *pixels = (const uint16_t *)(uintptr_t)message->word[0];
    struct display_area area = {
        .x = (uint16_t)message->word[2],
        .y = (uint16_t)(message->word[2] >> 16),
        .width = (uint16_t)message->word[3],
        .height = (uint16_t)(message->word[3] >> 16),
    };
    enum k5_error error;

    if (k5_kind(message) != K5_MSG_LEND || area.width == 0 || area.height == 0 ||
        (uint32_t)area.x + area.width > info.width ||
        (uint32_t)area.y + area.height > info.height ||
        message->word[1] < (uint32_t)area.width * area.height * sizeof(uint16_t)) {
        return K5_E_INVALID;
    }
    error = ready ? K5_OK : display_hw_start(&info);
    if (error == K5_OK) {
        error = display_hw_draw(area, pixels);
    }
    ready = error == K5_OK;
    return error;
}

int main(void)
{
    struct driver_server server = {.endpoint = CAP_SELF, .lends = 1u << DISPLAY_DRAW};
    struct k5_message message = {0};
    enum k5_error error = display_hw_start(&info);

    ready = error == K5_OK;
    if (!ready) {
        K5_WARN("the display does not start: error %d", error);
    }
    while (driver_next(&server, &message) == K5_OK) {
        switch (driver_what(&message)) {
        case DISPLAY_INFO:
            driver_answer(&message, K5_OK, info.width, info.height, 0);
            break;
        case DISPLAY_DRAW:
            driver_answer(&message, draw(&message), 0, 0, 0);
            break;
        default:
            driver_answer(&message, K5_E_INVALID, 0, 0, 0);
        }
    }
    k5_panic(1);
}
