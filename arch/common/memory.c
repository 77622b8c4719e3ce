/* What the compiler may call in a freestanding program. */
#include <stddef.h>
#include <stdint.h>

void *memset(void *to, int value, size_t bytes);
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);

/* Both word by word where they can: the kernel clears and copies aligned records of a few words. */
void *memset(void *to, int value, size_t bytes)
{
    uint8_t *target = to;
    size_t done = 0;

    if (((uintptr_t)to & 3u) == 0) {
        uint32_t word = (uint32_t)(uint8_t)value * UINT32_C(0x01010101);

        for (; done + 4u <= bytes; done += 4u) {
            *(uint32_t *)(void *)(target + done) = word;
        }
    }
    for (; done < bytes; done++) {
        target[done] = (uint8_t)value;
    }
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    uint8_t *target = to;
    const uint8_t *source = from;
    size_t done = 0;

    if ((((uintptr_t)to | (uintptr_t)from) & 3u) == 0) {
        for (; done + 4u <= bytes; done += 4u) {
            *(uint32_t *)(void *)(target + done) = *(const uint32_t *)(const void *)(source + done);
        }
    }
    for (; done < bytes; done++) {
        target[done] = source[done];
    }
    return to;
}
