/* Tests: the functions of libk5, called by the judge itself. */
#include "actors.h"
#include "k5_task.h"
#include "rogue_ways.h"

#define BYTES 256u

static uint32_t memory[2 * BYTES / sizeof(uint32_t)] __attribute__((aligned(256)));

static void capabilities(void)
{
    struct k5_cap_info info = {0};
    k5_cptr_t minted = 0;
    k5_cptr_t second = 0;

    CHECK_EQUAL(k5_mint(CAP_DESK, K5_RIGHT_SEND, 5, &minted), K5_OK);
    CHECK_EQUAL(k5_caps(minted & 0xffff, &info), K5_OK);
    CHECK_EQUAL(info.cptr, minted);
    CHECK_EQUAL(info.badge, 5);
    CHECK_EQUAL(info.rights, K5_RIGHT_SEND);
    CHECK_EQUAL(k5_mint(minted, K5_RIGHT_SEND | K5_RIGHT_RECV, 5, &second), K5_E_RIGHTS);
    CHECK_EQUAL(second, 0); /* left alone on an error */
    CHECK_EQUAL(k5_mint(CAP_DESK, K5_RIGHT_SEND, 6, &second), K5_OK);
    CHECK_EQUAL(k5_delete(minted), K5_OK);
    CHECK_EQUAL(k5_delete(CAP_DESK), K5_E_BUSY);
    CHECK_EQUAL(k5_revoke(CAP_DESK), K5_OK);
    CHECK_EQUAL(k5_delete(second), K5_E_STALE);
}

static void regions(void)
{
    void *base = NULL;
    size_t bytes = 0;

    CHECK_EQUAL(k5_map(CAP_LEAF, K5_MAP_READ_WRITE, &base, &bytes), K5_OK);
    CHECK_EQUAL(bytes, BYTES);
    *(volatile uint32_t *)base = 7;
    CHECK_EQUAL(k5_map(CAP_LEAF, K5_MAP_READ, &base, &bytes), K5_E_BUSY);
    CHECK_EQUAL(*(volatile uint32_t *)base, 7);
    CHECK_EQUAL(k5_unmap(CAP_LEAF), K5_OK);
    CHECK_EQUAL(k5_unmap(CAP_LEAF), K5_E_STATE);
}

static void notifications(void)
{
    uint32_t bits = 99;

    CHECK_EQUAL(k5_poll(CAP_FLAG, 0xff, &bits), K5_E_WOULD_BLOCK);
    CHECK_EQUAL(k5_wait_until(CAP_FLAG, 0xff, k5_deadline_in_us(1000), &bits), K5_E_TIMEOUT);
    CHECK_EQUAL(bits, 99);
    CHECK_EQUAL(k5_signal(CAP_FLAG, 0x106), K5_OK);
    CHECK_EQUAL(k5_wait(CAP_FLAG, 0xff, &bits), K5_OK);
    CHECK_EQUAL(bits, 0x06);
    CHECK_EQUAL(k5_poll(CAP_FLAG, 0x100, &bits), K5_OK);
    CHECK_EQUAL(bits, 0x100);
}

static void ports(void)
{
    k5_cptr_t endpoint = 0;

    CHECK_EQUAL(k5_try_connect(CAP_OFFICE, &endpoint), K5_E_CLOSED);
    CHECK_EQUAL(k5_connect_until(CAP_OFFICE, k5_deadline_in_us(1000), &endpoint), K5_E_TIMEOUT);
    CHECK_EQUAL(endpoint, 0);
    CHECK_EQUAL(k5_listen(CAP_OFFICE, CAP_DESK), K5_OK);
    CHECK_EQUAL(k5_connect(CAP_OFFICE, &endpoint), K5_OK);
    CHECK(endpoint != 0);
    CHECK_EQUAL(k5_delete(endpoint), K5_OK);
    CHECK_EQUAL(k5_close(CAP_OFFICE), K5_OK);
    CHECK_EQUAL(k5_try_connect(CAP_OFFICE, &endpoint), K5_E_CLOSED);
}

/* Who waits for a port when it opens goes on without a word of its own. */
static void connect_goes_on(void)
{
    order_syscall(RIGHT, K5_SYS_CONNECT, report(RIGHT)->arena, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_E_CPTR);
    order(RIGHT, DO_RUN, WAY_connect, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
    CHECK_EQUAL(k5_listen(CAP_OFFICE, CAP_DESK), K5_OK);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK(report(RIGHT)->value != 0);
    CHECK_EQUAL(k5_close(CAP_OFFICE), K5_OK);
}

static void lends(void)
{
    struct k5_message message = k5_lend_mut(3, memory, BYTES, 0, 0);

    memory[0] = 1;
    order(RIGHT, DO_RUN, WAY_sign_loan, 0, 0);
    CHECK_EQUAL(k5_call(CAP_RIGHT, &message), K5_OK);
    CHECK_EQUAL(memory[0], 2);
    order(RIGHT, DO_SERVE, 0, 0, 0);
    message = k5_lend(3, memory, BYTES, 0, 0);
    CHECK_EQUAL(k5_call(CAP_RIGHT, &message), K5_OK);
    CHECK_EQUAL(message.word[0], (uint32_t)(uintptr_t)memory + 1);
    message = k5_lend(3, (const char *)memory + 4, BYTES, 0, 0);
    CHECK_EQUAL(k5_call(CAP_RIGHT, &message), K5_E_ALIGNMENT);
    CHECK_EQUAL(k5_kind(&message), K5_MSG_LEND); /* left as it was */
    CHECK_EQUAL(message.word[1], BYTES);
}

static void passes_and_moves(void)
{
    struct k5_message message = k5_pass(1, 10, CAP_LEAF, 0, 0);

    order(RIGHT, DO_SERVE, 0, 0, 0);
    CHECK_EQUAL(k5_call(CAP_RIGHT, &message), K5_OK);
    CHECK_EQUAL(message.word[0], 11);
    CHECK(!k5_has_cap(&message));
    CHECK_EQUAL(k5_delete(CAP_LEAF), K5_E_BUSY);
    CHECK_EQUAL(k5_revoke(CAP_LEAF), K5_OK);
    message = k5_move(1, CAP_PACKET);
    CHECK_EQUAL(k5_call(CAP_RIGHT, &message), K5_OK);
    CHECK_EQUAL(k5_unmap(CAP_PACKET), K5_E_CPTR);
    revive(RIGHT); /* it comes home */
    CHECK_EQUAL(k5_unmap(CAP_PACKET), K5_E_STATE);
}

static void deadlines(void)
{
    struct k5_message message = k5_short(4, 1, 2, 3, 4);

    CHECK_EQUAL(k5_send_until(CAP_RIGHT, &message, k5_deadline_in_us(1000)), K5_E_TIMEOUT);
    CHECK_EQUAL(k5_call_until(CAP_RIGHT, &message, k5_deadline_in_us(1000)), K5_E_TIMEOUT);
    CHECK_EQUAL(k5_label(&message), 4);
    CHECK_EQUAL(message.word[3], 4);
    CHECK_EQUAL(k5_recv_until(CAP_DESK, &message, k5_deadline_in_us(1000)), K5_E_TIMEOUT);
    order(RIGHT, DO_SERVE, 0, 0, 0);
    CHECK_EQUAL(k5_call_until(CAP_RIGHT, &message, k5_deadline_in_us(1000)), K5_OK);
    CHECK_EQUAL(message.word[0], 2);
}

static void serves(void)
{
    struct k5_message message = {0};

    order(LEFT, DO_RUN, WAY_ask_desk, 40, 0);
    CHECK_EQUAL(k5_serve(CAP_DESK, &message), K5_OK);
    CHECK_EQUAL(message.word[0], 40);
    k5_answer(&message, 0, 41, 0, 0, 0);
    order(MIDDLE, DO_RUN, WAY_ask_desk, 50, 0);
    CHECK_EQUAL(k5_serve(CAP_DESK, &message), K5_OK);
    CHECK_EQUAL(message.word[0], 50);
    revive(MIDDLE); /* a caller that is gone is no error to a server */
    k5_answer(&message, 0, 51, 0, 0, 0);
    order(RIGHT, DO_RUN, WAY_ask_desk, 60, 0);
    CHECK_EQUAL(k5_serve(CAP_DESK, &message), K5_OK);
    CHECK_EQUAL(message.word[0], 60);
    k5_answer(&message, 0, 61, 0, 0, 0);
    CHECK_EQUAL(k5_reply(&message), K5_OK);
    k5_sleep_us(1000); /* while it served them it was as urgent as they are */
    CHECK_EQUAL(report(LEFT)->value, 41);
    CHECK_EQUAL(report(RIGHT)->value, 61);
}

static void answers(void)
{
    struct k5_message message = {0};
    struct k5_cap_info info = {0};

    order(LEFT, DO_RUN, WAY_ask_desk, 1, 0);
    CHECK_EQUAL(k5_recv(CAP_DESK, &message), K5_OK);
    k5_answer_pass(&message, 0, 7, CAP_LEAF, 0, 0);
    CHECK_EQUAL(k5_reply(&message), K5_OK);
    CHECK_EQUAL(report(LEFT)->value, 7);
    CHECK(cap_of(LEFT, report(LEFT)->r[1] & 0xffff, &info));
    CHECK_EQUAL(info.kind, K5_KIND_REGION);
    CHECK_EQUAL(k5_revoke(CAP_LEAF), K5_OK);
    order(LEFT, DO_RUN, WAY_ask_desk, 1, 0);
    message = (struct k5_message){0};
    CHECK_EQUAL(k5_recv(CAP_DESK, &message), K5_OK);
    k5_answer_move(&message, 0, CAP_PACKET);
    CHECK_EQUAL(k5_reply(&message), K5_OK);
    CHECK(can_store(LEFT, report(LEFT)->value, 1)); /* word 0 is where it lies */
    revive(LEFT);                                   /* and it comes home */
    CHECK_EQUAL(k5_unmap(CAP_PACKET), K5_E_STATE);
}

static const struct test tests[] = {
    {"libk5.judge.capabilities", "k5_mint, k5_delete, k5_revoke, k5_caps do what they say.",
     capabilities},
    {"libk5.judge.regions", "k5_map, k5_unmap do what they say.", regions},
    {"libk5.judge.notifications", "k5_signal, k5_wait, k5_wait_until, k5_poll do what they say.",
     notifications},
    {"libk5.judge.ports", "k5_listen, k5_close and the three ways to connect do what they say.",
     ports},
    {"libk5.judge.connect_goes_on", "k5_connect goes on when the port opens.", connect_goes_on},
    {"libk5.judge.lends", "k5_lend, k5_lend_mut make loans.", lends},
    {"libk5.judge.passes_and_moves", "k5_pass, k5_move make such messages.", passes_and_moves},
    {"libk5.judge.deadlines", "The _until forms give up, and leave the message as it was.",
     deadlines},
    {"libk5.judge.answers", "k5_answer_pass, k5_answer_move make such replies.", answers},
    {"libk5.judge.serves", "k5_serve is a server's loop, whatever its clients do.", serves},
};
const struct test_group libk5_tests = GROUP(tests);
