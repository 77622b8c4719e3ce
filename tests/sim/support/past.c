/* Machines of both instruction sets that much can happen to, for tests of their past. */
#include "tests/sim/support/past.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "sim/k5sim_debug.h"
#include "sim/k5sim_explore.h"
#include "sim/k5sim_fault.h"
#include "tests/sim/support/bench.h"

#define ARM   40
#define RISCV 243

#define PROGRAM(code) code, sizeof(code) / sizeof((code)[0])

struct program {
    const uint16_t *code;
    size_t halfwords;
};

/* irq_ack, wait, for ever. */
static const uint16_t arm_driver[] = {
    0x2401, 0x0424, 0x2112, 0x468b, 0xdf00,                                         /* irq_ack */
    0x2401, 0x0424, 0x3401, 0x2500, 0x2600, 0x43f6, 0x2700, 0x210c, 0x468b, 0xdf00, /* wait */
    0xe7ef,                                                                         /* b . - 30 */
};
static const uint16_t rv_driver[] = {
    0x6541, 0x48c9, 0x0073, 0x0000,                                 /* irq_ack(0x10000) */
    0x6541, 0x0505, 0x4581, 0x567d, 0x4681, 0x48b1, 0x0073, 0x0000, /* wait(0x10001, 0, -1, 0) */
    0xb7e5,                                                         /* j . - 24 */
};

static const uint16_t arm_counter[] = {
    0x2300, 0x3301, 0x07da,         /* movs r3, #0; loop: adds r3, #1; lsls r2, r3, #31 */
    0xbf06, 0x3101, 0x3102, 0x3103, /* itte eq; addeq r1, #1; addeq r1, #2; addne r1, #3 */
    0x6001, 0x6043, 0xe7f6,         /* str r1, [r0]; str r3, [r0, #4]; b loop */
};
static const uint16_t rv_counter[] = {
    0x0285, 0x2023, 0x0055, 0xbfed, /* loop: addi t0, 1; sw t0, 0(a0); j loop */
};

static const struct program arm_programs[PAST_TASKS] = {{PROGRAM(arm_driver)},
                                                        {PROGRAM(arm_counter)}};
static const struct program rv_programs[PAST_TASKS] = {{PROGRAM(rv_driver)}, {PROGRAM(rv_counter)}};

static const struct k5sim_device devices[PAST_DEVICES] = {
    [PAST_UART] = {.model = "stm32-usart", .name = "uart", .base = 0x40013000},
    [PAST_FLASH] = {.model = "stm32-flash", .name = "flash", .base = 0x40022000},
    [PAST_I2C] = {.model = "stm32-i2c", .name = "i2c", .base = 0x40005000},
    [PAST_SENSOR] = {.model = "tmp102", .name = "sensor", .bus = "i2c", .parameter = 0x48},
    [PAST_PORT] = {.model = "stm32-gpio", .name = "port", .base = 0x42020000, .parameter = 3},
};

static const struct k5sim_pin pins[] = {{.name = "pin", .device = "port", .pull = -1}};

uint32_t past_random(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*random >> 33);
}

uint32_t past_counter(void)
{
    return build_buffer(PAST_COUNTER, 0);
}

static void must(struct k5sim *sim, int result)
{
    if (result != K5SIM_OK) {
        fail_msg("%s", k5sim_error_text(sim));
    }
}

static struct k5sim *open_board(const char *cpu, uint32_t ticks_per_insn)
{
    static const struct k5sim_memory memory[] = {{FAKE_FLASH_BASE, FAKE_FLASH_BYTES, false},
                                                 {FAKE_RAM_BASE, FAKE_RAM_BYTES, true}};
    const struct k5sim_board board = {
        .cpu = cpu,
        .memory = memory,
        .memory_count = 2,
        .mpu_regions = 8,
        .ticks_per_insn = ticks_per_insn,
        .device = devices,
        .device_count = PAST_DEVICES,
        .pin = pins,
        .pin_count = 1,
    };
    char why[256] = "";
    struct k5sim *sim = k5sim_open(&board, why, sizeof why);

    if (sim == NULL) {
        fail_msg("%s", why);
    }
    return sim;
}

static void build_system(void)
{
    build_reset();
    build_single(20);
    build_single(10);
    uint32_t bits = build_notification(PAST_DRIVER);
    uint32_t interrupt = build_interrupt(PAST_LINE, bits, 3);

    build_cap_for(PAST_DRIVER, K5_KIND_INTERRUPT, interrupt, K5_RIGHT_ACK, 0);
    build_cap_for(PAST_DRIVER, K5_KIND_NOTIFICATION, bits, K5_RIGHT_WAIT, 0);
    build_thread_of(PAST_COUNTER)->argument = past_counter();
}

struct k5sim *past_open(const char *cpu, uint32_t ticks_per_insn)
{
    bool arm = strcmp(cpu, "cortex-m33") == 0;
    const struct program *programs = arm ? arm_programs : rv_programs;
    struct k5sim *sim = open_board(cpu, ticks_per_insn);

    build_system();
    const struct sys_header *system = build_finish();

    must(sim, k5sim_set_system(sim, system, system->total_bytes));
    for (uint32_t task = 0; task < PAST_TASKS; task++) {
        struct elf_file file;

        elf_file_make(&file, bench_text(task), programs[task].code, programs[task].halfwords);
        file.head.e_machine = arm ? ARM : RISCV;
        const char *path = elf_file_write(&file);

        must(sim, k5sim_add_task(sim, task, path));
        elf_file_remove(path);
    }
    k5sim_record(sim, UINT64_MAX);
    must(sim, k5sim_boot(sim));
    return sim;
}

void past_give(struct k5sim *sim, uint64_t *random)
{
    static const uint8_t text[150] = "a long text, which the journal holds in several pieces";
    uint32_t number = past_random(random);

    switch (past_random(random) % 12u) {
    case 0:
        must(sim, k5sim_pin_drive(sim, 0, (int32_t)(number % 3u) - 1));
        break;
    case 1:
        assert_true(k5sim_serial_send(sim, PAST_UART, text, number % sizeof text) >= 0);
        break;
    case 2:
        must(sim, k5sim_serial_speed(sim, PAST_UART, number % 3u * 9600u));
        break;
    case 3:
        must(sim, k5sim_serial_damage(sim, PAST_UART, number & K5SIM_SERIAL_PARITY));
        break;
    case 4:
        must(sim, k5sim_value_set(sim, PAST_SENSOR, 0, (int32_t)(number % 1000u)));
        break;
    case 5:
        k5sim_task_kill(sim, PAST_COUNTER, number); /* refused, if it does not run */
        break;
    case 6:
        must(sim, k5sim_reset(sim, number % 3u));
        break;
    case 7:
        must(sim, k5sim_write(sim, past_counter() + 8u, text, number % 100u));
        break;
    case 8:
        must(sim,
             k5sim_device_memory_write(sim, PAST_FLASH, number % 100u, text, number % sizeof text));
        break;
    case 9: /* refused, if it is masked */
        k5sim_force(sim, &(struct k5sim_force){K5SIM_FORCE_LINE, PAST_LINE, 0});
        break;
    default:
        must(sim, k5sim_line_force(sim, PAST_LINE, (number & 1u) != 0));
        break;
    }
}

static uint32_t place_of(uint32_t kind, uint32_t number)
{
    switch (kind) {
    case K5SIM_FAULT_MEMORY:
    case K5SIM_FAULT_MEMORY_STUCK:
        return past_counter() + number % 8u * 4u;
    case K5SIM_FAULT_KERNEL:
        return number % 4096u;
    case K5SIM_FAULT_LINE_DROP:
    case K5SIM_FAULT_LINE_DOUBLE:
    case K5SIM_FAULT_LINE_SPURIOUS:
    case K5SIM_FAULT_LINE_LATE:
    case K5SIM_FAULT_LINE_STUCK:
        return PAST_LINE;
    default:
        return number % 8u;
    }
}

static void inject(struct k5sim *sim, uint64_t *random)
{
    struct k5sim_fault fault = {
        .kind = 1u + past_random(random) % K5SIM_FAULT_LINE_STUCK,
        .thread = (uint8_t)(past_random(random) % PAST_TASKS),
        .task = (uint8_t)(past_random(random) % PAST_TASKS),
        .mask = 1u << past_random(random) % 32u,
        .value = (int32_t)(past_random(random) % 200u) - 50,
    };

    fault.where = place_of(fault.kind, past_random(random));
    k5sim_inject(sim, &fault);
}

void past_harm(struct k5sim *sim, uint64_t *random)
{
    uint32_t number = past_random(random);
    struct k5sim_force force = {.kind = 1u + number % 3u, .where = number / 3u % PAST_TASKS};

    switch (past_random(random) % 8u) {
    case 0:
        must(sim, k5sim_faults_end(sim));
        break;
    case 1:
        k5sim_register_set(sim, number % PAST_TASKS, number / 2u % 8u, number);
        break;
    case 2:
        force.where = force.kind == K5SIM_FORCE_LINE ? PAST_LINE : force.where;
        k5sim_force(sim, &force);
        break;
    default:
        inject(sim, random);
        break;
    }
}
