/* Code that is another for one instruction: executed from a copy of its page.
 *
 * To have Unicorn translate anew what stands there, and again what stood there before, would
 * take twice as long: so the translations of the page as it was stay, and the page is fetched
 * from elsewhere meanwhile.
 */
#include "sim/cpu_internal.h"

#include <string.h>

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
