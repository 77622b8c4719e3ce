/* Interrupt lines: levels, raised while any of their devices or the outside raises them. */
#include "sim/machine.h"

/* Fires without the line going down in between: far more than a driver that is at work causes. */
#define STORM_FIRES 1000u

static uint32_t requests_of(const struct k5sim *sim, uint32_t word)
{
    return sim->faults.lines.any ? faults_line_requests(sim, word) : sim->raised[word];
}

uint32_t devices_pending_line(const struct k5sim *sim)
{
    for (uint32_t i = 0; i < HOSTPORT_LINES / 32u; i++) {
        uint32_t pending = requests_of(sim, i) & sim->port.unmasked[i];

        if (pending != 0) {
            return 32u * i + (uint32_t)__builtin_ctz(pending);
        }
    }
    return K5SIM_NO_LINE;
}

void devices_update_lines(struct k5sim *sim)
{
    bool pending = devices_pending_line(sim) != K5SIM_NO_LINE;

    sim->port.lines_changed = false;
    timers_set(&sim->timers, TIMERS_INTERRUPT, pending ? 0 : faults_next_line(sim));
}

static bool raised_by(const struct sim_device *row, uint32_t line)
{
    for (uint32_t rest = row->raised; rest != 0; rest &= rest - 1u) {
        if (row->line[__builtin_ctz(rest)] == line) {
            return true;
        }
    }
    return false;
}

void lines_set(struct k5sim *sim, uint32_t line)
{
    uint32_t bit = UINT32_C(1) << (line % 32u);
    uint32_t *word = &sim->raised[line / 32u];
    bool raised = (sim->forced[line / 32u] & bit) != 0;

    for (uint32_t i = 0; !raised && i < sim->devices.count; i++) {
        raised = raised_by(&sim->devices.row[i], line);
    }
    raised = sim->faults.lines.any ? faults_line_level(sim, line, raised) : raised;
    if (!raised) {
        sim->fired[line] = 0;
        faults_line_is_down(sim, line);
    }
    *word = raised ? *word | bit : *word & ~bit;
    devices_update_lines(sim);
}

void lines_show(struct k5sim *sim, uint32_t index, uint32_t raised)
{
    struct sim_device *row = &sim->devices.row[index];
    uint32_t changed = row->raised ^ raised;

    row->raised = raised;
    for (; changed != 0; changed &= changed - 1u) {
        uint32_t k = (uint32_t)__builtin_ctz(changed);

        if (row->line[k] != K5SIM_NO_LINE) {
            devices_record(sim, K5SIM_EVENT_LINE, index,
                           (const uint32_t[5]){row->line[k], (raised >> k) & 1u});
            lines_set(sim, row->line[k]);
        }
    }
}

void lines_force(struct k5sim *sim, uint32_t line, bool raised)
{
    uint32_t bit = UINT32_C(1) << (line % 32u);
    uint32_t *word = &sim->forced[line / 32u];

    *word = raised ? *word | bit : *word & ~bit;
    lines_set(sim, line);
}

void lines_fired(struct k5sim *sim, uint32_t line)
{
    if (sim->faults.lines.any) {
        faults_line_fired(sim, line);
    }
    sim->fired[line]++;
    if (sim->fired[line] == STORM_FIRES) {
        const struct k5sim_event event = {
            .time = machine_now(sim),
            .kind = K5SIM_EVENT_STORM,
            .thread = sim->kernel.current,
            .code = (uint16_t)line,
            .arg = {STORM_FIRES},
        };

        machine_record(sim, &event);
    }
}
