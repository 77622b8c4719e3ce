/* Tests: endpoints with a queue for short messages, and the order in queues. */
#include "actors.h"
#include "rogue_ways.h"
#include "suite_slots.h"
#include "k5_task.h"

/* In suite_ipc.toml: endpoint `box`, received by right, holds BOX_PLACES messages. */

static void post(enum actor who, uint32_t word)
{
    order_syscall(who, K5_SYS_SEND, CPTR(SLOT_BOX), 0, word, 0, 0, 0, 0);
}

static void take(uint32_t flags)
{
    order_syscall(RIGHT, K5_SYS_RECV, CPTR(SLOT_BOX), flags, 0, 0, 0, 0, 0);
}

static void sender_goes_on(void)
{
    post(LEFT, 1);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    take(0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(result(RIGHT, R_W0), 1);
    CHECK_EQUAL(result(RIGHT, R_BADGE), 1);
    CHECK_EQUAL(result(RIGHT, R_REPLY), 0);
}

static void first_in_first_out(void)
{
    post(LEFT, 1);
    post(MIDDLE, 2);
    post(LEFT, 3);
    for (uint32_t i = 1; i <= 3; i++) {
        take(0);
        CHECK_EQUAL(result(RIGHT, R_W0), i);
    }
    take(K5_FLAG_TRY);
    CHECK_EQUAL(outcome(RIGHT), K5_E_WOULD_BLOCK);
}

static void full_is_an_error_to_the_sender(void)
{
    order(LEFT, DO_RUN, WAY_flood, SLOT_BOX, 0);
    CHECK_EQUAL(report(LEFT)->value, BOX_PLACES);
    CHECK_EQUAL(outcome(LEFT), K5_E_FULL);
    take(0);
    CHECK_EQUAL(result(RIGHT, R_W0), 0);
    post(LEFT, 77);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    for (uint32_t i = 0; i < BOX_PLACES; i++) {
        take(0);
    }
    CHECK_EQUAL(result(RIGHT, R_W0), 77);
}

static void ring_comes_before_waiting_callers(void)
{
    order_syscall(MIDDLE, K5_SYS_CALL, CPTR(SLOT_BOX), 0, 50, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(MIDDLE), WAITS);
    post(LEFT, 1);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    take(0);
    CHECK_EQUAL(result(RIGHT, R_W0), 1);
    take(0);
    CHECK_EQUAL(result(RIGHT, R_W0), 50);
}

static void waiting_receiver_gets_it_directly(void)
{
    take(0);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
    post(LEFT, 5);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(result(RIGHT, R_W0), 5);
}

static void other_kinds_wait(void)
{
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_BOX), K5_MSG_COPY, report(LEFT)->arena, 8, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    take(0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(RIGHT, R_W0), 8);
}

static void emptied_when_the_receiver_dies(void)
{
    post(LEFT, 1);
    post(LEFT, 2);
    revive(RIGHT);
    take(K5_FLAG_TRY);
    CHECK_EQUAL(outcome(RIGHT), K5_E_WOULD_BLOCK);
    post(LEFT, 3);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
    post(LEFT, 4);
    take(0);
    CHECK_EQUAL(result(RIGHT, R_W0), 4);
}

static void urgent_senders_first(void)
{
    CHECK_EQUAL(k5_thread_set_priority(thread_of(MIDDLE), 21), K5_OK);
    order_call(LEFT, RIGHT, 0, 1, 0, 0, 0);
    order_call(MIDDLE, RIGHT, 0, 2, 0, 0, 0);
    order_recv(RIGHT);
    CHECK_EQUAL(result(RIGHT, R_W0), 2);
    order_recv(RIGHT);
    CHECK_EQUAL(result(RIGHT, R_W0), 1);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(MIDDLE), 20), K5_OK);
}

static void equals_by_age(void)
{
    order_call(MIDDLE, RIGHT, 0, 1, 0, 0, 0);
    order_call(LEFT, RIGHT, 0, 2, 0, 0, 0);
    order_recv(RIGHT);
    CHECK_EQUAL(result(RIGHT, R_W0), 1);
}

static const struct test tests[] = {
    {"queue.ring.sender_goes_on", "Where an endpoint has a queue, the sender does not wait.",
     sender_goes_on},
    {"queue.ring.first_in_first_out", "The queue keeps the order.", first_in_first_out},
    {"queue.ring.full", "A full queue is an error to the sender.", full_is_an_error_to_the_sender},
    {"queue.ring.before_callers", "recv takes what is in the queue before those who wait.",
     ring_comes_before_waiting_callers},
    {"queue.ring.direct", "A receiver that waits gets the message at once.",
     waiting_receiver_gets_it_directly},
    {"queue.ring.short_only", "Other kinds than short messages wait.", other_kinds_wait},
    {"queue.ring.dies_with_receiver", "The queue is emptied when the receiver's task dies.",
     emptied_when_the_receiver_dies},
    {"queue.waiting.urgent_first", "Who waits stands in a queue: the most urgent first.",
     urgent_senders_first},
    {"queue.waiting.equals_by_age", "Equals by age.", equals_by_age},
};
const struct test_group queue_tests = GROUP(tests);
