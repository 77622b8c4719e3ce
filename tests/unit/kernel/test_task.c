/* Tasks: faults and their records, restart with back-off, hold, stop. */
#include "kernel/task.h"

#include <string.h>

#include "arch/armv8m/frame.h"
#include "tests/unit/kit.h"

#define TASK 0u
#define IDLE NO_THREAD

/* One task of that policy, and one that fills the time. */
static void build_with_policy(enum sys_policy policy)
{
    uint32_t task = build_task(policy);

    build_thread(task, 20);
    build_single(1);
}

/* The thread faults; `delay` ticks later, and not before, it runs again. */
static void assert_restarts_after(uint64_t delay)
{
    uint64_t at = kit_now() + delay;
    uint32_t generation = k5.task[TASK].generation;

    FAULT(0);
    ASSERT_STATE(0, K5_THREAD_OFF);
    assert_int_equal(k5.task[TASK].state, K5_TASK_BACKOFF);
    if (delay > 0) {
        kit_advance_to(at - 1);
        assert_int_equal(k5.task[TASK].state, K5_TASK_BACKOFF);
        ASSERT_CURRENT(1);
    }
    kit_advance_to(at);
    assert_int_equal(k5.task[TASK].state, K5_TASK_READY);
    assert_int_equal(k5.task[TASK].generation, generation + 1);
    ASSERT_CURRENT(0);
}

static void test_task_backoff_doubles_up_to_its_maximum(void **state)
{
    static const uint32_t delay[] = {1000, 2000, 4000, 6000, 6000, 6000};

    (void)state;
    build_with_policy(SYS_POLICY_RESTART);
    kit_boot();
    for (size_t i = 0; i < sizeof delay / sizeof delay[0]; i++) {
        assert_restarts_after(delay[i]);
        kit_advance(10);
    }
}

static void test_task_backoff_starts_over_after_a_stable_run(void **state)
{
    (void)state;
    build_with_policy(SYS_POLICY_RESTART);
    kit_boot();
    assert_restarts_after(1000);
    assert_restarts_after(2000);
    kit_advance(BUILD_STABLE - 1); /* one tick short of stable */
    assert_restarts_after(4000);
    kit_advance(BUILD_STABLE);
    assert_restarts_after(1000);
    assert_restarts_after(2000);
}

/* The time in back-off is no stable run. */
static void test_task_backoff_time_is_not_stable_time(void **state)
{
    (void)state;
    build_with_policy(SYS_POLICY_RESTART);
    build_task_of(TASK)->stable_ticks = 500;
    kit_boot();
    assert_restarts_after(1000);
    kit_advance(499);
    assert_restarts_after(2000);
}

/* Even a hundred restarts neither overflow the delay nor shrink it. */
static void test_task_backoff_never_shrinks(void **state)
{
    (void)state;
    build_with_policy(SYS_POLICY_RESTART);
    build_task_of(TASK)->backoff_ticks = 3;
    build_task_of(TASK)->backoff_max_ticks = UINT32_MAX;
    build_task_of(TASK)->stable_ticks = UINT32_MAX;
    kit_boot();

    uint64_t delay = 3;

    for (uint32_t i = 0; i < 300; i++) {
        FAULT(0);
        assert_int_equal(k5.task[TASK].restart_at - kit_now(), delay);
        /* The other thread's slices would be a billion timers: let it sleep meanwhile. */
        PLAY(1, K5_SYS_SLEEP, (uint32_t)k5.task[TASK].restart_at,
             (uint32_t)(k5.task[TASK].restart_at >> 32));
        kit_advance_to(k5.task[TASK].restart_at);
        ASSERT_CURRENT(0);
        delay = delay * 2 < UINT32_MAX ? delay * 2 : UINT32_MAX;
    }
}

static void test_task_generation_is_retired_before_it_wraps(void **state)
{
    (void)state;
    build_with_policy(SYS_POLICY_RESTART);
    kit_boot();
    k5.task[TASK].generation = UINT16_MAX - 1;
    assert_restarts_after(1000);
    assert_int_equal(k5.task[TASK].generation, UINT16_MAX);
    FAULT(0);
    assert_int_equal(k5.task[TASK].state, K5_TASK_STOPPED);
    assert_int_equal(k5.task[TASK].generation, UINT16_MAX);
    kit_advance(10 * BUILD_BACKOFF_MAX);
    ASSERT_STATE(0, K5_THREAD_OFF);
}

static void test_task_held_or_stopped_never_runs_again(void **state)
{
    static const struct {
        enum sys_policy policy;
        enum k5_task_state want;
    } row[] = {{SYS_POLICY_HOLD, K5_TASK_HELD}, {SYS_POLICY_STOP, K5_TASK_STOPPED}};

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        kit_setup(NULL);
        build_with_policy(row[i].policy);
        kit_boot();
        FAULT(0);
        assert_int_equal(k5.task[TASK].state, row[i].want);
        ASSERT_CURRENT(1);
        kit_advance(100 * BUILD_BACKOFF_MAX);
        ASSERT_CURRENT(1);
        ASSERT_STATE(0, row[i].policy == SYS_POLICY_HOLD ? K5_THREAD_HELD : K5_THREAD_OFF);
        assert_int_equal(k5.task[TASK].generation, 0);
    }
}

/* A fault of one thread ends the run of all threads of its task, and of nobody else. */
static void test_task_fault_ends_all_its_threads(void **state)
{
    static const enum sys_policy policy[] = {SYS_POLICY_RESTART, SYS_POLICY_HOLD, SYS_POLICY_STOP};

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        kit_setup(NULL);
        uint32_t task = build_task(policy[i]);

        build_thread(task, 20); /* faults */
        build_thread(task, 15); /* ready */
        build_thread(task, 25); /* asleep */
        build_thread(build_task(SYS_POLICY_STOP), 1);
        kit_boot();
        PLAY(2, K5_SYS_SLEEP, 100, 0);
        FAULT(0);
        ASSERT_CURRENT(3);
        kit_advance_to(200); /* the sleeper's time comes and goes */
        ASSERT_CURRENT(3);
        kit_advance_to(BUILD_BACKOFF);
        ASSERT_CURRENT(policy[i] == SYS_POLICY_RESTART ? 2 : 3);
    }
}

/* ------------------------------------------------------------ held, but still a peer */

#define HELD_TASK 0u
#define HELD      0u /* waits for a message, or for a reply */
#define SISTER    1u /* commits the fault */
#define PEER      2u
#define CPTR0     0x10000u

/* Short messages take the fast path, copies the general one. */
static const uint32_t kinds[] = {K5_MSG_SHORT, K5_MSG_COPY};

static void boot_held(bool serves)
{
    kit_setup(NULL);
    build_task(SYS_POLICY_HOLD);
    build_thread(HELD_TASK, 20);
    build_thread(HELD_TASK, 15);
    build_thread(build_task(SYS_POLICY_STOP), 10);
    build_endpoint(serves ? HELD : PEER);
    build_cap(HELD_TASK, 0, serves ? K5_RIGHT_RECV : K5_RIGHT_SEND, 0);
    build_cap(1, 0, serves ? K5_RIGHT_SEND : K5_RIGHT_RECV, 0);
    kit_boot();
}

/* The message arrives, for whoever looks; the thread that got it does not run. */
static void test_task_held_receiver_does_not_run_by_a_call(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        boot_held(true);
        PLAY(HELD, K5_SYS_RECV, CPTR0);
        FAULT(SISTER);
        PLAY(PEER, K5_SYS_CALL, CPTR0, kinds[i], build_buffer(1, 0), 8);
        ASSERT_CURRENT(NO_THREAD);
        ASSERT_STATE(HELD, K5_THREAD_HELD);
        ASSERT_STATE(PEER, K5_THREAD_AWAITING);
    }
}

static void test_task_held_caller_does_not_run_by_a_reply(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        boot_held(false);
        PLAY(HELD, K5_SYS_CALL, CPTR0);
        ASSERT_CURRENT(PEER); /* boosted above the sister */
        PLAY(PEER, K5_SYS_RECV, CPTR0);
        PLAY(PEER, K5_SYS_SLEEP, 100, 0);
        FAULT(SISTER);
        kit_advance_to(100);
        PLAY(PEER, K5_SYS_REPLY_RECV, k5.thread[HELD].sequence << 8 | HELD, kinds[i],
             build_buffer(1, 0), 8, 0, 0, CPTR0);
        ASSERT_CURRENT(NO_THREAD);
        ASSERT_STATE(HELD, K5_THREAD_HELD);
        ASSERT_STATE(PEER, K5_THREAD_RECEIVING);
    }
}

/* ------------------------------------------------------------ a fresh start */

static void test_task_restarts_at_its_entry_with_an_empty_stack(void **state)
{
    (void)state;
    build_with_policy(SYS_POLICY_RESTART);
    kit_boot();

    const struct sys_thread *fixed = sys_thread(0);
    uint32_t frame = fixed->stack_top - FRAME_BYTES;
    uint8_t fresh[FRAME_BYTES];
    struct port_context context = k5.thread[0].context;

    memcpy(fresh, fake_machine_memory(&kit_machine, frame, FRAME_BYTES), FRAME_BYTES);
    memset(fake_machine_memory(&kit_machine, fixed->stack_base, BUILD_STACK_BYTES), 0xa5,
           BUILD_STACK_BYTES);
    k5.thread[0].context.armv8m.psp = fixed->stack_base;
    PLAY(0, K5_SYS_SLEEP, 5, 0, 0xaaaa, 0xbbbb);
    kit_advance_to(5);
    FAULT(0);
    kit_advance(BUILD_BACKOFF);
    ASSERT_CURRENT(0);
    assert_memory_equal(&context, &k5.thread[0].context, sizeof context);
    assert_memory_equal(fresh, fake_machine_memory(&kit_machine, frame, FRAME_BYTES), FRAME_BYTES);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(kit_reg(0, i), 0); /* nothing of the old life */
    }
}

/* A fault changes no byte of another task and none of another task's threads. */
static void test_task_fault_leaves_the_others_alone(void **state)
{
    static uint8_t ram[FAKE_RAM_BYTES];
    struct thread before;

    (void)state;
    build_with_policy(SYS_POLICY_RESTART);
    kit_boot();
    before = k5.thread[1];
    memcpy(ram, kit_machine.ram, sizeof ram);
    FAULT(0);
    before.state = K5_THREAD_RUNNING; /* it runs now: that is all */
    before.next = k5.thread[1].next;
    before.previous = k5.thread[1].previous;
    assert_memory_equal(&before, &k5.thread[1], sizeof before);
    kit_advance(BUILD_BACKOFF);
    assert_memory_equal(ram + BUILD_TASK_BYTES, kit_machine.ram + BUILD_TASK_BYTES,
                        sizeof ram - BUILD_TASK_BYTES);
}

/* ------------------------------------------------------------ the record */

static void test_task_fault_is_on_record(void **state)
{
    const struct fault_record record = {
        .kind = K5_FAULT_FETCH,
        .flags = K5_FAULT_FLAG_PC_KNOWN,
        .pc = 0x08001234,
        .address = 0x20000001,
        .status = 0x11223344,
        .sp = 0x20000400,
        .lr = 0x08000001,
    };

    (void)state;
    build_with_policy(SYS_POLICY_RESTART);
    kit_boot();
    kit_advance_to(123);
    kernel_fault(&record);
    KIT_CHECK();

    const struct k5_event *fault = fake_machine_last(&kit_machine, K5_EVENT_FAULT);
    const struct k5_event *task = fake_machine_last(&kit_machine, K5_EVENT_TASK);
    const uint32_t want[] = {record.pc,    record.address, record.status,
                             record.flags, record.sp,      record.lr};

    assert_non_null(fault);
    assert_int_equal(fault->time, 123);
    assert_int_equal(fault->thread, 0);
    assert_int_equal(fault->code, K5_FAULT_FETCH);
    assert_memory_equal(fault->arg, want, sizeof want);
    assert_non_null(task);
    assert_int_equal(task->code, K5_TASK_BACKOFF);
    assert_int_equal(task->arg[0], TASK);
    assert_int_equal(task->arg[1], 1);             /* the generation to come */
    assert_int_equal(task->arg[2], BUILD_BACKOFF); /* in how many ticks */
    kit_advance(BUILD_BACKOFF);
    task = fake_machine_last(&kit_machine, K5_EVENT_TASK);
    assert_int_equal(task->code, K5_TASK_READY);
    assert_int_equal(task->arg[1], 1);
    assert_int_equal(task->time, 123 + BUILD_BACKOFF);
}

static void test_task_panic_is_on_record_with_its_code(void **state)
{
    (void)state;
    build_with_policy(SYS_POLICY_STOP);
    kit_boot();
    PLAY(0, K5_SYS_PANIC, 0xdead);

    const struct k5_event *fault = fake_machine_last(&kit_machine, K5_EVENT_FAULT);

    assert_non_null(fault);
    assert_int_equal(fault->code, K5_FAULT_PANIC);
    assert_int_equal(fault->arg[1], 0xdead);
    assert_int_equal(fault->arg[3], K5_FAULT_FLAG_PC_KNOWN);
    assert_int_equal(k5.task[TASK].state, K5_TASK_STOPPED);
    ASSERT_CURRENT(1);
}

/* The frame of a thread whose stack pointer is wild is not read: its pc stays unknown. */
static void test_task_panic_with_a_wild_stack_pointer_has_no_pc(void **state)
{
    static const uint32_t wild[] = {0, 0xfffffff0, 0x20000000 + BUILD_TASK_BYTES - 16,
                                    0x20000000 + BUILD_TASK_BYTES, 0x40000000};

    (void)state;
    for (size_t i = 0; i < sizeof wild / sizeof wild[0]; i++) {
        kit_setup(NULL);
        build_with_policy(SYS_POLICY_RESTART);
        kit_boot();
        k5.thread[0].context.armv8m.psp = wild[i];
        PLAY(0, K5_SYS_PANIC, 1);

        const struct k5_event *fault = fake_machine_last(&kit_machine, K5_EVENT_FAULT);

        assert_int_equal(fault->arg[0], 0);
        assert_int_equal(fault->arg[3], 0);
        assert_int_equal(k5.task[TASK].state, K5_TASK_BACKOFF);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_task_backoff_doubles_up_to_its_maximum),
        KIT_TEST(test_task_backoff_starts_over_after_a_stable_run),
        KIT_TEST(test_task_backoff_time_is_not_stable_time),
        KIT_TEST(test_task_backoff_never_shrinks),
        KIT_TEST(test_task_generation_is_retired_before_it_wraps),
        KIT_TEST(test_task_held_or_stopped_never_runs_again),
        KIT_TEST(test_task_fault_ends_all_its_threads),
        KIT_TEST(test_task_held_receiver_does_not_run_by_a_call),
        KIT_TEST(test_task_held_caller_does_not_run_by_a_reply),
        KIT_TEST(test_task_restarts_at_its_entry_with_an_empty_stack),
        KIT_TEST(test_task_fault_leaves_the_others_alone),
        KIT_TEST(test_task_fault_is_on_record),
        KIT_TEST(test_task_panic_is_on_record_with_its_code),
        KIT_TEST(test_task_panic_with_a_wild_stack_pointer_has_no_pc),
    };

    return cmocka_run_group_tests_name("task", tests, NULL, NULL);
}
