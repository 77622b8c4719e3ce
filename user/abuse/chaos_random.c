/* Choices of a chaos thread: numbers, capabilities, addresses, deadlines. */
#include "chaos.h"

#define FIRST_CPTR 0x10000u

/* xorshift32: small, and good enough to be everywhere. */
uint32_t chaos_random(struct chaos *chaos)
{
    chaos->random ^= chaos->random << 13;
    chaos->random ^= chaos->random >> 17;
    chaos->random ^= chaos->random << 5;
    return chaos->random;
}

uint32_t chaos_below(struct chaos *chaos, uint32_t limit)
{
    return (chaos_random(chaos) >> 8) % limit;
}

bool chaos_one_in(struct chaos *chaos, uint32_t n)
{
    return chaos_below(chaos, n) == 0;
}

uint32_t chaos_cptr(struct chaos *chaos, uint32_t kind, uint32_t rights)
{
    if (chaos_one_in(chaos, 40)) {
        return chaos_random(chaos);
    }
    if (chaos_one_in(chaos, 20)) {
        return FIRST_CPTR + chaos_below(chaos, CHAOS_SLOTS);
    }
    uint32_t start = chaos_below(chaos, CHAOS_SLOTS);

    for (uint32_t i = 0; i < CHAOS_SLOTS; i++) {
        const struct chaos_cap *cap = &chaos->cap[(start + i) % CHAOS_SLOTS];

        if (cap->cptr != 0 && cap->kind == kind && (cap->rights & rights) == rights) {
            return cap->cptr;
        }
    }
    return FIRST_CPTR + start;
}

uint32_t chaos_address(struct chaos *chaos, uint32_t bytes)
{
    switch (chaos_below(chaos, 30)) {
    case 0:
        return chaos_random(chaos);
    case 1:
        return ADDRESS(task_ram_end) - chaos_below(chaos, bytes + 2);
    case 2:
        return ADDRESS(task_text_base) + chaos_below(chaos, 64);
    case 3:
        return KERNEL_MEMORY;
    default:
        return ADDRESS(chaos->buffer);
    }
}

/* A deadline is bits 8 to 39 of a tick: up to 100 units of 256 ticks from now, seldom in the past.
 */
uint32_t chaos_patience(struct chaos *chaos, uint32_t of_ten, uint32_t *word)
{
    if (chaos_one_in(chaos, 30)) {
        return chaos_one_in(chaos, 4) ? K5_FLAG_TRY | K5_FLAG_TIMED : 0;
    }
    if (chaos_below(chaos, 10) >= of_ten) {
        return K5_FLAG_TRY;
    }
    *word = (uint32_t)(k5_time() >> 8) + chaos_below(chaos, 100) - chaos_below(chaos, 4);
    return K5_FLAG_TIMED;
}

void chaos_look(struct chaos *chaos)
{
    uint32_t slot = chaos->next_slot++ % CHAOS_SLOTS;
    uint32_t r[8] = {slot, 0, 0, 0, 0, 0, 0, K5_SYS_CAPS};

    raw_call(r);
    chaos->cap[slot] = (struct chaos_cap){0};
    if (r[0] == K5_OK) {
        chaos->cap[slot] =
            (struct chaos_cap){.cptr = r[1], .kind = r[2] & 0xffu, .rights = r[2] >> 8};
    }
}
