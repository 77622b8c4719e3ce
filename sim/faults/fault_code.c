/* Faults of instructions: skipped, or corrupted on their way into the core. */
#include <string.h>

#include "sim/machine.h"

bool fault_pc(struct k5sim *sim, uint32_t *pc)
{
    struct cpu_registers registers = {{0}};
    uint8_t id = sim->kernel.current;
    uint32_t place = sim->guest->register_count == CPU_REGISTERS ? CPU_X_PC : CPU_PC;

    if (id == NO_THREAD || sim->port.halted) {
        return false;
    }
    const struct thread *thread = &sim->kernel.thread[id];

    if (sim->live) {
        registers = *cpu_registers(sim->task[thread->task].cpu);
    } else {
        sim->guest->registers(sim, thread, &registers);
    }
    *pc = registers.r[place];
    return true;
}

/* It waits for the thread's next run: only then is it certain that this instruction is the next. */
int fault_next(struct k5sim *sim, const struct k5sim_fault *f)
{
    struct fault_next *next = &sim->faults.next;
    uint32_t pc;

    if (!fault_pc(sim, &pc) || memory_host(sim->memory, pc, 2) == NULL ||
        (f->kind == K5SIM_FAULT_OPCODE && f->mask == 0)) {
        return K5SIM_NOTHING;
    }
    int result = fault_begins(sim, f);

    if (result != K5SIM_OK) {
        return result;
    }
    if (next->kind != f->kind || next->thread != sim->kernel.current || next->pc != pc) {
        *next = (struct fault_next){f->kind, sim->kernel.current, pc, 0};
    }
    next->mask ^= f->kind == K5SIM_FAULT_OPCODE ? f->mask : 0;
    return K5SIM_OK;
}

/* Bytes that the mask reaches, as far as there is memory. */
static uint32_t reached(const struct k5sim *sim, const struct fault_next *next)
{
    bool whole = (next->mask >> 16) != 0 && memory_host(sim->memory, next->pc, 4) != NULL;

    return whole ? 4 : 2;
}

/*
 * The memory is corrupted while the instruction runs, and no longer. Should the instruction store
 * there itself, that stays.
 */
static enum cpu_stop run_corrupted(struct k5sim *sim, const struct fault_next *next,
                                   struct cpu *cpu, uint64_t *executed)
{
    uint32_t bytes = reached(sim, next);
    uint8_t *host = memory_host(sim->memory, next->pc, bytes);
    uint8_t good[4];
    uint8_t bad[4] = {0};

    memcpy(good, host, bytes);
    for (uint32_t i = 0; i < bytes; i++) {
        bad[i] = (uint8_t)(good[i] ^ (next->mask >> 8u * i));
    }
    memcpy(host, bad, bytes);
    bool shadowed = cpu_shadow_code(cpu, next->pc, bytes);

    if (!shadowed) {
        machine_code_written(sim, next->pc, bytes);
    }
    enum cpu_stop stop = cpu_run(cpu, 1, executed);
    bool stays = memcmp(host, bad, bytes) != 0;

    if (!stays) {
        memcpy(host, good, bytes);
    }
    if (shadowed) {
        cpu_unshadow_code(cpu, next->pc, bytes);
    }
    if (!shadowed || stays) {
        machine_code_written(sim, next->pc, bytes);
    }
    return stop;
}

static enum cpu_stop run(struct k5sim *sim, uint32_t thread, struct cpu *cpu, uint64_t budget,
                         uint64_t *executed)
{
    const struct fault_next next = sim->faults.next;
    uint32_t pc = 0;

    if (next.kind == 0 || next.thread != thread) {
        return cpu_run(cpu, budget, executed);
    }
    memset(&sim->faults.next, 0, sizeof sim->faults.next);
    if (!fault_pc(sim, &pc) || pc != next.pc) {
        return cpu_run(cpu, budget, executed); /* it went elsewhere in between: too late */
    }
    if (next.kind == K5SIM_FAULT_OPCODE) {
        return run_corrupted(sim, &next, cpu, executed);
    }
    if (!cpu_skip(cpu)) {
        return cpu_run(cpu, budget, executed); /* it faults before it could be skipped */
    }
    *executed = 1;
    return CPU_STOP_BUDGET;
}

enum cpu_stop faults_run(struct k5sim *sim, uint32_t thread, struct cpu *cpu, uint64_t budget,
                         uint64_t *executed)
{
    if (sim->faults.region_count != 0) {
        faults_refresh_code(sim, sim->kernel.thread[thread].task, cpu);
    }
    bool held = fault_hold_registers(sim, thread, cpu);
    enum cpu_stop stop = run(sim, thread, cpu, held ? 1 : budget, executed);

    if (held && stop == CPU_STOP_BUDGET) {
        fault_hold_registers(sim, thread, cpu);
    }
    return stop;
}
