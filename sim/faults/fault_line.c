/* Faults of interrupt lines, between the devices and the controller.
 *
 * The controller takes levels; beside them it has a pending bit a line, as an NVIC has, for
 * interrupts that come although the line is down. An interrupt that is held back or lost is so
 * although the line is up.
 */
#include <string.h>

#include "sim/machine.h"

static bool has(const uint32_t *words, uint32_t line)
{
    return ((words[line / 32u] >> line % 32u) & 1u) != 0;
}

static void set(uint32_t *words, uint32_t line, bool to)
{
    uint32_t bit = UINT32_C(1) << line % 32u;

    words[line / 32u] = to ? words[line / 32u] | bit : words[line / 32u] & ~bit;
}

static struct fault_late *late_of(struct fault_lines *lines, uint32_t line)
{
    for (uint32_t i = 0; i < lines->late_count; i++) {
        if (lines->late[i].line == line) {
            return &lines->late[i];
        }
    }
    return NULL;
}

/* ---------------------------------------------------------------- what lines.c asks */

bool faults_line_level(const struct k5sim *sim, uint32_t line, bool raised)
{
    const struct fault_lines *lines = &sim->faults.lines;

    return has(lines->stuck, line) ? has(lines->level, line) : raised;
}

void faults_line_is_down(struct k5sim *sim, uint32_t line)
{
    set(sim->faults.lines.lost, line, false);
}

uint32_t faults_line_requests(const struct k5sim *sim, uint32_t word)
{
    const struct fault_lines *lines = &sim->faults.lines;
    uint32_t requests = (sim->raised[word] & ~lines->lost[word]) | lines->pends[word];

    for (uint32_t i = 0; i < lines->late_count; i++) {
        const struct fault_late *late = &lines->late[i];

        if (late->until != 0 && late->line / 32u == word) {
            requests &= ~(UINT32_C(1) << late->line % 32u);
        }
    }
    return requests;
}

uint64_t faults_next_line(const struct k5sim *sim)
{
    const struct fault_lines *lines = &sim->faults.lines;
    uint64_t next = TIMERS_NEVER;

    for (uint32_t i = 0; i < lines->late_count; i++) {
        uint64_t until = lines->late[i].until;

        next = until != 0 && until < next ? until : next;
    }
    return next == TIMERS_NEVER ? next : next - sim->epoch;
}

/* Those whose time has come pend, be their lines still up or not. */
static void release_late(struct k5sim *sim)
{
    struct fault_lines *lines = &sim->faults.lines;

    for (uint32_t i = 0; i < lines->late_count;) {
        if (lines->late[i].until != 0 && lines->late[i].until <= machine_now(sim)) {
            set(lines->pends, lines->late[i].line, true);
            lines->late[i] = lines->late[--lines->late_count];
            memset(&lines->late[lines->late_count], 0, sizeof lines->late[0]);
        } else {
            i++;
        }
    }
}

bool faults_admit_line(struct k5sim *sim)
{
    struct fault_lines *lines = &sim->faults.lines;

    release_late(sim);
    uint32_t line = devices_pending_line(sim);

    if (line == K5SIM_NO_LINE) {
        return false;
    }
    struct fault_late *late = late_of(lines, line);

    if (has(lines->drop, line)) {
        set(lines->drop, line, false);
        set(lines->pends, line, false);
        set(lines->lost, line, has(sim->raised, line));
        return false;
    }
    if (late != NULL) {
        set(lines->pends, line, false);
        late->until = machine_now(sim) + late->by;
        return false;
    }
    return true;
}

void faults_line_fired(struct k5sim *sim, uint32_t line)
{
    struct fault_lines *lines = &sim->faults.lines;

    set(lines->pends, line, has(lines->twice, line));
    set(lines->twice, line, false);
}

/* ---------------------------------------------------------------- from the outside */

static int set_once(struct k5sim *sim, const struct k5sim_fault *f, uint32_t *words)
{
    if (has(words, f->where)) {
        return K5SIM_NOTHING;
    }
    int result = fault_begins(sim, f);

    if (result == K5SIM_OK) {
        set(words, f->where, true);
    }
    return result;
}

static int be_late(struct k5sim *sim, const struct k5sim_fault *f)
{
    struct fault_lines *lines = &sim->faults.lines;

    if (f->value < 1) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT,
                             "%d ticks: an interrupt is late by at least 1", (int)f->value);
    }
    if (late_of(lines, f->where) != NULL) {
        return K5SIM_NOTHING;
    }
    if (lines->late_count == FAULT_LATE_LINES) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "%u lines that are late are the most",
                             FAULT_LATE_LINES);
    }
    int result = fault_begins(sim, f);

    if (result == K5SIM_OK) {
        lines->late[lines->late_count++] = (struct fault_late){0, f->where, (uint32_t)f->value};
    }
    return result;
}

static int stick(struct k5sim *sim, const struct k5sim_fault *f)
{
    struct fault_lines *lines = &sim->faults.lines;

    if (f->value != 0 && f->value != 1) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "%d is no level: 0 and 1 are", (int)f->value);
    }
    if (has(lines->stuck, f->where) && has(lines->level, f->where) == (f->value != 0)) {
        return K5SIM_NOTHING;
    }
    int result = fault_begins(sim, f);

    if (result == K5SIM_OK) {
        set(lines->stuck, f->where, true);
        set(lines->level, f->where, f->value != 0);
    }
    return result;
}

static int line_fault(struct k5sim *sim, const struct k5sim_fault *f)
{
    struct fault_lines *lines = &sim->faults.lines;

    switch ((int)f->kind) {
    case K5SIM_FAULT_LINE_DROP:
        return set_once(sim, f, lines->drop);
    case K5SIM_FAULT_LINE_DOUBLE:
        return set_once(sim, f, lines->twice);
    case K5SIM_FAULT_LINE_SPURIOUS:
        return set_once(sim, f, lines->pends);
    case K5SIM_FAULT_LINE_LATE:
        return be_late(sim, f);
    default:
        return stick(sim, f);
    }
}

int fault_line(struct k5sim *sim, const struct k5sim_fault *f)
{
    int result = fault_check(sim, "interrupt line", f->where, HOSTPORT_LINES);

    if (result == K5SIM_OK) {
        result = line_fault(sim, f);
    }
    if (result == K5SIM_OK) {
        sim->faults.lines.any = 1;
        lines_set(sim, f->where);
    }
    return result;
}

void fault_release_lines(struct k5sim *sim)
{
    for (uint32_t line = 0; line < HOSTPORT_LINES; line++) {
        lines_set(sim, line);
    }
}
