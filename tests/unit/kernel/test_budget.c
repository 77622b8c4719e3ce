/* Budgets and cooldowns, as tables: at a tick something happens; who runs then, and what is left.
 *
 * Before each row's event the clock goes to its tick, timers included, and the
 * time is charged, so every number is exact.
 */
#include "kernel/sched.h"

#include "tests/unit/kit.h"

#define IDLE NO_THREAD

enum act {
    NOTHING,
    SLEEP,      /* the current thread, until tick `until` */
    LATE,       /* the clock moves to `until` and the timer fires only then */
    CALL,       /* the current thread calls its capability 0 */
    RECV,       /* the current thread receives from its capability 0 */
    REPLY_RECV, /* the current thread answers the call in hand, and receives */
};

struct row {
    uint64_t at;
    enum act act;
    uint64_t until;
    uint32_t runs;
    int32_t left; /* budget of thread 0 */
};

#define CPTR0 0x10000u

static void charge_now(void)
{
    kernel_timer(); /* early ones are harmless */
    KIT_CHECK();
}

static void do_act(const struct row *row)
{
    uint32_t who = k5.current;

    switch (row->act) {
    case NOTHING:
        break;
    case SLEEP:
        PLAY(who, K5_SYS_SLEEP, (uint32_t)row->until, (uint32_t)(row->until >> 32));
        break;
    case LATE:
        kit_elapse(row->until - kit_now());
        charge_now();
        break;
    case CALL:
        PLAY(who, K5_SYS_CALL, CPTR0);
        break;
    case RECV:
        PLAY(who, K5_SYS_RECV, CPTR0);
        break;
    case REPLY_RECV:
        PLAY(who, K5_SYS_REPLY_RECV, kit_reg(who, 7), 0, 0, 0, 0, 0, CPTR0);
        break;
    }
}

static void run_table(const char *name, const struct row *row, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        kit_row(name, row[i].at);
        kit_advance_to(row[i].at);
        charge_now();
        do_act(&row[i]);
        ASSERT_CURRENT(row[i].runs);
        if (k5.thread[0].budget_left != row[i].left) {
            fail_msg("%s at %llu: %d left, want %d", name, (unsigned long long)row[i].at,
                     k5.thread[0].budget_left, row[i].left);
        }
    }
}

#define RUN_TABLE(rows) run_table(#rows, rows, sizeof(rows) / sizeof((rows)[0]))

static uint32_t budgeted(uint32_t priority, uint32_t budget, uint32_t cooldown)
{
    uint32_t id = build_single(priority);

    build_thread_of(id)->budget = budget;
    build_thread_of(id)->cooldown = cooldown;
    return id;
}

/* ------------------------------------------------------------ one thread */

static void test_budget_is_spent_then_cools_down(void **state)
{
    static const struct row rows[] = {
        {0, NOTHING, 0, 0, 100},  {99, NOTHING, 0, 0, 1},    {100, NOTHING, 0, 1, 0},
        {399, NOTHING, 0, 1, 0},  {400, NOTHING, 0, 0, 100}, {450, SLEEP, 460, 1, 50},
        {459, NOTHING, 0, 1, 50}, {460, NOTHING, 0, 0, 50},  {509, NOTHING, 0, 0, 1},
        {510, NOTHING, 0, 1, 0},  {809, NOTHING, 0, 1, 0},   {810, NOTHING, 0, 0, 100},
    };

    (void)state;
    budgeted(20, 100, 300);
    build_single(1);
    kit_boot();
    RUN_TABLE(rows);
}

/* What a late timer let it take too much is debited from the next budget. */
static void test_budget_overdraft_is_carried_forward(void **state)
{
    static const struct row rows[] = {
        {0, LATE, 130, 1, -30},  {429, NOTHING, 0, 1, -30}, {430, NOTHING, 0, 0, 70},
        {499, NOTHING, 0, 0, 1}, {500, NOTHING, 0, 1, 0},   {800, NOTHING, 0, 0, 100},
    };

    (void)state;
    budgeted(20, 100, 300);
    build_single(1);
    kit_boot();
    RUN_TABLE(rows);
}

/* An overdraft of several budgets costs as many cooldowns. */
static void test_budget_overdraft_of_several_budgets(void **state)
{
    static const struct row rows[] = {
        {0, LATE, 350, 1, -250},   {649, NOTHING, 0, 1, -250}, {650, NOTHING, 0, 1, -150},
        {950, NOTHING, 0, 1, -50}, {1249, NOTHING, 0, 1, -50}, {1250, NOTHING, 0, 0, 50},
        {1300, NOTHING, 0, 1, 0},
    };

    (void)state;
    budgeted(20, 100, 300);
    build_single(1);
    kit_boot();
    RUN_TABLE(rows);
}

static void test_budget_cools_down_while_asleep_and_idle(void **state)
{
    static const struct row rows[] = {
        {99, SLEEP, 1000, IDLE, 1},  {999, NOTHING, 0, IDLE, 1},  {1000, NOTHING, 0, 0, 1},
        {1001, NOTHING, 0, IDLE, 0}, {1300, NOTHING, 0, IDLE, 0}, {1301, NOTHING, 0, 0, 100},
    };

    (void)state;
    budgeted(20, 100, 300);
    kit_boot();
    RUN_TABLE(rows);
}

/* Woken in the middle of its cooldown, a thread waits for the end of it. */
static void test_budget_no_wake_up_cuts_a_cooldown_short(void **state)
{
    static const struct row rows[] = {
        {0, LATE, 100, 1, 0},
        {400, NOTHING, 0, 0, 100},
        {400, LATE, 499, 0, 1},
        /* Its last tick passes in the very entry that puts it to sleep. */
        {499, NOTHING, 0, 0, 1},
    };

    (void)state;
    budgeted(20, 100, 300);
    build_single(1);
    kit_boot();
    RUN_TABLE(rows);
    kit_elapse(1);
    PLAY(0, K5_SYS_SLEEP, 600, 0);
    ASSERT_STATE(0, K5_THREAD_SLEEPING);
    kit_advance_to(600);
    ASSERT_STATE(0, K5_THREAD_EXHAUSTED);
    ASSERT_CURRENT(1);
    kit_advance_to(799);
    ASSERT_CURRENT(1);
    kit_advance_to(800);
    ASSERT_CURRENT(0);
}

static void test_budget_of_two_threads_are_their_own(void **state)
{
    static const struct row rows[] = {
        {0, NOTHING, 0, 0, 100}, {100, NOTHING, 0, 1, 0},   {149, NOTHING, 0, 1, 0},
        {150, NOTHING, 0, 2, 0}, {300, NOTHING, 0, 0, 100}, {350, NOTHING, 0, 0, 50},
        {400, NOTHING, 0, 1, 0}, {450, NOTHING, 0, 2, 0},
    };

    (void)state;
    budgeted(20, 100, 200);
    budgeted(15, 50, 200);
    build_single(1);
    kit_boot();
    RUN_TABLE(rows);
    assert_int_equal(k5.thread[0].consumed, 200);
    assert_int_equal(k5.thread[1].consumed, 100);
    assert_int_equal(k5.thread[2].consumed, 150);
}

/* ------------------------------------------------------------ a payer that runs dry */

/* Thread 0 is the client, 1 its server, 2 works in the background. */
static void build_service(uint32_t budget, uint32_t cooldown, bool passive, uint32_t overrun)
{
    uint32_t client = budgeted(10, budget, cooldown);
    uint32_t server = build_single(20);
    uint32_t endpoint;

    build_single(1);
    build_thread_of(server)->overrun = overrun;
    build_thread_of(server)->budget = passive ? 0 : BUILD_SLICE;
    endpoint = build_endpoint(server);
    build_cap(client, endpoint, K5_RIGHT_SEND, 0);
    build_cap(server, endpoint, K5_RIGHT_RECV, 0);
}

/* The server waits; the client runs, at tick 0. A passive one first needs somebody's time. */
static void boot_service(bool passive)
{
    kit_boot();
    if (passive) {
        ASSERT_STATE(1, K5_THREAD_UNFUNDED);
        PLAY(0, K5_SYS_CALL, CPTR0);
    }
    ASSERT_CURRENT(1);
    PLAY(1, K5_SYS_RECV, CPTR0);
    if (passive) {
        PLAY(1, K5_SYS_REPLY_RECV, kit_reg(1, 7), 0, 0, 0, 0, 0, CPTR0);
    }
    ASSERT_STATE(1, K5_THREAD_RECEIVING);
    ASSERT_CURRENT(0);
}

static void test_budget_of_the_caller_pays_for_the_server(void **state)
{
    static const struct row rows[] = {
        {40, CALL, 0, 1, 60},    {90, REPLY_RECV, 0, 0, 10},   {99, NOTHING, 0, 0, 1},
        {100, NOTHING, 0, 2, 0}, {1099, NOTHING, 0, 2, 0},     {1100, NOTHING, 0, 0, 100},
        {1120, CALL, 0, 1, 80},  {1130, REPLY_RECV, 0, 0, 70},
    };

    (void)state;
    for (uint32_t passive = 0; passive < 2; passive++) {
        kit_setup(NULL);
        build_service(100, 1000, passive != 0, 50);
        boot_service(passive != 0);
        RUN_TABLE(rows);
        assert_int_equal(k5.thread[1].consumed, 0);
    }
}

/* The server goes on for its overrun, which the client owes; then it answers in time. */
static void test_budget_overrun_is_debited_from_the_payer(void **state)
{
    static const struct row rows[] = {
        {40, CALL, 0, 1, 60},       {100, NOTHING, 0, 1, 0},   {130, REPLY_RECV, 0, 2, -30},
        {1099, NOTHING, 0, 2, -30}, {1100, NOTHING, 0, 0, 70}, {1169, NOTHING, 0, 0, 1},
        {1170, NOTHING, 0, 2, 0},
    };

    (void)state;
    for (uint32_t passive = 0; passive < 2; passive++) {
        kit_setup(NULL);
        build_service(100, 1000, passive != 0, 50);
        boot_service(passive != 0);
        RUN_TABLE(rows);
        ASSERT_ERROR(0, K5_OK);
        assert_int_equal(k5.task[1].generation, 0);
        assert_int_equal(k5.thread[1].consumed, 0);
    }
}

/* One tick short of its overrun the server runs; at the tick it takes a timeout fault. */
static void test_budget_overrun_ends_in_a_timeout_fault(void **state)
{
    static const uint32_t overrun[] = {0, 1, 50, 700};

    (void)state;
    for (uint32_t i = 0; i < 8; i++) {
        uint64_t end = 100 + overrun[i / 2];

        kit_setup(NULL);
        build_service(100, 1000, i % 2 != 0, overrun[i / 2]);
        boot_service(i % 2 != 0);
        kit_advance_to(40);
        PLAY(0, K5_SYS_CALL, CPTR0);
        kit_advance_to(end - 1);
        ASSERT_CURRENT(1);
        assert_int_equal(fake_machine_count(&kit_machine, K5_EVENT_FAULT), 0);
        kit_advance_to(end);
        ASSERT_CURRENT(2);
        assert_int_equal(fake_machine_count(&kit_machine, K5_EVENT_FAULT), 1);

        const struct k5_event *fault = fake_machine_last(&kit_machine, K5_EVENT_FAULT);

        assert_int_equal(fault->code, K5_FAULT_TIMEOUT);
        assert_int_equal(fault->thread, 1);
        assert_int_equal(fault->time, end);
        ASSERT_ERROR(0, K5_E_RESTARTED); /* the client learns why its call ended */
        ASSERT_STATE(0, K5_THREAD_EXHAUSTED);
        assert_int_equal(k5.thread[0].budget_left, -(int32_t)overrun[i / 2]);
    }
}

/* The cooldown may end before the overrun does: then the server simply goes on. */
static void test_budget_refilled_during_the_overrun_goes_on(void **state)
{
    static const struct row rows[] = {
        {40, CALL, 0, 1, 60},     {100, NOTHING, 0, 1, 0}, {130, NOTHING, 0, 1, 70},
        {190, NOTHING, 0, 1, 10}, {200, NOTHING, 0, 1, 0}, {210, REPLY_RECV, 0, 2, -10},
        {230, NOTHING, 0, 0, 90},
    };

    (void)state;
    build_service(100, 30, false, 50);
    boot_service(false);
    RUN_TABLE(rows);
}

/* A client whose budget is a slice never runs dry: its server is not cut short. */
static void test_budget_slice_of_the_caller_is_refilled_for_the_server(void **state)
{
    static const struct row rows[] = {
        {40, CALL, 0, 1, 60},
        {99, NOTHING, 0, 1, 1},
        {100, NOTHING, 0, 1, 100},
        {5050, REPLY_RECV, 0, 0, 50},
    };

    (void)state;
    build_service(100, 0, true, 0);
    boot_service(true);
    RUN_TABLE(rows);
    assert_int_equal(fake_machine_count(&kit_machine, K5_EVENT_FAULT), 0);
}

/* ------------------------------------------------------------ restart buys no time */

static void test_budget_is_not_refilled_by_a_restart(void **state)
{
    (void)state;
    uint32_t id = budgeted(20, 100, 5000);

    build_single(1);
    build_task_of(id)->backoff_ticks = 10;
    kit_boot();
    kit_advance_to(60);
    FAULT(id);
    kit_advance_to(70);
    ASSERT_CURRENT(id);
    kit_advance_to(109);
    ASSERT_CURRENT(id);
    assert_int_equal(k5.task[id].generation, 1);
    kit_advance_to(110); /* 60 before the fault, 40 after */
    ASSERT_CURRENT(1);
    kit_advance_to(120);
    ASSERT_STATE(id, K5_THREAD_EXHAUSTED);
}

/* Nor does dying in the cooldown end it. */
static void test_budget_cooldown_goes_on_over_a_restart(void **state)
{
    (void)state;
    uint32_t id = budgeted(20, 100, 5000);

    build_single(1);
    build_task_of(id)->backoff_ticks = 10;
    kit_boot();
    kit_elapse(100); /* its whole budget, unnoticed until it faults */
    FAULT(id);
    kit_advance_to(200);
    ASSERT_STATE(id, K5_THREAD_EXHAUSTED);
    ASSERT_CURRENT(1);
    kit_advance_to(5099);
    ASSERT_CURRENT(1);
    kit_advance_to(5100);
    ASSERT_CURRENT(id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_budget_is_spent_then_cools_down),
        KIT_TEST(test_budget_overdraft_is_carried_forward),
        KIT_TEST(test_budget_overdraft_of_several_budgets),
        KIT_TEST(test_budget_cools_down_while_asleep_and_idle),
        KIT_TEST(test_budget_no_wake_up_cuts_a_cooldown_short),
        KIT_TEST(test_budget_of_two_threads_are_their_own),
        KIT_TEST(test_budget_of_the_caller_pays_for_the_server),
        KIT_TEST(test_budget_overrun_is_debited_from_the_payer),
        KIT_TEST(test_budget_overrun_ends_in_a_timeout_fault),
        KIT_TEST(test_budget_refilled_during_the_overrun_goes_on),
        KIT_TEST(test_budget_slice_of_the_caller_is_refilled_for_the_server),
        KIT_TEST(test_budget_is_not_refilled_by_a_restart),
        KIT_TEST(test_budget_cooldown_goes_on_over_a_restart),
    };

    return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
