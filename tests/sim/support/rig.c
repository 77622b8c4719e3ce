/* A guest CPU with a little memory and fixed regions, for directed tests. */
#include "tests/sim/support/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/system.h"
#include "tests/sim/support/no_bus.h"

#define UDF 0xde00u

void rig_open(struct rig *rig)
{
    const struct mpu mpu = {
        .count = 4,
        .grain = MPU_PMSAV8_GRAIN,
        .region =
            {
                {RIG_TEXT, RIG_TEXT + RIG_TEXT_BYTES - 1u, SYS_READ | SYS_EXECUTE},
                {RIG_DATA, RIG_DATA + RIG_DATA_BYTES - 1u, SYS_READ | SYS_WRITE},
                {RIG_STACK, RIG_STACK_TOP - 1u, SYS_READ | SYS_WRITE},
                {RIG_CONST, RIG_CONST + 1023u, SYS_READ},
            },
    };
    const char *why = "";

    memset(rig, 0, sizeof *rig);
    assert_true(memory_add(&rig->memory, RIG_TEXT, 4096, false));
    assert_true(memory_add(&rig->memory, RIG_DATA, RIG_RAM_END - RIG_DATA, true));
    rig->cpu = cpu_open(CPU_CORTEX_M33, &rig->memory, &no_bus, RIG_TEXT_BYTES, &why);
    if (rig->cpu == NULL) {
        fail_msg("%s", why);
    }
    cpu_set_mpu(rig->cpu, &mpu);
    assert_true(cpu_select(rig->cpu, 0, RIG_LIMIT, false));
}

void rig_close(struct rig *rig)
{
    cpu_close(rig->cpu);
    memory_free(&rig->memory);
}

void rig_load(struct rig *rig, const uint16_t *code, uint32_t halfwords)
{
    for (uint32_t i = 0; i < RIG_TEXT_BYTES / 2u; i++) {
        uint16_t half = i < halfwords ? code[i] : UDF;

        memcpy(memory_host(&rig->memory, RIG_TEXT + 2u * i, 2), &half, 2);
    }
    cpu_code_written(rig->cpu, RIG_TEXT, RIG_TEXT_BYTES);
}

void rig_start(struct rig *rig, uint32_t r0, uint32_t r1, uint32_t r2)
{
    struct cpu_registers registers = {.r = {r0, r1, r2}};

    registers.r[CPU_SP] = RIG_START;
    registers.r[CPU_PC] = RIG_TEXT;
    registers.r[CPU_XPSR] = 0x01000000u;
    cpu_set_registers(rig->cpu, &registers);
}

enum cpu_stop rig_run(struct rig *rig, uint64_t budget)
{
    return cpu_run(rig->cpu, budget, &rig->executed);
}

uint32_t rig_reg(const struct rig *rig, uint32_t number)
{
    return cpu_registers(rig->cpu)->r[number];
}

uint32_t rig_word(const struct rig *rig, uint32_t address)
{
    uint32_t value;

    memcpy(&value, memory_host(&rig->memory, address, 4), 4);
    return value;
}

void rig_set_word(struct rig *rig, uint32_t address, uint32_t value)
{
    memcpy(memory_host(&rig->memory, address, 4), &value, 4);
}
