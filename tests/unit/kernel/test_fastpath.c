/* The fast paths of call and reply_recv come to the same state as the general ones.
 *
 * Random systems are driven at random; before each call and reply_recv the state
 * is copied, the call is made both ways, and every field must be equal.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/ipc.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "tests/unit/kit.h"

#define THREADS   6u
#define ENDPOINTS 4u
#define STEPS     80u /* of each system: most come to rest soon */

static uint32_t cptr[THREADS][ENDPOINTS];
static uint32_t signal_cap[THREADS]; /* a bound notification of some thread */
static uint32_t shut_down[THREADS];  /* control of some task */
static uint32_t receiver_of[ENDPOINTS];
static uint64_t fast_taken[2]; /* calls, and answers */
static uint64_t system_seed;   /* of the system that runs */

static void build_random(struct kit_random *random)
{
    for (uint32_t i = 0; i < THREADS; i++) {
        uint32_t thread = build_single(8 + kit_random_below(random, 4));

        /* Some with a cooldown, some passive. */
        build_thread_of(thread)->overrun = 200 + 10 * i;
        if (kit_random_below(random, 3) == 0) {
            build_thread_of(thread)->budget = 100;
            build_thread_of(thread)->cooldown = 500;
        } else if (i != 0 && kit_random_below(random, 3) == 0) {
            build_thread_of(thread)->budget = 0;
        }
    }
    for (uint32_t e = 0; e < ENDPOINTS; e++) {
        uint32_t receiver = kit_random_below(random, THREADS);
        uint32_t endpoint = build_endpoint(receiver);

        receiver_of[e] = receiver;
        if (build_thread_of(receiver)->budget != 0 && kit_random_below(random, 3) == 0) {
            build_queue(endpoint, 2);
        }
        for (uint32_t i = 0; i < THREADS; i++) {
            uint32_t rights = i == receiver ? K5_RIGHT_RECV : K5_RIGHT_SEND;

            cptr[i][e] = build_cap(i, endpoint, rights, 100 * i + e);
        }
    }
    build_bind(build_notification(kit_random_below(random, THREADS)));
    for (uint32_t i = 0; i < THREADS; i++) {
        signal_cap[i] = build_cap_for(i, K5_KIND_NOTIFICATION, 0, K5_RIGHT_SIGNAL, 0);
        shut_down[i] =
            build_cap_for(i, K5_KIND_TASK, kit_random_below(random, THREADS), K5_RIGHT_CONTROL, 0);
        build_task_of(i)->backoff_ticks = 100;
        build_task_of(i)->backoff_max_ticks = 100;
        build_task_of(i)->grace_ticks = 300;
        build_spare_slots(i, 2);
    }
    kit_boot();
}

/* What a register is left with matters to its thread alone, and links only to those in a queue. */
static void normalise(struct kernel_state *state)
{
    for (uint32_t i = 0; i < THREADS; i++) {
        struct thread *thread = &state->thread[i];
        bool queued = thread->state == K5_THREAD_READY ||
                      (thread->state >= K5_THREAD_SENDING && thread->state <= K5_THREAD_FAULTED);

        if (!queued) {
            thread->next = NO_THREAD;
            thread->previous = NO_THREAD;
        }
    }
    state->slice_over = 0;
}

/* Plays the call both ways from one state; leaves the general one's result. */
static void play_both_ways(uint32_t who, uint32_t number, const uint32_t argument[7])
{
    static struct kernel_state before, fast;

    memcpy(k5.thread[who].reg, argument, 7 * sizeof argument[0]);
    k5.thread[who].reg[7] = number;
    k5.slice_over = 1; /* the general path clears it first of all */
    memcpy(&before, &k5, sizeof before);

    kernel_syscall();
    fast_taken[number == K5_SYS_REPLY_RECV] += k5.slice_over;
    KIT_CHECK();
    memcpy(&fast, &k5, sizeof fast);

    memcpy(&k5, &before, sizeof before);
    syscall_slow(number);
    KIT_CHECK();

    normalise(&fast);
    before = k5;
    normalise(&before);
    if (memcmp(&fast, &before, sizeof fast) != 0) {
        for (uint32_t i = 0; i < THREADS; i++) {
            if (memcmp(&fast.thread[i], &before.thread[i], sizeof fast.thread[i]) != 0) {
                print_error("thread %u differs: %s and %s\n", i,
                            kit_state_name(fast.thread[i].state),
                            kit_state_name(before.thread[i].state));
            }
        }
        fail_msg("call %u of thread %u: the fast path comes to another state (current %u and %u); "
                 "repeat: K5_SEED=%llu K5_RANDOM_STEPS=%u unit_test_fastpath",
                 number, who, fast.current, before.current, (unsigned long long)system_seed, STEPS);
    }
}

/* An endpoint that the thread receives from, or may call; if it finds none, any. */
static uint32_t choose_target(struct kit_random *random, uint32_t who, bool receive)
{
    uint32_t e = kit_random_below(random, ENDPOINTS);

    for (uint32_t i = 0; i < 2 * ENDPOINTS && (receiver_of[e] == who) != receive; i++) {
        e = kit_random_below(random, ENDPOINTS);
    }
    return cptr[who][e];
}

static bool receives(uint32_t who)
{
    bool found = false;

    for (uint32_t e = 0; e < ENDPOINTS; e++) {
        found |= receiver_of[e] == who;
    }
    return found;
}

/* An answer: short, or now and then bytes, which a caller without a buffer sees truncated. */
static void play_reply_recv(struct kit_random *random, uint32_t who, uint32_t reply, uint32_t info)
{
    uint32_t target = choose_target(random, who, true);

    if (kit_random_below(random, 6) == 0) {
        play_both_ways(
            who, K5_SYS_REPLY_RECV,
            (const uint32_t[7]){reply, info | K5_MSG_COPY, build_buffer(who, 0), 16, 0, 0, target});
    } else {
        play_both_ways(who, K5_SYS_REPLY_RECV,
                       (const uint32_t[7]){reply, info, 9, 8, 7, 6, target});
    }
}

/* A call: mostly short, now and then with something that the fast path must leave alone. */
static void play_call(struct kit_random *random, uint32_t who, uint32_t info)
{
    static const uint32_t slow[] = {K5_MSG_COPY,   K5_MSG_LEND, K5_MSG_LEND_MUT, K5_FLAG_CAP,
                                    K5_FLAG_TIMED, K5_MSG_MOVE, K5_FLAG_RECV_BUF};
    uint32_t target = choose_target(random, who, false);

    if (kit_random_below(random, 4) == 0) {
        info = (info & 0xffff0000u) | slow[kit_random_below(random, 7)];
        play_both_ways(who, K5_SYS_CALL,
                       (const uint32_t[7]){target, info, build_buffer(who, 0), 32,
                                           build_buffer(who, 1), 32,
                                           kit_deadline(kit_now() + 512)});
    } else {
        play_both_ways(who, K5_SYS_CALL, (const uint32_t[7]){target, info, 1, 2, 3, 4});
    }
}

/* Somebody sends bits, or holds or restarts a task. */
static void disturb(struct kit_random *random, uint32_t who)
{
    static const uint32_t number[] = {K5_SYS_TASK_HOLD, K5_SYS_TASK_RESUME, K5_SYS_TASK_RESUME,
                                      K5_SYS_TASK_RESTART};

    if (kit_random_below(random, 3) != 0) {
        PLAY(who, K5_SYS_SIGNAL, signal_cap[who], 1);
    } else {
        PLAY(who, number[kit_random_below(random, 4)], shut_down[who]);
    }
}

/* One random act of whoever runs: mostly calls and answers. */
static void act(struct kit_random *random, uint32_t reply[THREADS])
{
    uint32_t who = k5.current;
    uint32_t dice = kit_random_below(random, 16);
    uint32_t flags = kit_random_below(random, 8) == 0 ? (uint32_t)K5_FLAG_TRY : 0;
    uint32_t info = kit_info(kit_random_below(random, 9), flags);

    /* recv and reply_recv leave the reply capability in the last register. */
    if (kit_reg(who, 0) == K5_OK && kit_reg(who, 7) > 0xffu) {
        reply[who] = kit_reg(who, 7);
    }
    if (kit_random_below(random, 24) == 0) {
        disturb(random, who);
    } else if (kit_random_below(random, 64) == 0) {
        FAULT(who);
    } else if (dice == 0) {
        PLAY(who, K5_SYS_SLEEP, (uint32_t)kit_now() + kit_random_below(random, 300));
    } else if (dice == 1) {
        PLAY(who, K5_SYS_REPLY, reply[who], kit_info(7, 0), 5, 6, 7, 8);
    } else if (kit_holds_reply(who, reply[who]) ? dice < 12 : dice < 4) {
        play_reply_recv(random, who, reply[who], info);
    } else if (receives(who) && dice < 14) {
        PLAY(who, K5_SYS_RECV, choose_target(random, who, true), flags);
    } else {
        play_call(random, who, info);
    }
}

static void test_fast_paths_equal_the_general_ones(void **state)
{
    (void)state;
    uint64_t seed = kit_setting("K5_SEED", 1);
    uint64_t systems = kit_setting("K5_RANDOM_STEPS", 400000) / STEPS;

    for (uint64_t i = 0; i < systems; i++) {
        struct kit_random random = kit_random_from(seed + i);
        uint32_t reply[THREADS] = {0};

        system_seed = seed + i;
        kit_setup(NULL);
        kit_row("K5_SEED", system_seed);
        build_random(&random);
        for (uint32_t step = 0; step < STEPS; step++) {
            kit_advance(kit_random_below(&random, 40));
            kernel_timer(); /* early, so harmless: all time is charged now */
            KIT_CHECK();
            if (k5.current != NO_THREAD) {
                act(&random, reply);
            }
        }
    }
    print_message("%llu fast calls and %llu fast answers compared\n",
                  (unsigned long long)fast_taken[0], (unsigned long long)fast_taken[1]);
    /* One repeated system may have none. */
    assert_true(systems < 100 || (fast_taken[0] > systems && fast_taken[1] > systems));
}

int main(void)
{
    const struct CMUnitTest tests[] = {KIT_TEST(test_fast_paths_equal_the_general_ones)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
