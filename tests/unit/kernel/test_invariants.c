/* The invariant check finds what is broken: one corruption each, and the sentence it must give. */
#include "kernel/invariants.h"

#include <string.h>

#include "kernel/system.h"
#include "tests/unit/kit.h"

/* Threads, and with the same number their tasks, in all states that there are. */
#define SERVER    0u
#define CALLER    1u /* queued at the server's endpoint */
#define AWAITER   2u /* its call is in the second server's hands, with a mutable loan */
#define HELPER    3u /* the second server, current */
#define READY     4u /* has a derived capability, and a movable region */
#define SLEEPER   5u
#define WAITER    6u  /* receives */
#define NOTIFIED  7u  /* waits for bits */
#define CONNECTOR 8u  /* at a port */
#define DOWN      9u  /* in back-off */
#define LENDER    10u /* dead; its shared loan is with the second server */
#define SISTER    11u /* of the same task */
#define TIMED     12u /* waits for a message until a deadline; task 11 */

#define CPTR0 0x10000u

static uint32_t loan_base; /* what AWAITER lends */
static uint32_t minted;    /* slot of READY's derived capability */
static uint32_t movable;   /* slot of its movable region */

static void build_all_states(void)
{
    for (uint32_t i = 0; i < 10; i++) {
        build_single(10);
    }
    build_task(SYS_POLICY_RESTART);
    build_thread(10, 10);
    build_thread(10, 10);
    build_thread(build_task(SYS_POLICY_RESTART), 10);
    build_endpoint(SERVER);
    build_endpoint(HELPER);
    build_endpoint(WAITER);
    build_queue(2, 2);
    build_endpoint(TIMED);
    build_notification(NOTIFIED);
    build_port("port");
    build_object(64, SYS_READ, SYS_REGION_MOVABLE);
    build_cap(CALLER, 0, K5_RIGHT_SEND, 0);
    build_cap(AWAITER, 1, K5_RIGHT_SEND, 0);
    build_cap(HELPER, 1, K5_RIGHT_RECV, 0);
    build_cap(WAITER, 2, K5_RIGHT_RECV, 0);
    build_cap(10, 1, K5_RIGHT_SEND, 0);
    build_cap(11, 3, K5_RIGHT_RECV, 0);
    build_cap_for(NOTIFIED, K5_KIND_NOTIFICATION, 0, K5_RIGHT_WAIT, 0);
    build_cap_for(CONNECTOR, K5_KIND_PORT, 0, K5_RIGHT_CONNECT, 0);
    build_cap(READY, 0, K5_RIGHT_SEND | K5_RIGHT_GRANT, 0);
    build_cap_for(READY, K5_KIND_REGION, 0, K5_RIGHT_READ, 0);
    build_spare_slots(READY, 2);
    build_spare_slots(WAITER, 1);
}

static void boot_all_states(void)
{
    build_all_states();
    kit_boot();
    loan_base = build_buffer(AWAITER, 0);
    TURN_TO(READY);
    PLAY(READY, K5_SYS_MINT, CPTR0, K5_RIGHT_SEND, 5);
    minted = sys_task(READY)->first_slot + (kit_reg(READY, 1) & 0xffffu);
    movable = sys_task(READY)->first_slot + 1u;
    kit_sleep_until(SLEEPER, 900);
    TURN_TO(WAITER);
    PLAY(WAITER, K5_SYS_RECV, CPTR0);
    TURN_TO(NOTIFIED);
    PLAY(NOTIFIED, K5_SYS_WAIT, CPTR0, 0, 0x0f);
    TURN_TO(CONNECTOR);
    PLAY(CONNECTOR, K5_SYS_CONNECT, CPTR0, 0);
    TURN_TO(TIMED);
    PLAY(TIMED, K5_SYS_RECV, CPTR0, K5_FLAG_TIMED, 0, 0, 0, 0, kit_deadline(2048));
    TURN_TO(CALLER);
    PLAY(CALLER, K5_SYS_CALL, CPTR0);
    TURN_TO(LENDER);
    PLAY(LENDER, K5_SYS_CALL, CPTR0, K5_MSG_LEND, build_buffer(10, 0), 64);
    TURN_TO(HELPER);
    PLAY(HELPER, K5_SYS_RECV, CPTR0);
    TURN_TO(AWAITER);
    PLAY(AWAITER, K5_SYS_CALL, CPTR0, K5_MSG_LEND_MUT, loan_base, 64);
    TURN_TO(HELPER);
    PLAY(HELPER, K5_SYS_RECV, CPTR0);
    TURN_TO(SISTER);
    FAULT(SISTER);
    TURN_TO(DOWN);
    FAULT(DOWN);
    TURN_TO(HELPER);
    ASSERT_STATE(AWAITER, K5_THREAD_AWAITING);
    ASSERT_STATE(LENDER, K5_THREAD_LENDING);
    ASSERT_STATE(READY, K5_THREAD_READY);
    ASSERT_STATE(CALLER, K5_THREAD_CALLING);
}

/* ------------------------------------------------------------ one wrong value each */

static struct sys_region *buffers_of(uint32_t task)
{
    return kit_view_of(task, BUILD_BUFFERS);
}

static const char *corrupt_queues(uint32_t which)
{
    uint32_t head = k5.queue[10].head;

    switch (which) {
    case 0:
        k5.thread[head].next = (uint8_t)head; /* it never ends */
        return "a queue is linked both ways";
    case 1:
        k5.thread[head].effective = 9;
        return "a queue is sorted by priority";
    case 2:
        k5.queue[10].tail = AWAITER;
        return "a queue's tail is its last thread";
    case 3:
        k5.ready ^= 1u << 3;
        return "ready bits tell which queues are not empty";
    case 4:
        k5.endpoint[0].queue.tail = READY;
        return "a queue's tail is its last thread";
    case 5:
        k5.thread[READY].state = K5_THREAD_EXHAUSTED;
        return "a thread is in exactly the queue of its state";
    case 6:
        k5.thread[CONNECTOR].state = K5_THREAD_SLEEPING;
        return "a thread is in exactly the queue of its state";
    case 7:
        k5.thread[CALLER].state = K5_THREAD_CONNECTING;
        return "connecting at its port";
    case 8:
        k5.thread[CALLER].state = K5_THREAD_READY;
        return "ready at its effective priority";
    case 9:
        k5.thread[CALLER].endpoint = 1;
        return "queued at its endpoint";
    case 10:
        k5.current = SLEEPER;
        return "the current thread runs";
    case 11:
        k5.thread[AWAITER].state = K5_THREAD_RUNNING;
        return "the current thread runs";
    case 12:
        k5.current = NO_THREAD;
        return "nobody is ready while the machine idles";
    case 13:
        k5.current = 200;
        return "the current thread exists";
    case 14:
        k5.thread[HELPER].effective = 9;
        return "nobody more urgent is ready";
    default:
        return NULL;
    }
}

static const char *corrupt_waiting(uint32_t which)
{
    switch (which) {
    case 0:
        k5.thread[WAITER].endpoint = 0;
        return "only the receiver waits for messages";
    case 1:
        k5.endpoint[2].waiting = 0;
        return "an endpoint knows that its receiver waits";
    case 2:
        k5.endpoint[0].waiting = 1;
        k5.thread[SERVER].endpoint = 0;
        return "a waiting receiver is RECEIVING";
    case 3:
        k5.notification[0].waiting = 0;
        return "a notification knows that its receiver waits";
    case 4:
        k5.notification[0].bits = 0x08;
        return "nobody waits for bits that are set";
    case 5:
        k5.thread[AWAITER].holder = 99;
        return "a call that was received has a holder";
    case 6:
        k5.thread[AWAITER].sequence = 0;
        return "a reply capability is never 0";
    case 7:
        k5.thread[HELPER].client = READY;
        return "a client waits for its server's reply";
    case 8:
        k5.thread[HELPER].client = AWAITER;
        k5.thread[HELPER].orphan = 1;
        return "a thread has a client or an orphaned donation, not both";
    case 9:
        k5.thread[AWAITER].holder = AWAITER;
        return "nobody waits for itself";
    case 10:
        k5.endpoint[0].receiver = READY;
        return "an endpoint keeps its receiver";
    case 11:
        k5.endpoint[0].held = 1;
        return "a ring holds what it has room for";
    case 12:
        k5.endpoint[2].held = 1;
        return "a receiver does not wait while messages are in its ring";
    case 13:
        k5.thread[SERVER].queued = 2;
        return "a receiver knows how many wait";
    case 14:
        k5.endpoint[2].queue = k5.endpoint[0].queue; /* the caller, at whom waits for messages */
        k5.endpoint[0].queue = (struct thread_queue){NO_THREAD, NO_THREAD};
        k5.thread[CALLER].endpoint = 2;
        return "a receiver does not wait while messages do";
    default:
        return NULL;
    }
}

static const char *corrupt_time(uint32_t which)
{
    switch (which) {
    case 0:
        k5.thread[READY].payer = NO_THREAD;
        return "who may run has a payer";
    case 1:
        k5.thread[READY].own_payer = NO_THREAD;
        return "a payer has a budget of its own";
    case 2:
        k5.thread[READY].overrun_used = 1;
        return "only a dry payer is overrun";
    case 3:
        k5.thread[READY].cooling = 1;
        return "who cools down does not run";
    case 4:
        k5.thread[READY].budget_left = 0;
        return "a spent budget cools down";
    case 5:
        k5.thread[AWAITER].state = K5_THREAD_UNFUNDED;
        return "unfunded has no payer";
    case 6:
        k5.thread[AWAITER].state = K5_THREAD_EXHAUSTED;
        return "exhausted cools down";
    case 7:
        k5.thread[SLEEPER].wake_at = k5.next_timer - 1;
        return "no sleep is missed";
    case 8:
        k5.thread[TIMED].wake_at = k5.next_timer - 1;
        return "no deadline is missed";
    case 9:
        k5.thread[AWAITER].cooling = 1;
        k5.thread[AWAITER].replenish_at = k5.next_timer - 1;
        return "no cooldown is missed";
    case 10:
        k5.thread[SLEEPER].effective = 11;
        return "priority and payer are what is lent";
    case 11:
        k5.thread[HELPER].payer = READY;
        return "priority and payer are what is lent";
    case 12:
        k5.thread[READY].consumed++;
        return "charged time adds up to elapsed time";
    case 13:
        k5.idle++;
        return "charged time adds up to elapsed time";
    default:
        return NULL;
    }
}

static const char *corrupt_caps(uint32_t which)
{
    uint32_t given = sys_task(CALLER)->first_slot;
    uint32_t empty = sys_task(WAITER)->first_slot + 1u;

    switch (which) {
    case 0:
        k5.slot[minted].previous = NO_SLOT;
        return "a list of derivation is linked both ways";
    case 1:
        k5.slot[minted].kind = K5_KIND_TASK;
        return "what is derived is of the same kind";
    case 2:
        k5.slot[minted].depth = 0;
        return "only movable regions change their slots";
    case 3:
        k5.slot[given].depth = 1;
        return "the description's slots hold what it gave";
    case 4:
        k5.slot[minted].object = 1;
        return "and is of the same object";
    case 5:
        k5.slot[minted].rights |= K5_RIGHT_RECV;
        return "no capability has rights that its parent lacks";
    case 6:
        k5.slot[given].generation = 2;
        return "the description's slots keep their cptrs";
    case 7:
        k5.slot[minted].generation = 0;
        return "a retired slot stays empty";
    case 8:
        k5.slot[given].object = 200;
        return "no slot outlives its object";
    case 9:
        k5.slot[given].object = 1;
        return "the description's slots hold what it gave";
    case 10:
        k5.slot[given].rights |= K5_RIGHT_RECV;
        return "with no more rights";
    case 11:
        k5.slot[empty].kind = K5_KIND_ENDPOINT; /* from nowhere */
        k5.slot[empty].depth = 1;
        return "a derived capability has a parent";
    case 12:
        k5.slot[movable].kind = K5_KIND_NONE;
        return "a movable region has exactly one capability";
    case 13:
        k5.slot[empty] = k5.slot[movable]; /* a copy of it */
        return "a movable region has exactly one capability";
    case 14:
        k5.slot[given].previous = (uint16_t)minted;
        return "a list begins with what the description gave";
    case 15:
        k5.task[READY].mapped[k5.task[READY].mapped_count++] = (uint16_t)movable;
        return "what is mapped has its capability in the task's table";
    case 16:
        k5.port[0].slot = (uint16_t)movable;
        return "an open port leads to an endpoint";
    default:
        return NULL;
    }
}

static const char *corrupt_memory(uint32_t which)
{
    switch (which) {
    case 0:
        k5.task[READY].region_count = CFG_MPU_REGIONS + 1;
        return "the hardware has room for the view";
    case 1:
        buffers_of(READY)->access = SYS_READ | SYS_WRITE | SYS_EXECUTE;
        return "W^X";
    case 2:
        buffers_of(READY)->bytes = 0;
        return "a region is a range";
    case 3:
        buffers_of(SERVER)->bytes = UINT32_MAX - 31;
        return "a region is a range";
    case 4:
        buffers_of(READY)->base -= 32; /* into its own stacks */
        return "a view is sorted and does not overlap";
    case 5:
        buffers_of(READY)->base = build_buffer(SLEEPER, 0) + 32;
        return "no byte is writable by two tasks, or by one and readable by another, unless the "
               "description shares it";
    case 6:
        buffers_of(READY)->base = build_buffer(SLEEPER, 0) + 32;
        buffers_of(READY)->access = SYS_READ;
        return "no byte is writable by two tasks, or by one and readable by another, unless the "
               "description shares it";
    case 7:
        k5.thread[LENDER].state = K5_THREAD_OFF;
        return "who lends waits for the reply, or is dead";
    case 8:
        k5.thread[AWAITER].lends = K5_MSG_LEND;
        k5.task[AWAITER].region[BUILD_BUFFERS].base = loan_base;
        return "no byte is writable by two tasks, or by one and readable by another, unless the "
               "description shares it";
    case 9:
        k5.thread[AWAITER].lends = K5_MSG_COPY;
        return "a loan is shared or exclusive";
    case 10:
        k5.thread[AWAITER].reg[2] = loan_base + 64; /* which its owner has still */
        return "what is lent mutably is not accessible to its owner";
    case 11:
        k5.thread[LENDER].reg[2] += 64;
        return "what is lent shared is not writable by its owner";
    case 12:
        k5.thread[k5.loans].next_loan = k5.loans;
        return "the list of loans ends";
    case 13:
        k5.loans = k5.thread[k5.loans].next_loan;
        return "all who lend are in the list of loans";
    case 14:
        k5.thread[LENDER].lends = 0;
        k5.loans = AWAITER;
        k5.thread[AWAITER].next_loan = NO_THREAD;
        return "the dead lend something";
    default:
        return NULL;
    }
}

static const char *corrupt_dying(uint32_t which)
{
    switch (which) {
    case 0:
        k5.task[READY].blocked = 1;
        return "only who comes down waits for loans to end";
    case 1:
        k5.task[DOWN].restart_at = k5.next_timer - 1;
        return "no restart is missed";
    case 2:
        k5.reaping++;
        return "the reaper knows how many come down";
    case 3:
        k5.thread[SLEEPER].dying = 1;
        return "its task is coming down";
    case 4:
        k5.task[10].grace_end = k5.next_timer - 1;
        return "no grace is missed";
    case 5:
        k5.task[READY].state = K5_TASK_HELD;
        return "who is dying, or of a task that is not up, does not run";
    default:
        return NULL;
    }
}

static void check_corruptions(const char *(*corrupt)(uint32_t), uint32_t least)
{
    for (uint32_t i = 0;; i++) {
        kit_setup(NULL);
        boot_all_states();
        assert_null(kernel_invariants());

        const char *want = corrupt(i);

        if (want == NULL) {
            assert_true(i >= least);
            return;
        }

        const char *got = kernel_invariants();

        if (got == NULL || strcmp(got, want) != 0) {
            fail_msg("corruption %u: got \"%s\", want \"%s\"", i, got == NULL ? "nothing" : got,
                     want);
        }
    }
}

static void test_invariants_of_queues(void **state)
{
    (void)state;
    check_corruptions(corrupt_queues, 15);
}

static void test_invariants_of_waiting(void **state)
{
    (void)state;
    check_corruptions(corrupt_waiting, 15);
}

static void test_invariants_of_time(void **state)
{
    (void)state;
    check_corruptions(corrupt_time, 14);
}

static void test_invariants_of_capabilities(void **state)
{
    (void)state;
    check_corruptions(corrupt_caps, 17);
}

static void test_invariants_of_memory(void **state)
{
    (void)state;
    check_corruptions(corrupt_memory, 15);
}

static void test_invariants_of_what_comes_down(void **state)
{
    (void)state;
    check_corruptions(corrupt_dying, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_invariants_of_queues), KIT_TEST(test_invariants_of_waiting),
        KIT_TEST(test_invariants_of_time),   KIT_TEST(test_invariants_of_capabilities),
        KIT_TEST(test_invariants_of_memory), KIT_TEST(test_invariants_of_what_comes_down),
    };

    return cmocka_run_group_tests_name("invariants", tests, NULL, NULL);
}
