/* Supervisors: faults as messages, what they may do about them, and what if they are gone. */
#include "kernel/task.h"

#include "kernel/system.h"
#include "tests/unit/kit.h"

#define SUPERVISOR 0u /* task and thread */
#define WARD       1u /* task and thread */
#define CLIENT     2u /* task and thread: calls the ward */
#define SECOND     3u /* another ward */

static uint32_t serve, control, second_control, ward_serve, to_ward;

static void build_family(void)
{
    kit_setup(NULL);
    for (uint32_t i = 0; i < 4; i++) {
        build_single(10);
    }

    uint32_t endpoint = build_endpoint(SUPERVISOR);

    serve = build_cap(SUPERVISOR, endpoint, K5_RIGHT_RECV, 0);
    control = build_cap_for(SUPERVISOR, K5_KIND_TASK, WARD, K5_RIGHT_CONTROL | K5_RIGHT_STATUS, 0);
    second_control = build_cap_for(SUPERVISOR, K5_KIND_TASK, SECOND, K5_RIGHT_CONTROL, 0);
    build_task_of(WARD)->supervisor = (uint8_t)endpoint;
    build_task_of(SECOND)->supervisor = (uint8_t)endpoint;
    ward_serve = build_cap(WARD, build_endpoint(WARD), K5_RIGHT_RECV, 0);
    to_ward = build_cap(CLIENT, 1, K5_RIGHT_SEND, 0);
}

static void boot_family(void)
{
    build_family();
    kit_boot();
}

static void fault_with(uint32_t who, uint32_t flags)
{
    const struct fault_record record = {
        .kind = K5_FAULT_UNDEFINED,
        .flags = (uint8_t)flags,
        .pc = 0x08000124,
        .address = 0x20000004,
        .status = 0x10000,
    };

    TURN_TO(who);
    kernel_fault(&record);
    KIT_CHECK();
}

static void assert_fault_message(uint32_t task, uint32_t thread, uint32_t flags)
{
    ASSERT_ERROR(SUPERVISOR, K5_OK);
    assert_int_equal(kit_reg(SUPERVISOR, 1), kit_info(K5_FAULT_UNDEFINED, K5_MSG_FAULT));
    assert_int_equal(kit_reg(SUPERVISOR, 2), task | thread << 8 | flags << 16);
    assert_int_equal(kit_reg(SUPERVISOR, 3), 0x08000124);
    assert_int_equal(kit_reg(SUPERVISOR, 4), 0x20000004);
    assert_int_equal(kit_reg(SUPERVISOR, 5), 0x10000);
    assert_int_equal(kit_reg(SUPERVISOR, 6), 0);
    assert_int_equal(kit_reg(SUPERVISOR, 7), 0);
}

/* The supervisor waits, or comes later: it gets the same message. */
static void test_supervisor_receives_the_fault(void **state)
{
    (void)state;
    for (uint32_t waits = 0; waits < 2; waits++) {
        boot_family();
        if (waits) {
            TURN_TO(SUPERVISOR);
            PLAY(SUPERVISOR, K5_SYS_RECV, serve);
        }
        fault_with(WARD, K5_FAULT_FLAG_PC_KNOWN);
        ASSERT_TASK(WARD, K5_TASK_HELD);
        ASSERT_STATE(WARD, waits ? K5_THREAD_HELD : K5_THREAD_FAULTED);
        TURN_TO(SUPERVISOR);
        if (!waits) {
            PLAY(SUPERVISOR, K5_SYS_RECV, serve);
        }
        ASSERT_STATE(WARD, K5_THREAD_HELD);
        assert_fault_message(WARD, WARD, K5_FAULT_FLAG_PC_KNOWN);
        kit_advance(100 * BUILD_BACKOFF_MAX); /* nothing happens to it by itself */
        ASSERT_TASK(WARD, K5_TASK_HELD);
    }
}

/* It has the receive buffer and the flags of its recv, and gets none of the ward's. */
static void test_supervisor_receives_the_fault_by_reply_recv(void **state)
{
    (void)state;
    build_family();

    uint32_t to_supervisor = build_cap(CLIENT, 0, K5_RIGHT_SEND, 0);

    kit_boot();
    TURN_TO(SUPERVISOR);
    PLAY(SUPERVISOR, K5_SYS_RECV, serve);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CALL, to_supervisor);

    uint32_t reply = kit_reg(SUPERVISOR, 7);

    fault_with(WARD, 0);
    TURN_TO(SUPERVISOR);
    PLAY(SUPERVISOR, K5_SYS_REPLY_RECV, reply, 0, 0, 0, 0, 0, serve);
    assert_fault_message(WARD, WARD, 0);
    ASSERT_ERROR(CLIENT, K5_OK);
}

static void test_supervisor_restarts_its_ward(void **state)
{
    (void)state;
    boot_family();
    TURN_TO(WARD);
    PLAY(WARD, K5_SYS_RECV, ward_serve);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CALL, to_ward);
    fault_with(WARD, 0);
    ASSERT_STATE(CLIENT, K5_THREAD_AWAITING); /* until somebody decides */
    TURN_TO(SUPERVISOR);
    PLAY(SUPERVISOR, K5_SYS_RECV, serve);
    PLAY(SUPERVISOR, K5_SYS_TASK_RESTART, control);
    ASSERT_ERROR(SUPERVISOR, K5_OK);
    ASSERT_TASK(WARD, K5_TASK_READY);
    ASSERT_STATE(WARD, K5_THREAD_READY);
    ASSERT_ERROR(CLIENT, K5_E_RESTARTED);
    assert_int_equal(k5.task[WARD].generation, 1);
    PLAY(SUPERVISOR, K5_SYS_RECV, serve, K5_FLAG_TRY); /* one fault, one message */
    ASSERT_ERROR(SUPERVISOR, K5_E_WOULD_BLOCK);
}

/* Without having taken the message: the fault is dealt with, and the message gone. */
static void test_supervisor_may_act_before_it_receives(void **state)
{
    static const uint32_t number[] = {K5_SYS_TASK_RESTART, K5_SYS_TASK_RESUME, K5_SYS_TASK_STOP};
    static const enum k5_thread_state want[] = {K5_THREAD_READY, K5_THREAD_READY, K5_THREAD_OFF};

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        boot_family();
        kit_row("act", i);
        fault_with(WARD, K5_FAULT_FLAG_RESUMABLE);
        ASSERT_STATE(WARD, K5_THREAD_FAULTED);
        TURN_TO(SUPERVISOR);
        PLAY(SUPERVISOR, number[i], control);
        ASSERT_ERROR(SUPERVISOR, K5_OK);
        ASSERT_STATE(WARD, want[i]);
        TURN_TO(SUPERVISOR);
        PLAY(SUPERVISOR, K5_SYS_RECV, serve, K5_FLAG_TRY);
        ASSERT_ERROR(SUPERVISOR, K5_E_WOULD_BLOCK);
    }
}

static void test_supervisor_resumes_only_what_is_resumable(void **state)
{
    (void)state;
    for (uint32_t resumable = 0; resumable < 2; resumable++) {
        boot_family();
        fault_with(WARD, resumable ? K5_FAULT_FLAG_RESUMABLE : 0);
        TURN_TO(SUPERVISOR);
        PLAY(SUPERVISOR, K5_SYS_RECV, serve);
        PLAY(SUPERVISOR, K5_SYS_TASK_RESUME, control);
        ASSERT_ERROR(SUPERVISOR, resumable ? K5_OK : K5_E_STATE);
        ASSERT_STATE(WARD, resumable ? K5_THREAD_READY : K5_THREAD_HELD);
    }
}

static void test_supervisor_of_several_gets_each_fault(void **state)
{
    (void)state;
    boot_family();
    fault_with(WARD, 0);
    fault_with(SECOND, 0);
    TURN_TO(SUPERVISOR);
    PLAY(SUPERVISOR, K5_SYS_RECV, serve);
    assert_fault_message(WARD, WARD, 0);
    PLAY(SUPERVISOR, K5_SYS_RECV, serve);
    assert_fault_message(SECOND, SECOND, 0);
    PLAY(SUPERVISOR, K5_SYS_TASK_RESTART, second_control);
    ASSERT_TASK(SECOND, K5_TASK_READY);
    ASSERT_TASK(WARD, K5_TASK_HELD);
}

/* A panic and a bad system call are faults like others. */
static void test_supervisor_learns_of_crimes_the_kernel_found(void **state)
{
    (void)state;
    boot_family();
    TURN_TO(WARD);
    PLAY(WARD, K5_SYS_PANIC, 0xdead);
    TURN_TO(SECOND);
    PLAY(SECOND, 999);
    TURN_TO(SUPERVISOR);
    PLAY(SUPERVISOR, K5_SYS_RECV, serve);
    assert_int_equal(kit_reg(SUPERVISOR, 1), kit_info(K5_FAULT_PANIC, K5_MSG_FAULT));
    assert_int_equal(kit_reg(SUPERVISOR, 4), 0xdead);
    PLAY(SUPERVISOR, K5_SYS_RECV, serve);
    assert_int_equal(kit_reg(SUPERVISOR, 1), kit_info(K5_FAULT_SYSCALL, K5_MSG_FAULT));
    assert_int_equal(kit_reg(SUPERVISOR, 4), 999);
}

/* A server that overran its payer: the supervisor may let it finish all the same. */
static void test_supervisor_learns_of_timeouts_and_may_resume(void **state)
{
    (void)state;
    build_family();
    build_thread_of(CLIENT)->budget = 100;
    build_thread_of(CLIENT)->cooldown = 5000;
    build_thread_of(WARD)->overrun = 50;
    kit_boot();
    TURN_TO(WARD);
    PLAY(WARD, K5_SYS_RECV, ward_serve);
    kit_sleep_until(SECOND, 100000);
    TURN_TO(SUPERVISOR);
    PLAY(SUPERVISOR, K5_SYS_RECV, serve);
    ASSERT_CURRENT(CLIENT);
    PLAY(CLIENT, K5_SYS_CALL, to_ward, 0, 1);

    uint32_t reply = kit_reg(WARD, 7);

    kit_advance_to(149);
    ASSERT_CURRENT(WARD);
    kit_advance_to(150);
    ASSERT_STATE(WARD, K5_THREAD_HELD);
    ASSERT_STATE(CLIENT, K5_THREAD_AWAITING);
    ASSERT_CURRENT(SUPERVISOR);
    assert_int_equal(kit_reg(SUPERVISOR, 1), kit_info(K5_FAULT_TIMEOUT, K5_MSG_FAULT));
    assert_int_equal(kit_reg(SUPERVISOR, 4), CLIENT); /* whose time it was */
    PLAY(SUPERVISOR, K5_SYS_TASK_RESUME, control);
    ASSERT_ERROR(SUPERVISOR, K5_OK);
    PLAY(SUPERVISOR, K5_SYS_RECV, serve);
    ASSERT_CURRENT(WARD);
    kit_advance(49); /* it has its overrun once more */
    ASSERT_CURRENT(WARD);
    PLAY(WARD, K5_SYS_REPLY, reply, 0, 7);
    ASSERT_ERROR(CLIENT, K5_OK);
    assert_int_equal(kit_reg(CLIENT, 2), 7);
}

/* Its ward cannot block it: a supervisor that waits for its ward leaves it to its policy. */
static void test_supervisor_that_waits_for_its_ward_is_not_asked(void **state)
{
    (void)state;
    build_family();

    uint32_t call = build_cap(SUPERVISOR, 1, K5_RIGHT_SEND, 0);

    kit_boot();
    TURN_TO(WARD);
    PLAY(WARD, K5_SYS_RECV, ward_serve);
    TURN_TO(SUPERVISOR);
    PLAY(SUPERVISOR, K5_SYS_CALL, call);
    ASSERT_CURRENT(WARD);
    FAULT(WARD);
    ASSERT_TASK(WARD, K5_TASK_BACKOFF);
    ASSERT_ERROR(SUPERVISOR, K5_E_RESTARTED);
}

/* A supervisor that is only restarting finds the faults that are waiting. */
static void test_supervisor_finds_waiting_faults_after_its_own_restart(void **state)
{
    (void)state;
    boot_family();
    fault_with(WARD, 0);
    TURN_TO(SUPERVISOR);
    FAULT(SUPERVISOR);
    ASSERT_STATE(WARD, K5_THREAD_FAULTED);
    kit_advance(BUILD_BACKOFF);
    TURN_TO(SUPERVISOR);
    PLAY(SUPERVISOR, K5_SYS_RECV, serve);
    assert_fault_message(WARD, WARD, 0);
    assert_int_equal(fake_machine_count(&kit_machine, K5_EVENT_EPITAPH), 0);
}

/* Also of those that its former incarnation took and did nothing about. */
static void test_supervisor_is_told_again_after_its_own_restart(void **state)
{
    (void)state;
    boot_family();
    fault_with(WARD, 0);
    TURN_TO(SUPERVISOR);
    PLAY(SUPERVISOR, K5_SYS_RECV, serve);
    ASSERT_STATE(WARD, K5_THREAD_HELD);
    FAULT(SUPERVISOR);
    kit_advance(BUILD_BACKOFF);
    TURN_TO(SUPERVISOR);
    PLAY(SUPERVISOR, K5_SYS_RECV, serve);
    assert_fault_message(WARD, WARD, 0);
}

/* ------------------------------------------------------------ the last resort */

static void stop_supervisor(void)
{
    TURN_TO(SUPERVISOR);
    FAULT(SUPERVISOR);
    ASSERT_TASK(SUPERVISOR, K5_TASK_STOPPED);
}

static void test_last_resort_lets_the_wards_follow_their_policies(void **state)
{
    (void)state;
    build_family();
    build_task_of(SUPERVISOR)->policy = SYS_POLICY_STOP;
    build_task_of(SECOND)->policy = SYS_POLICY_STOP;
    kit_boot();
    fault_with(WARD, 0);
    stop_supervisor();
    ASSERT_TASK(WARD, K5_TASK_BACKOFF); /* held ones at once */
    ASSERT_TASK(SECOND, K5_TASK_READY);

    const struct k5_event *epitaph = fake_machine_last(&kit_machine, K5_EVENT_EPITAPH);

    assert_non_null(epitaph);
    assert_int_equal(epitaph->code, SYS_LAST_POLICY);
    assert_int_equal(epitaph->arg[0], SUPERVISOR);
    assert_int_equal(fake_machine_count(&kit_machine, K5_EVENT_EPITAPH), 1);
    kit_advance(BUILD_BACKOFF);
    ASSERT_TASK(WARD, K5_TASK_READY);
    fault_with(SECOND, 0); /* and the others from then on */
    ASSERT_TASK(SECOND, K5_TASK_STOPPED);
    fault_with(WARD, 0);
    ASSERT_TASK(WARD, K5_TASK_BACKOFF);
}

static void test_last_resort_halts_the_machine(void **state)
{
    (void)state;
    build_family();
    build_header()->last_resort = SYS_LAST_HALT;
    build_task_of(SUPERVISOR)->policy = SYS_POLICY_STOP;
    kit_boot();
    stop_supervisor();

    const struct k5_event *epitaph = fake_machine_last(&kit_machine, K5_EVENT_EPITAPH);

    assert_non_null(epitaph);
    assert_int_equal(epitaph->code, SYS_LAST_HALT);
    assert_non_null(fake_machine_last(&kit_machine, K5_EVENT_HALT));
    assert_true(kit_machine.port.halted);
    ASSERT_CURRENT(NO_THREAD);
    kit_elapse(1000000); /* for good */
    kernel_timer();
    KIT_CHECK();
    ASSERT_CURRENT(NO_THREAD);
    kernel_interrupt(3);
    KIT_CHECK();
    ASSERT_CURRENT(NO_THREAD);
}

/* Who supervises nobody is mourned by nobody. */
static void test_last_resort_is_for_supervisors(void **state)
{
    (void)state;
    build_family();
    build_header()->last_resort = SYS_LAST_HALT;
    build_task_of(CLIENT)->policy = SYS_POLICY_STOP;
    kit_boot();
    TURN_TO(CLIENT);
    FAULT(CLIENT);
    assert_int_equal(fake_machine_count(&kit_machine, K5_EVENT_EPITAPH), 0);
    assert_false(kit_machine.port.halted);
}

/* A supervisor that crash-loops ends in the last resort, too. */
static void test_last_resort_ends_a_crash_loop(void **state)
{
    (void)state;
    build_family();
    build_task_of(SUPERVISOR)->restart_limit = 3;
    kit_boot();
    for (uint32_t i = 0; i < 3; i++) {
        TURN_TO(SUPERVISOR);
        FAULT(SUPERVISOR);
        ASSERT_TASK(SUPERVISOR, K5_TASK_BACKOFF);
        kit_advance(BUILD_BACKOFF_MAX);
    }
    stop_supervisor();
    assert_int_equal(fake_machine_count(&kit_machine, K5_EVENT_EPITAPH), 1);
    assert_int_equal(fake_machine_last(&kit_machine, K5_EVENT_EPITAPH)->arg[1], 3);
}

/* The limit is for restarts in a row. */
static void test_restart_limit_starts_over_after_a_stable_run(void **state)
{
    (void)state;
    build_family();
    build_task_of(CLIENT)->restart_limit = 2;
    kit_boot();
    for (uint32_t i = 0; i < 6; i++) {
        TURN_TO(CLIENT);
        FAULT(CLIENT);
        ASSERT_TASK(CLIENT, K5_TASK_BACKOFF);
        kit_advance(BUILD_BACKOFF_MAX);
        if (i % 2 == 1) {
            kit_advance(BUILD_STABLE);
        }
    }
    for (uint32_t i = 0; i < 2; i++) {
        TURN_TO(CLIENT);
        FAULT(CLIENT);
        kit_advance(BUILD_BACKOFF_MAX);
    }
    TURN_TO(CLIENT);
    FAULT(CLIENT);
    ASSERT_TASK(CLIENT, K5_TASK_STOPPED);
}

/* The supervisor comes back after all: it is one again. */
static void test_supervisor_that_is_started_again_supervises_again(void **state)
{
    (void)state;
    build_family();
    build_task_of(SUPERVISOR)->policy = SYS_POLICY_STOP;

    uint32_t start = build_cap_for(CLIENT, K5_KIND_TASK, SUPERVISOR, K5_RIGHT_CONTROL, 0);

    kit_boot();
    stop_supervisor();
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_TASK_START, start);
    ASSERT_ERROR(CLIENT, K5_OK);
    fault_with(WARD, 0);
    ASSERT_TASK(WARD, K5_TASK_HELD);
    ASSERT_STATE(WARD, K5_THREAD_FAULTED);
    stop_supervisor();
    assert_int_equal(fake_machine_count(&kit_machine, K5_EVENT_EPITAPH), 2);
    ASSERT_TASK(WARD, K5_TASK_BACKOFF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_supervisor_receives_the_fault),
        KIT_TEST(test_supervisor_receives_the_fault_by_reply_recv),
        KIT_TEST(test_supervisor_restarts_its_ward),
        KIT_TEST(test_supervisor_may_act_before_it_receives),
        KIT_TEST(test_supervisor_resumes_only_what_is_resumable),
        KIT_TEST(test_supervisor_of_several_gets_each_fault),
        KIT_TEST(test_supervisor_learns_of_crimes_the_kernel_found),
        KIT_TEST(test_supervisor_learns_of_timeouts_and_may_resume),
        KIT_TEST(test_supervisor_that_waits_for_its_ward_is_not_asked),
        KIT_TEST(test_supervisor_finds_waiting_faults_after_its_own_restart),
        KIT_TEST(test_supervisor_is_told_again_after_its_own_restart),
        KIT_TEST(test_last_resort_lets_the_wards_follow_their_policies),
        KIT_TEST(test_last_resort_halts_the_machine),
        KIT_TEST(test_last_resort_is_for_supervisors),
        KIT_TEST(test_last_resort_ends_a_crash_loop),
        KIT_TEST(test_restart_limit_starts_over_after_a_stable_run),
        KIT_TEST(test_supervisor_that_is_started_again_supervises_again),
    };

    return cmocka_run_group_tests_name("supervisor", tests, NULL, NULL);
}
