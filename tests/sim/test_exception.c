/* Exception frames: what lies on the stack, what does not fit, what was tampered with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/cpu/exception.h"

#define STACK     UINT32_C(0x20000100)
#define STACK_END UINT32_C(0x20000300)

#define MUNSTKERR UINT32_C(0x00000008)
#define MSTKERR   UINT32_C(0x00000010)
#define INVPC     UINT32_C(0x00040000)
#define STKOF     UINT32_C(0x00100000)

#define STANDARD UINT32_C(0xffffffbc)

static struct memory memory;

static const struct mpu mpu = {.count = 1, .grain = 32, .region = {{STACK, STACK_END - 1, 3}}};

static struct cpu_registers registers_with(uint32_t sp)
{
    struct cpu_registers registers;

    for (uint32_t i = 0; i < 13; i++) {
        registers.r[i] = 0x100 + i;
    }
    registers.r[CPU_SP] = sp;
    registers.r[CPU_LR] = 0x08000011;
    registers.r[CPU_PC] = 0x08000020;
    registers.r[CPU_XPSR] = 0xa1000000;
    return registers;
}

static uint32_t word(uint32_t address)
{
    uint32_t value;

    memcpy(&value, memory_host(&memory, address, 4), 4);
    return value;
}

static uint32_t push(uint32_t sp, uint32_t limit, struct armv8m_context *context)
{
    struct cpu_registers registers = registers_with(sp);

    *context = (struct armv8m_context){.psplim = limit, .exc_return = STANDARD};
    memset(memory_host(&memory, STACK - 64, 1024 - 0x100), 0xee, 64 + (STACK_END - STACK));
    return exception_push(&memory, &mpu, &registers, NULL, context);
}

static void test_frame_lies_below_sp_in_the_core_s_order(void **state)
{
    static const uint32_t expected[8] = {0x100, 0x101,      0x102,      0x103,
                                         0x10c, 0x08000011, 0x08000020, 0xa1000000};
    struct armv8m_context context;

    (void)state;
    assert_int_equal(push(STACK_END, STACK, &context), 0);
    assert_int_equal(context.psp, STACK_END - 32);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(word(context.psp + 4 * i), expected[i]);
    }
    assert_int_equal(word(context.psp - 4), 0xeeeeeeee);
}

static void test_unaligned_sp_skips_a_word_and_xpsr_says_so(void **state)
{
    struct armv8m_context context;
    struct cpu_registers back;

    (void)state;
    assert_int_equal(push(STACK_END - 4, STACK, &context), 0);
    assert_int_equal(context.psp, STACK_END - 40);
    assert_int_equal(word(context.psp + 28), 0xa1000200);
    assert_int_equal(word(STACK_END - 8), 0xeeeeeeee);

    memset(&back, 0, sizeof back);
    assert_int_equal(exception_pop(&memory, &mpu, &context, &back, NULL), 0);
    assert_int_equal(back.r[CPU_SP], STACK_END - 4);
    assert_int_equal(back.r[CPU_XPSR], 0xa1000000);
}

static void test_pop_gives_back_what_push_took(void **state)
{
    for (uint32_t sp = STACK + 40; sp <= STACK_END; sp += 4) {
        struct cpu_registers before = registers_with(sp);
        struct cpu_registers after = before;
        struct armv8m_context context;

        (void)state;
        assert_int_equal(push(sp, STACK, &context), 0);
        memset(after.r, 0, 4 * sizeof after.r[0]);
        after.r[12] = after.r[CPU_SP] = after.r[CPU_LR] = after.r[CPU_PC] = 0;
        after.r[CPU_XPSR] = 0;
        assert_int_equal(exception_pop(&memory, &mpu, &context, &after, NULL), 0);
        assert_memory_equal(&after, &before, sizeof before);
    }
}

static void test_frame_ends_exactly_at_the_limit(void **state)
{
    struct armv8m_context context;

    (void)state;
    assert_int_equal(push(STACK + 32, STACK, &context), 0);
    assert_int_equal(context.psp, STACK);
    assert_int_equal(push(STACK + 28, STACK, &context), STKOF);
    assert_int_equal(context.psp, STACK);
    assert_int_equal(word(STACK), 0xeeeeeeee);
    assert_int_equal(push(STACK - 8, STACK, &context), STKOF);
    assert_int_equal(push(16, 0x10000000, &context), STKOF);
    assert_int_equal(push(16, 0, &context), STKOF); /* the frame would wrap around */
}

/* The limit allows it, the regions do not: words are stored upwards until one is refused. */
static void test_frame_that_leaves_its_region_is_a_stacking_error(void **state)
{
    struct armv8m_context context;

    (void)state;
    assert_int_equal(push(STACK + 16, 0, &context), MSTKERR);
    assert_int_equal(context.psp, STACK - 16);
    assert_int_equal(word(STACK), 0xeeeeeeee); /* the first word was refused already */
    assert_int_equal(push(STACK_END + 8, 0, &context), MSTKERR);
    assert_int_equal(context.psp, STACK_END - 24);
    assert_int_equal(word(STACK_END - 24), 0x100);
    assert_int_equal(word(STACK_END - 4), 0x08000011);
    assert_int_equal(push(0xe0001000, 0, &context), MSTKERR);
}

static void test_frame_that_cannot_be_read_is_an_unstacking_error(void **state)
{
    struct armv8m_context context = {.psp = STACK_END - 16, .exc_return = STANDARD};
    struct cpu_registers registers = registers_with(0);

    (void)state;
    assert_int_equal(exception_pop(&memory, &mpu, &context, &registers, NULL), MUNSTKERR);
    assert_int_equal(registers.r[0], 0x100); /* nothing was taken over */
    context.psp = 0xfffffff0;
    assert_int_equal(exception_pop(&memory, &mpu, &context, &registers, NULL), MUNSTKERR);
}

/* Another thread of the task wrote an exception number into the stacked xPSR. */
static void test_tampered_exception_number_is_refused(void **state)
{
    struct armv8m_context context;
    struct cpu_registers registers = registers_with(0);

    (void)state;
    assert_int_equal(push(STACK_END, STACK, &context), 0);
    *memory_host(&memory, context.psp + 28, 1) = 11;
    assert_int_equal(exception_pop(&memory, &mpu, &context, &registers, NULL), INVPC);
}

/* ---------------------------------------------------------------- with FP registers */

static struct cpu_fp fp_registers(void)
{
    struct cpu_fp fp;

    for (uint32_t i = 0; i < 16; i++) {
        fp.s[i] = 0x3f800000 + i;
    }
    fp.fpscr = 0x00400000;
    return fp;
}

static uint32_t push_extended(uint32_t sp, uint32_t limit, struct armv8m_context *context)
{
    struct cpu_registers registers = registers_with(sp);
    struct cpu_fp fp = fp_registers();

    *context = (struct armv8m_context){.psplim = limit, .exc_return = STANDARD};
    memset(memory_host(&memory, STACK - 64, 1024 - 0x100), 0xee, 64 + (STACK_END - STACK));
    return exception_push(&memory, &mpu, &registers, &fp, context);
}

static void test_extended_frame_has_fp_registers_above_the_others(void **state)
{
    struct armv8m_context context;

    (void)state;
    assert_int_equal(push_extended(STACK_END, STACK, &context), 0);
    assert_int_equal(context.psp, STACK_END - 104);
    assert_int_equal(context.exc_return, STANDARD & ~UINT32_C(0x10));
    assert_int_equal(word(context.psp), 0x100);
    assert_int_equal(word(context.psp + 28), 0xa1000000);
    for (uint32_t i = 0; i < 16; i++) {
        assert_int_equal(word(context.psp + 32 + 4 * i), 0x3f800000 + i);
    }
    assert_int_equal(word(context.psp + 96), 0x00400000);
    assert_int_equal(word(context.psp + 100), 0xeeeeeeee); /* reserved: the core leaves it alone */
}

static void test_pop_gives_back_fp_registers_as_well(void **state)
{
    for (uint32_t sp = STACK + 112; sp <= STACK_END; sp += 4) {
        const struct cpu_registers before = registers_with(sp);
        const struct cpu_fp fp_before = fp_registers();
        struct cpu_registers after = before;
        struct cpu_fp fp;
        struct armv8m_context context;

        (void)state;
        assert_int_equal(push_extended(sp, STACK, &context), 0);
        after.r[CPU_SP] = after.r[0] = after.r[CPU_PC] = 0;
        memset(&fp, 0, sizeof fp);
        assert_int_equal(exception_pop(&memory, &mpu, &context, &after, &fp), 0);
        assert_memory_equal(&after, &before, sizeof before);
        assert_memory_equal(&fp, &fp_before, sizeof fp);

        /* A standard frame next time: EXC_RETURN says so again. */
        struct cpu_registers registers = before;

        assert_int_equal(exception_push(&memory, &mpu, &registers, NULL, &context), 0);
        assert_int_equal(context.exc_return, STANDARD);
        memset(&fp, 0x5a, sizeof fp);
        assert_int_equal(exception_pop(&memory, &mpu, &context, &after, &fp), 0);
        assert_int_equal(fp.s[0], 0x5a5a5a5a); /* a standard frame has none */
    }
}

static void test_extended_frame_needs_all_of_its_room(void **state)
{
    struct armv8m_context context;
    struct cpu_registers registers = registers_with(0);
    struct cpu_fp fp = fp_registers();

    (void)state;
    assert_int_equal(push_extended(STACK + 104, STACK, &context), 0);
    assert_int_equal(context.psp, STACK);
    assert_int_equal(push_extended(STACK + 100, STACK, &context), STKOF);
    assert_int_equal(context.psp, STACK);
    assert_int_equal(word(STACK), 0xeeeeeeee);
    assert_int_equal(push_extended(STACK + 48, 0, &context), MSTKERR);
    assert_int_equal(word(STACK), 0xeeeeeeee); /* the first word was refused already */

    /* The basic part fits below the end, s0 to s15 do not: what came before is stored. */
    assert_int_equal(push_extended(STACK_END + 64, 0, &context), MSTKERR);
    assert_int_equal(context.psp, STACK_END - 40);
    assert_int_equal(word(STACK_END - 40), 0x100);
    assert_int_equal(word(STACK_END - 4), 0x3f800001);
    assert_int_equal(exception_pop(&memory, &mpu, &context, &registers, &fp), MUNSTKERR);
    assert_int_equal(fp.s[1], 0x3f800001);
}

static int set_up(void **state)
{
    (void)state;
    return memory_add(&memory, 0x20000000, 1024, true) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    memory_free(&memory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame_lies_below_sp_in_the_core_s_order),
        cmocka_unit_test(test_unaligned_sp_skips_a_word_and_xpsr_says_so),
        cmocka_unit_test(test_pop_gives_back_what_push_took),
        cmocka_unit_test(test_frame_ends_exactly_at_the_limit),
        cmocka_unit_test(test_frame_that_leaves_its_region_is_a_stacking_error),
        cmocka_unit_test(test_frame_that_cannot_be_read_is_an_unstacking_error),
        cmocka_unit_test(test_tampered_exception_number_is_refused),
        cmocka_unit_test(test_extended_frame_has_fp_registers_above_the_others),
        cmocka_unit_test(test_pop_gives_back_fp_registers_as_well),
        cmocka_unit_test(test_extended_frame_needs_all_of_its_room),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
