/* Adds up and rewrites a buffer, again and again; the host measures between the
 * log lines. The buffer is aligned so that its pages lie wholly in the region.
 */
#include "k5.h"
#include "k5_log.h"
#include "loops.h"

#define PAGE_BYTES 1024
#define WORDS      1024
#define PASSES     2000
#define BATCHES    20

static uint32_t buffer[WORDS] __attribute__((aligned(PAGE_BYTES)));

int main(void)
{
    uint32_t sum = 0;

    K5_INFO("bench mips start batches=%u", BATCHES);
    for (uint32_t batch = 1; batch <= BATCHES; batch++) {
        for (uint32_t i = 0; i < PASSES; i++) {
            sum += loops_add_up(buffer, WORDS) + 1;
        }
        K5_INFO("bench mips batch=%u", batch);
    }
    K5_INFO("bench mips end sum=%u", sum);
    k5_sleep_forever();
}
