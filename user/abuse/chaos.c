/* Random system calls from a seed: cptrs, flags, buffers and replies that are mostly nearly right.
 */
#include "abuse.h"
#include "k5_task.h"

#define BUFFER_BYTES 300u
#define REPLIES      8u /* more than there can be callers, so none is lost and none waits for ever */

static uint8_t buffer[BUFFER_BYTES];
static uint32_t replies[REPLIES]; /* received and not used yet; 0: none */
static bool answers_first; /* a passive server that receives again has lost its caller's time */
static uint32_t state;

/* xorshift32: small, and good enough to be everywhere. */
static uint32_t random_word(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static uint32_t below(uint32_t limit)
{
    return (random_word() >> 8) % limit;
}

static bool one_in(uint32_t n)
{
    return below(n) == 0;
}

static uint32_t any_cptr(void)
{
    if (one_in(40)) {
        return random_word();
    }
    return one_in(20) ? 0x10000u + below(8) : 0x10000u + below(3);
}

static uint32_t any_address(uint32_t bytes)
{
    switch (below(30)) {
    case 0:
        return random_word();
    case 1:
        return ADDRESS(task_ram_end) - below(bytes + 2);
    case 2:
        return ADDRESS(task_text_base) + below(64);
    case 3:
        return KERNEL_MEMORY;
    default:
        return ADDRESS(buffer);
    }
}

static uint32_t any_info(uint32_t r[8])
{
    uint32_t info = below(0x10000) << 16;
    uint32_t bytes = one_in(20) ? below(400) : below(BUFFER_BYTES);

    if (one_in(3)) {
        info |= K5_MSG_COPY;
        r[2] = any_address(bytes);
        r[3] = bytes;
    }
    if (one_in(2)) {
        info |= K5_FLAG_RECV_BUF;
    }
    if ((info & (K5_FLAG_RECV_BUF | K5_MSG_COPY)) != 0) {
        r[4] = any_address(bytes);
        r[5] = bytes;
    }
    if (!one_in(3)) {
        info |= K5_FLAG_TRY;
    }
    return one_in(40) ? info ^ 1u << below(16) : info;
}

static void remember(uint32_t reply)
{
    for (uint32_t i = 0; i < REPLIES; i++) {
        if (replies[i] == 0) {
            replies[i] = reply;
            return;
        }
    }
}

/* A reply to give, if there is one, else one used before. */
static uint32_t *any_reply(void)
{
    uint32_t start = below(REPLIES);

    for (uint32_t i = 0; i < REPLIES; i++) {
        if (replies[(start + i) % REPLIES] != 0) {
            return &replies[(start + i) % REPLIES];
        }
    }
    return &replies[start];
}

static void send_or_call(uint32_t number)
{
    uint32_t r[8] = {any_cptr(),    0, random_word(), random_word(), random_word(),
                     random_word(), 0, number};

    r[1] = any_info(r);
    if (number == K5_SYS_SEND && !one_in(20)) {
        r[1] &= ~(uint32_t)K5_FLAG_RECV_BUF;
    }
    raw_call(r);
}

static bool has_replies(void)
{
    for (uint32_t i = 0; i < REPLIES; i++) {
        if (replies[i] != 0) {
            return true;
        }
    }
    return false;
}

static void receive(void)
{
    uint32_t r[8] = {one_in(10) ? any_cptr() : CAP_OWN, 0, 0, 0, 0, 0, 0, K5_SYS_RECV};

    r[1] = any_info(r);
    if (!one_in(20)) {
        r[1] &= K5_FLAG_TRY | K5_FLAG_RECV_BUF;
    }
    raw_call(r);
    if (r[0] == K5_OK && r[7] != 0) {
        remember(r[7]);
    }
}

static void answer(uint32_t number)
{
    uint32_t *reply = any_reply();
    uint32_t used = one_in(20) ? random_word() : *reply;
    uint32_t r[8] = {used,
                     0,
                     random_word(),
                     random_word(),
                     random_word(),
                     random_word(),
                     one_in(20) ? any_cptr() : CAP_OWN,
                     number};

    r[1] = any_info(r);
    if (number == K5_SYS_REPLY && !one_in(20)) {
        r[1] &= ~(uint32_t)K5_FLAG_RECV_BUF;
    }
    raw_call(r);
    if (used == *reply &&
        (r[0] == K5_OK || (int32_t)r[0] == K5_E_STALE || (int32_t)r[0] == K5_E_WOULD_BLOCK)) {
        *reply = 0;
    }
    if (number == K5_SYS_REPLY_RECV && r[0] == K5_OK && r[7] != 0) {
        remember(r[7]);
    }
}

static void misbehave(void)
{
    uint32_t r[8] = {random_word(), random_word(), 0, 0, 0, 0, 0, 0};

    switch (below(4)) {
    case 0:
        r[7] = K5_SYS_PANIC;
        break;
    case 1:
        r[7] = K5_SYS_COUNT + below(1000);
        break;
    case 2:
        *(volatile uint8_t *)(uintptr_t)random_word() = 1;
        return;
    default: /* spins its budget away */
        for (uint32_t i = 0; i < 10000; i++) {
            __asm__ volatile("");
        }
        return;
    }
    raw_call(r);
}

static void wait_a_little(void)
{
    k5_sleep_us(below(200));
}

static void act(uint32_t kind)
{
    if (kind < 20) {
        send_or_call(K5_SYS_SEND);
    } else if (kind < 45) {
        send_or_call(K5_SYS_CALL);
    } else if (kind < 65 && !(answers_first && has_replies())) {
        receive();
    } else if (kind < 75) {
        answer(K5_SYS_REPLY);
    } else if (kind < 90) {
        answer(K5_SYS_REPLY_RECV);
    } else if (kind < 94) {
        k5_yield();
    } else if (kind < 98) {
        wait_a_little();
    } else if (one_in(3)) {
        misbehave();
    }
}

int main(uint32_t seed)
{
    struct k5_cap_info own = {0};

    /* Each task and each life goes its own way. */
    state = (seed + 1) * 0x9e3779b9u ^ ADDRESS(task_ram_base) ^ (uint32_t)k5_time();
    state = state != 0 ? state : 1;
    answers_first = k5_caps(0, &own) == K5_OK && own.badge == 1;
    for (;;) {
        act(below(100));
    }
}
