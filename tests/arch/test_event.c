/* Events that find no room are counted, and the gap is reported where it is; the machine's end. */
#include "arch/common/machine.h"
#include "arch/common/event.h"
#include "kernel/port.h"
#include "kernel/state.h"
#include "tests/arch/arch_test.h"

static struct {
    struct k5_event got[64];
    uint32_t count;
    uint32_t room;
    uint32_t waiting; /* calls of sink_pump() that still say that something is left */
    uint32_t halts;
    jmp_buf stopped;
} fake;

bool sink_put(const struct k5_event *event)
{
    if (fake.room == 0) {
        return false;
    }
    fake.room--;
    fake.got[fake.count++] = *event;
    return true;
}

bool sink_pump(void)
{
    if (fake.waiting == 0) {
        return false;
    }
    fake.waiting--;
    fake.room++;
    return true;
}

void machine_halt(void)
{
    fake.halts++;
}

void machine_stop(void)
{
    longjmp(fake.stopped, 1);
}

uint64_t port_cycles(void)
{
    return 4711;
}

static void emit(uint64_t time)
{
    const struct k5_event event = {.time = time, .kind = K5_EVENT_LOG};

    port_event(&event);
}

static int start(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    return 0;
}

static void test_gap_is_reported_before_the_next_record_that_fits(void **state)
{
    (void)state;
    fake.room = 1;
    emit(1);
    emit(2);
    emit(3);
    emit(4);
    fake.room = 2;
    emit(5);
    assert_int_equal(fake.count, 3);
    assert_int_equal(fake.got[0].time, 1);
    assert_int_equal(fake.got[1].kind, K5_EVENT_LOST);
    assert_int_equal(fake.got[1].arg[0], 3);
    assert_int_equal(fake.got[1].time, 5);
    assert_int_equal(fake.got[2].time, 5);
    fake.room = 2;
    emit(6); /* and it is reported once */
    assert_int_equal(fake.count, 4);
}

static void test_room_for_the_report_alone_loses_the_record(void **state)
{
    (void)state;
    emit(1);
    fake.room = 1;
    emit(2);
    fake.room = 2;
    emit(3);
    assert_int_equal(fake.count, 3);
    assert_int_equal(fake.got[0].arg[0], 1);
    assert_int_equal(fake.got[1].kind, K5_EVENT_LOST);
    assert_int_equal(fake.got[1].arg[0], 1);
    assert_int_equal(fake.got[2].time, 3);
}

static void test_halt_comes_after_the_last_record_is_out(void **state)
{
    (void)state;
    fake.waiting = 5;
    port_halt();
    assert_int_equal(fake.waiting, 0);
    assert_int_equal(fake.halts, 1);
}

static void test_panic_makes_room_for_its_epitaph(void **state)
{
    (void)state;
    fake.waiting = 1;
    if (setjmp(fake.stopped) == 0) {
        port_last_words("kernel fault", 300, 12, 34);
    }
    assert_int_equal(fake.count, 1);
    assert_int_equal(fake.got[0].kind, K5_EVENT_PANIC);
    assert_int_equal(fake.got[0].code, 300);
    assert_int_equal(fake.got[0].time, 4711);
    assert_string_equal((const char *)fake.got[0].arg, "kernel fault");
    assert_int_equal(fake.got[0].arg[4], 12);
    assert_int_equal(fake.got[0].arg[5], 34);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_gap_is_reported_before_the_next_record_that_fits, start),
        cmocka_unit_test_setup(test_room_for_the_report_alone_loses_the_record, start),
        cmocka_unit_test_setup(test_halt_comes_after_the_last_record_is_out, start),
        cmocka_unit_test_setup(test_panic_makes_room_for_its_epitaph, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
