/* Devices on a guest CPU's bus: their pages as MMIO, each access checked.
 *
 * Pages may hold several devices, so Unicorn gets pages, at physical addresses of
 * their own, and the callback finds the device. What comes there is aligned: the
 * parts of a misaligned access are, too, so the instruction itself is asked.
 */
#include "kernel/system.h"
#include "sim/cpu_internal.h"

static uint64_t bus_read(uc_engine *uc, uint64_t offset, unsigned bytes, void *user);
static void bus_write(uc_engine *uc, uint64_t offset, unsigned bytes, uint64_t value, void *user);

const struct cpu_device_page *bus_page_of(const struct cpu *cpu, uint32_t address)
{
    for (uint32_t i = 0; i < cpu->device_page_count; i++) {
        if (address - cpu->device_page[i].base < cpu->arch->page) {
            return &cpu->device_page[i];
        }
    }
    return NULL;
}

static bool map_page(struct cpu *cpu, uint32_t base)
{
    uint32_t i = cpu->device_page_count;

    if (bus_page_of(cpu, base) != NULL) {
        return true; /* of a device before it, too */
    }
    if (i == CPU_DEVICE_PAGES) {
        return false;
    }
    cpu->device_page[i] =
        (struct cpu_device_page){cpu, base, CPU_DEVICE_BASE + i * cpu->arch->page};
    cpu->device_page_count++;
    return uc_mmio_map(cpu->uc, cpu->device_page[i].paddr, cpu->arch->page, bus_read,
                       &cpu->device_page[i], bus_write, &cpu->device_page[i]) == UC_ERR_OK;
}

bool bus_map(struct cpu *cpu)
{
    bool mapped = true;

    for (uint32_t i = 0; i < cpu->bus->count; i++) {
        uint32_t first = cpu->bus->device[i].base & ~(cpu->arch->page - 1u);
        uint32_t last = cpu->bus->device[i].base + (cpu->bus->device[i].bytes - 1u);

        for (uint64_t page = first; mapped && page <= last; page += cpu->arch->page) {
            mapped = map_page(cpu, (uint32_t)page);
        }
    }
    return mapped;
}

/* Which device has this address, or the count of them. */
static uint32_t device_at(const struct cpu *cpu, uint32_t address)
{
    uint32_t i = 0;

    while (i < cpu->bus->count && address - cpu->bus->device[i].base >= cpu->bus->device[i].bytes) {
        i++;
    }
    return i;
}

bool bus_answers(const struct cpu *cpu, uint32_t address)
{
    return memory_range_of(cpu->memory, address) != NULL ||
           device_at(cpu, address) < cpu->bus->count;
}

/* The device that takes this access; its count if it is refused, and the run ends. */
static uint32_t admit(struct cpu *cpu, uint32_t address, uint32_t bytes, uint32_t want)
{
    uint32_t device = device_at(cpu, address);

    if (!mpu_allows(&cpu->mpu, address, bytes, want)) {
        hook_undo_bytes(cpu);
        hook_refuse(cpu, cpu->last_pc, ENDING_ACCESS);
        return cpu->bus->count;
    }
    if (cpu->arch->misaligned_device(cpu)) {
        hook_undo_bytes(cpu);
        hook_refuse(cpu, cpu->last_pc, ENDING_DEVICE);
        return cpu->bus->count;
    }
    if (device == cpu->bus->count) { /* its page, but none of its registers */
        cpu->arch->bus_error(cpu, address);
        hook_refuse(cpu, cpu->last_pc, ENDING_DEVICE);
    }
    return device;
}

static uint64_t bus_read(uc_engine *uc, uint64_t offset, unsigned bytes, void *user)
{
    const struct cpu_device_page *page = user;
    struct cpu *cpu = page->cpu;
    uint32_t address = page->base + (uint32_t)offset;
    uint32_t value = 0;

    (void)uc;
    if (cpu->ending != ENDING_NONE) {
        return 0;
    }
    uint32_t device = admit(cpu, address, bytes, SYS_READ);

    if (device < cpu->bus->count &&
        !cpu->bus->read(cpu->bus->user, device, address - cpu->bus->device[device].base, bytes,
                        &value)) {
        cpu->arch->bus_error(cpu, address);
        hook_refuse(cpu, cpu->last_pc, ENDING_DEVICE);
    }
    return value;
}

static void bus_write(uc_engine *uc, uint64_t offset, unsigned bytes, uint64_t value, void *user)
{
    const struct cpu_device_page *page = user;
    struct cpu *cpu = page->cpu;
    uint32_t address = page->base + (uint32_t)offset;

    (void)uc;
    if (cpu->ending != ENDING_NONE) {
        return;
    }
    uint32_t device = admit(cpu, address, bytes, SYS_WRITE);

    if (device < cpu->bus->count &&
        !cpu->bus->write(cpu->bus->user, device, address - cpu->bus->device[device].base, bytes,
                         (uint32_t)value)) {
        cpu->arch->bus_error(cpu, address);
        hook_refuse(cpu, cpu->last_pc, ENDING_DEVICE);
    }
}
