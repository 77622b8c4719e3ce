/* Copies of user memory. Pure. */
#include "arch/rv32/copy.h"

#define WORD 4u

typedef uint32_t __attribute__((may_alias)) word_t;

static uint32_t misalignment(const uint8_t *at)
{
    return (uint32_t)((uintptr_t)at % WORD);
}

/* `to` is aligned, `from` is not: each word is the upper part of one and the lower of the next. */
static uint32_t copy_shifted(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
    const word_t *source = (const word_t *)(const void *)(from - misalignment(from));
    word_t *target = (word_t *)(void *)to;
    uint32_t shift = misalignment(from) * 8u;
    uint32_t done = 0;
    uint32_t word = *source;

    for (; done + 4u * WORD <= bytes; done += 4u * WORD) {
        uint32_t second = source[1];
        uint32_t third = source[2];
        uint32_t fourth = source[3];
        uint32_t next = source[4];

        target[0] = word >> shift | second << (32u - shift);
        target[1] = second >> shift | third << (32u - shift);
        target[2] = third >> shift | fourth << (32u - shift);
        target[3] = fourth >> shift | next << (32u - shift);
        word = next;
        target += 4;
        source += 4;
    }
    for (; done + WORD <= bytes; done += WORD) {
        uint32_t next = *++source;

        *target++ = word >> shift | next << (32u - shift);
        word = next;
    }
    return done;
}

static uint32_t copy_aligned(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
    const word_t *source = (const word_t *)(const void *)from;
    word_t *target = (word_t *)(void *)to;
    uint32_t done = 0;

    for (; done + 4u * WORD <= bytes; done += 4u * WORD) {
        target[0] = source[0];
        target[1] = source[1];
        target[2] = source[2];
        target[3] = source[3];
        target += 4;
        source += 4;
    }
    for (; done + WORD <= bytes; done += WORD) {
        *target++ = *source++;
    }
    return done;
}

void copy_bytes(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
    uint32_t done = 0;

    for (; done < bytes && misalignment(to + done) != 0; done++) {
        to[done] = from[done];
    }
    if (bytes - done >= WORD) {
        done += misalignment(from + done) != 0 ? copy_shifted(to + done, from + done, bytes - done)
                                               : copy_aligned(to + done, from + done, bytes - done);
    }
    for (; done < bytes; done++) {
        to[done] = from[done];
    }
}
