/* Control of threads and tasks by those who hold a capability for it. */
#include "kernel/control.h"

#include "kernel/system.h"
#include "tests/unit/kit.h"

#define BOSS    0u /* its task controls the other */
#define MAIN    1u /* thread of the controlled task, */
#define WORKER  2u /* its second one, */
#define DORMANT 3u /* and one that is off at first */
#define TASK    1u

#define ALL (K5_RIGHT_CONTROL | K5_RIGHT_STATUS)

static uint32_t task_cap, main_cap, worker_cap, dormant_cap, to_worker, serve;

static void build_boss(enum sys_policy policy)
{
    kit_setup(NULL);
    build_single(10);
    build_task(policy);
    build_thread(TASK, 10);
    build_thread(TASK, 10);
    build_thread(TASK, 10);
    build_thread_of(DORMANT)->flags = SYS_THREAD_OFF;
    task_cap = build_cap_for(BOSS, K5_KIND_TASK, TASK, ALL, 0);
    main_cap = build_cap_for(BOSS, K5_KIND_THREAD, MAIN, ALL, 15);
    worker_cap = build_cap_for(BOSS, K5_KIND_THREAD, WORKER, ALL, 15);
    dormant_cap = build_cap_for(BOSS, K5_KIND_THREAD, DORMANT, ALL, 15);
    to_worker = build_cap(BOSS, build_endpoint(WORKER), K5_RIGHT_SEND, 0);
    serve = build_cap(TASK, 0, K5_RIGHT_RECV, 0);
}

static void boot_boss(void)
{
    build_boss(SYS_POLICY_RESTART);
    kit_boot();
    TURN_TO(BOSS);
}

static void play_boss(uint32_t number, uint32_t cptr, enum k5_error want)
{
    TURN_TO(BOSS);
    PLAY(BOSS, number, cptr);
    ASSERT_ERROR(BOSS, want);
}

/* ------------------------------------------------------------ threads */

static void test_thread_that_is_off_starts_when_told(void **state)
{
    (void)state;
    boot_boss();
    ASSERT_STATE(DORMANT, K5_THREAD_OFF);
    play_boss(K5_SYS_THREAD_START, dormant_cap, K5_OK);
    ASSERT_STATE(DORMANT, K5_THREAD_READY);
    play_boss(K5_SYS_THREAD_START, dormant_cap, K5_E_STATE);
    TURN_TO(DORMANT);
    TURN_TO(BOSS);
    play_boss(K5_SYS_THREAD_STOP, dormant_cap, K5_OK);
    ASSERT_STATE(DORMANT, K5_THREAD_OFF);
    play_boss(K5_SYS_THREAD_STOP, dormant_cap, K5_OK); /* it is off: that is what was asked for */
    ASSERT_STATE(MAIN, K5_THREAD_READY);
    play_boss(K5_SYS_THREAD_START, dormant_cap, K5_OK);
}

/* A restart of the task leaves it as the description says. */
static void test_thread_that_is_off_is_off_again_after_a_restart(void **state)
{
    (void)state;
    boot_boss();
    play_boss(K5_SYS_THREAD_START, dormant_cap, K5_OK);
    play_boss(K5_SYS_THREAD_STOP, worker_cap, K5_OK);
    play_boss(K5_SYS_TASK_RESTART, task_cap, K5_OK);
    ASSERT_STATE(DORMANT, K5_THREAD_OFF);
    ASSERT_STATE(WORKER, K5_THREAD_READY);
    ASSERT_STATE(MAIN, K5_THREAD_READY);
}

static void test_thread_of_a_task_that_is_down_does_not_start(void **state)
{
    (void)state;
    boot_boss();
    play_boss(K5_SYS_TASK_STOP, task_cap, K5_OK);
    play_boss(K5_SYS_THREAD_START, dormant_cap, K5_E_STATE);
    play_boss(K5_SYS_TASK_START, task_cap, K5_OK);
    play_boss(K5_SYS_TASK_HOLD, task_cap, K5_OK);
    play_boss(K5_SYS_THREAD_START, dormant_cap, K5_E_STATE);
}

/* Peers of a stopped thread learn that it will not answer; callers in its queue wait for it. */
static void test_thread_stop_ends_the_call_that_it_serves(void **state)
{
    (void)state;
    build_boss(SYS_POLICY_RESTART);

    uint32_t peer = build_thread(build_task(SYS_POLICY_STOP), 10);
    uint32_t call = build_cap(2, 0, K5_RIGHT_SEND, 0);

    kit_boot();
    TURN_TO(WORKER);
    PLAY(WORKER, K5_SYS_RECV, serve);
    TURN_TO(peer);
    PLAY(peer, K5_SYS_CALL, call, 0, 1);
    ASSERT_STATE(peer, K5_THREAD_AWAITING);
    play_boss(K5_SYS_THREAD_STOP, worker_cap, K5_OK);
    ASSERT_ERROR(peer, K5_E_STOPPED);
    ASSERT_STATE(peer, K5_THREAD_READY);
}

static void test_thread_may_stop_itself(void **state)
{
    (void)state;
    build_boss(SYS_POLICY_RESTART);

    uint32_t self = build_cap_for(TASK, K5_KIND_THREAD, WORKER, ALL, 0);

    kit_boot();
    TURN_TO(WORKER);
    PLAY(WORKER, K5_SYS_THREAD_STOP, self);
    ASSERT_STATE(WORKER, K5_THREAD_OFF);
    assert_int_not_equal(k5.current, WORKER);
    ASSERT_TASK(TASK, K5_TASK_READY);
}

/* Stopped in each place where a thread can wait. */
static void test_thread_stop_takes_it_out_of_every_wait(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 6; i++) {
        build_boss(SYS_POLICY_RESTART);

        uint32_t note = build_notification(WORKER);
        uint32_t wait = build_cap_for(TASK, K5_KIND_NOTIFICATION, note, K5_RIGHT_WAIT, 0);
        uint32_t port = build_cap_for(TASK, K5_KIND_PORT, build_port("p"), K5_RIGHT_CONNECT, 0);
        uint32_t send = build_cap(TASK, build_endpoint(BOSS), K5_RIGHT_SEND, 0);
        const uint32_t call[6][3] = {
            {K5_SYS_RECV, serve, 0}, {K5_SYS_WAIT, wait, 0}, {K5_SYS_CONNECT, port, 0},
            {K5_SYS_SEND, send, 0},  {K5_SYS_CALL, send, 0}, {K5_SYS_SLEEP, 5000, 0},
        };
        static const enum k5_thread_state waits[] = {
            K5_THREAD_RECEIVING, K5_THREAD_WAITING, K5_THREAD_CONNECTING,
            K5_THREAD_SENDING,   K5_THREAD_CALLING, K5_THREAD_SLEEPING,
        };

        kit_boot();
        kit_row("wait", i);
        TURN_TO(WORKER);
        PLAY(WORKER, call[i][0], call[i][1], call[i][2], UINT32_MAX);
        ASSERT_STATE(WORKER, waits[i]);
        play_boss(K5_SYS_THREAD_STOP, worker_cap, K5_OK);
        ASSERT_STATE(WORKER, K5_THREAD_OFF);
        kit_advance(6000);
        ASSERT_STATE(WORKER, K5_THREAD_OFF);
        play_boss(K5_SYS_THREAD_START, worker_cap, K5_OK);
        ASSERT_STATE(WORKER, K5_THREAD_READY);
    }
}

static void test_thread_status_tells(void **state)
{
    (void)state;
    boot_boss();
    TURN_TO(WORKER);
    PLAY(WORKER, K5_SYS_RECV, serve);
    kit_advance(25);
    play_boss(K5_SYS_THREAD_STATUS, worker_cap, K5_OK);
    assert_int_equal(kit_reg(BOSS, 1), K5_THREAD_RECEIVING);
    assert_int_equal(kit_reg(BOSS, 2), 10 | 10 << 8);
    play_boss(K5_SYS_THREAD_STATUS, dormant_cap, K5_OK);
    assert_int_equal(kit_reg(BOSS, 1), K5_THREAD_OFF);
    assert_int_equal(kit_reg(BOSS, 3), 0);
    k5.thread[DORMANT].consumed = UINT64_C(0x500000007); /* as if it had run long ago */
    k5.booted_at -= UINT64_C(0x500000007);
    play_boss(K5_SYS_THREAD_STATUS, dormant_cap, K5_OK);
    assert_int_equal(kit_reg(BOSS, 3), 7);
    assert_int_equal(kit_reg(BOSS, 4), 5);
}

static void test_thread_priority_up_to_the_badge(void **state)
{
    (void)state;
    boot_boss();
    PLAY(BOSS, K5_SYS_THREAD_SET_PRIORITY, worker_cap, 16);
    ASSERT_ERROR(BOSS, K5_E_INVALID);
    PLAY(BOSS, K5_SYS_THREAD_SET_PRIORITY, worker_cap, UINT32_MAX);
    ASSERT_ERROR(BOSS, K5_E_INVALID);
    assert_int_equal(k5.thread[WORKER].priority, 10);
    PLAY(BOSS, K5_SYS_THREAD_SET_PRIORITY, worker_cap, 15);
    ASSERT_ERROR(BOSS, K5_OK);
    ASSERT_CURRENT(WORKER); /* now the most urgent */
    PLAY(WORKER, K5_SYS_RECV, serve);
    TURN_TO(BOSS);
    PLAY(BOSS, K5_SYS_THREAD_SET_PRIORITY, main_cap, 0);
    PLAY(BOSS, K5_SYS_TASK_RESTART, task_cap);
    ASSERT_ERROR(BOSS, K5_OK);
    ASSERT_CURRENT(WORKER); /* it holds across restarts */
    assert_int_equal(k5.thread[MAIN].effective, 0);
}

/* A capability with a badge beyond the priorities there are does not make more of them. */
static void test_thread_priority_never_leaves_the_queues(void **state)
{
    (void)state;
    build_boss(SYS_POLICY_RESTART);

    uint32_t wide = build_cap_for(BOSS, K5_KIND_THREAD, WORKER, ALL, 0xffffffff);

    kit_boot();
    TURN_TO(BOSS);
    PLAY(BOSS, K5_SYS_THREAD_SET_PRIORITY, wide, 32);
    ASSERT_ERROR(BOSS, K5_E_INVALID);
    PLAY(BOSS, K5_SYS_THREAD_SET_PRIORITY, wide, 31);
    ASSERT_ERROR(BOSS, K5_OK);
    ASSERT_CURRENT(WORKER);
}

/* One's own, too: it goes behind those that are more urgent now. */
static void test_thread_priority_of_the_caller(void **state)
{
    (void)state;
    build_boss(SYS_POLICY_RESTART);

    uint32_t self = build_cap_for(BOSS, K5_KIND_THREAD, BOSS, ALL, 31);

    kit_boot();
    TURN_TO(BOSS);
    PLAY(BOSS, K5_SYS_THREAD_SET_PRIORITY, self, 5);
    ASSERT_ERROR(BOSS, K5_OK);
    assert_int_not_equal(k5.current, BOSS);
    ASSERT_STATE(BOSS, K5_THREAD_READY);
}

static void test_thread_budget_counts_from_the_next_one_on(void **state)
{
    (void)state;
    build_boss(SYS_POLICY_RESTART);
    build_thread_of(WORKER)->budget = 100;
    build_thread_of(WORKER)->cooldown = 1000;
    kit_boot();
    TURN_TO(BOSS);
    PLAY(BOSS, K5_SYS_THREAD_SET_BUDGET, worker_cap, 300, 2000);
    ASSERT_ERROR(BOSS, K5_OK);
    assert_int_equal(k5.thread[WORKER].budget_left, 100);
    PLAY(BOSS, K5_SYS_SLEEP, 20000, 0);
    TURN_TO(MAIN);
    PLAY(MAIN, K5_SYS_SLEEP, 20000, 0);
    ASSERT_CURRENT(WORKER);
    kit_advance_to(100);
    ASSERT_STATE(WORKER, K5_THREAD_EXHAUSTED);
    kit_advance_to(2099); /* the new cooldown counts at once */
    ASSERT_STATE(WORKER, K5_THREAD_EXHAUSTED);
    kit_advance_to(2100);
    ASSERT_CURRENT(WORKER);
    kit_advance_to(2399);
    ASSERT_CURRENT(WORKER);
    kit_advance_to(2400);
    ASSERT_STATE(WORKER, K5_THREAD_EXHAUSTED);
}

static void test_thread_budget_errors(void **state)
{
    (void)state;
    build_boss(SYS_POLICY_RESTART);
    build_thread_of(MAIN)->budget = 0; /* passive */
    kit_boot();
    TURN_TO(BOSS);
    PLAY(BOSS, K5_SYS_THREAD_SET_BUDGET, worker_cap, BUILD_BUDGET_LEAST - 1, 0);
    ASSERT_ERROR(BOSS, K5_E_INVALID);
    PLAY(BOSS, K5_SYS_THREAD_SET_BUDGET, worker_cap, 0, 0);
    ASSERT_ERROR(BOSS, K5_E_INVALID);
    PLAY(BOSS, K5_SYS_THREAD_SET_BUDGET, worker_cap, 0x80000000, 0);
    ASSERT_ERROR(BOSS, K5_E_INVALID);
    PLAY(BOSS, K5_SYS_THREAD_SET_BUDGET, worker_cap, 100, 0x80000000);
    ASSERT_ERROR(BOSS, K5_E_INVALID);
    PLAY(BOSS, K5_SYS_THREAD_SET_BUDGET, main_cap, 100, 0);
    ASSERT_ERROR(BOSS, K5_E_INVALID);
    PLAY(BOSS, K5_SYS_THREAD_SET_BUDGET, worker_cap, BUILD_BUDGET_LEAST, 0);
    ASSERT_ERROR(BOSS, K5_OK);
}

static void test_control_needs_its_right(void **state)
{
    static const uint32_t of_task[] = {K5_SYS_TASK_START, K5_SYS_TASK_STOP, K5_SYS_TASK_RESTART,
                                       K5_SYS_TASK_HOLD, K5_SYS_TASK_RESUME};
    static const uint32_t of_thread[] = {K5_SYS_THREAD_START, K5_SYS_THREAD_STOP,
                                         K5_SYS_THREAD_SET_PRIORITY, K5_SYS_THREAD_SET_BUDGET};

    (void)state;
    build_boss(SYS_POLICY_RESTART);

    uint32_t look = build_cap_for(BOSS, K5_KIND_TASK, TASK, K5_RIGHT_STATUS, 0);
    uint32_t look_thread = build_cap_for(BOSS, K5_KIND_THREAD, MAIN, K5_RIGHT_STATUS, 31);
    uint32_t act = build_cap_for(BOSS, K5_KIND_TASK, TASK, K5_RIGHT_CONTROL, 0);
    uint32_t act_thread = build_cap_for(BOSS, K5_KIND_THREAD, MAIN, K5_RIGHT_CONTROL, 31);

    kit_boot();
    for (size_t i = 0; i < sizeof of_task / sizeof of_task[0]; i++) {
        play_boss(of_task[i], look, K5_E_RIGHTS);
        play_boss(of_task[i], look + 0x10000, K5_E_STALE);
    }
    for (size_t i = 0; i < sizeof of_thread / sizeof of_thread[0]; i++) {
        play_boss(of_thread[i], look_thread, K5_E_RIGHTS);
        play_boss(of_thread[i], 0x10030, K5_E_CPTR);
    }
    play_boss(K5_SYS_TASK_STATUS, act, K5_E_RIGHTS);
    play_boss(K5_SYS_THREAD_STATUS, act_thread, K5_E_RIGHTS);
    play_boss(K5_SYS_TASK_STATUS, look, K5_OK);
    play_boss(K5_SYS_THREAD_STATUS, look_thread, K5_OK);
}

/* ------------------------------------------------------------ tasks */

static void assert_status(enum k5_task_state state, uint32_t generation, uint32_t restarts)
{
    play_boss(K5_SYS_TASK_STATUS, task_cap, K5_OK);
    assert_int_equal(kit_reg(BOSS, 1), state);
    assert_int_equal(kit_reg(BOSS, 2), generation);
    assert_int_equal(kit_reg(BOSS, 3), restarts);
}

static void test_task_status_follows_its_life(void **state)
{
    (void)state;
    boot_boss();
    assert_status(K5_TASK_READY, 0, 0);
    TURN_TO(MAIN);
    FAULT(MAIN);
    assert_status(K5_TASK_BACKOFF, 1, 1);
    kit_advance(BUILD_BACKOFF);
    assert_status(K5_TASK_READY, 1, 1);
    play_boss(K5_SYS_TASK_HOLD, task_cap, K5_OK);
    assert_status(K5_TASK_HELD, 1, 1);
    play_boss(K5_SYS_TASK_STOP, task_cap, K5_OK);
    assert_status(K5_TASK_STOPPED, 1, 1);
    play_boss(K5_SYS_TASK_START, task_cap, K5_OK);
    assert_status(K5_TASK_READY, 2, 0);
}

/* Every call of control in every state of its task: what it comes to. */
static void test_task_control_in_every_state(void **state)
{
    enum { START, STOP, RESTART, HOLD, RESUME, CALLS };
    static const uint32_t number[CALLS] = {K5_SYS_TASK_START, K5_SYS_TASK_STOP, K5_SYS_TASK_RESTART,
                                           K5_SYS_TASK_HOLD, K5_SYS_TASK_RESUME};
    static const struct {
        enum k5_task_state from;
        enum k5_error want[CALLS];
        enum k5_task_state to[CALLS];
    } row[] = {
        {K5_TASK_READY,
         {K5_E_STATE, K5_OK, K5_OK, K5_OK, K5_E_STATE},
         {K5_TASK_READY, K5_TASK_STOPPED, K5_TASK_READY, K5_TASK_HELD, K5_TASK_READY}},
        {K5_TASK_BACKOFF,
         {K5_OK, K5_OK, K5_OK, K5_E_STATE, K5_E_STATE},
         {K5_TASK_READY, K5_TASK_STOPPED, K5_TASK_READY, K5_TASK_BACKOFF, K5_TASK_BACKOFF}},
        {K5_TASK_HELD,
         {K5_E_STATE, K5_OK, K5_OK, K5_E_STATE, K5_OK},
         {K5_TASK_HELD, K5_TASK_STOPPED, K5_TASK_READY, K5_TASK_HELD, K5_TASK_READY}},
        {K5_TASK_STOPPED,
         {K5_OK, K5_OK, K5_E_STATE, K5_E_STATE, K5_E_STATE},
         {K5_TASK_READY, K5_TASK_STOPPED, K5_TASK_STOPPED, K5_TASK_STOPPED, K5_TASK_STOPPED}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        for (uint32_t call = 0; call < CALLS; call++) {
            boot_boss();
            kit_row("state, call", 10 * i + call);
            if (row[i].from == K5_TASK_BACKOFF) {
                TURN_TO(MAIN);
                FAULT(MAIN);
            } else if (row[i].from != K5_TASK_READY) {
                play_boss(row[i].from == K5_TASK_HELD ? K5_SYS_TASK_HOLD : K5_SYS_TASK_STOP,
                          task_cap, K5_OK);
            }
            ASSERT_TASK(TASK, row[i].from);
            play_boss(number[call], task_cap, row[i].want[call]);
            ASSERT_TASK(TASK, row[i].to[call]);
        }
    }
}

/* Held and resumed: each thread goes on where it was. */
static void test_task_hold_and_resume_lose_nothing(void **state)
{
    (void)state;
    build_boss(SYS_POLICY_RESTART);
    kit_boot();
    TURN_TO(WORKER);
    PLAY(WORKER, K5_SYS_RECV, serve);
    TURN_TO(MAIN);
    PLAY(MAIN, K5_SYS_SLEEP, 500, 0);
    play_boss(K5_SYS_THREAD_START, dormant_cap, K5_OK);
    play_boss(K5_SYS_TASK_HOLD, task_cap, K5_OK);
    ASSERT_STATE(WORKER, K5_THREAD_RECEIVING);
    ASSERT_STATE(MAIN, K5_THREAD_SLEEPING);
    ASSERT_STATE(DORMANT, K5_THREAD_HELD);
    kit_advance_to(1000);
    ASSERT_STATE(MAIN, K5_THREAD_HELD); /* it woke, but does not run */
    TURN_TO(BOSS);
    PLAY(BOSS, K5_SYS_SEND, to_worker, 0, 3);
    ASSERT_ERROR(BOSS, K5_OK); /* a message arrives, for later */
    ASSERT_STATE(WORKER, K5_THREAD_HELD);
    play_boss(K5_SYS_TASK_RESUME, task_cap, K5_OK);
    ASSERT_STATE(WORKER, K5_THREAD_READY);
    ASSERT_STATE(MAIN, K5_THREAD_READY);
    ASSERT_STATE(DORMANT, K5_THREAD_READY);
    assert_int_equal(kit_reg(WORKER, 2), 3);
    ASSERT_ERROR(MAIN, K5_OK);
    assert_int_equal(k5.task[TASK].generation, 0);
}

/* A fault that cannot be resumed stays one, and one that can goes on. */
static void test_task_resume_after_a_fault(void **state)
{
    (void)state;
    for (uint32_t resumable = 0; resumable < 2; resumable++) {
        const struct fault_record record = {
            .kind = K5_FAULT_BREAKPOINT,
            .flags = (uint8_t)(resumable ? K5_FAULT_FLAG_RESUMABLE : 0),
        };

        build_boss(SYS_POLICY_HOLD);
        kit_boot();
        TURN_TO(MAIN);
        kernel_fault(&record);
        KIT_CHECK();
        ASSERT_TASK(TASK, K5_TASK_HELD);
        play_boss(K5_SYS_TASK_RESUME, task_cap, resumable ? K5_OK : K5_E_STATE);
        ASSERT_STATE(MAIN, resumable ? K5_THREAD_READY : K5_THREAD_HELD);
        play_boss(K5_SYS_TASK_RESTART, task_cap, K5_OK);
        ASSERT_STATE(MAIN, K5_THREAD_READY);
    }
}

/* A restart that was asked for is at once; but it counts as one in a row. */
static void test_task_restart_waits_for_no_back_off(void **state)
{
    (void)state;
    boot_boss();
    for (uint32_t i = 1; i <= 3; i++) {
        play_boss(K5_SYS_TASK_RESTART, task_cap, K5_OK);
        assert_status(K5_TASK_READY, i, i);
    }
    TURN_TO(MAIN);
    FAULT(MAIN);
    assert_int_equal(k5.task[TASK].restart_at - kit_now(), BUILD_BACKOFF_MAX);
    play_boss(K5_SYS_TASK_RESTART, task_cap, K5_OK); /* not even for one that has begun */
    assert_status(K5_TASK_READY, 4, 4);
}

static void test_task_may_restart_or_stop_itself(void **state)
{
    static const uint32_t number[] = {K5_SYS_TASK_RESTART, K5_SYS_TASK_STOP, K5_SYS_TASK_HOLD};
    static const enum k5_task_state want[] = {K5_TASK_READY, K5_TASK_STOPPED, K5_TASK_HELD};

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        build_boss(SYS_POLICY_RESTART);

        uint32_t self = build_cap_for(TASK, K5_KIND_TASK, TASK, ALL, 0);

        kit_boot();
        TURN_TO(MAIN);
        PLAY(MAIN, number[i], self);
        ASSERT_TASK(TASK, want[i]);
        assert_int_equal(k5.task[TASK].generation, i == 0 ? 1 : 0);
        assert_int_not_equal(k5.current, MAIN);
    }
}

static void test_task_that_begins_stopped_starts_when_told(void **state)
{
    (void)state;
    build_boss(SYS_POLICY_RESTART);
    build_task_of(TASK)->flags = SYS_TASK_STOPPED;
    kit_boot();
    ASSERT_TASK(TASK, K5_TASK_STOPPED);
    ASSERT_STATE(MAIN, K5_THREAD_OFF);
    ASSERT_CURRENT(BOSS);
    PLAY(BOSS, K5_SYS_CALL, to_worker);
    ASSERT_ERROR(BOSS, K5_E_STOPPED);
    play_boss(K5_SYS_TASK_START, task_cap, K5_OK);
    ASSERT_STATE(MAIN, K5_THREAD_READY);
    ASSERT_STATE(DORMANT, K5_THREAD_OFF);
    PLAY(BOSS, K5_SYS_SEND, to_worker, K5_FLAG_TRY);
    ASSERT_ERROR(BOSS, K5_E_RESTARTED);
    PLAY(BOSS, K5_SYS_SEND, to_worker, K5_FLAG_TRY);
    ASSERT_ERROR(BOSS, K5_E_WOULD_BLOCK);
}

/* The last generation there is: no more incarnations, so that no stale number lives again. */
static void test_task_of_the_last_generation_starts_no_more(void **state)
{
    (void)state;
    boot_boss();
    k5.task[TASK].generation = UINT16_MAX;
    for (uint32_t i = 0; i < port_system()->slot_count; i++) {
        if (k5.slot[i].kind == K5_KIND_ENDPOINT) {
            k5.slot[i].seen = UINT16_MAX;
        }
    }
    play_boss(K5_SYS_TASK_RESTART, task_cap, K5_E_STATE);
    ASSERT_TASK(TASK, K5_TASK_READY);
    play_boss(K5_SYS_TASK_STOP, task_cap, K5_OK);
    play_boss(K5_SYS_TASK_START, task_cap, K5_E_STATE);
    ASSERT_TASK(TASK, K5_TASK_STOPPED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_thread_that_is_off_starts_when_told),
        KIT_TEST(test_thread_that_is_off_is_off_again_after_a_restart),
        KIT_TEST(test_thread_of_a_task_that_is_down_does_not_start),
        KIT_TEST(test_thread_stop_ends_the_call_that_it_serves),
        KIT_TEST(test_thread_may_stop_itself),
        KIT_TEST(test_thread_stop_takes_it_out_of_every_wait),
        KIT_TEST(test_thread_status_tells),
        KIT_TEST(test_thread_priority_up_to_the_badge),
        KIT_TEST(test_thread_priority_never_leaves_the_queues),
        KIT_TEST(test_thread_priority_of_the_caller),
        KIT_TEST(test_thread_budget_counts_from_the_next_one_on),
        KIT_TEST(test_thread_budget_errors),
        KIT_TEST(test_control_needs_its_right),
        KIT_TEST(test_task_status_follows_its_life),
        KIT_TEST(test_task_control_in_every_state),
        KIT_TEST(test_task_hold_and_resume_lose_nothing),
        KIT_TEST(test_task_resume_after_a_fault),
        KIT_TEST(test_task_restart_waits_for_no_back_off),
        KIT_TEST(test_task_may_restart_or_stop_itself),
        KIT_TEST(test_task_that_begins_stopped_starts_when_told),
        KIT_TEST(test_task_of_the_last_generation_starts_no_more),
    };

    return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
