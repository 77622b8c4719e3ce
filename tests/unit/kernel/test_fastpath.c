/* The fast paths of call and reply_recv come to the same state as the general ones.
 *
 * Random systems are driven at random; before each call and reply_recv the state
 * is copied, the call is made both ways, and every field must be equal.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "tests/unit/kit.h"

#define THREADS   6u
#define ENDPOINTS 4u

static uint32_t cptr[THREADS][ENDPOINTS];
static uint64_t fast_taken;

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

        for (uint32_t i = 0; i < THREADS; i++) {
            uint32_t rights = i == receiver ? K5_RIGHT_RECV : K5_RIGHT_SEND;

            cptr[i][e] = build_cap(i, endpoint, rights, 100 * i + e);
        }
    }
    kit_boot();
}

/* What a register is left with matters to its thread alone, and links only to those in a queue. */
static void normalise(struct kernel_state *state)
{
    for (uint32_t i = 0; i < THREADS; i++) {
        struct thread *thread = &state->thread[i];
        bool queued = thread->state == THREAD_READY || thread->state == THREAD_SENDING ||
                      thread->state == THREAD_CALLING;

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
    fast_taken += k5.slice_over;
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
        fail_msg("call %u of thread %u: the fast path comes to another state (current %u and %u)",
                 number, who, fast.current, before.current);
    }
}

/* One random act of whoever runs: mostly calls and answers. */
static void act(struct kit_random *random, uint32_t reply[THREADS])
{
    uint32_t who = k5.current;
    uint32_t target = cptr[who][kit_random_below(random, ENDPOINTS)];
    uint32_t flags = kit_random_below(random, 8) == 0 ? (uint32_t)K5_FLAG_TRY : 0;
    uint32_t info = kit_info(kit_random_below(random, 9), flags);

    /* recv and reply_recv leave the reply capability in the last register. */
    if (kit_reg(who, 0) == K5_OK && kit_reg(who, 7) > 0xffu) {
        reply[who] = kit_reg(who, 7);
    }
    switch (kit_random_below(random, 8)) {
    case 0:
        PLAY(who, K5_SYS_SLEEP, (uint32_t)kit_now() + kit_random_below(random, 300));
        break;
    case 1:
        PLAY(who, K5_SYS_RECV, target, flags);
        break;
    case 2:
        PLAY(who, K5_SYS_REPLY, reply[who], kit_info(7, 0), 5, 6, 7, 8);
        break;
    case 3:
    case 4:
        play_both_ways(who, K5_SYS_CALL, (const uint32_t[7]){target, info, 1, 2, 3, 4});
        break;
    default:
        play_both_ways(who, K5_SYS_REPLY_RECV,
                       (const uint32_t[7]){reply[who], info, 9, 8, 7, 6, target});
        break;
    }
}

static void test_fast_paths_equal_the_general_ones(void **state)
{
    (void)state;
    uint64_t seed = kit_setting("K5_SEED", 1);
    uint64_t systems = kit_setting("K5_RANDOM_STEPS", 400000) / 400;

    print_message("first seed %llu (K5_SEED repeats)\n", (unsigned long long)seed);
    for (uint64_t i = 0; i < systems; i++) {
        struct kit_random random = {seed + i};
        uint32_t reply[THREADS] = {0};

        kit_setup(NULL);
        build_random(&random);
        for (uint32_t step = 0; step < 400; step++) {
            kit_advance(kit_random_below(&random, 40));
            kernel_timer(); /* early, so harmless: all time is charged now */
            KIT_CHECK();
            if (k5.current != NO_THREAD) {
                act(&random, reply);
            }
        }
    }
    print_message("%llu fast paths compared\n", (unsigned long long)fast_taken);
    assert_true(fast_taken > systems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {KIT_TEST(test_fast_paths_equal_the_general_ones)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
