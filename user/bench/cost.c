/* Times N rounds of a system call against N rounds of the same loop without it.
 *
 * Each line is "bench cost NAME rounds=N ticks=T empty=E": (T - E) / N ticks a
 * round. Where the clock counts instructions, that is what a round takes, the
 * callee's share and its stub included, the loop around it not.
 */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"
#include "loops.h"

#define ROUNDS 10000

/* What the loops do beside the call: count, compare, branch, test the result. */
static uint32_t ticks_of_empty_calls(void)
{
    uint64_t start = k5_time();

    for (uint32_t i = 0; i < ROUNDS; i++) {
        int32_t error = K5_OK;

        __asm__ volatile("" : "+r"(error));
        if (error != K5_OK) {
            k5_panic(1);
        }
    }
    return (uint32_t)(k5_time() - start);
}

static uint32_t ticks_of_calls(void)
{
    struct k5_sys_frame frame = {.info = K5_MSG_SHORT, .w0 = 1, .w1 = 2, .w2 = 3, .w3 = 4};
    uint64_t start = k5_time();

    for (uint32_t i = 0; i < ROUNDS; i++) {
        if (k5_sys_call(CAP_SERVER, &frame) != K5_OK) {
            k5_panic(2);
        }
    }
    return (uint32_t)(k5_time() - start);
}

/* The rest are loops of the system call and nothing else but count and branch, so that every other
 * instruction is the call's.
 */
static uint32_t ticks_of(uint32_t number)
{
    uint64_t start = k5_time();

    loops_call(number, ROUNDS);
    return (uint32_t)(k5_time() - start);
}

static uint32_t ticks_of_loop(void)
{
    uint64_t start = k5_time();

    loops_count(ROUNDS);
    return (uint32_t)(k5_time() - start);
}

int main(void)
{
    uint32_t call_empty = ticks_of_empty_calls();
    uint32_t call = ticks_of_calls();
    uint32_t empty = ticks_of_loop();
    uint32_t time = ticks_of(K5_SYS_TIME);
    uint32_t yield = ticks_of(K5_SYS_YIELD);
    uint32_t caps = ticks_of(K5_SYS_CAPS);

    K5_INFO("bench cost call_reply rounds=%u ticks=%u empty=%u", ROUNDS, call, call_empty);
    K5_INFO("bench cost time rounds=%u ticks=%u empty=%u", ROUNDS, time, empty);
    K5_INFO("bench cost yield rounds=%u ticks=%u empty=%u", ROUNDS, yield, empty);
    K5_INFO("bench cost caps rounds=%u ticks=%u empty=%u", ROUNDS, caps, empty);
    K5_INFO("bench cost end");
    k5_sleep_forever();
}
