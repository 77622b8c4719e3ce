/* Devices and their interrupts, as tasks of RV32 meet them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/bench.h"

#define RISCV 243
#define CLOCK UINT32_C(0x00101000)
#define LINE  11u

/* a0: the clock. An alarm 49,152 ns ahead, irq_ack, wait, clear, for ever. */
static const uint16_t driver[] = {
    0x842a,                                         /* mv s0, a0 */
    0x4285, 0x2823, 0x0054,                         /* IRQ_ENABLED = 1 */
    0x2283, 0x0004, 0x2303, 0x0044,                 /* loop: t0 = TIME_LOW; t1 = TIME_HIGH */
    0x63b1, 0x929e,                                 /* lui t2, 0xc; add t0, t0, t2 */
    0x2623, 0x0064, 0x2423, 0x0054,                 /* ALARM_HIGH = t1; ALARM_LOW = t0 */
    0x6541, 0x48c9, 0x0073, 0x0000,                 /* irq_ack(0x10000) */
    0x6541, 0x0505, 0x4581, 0x567d, 0x4681, 0x48b1, /* wait(0x10001, 0, all bits, 0) */
    0x0073, 0x0000, 0x2e23, 0x0004, 0xbfc1,         /* ecall; CLEAR_INTERRUPT = 0; j loop */
};

static const uint16_t lw[] = {0x410c, 0xa001};         /* c.lw a1, 0(a0); j . */
static const uint16_t sw[] = {0xc10c, 0xa001};         /* c.sw a1, 0(a0); j . */
static const uint16_t lb[] = {0x0583, 0x0005, 0xa001}; /* lb a1, 0(a0); j . */
static const uint16_t sh[] = {0x1023, 0x00b5, 0xa001}; /* sh a1, 0(a0); j . */

static void must(struct k5sim *sim, int result)
{
    if (result != K5SIM_OK) {
        fail_msg("%s", k5sim_error_text(sim));
    }
}

/* One task at `address`, with the clock's registers from `base` on. */
static struct k5sim *boot(const uint16_t *code, size_t halfwords, uint32_t address, uint32_t base)
{
    static const struct k5sim_memory memory[] = {{FAKE_FLASH_BASE, FAKE_FLASH_BYTES, false},
                                                 {FAKE_RAM_BASE, FAKE_RAM_BYTES, true}};
    static const struct k5sim_device device = {
        .model = "goldfish-rtc", .name = "rtc", .base = CLOCK, .line_count = 1, .line = {LINE}};
    const struct k5sim_board board = {.cpu = "rv32",
                                      .memory = memory,
                                      .memory_count = 2,
                                      .mpu_regions = 8,
                                      .ticks_per_insn = 1,
                                      .device = &device,
                                      .device_count = 1};
    char why[256] = "";
    struct k5sim *sim = k5sim_open(&board, why, sizeof why);
    struct elf_file file;

    if (sim == NULL) {
        fail_msg("%s", why);
    }
    build_reset();
    build_single(10);
    uint32_t bits = build_notification(0);

    build_cap_for(0, K5_KIND_INTERRUPT, build_interrupt(LINE, bits, 0), K5_RIGHT_ACK, 0);
    build_cap_for(0, K5_KIND_NOTIFICATION, bits, K5_RIGHT_WAIT, 0);
    build_task_of(0)->policy = SYS_POLICY_STOP;
    build_region(0, base, 64, SYS_READ | SYS_WRITE);
    build_thread_of(0)->argument = address;
    const struct sys_header *system = build_finish();

    bench_mark_devices(system);
    must(sim, k5sim_set_system(sim, system, system->total_bytes));
    elf_file_make(&file, bench_text(0), code, halfwords);
    file.head.e_machine = RISCV;
    const char *path = elf_file_write(&file);

    must(sim, k5sim_add_task(sim, 0, path));
    elf_file_remove(path);
    k5sim_record(sim, UINT64_MAX);
    must(sim, k5sim_boot(sim));
    return sim;
}

#define BOOT(code, address, base) boot(code, sizeof(code) / sizeof((code)[0]), address, base)

static void test_alarm_wakes_its_driver_at_the_exact_tick(void **state)
{
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim = BOOT(driver, CLOCK, CLOCK);
    uint64_t now = 4; /* when TIME_LOW is read */

    (void)state;
    assert_int_equal(k5sim_run(sim, 2000, 0), K5SIM_STOP_TIME);
    size_t count = bench_take(sim, events);

    for (uint32_t i = 0; i < 30; i++) {
        const struct k5sim_event *interrupt = bench_find(events, count, K5_EVENT_INTERRUPT, i);

        assert_int_equal(interrupt->time, now + 50);
        now = interrupt->time + 3; /* sw, j, lw */
    }
    assert_null(k5sim_invariants(sim));
    k5sim_close(sim);
}

static void check_fault(struct k5sim *sim, uint32_t kind, uint32_t address, uint32_t mcause)
{
    static struct k5sim_event events[BENCH_EVENTS];

    k5sim_run(sim, 1000, 0);
    const struct k5sim_event *fault =
        bench_find(events, bench_take(sim, events), K5_EVENT_FAULT, 0);

    assert_int_equal(fault->code, kind);
    assert_int_equal(fault->arg[0], bench_text(0));
    assert_int_equal(fault->arg[1], address);
    assert_int_equal(fault->arg[2], mcause);
    k5sim_close(sim);
}

/* The core knows one cause for all of it: access fault, 5 of a load and 7 of a store. */
static void test_refused_accesses(void **state)
{
    (void)state;
    check_fault(BOOT(lw, CLOCK, CLOCK + 64), K5_FAULT_DATA, CLOCK, 5);
    check_fault(BOOT(sw, CLOCK, CLOCK + 64), K5_FAULT_DATA, CLOCK, 7);
    check_fault(BOOT(lw, CLOCK + 0x24, CLOCK), K5_FAULT_DATA, CLOCK + 0x24, 5);
    check_fault(BOOT(sw, CLOCK + 0x24, CLOCK), K5_FAULT_DATA, CLOCK + 0x24, 7);
    check_fault(BOOT(lb, CLOCK, CLOCK), K5_FAULT_DATA, CLOCK, 5);
    check_fault(BOOT(sh, CLOCK + 2, CLOCK), K5_FAULT_DATA, CLOCK + 2, 7);
    check_fault(BOOT(lw, CLOCK + 2, CLOCK), K5_FAULT_DATA, CLOCK + 2, 5);
    check_fault(BOOT(sw, CLOCK + 1, CLOCK), K5_FAULT_DATA, CLOCK + 1, 7);
}

static void test_registers_are_read_and_written(void **state)
{
    struct k5sim *sim = BOOT(sw, CLOCK + 12, CLOCK);
    static struct k5sim_event events[BENCH_EVENTS];

    (void)state;
    k5sim_run(sim, 100, 0);
    const struct k5sim_event *write =
        bench_find(events, bench_take(sim, events), K5SIM_EVENT_DEVICE_WRITE, 0);

    assert_int_equal(write->time, 1);
    assert_int_equal(write->arg[0], 12);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alarm_wakes_its_driver_at_the_exact_tick),
        cmocka_unit_test(test_refused_accesses),
        cmocka_unit_test(test_registers_are_read_and_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
