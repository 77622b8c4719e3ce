/* Random messages of every kind. */
#include "chaos.h"
#include "k5_log.h"

#define GRAIN 32u

static void remember(struct chaos *chaos, uint32_t reply)
{
    for (uint32_t i = 0; i < CHAOS_REPLIES; i++) {
        if (chaos->replies[i] == 0) {
            chaos->replies[i] = reply;
            return;
        }
    }
}

bool chaos_has_replies(const struct chaos *chaos)
{
    for (uint32_t i = 0; i < CHAOS_REPLIES; i++) {
        if (chaos->replies[i] != 0) {
            return true;
        }
    }
    return false;
}

/* A reply to give, if there is one, else one used before. */
static uint32_t *any_reply(struct chaos *chaos)
{
    uint32_t start = chaos_below(chaos, CHAOS_REPLIES);

    for (uint32_t i = 0; i < CHAOS_REPLIES; i++) {
        if (chaos->replies[(start + i) % CHAOS_REPLIES] != 0) {
            return &chaos->replies[(start + i) % CHAOS_REPLIES];
        }
    }
    return &chaos->replies[start];
}

/* Kind, flags and words of a message that goes out: short, copy, with a capability, or a move. */
static uint32_t any_info(struct chaos *chaos, uint32_t r[8])
{
    uint32_t info = chaos_below(chaos, 0x10000) << 16;
    uint32_t bytes =
        chaos_one_in(chaos, 20) ? chaos_below(chaos, 400) : chaos_below(chaos, CHAOS_BUFFER_BYTES);

    if (chaos_one_in(chaos, 3)) {
        info |= K5_MSG_COPY;
        r[2] = chaos_address(chaos, bytes);
        r[3] = bytes;
    } else if (chaos_one_in(chaos, 6)) {
        info |= K5_FLAG_CAP;
        r[3] = chaos_cptr(chaos, 1 + chaos_below(chaos, K5_KIND_THREAD), K5_RIGHT_GRANT);
    } else if (chaos_one_in(chaos, 8)) {
        info |= K5_MSG_MOVE;
        r[2] = chaos_cptr(chaos, K5_KIND_REGION, K5_RIGHT_GRANT);
    }
    if (chaos_one_in(chaos, 2)) {
        info |= K5_FLAG_RECV_BUF;
    }
    if ((info & (K5_FLAG_RECV_BUF | K5_MSG_COPY)) != 0) {
        r[4] = chaos_address(chaos, bytes);
        r[5] = bytes;
    }
    return chaos_one_in(chaos, 40) ? info ^ 1u << chaos_below(chaos, 16) : info;
}

static void fill(struct chaos *chaos, uint32_t r[8], uint32_t number)
{
    for (uint32_t i = 2; i < 6; i++) {
        r[i] = chaos_random(chaos);
    }
    r[1] = any_info(chaos, r);
    r[7] = number;
}

void chaos_send(struct chaos *chaos)
{
    uint32_t r[8] = {chaos_cptr(chaos, K5_KIND_ENDPOINT, K5_RIGHT_SEND)};

    fill(chaos, r, K5_SYS_SEND);
    r[1] |= chaos_patience(chaos, 3, &r[6]);
    if (!chaos_one_in(chaos, 20)) {
        r[1] &= ~(uint32_t)K5_FLAG_RECV_BUF;
    }
    raw_call(r);
}

/* A range of the loan buffer, seldom of anything else; or part of what is borrowed. */
static void any_range(struct chaos *chaos, uint32_t r[8])
{
    uint32_t from = GRAIN * chaos_below(chaos, CHAOS_LOAN_BYTES / GRAIN);

    r[2] = ADDRESS(chaos->loan) + from;
    r[3] = GRAIN * (1 + chaos_below(chaos, (CHAOS_LOAN_BYTES - from) / GRAIN));
    if (chaos->borrowed_bytes != 0 && chaos_one_in(chaos, 2)) {
        r[2] = chaos->borrowed_base;
        r[3] = chaos_one_in(chaos, 2) ? GRAIN : chaos->borrowed_bytes;
    }
    if (chaos_one_in(chaos, 15)) {
        r[2] = chaos_address(chaos, 32) & ~(chaos_below(chaos, 2) * 31u);
    }
    if (chaos_one_in(chaos, 20)) {
        r[3] = chaos_below(chaos, 2000);
    }
}

static uint32_t sum_of_loan(const struct chaos *chaos)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < CHAOS_LOAN_BYTES; i++) {
        sum = sum * 31u + chaos->loan[i];
    }
    return sum;
}

/* What was lent to be read has not changed when the call is over, however it ended. */
static void lend(struct chaos *chaos, uint32_t r[8])
{
    bool readable = !chaos_one_in(chaos, 2);
    uint32_t before = sum_of_loan(chaos);
    uint32_t kind = readable ? K5_MSG_LEND : K5_MSG_LEND_MUT;

    any_range(chaos, r);
    r[1] = (r[1] & ~(0xffu | K5_FLAG_CAP)) | kind;
    if (readable) {
        r[1] &= ~(uint32_t)K5_FLAG_RECV_BUF; /* the reply may write where it was told to */
    }
    raw_call(r);
    if (readable && sum_of_loan(chaos) != before) {
        K5_ERROR("FAIL a loan to read was written to");
    }
}

void chaos_call(struct chaos *chaos)
{
    uint32_t r[8] = {chaos_cptr(chaos, K5_KIND_ENDPOINT, K5_RIGHT_SEND)};

    fill(chaos, r, K5_SYS_CALL);
    r[1] |= chaos_patience(chaos, 6, &r[6]);
    if (chaos_one_in(chaos, 3)) {
        lend(chaos, r);
    } else {
        raw_call(r);
    }
}

/* Until the reply the borrower may do with it what the message says: a fault in here is the
 * kernel's. */
static void touch(struct chaos *chaos, const uint32_t r[8])
{
    uint32_t kind = r[1] & 0xffu;
    volatile uint8_t *at = (volatile uint8_t *)(uintptr_t)r[2];
    uint8_t seen = 0;

    if (kind != K5_MSG_LEND && kind != K5_MSG_LEND_MUT) {
        return;
    }
    chaos->borrowed_base = r[2];
    chaos->borrowed_bytes = r[3];
    seen = at[0] ^ at[r[3] - 1];
    if (kind == K5_MSG_LEND_MUT) {
        at[0] = (uint8_t)(seen + 1);
        at[r[3] - 1] = seen;
    }
}

static void received(struct chaos *chaos, const uint32_t r[8])
{
    if (r[0] == K5_OK && r[7] != 0) {
        remember(chaos, r[7]);
        touch(chaos, r);
    }
}

void chaos_recv(struct chaos *chaos)
{
    uint32_t r[8] = {chaos_cptr(chaos, K5_KIND_ENDPOINT, K5_RIGHT_RECV)};

    fill(chaos, r, K5_SYS_RECV);
    if (!chaos_one_in(chaos, 20)) {
        r[1] &= K5_FLAG_RECV_BUF;
    }
    r[1] |= chaos_patience(chaos, 7, &r[6]);
    raw_call(r);
    received(chaos, r);
}

void chaos_reply(struct chaos *chaos, uint32_t number)
{
    uint32_t *reply = any_reply(chaos);
    uint32_t used = chaos_one_in(chaos, 20) ? chaos_random(chaos) : *reply;
    uint32_t r[8] = {used};

    fill(chaos, r, number);
    if (number == K5_SYS_REPLY_RECV) {
        r[6] = chaos_cptr(chaos, K5_KIND_ENDPOINT, K5_RIGHT_RECV);
        r[1] |= chaos_one_in(chaos, 3) ? 0 : K5_FLAG_TRY;
    } else if (!chaos_one_in(chaos, 20)) {
        r[1] &= ~(uint32_t)K5_FLAG_RECV_BUF;
    }
    raw_call(r);
    if (used == *reply && ((int32_t)r[0] == K5_OK || (int32_t)r[0] == K5_E_STALE ||
                           (int32_t)r[0] == K5_E_WOULD_BLOCK)) {
        *reply = 0;
        chaos->borrowed_bytes = 0;
    }
    if (number == K5_SYS_REPLY_RECV) {
        received(chaos, r);
    }
}
