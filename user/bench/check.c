/* The bare loop of a fault campaign: some 200 instructions that check a table, and one log line. */
#include "k5.h"
#include "k5_log.h"

#define WORDS 33

static uint32_t table[WORDS];

static uint32_t check(void)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < WORDS; i++) {
        sum = (sum ^ table[i]) * 16777619u;
    }
    return sum;
}

int main(void)
{
    for (uint32_t i = 0; i < WORDS; i++) {
        table[i] = i * 2654435761u;
    }
    K5_INFO("bench check begins");
    K5_INFO("bench check ends sum=%x", check());
    k5_sleep_forever();
}
