/* What a CPU holds of its threads beside the registers, for snapshots. */
#include "sim/cpu/cpu_internal.h"

#define FP_REGISTERS 33u /* s0 to s31, FPSCR */

static const int fp_ids[FP_REGISTERS] = {
    UC_ARM_REG_S0,  UC_ARM_REG_S1,  UC_ARM_REG_S2,    UC_ARM_REG_S3,  UC_ARM_REG_S4,
    UC_ARM_REG_S5,  UC_ARM_REG_S6,  UC_ARM_REG_S7,    UC_ARM_REG_S8,  UC_ARM_REG_S9,
    UC_ARM_REG_S10, UC_ARM_REG_S11, UC_ARM_REG_S12,   UC_ARM_REG_S13, UC_ARM_REG_S14,
    UC_ARM_REG_S15, UC_ARM_REG_S16, UC_ARM_REG_S17,   UC_ARM_REG_S18, UC_ARM_REG_S19,
    UC_ARM_REG_S20, UC_ARM_REG_S21, UC_ARM_REG_S22,   UC_ARM_REG_S23, UC_ARM_REG_S24,
    UC_ARM_REG_S25, UC_ARM_REG_S26, UC_ARM_REG_S27,   UC_ARM_REG_S28, UC_ARM_REG_S29,
    UC_ARM_REG_S30, UC_ARM_REG_S31, UC_ARM_REG_FPSCR,
};

_Static_assert(sizeof((struct cpu_fp_state *)0)->word == FP_REGISTERS * sizeof(uint32_t),
               "a word for each");

static bool is_known(const struct cpu *cpu, uint32_t slot)
{
    return slot == cpu->slot || cpu->slot_context[slot] != NULL;
}

bool cpu_fp_save(struct cpu *cpu, uint32_t slot, struct cpu_fp_state *state)
{
    void *values[FP_REGISTERS];

    *state = (struct cpu_fp_state){.known = is_known(cpu, slot)};
    if (state->known == 0) {
        return true;
    }
    state->stack_limit = cpu->slot_limit[slot];
    for (unsigned i = 0; i < FP_REGISTERS; i++) {
        values[i] = &state->word[i];
    }
    if (!cpu_select(cpu, slot, state->stack_limit, true)) {
        return false;
    }
    state->active = cpu_fp_active(cpu);
    return uc_reg_read_batch(cpu->uc, (int *)(uintptr_t)fp_ids, values, FP_REGISTERS) == UC_ERR_OK;
}

/* CONTROL, where it says so, takes no writes from a thread. */
static bool set_active(struct cpu *cpu, bool active)
{
    if (cpu_fp_active(cpu) == active) {
        return true;
    }
    return active ? cpu_fp_activate(cpu) : cpu_fp_clear(cpu);
}

static void forget_slot(struct cpu *cpu, uint32_t slot)
{
    if (cpu->slot_context[slot] != NULL) {
        uc_context_free(cpu->slot_context[slot]);
        cpu->slot_context[slot] = NULL;
    }
    if (cpu->slot == slot) {
        cpu->slot = CPU_THREADS;
    }
}

bool cpu_fp_load(struct cpu *cpu, uint32_t slot, const struct cpu_fp_state *state)
{
    void *values[FP_REGISTERS];

    if (state->known == 0) {
        forget_slot(cpu, slot);
        return true;
    }
    for (unsigned i = 0; i < FP_REGISTERS; i++) {
        values[i] = (void *)(uintptr_t)&state->word[i];
    }
    return cpu_select(cpu, slot, state->stack_limit, true) && set_active(cpu, state->active != 0) &&
           uc_reg_write_batch(cpu->uc, (int *)(uintptr_t)fp_ids, values, FP_REGISTERS) == UC_ERR_OK;
}

bool cpu_is_exclusive(const struct cpu *cpu)
{
    return cpu->saw_exclusive;
}

void *cpu_monitor_save(struct cpu *cpu)
{
    uc_context *context = NULL;

    if (uc_context_alloc(cpu->uc, &context) != UC_ERR_OK) {
        return NULL;
    }
    uc_context_save(cpu->uc, context);
    return context;
}

void cpu_monitor_load(struct cpu *cpu, void *monitor)
{
    uc_context_restore(cpu->uc, monitor);
    cpu->saw_exclusive = true;
}

void cpu_monitor_free(void *monitor)
{
    if (monitor != NULL) {
        uc_context_free(monitor);
    }
}
