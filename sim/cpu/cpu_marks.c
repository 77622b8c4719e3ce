/* A debugger's marks on a guest CPU: where it stops, and which accesses it tells of.
 *
 * An instruction with a mark is one that needs a look before it runs; bytes that are watched lie in
 * pages of which each access comes to a callback. So what has no mark is as fast as without any.
 */
#include "kernel/system.h"
#include "sim/cpu/cpu_internal.h"

static bool concerns(const struct cpu *cpu, uint32_t task)
{
    return task == CPU_ANY_TASK || task == cpu->task;
}

void cpu_set_marks(struct cpu *cpu, const struct cpu_marks *marks, uint32_t task)
{
    cpu->marks = marks;
    cpu->task = task;
    cpu->flush_tlb = true;
    code_rescan(cpu);
}

void cpu_pass_break(struct cpu *cpu)
{
    cpu->pass_break = true;
}

void marks_put(struct cpu *cpu, uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < cpu->marks->break_count; i++) {
        const struct cpu_break *mark = &cpu->marks->at[i];

        if (concerns(cpu, mark->task) && mark->address >= from && mark->address < to) {
            cpu->screen[(mark->address - cpu->code_base) / 2] |= SCREEN_BREAK;
        }
    }
}

bool marks_break_at(const struct cpu *cpu, uint32_t pc)
{
    uint32_t offset = pc - cpu->code_base;

    if (offset < cpu->code_bytes) {
        return (cpu->screen[offset / 2] & SCREEN_BREAK) != 0;
    }
    for (uint32_t i = 0; i < cpu->marks->break_count; i++) {
        if (cpu->marks->at[i].address == pc && concerns(cpu, cpu->marks->at[i].task)) {
            return true;
        }
    }
    return false;
}

bool marks_watch_page(const struct cpu *cpu, uint32_t page)
{
    uint32_t last = page + (cpu->arch->page - 1u);

    for (uint32_t i = 0; cpu->marks != NULL && i < cpu->marks->watch_count; i++) {
        const struct cpu_watch *watch = &cpu->marks->watch[i];

        if (concerns(cpu, watch->task) && watch->first <= last && watch->last >= page) {
            return true;
        }
    }
    return false;
}

void marks_accessed(struct cpu *cpu, const struct cpu_access *access)
{
    uint32_t last = access->address + (access->bytes - 1u);

    for (uint32_t i = 0; i < cpu->marks->watch_count; i++) {
        const struct cpu_watch *watch = &cpu->marks->watch[i];

        if (concerns(cpu, watch->task) && (watch->kinds & access->kind) != 0 &&
            watch->first <= last && watch->last >= access->address &&
            cpu->arch->accesses(cpu, access->kind)) {
            cpu->marks->accessed(cpu->marks->user, cpu, access);
            return;
        }
    }
}
