/* libk5sim, exploration: entries into the kernel that another timing could have brought here. */
#pragma GCC visibility push(default) /* these names, and no others, leave the library */
#include "sim/k5sim_explore.h"
#pragma GCC visibility pop

#include "kernel/entry.h"
#include "kernel/port.h"
#include "kernel/thread.h"
#include "sim/past/history.h"
#include "sim/machine.h"

/* ---------------------------------------------------------------- what is allowed here */

static const struct thread *running(const struct k5sim *sim)
{
    return &sim->kernel.thread[sim->kernel.current];
}

/* A thread is about to execute its next instruction, and the kernel has left no work. */
static bool at_instruction(const struct k5sim *sim)
{
    return sim->booted && !sim->panicked && !sim->reset_wanted &&
           sim->kernel.current != NO_THREAD && sim->kernel.unfinished == 0;
}

/* Its slice may end if somebody runs then; its budget anyway, since then it cools down. A server
 * that uses up its overrun faults: no timing that a correct system may meet. */
static bool may_preempt(const struct k5sim *sim)
{
    const struct thread *thread = running(sim);
    const struct thread *payer = &sim->kernel.thread[thread->payer];
    bool equals = ((sim->kernel.ready >> thread->effective) & 1u) != 0;

    return !payer->cooling && (payer->cooldown != 0 || equals);
}

/* Where the tick is that thread `id` waits for; NULL: it waits for none. */
static uint64_t *timer_of(struct k5sim *sim, uint32_t id)
{
    struct thread *thread = &sim->kernel.thread[id];
    bool waits = thread_is_sending(thread) ||
                 (thread->state >= K5_THREAD_RECEIVING && thread->state <= K5_THREAD_CONNECTING);

    if (thread->state == K5_THREAD_SLEEPING || (waits && thread->timed)) {
        return &thread->wake_at;
    }
    return thread->cooling ? &thread->replenish_at : NULL;
}

static bool is_unmasked(const struct k5sim *sim, uint32_t line)
{
    return line < HOSTPORT_LINES && ((sim->port.unmasked[line / 32u] >> line % 32u) & 1u) != 0;
}

/* Why it cannot be; NULL: it can. */
static const char *refusal(struct k5sim *sim, const struct k5sim_force *force)
{
    if (!at_instruction(sim)) {
        return "no thread is about to run";
    }
    switch (force->kind) {
    case K5SIM_FORCE_PREEMPT:
        if (force->where != sim->kernel.current) {
            return "another thread runs";
        }
        return may_preempt(sim) ? NULL : "its slice ends for nobody: no equal of it is ready";
    case K5SIM_FORCE_TIMER:
    case K5SIM_FORCE_LATE:
        if (force->where >= sim->system->thread_count) {
            return "there is no such thread";
        }
        if (force->kind == K5SIM_FORCE_LATE && force->ticks == 0) {
            return "it would be late by nothing";
        }
        return timer_of(sim, force->where) != NULL ? NULL : "it waits for no time";
    case K5SIM_FORCE_LINE:
        return is_unmasked(sim, force->where) ? NULL : "nobody has unmasked it";
    default:
        return "there is no such kind";
    }
}

/* ---------------------------------------------------------------- the entries */

static void enter_timer(struct k5sim *sim)
{
    sim->port.deadline = PORT_NEVER;
    kernel_timer();
}

/*
 * The kernel finds the budget spent to the tick. What is left of a slice stays as it was: so runs
 * that differ only in where it ended can meet again.
 */
static void end_turn(struct k5sim *sim, uint32_t where)
{
    struct thread *payer = &sim->kernel.thread[sim->kernel.thread[where].payer];
    int32_t elapsed = (int32_t)(sim->port.now - sim->kernel.charged_at);
    int32_t left = payer->budget_left - elapsed;

    payer->budget_left = elapsed;
    enter_timer(sim);
    if (payer->cooldown == 0) {
        payer->budget_left = left;
    }
}

static void end_wait(struct k5sim *sim, uint32_t where)
{
    *timer_of(sim, where) = sim->port.now;
    sim->kernel.next_timer = sim->port.now;
    enter_timer(sim);
}

static void fire_line(struct k5sim *sim, uint32_t where)
{
    (void)sim;
    kernel_interrupt(where);
}

int k5sim_force(struct k5sim *sim, const struct k5sim_force *force)
{
    static void (*const entry[])(struct k5sim * sim, uint32_t where) = {
        [K5SIM_FORCE_PREEMPT] = end_turn,
        [K5SIM_FORCE_TIMER] = end_wait,
        [K5SIM_FORCE_LINE] = fire_line,
    };
    const char *why = refusal(sim, force);

    if (why != NULL) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "%s", why);
    }
    const struct k5sim_entry what = {
        .input = K5SIM_INPUT_FORCE,
        .target = force->where,
        .extra = force->ticks,
        .value = (int32_t)force->kind,
    };
    int result = history_input(sim, &what, NULL, 0);

    if (result == K5SIM_OK && force->kind == K5SIM_FORCE_LATE) {
        *timer_of(sim, force->where) +=
            force->ticks; /* the kernel looks too early, which is harmless */
    } else if (result == K5SIM_OK) {
        machine_enter(sim, entry[force->kind], force->where);
    }
    return result;
}

/* ---------------------------------------------------------------- what there is to choose from */

struct found {
    struct k5sim_force *out;
    uint32_t most;
    uint32_t count;
};

static void add(struct found *found, uint32_t kind, uint32_t where, uint32_t ticks)
{
    if (found->count < found->most) {
        found->out[found->count++] = (struct k5sim_force){kind, where, ticks};
    }
}

static void find_timers(struct k5sim *sim, uint64_t early, struct found *found)
{
    uint32_t urgency = running(sim)->effective;
    uint64_t now = sim->port.now;
    uint64_t next = sim->kernel.next_timer;
    bool first = sim->kernel.charged_at == now;

    if (!first && next > now && next - now > early) {
        return; /* the usual case, at nearly each instruction */
    }
    for (uint32_t id = 0; id < sim->system->thread_count; id++) {
        const uint64_t *at = timer_of(sim, id);
        bool urgent = sim->kernel.thread[id].effective > urgency;

        if (at == NULL || *at <= now || *at - now > early) {
            continue;
        }
        if (first || urgent) {
            add(found, K5SIM_FORCE_TIMER, id, 0);
        }
        if (urgent && *at - now <= sim->ticks_per_insn && early <= UINT32_MAX) {
            add(found, K5SIM_FORCE_LATE, id, (uint32_t)early);
        }
    }
}

uint32_t k5sim_forces(struct k5sim *sim, const struct k5sim_forces *wanted, struct k5sim_force *out,
                      uint32_t most)
{
    struct found found = {.out = out, .most = most};

    if (!at_instruction(sim)) {
        return 0;
    }
    if (wanted->preempt && may_preempt(sim)) {
        add(&found, K5SIM_FORCE_PREEMPT, sim->kernel.current, 0);
    }
    if (wanted->early != 0) {
        find_timers(sim, wanted->early, &found);
    }
    for (uint32_t i = 0; i < wanted->line_count && i < K5SIM_FORCE_LINES; i++) {
        if (is_unmasked(sim, wanted->line[i])) {
            add(&found, K5SIM_FORCE_LINE, wanted->line[i], 0);
        }
    }
    return found.count;
}

int32_t k5sim_running(const struct k5sim *sim)
{
    return at_instruction(sim) ? sim->kernel.current : -1;
}

enum k5sim_stop k5sim_walk(struct k5sim *sim, const struct k5sim_forces *wanted, uint64_t until,
                           uint64_t stop_kinds)
{
    struct k5sim_force any;
    enum k5sim_stop stop;

    do {
        stop = k5sim_step(sim, 1, until, stop_kinds);
    } while (stop == K5SIM_STOP_POSITION && k5sim_forces(sim, wanted, &any, 1) == 0);
    return stop;
}
