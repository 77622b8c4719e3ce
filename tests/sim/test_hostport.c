/* The hosted port's own part: lines, clearing, and the bound on the protection unit's entries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/rv32/pmp.h"
#include "hostport/hostport.h"
#include "kernel/port.h"
#include "kernel/state.h"
#include "tests/sim/oracle/program.h"
#include "tests/sim/oracle/view.h"

#define RAM_BASE  UINT32_C(0x20000000)
#define RAM_BYTES 8192u
#define GRAIN     32u

static uint8_t ram[RAM_BYTES];
static uint32_t written_at;
static uint32_t written_bytes;

static void written(struct hostport_machine *machine, uint32_t address, uint32_t bytes)
{
    (void)machine;
    written_at = address;
    written_bytes = bytes;
}

static struct hostport_machine machine;
static struct kernel_state state_of_kernel;

static int set_up(void **state)
{
    (void)state;
    memset(ram, 0xee, sizeof ram);
    machine = (struct hostport_machine){
        .arch = &hostport_armv8m,
        .range_count = 1,
        .range = {{RAM_BASE, RAM_BYTES, ram}},
        .written = written,
    };
    hostport_enter(&machine, &state_of_kernel, NULL);
    return 0;
}

static void test_lines_are_bits_and_changes_show(void **state)
{
    (void)state;
    for (uint32_t line = 0; line < HOSTPORT_LINES; line++) {
        machine.lines_changed = false;
        port_irq_unmask(line);
        assert_true(machine.lines_changed);
        assert_int_equal(machine.unmasked[line / 32], UINT32_C(1) << line % 32);
        machine.lines_changed = false;
        port_irq_mask(line);
        assert_true(machine.lines_changed);
        assert_int_equal(machine.unmasked[line / 32], 0);
    }
    machine.lines_changed = false;
    port_irq_unmask(HOSTPORT_LINES); /* a line that the controller has not */
    port_irq_mask(UINT32_MAX);
    assert_false(machine.lines_changed);
}

static void test_clearing_is_exact_and_reported(void **state)
{
    (void)state;
    port_clear(RAM_BASE + 64, CFG_COPY_BYTES);
    for (uint32_t i = 0; i < RAM_BYTES; i++) {
        assert_int_equal(ram[i], i >= 64 && i < 64 + CFG_COPY_BYTES ? 0 : 0xee);
    }
    assert_int_equal(written_at, RAM_BASE + 64);
    assert_int_equal(written_bytes, CFG_COPY_BYTES);
}

static void test_pending_is_what_the_machine_says(void **state)
{
    (void)state;
    assert_false(port_pending());
    machine.pending_interrupt = true;
    assert_true(port_pending());
}

/* The task's regions as they are now, not those of the boot tables. */
static void test_compiles_the_view_of_the_moment(void **state)
{
    struct task *task = &state_of_kernel.task[3];

    (void)state;
    memset(task, 0, sizeof *task);
    task->region_count = 1;
    task->region[0] = (struct sys_region){.base = RAM_BASE, .bytes = 96, .access = SYS_READ};
    port_mpu_compile(3);
    assert_int_equal(task->mpu.armv8m.region[0].rbar & ~UINT32_C(31), RAM_BASE);
    assert_int_equal(task->mpu.armv8m.region[0].rlar, (RAM_BASE + 64) | 1u);
    assert_int_equal(task->mpu.armv8m.region[1].rlar & 1u, 0);
    task->region_count = 0;
    port_mpu_compile(3);
    assert_int_equal(task->mpu.armv8m.region[0].rlar & 1u, 0);
}

/* ---------------------------------------------------------------- the bound */

struct lent {
    uint32_t edges;
    uint32_t holes;
    bool whole;
};

/* Cuts `region` at random as loans do; appends the pieces. */
static struct lent cut(const struct sys_region *region, uint64_t *random,
                       struct sys_region piece[32], uint32_t *pieces)
{
    struct lent lent = {.whole = true};
    uint32_t at = region->base;
    uint32_t end = region->base + region->bytes;

    for (uint32_t loans = random_below(random, 3); loans > 0 && end - at >= 2 * GRAIN; loans--) {
        uint32_t from = at + random_below(random, (end - at) / GRAIN) * GRAIN;
        uint32_t bytes = (1 + random_below(random, (end - from) / GRAIN)) * GRAIN;
        bool exclusive = random_below(random, 2) == 0;
        uint32_t inside = (from > region->base ? 1u : 0u) + (from + bytes < end ? 1u : 0u);

        if (from > at) {
            piece[(*pieces)++] =
                (struct sys_region){.base = at, .bytes = from - at, .access = region->access};
        }
        if (!exclusive) {
            piece[(*pieces)++] =
                (struct sys_region){.base = from, .bytes = bytes, .access = SYS_READ};
            lent.edges += inside;
        } else if (inside == 2) {
            lent.holes++;
        }
        lent.whole = false;
        at = from + bytes;
    }
    if (at < end) {
        piece[(*pieces)++] =
            (struct sys_region){.base = at, .bytes = end - at, .access = region->access};
    }
    return lent;
}

/* Whatever is lent of a task's regions: its view takes no more entries than were reckoned with. */
static void check_bound(const struct hostport_arch *arch)
{
    uint64_t random = 9;
    uint32_t tight = 0;

    for (uint32_t round = 0; round < 200000; round++) {
        struct sys_region piece[64];
        uint32_t pieces = 0;
        uint32_t bound = 0;
        struct view view;

        view_reset(&view, 0x08000000, 4096, RAM_BASE, RAM_BYTES);
        for (uint32_t i = random_below(&random, 6); i > 0; i--) {
            view_change(&view, &random);
        }
        for (uint32_t i = 0; i < view.count; i++) {
            struct lent lent = cut(&view.region[i], &random, piece, &pieces);

            bound += arch->mpu_entries(&view.region[i], lent.whole, lent.edges, lent.holes);
        }
        uint32_t taken = arch == &hostport_rv32 ? pmp_entries(piece, pieces) : pieces;

        if (taken > bound) {
            fail_msg("round %u: %u entries, reckoned with %u", (unsigned)round, (unsigned)taken,
                     (unsigned)bound);
        }
        tight += taken == bound;
    }
    assert_true(tight > 1000); /* or the bound is no use */
}

static void test_armv8m_never_needs_more_than_reckoned(void **state)
{
    (void)state;
    check_bound(&hostport_armv8m);
}

static void test_rv32_never_needs_more_than_reckoned(void **state)
{
    (void)state;
    check_bound(&hostport_rv32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_lines_are_bits_and_changes_show, set_up),
        cmocka_unit_test_setup(test_clearing_is_exact_and_reported, set_up),
        cmocka_unit_test_setup(test_pending_is_what_the_machine_says, set_up),
        cmocka_unit_test_setup(test_compiles_the_view_of_the_moment, set_up),
        cmocka_unit_test(test_armv8m_never_needs_more_than_reckoned),
        cmocka_unit_test(test_rv32_never_needs_more_than_reckoned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
