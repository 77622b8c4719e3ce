/* Injected faults: from the outside, to the files that know how. */
#pragma GCC visibility push(default) /* these names, and no others, leave the library */
#include "sim/k5sim_fault.h"
#pragma GCC visibility pop

#include <string.h>

#include "sim/past/history.h"
#include "sim/machine.h"

typedef int fault_function(struct k5sim *sim, const struct k5sim_fault *fault);

static fault_function *const functions[] = {
    [K5SIM_FAULT_REGISTER] = fault_register,   [K5SIM_FAULT_REGISTER_STUCK] = fault_register_stuck,
    [K5SIM_FAULT_MEMORY] = fault_memory,       [K5SIM_FAULT_MEMORY_STUCK] = fault_memory_stuck,
    [K5SIM_FAULT_SKIP] = fault_next,           [K5SIM_FAULT_OPCODE] = fault_next,
    [K5SIM_FAULT_REGION_DROP] = fault_region,  [K5SIM_FAULT_REGION_SHIFT] = fault_region,
    [K5SIM_FAULT_REGION_WIDEN] = fault_region, [K5SIM_FAULT_KERNEL] = fault_kernel,
    [K5SIM_FAULT_MESSAGE] = fault_message,     [K5SIM_FAULT_LINE_DROP] = fault_line,
    [K5SIM_FAULT_LINE_DOUBLE] = fault_line,    [K5SIM_FAULT_LINE_SPURIOUS] = fault_line,
    [K5SIM_FAULT_LINE_LATE] = fault_line,      [K5SIM_FAULT_PIN_STUCK] = fault_pin,
    [K5SIM_FAULT_VALUE] = fault_value,         [K5SIM_FAULT_TIMER_JITTER] = fault_jitter,
    [K5SIM_FAULT_POWER] = fault_power,         [K5SIM_FAULT_LINE_STUCK] = fault_line,
};

#define FUNCTIONS (sizeof functions / sizeof functions[0])

int fault_check(struct k5sim *sim, const char *what, uint32_t number, uint32_t count)
{
    if (number < count) {
        return K5SIM_OK;
    }
    return machine_error(sim, K5SIM_BAD_ARGUMENT, "there is no %s %u, but %u of them", what,
                         (unsigned)number, (unsigned)count);
}

int fault_begins(struct k5sim *sim, const struct k5sim_fault *f)
{
    const struct k5sim_entry what = {.input = K5SIM_INPUT_FAULT};

    return history_input(sim, &what, f, sizeof *f);
}

int k5sim_inject(struct k5sim *sim, const struct k5sim_fault *fault)
{
    if (!sim->booted) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "this machine was not booted");
    }
    if (fault->kind == 0 || fault->kind >= FUNCTIONS) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "there is no kind of fault %u, but 1 to %u",
                             (unsigned)fault->kind, (unsigned)FUNCTIONS - 1u);
    }
    if (sim->panicked && fault->kind != K5SIM_FAULT_POWER) {
        return K5SIM_NOTHING;
    }
    return functions[fault->kind](sim, fault);
}

/* ---------------------------------------------------------------- all at once */

/* Something of `before` and `now` is not the same in both: whoever derives from it is told. */
static void refresh(struct k5sim *sim, const struct faults *before)
{
    const struct faults *now = &sim->faults;

    if (memcmp(&before->words, &now->words, sizeof now->words) != 0) {
        fault_refresh_words(sim);
    }
    if (before->region_count != now->region_count ||
        memcmp(before->region, now->region, sizeof now->region) != 0) {
        fault_refresh_regions(sim);
    }
}

void faults_restore(struct k5sim *sim, const struct faults *to)
{
    if (memcmp(&sim->faults, to, sizeof *to) != 0) {
        const struct faults before = sim->faults;

        sim->faults = *to;
        refresh(sim, &before);
    }
}

bool faults_are_possible(const struct faults *faults)
{
    bool possible = faults->register_count <= FAULT_REGISTERS &&
                    faults->region_count <= FAULT_REGIONS && faults->words.count <= MEMORY_STUCK &&
                    faults->lines.late_count <= FAULT_LATE_LINES;

    for (uint32_t i = 0; possible && i < faults->lines.late_count; i++) {
        possible = faults->lines.late[i].line < HOSTPORT_LINES;
    }
    for (uint32_t i = 0; possible && i < faults->register_count; i++) {
        possible = faults->reg[i].number < CPU_REGISTERS;
    }
    return possible;
}

void faults_clear(struct k5sim *sim)
{
    static const struct faults none;

    faults_restore(sim, &none);
}

void faults_reset(struct k5sim *sim)
{
    struct fault_lines *lines = &sim->faults.lines;

    memset(&sim->faults.next, 0, sizeof sim->faults.next);
    memset(lines->lost, 0, sizeof lines->lost);
    memset(lines->pends, 0, sizeof lines->pends);
    for (uint32_t i = 0; i < lines->late_count; i++) {
        lines->late[i].until = 0;
    }
    for (uint32_t i = 0; i < CFG_TASKS && sim->faults.region_count != 0; i++) {
        faults_touch(sim, i);
    }
}

int k5sim_faults_end(struct k5sim *sim)
{
    const struct k5sim_entry what = {.input = K5SIM_INPUT_FAULTS_END};

    if (!sim->booted) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "this machine was not booted");
    }
    int result = history_input(sim, &what, NULL, 0);

    if (result == K5SIM_OK) {
        faults_clear(sim);
        fault_release_pins(sim);
        fault_release_lines(sim);
        timers_set(&sim->timers, TIMERS_KERNEL, sim->port.deadline);
    }
    return result;
}

int k5sim_regions(struct k5sim *sim, uint32_t task, struct k5sim_region *out, uint32_t most)
{
    struct mpu_entries entries;
    struct mpu mpu;

    if (!sim->booted) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "this machine was not booted");
    }
    int result = fault_check(sim, "task", task, sim->system->task_count);

    if (result != K5SIM_OK) {
        return result;
    }
    machine_list_mpu(sim, task, &entries);
    faults_decode_mpu(sim, task, &entries, &mpu);
    for (uint32_t i = 0; i < entries.count && i < most; i++) {
        const struct mpu_entry *entry = &entries.entry[i];

        out[i] = (struct k5sim_region){
            (uint32_t)entry->base,
            (uint32_t)(entry->end - entry->base),
            entry->access,
        };
    }
    return (int)entries.count;
}
