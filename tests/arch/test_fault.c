/* What each fault status bit comes to in the kernel's record. */
#include "arch/armv8m/fault.h"

#include "k5_abi.h"
#include "tests/arch/arch_test.h"

#define PC_KNOWN  K5_FAULT_FLAG_PC_KNOWN
#define ADDRESS   K5_FAULT_FLAG_ADDRESS_KNOWN
#define RESUMABLE K5_FAULT_FLAG_RESUMABLE

#define PC     0x00208123u
#define LR     0x00208333u
#define MMFAR_ 0x20001000u
#define BFAR_  0xe000e010u
#define PSP    0x20000400u
#define LIMIT  0x20000200u

static const struct exception_frame frame = {.lr = LR, .pc = PC, .xpsr = XPSR_T};

static struct fault_record decode(uint32_t exception, uint32_t cfsr, uint32_t hfsr)
{
    const struct fault_input input = {
        .exception = exception,
        .cfsr = cfsr,
        .hfsr = hfsr,
        .mmfar = MMFAR_,
        .bfar = BFAR_,
        .sfsr = 0x48,
        .psp = PSP,
        .psplim = LIMIT,
        .exc_return = 0xffffffbc,
    };
    struct fault_record record;

    memset(&record, 0xa5, sizeof record);
    fault_decode(&input, fault_frame_pushed(&input) ? &frame : NULL, &record);
    return record;
}

/* Status values are numbers, as in the manual and in what QEMU was seen to report. */
static void test_each_status_bit_has_its_meaning(void **state)
{
    const struct {
        uint32_t exception, cfsr, hfsr;
        uint8_t kind, flags;
        uint32_t address;
    } row[] = {
        {4, 0x00000001, 0, K5_FAULT_FETCH, PC_KNOWN | ADDRESS | RESUMABLE, PC},
        {4, 0x00000082, 0, K5_FAULT_DATA, PC_KNOWN | ADDRESS | RESUMABLE, MMFAR_},
        {4, 0x00000002, 0, K5_FAULT_DATA, PC_KNOWN | RESUMABLE, 0},
        {4, 0x00000008, 0, K5_FAULT_OTHER, 0, 0}, /* MUNSTKERR: nothing to trust */
        {4, 0x00000010, 0, K5_FAULT_STACK_OVERFLOW, 0, 0},
        {4, 0x00000092, 0, K5_FAULT_STACK_OVERFLOW, ADDRESS, MMFAR_},
        {4, 0x00000020, 0, K5_FAULT_OTHER, 0, 0}, /* MLSPERR */
        {5, 0x00000100, 0, K5_FAULT_BUS, PC_KNOWN | ADDRESS | RESUMABLE, PC},
        {5, 0x00008200, 0, K5_FAULT_BUS, PC_KNOWN | ADDRESS | RESUMABLE, BFAR_},
        {5, 0x00000200, 0, K5_FAULT_BUS, PC_KNOWN | RESUMABLE, 0},
        {5, 0x00000400, 0, K5_FAULT_BUS, 0, 0},   /* imprecise: the pc is a later one */
        {5, 0x00000800, 0, K5_FAULT_OTHER, 0, 0}, /* UNSTKERR */
        {5, 0x00001000, 0, K5_FAULT_STACK_OVERFLOW, 0, 0},
        {5, 0x00009200, 0, K5_FAULT_STACK_OVERFLOW, ADDRESS, BFAR_},
        {5, 0x00002000, 0, K5_FAULT_OTHER, 0, 0}, /* LSPERR */
        {6, 0x00010000, 0, K5_FAULT_UNDEFINED, PC_KNOWN | RESUMABLE, 0},
        {6, 0x00020000, 0, K5_FAULT_STATE, PC_KNOWN, 0},
        {6, 0x00040000, 0, K5_FAULT_STATE, PC_KNOWN, 0},
        {6, 0x00080000, 0, K5_FAULT_COPROCESSOR, PC_KNOWN | RESUMABLE, 0},
        {6, 0x00100000, 0, K5_FAULT_STACK_OVERFLOW, PC_KNOWN, 0}, /* PSP above the limit */
        {6, 0x01000000, 0, K5_FAULT_UNALIGNED, PC_KNOWN | RESUMABLE, 0},
        {6, 0x02000000, 0, K5_FAULT_DIVIDE, PC_KNOWN | RESUMABLE, 0},
        {7, 0x00000000, 0, K5_FAULT_SECURE, PC_KNOWN, 0},
        {3, 0x00000000, 0x40000000, K5_FAULT_BREAKPOINT, PC_KNOWN | RESUMABLE, 0}, /* QEMU */
        {3, 0x00000000, 0x80000000, K5_FAULT_BREAKPOINT, PC_KNOWN | RESUMABLE, 0}, /* the core */
        {3, 0x00000000, 0x00000002, K5_FAULT_OTHER, PC_KNOWN, 0}, /* vector fetch */
        {3, 0x00000082, 0x40000000, K5_FAULT_DATA, PC_KNOWN | ADDRESS | RESUMABLE, MMFAR_},
        {6, 0x00000000, 0, K5_FAULT_OTHER, PC_KNOWN, 0},
    };

    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct fault_record got = decode(row[i].exception, row[i].cfsr, row[i].hfsr);

        if (got.kind != row[i].kind || got.flags != row[i].flags || got.address != row[i].address) {
            fail_msg("exception %u, CFSR %08x, HFSR %08x: kind %u flags %u address %08x",
                     row[i].exception, row[i].cfsr, row[i].hfsr, got.kind, got.flags, got.address);
        }
        assert_int_equal(got.status, row[i].exception == 7 ? 0x48 : row[i].cfsr);
    }
}

static void test_frame_gives_pc_lr_and_the_thread_s_own_sp(void **state)
{
    struct fault_record got = decode(4, 0x82, 0);

    (void)state;
    assert_int_equal(got.pc, PC);
    assert_int_equal(got.lr, LR);
    assert_int_equal(got.sp, PSP + 32);
}

static void test_without_a_frame_nothing_of_it_is_claimed(void **state)
{
    struct fault_record got = decode(4, 0x10, 0);

    (void)state;
    assert_int_equal(got.pc, 0);
    assert_int_equal(got.lr, 0);
    assert_int_equal(got.sp, PSP); /* where the core left it */
    assert_int_equal(got.flags & PC_KNOWN, 0);
}

/* At its limit PSP says that the frame found no room; 8 bytes above, that it did. */
static void test_overflow_at_the_limit_has_no_frame(void **state)
{
    struct fault_input input = {.exception = 6, .cfsr = CFSR_STKOF, .psplim = LIMIT};

    (void)state;
    input.psp = LIMIT;
    assert_false(fault_frame_pushed(&input));
    input.psp = LIMIT + 8;
    assert_true(fault_frame_pushed(&input));
}

/* PSP at the limit means nothing where the fault is another one. */
static void test_other_fault_with_psp_at_the_limit_has_its_frame(void **state)
{
    struct fault_input input = {.exception = 4, .cfsr = 0x82, .psp = LIMIT, .psplim = LIMIT};

    (void)state;
    assert_true(fault_frame_pushed(&input));
}

static void test_sp_counts_alignment_word_and_fp_registers(void **state)
{
    (void)state;
    assert_int_equal(frame_thread_sp(0x1000, 0xffffffbc, XPSR_T), 0x1020);
    assert_int_equal(frame_thread_sp(0x1000, 0xffffffbc, XPSR_T | XPSR_SPREALIGN), 0x1024);
    assert_int_equal(frame_thread_sp(0x1000, 0xffffffac, XPSR_T), 0x1068);
    assert_int_equal(frame_thread_sp(0x1000, 0xffffffac, XPSR_T | XPSR_SPREALIGN), 0x106c);
}

static void test_initial_frame_starts_in_thumb_state_with_its_argument(void **state)
{
    struct exception_frame start;

    frame_init(&start, 0x00208001, 0x5eed);

    (void)state;
    assert_int_equal(start.r0, 0x5eed);
    assert_int_equal(start.pc, 0x00208000);
    assert_int_equal(start.xpsr, 0x01000000);
    assert_int_equal(start.lr, 0xffffffff);
    assert_int_equal(start.r1 | start.r2 | start.r3 | start.r12, 0);
}

/* Every combination of two CFSR bits has a kind, and no pc where the frame is missing. */
static void test_pairs_of_bits_never_claim_a_missing_frame(void **state)
{
    const uint32_t no_frame =
        CFSR_MSTKERR | CFSR_STKERR | CFSR_MUNSTKERR | CFSR_UNSTKERR | CFSR_MLSPERR | CFSR_LSPERR;

    (void)state;
    for (uint32_t a = 0; a < 32; a++) {
        for (uint32_t b = 0; b < 32; b++) {
            uint32_t cfsr = UINT32_C(1) << a | UINT32_C(1) << b;
            struct fault_record got = decode(4, cfsr, 0);

            assert_in_range(got.kind, K5_FAULT_DATA, K5_FAULT_OTHER);
            if ((cfsr & no_frame) != 0) {
                assert_int_equal(got.flags & (PC_KNOWN | RESUMABLE), 0);
            }
            if ((cfsr & (CFSR_MSTKERR | CFSR_STKERR | CFSR_STKOF)) != 0) {
                assert_int_equal(got.kind, K5_FAULT_STACK_OVERFLOW);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_status_bit_has_its_meaning),
        cmocka_unit_test(test_frame_gives_pc_lr_and_the_thread_s_own_sp),
        cmocka_unit_test(test_without_a_frame_nothing_of_it_is_claimed),
        cmocka_unit_test(test_overflow_at_the_limit_has_no_frame),
        cmocka_unit_test(test_other_fault_with_psp_at_the_limit_has_its_frame),
        cmocka_unit_test(test_sp_counts_alignment_word_and_fp_registers),
        cmocka_unit_test(test_initial_frame_starts_in_thumb_state_with_its_argument),
        cmocka_unit_test(test_pairs_of_bits_never_claim_a_missing_frame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
