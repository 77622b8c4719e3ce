/* What each trap cause comes to in the kernel's record. */
#include "arch/rv32/fault.h"

#include "k5_abi.h"
#include "tests/arch/arch_test.h"

#define PC_KNOWN  K5_FAULT_FLAG_PC_KNOWN
#define ADDRESS   K5_FAULT_FLAG_ADDRESS_KNOWN
#define RESUMABLE K5_FAULT_FLAG_RESUMABLE

#define PC    0x80008124u
#define RA    0x80008332u
#define LIMIT 0x80200200u

static struct fault_record decode(uint32_t mcause, uint32_t mtval, uint32_t sp)
{
    const struct rv32_fault_input input = {
        .mcause = mcause,
        .mepc = PC,
        .mtval = mtval,
        .sp = sp,
        .ra = RA,
        .stack_base = LIMIT,
    };
    struct fault_record record;

    memset(&record, 0xa5, sizeof record);
    rv32_fault_decode(&input, &record);
    return record;
}

static void test_each_cause_has_its_meaning(void **state)
{
    const struct {
        uint32_t mcause;
        uint8_t kind, flags;
    } row[] = {
        {0, K5_FAULT_STATE, PC_KNOWN | ADDRESS | RESUMABLE},
        {1, K5_FAULT_FETCH, PC_KNOWN | ADDRESS | RESUMABLE},
        {2, K5_FAULT_UNDEFINED, PC_KNOWN | RESUMABLE},
        {3, K5_FAULT_BREAKPOINT, PC_KNOWN | RESUMABLE},
        {4, K5_FAULT_UNALIGNED, PC_KNOWN | ADDRESS | RESUMABLE},
        {5, K5_FAULT_DATA, PC_KNOWN | ADDRESS | RESUMABLE},
        {6, K5_FAULT_UNALIGNED, PC_KNOWN | ADDRESS | RESUMABLE},
        {7, K5_FAULT_DATA, PC_KNOWN | ADDRESS | RESUMABLE},
        {8, K5_FAULT_OTHER, PC_KNOWN | RESUMABLE}, /* the entry never asks */
        {11, K5_FAULT_OTHER, PC_KNOWN | RESUMABLE},
        {24, K5_FAULT_OTHER, PC_KNOWN | RESUMABLE}, /* a chip's own */
        {0x80000007, K5_FAULT_OTHER, PC_KNOWN | RESUMABLE},
    };

    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct fault_record got = decode(row[i].mcause, 0x10000000, LIMIT);

        assert_int_equal(got.kind, row[i].kind);
        assert_int_equal(got.flags, row[i].flags);
        assert_int_equal(got.address, (row[i].flags & ADDRESS) != 0 ? 0x10000000 : 0);
        assert_int_equal(got.pc, PC);
        assert_int_equal(got.status, row[i].mcause);
        assert_int_equal(got.sp, LIMIT);
        assert_int_equal(got.lr, RA);
    }
}

/* sp at the lowest byte of the stack is still in it: the fault is then some other access. */
static void test_an_access_with_sp_below_the_stack_is_an_overflow(void **state)
{
    (void)state;
    assert_int_equal(decode(7, LIMIT - 4, LIMIT - 16).kind, K5_FAULT_STACK_OVERFLOW);
    assert_int_equal(decode(5, LIMIT - 4, LIMIT - 16).kind, K5_FAULT_STACK_OVERFLOW);
    assert_int_equal(decode(7, LIMIT - 4, LIMIT - 1).kind, K5_FAULT_STACK_OVERFLOW);
    assert_int_equal(decode(7, LIMIT - 4, LIMIT).kind, K5_FAULT_DATA);
    assert_int_equal(decode(1, 0, LIMIT - 16).kind, K5_FAULT_FETCH);
    assert_int_equal(decode(4, 1, LIMIT - 16).kind, K5_FAULT_UNALIGNED);
}

static void test_floating_point_is_told_from_undefined(void **state)
{
    const struct {
        uint32_t instruction;
        uint8_t kind;
    } row[] = {
        {0x00052007, K5_FAULT_COPROCESSOR}, /* flw fa0, 0(a0) */
        {0x00a52027, K5_FAULT_COPROCESSOR}, /* fsw fa0, 0(a0) */
        {0x00053507, K5_FAULT_COPROCESSOR}, /* fld fa0, 0(a0) */
        {0x00b57553, K5_FAULT_COPROCESSOR}, /* fadd.s fa0, fa0, fa1 */
        {0x60b57543, K5_FAULT_COPROCESSOR}, /* fmadd.s */
        {0x60b57547, K5_FAULT_COPROCESSOR}, /* fmsub.s */
        {0x60b5754b, K5_FAULT_COPROCESSOR}, /* fnmsub.s */
        {0x60b5754f, K5_FAULT_COPROCESSOR}, /* fnmadd.s */
        {0x00006108, K5_FAULT_COPROCESSOR}, /* c.flw fa0, 0(a0) */
        {0x00002108, K5_FAULT_COPROCESSOR}, /* c.fld fa0, 0(a0) */
        {0x0000e108, K5_FAULT_COPROCESSOR}, /* c.fsw fa0, 0(a0) */
        {0x0000a108, K5_FAULT_COPROCESSOR}, /* c.fsd fa0, 0(a0) */
        {0x00006502, K5_FAULT_COPROCESSOR}, /* c.flwsp fa0, 0(sp) */
        {0x0000e02a, K5_FAULT_COPROCESSOR}, /* c.fswsp fa0, 0(sp) */
        {0x00000000, K5_FAULT_UNDEFINED},   /* the defined illegal instruction */
        {0xffffffff, K5_FAULT_UNDEFINED},
        {0x30001073, K5_FAULT_UNDEFINED}, /* csrw mstatus, zero */
        {0x30200073, K5_FAULT_UNDEFINED}, /* mret */
        {0x10500073, K5_FAULT_UNDEFINED}, /* wfi */
        {0xc0002573, K5_FAULT_UNDEFINED}, /* rdcycle a0 */
        {0x00009002, K5_FAULT_UNDEFINED}, /* quadrant 2, funct3 4 */
        {0x00008000, K5_FAULT_UNDEFINED}, /* quadrant 0, funct3 4: reserved */
    };

    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        assert_int_equal(decode(2, row[i].instruction, LIMIT).kind, row[i].kind);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_cause_has_its_meaning),
        cmocka_unit_test(test_an_access_with_sp_below_the_stack_is_an_overflow),
        cmocka_unit_test(test_floating_point_is_told_from_undefined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
