/* The executable region as a table: which halfwords need a look before they run. */
#include "sim/cpu/cpu_internal.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/system.h"

void code_fetch(const struct cpu *cpu, uint32_t pc, uint16_t half[2])
{
    half[0] = 0;
    half[1] = 0;
    for (uint32_t i = 0; i < 2; i++) {
        const uint8_t *host = memory_host(cpu->memory, pc + 2u * i, 2);

        if (host != NULL) {
            memcpy(&half[i], host, sizeof half[i]);
        }
    }
}

static uint8_t classify(const struct cpu *cpu, uint32_t pc)
{
    uint16_t half[2];

    code_fetch(cpu, pc, half);
    return cpu->arch->screen(cpu, half[0], half[1]);
}

uint8_t code_screen_at(const struct cpu *cpu, uint32_t pc)
{
    uint32_t offset = pc - cpu->code_base;
    uint8_t kind = SCREEN_EDGE;

    if (offset < cpu->code_bytes) {
        kind = cpu->screen[offset / 2] & (uint8_t)~SCREEN_BREAK;
    }
    return kind == SCREEN_EDGE ? classify(cpu, pc) : kind;
}

/* [from, to) lies in the table's region, which lies in one memory range. */
static void scan(struct cpu *cpu, uint32_t from, uint32_t to)
{
    uint32_t end = cpu->code_base + cpu->code_bytes;
    const uint8_t *host = memory_host(cpu->memory, from, to - from);

    for (uint32_t pc = from; host != NULL && pc != to; pc += 2, host += 2) {
        uint16_t half[2] = {0, 0};
        uint8_t kind;

        memcpy(half, host, pc + 2u == end ? 2 : 4);
        kind = cpu->arch->screen(cpu, half[0], half[1]);
        if (pc + 2u == end && cpu->arch->bytes(half[0]) == 4) {
            kind = SCREEN_EDGE;
        }
        cpu->screen[(pc - cpu->code_base) / 2] = kind;
    }
    if (cpu->marks != NULL) {
        marks_put(cpu, from, to);
    }
}

void code_rescan(struct cpu *cpu)
{
    if (cpu->code_bytes != 0) {
        scan(cpu, cpu->code_base, cpu->code_base + cpu->code_bytes);
    }
}

static bool is_alone(const struct mpu *mpu, const struct mpu_region *region)
{
    for (uint32_t i = 0; i < mpu->count; i++) {
        const struct mpu_region *other = &mpu->region[i];

        if (other != region && other->first <= region->last && region->first <= other->last) {
            return false;
        }
    }
    return true;
}

/* The largest executable region that is memory gets the table; code elsewhere is merely slower. */
static const struct mpu_region *code_region(const struct cpu *cpu)
{
    const struct mpu_region *best = NULL;

    for (uint32_t i = 0; i < cpu->mpu.count; i++) {
        const struct mpu_region *region = &cpu->mpu.region[i];
        uint32_t bytes = region->last - region->first + 1u;

        if ((region->access & SYS_EXECUTE) != 0 && is_alone(&cpu->mpu, region) &&
            memory_host(cpu->memory, region->first, bytes) != NULL &&
            (best == NULL || bytes > best->last - best->first + 1u)) {
            best = region;
        }
    }
    return best;
}

void code_scan(struct cpu *cpu)
{
    const struct mpu_region *region = code_region(cpu);
    uint32_t base = region == NULL ? 0 : region->first;
    uint32_t bytes = region == NULL ? 0 : region->last - region->first + 1u;

    if (base == cpu->code_base && bytes == cpu->code_bytes) {
        return; /* what is written to code comes to code_refresh() */
    }
    cpu->code_base = base;
    cpu->code_bytes = 0;
    if (bytes / 2 > cpu->screen_bytes) {
        free(cpu->screen);
        cpu->screen = malloc(bytes / 2);
        cpu->screen_bytes = cpu->screen == NULL ? 0 : bytes / 2;
    }
    if (bytes != 0 && cpu->screen != NULL) { /* without the table everything gets a look */
        cpu->code_bytes = bytes;
        scan(cpu, base, base + bytes);
    }
}

void code_refresh(struct cpu *cpu, uint32_t address, uint32_t bytes)
{
    uint32_t end = cpu->code_base + cpu->code_bytes;
    uint32_t from = address & ~UINT32_C(1);
    uint32_t to = (address + bytes + 1u) & ~UINT32_C(1);

    from = from < 2u ? from : from - 2u; /* the first half of an instruction may lie before */
    if (from < cpu->code_base) {
        from = cpu->code_base;
    }
    if (to > end) {
        to = end;
    }
    if (from < to) {
        scan(cpu, from, to);
    }
}
