/* Snapshots: taking the machine's state, and putting it back. */
#pragma GCC visibility push(default) /* these names, and no others, leave the library */
#include "sim/k5sim_snapshot.h"
#pragma GCC visibility pop

#include <stdlib.h>
#include <string.h>

#include "sim/past/snapshot.h"

/* ---------------------------------------------------------------- the core */

static void copy_kernel(const struct k5sim *sim, struct kernel_state *to,
                        const struct kernel_state *from)
{
    for (uint32_t i = 0; i < KERNEL_PARTS; i++) {
        const struct kernel_part *part = &sim->kernel_parts.part[i];

        memcpy((uint8_t *)to + part->offset, (const uint8_t *)from + part->offset, part->bytes);
    }
}

static struct cpu *live_cpu(const struct k5sim *sim)
{
    return sim->task[sim->kernel.thread[sim->kernel.current].task].cpu;
}

static void gather(const struct k5sim *sim, struct snapshot_core *core)
{
    copy_kernel(sim, &core->kernel, &sim->kernel);
    core->timers = sim->timers;
    memcpy(core->raised, sim->raised, sizeof core->raised);
    memcpy(core->forced, sim->forced, sizeof core->forced);
    memcpy(core->unmasked, sim->port.unmasked, sizeof core->unmasked);
    memcpy(core->fired, sim->fired, sizeof core->fired);
    core->now = sim->port.now;
    core->epoch = sim->epoch;
    core->deadline = sim->port.deadline;
    core->unsettled = sim->devices.unsettled;
    core->faults = sim->faults;
    core->halted = sim->port.halted;
    core->reset_wanted = sim->reset_wanted;
    core->reset_by = sim->reset_by;
    core->panicked = sim->panicked;
    core->live = sim->live;
    if (sim->live) {
        core->registers = *cpu_registers(live_cpu(sim));
    } else {
        memset(&core->registers, 0, sizeof core->registers);
    }
    core->instructions = sim->instructions;
    core->actions = sim->actions;
    core->guest_error_count = sim->devices.guest_error_count;
}

static void scatter(struct k5sim *sim, const struct snapshot_core *core)
{
    copy_kernel(sim, &sim->kernel, &core->kernel);
    sim->timers = core->timers;
    memcpy(sim->raised, core->raised, sizeof core->raised);
    memcpy(sim->forced, core->forced, sizeof core->forced);
    memcpy(sim->port.unmasked, core->unmasked, sizeof core->unmasked);
    memcpy(sim->fired, core->fired, sizeof core->fired);
    sim->port.now = core->now;
    sim->epoch = core->epoch;
    sim->port.deadline = core->deadline;
    sim->port.lines_changed = false;
    sim->port.halted = core->halted != 0;
    sim->devices.unsettled = core->unsettled;
    faults_restore(sim, &core->faults);
    sim->reset_wanted = core->reset_wanted != 0;
    sim->reset_by = core->reset_by;
    sim->panicked = core->panicked != 0;
    sim->live = core->live != 0;
    sim->instructions = core->instructions;
    sim->actions = core->actions;
    sim->devices.guest_error_count = core->guest_error_count;
    sim->failed = false;
    sim->event_came = false;
    debug_pass_nothing(sim);
}

/* ---------------------------------------------------------------- CPUs */

static bool has_fpu(const struct k5sim *sim, uint32_t thread)
{
    return ((sim->fpu_threads >> thread) & 1u) != 0;
}

/* Selecting other threads changed what the engine holds: the running one is loaded again. */
static bool reload_live(struct k5sim *sim, const struct cpu_registers *registers)
{
    const struct thread *thread = &sim->kernel.thread[sim->kernel.current];
    struct cpu *cpu = machine_cpu(sim, thread->task);

    if (cpu == NULL || !sim->guest->select(sim, thread, cpu)) {
        return false;
    }
    cpu_set_registers(cpu, registers);
    return true;
}

static bool save_fp(struct k5sim *sim, struct k5sim_snapshot *snapshot)
{
    uint32_t count = sim->system->thread_count;

    if (sim->fpu_threads == 0) {
        return true;
    }
    if (snapshot->fp == NULL) {
        snapshot->fp = calloc(count, sizeof *snapshot->fp);
    }
    for (uint32_t i = 0; snapshot->fp != NULL && i < count; i++) {
        uint32_t task = sim->kernel.thread[i].task;
        struct cpu *cpu = sim->task[task].cpu;

        memset(&snapshot->fp[i], 0, sizeof snapshot->fp[i]);
        if (cpu != NULL && has_fpu(sim, i) && !cpu_fp_save(cpu, i, &snapshot->fp[i])) {
            return false;
        }
    }
    return snapshot->fp != NULL && (!sim->live || reload_live(sim, &snapshot->core.registers));
}

static bool load_fp(struct k5sim *sim, const struct k5sim_snapshot *snapshot)
{
    for (uint32_t i = 0; snapshot->fp != NULL && i < sim->system->thread_count; i++) {
        uint32_t task = sim->kernel.thread[i].task;
        bool known = snapshot->fp[i].known != 0;
        struct cpu *cpu = known ? machine_cpu(sim, task) : sim->task[task].cpu;

        if (has_fpu(sim, i) && (known || cpu != NULL) &&
            (cpu == NULL || !cpu_fp_load(cpu, i, &snapshot->fp[i]))) {
            return false;
        }
    }
    return true;
}

/* Before other threads are selected: that would lose the monitor. */
static bool save_monitor(struct k5sim *sim, struct k5sim_snapshot *snapshot)
{
    cpu_monitor_free(snapshot->monitor);
    snapshot->monitor = NULL;
    if (sim->live && cpu_is_exclusive(live_cpu(sim))) {
        snapshot->monitor = cpu_monitor_save(live_cpu(sim));
        return snapshot->monitor != NULL;
    }
    return true;
}

static bool load_live(struct k5sim *sim, const struct k5sim_snapshot *snapshot)
{
    if (!sim->live) {
        return true;
    }
    if (!reload_live(sim, &snapshot->core.registers)) {
        return false;
    }
    if (snapshot->monitor != NULL) {
        cpu_monitor_load(live_cpu(sim), snapshot->monitor);
    }
    return true;
}

/* ---------------------------------------------------------------- pieces */

static bool make_room(struct k5sim_snapshot *snapshot, uint32_t count)
{
    if (snapshot->room >= count) {
        return true;
    }
    struct content **content = realloc(snapshot->content, count * sizeof(struct content *));

    if (content == NULL) {
        return false;
    }
    memset(content + snapshot->room, 0, (count - snapshot->room) * sizeof(struct content *));
    snapshot->content = content;
    snapshot->room = count;
    return true;
}

static void keep_piece(struct k5sim_snapshot *snapshot, const struct store *store, uint32_t i)
{
    struct content *content = store->now[i];

    if (snapshot->content[i] != content) {
        content_drop(snapshot->content[i]);
        snapshot->content[i] = content == NULL ? NULL : content_use(content);
    }
}

/* An old snapshot that the machine is still like, but for what is marked, gets just that. */
static bool keep_pieces(struct k5sim *sim, struct k5sim_snapshot *snapshot)
{
    struct store *store = sim->store;
    uint64_t changed[STORE_WORDS];
    uint32_t words = (store->count + 63u) / 64u;
    bool rest = store->same == snapshot && snapshot->count == store->count;

    memcpy(changed, store->changed, words * sizeof changed[0]);
    if (!make_room(snapshot, store->count) || !store_catch_up(sim)) {
        return false;
    }
    if (!rest) {
        memset(changed, 0xff, words * sizeof changed[0]);
    }
    for (uint32_t word = 0; word < words; word++) {
        for (; changed[word] != 0; changed[word] &= changed[word] - 1u) {
            uint32_t i = 64u * word + (uint32_t)__builtin_ctzll(changed[word]);

            if (i < store->count) {
                keep_piece(snapshot, store, i);
            }
        }
    }
    snapshot->count = store->count;
    store->same = snapshot;
    return true;
}

static void put_pieces(struct k5sim *sim, const struct k5sim_snapshot *snapshot)
{
    struct store *store = sim->store;
    bool rest = store->same == snapshot;
    uint32_t words = (store->count + 63u) / 64u;

    for (uint32_t word = 0; word < words; word++) {
        for (uint64_t left = rest ? store->changed[word] : UINT64_MAX; left != 0;
             left &= left - 1u) {
            uint32_t bit = (uint32_t)__builtin_ctzll(left);
            uint32_t i = 64u * word + bit;

            if (i >= store->count || store->piece[i].kind == PIECE_NONE) {
                continue;
            }
            struct content *content =
                i < snapshot->count ? snapshot->content[i] : store->piece[i].origin;

            if (((store->changed[word] >> bit) & 1u) != 0 || store->now[i] != content) {
                store_put(sim, i, content);
            }
        }
    }
    memset(store->changed, 0, words * sizeof store->changed[0]);
    store->same = snapshot;
}

/* ---------------------------------------------------------------- the functions */

void k5sim_snapshot_free(struct k5sim_snapshot *snapshot)
{
    if (snapshot == NULL) {
        return;
    }
    if (snapshot->sim->store != NULL && snapshot->sim->store->same == snapshot) {
        snapshot->sim->store->same = NULL;
    }
    for (uint32_t i = 0; i < snapshot->room; i++) {
        content_drop(snapshot->content[i]);
    }
    cpu_monitor_free(snapshot->monitor);
    free(snapshot->fp);
    free(snapshot->content);
    free(snapshot);
}

struct k5sim_snapshot *k5sim_snapshot_take(struct k5sim *sim, struct k5sim_snapshot *old)
{
    struct k5sim_snapshot *snapshot = old;

    if (!sim->booted || store_open(sim) == NULL) {
        machine_error(sim, K5SIM_NO_MEMORY, "no snapshot: %s",
                      sim->booted ? "out of memory" : "this machine was not booted");
        return NULL;
    }
    if (snapshot == NULL) {
        snapshot = calloc(1, sizeof *snapshot);
        if (snapshot == NULL) {
            return NULL;
        }
        snapshot->sim = sim;
    }
    hostport_enter(&sim->port, &sim->kernel, sim->system);
    store_settle(sim);
    gather(sim, &snapshot->core);
    if (!save_monitor(sim, snapshot) || !save_fp(sim, snapshot) || !keep_pieces(sim, snapshot)) {
        machine_error(sim, K5SIM_NO_MEMORY, "no snapshot: out of memory");
        k5sim_snapshot_free(old == NULL ? snapshot : NULL);
        return NULL;
    }
    return snapshot;
}

int k5sim_snapshot_restore(struct k5sim *sim, const struct k5sim_snapshot *snapshot)
{
    if (snapshot->sim != sim) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "this snapshot is another machine's");
    }
    hostport_enter(&sim->port, &sim->kernel, sim->system);
    if (sim->live) {
        cpu_exception(live_cpu(sim)); /* a monitor that is held now is not any more */
    }
    store_settle(sim);
    put_pieces(sim, snapshot);
    scatter(sim, &snapshot->core);
    ring_clear(&sim->ring);
    if (!load_fp(sim, snapshot) || !load_live(sim, snapshot)) {
        sim->failed = true;
        return K5SIM_ENGINE;
    }
    return history_restored(sim, snapshot);
}

void k5sim_snapshot_position(const struct k5sim_snapshot *snapshot, struct k5sim_position *out)
{
    const struct snapshot_core *core = &snapshot->core;

    *out = (struct k5sim_position){core->epoch + core->now, core->instructions, core->actions};
}

/* ---------------------------------------------------------------- looking inside */

int k5sim_snapshot_read(struct k5sim *sim, const struct k5sim_snapshot *snapshot, uint32_t address,
                        void *out, uint32_t bytes)
{
    int result = k5sim_read(sim, address, out, bytes); /* what no piece knows has not changed */

    for (uint32_t i = STORE_MEMORIES; result == K5SIM_OK && i < sim->store->count; i++) {
        const struct piece *piece = &sim->store->piece[i];
        bool memory = piece->kind == PIECE_RAM || piece->kind == PIECE_FLASH;
        uint32_t low = piece->address > address ? piece->address : address;
        uint64_t piece_end = (uint64_t)piece->address + piece->bytes;
        uint64_t end = (uint64_t)address + bytes;

        end = end < piece_end ? end : piece_end;
        if (memory && low < end) {
            const struct content *content =
                i < snapshot->count ? snapshot->content[i] : piece->origin;

            memcpy((uint8_t *)out + (low - address), content->data + (low - piece->address),
                   (size_t)(end - low));
        }
    }
    return result;
}

const void *k5sim_snapshot_kernel(const struct k5sim_snapshot *snapshot, size_t *bytes)
{
    *bytes = sizeof snapshot->core.kernel;
    return &snapshot->core.kernel;
}
