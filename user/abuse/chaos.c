/* A chaos thread: what it does next, and whether its memory is still its own. */
#include "chaos.h"

#include "k5_log.h"

static void misbehave(struct chaos *chaos)
{
    uint32_t r[8] = {chaos_random(chaos), chaos_random(chaos), 0, 0, 0, 0, 0, 0};

    switch (chaos_below(chaos, 4)) {
    case 0:
        r[7] = K5_SYS_PANIC;
        break;
    case 1:
        r[7] = K5_SYS_COUNT + chaos_below(chaos, 1000);
        break;
    case 2:
        *(volatile uint8_t *)(uintptr_t)chaos_random(chaos) = 1;
        return;
    default: /* spins its budget away */
        for (uint32_t i = 0; i < 10000; i++) {
            __asm__ volatile("");
        }
        return;
    }
    raw_call(r);
}

static void act(struct chaos *chaos, uint32_t kind)
{
    if (kind < 11) {
        chaos_send(chaos);
    } else if (kind < 31) {
        chaos_call(chaos);
    } else if (kind < 45 && !(chaos->answers_first && chaos_has_replies(chaos))) {
        chaos_recv(chaos);
    } else if (kind < 55) {
        chaos_reply(chaos, K5_SYS_REPLY);
    } else if (kind < 65) {
        chaos_reply(chaos, K5_SYS_REPLY_RECV);
    } else if (kind < 88) {
        chaos_object(chaos);
    } else if (kind < 92) {
        chaos_control(chaos);
    } else if (kind < 94) {
        k5_yield();
    } else if (kind < 98) {
        k5_sleep_us(chaos_below(chaos, 200));
    } else if (chaos_one_in(chaos, 3)) {
        misbehave(chaos);
    }
}

static uint32_t canary_of(const struct chaos *chaos, uint32_t i)
{
    return ADDRESS(chaos) * 2654435761u + i;
}

static void check_canary(const struct chaos *chaos)
{
    for (uint32_t i = 0; i < CHAOS_CANARY_WORDS; i++) {
        if (chaos->canary[i] != canary_of(chaos, i)) {
            K5_ERROR("FAIL somebody wrote to the canary at %#x", ADDRESS(&chaos->canary[i]));
            k5_sleep_forever();
        }
    }
}

void chaos_run(struct chaos *chaos, uint32_t seed, bool answers_first)
{
    /* Each thread and each life goes its own way. */
    chaos->random = (seed + 1) * 0x9e3779b9u ^ ADDRESS(chaos) ^ (uint32_t)k5_time();
    chaos->random = chaos->random != 0 ? chaos->random : 1;
    chaos->answers_first = answers_first;
    for (uint32_t i = 0; i < CHAOS_CANARY_WORDS; i++) {
        chaos->canary[i] = canary_of(chaos, i);
    }
    for (uint32_t i = 0; i < CHAOS_SLOTS; i++) {
        chaos_look(chaos);
    }
    for (;;) {
        act(chaos, chaos_below(chaos, 100));
        chaos_look(chaos);
        check_canary(chaos);
    }
}
