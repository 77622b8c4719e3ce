/* The invariant check finds what is broken: one corruption each, and the sentence it must give. */
#include "kernel/invariants.h"

#include <string.h>

#include "kernel/system.h"
#include "tests/unit/kit.h"

#define SERVER  0u
#define CALLER  1u /* queued at the server's endpoint */
#define AWAITER 2u /* its call is in the second server's hands */
#define HELPER  3u /* the second server, current */
#define READY   4u
#define SLEEPER 5u
#define WAITER  6u /* receives */

static void boot_all_states(void)
{
    for (uint32_t i = 0; i < 7; i++) {
        build_single(10);
    }
    build_endpoint(SERVER);
    build_endpoint(HELPER);
    build_endpoint(WAITER);
    build_cap(CALLER, 0, K5_RIGHT_SEND, 0);
    build_cap(AWAITER, 1, K5_RIGHT_SEND, 0);
    build_cap(HELPER, 1, K5_RIGHT_RECV, 0);
    build_cap(WAITER, 2, K5_RIGHT_RECV, 0);
    build_spare_slots(WAITER, 1);
    kit_boot();
    kit_sleep_until(SLEEPER, 900);
    TURN_TO(WAITER);
    PLAY(WAITER, K5_SYS_RECV, 0x10000);
    TURN_TO(CALLER);
    PLAY(CALLER, K5_SYS_CALL, 0x10000);
    TURN_TO(AWAITER);
    PLAY(AWAITER, K5_SYS_CALL, 0x10000);
    TURN_TO(HELPER);
    PLAY(HELPER, K5_SYS_RECV, 0x10000);
    ASSERT_STATE(AWAITER, K5_THREAD_AWAITING);
    ASSERT_STATE(READY, K5_THREAD_READY);
}

/* Writes one wrong value into the state. */
static void corrupt(uint32_t which)
{
    struct cap *cap = &k5.slot[sys_task(CALLER)->first_slot];

    switch (which) {
    case 0:
        k5.ready ^= 1u << 3;
        break;
    case 1:
        k5.thread[READY].state = K5_THREAD_EXHAUSTED;
        break;
    case 2:
        k5.thread[READY].effective = 11;
        break;
    case 3:
        k5.current = READY;
        break;
    case 4:
        k5.thread[k5.queue[10].head].next = k5.queue[10].head; /* a queue that never ends */
        break;
    case 5:
        k5.queue[10].tail = AWAITER;
        break;
    case 6:
        k5.thread[CALLER].state = K5_THREAD_RECEIVING;
        break;
    case 7:
        k5.endpoint[2].waiting = 0;
        break;
    case 8:
        k5.endpoint[0].waiting = 1;
        break;
    case 9:
        k5.thread[AWAITER].holder = 99;
        break;
    case 10:
        k5.thread[AWAITER].sequence = 0;
        break;
    case 11:
        k5.thread[HELPER].client = READY;
        break;
    case 12:
        k5.thread[AWAITER].holder = AWAITER; /* it waits for itself */
        break;
    case 13:
        k5.thread[READY].consumed++;
        break;
    case 14:
        k5.idle++;
        break;
    case 15:
        k5.thread[HELPER].payer = READY;
        break;
    case 16:
        k5.thread[HELPER].effective = 9;
        break;
    case 17:
        k5.thread[READY].budget_left = 0;
        break;
    case 18:
        k5.thread[READY].cooling = 1;
        break;
    case 19:
        k5.next_timer = 901;
        break;
    case 20:
        k5.thread[SERVER].queued = 2;
        break;
    case 21:
        k5.endpoint[0].held = 1;
        break;
    case 22:
        k5.endpoint[0].receiver = READY;
        break;
    case 23:
        cap->rights |= K5_RIGHT_RECV;
        break;
    case 24:
        cap->object = 200;
        break;
    case 25:
        cap->generation = 0;
        break;
    case 26:
        k5.slot[sys_task(WAITER)->first_slot + 1].kind = K5_KIND_ENDPOINT; /* from nowhere */
        break;
    case 27:
        kit_view_of(READY, BUILD_BUFFERS)->access = SYS_READ | SYS_WRITE | SYS_EXECUTE;
        break;
    case 28:
        kit_view_of(READY, BUILD_BUFFERS)->base = build_buffer(HELPER, 0) + 32;
        break;
    case 29:
        kit_view_of(READY, BUILD_BUFFERS)->base -= 32; /* into its own stacks */
        break;
    default:
        fail_msg("no corruption %u", which);
    }
}

#define CORRUPTIONS 30u

static void test_invariants_find_each_corruption(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CORRUPTIONS; i++) {
        kit_setup(NULL);
        boot_all_states();
        assert_null(kernel_invariants());
        corrupt(i);
        if (kernel_invariants() == NULL) {
            fail_msg("corruption %u goes unnoticed", i);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {KIT_TEST(test_invariants_find_each_corruption)};

    return cmocka_run_group_tests_name("invariants", tests, NULL, NULL);
}
