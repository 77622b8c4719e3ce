/* Times N rounds of a system call against N rounds of the same loop without it.
 *
 * Each line is "bench cost NAME rounds=N ticks=T empty=E": (T - E) / N ticks a
 * round. Where the clock counts instructions, that is what a round takes, the
 * callee's share and its stub included, the loop around it not.
 */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

#define ROUNDS 10000

/* What the loops do beside the call: count, compare, branch, test the result. */
static uint32_t ticks_of_empty(void)
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

static uint32_t ticks_of_call(void)
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

static uint32_t ticks_of_time(void)
{
    uint64_t start = k5_time();

    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t tick_hz;

        (void)k5_sys_time(&tick_hz);
        if (tick_hz == 0) {
            k5_panic(3);
        }
    }
    return (uint32_t)(k5_time() - start);
}

static uint32_t ticks_of_yield(void)
{
    uint64_t start = k5_time();

    for (uint32_t i = 0; i < ROUNDS; i++) {
        if (k5_sys_yield() != K5_OK) {
            k5_panic(4);
        }
    }
    return (uint32_t)(k5_time() - start);
}

/* The slot is empty: the shortest way to an error. */
static uint32_t ticks_of_refused_call(void)
{
    struct k5_sys_frame frame = {.info = K5_MSG_SHORT};
    uint64_t start = k5_time();

    for (uint32_t i = 0; i < ROUNDS; i++) {
        if (k5_sys_call(0xffffffffu, &frame) == K5_OK) {
            k5_panic(5);
        }
    }
    return (uint32_t)(k5_time() - start);
}

static uint32_t ticks_of_caps(void)
{
    uint64_t start = k5_time();

    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t cptr = 0;
        uint32_t kind_rights = 0;
        uint32_t badge = 0;

        if (k5_sys_caps(0, &cptr, &kind_rights, &badge) != K5_OK) {
            k5_panic(6);
        }
    }
    return (uint32_t)(k5_time() - start);
}

int main(void)
{
    uint32_t empty = ticks_of_empty();
    uint32_t call = ticks_of_call();
    uint32_t time = ticks_of_time();
    uint32_t yield = ticks_of_yield();
    uint32_t refused = ticks_of_refused_call();
    uint32_t caps = ticks_of_caps();

    K5_INFO("bench cost call_reply rounds=%u ticks=%u empty=%u", ROUNDS, call, empty);
    K5_INFO("bench cost time rounds=%u ticks=%u empty=%u", ROUNDS, time, empty);
    K5_INFO("bench cost yield rounds=%u ticks=%u empty=%u", ROUNDS, yield, empty);
    K5_INFO("bench cost refused rounds=%u ticks=%u empty=%u", ROUNDS, refused, empty);
    K5_INFO("bench cost caps rounds=%u ticks=%u empty=%u", ROUNDS, caps, empty);
    K5_INFO("bench cost end");
    k5_sleep_forever();
}
