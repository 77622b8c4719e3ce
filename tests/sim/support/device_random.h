/* For random accesses to devices: words that set something going, and a sum of what came of them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tests/sim/oracle/program.h"

/* Words of few ones, of few zeros, and any: random bits alone seldom enable anything. */
static inline uint32_t device_random_word(uint64_t *random)
{
    uint32_t a = random_below(random, UINT32_MAX);
    uint32_t b = random_below(random, UINT32_MAX);

    switch (random_below(random, 4)) {
    case 0:
        return a & b;
    case 1:
        return a | b;
    case 2:
        return a & 0x7fu;
    default:
        return a;
    }
}

static inline uint64_t device_mixed(uint64_t sum, const void *bytes, size_t count)
{
    const uint8_t *at = bytes;

    for (size_t i = 0; i < count; i++) {
        sum = (sum ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return sum;
}
