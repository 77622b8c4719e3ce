/* Code that is another for one instruction: executed from a copy of its page.
 *
 * To have Unicorn translate anew what stands there, and again what stood there before, would
 * take twice as long: so the translations of the page as it was stay, and the page is fetched
 * from elsewhere meanwhile.
 */
#include "sim/cpu/cpu_internal.h"

#include <string.h>

/*
 * One instruction is executed of what Unicorn translates as a block: the block ends right behind
 * it, unless those behind it go on with it as one, in an IT block.
 */
static void end_block(struct cpu *cpu, uint32_t address)
{
    uint32_t offset = address - cpu->shadow_page;
    uint16_t half;

    memcpy(&half, cpu->shadow + offset, sizeof half);
    offset += cpu->arch->bytes(half);
    if (offset < cpu->arch->page && !cpu->arch->goes_on(cpu, half)) {
        memcpy(cpu->shadow + offset, &cpu->arch->block_end, sizeof cpu->arch->block_end);
    }
}

bool cpu_shadow_code(struct cpu *cpu, uint32_t address, uint32_t bytes)
{
    uint32_t page = address & ~(cpu->arch->page - 1u);
    const uint8_t *host = memory_host(cpu->memory, page, cpu->arch->page);

    if (host == NULL || address + (bytes - 1u) - page >= cpu->arch->page) {
        return false;
    }
    memcpy(cpu->shadow, host, cpu->arch->page);
    cpu->shadow_page = page;
    cpu->shadowed = true;
    end_block(cpu, address);
    engine_flush_tlb(cpu);
    engine_forget_code(cpu, page, cpu->arch->page);
    code_refresh(cpu, address, bytes);
    return true;
}

void cpu_unshadow_code(struct cpu *cpu, uint32_t address, uint32_t bytes)
{
    cpu->shadowed = false;
    engine_flush_tlb(cpu);
    memset(cpu->decoded, 0, sizeof cpu->decoded);
    code_refresh(cpu, address, bytes);
}
