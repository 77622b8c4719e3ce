/* STM32L5's flash: unlocking, erasing and programming in their time, every error, what survives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum { D_FLASH, D_ARRAY };
enum { LINE = 6 };
enum { V_PROGRAM_ERROR, V_ERASE_ERROR };

enum { ACR = 0x00, NSKEYR = 0x08, NSSR = 0x20, NSCR = 0x28, OPTR = 0x40, WRP2AR = 0x68 };

#define PG      (1u << 0)
#define PER     (1u << 1)
#define MER1    (1u << 2)
#define PNB(n)  ((uint32_t)(n) << 3)
#define BKER    (1u << 11)
#define MER2    (1u << 15)
#define STRT    (1u << 16)
#define EOPIE   (1u << 24)
#define ERRIE   (1u << 25)
#define OPTLOCK (1u << 30)
#define LOCK    (1u << 31)

#define EOP     (1u << 0)
#define OPERR   (1u << 1)
#define PROGERR (1u << 3)
#define WRPERR  (1u << 4)
#define PGAERR  (1u << 5)
#define SIZERR  (1u << 6)
#define PGSERR  (1u << 7)
#define BSY     (1u << 16)

/* At 20 MHz. */
#define PROGRAM_TICKS 1634u
#define ERASE_TICKS   440000u

/* The array's first page. */
#define FIRST_PAGE (BKER | PNB(96))

static const struct k5sim_device devices[] = {
    {.model = "stm32-flash", .name = "flash", .base = 0x40022000, .line_count = 1, .line = {LINE}},
    {.model = "stm32-flash-array", .name = "flashdata", .base = 0x08070000, .bus = "flash"},
};

static struct k5sim *open_kit(void)
{
    return kit_open(&(struct kit_board){.device = devices, .device_count = 2});
}

static void set_nscr(struct k5sim *sim, uint32_t value)
{
    kit_write(sim, D_FLASH, NSCR, value);
}

static uint32_t status(struct k5sim *sim)
{
    return kit_read(sim, D_FLASH, NSSR);
}

static void unlock(struct k5sim *sim)
{
    kit_write(sim, D_FLASH, NSKEYR, 0x45670123);
    kit_write(sim, D_FLASH, NSKEYR, 0xcdef89ab);
}

static struct k5sim *open_unlocked(uint32_t nscr)
{
    struct k5sim *sim = open_kit();

    unlock(sim);
    set_nscr(sim, nscr);
    return sim;
}

static void put(struct k5sim *sim, uint32_t offset, uint32_t value)
{
    kit_write(sim, D_ARRAY, offset, value);
}

static uint32_t get(struct k5sim *sim, uint32_t offset)
{
    return kit_read(sim, D_ARRAY, offset);
}

static void put_double(struct k5sim *sim, uint32_t offset, uint32_t first, uint32_t second)
{
    put(sim, offset, first);
    put(sim, offset + 4u, second);
}

static void program_double(struct k5sim *sim, uint32_t offset, uint32_t first, uint32_t second)
{
    put_double(sim, offset, first, second);
    kit_advance(sim, PROGRAM_TICKS);
}

static void test_reset_values_and_an_erased_array(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    assert_int_equal(kit_read(sim, D_FLASH, ACR), 0);
    assert_int_equal(kit_read(sim, D_FLASH, NSKEYR), 0);
    assert_int_equal(status(sim), 0);
    assert_int_equal(kit_read(sim, D_FLASH, NSCR), LOCK | OPTLOCK);
    assert_int_equal(kit_read(sim, D_FLASH, OPTR), 0x7feff8aa);
    assert_int_equal(kit_read(sim, D_FLASH, WRP2AR), 0xffdfff80);
    for (uint32_t offset = 0; offset < 0x10000; offset += 4) {
        assert_int_equal(get(sim, offset), UINT32_MAX);
    }
    kit_write(sim, D_FLASH, ACR, 4);
    assert_int_equal(kit_read(sim, D_FLASH, ACR), 4);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- lock */

static void test_nscr_takes_nothing_while_locked(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    set_nscr(sim, PG | EOPIE);
    assert_int_equal(kit_read(sim, D_FLASH, NSCR), LOCK | OPTLOCK);
    kit_write(sim, D_FLASH, NSKEYR, 0x45670123);
    assert_int_equal(kit_read(sim, D_FLASH, NSCR), LOCK | OPTLOCK);
    kit_write(sim, D_FLASH, NSKEYR, 0xcdef89ab);
    assert_int_equal(kit_read(sim, D_FLASH, NSCR), OPTLOCK);
    set_nscr(sim, PG);
    assert_int_equal(kit_read(sim, D_FLASH, NSCR), PG | OPTLOCK);
    set_nscr(sim, LOCK);
    assert_int_equal(kit_read(sim, D_FLASH, NSCR), LOCK | OPTLOCK);
    set_nscr(sim, 0);
    assert_int_equal(kit_read(sim, D_FLASH, NSCR), LOCK | OPTLOCK);
    unlock(sim);
    assert_int_equal(kit_read(sim, D_FLASH, NSCR), OPTLOCK);
    k5sim_close(sim);
}

static void test_a_wrong_key_locks_until_the_next_reset(void **state)
{
    static const uint32_t wrong[][2] = {
        {0x45670123, 0x45670123}, {0xcdef89ab, 0x45670123}, {0, 0}, {0x45670123, 0xcdef89aa}};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct k5sim *sim = open_kit();

        kit_write(sim, D_FLASH, NSKEYR, wrong[i][0]);
        kit_write(sim, D_FLASH, NSKEYR, wrong[i][1]);
        unlock(sim);
        assert_int_equal(kit_read(sim, D_FLASH, NSCR), LOCK | OPTLOCK);
        k5sim_reset(sim, K5SIM_RESET_PIN);
        unlock(sim);
        assert_int_equal(kit_read(sim, D_FLASH, NSCR), OPTLOCK);
        k5sim_close(sim);
    }
}

static void test_a_key_in_pieces_is_wrong(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write_sized(sim, D_FLASH, NSKEYR, 2, 0x0123);
    unlock(sim);
    assert_int_equal(kit_read(sim, D_FLASH, NSCR), LOCK | OPTLOCK);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- programming */

static void test_a_double_word_takes_its_time(void **state)
{
    struct k5sim *sim = open_unlocked(PG | EOPIE);

    (void)state;
    put(sim, 0x100, 0x11223344);
    assert_int_equal(status(sim), 0); /* it waits for the second word */
    kit_advance(sim, 10 * PROGRAM_TICKS);
    put(sim, 0x104, 0x55667788);
    assert_int_equal(status(sim), BSY);
    kit_advance(sim, PROGRAM_TICKS - 1u);
    assert_int_equal(status(sim), BSY);
    assert_false(kit_line(sim, LINE));
    kit_advance(sim, 1);
    assert_int_equal(status(sim), EOP);
    assert_true(kit_line(sim, LINE));
    assert_int_equal(get(sim, 0x100), 0x11223344);
    assert_int_equal(get(sim, 0x104), 0x55667788);
    assert_int_equal(kit_read_sized(sim, D_ARRAY, 0x106, 2), 0x5566);
    assert_int_equal(kit_read_sized(sim, D_ARRAY, 0x101, 1), 0x33);
    assert_int_equal(get(sim, 0x108), UINT32_MAX);
    kit_write(sim, D_FLASH, NSSR, EOP);
    assert_int_equal(status(sim), 0);
    assert_false(kit_line(sim, LINE));
    k5sim_close(sim);
}

static void test_without_eopie_nothing_tells_the_end_but_bsy(void **state)
{
    struct k5sim *sim = open_unlocked(PG);

    (void)state;
    program_double(sim, 0, 1, 2);
    assert_int_equal(status(sim), 0);
    assert_int_equal(get(sim, 4), 2);
    k5sim_close(sim);
}

static void test_only_zeros_go_over_what_is_not_erased(void **state)
{
    struct k5sim *sim = open_unlocked(PG);

    (void)state;
    program_double(sim, 8, 0xffffffff, 0x0fffffff);
    put_double(sim, 8, 0xffffffff, 0x00000001);
    assert_int_equal(status(sim), PROGERR); /* at once, and it is not busy */
    assert_int_equal(get(sim, 12), 0x0fffffff);
    kit_write(sim, D_FLASH, NSSR, PROGERR);
    program_double(sim, 8, 0, 0);
    assert_int_equal(status(sim), 0);
    assert_int_equal(get(sim, 8), 0);
    assert_int_equal(get(sim, 12), 0);
    k5sim_close(sim);
}

static void test_programming_out_of_order_is_refused(void **state)
{
    struct k5sim *sim = open_unlocked(PG);

    (void)state;
    put(sim, 4, 1); /* the second word first */
    assert_int_equal(status(sim), PGAERR);
    kit_write(sim, D_FLASH, NSSR, PGAERR);
    put(sim, 0, 1);
    put(sim, 12, 2); /* of another double word */
    assert_int_equal(status(sim), PGAERR);
    kit_write(sim, D_FLASH, NSSR, PGAERR);
    put(sim, 0, 1);
    put(sim, 0, 1); /* the same word again */
    assert_int_equal(status(sim), PGAERR);
    kit_write(sim, D_FLASH, NSSR, PGAERR);
    kit_write_sized(sim, D_ARRAY, 0, 2, 1);
    assert_int_equal(status(sim), SIZERR);
    kit_write(sim, D_FLASH, NSSR, SIZERR);
    put(sim, 0, 1);
    kit_write_sized(sim, D_ARRAY, 4, 1, 1);
    assert_int_equal(status(sim), SIZERR);
    kit_advance(sim, PROGRAM_TICKS);
    assert_int_equal(get(sim, 0), UINT32_MAX);
    k5sim_close(sim);
}

static void test_programming_needs_pg_alone_and_no_old_errors(void **state)
{
    static const uint32_t modes[] = {0, PG | PER, PG | MER1, PG | MER2, PER};

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct k5sim *sim = open_unlocked(modes[i]);

        put_double(sim, 0, 1, 2);
        assert_int_equal(status(sim), PGSERR);
        kit_write(sim, D_FLASH, NSSR, PGSERR);
        set_nscr(sim, PG);
        put(sim, 4, 1);
        put_double(sim, 0, 1, 2);
        assert_int_equal(status(sim), PGAERR | PGSERR); /* the first one was not cleared */
        assert_int_equal(get(sim, 0), UINT32_MAX);
        k5sim_close(sim);
    }
}

static void test_clearing_pg_forgets_the_first_word(void **state)
{
    struct k5sim *sim = open_unlocked(PG);

    (void)state;
    put(sim, 0, 1);
    set_nscr(sim, 0);
    set_nscr(sim, PG);
    put(sim, 4, 2);
    assert_int_equal(status(sim), PGAERR);
    k5sim_close(sim);
}

static void test_a_store_while_busy_is_refused(void **state)
{
    struct k5sim *sim = open_unlocked(PG);

    (void)state;
    put_double(sim, 0, 1, 2);
    put(sim, 8, 3);
    assert_int_equal(status(sim), BSY | PGSERR);
    kit_advance(sim, PROGRAM_TICKS);
    assert_int_equal(status(sim), PGSERR);
    assert_int_equal(get(sim, 4), 2);
    assert_int_equal(get(sim, 8), UINT32_MAX);
    k5sim_close(sim);
}

/* The chip's bus waits with NSCR while it is busy; here the write takes effect when it is not. */
static void test_nscr_written_while_busy_changes_afterwards(void **state)
{
    struct k5sim *sim = open_unlocked(PG);

    (void)state;
    put_double(sim, 0, 1, 2);
    set_nscr(sim, LOCK);
    assert_int_equal(kit_read(sim, D_FLASH, NSCR), PG | OPTLOCK);
    kit_advance(sim, PROGRAM_TICKS - 1u);
    assert_int_equal(kit_read(sim, D_FLASH, NSCR), PG | OPTLOCK);
    kit_advance(sim, 1);
    assert_int_equal(kit_read(sim, D_FLASH, NSCR), LOCK | OPTLOCK);
    assert_int_equal(get(sim, 4), 2);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- erasing */

static void test_a_page_is_erased_in_its_time_and_no_other(void **state)
{
    struct k5sim *sim = open_unlocked(PG);

    (void)state;
    program_double(sim, 0x7f8, 1, 1);
    program_double(sim, 0x800, 2, 2);
    program_double(sim, 0xff8, 3, 3);
    program_double(sim, 0x1000, 4, 4);
    set_nscr(sim, PER | BKER | PNB(97) | EOPIE);
    set_nscr(sim, PER | BKER | PNB(97) | EOPIE | STRT);
    assert_int_equal(status(sim), BSY);
    assert_int_equal(kit_read(sim, D_FLASH, NSCR) & STRT, STRT);
    kit_advance(sim, ERASE_TICKS - 1u);
    assert_int_equal(status(sim), BSY);
    assert_false(kit_line(sim, LINE));
    kit_advance(sim, 1);
    assert_int_equal(status(sim), EOP);
    assert_int_equal(kit_read(sim, D_FLASH, NSCR) & STRT, 0);
    assert_true(kit_line(sim, LINE));
    assert_int_equal(get(sim, 0x7f8), 1);
    assert_int_equal(get(sim, 0x1000), 4);
    for (uint32_t offset = 0x800; offset < 0x1000; offset += 4) {
        assert_int_equal(get(sim, offset), UINT32_MAX);
    }
    k5sim_close(sim);
}

static void test_the_last_page_and_programming_again(void **state)
{
    struct k5sim *sim = open_unlocked(PG);

    (void)state;
    program_double(sim, 0xfff8, 1, 2);
    set_nscr(sim, PER | BKER | PNB(127) | STRT);
    kit_advance(sim, ERASE_TICKS);
    assert_int_equal(get(sim, 0xfffc), UINT32_MAX);
    set_nscr(sim, PG);
    program_double(sim, 0xfff8, 3, 4);
    assert_int_equal(status(sim), 0);
    assert_int_equal(get(sim, 0xfffc), 4);
    k5sim_close(sim);
}

/* Everything but the array is protected: pages of it, and so both banks. */
static void test_protected_pages_are_not_erased(void **state)
{
    static const uint32_t commands[] = {
        PER | PNB(0), PER | PNB(127), PER | BKER | PNB(0), PER | BKER | PNB(95), PER | PNB(96),
        MER1,         MER2,           MER1 | MER2,
    };

    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        struct k5sim *sim = open_unlocked(PG);

        program_double(sim, 0, 1, 2);
        set_nscr(sim, commands[i] | STRT | ERRIE);
        assert_int_equal(status(sim), WRPERR | OPERR);
        assert_int_equal(kit_read(sim, D_FLASH, NSCR) & STRT, 0);
        assert_true(kit_line(sim, LINE));
        kit_advance(sim, 2 * ERASE_TICKS);
        assert_int_equal(get(sim, 0), 1);
        kit_write(sim, D_FLASH, NSSR, WRPERR | OPERR);
        assert_false(kit_line(sim, LINE));
        k5sim_close(sim);
    }
}

static void test_an_erase_that_says_too_much_or_too_little_is_refused(void **state)
{
    static const uint32_t commands[] = {
        0, PG, PG | PER | FIRST_PAGE, PER | MER1 | FIRST_PAGE, PER | MER2 | FIRST_PAGE,
    };

    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        struct k5sim *sim = open_unlocked(0);

        set_nscr(sim, commands[i] | STRT);
        assert_int_equal(status(sim), PGSERR);
        set_nscr(sim, PER | FIRST_PAGE | STRT); /* right, but the error was not cleared */
        assert_int_equal(status(sim), PGSERR);
        kit_write(sim, D_FLASH, NSSR, PGSERR);
        set_nscr(sim, PER | FIRST_PAGE | STRT);
        assert_int_equal(status(sim), BSY);
        k5sim_close(sim);
    }
}

/* ---------------------------------------------------------------- failures, resets */

static void test_a_program_that_fails_says_so_once(void **state)
{
    struct k5sim *sim = open_unlocked(PG | EOPIE | ERRIE);

    (void)state;
    k5sim_value_set(sim, D_FLASH, V_PROGRAM_ERROR, 1);
    put_double(sim, 0, 1, 2);
    kit_advance(sim, PROGRAM_TICKS - 1u);
    assert_int_equal(status(sim), BSY);
    kit_advance(sim, 1);
    assert_int_equal(status(sim), PROGERR | OPERR);
    assert_true(kit_line(sim, LINE));
    assert_int_equal(get(sim, 4), UINT32_MAX);
    kit_write(sim, D_FLASH, NSSR, PROGERR | OPERR);
    assert_false(kit_line(sim, LINE));
    program_double(sim, 8, 1, 2);
    assert_int_equal(status(sim), EOP);
    k5sim_close(sim);
}

static void test_an_erase_that_fails_leaves_the_page_torn(void **state)
{
    struct k5sim *sim = open_unlocked(PG);

    (void)state;
    program_double(sim, 0x000, 1, 2);
    program_double(sim, 0x7f8, 3, 4);
    k5sim_value_set(sim, D_FLASH, V_ERASE_ERROR, 1);
    set_nscr(sim, PER | FIRST_PAGE | EOPIE | ERRIE | STRT);
    kit_advance(sim, ERASE_TICKS);
    assert_int_equal(status(sim), OPERR);
    assert_true(kit_line(sim, LINE));
    assert_int_equal(get(sim, 0x000), UINT32_MAX);
    assert_int_equal(get(sim, 0x7f8), 3);
    kit_write(sim, D_FLASH, NSSR, OPERR);
    set_nscr(sim, PER | FIRST_PAGE | EOPIE | STRT);
    kit_advance(sim, ERASE_TICKS);
    assert_int_equal(status(sim), EOP);
    assert_int_equal(get(sim, 0x7f8), UINT32_MAX);
    k5sim_close(sim);
}

static void test_what_is_programmed_survives_every_reset(void **state)
{
    struct k5sim *sim = open_unlocked(PG);

    (void)state;
    program_double(sim, 0x20, 0xcafe, 0xf00d);
    for (uint32_t why = K5SIM_RESET_POWER; why <= K5SIM_RESET_PIN; why++) {
        k5sim_reset(sim, why);
        assert_int_equal(kit_read(sim, D_FLASH, NSCR), LOCK | OPTLOCK);
        assert_int_equal(get(sim, 0x20), 0xcafe);
        assert_int_equal(get(sim, 0x24), 0xf00d);
    }
    k5sim_close(sim);
}

static void test_a_reset_in_the_middle_leaves_half(void **state)
{
    struct k5sim *sim = open_unlocked(PG);

    (void)state;
    put_double(sim, 0, 1, 2);
    kit_advance(sim, PROGRAM_TICKS - 1u);
    k5sim_reset(sim, K5SIM_RESET_POWER);
    kit_advance(sim, PROGRAM_TICKS);
    assert_int_equal(status(sim), 0);
    assert_int_equal(get(sim, 0), 1);
    assert_int_equal(get(sim, 4), UINT32_MAX);
    unlock(sim);
    set_nscr(sim, PG);
    program_double(sim, 0x7f8, 3, 4);
    set_nscr(sim, PER | FIRST_PAGE | STRT);
    kit_advance(sim, ERASE_TICKS - 1u);
    k5sim_reset(sim, K5SIM_RESET_PIN);
    kit_advance(sim, ERASE_TICKS);
    assert_int_equal(get(sim, 0), UINT32_MAX);
    assert_int_equal(get(sim, 0x7f8), 3);
    k5sim_close(sim);
}

static void test_the_array_is_the_controllers_memory(void **state)
{
    struct k5sim *sim = open_kit();
    uint32_t bytes = 0;

    (void)state;
    assert_non_null(k5sim_device_memory(sim, D_FLASH, &bytes));
    assert_int_equal(bytes, 0x10000);
    assert_int_equal(k5sim_device_memory_write(sim, D_FLASH, 0x1234, "\x56", 1), K5SIM_OK);
    assert_int_equal(get(sim, 0x1234), 0xffffff56);
    assert_null(k5sim_device_memory(sim, D_ARRAY, &bytes));
    k5sim_close(sim);
}

static void test_an_array_without_its_controller_is_a_bus_error(void **state)
{
    static const struct k5sim_device alone[] = {
        {.model = "stm32-flash-array", .name = "flashdata", .base = 0x08070000}};
    struct k5sim *sim = kit_open(&(struct kit_board){.device = alone, .device_count = 1});

    (void)state;
    assert_true(kit_read_refused(sim, 0, 0, 4));
    assert_true(kit_write_refused(sim, 0, 0, 4, 0));
    k5sim_close(sim);
}

static void test_what_is_not_modelled_is_told(void **state)
{
    struct k5sim *sim = open_unlocked(0);

    (void)state;
    set_nscr(sim, 1u << 17);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_UNMODELLED, D_FLASH, NULL), 1);
    kit_write(sim, D_FLASH, OPTR, 0);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_UNMODELLED, D_FLASH, NULL), 1);
    assert_int_equal(kit_read(sim, D_FLASH, OPTR), 0x7feff8aa);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reset_values_and_an_erased_array),
        cmocka_unit_test(test_nscr_takes_nothing_while_locked),
        cmocka_unit_test(test_a_wrong_key_locks_until_the_next_reset),
        cmocka_unit_test(test_a_key_in_pieces_is_wrong),
        cmocka_unit_test(test_a_double_word_takes_its_time),
        cmocka_unit_test(test_without_eopie_nothing_tells_the_end_but_bsy),
        cmocka_unit_test(test_only_zeros_go_over_what_is_not_erased),
        cmocka_unit_test(test_programming_out_of_order_is_refused),
        cmocka_unit_test(test_programming_needs_pg_alone_and_no_old_errors),
        cmocka_unit_test(test_clearing_pg_forgets_the_first_word),
        cmocka_unit_test(test_a_store_while_busy_is_refused),
        cmocka_unit_test(test_nscr_written_while_busy_changes_afterwards),
        cmocka_unit_test(test_a_page_is_erased_in_its_time_and_no_other),
        cmocka_unit_test(test_the_last_page_and_programming_again),
        cmocka_unit_test(test_protected_pages_are_not_erased),
        cmocka_unit_test(test_an_erase_that_says_too_much_or_too_little_is_refused),
        cmocka_unit_test(test_a_program_that_fails_says_so_once),
        cmocka_unit_test(test_an_erase_that_fails_leaves_the_page_torn),
        cmocka_unit_test(test_what_is_programmed_survives_every_reset),
        cmocka_unit_test(test_a_reset_in_the_middle_leaves_half),
        cmocka_unit_test(test_the_array_is_the_controllers_memory),
        cmocka_unit_test(test_an_array_without_its_controller_is_a_bus_error),
        cmocka_unit_test(test_what_is_not_modelled_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
