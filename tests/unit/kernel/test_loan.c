/* Loans: who may touch what, from the call to the reply, and whatever ends in between. */
#include "kernel/loan.h"

#include "kernel/entry.h"
#include "kernel/invariants.h"
#include "tests/unit/kit.h"

/* A client of two threads, a server, and one behind it, which the server passes loans on to. */
#define CLIENT  0u
#define SERVER  1u
#define BACKEND 2u

#define LENDER   0u
#define SISTER   1u
#define BORROWER 2u
#define LAST     3u
#define WARDEN   4u /* of some tests: holds the others */

#define RW (SYS_READ | SYS_WRITE)

static const uint32_t both_kinds[] = {K5_MSG_LEND, K5_MSG_LEND_MUT};

static uint32_t to_server, to_backend, to_sister, serve, last_serve;
static uint32_t hold_server, hold_backend; /* the warden's */
static uint32_t memory;                    /* the client's buffers: BUILD_TASK_BYTES / 2 of them */

static void build_chain(void)
{
    kit_setup(NULL);
    build_task(SYS_POLICY_RESTART);
    build_thread(CLIENT, 10);
    build_thread(CLIENT, 10);
    build_thread(build_task(SYS_POLICY_RESTART), 10);
    build_thread(build_task(SYS_POLICY_RESTART), 10);

    uint32_t endpoint = build_endpoint(BORROWER);
    uint32_t last_endpoint = build_endpoint(LAST);

    to_server = build_cap(CLIENT, endpoint, K5_RIGHT_SEND, 7);
    to_sister = build_cap(CLIENT, build_endpoint(SISTER), K5_RIGHT_SEND | K5_RIGHT_RECV, 0);
    serve = build_cap(SERVER, endpoint, K5_RIGHT_RECV, 0);
    to_backend = build_cap(SERVER, last_endpoint, K5_RIGHT_SEND, 0);
    last_serve = build_cap(BACKEND, last_endpoint, K5_RIGHT_RECV, 0);
    memory = build_buffer(CLIENT, 0);
}

static void boot_chain(void)
{
    build_chain();
    kit_boot();
    kit_remember_memory();
}

/* The server waits, the client lends [memory + offset, + bytes) to it. */
static uint32_t lend(uint32_t kind, uint32_t offset, uint32_t bytes)
{
    TURN_TO(BORROWER);
    PLAY(BORROWER, K5_SYS_RECV, serve);
    TURN_TO(LENDER);
    PLAY(LENDER, K5_SYS_CALL, to_server, kit_info(4, kind), memory + offset, bytes, 33, 44);
    ASSERT_CURRENT(BORROWER);
    ASSERT_ERROR(BORROWER, K5_OK);
    ASSERT_STATE(LENDER, K5_THREAD_AWAITING);
    return kit_reg(BORROWER, 7);
}

/* The server lends what it borrowed, or a part of it, to the backend. */
static uint32_t pass_on(uint32_t kind, uint32_t offset, uint32_t bytes)
{
    TURN_TO(LAST);
    PLAY(LAST, K5_SYS_RECV, last_serve);
    TURN_TO(BORROWER);
    PLAY(BORROWER, K5_SYS_CALL, to_backend, kind, memory + offset, bytes);
    ASSERT_CURRENT(LAST);
    ASSERT_ERROR(LAST, K5_OK);
    return kit_reg(LAST, 7);
}

/* ------------------------------------------------------------ a loan and its end */

static void test_loan_mutable_is_the_borrowers_alone(void **state)
{
    (void)state;
    boot_chain();

    uint32_t reply = lend(K5_MSG_LEND_MUT, 64, 128);

    assert_int_equal(kit_reg(BORROWER, 1), kit_info(4, K5_MSG_LEND_MUT));
    assert_int_equal(kit_reg(BORROWER, 2), memory + 64);
    assert_int_equal(kit_reg(BORROWER, 3), 128);
    assert_int_equal(kit_reg(BORROWER, 4), 33);
    assert_int_equal(kit_reg(BORROWER, 5), 44);
    assert_int_equal(kit_reg(BORROWER, 6), 7);
    ASSERT_ACCESS(CLIENT, memory + 64, 128, 0); /* also for its other thread */
    ASSERT_ACCESS(SERVER, memory + 64, 128, RW);
    ASSERT_ACCESS(BACKEND, memory, 512, 0);
    ASSERT_ACCESS(CLIENT, memory, 64, RW); /* to the byte */
    ASSERT_ACCESS(CLIENT, memory + 192, 64, RW);
    ASSERT_ACCESS(SERVER, memory, 64, 0);
    ASSERT_ACCESS(SERVER, memory + 192, 64, 0);
    PLAY(BORROWER, K5_SYS_REPLY, reply, 0, 1, 2, 3, 4);
    ASSERT_ERROR(BORROWER, K5_OK);
    ASSERT_ERROR(LENDER, K5_OK);
    assert_int_equal(kit_reg(LENDER, 2), 1);
    ASSERT_MEMORY_AS_REMEMBERED();
}

static void test_loan_shared_is_readable_for_both_and_writable_for_nobody(void **state)
{
    (void)state;
    boot_chain();

    uint32_t reply = lend(K5_MSG_LEND, 64, 128);

    assert_int_equal(kit_reg(BORROWER, 1), kit_info(4, K5_MSG_LEND));
    ASSERT_ACCESS(CLIENT, memory + 64, 128, SYS_READ);
    ASSERT_ACCESS(SERVER, memory + 64, 128, SYS_READ);
    ASSERT_ACCESS(CLIENT, memory, 64, RW);
    ASSERT_ACCESS(CLIENT, memory + 192, 64, RW);
    ASSERT_ACCESS(SERVER, memory, 64, 0);
    PLAY(BORROWER, K5_SYS_REPLY_RECV, reply, 0, 1, 2, 3, 4, serve);
    ASSERT_STATE(BORROWER, K5_THREAD_RECEIVING);
    ASSERT_ERROR(LENDER, K5_OK);
    ASSERT_MEMORY_AS_REMEMBERED();
}

/* Every way a range may lie in its region: whole, head, tail, middle. */
static void test_loan_of_any_part_returns_whole(void **state)
{
    static const struct {
        uint32_t offset, bytes;
    } part[] = {{0, 1024}, {0, 32}, {992, 32}, {512, 32}, {32, 960}, {0, 992}, {32, 992}};

    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
            boot_chain();
            kit_row("part", i);

            uint32_t reply = lend(both_kinds[k], part[i].offset, part[i].bytes);
            uint32_t own = k == 0 ? SYS_READ : 0;

            ASSERT_ACCESS(CLIENT, memory + part[i].offset, part[i].bytes, own);
            ASSERT_ACCESS(CLIENT, memory, part[i].offset, RW);
            PLAY(BORROWER, K5_SYS_REPLY, reply);
            ASSERT_MEMORY_AS_REMEMBERED();
        }
    }
}

/* Constants may be lent, too, for reading; what may be executed is not executable for others. */
static void test_loan_of_read_only_memory(void **state)
{
    (void)state;
    boot_chain();

    uint32_t text = sys_region(sys_task(CLIENT)->first_region)->base;

    TURN_TO(LENDER);
    PLAY(LENDER, K5_SYS_CALL, to_server, K5_MSG_LEND_MUT, text, 64);
    ASSERT_ERROR(LENDER, K5_E_ADDRESS);
    memory = text;
    lend(K5_MSG_LEND, 32, 64);
    ASSERT_ACCESS(CLIENT, text, 128, SYS_READ | SYS_EXECUTE);
    ASSERT_ACCESS(SERVER, text + 32, 64, SYS_READ);
    ASSERT_ACCESS(SERVER, text + 96, 64, 0);
    PLAY(BORROWER, K5_SYS_REPLY, kit_reg(BORROWER, 7));
    ASSERT_MEMORY_AS_REMEMBERED();
}

/* The reply's bytes may come from the loan, and the reply's buffer lies elsewhere. */
static void test_loan_and_a_buffer_for_the_reply(void **state)
{
    (void)state;
    boot_chain();
    TURN_TO(BORROWER);
    PLAY(BORROWER, K5_SYS_RECV, serve);
    TURN_TO(LENDER);
    PLAY(LENDER, K5_SYS_CALL, to_server, K5_MSG_LEND_MUT | K5_FLAG_RECV_BUF, memory, 64,
         memory + 32, 64);
    ASSERT_ERROR(LENDER, K5_E_ADDRESS); /* its own buffer would be gone */
    PLAY(LENDER, K5_SYS_CALL, to_server, K5_MSG_LEND_MUT | K5_FLAG_RECV_BUF, memory, 64,
         memory + 64, 64);
    ASSERT_CURRENT(BORROWER);
    assert_int_equal(kit_reg(BORROWER, 4), 0); /* the client's buffer is nobody's business */
    kit_fill(memory, 64, 5);
    PLAY(BORROWER, K5_SYS_REPLY, kit_reg(BORROWER, 7), K5_MSG_COPY, memory, 64);
    ASSERT_ERROR(BORROWER, K5_OK);
    ASSERT_ERROR(LENDER, K5_OK);
    kit_assert_filled(memory + 64, 64, 5);
    ASSERT_MEMORY_AS_REMEMBERED();
}

/* Several lenders at once, answered in another order. */
static void test_loans_of_several_clients_end_each_for_itself(void **state)
{
    (void)state;
    boot_chain();

    uint32_t first = lend(K5_MSG_LEND_MUT, 0, 64);

    PLAY(BORROWER, K5_SYS_RECV, serve, 0);
    TURN_TO(SISTER);
    PLAY(SISTER, K5_SYS_CALL, to_server, K5_MSG_LEND, memory + 32, 64);
    ASSERT_CURRENT(SISTER); /* a part of it is not its task's to lend */
    ASSERT_ERROR(SISTER, K5_E_ADDRESS);
    PLAY(SISTER, K5_SYS_CALL, to_server, K5_MSG_LEND, memory + 64, 64);
    ASSERT_CURRENT(BORROWER);

    uint32_t second = kit_reg(BORROWER, 7);

    ASSERT_ACCESS(SERVER, memory, 64, RW);
    ASSERT_ACCESS(SERVER, memory + 64, 64, SYS_READ);
    PLAY(BORROWER, K5_SYS_REPLY, first);
    ASSERT_ACCESS(SERVER, memory, 64, 0);
    ASSERT_ACCESS(CLIENT, memory, 64, RW);
    ASSERT_ACCESS(SERVER, memory + 64, 64, SYS_READ);
    PLAY(BORROWER, K5_SYS_REPLY, second);
    ASSERT_MEMORY_AS_REMEMBERED();
}

static void test_loan_is_in_the_trace(void **state)
{
    (void)state;
    boot_chain();

    uint32_t reply = lend(K5_MSG_LEND_MUT, 64, 128);
    const struct k5_event *event = fake_machine_last(&kit_machine, K5_EVENT_LOAN);

    assert_non_null(event);
    assert_int_equal(event->thread, LENDER);
    assert_int_equal(event->code, BORROWER | K5_MSG_LEND_MUT << 8);
    assert_int_equal(event->arg[0], memory + 64);
    assert_int_equal(event->arg[1], 128);
    PLAY(BORROWER, K5_SYS_REPLY, reply);
    event = fake_machine_last(&kit_machine, K5_EVENT_LOAN_END);
    assert_non_null(event);
    assert_int_equal(event->thread, LENDER);
    assert_int_equal(event->code, BORROWER);
    assert_int_equal(event->arg[0], memory + 64);
}

/* ------------------------------------------------------------ what is refused */

static void test_loan_of_a_bad_range_is_refused(void **state)
{
    static const struct {
        uint32_t offset, bytes; /* from the client's buffers */
        enum k5_error want;
    } row[] = {
        {0, 0, K5_E_ALIGNMENT},
        {1, 32, K5_E_ALIGNMENT},
        {16, 32, K5_E_ALIGNMENT},
        {0, 33, K5_E_ALIGNMENT},
        {0, 16, K5_E_ALIGNMENT},
        {0, 1056, K5_E_ADDRESS},
        {1024, 32, K5_E_ADDRESS},
        {992, 64, K5_E_ADDRESS},
        {0x1000000, 32, K5_E_ADDRESS},
        {0, 0xffffffe0, K5_E_ADDRESS},
        {0u - BUILD_TASK_BYTES / 2, 32, K5_E_ADDRESS},      /* the first stack */
        {0u - BUILD_TASK_BYTES / 2 + 96, 32, K5_E_ADDRESS}, /* the second one's end */
        {0u - BUILD_TASK_BYTES / 2 + 96, BUILD_TASK_BYTES / 2, K5_E_ADDRESS},
    };

    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        boot_chain();
        TURN_TO(LENDER);
        for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
            kit_row("range", i);
            PLAY(LENDER, K5_SYS_CALL, to_server, both_kinds[k], memory + row[i].offset,
                 row[i].bytes);
            ASSERT_ERROR(LENDER, row[i].want);
            ASSERT_CURRENT(LENDER);
        }
        ASSERT_MEMORY_AS_REMEMBERED();
        PLAY(LENDER, K5_SYS_CALL, to_server, both_kinds[k] | K5_FLAG_TRY,
             memory - BUILD_TASK_BYTES / 2 + 128, 32); /* behind the stacks, in their region */
        ASSERT_ERROR(LENDER, K5_E_WOULD_BLOCK);
    }
}

/* A thread that is off has a stack as well: it may be started any time. */
static void test_loan_never_touches_the_stack_of_a_thread_that_is_off(void **state)
{
    (void)state;
    build_chain();
    build_thread_of(SISTER)->flags = SYS_THREAD_OFF;
    kit_boot();
    TURN_TO(LENDER);
    PLAY(LENDER, K5_SYS_CALL, to_server, K5_MSG_LEND, memory - BUILD_TASK_BYTES / 2 + 64, 32);
    ASSERT_ERROR(LENDER, K5_E_ADDRESS);
}

static void test_loan_of_a_device_or_of_shared_memory_is_refused(void **state)
{
    (void)state;
    build_chain();

    uint32_t object = build_object(64, RW, SYS_REGION_SHARED);
    uint32_t cptr = build_cap_for(CLIENT, K5_KIND_REGION, object, 3, 0);

    build_device(CLIENT, 0x40000000, 64);
    kit_boot();
    TURN_TO(LENDER);
    PLAY(LENDER, K5_SYS_MAP, cptr, RW);
    ASSERT_ERROR(LENDER, K5_OK);
    for (uint32_t k = 0; k < 2; k++) {
        PLAY(LENDER, K5_SYS_CALL, to_server, both_kinds[k], build_object_of(object)->base, 32);
        ASSERT_ERROR(LENDER, K5_E_ADDRESS);
        PLAY(LENDER, K5_SYS_CALL, to_server, both_kinds[k], 0x40000000, 32);
        ASSERT_ERROR(LENDER, K5_E_ADDRESS);
    }
}

/* Only a call lends, and only to another task. */
static void test_loan_by_other_calls_is_refused(void **state)
{
    (void)state;
    boot_chain();

    uint32_t reply = lend(K5_MSG_LEND_MUT, 0, 64);

    for (uint32_t k = 0; k < 2; k++) {
        PLAY(BORROWER, K5_SYS_REPLY, reply, both_kinds[k], build_buffer(SERVER, 0), 32);
        ASSERT_ERROR(BORROWER, K5_E_INVALID);
        PLAY(BORROWER, K5_SYS_REPLY_RECV, reply, both_kinds[k], build_buffer(SERVER, 0), 32, 0, 0,
             serve);
        ASSERT_ERROR(BORROWER, K5_E_INVALID);
        PLAY(BORROWER, K5_SYS_SEND, to_backend, both_kinds[k], build_buffer(SERVER, 0), 32);
        ASSERT_ERROR(BORROWER, K5_E_INVALID);
        PLAY(BORROWER, K5_SYS_CALL, to_backend, both_kinds[k] | K5_FLAG_CAP,
             build_buffer(SERVER, 0), 32);
        ASSERT_ERROR(BORROWER, K5_E_INVALID);
    }
    ASSERT_ACCESS(SERVER, memory, 64, RW); /* it has it still */
    ASSERT_STATE(LENDER, K5_THREAD_AWAITING);
    PLAY(BORROWER, K5_SYS_REPLY, reply);
    ASSERT_MEMORY_AS_REMEMBERED();
}

static void test_loan_to_a_thread_of_the_same_task_is_refused(void **state)
{
    (void)state;
    boot_chain();
    TURN_TO(SISTER);
    PLAY(SISTER, K5_SYS_RECV, to_sister);
    TURN_TO(LENDER);
    for (uint32_t k = 0; k < 2; k++) {
        PLAY(LENDER, K5_SYS_CALL, to_sister, both_kinds[k], memory, 32);
        ASSERT_ERROR(LENDER, K5_E_INVALID);
        ASSERT_STATE(SISTER, K5_THREAD_RECEIVING);
    }
}

/* Fills the task's view up to the hardware's last region but `free`. */
static void fill_regions(uint32_t task, uint32_t free)
{
    uint32_t base = FAKE_RAM_BASE + FAKE_RAM_BYTES - 64u * CFG_MPU_REGIONS * (task + 1u);

    for (uint32_t i = 3 + free; i < CFG_MPU_REGIONS; i++) {
        build_region(task, base + 64 * i, 32, SYS_READ);
    }
}

/* Lending from the middle costs the owner a region, or two where both go on to read; the borrower
 * always one. */
static void test_loan_without_room_in_the_hardware_is_refused(void **state)
{
    static const struct {
        uint32_t kind, offset, bytes, needs;
    } row[] = {
        {K5_MSG_LEND_MUT, 64, 64, 1},  {K5_MSG_LEND_MUT, 0, 64, 0}, {K5_MSG_LEND_MUT, 960, 64, 0},
        {K5_MSG_LEND_MUT, 0, 1024, 0}, {K5_MSG_LEND, 64, 64, 2},    {K5_MSG_LEND, 0, 64, 1},
        {K5_MSG_LEND, 960, 64, 1},     {K5_MSG_LEND, 0, 1024, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        for (uint32_t free = 0; free < 3; free++) {
            build_chain();
            fill_regions(CLIENT, free);
            kit_boot();
            kit_remember_memory();
            kit_row("loan", 10 * i + free);
            TURN_TO(BORROWER);
            PLAY(BORROWER, K5_SYS_RECV, serve);
            TURN_TO(LENDER);
            PLAY(LENDER, K5_SYS_CALL, to_server, row[i].kind, memory + row[i].offset, row[i].bytes);
            if (free < row[i].needs) {
                ASSERT_ERROR(LENDER, K5_E_REGIONS);
                ASSERT_STATE(BORROWER, K5_THREAD_RECEIVING);
            } else {
                ASSERT_STATE(LENDER, K5_THREAD_AWAITING);
                PLAY(BORROWER, K5_SYS_REPLY, kit_reg(BORROWER, 7));
            }
            ASSERT_MEMORY_AS_REMEMBERED();
        }
    }
}

static void test_loan_to_a_task_without_room_is_refused(void **state)
{
    (void)state;
    for (uint32_t queued = 0; queued < 2; queued++) {
        build_chain();
        fill_regions(SERVER, 0);
        kit_boot();
        kit_remember_memory();
        TURN_TO(queued ? LENDER : BORROWER);
        if (queued) { /* it is refused when it is taken; the server goes on waiting */
            PLAY(LENDER, K5_SYS_CALL, to_server, K5_MSG_LEND, memory, 32);
            TURN_TO(BORROWER);
            PLAY(BORROWER, K5_SYS_RECV, serve);
        } else {
            PLAY(BORROWER, K5_SYS_RECV, serve);
            TURN_TO(LENDER);
            PLAY(LENDER, K5_SYS_CALL, to_server, K5_MSG_LEND, memory, 32);
        }
        ASSERT_ERROR(LENDER, K5_E_REGIONS);
        ASSERT_STATE(BORROWER, K5_THREAD_RECEIVING);
        ASSERT_MEMORY_AS_REMEMBERED();
    }
}

/* What the range may be is asked again when the message is taken: by then a sister lent it. */
static void test_loan_of_a_range_that_was_lent_meanwhile_is_refused(void **state)
{
    (void)state;
    boot_chain();
    TURN_TO(LENDER);
    PLAY(LENDER, K5_SYS_CALL, to_server, K5_MSG_LEND_MUT, memory, 64);
    ASSERT_STATE(LENDER, K5_THREAD_CALLING);
    TURN_TO(SISTER);
    PLAY(SISTER, K5_SYS_CALL, to_server, K5_MSG_LEND_MUT, memory + 32, 64);
    ASSERT_STATE(SISTER, K5_THREAD_CALLING);
    TURN_TO(BORROWER);
    PLAY(BORROWER, K5_SYS_RECV, serve);
    ASSERT_STATE(LENDER, K5_THREAD_AWAITING);
    PLAY(BORROWER, K5_SYS_RECV, serve, K5_FLAG_TRY);
    ASSERT_ERROR(BORROWER, K5_E_WOULD_BLOCK);
    ASSERT_ERROR(SISTER, K5_E_ADDRESS);
    ASSERT_ACCESS(SERVER, memory, 64, RW);
    ASSERT_ACCESS(SERVER, memory + 64, 32, 0);
    ASSERT_ACCESS(CLIENT, memory + 64, 32, RW);
}

/* ------------------------------------------------------------ messages through loans */

/* The kernel's own copies obey the loan like everybody. */
static void test_loan_binds_the_copies_of_messages_too(void **state)
{
    (void)state;
    boot_chain();
    lend(K5_MSG_LEND_MUT, 0, 64);
    PLAY(BORROWER, K5_SYS_SLEEP, 100000, 0);
    TURN_TO(SISTER);
    PLAY(SISTER, K5_SYS_SEND, to_server, K5_MSG_COPY, memory + 32, 16);
    ASSERT_ERROR(SISTER, K5_E_ADDRESS);
    PLAY(SISTER, K5_SYS_RECV, to_sister, K5_FLAG_RECV_BUF | K5_FLAG_TRY, 0, 0, memory, 16);
    ASSERT_ERROR(SISTER, K5_E_ADDRESS);
    PLAY(SISTER, K5_SYS_SEND, to_server, K5_MSG_COPY | K5_FLAG_TRY, memory + 64, 16);
    ASSERT_ERROR(SISTER, K5_E_WOULD_BLOCK);
}

static void test_loan_shared_may_be_copied_from_but_not_to(void **state)
{
    (void)state;
    boot_chain();
    lend(K5_MSG_LEND, 0, 64);
    PLAY(BORROWER, K5_SYS_CALL, to_backend, K5_MSG_COPY | K5_FLAG_TRY, memory, 64, memory, 64);
    ASSERT_ERROR(BORROWER, K5_E_ADDRESS);
    PLAY(BORROWER, K5_SYS_CALL, to_backend, K5_MSG_COPY | K5_FLAG_TRY, memory, 64, 0, 0);
    ASSERT_ERROR(BORROWER, K5_E_WOULD_BLOCK);
}

/* ------------------------------------------------------------ passing on */

static void test_loan_may_be_passed_on_but_not_longer(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        boot_chain();

        uint32_t reply = lend(K5_MSG_LEND_MUT, 0, 256);
        uint32_t onward = pass_on(both_kinds[k], 64, 64);

        ASSERT_ACCESS(CLIENT, memory, 256, 0);
        ASSERT_ACCESS(SERVER, memory, 64, RW);
        ASSERT_ACCESS(SERVER, memory + 64, 64, k == 0 ? SYS_READ : 0);
        ASSERT_ACCESS(SERVER, memory + 128, 128, RW);
        ASSERT_ACCESS(BACKEND, memory + 64, 64, k == 0 ? SYS_READ : RW);
        ASSERT_ACCESS(BACKEND, memory, 64, 0);
        PLAY(LAST, K5_SYS_REPLY, onward);
        ASSERT_ACCESS(SERVER, memory, 256, RW);
        ASSERT_ACCESS(BACKEND, memory, 256, 0);
        TURN_TO(BORROWER);
        PLAY(BORROWER, K5_SYS_REPLY, reply);
        ASSERT_MEMORY_AS_REMEMBERED();
    }
}

/* What was lent for reading is passed on for reading only. */
static void test_loan_shared_is_not_passed_on_mutably(void **state)
{
    (void)state;
    boot_chain();
    lend(K5_MSG_LEND, 0, 256);
    PLAY(BORROWER, K5_SYS_CALL, to_backend, K5_MSG_LEND_MUT, memory, 64);
    ASSERT_ERROR(BORROWER, K5_E_ADDRESS);
    pass_on(K5_MSG_LEND, 0, 64);
    ASSERT_ACCESS(CLIENT, memory, 256, SYS_READ);
    ASSERT_ACCESS(SERVER, memory, 256, SYS_READ);
    ASSERT_ACCESS(BACKEND, memory, 64, SYS_READ);
}

/* A borrower of two threads: while one passed the loan on, the other cannot give it back. */
static void check_reply_while_passed_on(bool lender_dies)
{
    build_chain();

    uint32_t helper_task = build_task(SYS_POLICY_RESTART);
    uint32_t helper = build_thread(helper_task, 10);
    uint32_t other = build_thread(helper_task, 10);
    uint32_t endpoint = build_endpoint(helper);
    uint32_t take = build_cap(helper_task, endpoint, K5_RIGHT_RECV, 0);
    uint32_t onward = build_cap(helper_task, 1, K5_RIGHT_SEND, 0); /* to the backend */
    uint32_t lend_to = build_cap(CLIENT, endpoint, K5_RIGHT_SEND, 0);

    kit_boot();
    TURN_TO(LAST);
    PLAY(LAST, K5_SYS_RECV, last_serve);
    TURN_TO(helper);
    PLAY(helper, K5_SYS_RECV, take);
    TURN_TO(LENDER);
    PLAY(LENDER, K5_SYS_CALL, lend_to, K5_MSG_LEND_MUT, memory, 64);

    uint32_t reply = kit_reg(helper, 7);

    TURN_TO(other); /* the same task, so the memory is its as well */
    PLAY(other, K5_SYS_CALL, onward, K5_MSG_LEND_MUT, memory, 32);
    ASSERT_CURRENT(LAST);

    uint32_t last_reply = kit_reg(LAST, 7);

    if (lender_dies) {
        TURN_TO(SISTER);
        FAULT(SISTER);
    }
    TURN_TO(helper);
    PLAY(helper, K5_SYS_REPLY, reply);
    ASSERT_ERROR(helper, K5_E_BUSY);
    PLAY(helper, K5_SYS_REPLY_RECV, reply, 0, 0, 0, 0, 0, take);
    ASSERT_ERROR(helper, K5_E_BUSY);
    ASSERT_STATE(LENDER, lender_dies ? K5_THREAD_LENDING : K5_THREAD_AWAITING);
    TURN_TO(LAST);
    PLAY(LAST, K5_SYS_REPLY, last_reply);
    TURN_TO(helper);
    PLAY(helper, K5_SYS_REPLY, reply);
    ASSERT_ERROR(helper, lender_dies ? K5_E_STALE : K5_OK);
    ASSERT_STATE(LENDER, lender_dies ? K5_THREAD_OFF : K5_THREAD_READY);
    ASSERT_ACCESS(CLIENT, memory, 64, RW);
}

static void test_loan_that_is_passed_on_cannot_be_replied_to(void **state)
{
    (void)state;
    check_reply_while_passed_on(false);
}

static void test_loan_of_a_dead_lender_that_is_passed_on_cannot_be_replied_to(void **state)
{
    (void)state;
    check_reply_while_passed_on(true);
}

/* Only its holder gives a dead one's memory back. */
static void test_loan_of_a_dead_lender_is_the_holders_to_return(void **state)
{
    (void)state;
    boot_chain();

    uint32_t reply = lend(K5_MSG_LEND_MUT, 64, 64);

    TURN_TO(SISTER);
    FAULT(SISTER);
    TURN_TO(LAST);
    PLAY(LAST, K5_SYS_REPLY, reply);
    ASSERT_ERROR(LAST, K5_E_STALE);
    ASSERT_ACCESS(SERVER, memory + 64, 64, RW);
    TURN_TO(BORROWER);
    PLAY(BORROWER, K5_SYS_REPLY, reply + 0x100); /* another call's */
    ASSERT_ERROR(BORROWER, K5_E_STALE);
    ASSERT_STATE(LENDER, K5_THREAD_LENDING);
    PLAY(BORROWER, K5_SYS_REPLY, reply);
    ASSERT_STATE(LENDER, K5_THREAD_OFF);
    ASSERT_MEMORY_AS_REMEMBERED();
}

/* ------------------------------------------------------------ somebody dies */

static void test_loan_returns_when_the_borrower_dies(void **state)
{
    static const enum sys_policy policy[] = {SYS_POLICY_RESTART, SYS_POLICY_STOP};
    static const enum k5_error want[] = {K5_E_RESTARTED, K5_E_STOPPED};

    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        for (uint32_t p = 0; p < 2; p++) {
            build_chain();
            build_task_of(SERVER)->policy = (uint8_t)policy[p];
            kit_boot();
            kit_remember_memory();
            lend(both_kinds[k], 64, 64);
            FAULT(BORROWER);
            ASSERT_ERROR(LENDER, want[p]);
            ASSERT_STATE(LENDER, K5_THREAD_READY);
            ASSERT_MEMORY_AS_REMEMBERED();
        }
    }
}

/* The last step of a borrower's end is one entry's work. To compile the lender's view is another's.
 */
static void test_loan_return_and_the_view_are_two_steps(void **state)
{
    (void)state;
    build_chain();
    build_thread_of(LENDER)->priority = 12;
    kit_boot();
    kit_remember_memory();
    PLAY(LENDER, K5_SYS_SLEEP, 100, 0);
    TURN_TO(BORROWER);
    PLAY(BORROWER, K5_SYS_RECV, serve);
    kit_advance_to(100);
    PLAY(LENDER, K5_SYS_CALL, to_server, K5_MSG_LEND_MUT, memory + 64, 64);
    ASSERT_CURRENT(BORROWER);
    kit_machine.port.pending_interrupt = true;
    FAULT(BORROWER);
    while (k5.reaping != 0) {
        assert_true(k5.unfinished);
        kernel_timer();
        KIT_CHECK();
    }
    ASSERT_CURRENT(NO_THREAD);
    assert_true(k5.unfinished);
    assert_true(k5.task[CLIENT].stale);
    kernel_timer();
    ASSERT_CURRENT(LENDER);
    assert_false(k5.task[CLIENT].stale);
    ASSERT_ERROR(LENDER, K5_E_RESTARTED);
    kit_machine.port.pending_interrupt = false;
    ASSERT_MEMORY_AS_REMEMBERED();
}

/* No client can crash a server: the memory of a dead one stays until the reply. */
static void test_loan_of_a_dead_lender_stays_until_the_reply(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        boot_chain();

        uint32_t reply = lend(both_kinds[k], 64, 64);
        uint32_t access = k == 0 ? SYS_READ : RW;

        TURN_TO(SISTER);
        FAULT(SISTER);
        ASSERT_STATE(LENDER, K5_THREAD_LENDING);
        ASSERT_TASK(CLIENT, K5_TASK_BACKOFF);
        ASSERT_ACCESS(SERVER, memory + 64, 64, access);
        kit_advance(2 * BUILD_BACKOFF); /* its back-off is over, but it cannot start */
        ASSERT_TASK(CLIENT, K5_TASK_BACKOFF);
        ASSERT_ACCESS(SERVER, memory + 64, 64, access);
        TURN_TO(BORROWER);
        PLAY(BORROWER, K5_SYS_REPLY, reply, 0, 1);
        ASSERT_ERROR(BORROWER, K5_E_STALE); /* nobody there to take it */
        ASSERT_MEMORY_AS_REMEMBERED();
        ASSERT_TASK(CLIENT, K5_TASK_READY);
        ASSERT_STATE(LENDER, K5_THREAD_READY);
        assert_int_equal(k5.task[CLIENT].generation, 1);
        PLAY(BORROWER, K5_SYS_REPLY, reply, 0, 1);
        ASSERT_ERROR(BORROWER, K5_E_STALE);
    }
}

/* ... but no longer than the dead one's grace. */
static void test_loan_of_a_dead_lender_ends_with_its_grace(void **state)
{
    (void)state;
    build_chain();
    build_task_of(CLIENT)->grace_ticks = 5000;
    kit_boot();
    kit_remember_memory();
    kit_advance_to(50);
    lend(K5_MSG_LEND_MUT, 64, 64);
    TURN_TO(SISTER);
    FAULT(SISTER);
    kit_advance_to(5049);
    ASSERT_TASK(SERVER, K5_TASK_READY);
    ASSERT_STATE(LENDER, K5_THREAD_LENDING);
    kit_advance_to(5050);
    ASSERT_TASK(SERVER, K5_TASK_BACKOFF);

    const struct k5_event *fault = fake_machine_last(&kit_machine, K5_EVENT_FAULT);

    assert_int_equal(fault->code, K5_FAULT_TIMEOUT);
    assert_int_equal(fault->thread, BORROWER);
    ASSERT_MEMORY_AS_REMEMBERED();
    ASSERT_TASK(CLIENT, K5_TASK_READY); /* it waited for nothing else */
}

/* The grace begins with the death. To be stopped while it waits for its memory is no second one. */
static void test_loan_grace_is_not_longer_for_a_stop(void **state)
{
    (void)state;
    build_chain();
    build_task_of(CLIENT)->grace_ticks = 5000;
    build_thread(build_task(SYS_POLICY_RESTART), 20);

    uint32_t control = build_cap_for(3, K5_KIND_TASK, CLIENT, K5_RIGHT_CONTROL, 0);

    kit_boot();
    kit_remember_memory();
    PLAY(WARDEN, K5_SYS_SLEEP, 3000, 0);
    lend(K5_MSG_LEND_MUT, 64, 64);
    TURN_TO(SISTER);
    FAULT(SISTER);
    kit_advance_to(3000);
    PLAY(WARDEN, K5_SYS_TASK_STOP, control);
    ASSERT_ERROR(WARDEN, K5_OK);
    PLAY(WARDEN, K5_SYS_SLEEP, 90000, 0);
    ASSERT_TASK(CLIENT, K5_TASK_STOPPED);
    kit_advance_to(4999);
    ASSERT_TASK(SERVER, K5_TASK_READY);
    kit_advance_to(5000);
    ASSERT_TASK(SERVER, K5_TASK_BACKOFF);
    ASSERT_MEMORY_AS_REMEMBERED();
}

/* The borrower dies in the grace: the memory is home, the lender starts in its own time. */
static void test_loan_of_a_dead_lender_ends_with_the_borrower(void **state)
{
    (void)state;
    boot_chain();
    lend(K5_MSG_LEND_MUT, 64, 64);
    TURN_TO(SISTER);
    FAULT(SISTER);
    TURN_TO(BORROWER);
    FAULT(BORROWER);
    ASSERT_MEMORY_AS_REMEMBERED();
    ASSERT_STATE(LENDER, K5_THREAD_OFF);
    ASSERT_TASK(CLIENT, K5_TASK_BACKOFF);
    kit_advance(BUILD_BACKOFF);
    ASSERT_TASK(CLIENT, K5_TASK_READY);
    ASSERT_TASK(SERVER, K5_TASK_READY);
}

/* Whoever is held does not run, so nobody is the worse for it when its loan ends. */
static void test_loan_of_a_dead_lender_ends_although_the_borrower_is_held(void **state)
{
    (void)state;
    build_chain();
    build_task_of(SERVER)->policy = SYS_POLICY_HOLD;
    kit_boot();
    kit_remember_memory();
    lend(K5_MSG_LEND_MUT, 64, 64);
    FAULT(BORROWER);
    ASSERT_TASK(SERVER, K5_TASK_HELD);
    TURN_TO(SISTER);
    FAULT(SISTER);
    kit_advance(BUILD_GRACE - 1);
    ASSERT_ACCESS(SERVER, memory + 64, 64, RW);
    ASSERT_TASK(CLIENT, K5_TASK_BACKOFF);
    kit_advance(1);
    ASSERT_TASK(CLIENT, K5_TASK_READY);
    ASSERT_MEMORY_AS_REMEMBERED();
    ASSERT_TASK(SERVER, K5_TASK_HELD);
}

/* The middle of a chain dies (the last restarts it): the loan that it has passed on is still out.
 * Returns the last one's reply capability. */
static uint32_t restart_the_middle(void)
{
    build_chain();

    uint32_t control = build_cap_for(BACKEND, K5_KIND_TASK, SERVER, K5_RIGHT_CONTROL, 0);

    build_task_of(SERVER)->grace_ticks = 3000;
    kit_boot();
    kit_remember_memory();
    lend(K5_MSG_LEND_MUT, 0, 256);

    uint32_t onward = pass_on(K5_MSG_LEND_MUT, 64, 64);

    PLAY(LAST, K5_SYS_TASK_RESTART, control);
    ASSERT_ERROR(LAST, K5_OK);
    ASSERT_TASK(SERVER, K5_TASK_BACKOFF);
    ASSERT_STATE(BORROWER, K5_THREAD_LENDING);
    ASSERT_STATE(LENDER, K5_THREAD_AWAITING); /* its memory is not all there yet */
    ASSERT_ACCESS(CLIENT, memory, 256, 0);
    ASSERT_ACCESS(BACKEND, memory + 64, 64, RW);
    return onward;
}

static void test_loan_passed_on_outlives_the_middle_until_the_last_replies(void **state)
{
    (void)state;

    uint32_t onward = restart_the_middle();

    kit_advance(1000);
    ASSERT_STATE(LENDER, K5_THREAD_AWAITING);
    TURN_TO(LAST);
    PLAY(LAST, K5_SYS_REPLY, onward);
    ASSERT_ERROR(LAST, K5_E_STALE);
    ASSERT_ERROR(LENDER, K5_E_RESTARTED);
    ASSERT_STATE(LENDER, K5_THREAD_READY);
    ASSERT_MEMORY_AS_REMEMBERED();
    ASSERT_TASK(SERVER, K5_TASK_READY); /* without back-off */
}

static void test_loan_passed_on_outlives_the_middle_for_its_grace(void **state)
{
    (void)state;
    restart_the_middle();
    kit_advance_to(2999);
    ASSERT_TASK(BACKEND, K5_TASK_READY);
    kit_advance_to(3000);
    ASSERT_TASK(BACKEND, K5_TASK_BACKOFF);
    assert_int_equal(fake_machine_last(&kit_machine, K5_EVENT_FAULT)->code, K5_FAULT_TIMEOUT);
    assert_int_equal(fake_machine_last(&kit_machine, K5_EVENT_FAULT)->thread, LAST);
    ASSERT_ERROR(LENDER, K5_E_RESTARTED);
    ASSERT_MEMORY_AS_REMEMBERED();
    ASSERT_TASK(SERVER, K5_TASK_READY);
}

/* The first of a chain dies: what is passed on goes on, and ends from the last to the first. */
static void test_loan_passed_on_outlives_the_first(void **state)
{
    (void)state;
    boot_chain();

    uint32_t reply = lend(K5_MSG_LEND_MUT, 0, 256);
    uint32_t onward = pass_on(K5_MSG_LEND_MUT, 64, 64);

    TURN_TO(SISTER);
    FAULT(SISTER);
    kit_advance(2 * BUILD_BACKOFF);
    ASSERT_ACCESS(BACKEND, memory + 64, 64, RW);
    TURN_TO(LAST);
    PLAY(LAST, K5_SYS_REPLY, onward);
    ASSERT_ERROR(LAST, K5_OK);
    ASSERT_ACCESS(SERVER, memory, 256, RW);
    ASSERT_STATE(LENDER, K5_THREAD_LENDING);
    TURN_TO(BORROWER);
    PLAY(BORROWER, K5_SYS_REPLY, reply);
    ASSERT_ERROR(BORROWER, K5_E_STALE);
    ASSERT_MEMORY_AS_REMEMBERED();
    ASSERT_TASK(CLIENT, K5_TASK_READY);
}

/* Its grace is over while the borrower waits for the last: the borrower takes the fault, and what
 * it passed on has the borrower's own grace. */
static void test_loan_passed_on_ends_after_two_graces(void **state)
{
    (void)state;
    build_chain();
    build_task_of(CLIENT)->grace_ticks = 2000;
    build_task_of(SERVER)->grace_ticks = 3000;
    kit_boot();
    kit_remember_memory();
    lend(K5_MSG_LEND_MUT, 0, 256);
    pass_on(K5_MSG_LEND_MUT, 64, 64);
    TURN_TO(SISTER);
    FAULT(SISTER);
    kit_advance_to(1999);
    ASSERT_TASK(SERVER, K5_TASK_READY);
    kit_advance_to(2000);
    ASSERT_TASK(SERVER, K5_TASK_BACKOFF);
    ASSERT_TASK(BACKEND, K5_TASK_READY);
    ASSERT_STATE(LENDER, K5_THREAD_LENDING);
    kit_advance_to(4999);
    ASSERT_TASK(BACKEND, K5_TASK_READY);
    kit_advance_to(5000);
    ASSERT_TASK(BACKEND, K5_TASK_BACKOFF);
    ASSERT_MEMORY_AS_REMEMBERED();
    ASSERT_TASK(CLIENT, K5_TASK_READY);
    ASSERT_TASK(SERVER, K5_TASK_READY);
}

/* The chain with a held middle. Its first is dead since tick 100, its last is held as well if
 * `both`. Returns the last one's reply capability. */
static uint32_t kill_the_first_before_a_held_middle(bool both)
{
    build_chain();
    build_task_of(CLIENT)->grace_ticks = 2000;
    build_thread(build_task(SYS_POLICY_RESTART), 20);
    hold_server = build_cap_for(3, K5_KIND_TASK, SERVER, K5_RIGHT_CONTROL, 0);
    hold_backend = build_cap_for(3, K5_KIND_TASK, BACKEND, K5_RIGHT_CONTROL, 0);

    kit_boot();
    kit_remember_memory();
    PLAY(WARDEN, K5_SYS_SLEEP, 100, 0);
    lend(K5_MSG_LEND_MUT, 0, 256);

    uint32_t onward = pass_on(K5_MSG_LEND_MUT, 64, 64);

    kit_advance_to(100);
    PLAY(WARDEN, K5_SYS_TASK_HOLD, hold_server);
    ASSERT_ERROR(WARDEN, K5_OK);
    if (both) {
        PLAY(WARDEN, K5_SYS_TASK_HOLD, hold_backend);
        ASSERT_ERROR(WARDEN, K5_OK);
    }
    PLAY(WARDEN, K5_SYS_SLEEP, 3000, 0);
    TURN_TO(SISTER);
    FAULT(SISTER);
    ASSERT_STATE(LENDER, K5_THREAD_LENDING);
    kit_advance_to(2099);
    ASSERT_TASK(CLIENT, K5_TASK_BACKOFF);
    ASSERT_ACCESS(BACKEND, memory + 64, 64, RW);
    return onward;
}

/* A held borrower cannot take the fault. Who has the memory of it takes it. */
static void test_loan_passed_on_by_a_held_borrower_ends_with_the_grace(void **state)
{
    (void)state;
    kill_the_first_before_a_held_middle(false);
    ASSERT_TASK(BACKEND, K5_TASK_READY);
    kit_advance_to(2100);

    const struct k5_event *fault = fake_machine_last(&kit_machine, K5_EVENT_FAULT);

    assert_int_equal(fault->code, K5_FAULT_TIMEOUT);
    assert_int_equal(fault->thread, LAST);
    assert_int_equal(fault->arg[1] & 0xffu, LENDER); /* whose memory it kept */
    ASSERT_TASK(BACKEND, K5_TASK_BACKOFF);
    ASSERT_TASK(SERVER, K5_TASK_HELD);
    ASSERT_ERROR(BORROWER, K5_E_RESTARTED);
    ASSERT_MEMORY_AS_REMEMBERED();
    ASSERT_TASK(CLIENT, K5_TASK_READY);
}

/* Nobody who is held takes a fault. The call of the middle goes on without its loan. */
static void test_loan_passed_on_between_held_borrowers_ends_with_the_grace(void **state)
{
    (void)state;

    uint32_t onward = kill_the_first_before_a_held_middle(true);

    ASSERT_TASK(BACKEND, K5_TASK_HELD);
    kit_advance_to(2100);
    ASSERT_MEMORY_AS_REMEMBERED();
    ASSERT_TASK(CLIENT, K5_TASK_READY);
    ASSERT_TASK(SERVER, K5_TASK_HELD);
    ASSERT_TASK(BACKEND, K5_TASK_HELD);
    kit_advance_to(3000);
    PLAY(WARDEN, K5_SYS_TASK_RESUME, hold_server);
    PLAY(WARDEN, K5_SYS_TASK_RESUME, hold_backend);
    PLAY(WARDEN, K5_SYS_SLEEP, 90000, 0);
    ASSERT_STATE(BORROWER, K5_THREAD_AWAITING);
    TURN_TO(LAST);
    PLAY(LAST, K5_SYS_REPLY, onward);
    ASSERT_ERROR(LAST, K5_OK);
    ASSERT_ERROR(BORROWER, K5_OK);
    ASSERT_MEMORY_AS_REMEMBERED();
}

/* A lender that is stopped for good: the borrower keeps the memory until it replies. */
static void test_loan_of_a_stopped_lender_stays_until_the_reply(void **state)
{
    (void)state;
    build_chain();

    uint32_t control =
        build_cap_for(SERVER, K5_KIND_TASK, CLIENT, K5_RIGHT_CONTROL | K5_RIGHT_STATUS, 0);

    kit_boot();
    kit_remember_memory();

    uint32_t reply = lend(K5_MSG_LEND_MUT, 0, 64);

    PLAY(BORROWER, K5_SYS_TASK_STOP, control); /* the borrower itself stops its client */
    ASSERT_ERROR(BORROWER, K5_OK);
    ASSERT_TASK(CLIENT, K5_TASK_STOPPED);
    ASSERT_STATE(LENDER, K5_THREAD_LENDING);
    ASSERT_ACCESS(SERVER, memory, 64, RW);
    PLAY(BORROWER, K5_SYS_TASK_START, control);
    ASSERT_ERROR(BORROWER, K5_E_BUSY); /* it is still coming down */
    PLAY(BORROWER, K5_SYS_REPLY, reply);
    ASSERT_ERROR(BORROWER, K5_E_STALE);
    ASSERT_MEMORY_AS_REMEMBERED();
    PLAY(BORROWER, K5_SYS_TASK_START, control);
    ASSERT_ERROR(BORROWER, K5_OK);
    ASSERT_STATE(LENDER, K5_THREAD_READY);
}

/* One thread of the lender is stopped: its sister lives on, and gets the memory back. */
static void test_loan_of_a_stopped_thread_returns_to_its_task(void **state)
{
    (void)state;
    build_chain();

    uint32_t control = build_cap_for(CLIENT, K5_KIND_THREAD, LENDER, K5_RIGHT_CONTROL, 0);

    kit_boot();
    kit_remember_memory();

    uint32_t reply = lend(K5_MSG_LEND_MUT, 0, 64);

    TURN_TO(SISTER);
    PLAY(SISTER, K5_SYS_THREAD_STOP, control);
    ASSERT_ERROR(SISTER, K5_OK);
    ASSERT_STATE(LENDER, K5_THREAD_LENDING);
    ASSERT_ACCESS(CLIENT, memory, 64, 0);
    PLAY(SISTER, K5_SYS_THREAD_START, control);
    ASSERT_ERROR(SISTER, K5_E_BUSY);
    TURN_TO(BORROWER);
    PLAY(BORROWER, K5_SYS_REPLY, reply);
    ASSERT_ERROR(BORROWER, K5_E_STALE);
    ASSERT_MEMORY_AS_REMEMBERED();
    TURN_TO(SISTER);
    PLAY(SISTER, K5_SYS_THREAD_START, control);
    ASSERT_ERROR(SISTER, K5_OK);
    ASSERT_STATE(LENDER, K5_THREAD_READY);
}

/* Revoking the capability that a call was made with does not end a call that was received. */
static void test_loan_outlives_the_capability_of_its_call(void **state)
{
    (void)state;
    build_chain();

    uint32_t full = build_cap(CLIENT, 0, K5_RIGHT_SEND, 0);

    build_spare_slots(CLIENT, 2);
    kit_boot();
    kit_remember_memory();
    TURN_TO(BORROWER);
    PLAY(BORROWER, K5_SYS_RECV, serve);
    TURN_TO(LENDER);
    PLAY(LENDER, K5_SYS_MINT, full, K5_RIGHT_SEND, 0);
    PLAY(LENDER, K5_SYS_CALL, kit_reg(LENDER, 1), K5_MSG_LEND_MUT, memory, 64);
    ASSERT_CURRENT(BORROWER);

    uint32_t reply = kit_reg(BORROWER, 7);

    TURN_TO(SISTER);
    PLAY(SISTER, K5_SYS_REVOKE, full);
    ASSERT_ERROR(SISTER, K5_OK);
    ASSERT_STATE(LENDER, K5_THREAD_AWAITING);
    ASSERT_ACCESS(SERVER, memory, 64, RW);
    TURN_TO(BORROWER);
    PLAY(BORROWER, K5_SYS_REPLY, reply, 0, 3);
    ASSERT_ERROR(BORROWER, K5_OK);
    ASSERT_ERROR(LENDER, K5_OK);
    ASSERT_MEMORY_AS_REMEMBERED();
}

/* ------------------------------------------------------------ time and revocation */

static void test_loan_call_that_times_out_in_the_queue_lends_nothing(void **state)
{
    (void)state;
    boot_chain();
    TURN_TO(LENDER);
    PLAY(LENDER, K5_SYS_CALL, to_server, K5_MSG_LEND_MUT | K5_FLAG_TIMED, memory, 64, 0, 0,
         kit_deadline(1024));
    kit_sleep_until(BORROWER, 4000);
    kit_advance_to(1024);
    ASSERT_ERROR(LENDER, K5_E_TIMEOUT);
    ASSERT_MEMORY_AS_REMEMBERED();
}

/* Once received, it lasts until the reply. */
static void test_loan_outlives_the_deadline_of_its_call(void **state)
{
    (void)state;
    boot_chain();
    TURN_TO(BORROWER);
    PLAY(BORROWER, K5_SYS_RECV, serve);
    TURN_TO(LENDER);
    PLAY(LENDER, K5_SYS_CALL, to_server, K5_MSG_LEND_MUT | K5_FLAG_TIMED, memory, 64, 0, 0,
         kit_deadline(1024));
    ASSERT_CURRENT(BORROWER);
    kit_advance_to(5000);
    ASSERT_STATE(LENDER, K5_THREAD_AWAITING);
    ASSERT_ACCESS(SERVER, memory, 64, RW);
    TURN_TO(BORROWER);
    PLAY(BORROWER, K5_SYS_REPLY, kit_reg(BORROWER, 7));
    ASSERT_ERROR(LENDER, K5_OK);
    ASSERT_MEMORY_AS_REMEMBERED();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_loan_mutable_is_the_borrowers_alone),
        KIT_TEST(test_loan_shared_is_readable_for_both_and_writable_for_nobody),
        KIT_TEST(test_loan_of_any_part_returns_whole),
        KIT_TEST(test_loan_of_read_only_memory),
        KIT_TEST(test_loan_and_a_buffer_for_the_reply),
        KIT_TEST(test_loans_of_several_clients_end_each_for_itself),
        KIT_TEST(test_loan_is_in_the_trace),
        KIT_TEST(test_loan_of_a_bad_range_is_refused),
        KIT_TEST(test_loan_never_touches_the_stack_of_a_thread_that_is_off),
        KIT_TEST(test_loan_of_a_device_or_of_shared_memory_is_refused),
        KIT_TEST(test_loan_by_other_calls_is_refused),
        KIT_TEST(test_loan_to_a_thread_of_the_same_task_is_refused),
        KIT_TEST(test_loan_without_room_in_the_hardware_is_refused),
        KIT_TEST(test_loan_to_a_task_without_room_is_refused),
        KIT_TEST(test_loan_of_a_range_that_was_lent_meanwhile_is_refused),
        KIT_TEST(test_loan_binds_the_copies_of_messages_too),
        KIT_TEST(test_loan_shared_may_be_copied_from_but_not_to),
        KIT_TEST(test_loan_may_be_passed_on_but_not_longer),
        KIT_TEST(test_loan_shared_is_not_passed_on_mutably),
        KIT_TEST(test_loan_that_is_passed_on_cannot_be_replied_to),
        KIT_TEST(test_loan_of_a_dead_lender_that_is_passed_on_cannot_be_replied_to),
        KIT_TEST(test_loan_of_a_dead_lender_is_the_holders_to_return),
        KIT_TEST(test_loan_returns_when_the_borrower_dies),
        KIT_TEST(test_loan_return_and_the_view_are_two_steps),
        KIT_TEST(test_loan_of_a_dead_lender_stays_until_the_reply),
        KIT_TEST(test_loan_of_a_dead_lender_ends_with_its_grace),
        KIT_TEST(test_loan_grace_is_not_longer_for_a_stop),
        KIT_TEST(test_loan_of_a_dead_lender_ends_with_the_borrower),
        KIT_TEST(test_loan_of_a_dead_lender_ends_although_the_borrower_is_held),
        KIT_TEST(test_loan_passed_on_outlives_the_middle_until_the_last_replies),
        KIT_TEST(test_loan_passed_on_outlives_the_middle_for_its_grace),
        KIT_TEST(test_loan_passed_on_outlives_the_first),
        KIT_TEST(test_loan_passed_on_ends_after_two_graces),
        KIT_TEST(test_loan_passed_on_by_a_held_borrower_ends_with_the_grace),
        KIT_TEST(test_loan_passed_on_between_held_borrowers_ends_with_the_grace),
        KIT_TEST(test_loan_of_a_stopped_lender_stays_until_the_reply),
        KIT_TEST(test_loan_of_a_stopped_thread_returns_to_its_task),
        KIT_TEST(test_loan_outlives_the_capability_of_its_call),
        KIT_TEST(test_loan_call_that_times_out_in_the_queue_lends_nothing),
        KIT_TEST(test_loan_outlives_the_deadline_of_its_call),
    };

    return cmocka_run_group_tests_name("loan", tests, NULL, NULL);
}
