/* For tests of fault models. */
#include "tests/sim/support/fault_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void fault_view_take(struct k5sim *sim, uint32_t threads, struct fault_view *view)
{
    memset(view, 0, sizeof *view);
    for (uint32_t i = 0; i < threads; i++) {
        assert_int_equal(k5sim_registers(sim, i, view->reg[i]), K5SIM_OK);
    }
    assert_int_equal(k5sim_read(sim, FAKE_RAM_BASE, view->ram, FAKE_RAM_BYTES), K5SIM_OK);
    assert_int_equal(k5sim_read(sim, FAKE_FLASH_BASE, view->flash, FAKE_FLASH_BYTES), K5SIM_OK);
    view->now = k5sim_now(sim);
    view->instructions = k5sim_instructions(sim);
}

int fault_inject(struct k5sim *sim, struct k5sim_fault fault)
{
    return k5sim_inject(sim, &fault);
}

void fault_done(struct k5sim *sim, struct k5sim_fault fault)
{
    int result = k5sim_inject(sim, &fault);

    if (result != K5SIM_OK) {
        fail_msg("%d: %s", result, k5sim_error_text(sim));
    }
}

void fault_refused(struct k5sim *sim, struct k5sim_fault fault, const char *why)
{
    assert_int_equal(k5sim_inject(sim, &fault), K5SIM_BAD_ARGUMENT);
    if (strstr(k5sim_error_text(sim), why) == NULL) {
        fail_msg("'%s' says nothing of '%s'", k5sim_error_text(sim), why);
    }
}

uint32_t fault_register_of(struct k5sim *sim, uint32_t thread, uint32_t number)
{
    uint32_t registers[33] = {0};

    assert_int_equal(k5sim_registers(sim, thread, registers), K5SIM_OK);
    return registers[number];
}

uint32_t fault_word(struct k5sim *sim, uint32_t address)
{
    uint32_t word = 0;

    assert_int_equal(k5sim_read(sim, address, &word, 4), K5SIM_OK);
    return word;
}

void fault_run(struct k5sim *sim, uint64_t ticks)
{
    enum k5sim_stop stop = k5sim_run(sim, k5sim_now(sim) + ticks, 0);

    if (stop != K5SIM_STOP_TIME) {
        fail_msg("stop %d: %s", (int)stop, k5sim_error_text(sim));
    }
}

size_t fault_ram_differs(const struct fault_view *a, const struct fault_view *b, uint32_t from,
                         uint32_t to)
{
    size_t count = 0;

    for (uint32_t i = 0; i < FAKE_RAM_BYTES; i++) {
        bool beside = i < from - FAKE_RAM_BASE || i >= to - FAKE_RAM_BASE;

        count += beside && a->ram[i] != b->ram[i];
    }
    return count;
}
