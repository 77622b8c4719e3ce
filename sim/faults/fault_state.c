/* Faults of registers and memory: bits that flip, and bits that stick. */
#include "kernel/state.h"
#include "sim/machine.h"

/* ---------------------------------------------------------------- registers */

static bool is_in_cpu(const struct k5sim *sim, uint32_t thread)
{
    return sim->live && thread == sim->kernel.current;
}

/* Bits of the mask that there are; or an error, where there is no such thread or register. */
static int check_register(struct k5sim *sim, const struct k5sim_fault *f, uint32_t *mask)
{
    int result = fault_check(sim, "thread", f->thread, sim->system->thread_count);

    if (result == K5SIM_OK) {
        result = fault_check(sim, "register", f->where, sim->guest->register_count);
    }
    if (result == K5SIM_OK) {
        *mask = f->mask & sim->guest->register_bits(f->where);
    }
    return result;
}

int fault_register(struct k5sim *sim, const struct k5sim_fault *f)
{
    uint32_t mask = 0;
    int result = check_register(sim, f, &mask);

    if (result != K5SIM_OK) {
        return result;
    }
    struct thread *thread = &sim->kernel.thread[f->thread];

    if (mask == 0 || thread->state == K5_THREAD_OFF) {
        return K5SIM_NOTHING; /* one that is off begins anew */
    }
    result = fault_begins(sim, f);
    if (result != K5SIM_OK) {
        return result;
    }
    if (is_in_cpu(sim, f->thread)) {
        struct cpu *cpu = sim->task[thread->task].cpu;

        cpu_set_register(cpu, f->where, cpu_registers(cpu)->r[f->where] ^ mask);
        return K5SIM_OK;
    }
    return sim->guest->flip_saved(sim, thread, f->where, mask) ? K5SIM_OK : K5SIM_NOTHING;
}

/* Of the whole mask. All ones are a level, too. */
static int check_level(struct k5sim *sim, int32_t level)
{
    if (level < -1 || level > 1) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "%d is no level: 0 and 1 are", (int)level);
    }
    return K5SIM_OK;
}

static struct fault_register *find_register(struct faults *faults, uint32_t thread, uint32_t number)
{
    uint32_t i = 0;

    while (i < faults->register_count &&
           (faults->reg[i].thread != thread || faults->reg[i].number != number)) {
        i++;
    }
    return i < FAULT_REGISTERS ? &faults->reg[i] : NULL;
}

int fault_register_stuck(struct k5sim *sim, const struct k5sim_fault *f)
{
    struct faults *faults = &sim->faults;
    uint32_t mask = 0;
    int result = check_register(sim, f, &mask);

    result = result == K5SIM_OK ? check_level(sim, f->value) : result;
    if (result != K5SIM_OK || mask == 0) {
        return result != K5SIM_OK ? result : (int)K5SIM_NOTHING;
    }
    struct fault_register *r = find_register(faults, f->thread, f->where);

    if (r == NULL) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "%u registers with stuck bits are the most",
                             FAULT_REGISTERS);
    }
    const struct fault_register now = {
        .thread = f->thread,
        .number = f->where,
        .mask = r->mask | mask,
        .level = (r->level & ~mask) | (f->value != 0 ? mask : 0),
    };

    if (now.mask == r->mask && now.level == r->level) {
        return K5SIM_NOTHING;
    }
    result = fault_begins(sim, f);
    if (result != K5SIM_OK) {
        return result;
    }
    faults->register_count += r == &faults->reg[faults->register_count] ? 1u : 0u;
    *r = now;
    if (is_in_cpu(sim, f->thread)) {
        fault_hold_registers(sim, f->thread, sim->task[sim->kernel.thread[f->thread].task].cpu);
    }
    return K5SIM_OK;
}

bool fault_hold_registers(struct k5sim *sim, uint32_t thread, struct cpu *cpu)
{
    bool held = false;

    for (uint32_t i = 0; i < sim->faults.register_count; i++) {
        const struct fault_register *r = &sim->faults.reg[i];

        if (r->thread == thread) {
            uint32_t now = cpu_registers(cpu)->r[r->number];
            uint32_t forced = (now & ~r->mask) | r->level;

            if (forced != now) {
                cpu_set_register(cpu, r->number, forced);
            }
            held = true;
        }
    }
    return held;
}

/* ---------------------------------------------------------------- memory */

static int check_word(struct k5sim *sim, uint32_t address)
{
    if ((address & 3u) != 0) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "0x%08x is not the address of a word",
                             (unsigned)address);
    }
    if (memory_host(sim->memory, address, 4) == NULL) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "0x%08x is in no memory of the board",
                             (unsigned)address);
    }
    return K5SIM_OK;
}

/* What sticks does not flip. */
static uint32_t loose_bits(const struct memory_stuck *words, uint32_t address, uint32_t mask)
{
    for (uint32_t i = 0; i < words->count; i++) {
        mask &= words->word[i].address == address ? ~words->word[i].mask : UINT32_MAX;
    }
    return mask;
}

int fault_memory(struct k5sim *sim, const struct k5sim_fault *f)
{
    int result = check_word(sim, f->where);

    if (result != K5SIM_OK) {
        return result;
    }
    uint32_t mask = loose_bits(&sim->faults.words, f->where, f->mask);

    if (mask == 0) {
        return K5SIM_NOTHING;
    }
    result = fault_begins(sim, f);
    return result == K5SIM_OK ? machine_flip_word(sim, f->where, mask) : result;
}

int fault_memory_stuck(struct k5sim *sim, const struct k5sim_fault *f)
{
    struct memory_stuck *words = &sim->faults.words;
    int result = check_word(sim, f->where);
    uint32_t i = 0;

    result = result == K5SIM_OK ? check_level(sim, f->value) : result;
    if (result != K5SIM_OK) {
        return result;
    }
    while (i < words->count && words->word[i].address != f->where) {
        i++;
    }
    if (i == MEMORY_STUCK) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "%u words with stuck bits are the most",
                             MEMORY_STUCK);
    }
    uint32_t level = f->value != 0 ? f->mask : 0;

    if ((f->mask & ~words->word[i].mask) == 0 && (words->word[i].level & f->mask) == level) {
        return K5SIM_NOTHING;
    }
    result = fault_begins(sim, f);
    if (result != K5SIM_OK) {
        return result;
    }
    words->word[i].address = f->where;
    words->word[i].mask |= f->mask;
    words->word[i].level = (words->word[i].level & ~f->mask) | level;
    words->count += i == words->count ? 1u : 0u;
    fault_refresh_words(sim);
    return machine_flip_word(sim, f->where, 0); /* written as it is: now it is at its level */
}

void fault_refresh_words(struct k5sim *sim)
{
    for (uint32_t i = 0; i < CFG_TASKS; i++) {
        if (sim->task[i].cpu != NULL) {
            cpu_stuck_changed(sim->task[i].cpu);
        }
    }
}
