/* System calls beside IPC: time, log, panic, and numbers that are none. Sleep, yield: test_sched.c;
 * caps: test_cap.c. */
#include "kernel/syscall.h"

#include "kernel/system.h"
#include "tests/unit/kit.h"

static void boot_pair(void)
{
    build_single(20);
    build_single(1);
    kit_boot();
}

static void test_time_has_64_bits_and_a_rate(void **state)
{
    (void)state;
    build_single(20);
    kit_boot_at(UINT64_C(0x1fffffffe));
    PLAY(0, K5_SYS_TIME, 0);
    ASSERT_ERROR(0, K5_OK);
    assert_int_equal(kit_reg(0, 1), 0xfffffffe);
    assert_int_equal(kit_reg(0, 2), 1);
    assert_int_equal(kit_reg(0, 3), BUILD_TICK_HZ);
    kit_advance(3);
    PLAY(0, K5_SYS_TIME, 0);
    assert_int_equal(kit_reg(0, 1), 1);
    assert_int_equal(kit_reg(0, 2), 2);
}

static void test_log_record_carries_what_was_given(void **state)
{
    (void)state;
    boot_pair();
    for (uint32_t count = 0; count <= 5; count++) {
        fake_machine_clear_events(&kit_machine);
        PLAY(0, K5_SYS_LOG, 0x1234, K5_LEVEL_WARN | count << 8, 1, 2, 3, 4, 5);
        ASSERT_ERROR(0, K5_OK);

        const struct k5_event *event = fake_machine_last(&kit_machine, K5_EVENT_LOG);

        assert_non_null(event);
        assert_int_equal(event->thread, 0);
        assert_int_equal(event->code, K5_LEVEL_WARN | count << 8);
        assert_int_equal(event->arg[0], 0x1234);
        for (uint32_t i = 1; i < EVENT_ARGS; i++) {
            assert_int_equal(event->arg[i], i <= count ? i : 0);
        }
    }
}

static void test_log_takes_every_level(void **state)
{
    (void)state;
    boot_pair();
    for (uint32_t level = K5_LEVEL_ERROR; level <= K5_LEVEL_TRACE; level++) {
        PLAY(0, K5_SYS_LOG, 1, level);
        ASSERT_ERROR(0, K5_OK);
    }
    assert_int_equal(fake_machine_count(&kit_machine, K5_EVENT_LOG), K5_LEVEL_TRACE + 1);
}

static void test_log_of_bad_shape_emits_nothing(void **state)
{
    static const uint32_t shape[] = {K5_LEVEL_TRACE + 1, 0xff,       6 << 8,
                                     0x100 << 8,         UINT32_MAX, 0x80000000};

    (void)state;
    boot_pair();
    for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++) {
        PLAY(0, K5_SYS_LOG, 1, shape[i], 1, 2, 3, 4, 5);
        ASSERT_ERROR(0, K5_E_INVALID);
    }
    assert_int_equal(fake_machine_count(&kit_machine, K5_EVENT_LOG), 0);
}

/* Every number that is no system call, at the borders and at random, is the task's crime. */
static void test_unknown_number_is_a_fault_of_the_task(void **state)
{
    struct kit_random random = kit_random_from(kit_setting("K5_SEED", 9));

    (void)state;
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t number = i < 200 ? K5_SYS_COUNT + i : kit_random_next(&random) | K5_SYS_COUNT;

        if (i == 200) {
            number = UINT32_MAX;
        }
        kit_setup(NULL);
        boot_pair();
        kit_row("number", number);
        PLAY(0, number, 1, 2, 3, 4, 5, 6, 7);
        ASSERT_CURRENT(1);
        assert_int_equal(k5.task[0].state, K5_TASK_BACKOFF);

        const struct k5_event *fault = fake_machine_last(&kit_machine, K5_EVENT_FAULT);

        assert_int_equal(fault->code, K5_FAULT_SYSCALL);
        assert_int_equal(fault->arg[1], number);
    }
}

/* A result touches only the registers that the description names. */
static void test_results_leave_other_registers_alone(void **state)
{
    static const struct {
        uint32_t number, first_kept;
    } row[] = {{K5_SYS_TIME, 4}, {K5_SYS_SLEEP, 1}, {K5_SYS_YIELD, 1},
               {K5_SYS_LOG, 1},  {K5_SYS_CAPS, 4},  {K5_SYS_SEND, 1}};

    (void)state;
    boot_pair();
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        PLAY(0, row[i].number, 0, 0, 0x1002, 0x1003, 0x1004, 0x1005, 0x1006);
        ASSERT_CURRENT(0);
        for (uint32_t r = row[i].first_kept < 2 ? 2 : row[i].first_kept; r < 7; r++) {
            assert_int_equal(kit_reg(0, r), 0x1000 + r);
        }
        assert_int_equal(kit_reg(0, 7), row[i].number);
    }
}

/* ------------------------------------------------------------ boot */

static void boot(void *argument)
{
    (void)argument;
    kernel_boot();
}

/* Boot tables come from the builder: a broken one is not a task's doing, and stops the machine. */
static void test_boot_refuses_tables_that_it_does_not_know(void **state)
{
    (void)state;
    for (uint32_t i = 0; i <= 11; i++) {
        kit_setup(NULL);
        build_single(20);

        struct sys_header *header = build_header();
        const struct sys_header *system = build_finish();

        kit_row("table", i);
        header->magic ^= i == 0;
        header->version = (uint16_t)(header->version + (i == 1));
        header->task_count = i == 2 ? CFG_TASKS + 1 : header->task_count;
        header->thread_count = i == 3 ? CFG_THREADS + 1 : header->thread_count;
        header->endpoint_count = i == 4 ? CFG_ENDPOINTS + 1 : 0;
        header->notification_count = i == 5 ? CFG_NOTIFICATIONS + 1 : 0;
        header->interrupt_count = i == 6 ? CFG_INTERRUPTS + 1 : 0;
        header->port_count = i == 7 ? CFG_PORTS + 1 : 0;
        header->object_count = i == 8 ? CFG_OBJECTS + 1 : 0;
        header->message_count = i == 9 ? CFG_MESSAGES + 1 : 0;
        header->slot_count = i == 10 ? CFG_SLOTS + 1 : header->slot_count;
        fake_machine_init(&kit_machine, system);
        assert_true(fake_machine_panics(&kit_machine, boot, NULL) == (i < 11));
    }
}

static void test_boot_reports_itself_first(void **state)
{
    (void)state;
    build_single(20);
    kit_boot_at(77);

    const struct k5_event *event = &kit_machine.event[0];

    assert_int_equal(event->kind, K5_EVENT_BOOT);
    assert_int_equal(event->thread, NO_THREAD);
    assert_int_equal(event->time, 77);
    assert_int_equal(event->code, K5_ABI_VERSION);
    assert_int_equal(event->arg[0], BUILD_TICK_HZ);
    assert_int_equal(event->arg[1], 0x12345678);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_time_has_64_bits_and_a_rate),
        KIT_TEST(test_log_record_carries_what_was_given),
        KIT_TEST(test_log_takes_every_level),
        KIT_TEST(test_log_of_bad_shape_emits_nothing),
        KIT_TEST(test_unknown_number_is_a_fault_of_the_task),
        KIT_TEST(test_results_leave_other_registers_alone),
        KIT_TEST(test_boot_refuses_tables_that_it_does_not_know),
        KIT_TEST(test_boot_reports_itself_first),
    };

    return cmocka_run_group_tests_name("syscall", tests, NULL, NULL);
}
