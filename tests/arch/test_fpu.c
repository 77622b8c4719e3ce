/* Who has the FPU, as the exit of the kernel finds it. What that does with it runs on QEMU only:
 * tests/python/test_fpu.py.
 */
#include "arch/armv8m/core.h"
#include "arch/armv8m/fpu.h"
#include "kernel/port.h"
#include "kernel/system.h"
#include "tests/arch/arch_test.h"

static struct tables {
    struct sys_header header;
    struct sys_thread thread[4];
} tables = {
    .header = {.thread_count = 4, .threads_offset = offsetof(struct tables, thread)},
    .thread = {{.flags = 0},
               {.flags = SYS_THREAD_FPU},
               {.flags = SYS_THREAD_OFF},
               {.flags = SYS_THREAD_FPU | SYS_THREAD_OFF}},
};

_Thread_local const struct sys_header *hostport_system = &tables.header;
static volatile uint32_t cpacr;
extern uint8_t port_fpu[]; /* as fpu_switch.inc sees it: bytes at offsets */

volatile uint32_t *fake_register(uint32_t address)
{
    assert_int_equal(address, 0xe000ed88);
    return &cpacr;
}

_Noreturn void port_panic(const char *file, uint32_t line)
{
    fail_msg("%s:%u", file, line);
    __builtin_unreachable();
}

static int start(void **state)
{
    (void)state;
    cpacr = 0;
    memset(port_fpu, 0xa5, FPU_PLACE);
    fpu_start();
    return 0;
}

static uint32_t saved_word(uint32_t place, uint32_t index)
{
    uint32_t word;

    memcpy(&word, port_fpu + FPU_SAVED + 64 * place + 4 * index, sizeof word);
    return word;
}

static void test_marked_threads_have_places_and_nobody_else(void **state)
{
    const uint8_t want[] = {FPU_NONE, 0, FPU_NONE, 1};

    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(port_fpu[FPU_PLACE + i], want[i]);
    }
    assert_int_equal(port_fpu[FPU_ALLOWED], FPU_NONE);
    assert_int_equal(port_fpu[FPU_OWNER], FPU_NONE);
    assert_int_equal(cpacr, 0x00500000); /* CP10 and CP11: privileged code only */
}

static void test_a_new_thread_finds_zeros(void **state)
{
    (void)state;
    assert_false(fpu_thread_init(3));
    for (uint32_t i = 0; i < 16; i++) {
        assert_int_equal(saved_word(1, i), 0);
        assert_int_equal(saved_word(0, i), 0xa5a5a5a5);
    }
}

/* Its old values are in the unit: nobody saves them over the zeros, and the exit looks again, also
 * where the thread restarts itself. */
static void test_a_restart_of_the_owner_ends_its_ownership(void **state)
{
    (void)state;
    port_fpu[FPU_ALLOWED] = 1;
    port_fpu[FPU_OWNER] = 1;
    assert_true(fpu_thread_init(3));
    assert_int_equal(port_fpu[FPU_OWNER], FPU_NONE);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_not_equal(port_fpu[FPU_ALLOWED], port_fpu[FPU_PLACE + i]);
    }
}

static void test_others_leave_the_owner_alone(void **state)
{
    (void)state;
    port_fpu[FPU_ALLOWED] = 1;
    port_fpu[FPU_OWNER] = 1;
    assert_false(fpu_thread_init(0));
    assert_false(fpu_thread_init(1));
    assert_false(fpu_thread_init(2));
    assert_int_equal(port_fpu[FPU_OWNER], 1);
    assert_int_equal(port_fpu[FPU_ALLOWED], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_marked_threads_have_places_and_nobody_else, start),
        cmocka_unit_test_setup(test_a_new_thread_finds_zeros, start),
        cmocka_unit_test_setup(test_a_restart_of_the_owner_ends_its_ownership, start),
        cmocka_unit_test_setup(test_others_leave_the_owner_alone, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
