/* Sends drivers whatever comes to mind, and dies in the middle of it. Each incarnation goes on in
 * the sequence that the seed and the time of its birth give.
 */
#include "k5.h"
#include "k5_board.h"
#include "k5_log.h"
#include "k5_task.h"

#define BYTES      512u
#define CALL_US    20000u
#define LONGEST_US 8000u /* a life */

static uint8_t memory[BYTES] __attribute__((aligned(32)));
static uint32_t state;

static uint32_t random(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static uint32_t below(uint32_t limit)
{
    return random() % limit;
}

static uint32_t word(void)
{
#define PIN(name, pin, active) pin,
    static const uint32_t words[] = {
        0,    1,      2,          3,          4,
        5,    8,      64,         65,         256,
        1000, 115200, 0x7fffffff, UINT32_MAX, K5_LEDS(PIN) K5_BUTTONS(PIN) CAP_EVENTS,
    };

    return below(4) == 0 ? random() : words[below(sizeof words / sizeof words[0])];
}

static k5_cptr_t driver(void)
{
    static const k5_cptr_t drivers[] = {
        CAP_GPIO, CAP_UART, CAP_TIMER, CAP_PWM, CAP_RNG, CAP_DISPLAY, CAP_SENSOR, CAP_CLOCKS,
    };

    return drivers[below(sizeof drivers / sizeof drivers[0])];
}

static struct k5_message message(void)
{
    uint16_t label = (uint16_t)(below(8) == 0 ? random() : below(8));
    uint32_t bytes = 32u * (1u + below(BYTES / 32u));

    switch (below(7)) {
    case 0:
        return k5_copy(label, memory, below(257));
    case 1:
        return k5_lend(label, memory, bytes, word(), word());
    case 2:
        return k5_lend_mut(label, memory, bytes, word(), word());
    case 3:
        return k5_move(label, CAP_REGION);
    case 4:
    case 5:
        return k5_pass(label, word(), CAP_EVENTS, word(), word());
    default:
        return k5_short(label, word(), word(), word(), word());
    }
}

static enum k5_error attack(void)
{
    struct k5_message request = message();
    k5_cptr_t to = driver();

    return below(4) == 0 ? k5_send_until(to, &request, k5_deadline_in_us(CALL_US))
                         : k5_call_until(to, &request, k5_deadline_in_us(CALL_US));
}

void killer_main(uint32_t seed)
{
    k5_sleep_us((seed * 2654435761u ^ (uint32_t)k5_time()) % LONGEST_US);
    k5_panic(7);
}

int main(uint32_t seed)
{
    uint32_t served = 0;

    state = seed ^ (uint32_t)k5_time() ^ 0x9e3779b9u;
    for (;;) {
        served += attack() == K5_OK;
        if (served == 10) {
            K5_DEBUG("ten messages in one life");
        }
    }
}
