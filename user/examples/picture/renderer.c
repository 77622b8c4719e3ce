/* Draws: bars of colour, and a square that wanders. It has no frame of its own. */
#include "renderer.h"

#include "display.h"
#include "k5_task.h"

#define BARS   8u
#define SQUARE 24u
#define STEP   7u /* pixels from picture to picture */

/* To and fro within `room`. */
static uint32_t bounce(uint32_t distance, uint32_t room)
{
    uint32_t at = distance % (2u * room);

    return at < room ? at : 2u * room - at;
}

static uint16_t bar(uint32_t y, uint32_t height)
{
    uint32_t colour = y * BARS / height;

    return display_rgb((colour & 1u) != 0 ? 0xff : 0, (colour & 2u) != 0 ? 0xff : 0,
                       (colour & 4u) != 0 ? 0xff : 0);
}

static void draw(struct render what, uint16_t *frame)
{
    uint32_t left = bounce(what.number * STEP, what.width - SQUARE);
    uint32_t top = bounce(what.number * STEP * 2u, what.height - SQUARE);

    for (uint32_t y = 0; y < what.height; y++) {
        uint16_t colour = bar(y, what.height);

        for (uint32_t x = 0; x < what.width; x++) {
            bool inside = x - left < SQUARE && y - top < SQUARE;

            *frame++ = inside ? (uint16_t)~colour : colour;
        }
    }
}

int main(void)
{
    struct k5_message message = {0};

    while (k5_serve(CAP_SELF, &message) == K5_OK) {
        struct render what = {
            .width = (uint16_t)message.word[2],
            .height = (uint16_t)(message.word[2] >> 16),
            .number = message.word[3],
        };
        bool good = k5_label(&message) == RENDER && k5_kind(&message) == K5_MSG_LEND_MUT &&
                    what.width > SQUARE && what.height > SQUARE &&
                    message.word[1] >= (uint32_t)what.width * what.height * sizeof(uint16_t);

        if (good) {
            draw(what, (uint16_t *)(uintptr_t)message.word[0]);
        }
        k5_answer(&message, good ? K5_OK : (uint16_t)(-K5_E_INVALID), 0, 0, 0, 0);
    }
    k5_panic(1);
}
