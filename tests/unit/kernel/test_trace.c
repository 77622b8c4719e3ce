/* The kernel's own account of a run: which events it emits, in which order, with what in them.
 *
 * Engines are compared by it (tools/k5/compare.py), so nothing that depends on
 * the time may be in an event that is compared.
 */
#include "kernel/trace.h"

#include "tests/unit/kit.h"

#define SERVER 0u
#define CLIENT 1u
#define CPTR0  0x10000u

/* What a record must be; a field that says ANY is not looked at. */
#define ANY UINT32_MAX

struct want {
    uint32_t kind, thread, code, arg0, arg1;
};

static void assert_events(const struct want *want, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct k5_event *got = &kit_machine.event[i];

        if (i >= kit_machine.event_count || got->kind != want[i].kind ||
            got->thread != want[i].thread || got->code != want[i].code ||
            (want[i].arg0 != ANY && got->arg[0] != want[i].arg0) ||
            (want[i].arg1 != ANY && got->arg[1] != want[i].arg1)) {
            fail_msg("event %u of %u: kind %u thread %u code %u args %x %x", i,
                     kit_machine.event_count, got->kind, got->thread, got->code, got->arg[0],
                     got->arg[1]);
        }
    }
    assert_int_equal(kit_machine.event_count, count);
    fake_machine_clear_events(&kit_machine);
}

#define ASSERT_EVENTS(...)                                                                         \
    assert_events((const struct want[]){__VA_ARGS__},                                              \
                  sizeof((const struct want[]){__VA_ARGS__}) / sizeof(struct want))

static void boot_service(void)
{
    build_single(20);
    build_single(10);
    build_single(1);
    build_endpoint(SERVER);
    build_cap(SERVER, 0, K5_RIGHT_RECV, 0);
    build_cap(CLIENT, 0, K5_RIGHT_SEND, 0);
    kit_boot();
    ASSERT_EVENTS({K5_EVENT_BOOT, NO_THREAD, K5_ABI_VERSION, BUILD_TICK_HZ, ANY},
                  {K5_EVENT_SWITCH, SERVER, NO_THREAD, SERVER, 0});
}

static void test_trace_of_call_and_reply(void **state)
{
    const uint32_t label = kit_info(3, 0);

    (void)state;
    boot_service();
    PLAY(SERVER, K5_SYS_RECV, CPTR0, 0);
    ASSERT_EVENTS({K5_EVENT_ENTER, SERVER, K5_SYS_RECV, CPTR0, 0},
                  {K5_EVENT_SWITCH, CLIENT, SERVER, CLIENT, 0});
    PLAY(CLIENT, K5_SYS_CALL, CPTR0, label, 1, 2, 3, 4);
    ASSERT_EVENTS({K5_EVENT_ENTER, CLIENT, K5_SYS_CALL, CPTR0, label},
                  {K5_EVENT_RESULT, SERVER, K5_SYS_RECV, K5_OK, label},
                  {K5_EVENT_SWITCH, SERVER, CLIENT, CLIENT, 0});

    uint32_t reply = kit_reg(SERVER, 7);

    PLAY(SERVER, K5_SYS_REPLY_RECV, reply, label, 1, 2, 3, 4, CPTR0);
    ASSERT_EVENTS({K5_EVENT_ENTER, SERVER, K5_SYS_REPLY_RECV, reply, label},
                  {K5_EVENT_RESULT, CLIENT, K5_SYS_CALL, K5_OK, label},
                  {K5_EVENT_SWITCH, CLIENT, SERVER, CLIENT, 0});
    /* The server's pending result is that of its reply_recv. */
    PLAY(CLIENT, K5_SYS_SEND, CPTR0, label, 1, 2, 3, 4);
    ASSERT_EVENTS({K5_EVENT_ENTER, CLIENT, K5_SYS_SEND, CPTR0, label},
                  {K5_EVENT_RESULT, SERVER, K5_SYS_REPLY_RECV, K5_OK, label},
                  {K5_EVENT_RESULT, CLIENT, K5_SYS_SEND, K5_OK, label},
                  {K5_EVENT_SWITCH, SERVER, CLIENT, SERVER, 0});
}

/* Ticks and other values that differ between engines are left out of what is compared. */
static void test_trace_holds_no_time_in_comparable_events(void **state)
{
    (void)state;
    build_single(20);
    kit_boot_at(5000);
    fake_machine_clear_events(&kit_machine);
    PLAY(0, K5_SYS_TIME, 0);
    ASSERT_EVENTS({K5_EVENT_ENTER, 0, K5_SYS_TIME, 0, 0},
                  {K5_EVENT_RESULT, 0, K5_SYS_TIME, K5_OK, 0});
    PLAY(0, K5_SYS_SLEEP, 4999, 0);
    ASSERT_EVENTS({K5_EVENT_ENTER, 0, K5_SYS_SLEEP, 0, 0},
                  {K5_EVENT_RESULT, 0, K5_SYS_SLEEP, K5_OK, 0});
    PLAY(0, K5_SYS_SLEEP, 5100, 7);
    ASSERT_EVENTS({K5_EVENT_ENTER, 0, K5_SYS_SLEEP, 0, 0}, {K5_EVENT_IDLE, NO_THREAD, 0, 0, 0});
}

static void test_trace_of_what_time_does(void **state)
{
    (void)state;
    build_single(20);
    build_thread_of(0)->budget = 100;
    build_thread_of(0)->cooldown = 300;
    build_single(1);
    kit_boot();
    fake_machine_clear_events(&kit_machine);
    kit_advance_to(100);
    ASSERT_EVENTS({K5_EVENT_EXHAUSTED, 0, 0, 0, 0}, {K5_EVENT_PREEMPT, 1, 0, 1, 0});
    kit_advance_to(400);
    ASSERT_EVENTS({K5_EVENT_REPLENISHED, 0, 0, 100, 0}, {K5_EVENT_PREEMPT, 0, 1, 0, 0});
    PLAY(0, K5_SYS_SLEEP, 450, 0);
    fake_machine_clear_events(&kit_machine);
    kit_advance_to(450);
    ASSERT_EVENTS({K5_EVENT_WAKE, 0, 0, 0, 0}, {K5_EVENT_RESULT, 0, K5_SYS_SLEEP, K5_OK, 0},
                  {K5_EVENT_PREEMPT, 0, 1, 0, 0});
    kit_elapse(130); /* late: the debt is on record */
    kernel_timer();
    ASSERT_EVENTS({K5_EVENT_EXHAUSTED, 0, 0, 30, 0}, {K5_EVENT_PREEMPT, 1, 0, 1, 0});
}

static void test_trace_of_a_task_that_ends(void **state)
{
    static const struct {
        enum sys_policy policy;
        uint32_t code, generation, delay;
    } row[] = {{SYS_POLICY_RESTART, K5_TASK_BACKOFF, 1, BUILD_BACKOFF},
               {SYS_POLICY_HOLD, K5_TASK_HELD, 0, 0},
               {SYS_POLICY_STOP, K5_TASK_STOPPED, 0, 0}};

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        kit_setup(NULL);
        build_thread(build_task(row[i].policy), 20);
        build_single(1);
        kit_boot();
        fake_machine_clear_events(&kit_machine);
        FAULT(0);

        const struct k5_event *task = fake_machine_last(&kit_machine, K5_EVENT_TASK);

        assert_non_null(task);
        assert_int_equal(task->arg[2], row[i].delay);
        ASSERT_EVENTS({K5_EVENT_FAULT, 0, K5_FAULT_DATA, ANY, ANY},
                      {K5_EVENT_TASK, 0, row[i].code, 0, row[i].generation},
                      {K5_EVENT_SWITCH, 1, 0, 1, 0});
    }
}

/* A machine that wants no kernel events still gets logs and faults. */
static void test_trace_can_be_turned_off(void **state)
{
    (void)state;
    boot_service();
    kit_machine.port.wanted = 0;
    PLAY(SERVER, K5_SYS_YIELD, 0);
    PLAY(SERVER, K5_SYS_LOG, 1, K5_LEVEL_INFO);
    ASSERT_EVENTS({K5_EVENT_LOG, SERVER, K5_LEVEL_INFO, 1, 0});
    PLAY(SERVER, K5_SYS_PANIC, 5);
    ASSERT_EVENTS({K5_EVENT_FAULT, SERVER, K5_FAULT_PANIC, ANY, 5},
                  {K5_EVENT_TASK, SERVER, K5_TASK_BACKOFF, SERVER, 1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_trace_of_call_and_reply),
        KIT_TEST(test_trace_holds_no_time_in_comparable_events),
        KIT_TEST(test_trace_of_what_time_does),
        KIT_TEST(test_trace_of_a_task_that_ends),
        KIT_TEST(test_trace_can_be_turned_off),
    };

    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
