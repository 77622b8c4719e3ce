/* Lends a KiB as fast as it can: cost.c says how ticks become instructions, ipc_client.c what a
 * batch is.
 */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

#define LOAN_BYTES  1024
#define COST_ROUNDS 1000
#define ROUNDS      1000
#define BATCHES     200

static uint8_t buffer[LOAN_BYTES] __attribute__((aligned(LOAN_BYTES)));

static void lend(void)
{
    struct k5_message message = k5_lend_mut(0, buffer, sizeof buffer, 3, 4);

    if (k5_call(CAP_SERVER, &message) != K5_OK) {
        k5_panic(1);
    }
}

static uint32_t ticks_of_loans(void)
{
    uint64_t start = k5_time();

    for (uint32_t i = 0; i < COST_ROUNDS; i++) {
        lend();
    }
    return (uint32_t)(k5_time() - start);
}

static uint32_t ticks_of_loop(void)
{
    uint64_t start = k5_time();

    for (uint32_t i = 0; i < COST_ROUNDS; i++) {
        __asm__ volatile("" ::: "memory");
    }
    return (uint32_t)(k5_time() - start);
}

int main(void)
{
    lend(); /* both tasks have run once */

    uint32_t empty = ticks_of_loop();
    uint32_t ticks = ticks_of_loans();

    K5_INFO("bench cost lend_mut rounds=%u ticks=%u empty=%u", COST_ROUNDS, ticks, empty);
    K5_INFO("bench ipc start rounds=%u batches=%u", ROUNDS, BATCHES);
    for (uint32_t batch = 1; batch <= BATCHES; batch++) {
        for (uint32_t i = 0; i < ROUNDS; i++) {
            lend();
        }
        K5_INFO("bench ipc batch=%u", batch);
    }
    K5_INFO("bench ipc end sum=%u", buffer[0]);
    k5_sleep_forever();
}
