/* Devices on a guest CPU's bus: their pages as MMIO, each access checked.
 *
 * Pages may hold several devices, so Unicorn gets pages, at physical addresses of
 * their own, and the callback finds the device. What comes there is aligned: the
 * parts of a misaligned access are, too, so the instruction itself is asked.
 */
#include "kernel/system.h"
#include "sim/cpu/cpu_internal.h"

static uint64_t bus_read(uc_engine *uc, uint64_t offset, unsigned bytes, void *user);
static void bus_write(uc_engine *uc, uint64_t offset, unsigned bytes, uint64_t value, void *user);

const struct cpu_device_window *bus_window_of(const struct cpu *cpu, uint32_t address)
{
    for (uint32_t i = 0; i < cpu->device_window_count; i++) {
        if (address - cpu->device_window[i].base < cpu->device_window[i].bytes) {
            return &cpu->device_window[i];
        }
    }
    return NULL;
}

/* The window that shares a page with [base, base + bytes), taken out of the table. */
static bool take_window(struct cpu *cpu, uint32_t base, uint32_t bytes,
                        struct cpu_device_window *out)
{
    for (uint32_t i = 0; i < cpu->device_window_count; i++) {
        const struct cpu_device_window *w = &cpu->device_window[i];

        if (base - w->base < w->bytes || w->base - base < bytes) {
            *out = *w;
            cpu->device_window[i] = cpu->device_window[--cpu->device_window_count];
            return true;
        }
    }
    return false;
}

/* The pages of device `index` become a window, together with those that it shares pages with. */
static void add_window(struct cpu *cpu, uint32_t index)
{
    uint32_t page = cpu->arch->page;
    uint32_t first = cpu->bus->device[index].base & ~(page - 1u);
    uint32_t last =
        (cpu->bus->device[index].base + (cpu->bus->device[index].bytes - 1u)) | (page - 1u);
    uint32_t owner = index;
    struct cpu_device_window other;

    while (take_window(cpu, first, last - first + 1u, &other)) {
        uint32_t other_last = other.base + (other.bytes - 1u);

        first = other.base < first ? other.base : first;
        last = other_last > last ? other_last : last;
        owner = cpu->bus->count;
    }
    cpu->device_window[cpu->device_window_count++] =
        (struct cpu_device_window){cpu, first, last - first + 1u, 0, owner};
}

bool bus_map(struct cpu *cpu)
{
    uint32_t paddr = CPU_DEVICE_BASE;
    bool mapped = true;

    for (uint32_t i = 0; i < cpu->bus->count; i++) {
        if (cpu->bus->device[i].bytes != 0) {
            add_window(cpu, i);
        }
    }
    for (uint32_t i = 0; mapped && i < cpu->device_window_count; i++) {
        struct cpu_device_window *w = &cpu->device_window[i];

        w->paddr = paddr;
        paddr += w->bytes;
        mapped = uc_mmio_map(cpu->uc, w->paddr, w->bytes, bus_read, w, bus_write, w) == UC_ERR_OK;
    }
    return mapped;
}

/* Which device of the window has this address, or the count of them. */
static uint32_t device_at(const struct cpu *cpu, const struct cpu_device_window *window,
                          uint32_t address)
{
    uint32_t i = window->device;

    if (i < cpu->bus->count) {
        return address - cpu->bus->device[i].base < cpu->bus->device[i].bytes ? i : cpu->bus->count;
    }
    i = 0;
    while (i < cpu->bus->count && address - cpu->bus->device[i].base >= cpu->bus->device[i].bytes) {
        i++;
    }
    return i;
}

bool bus_answers(const struct cpu *cpu, uint32_t address)
{
    const struct cpu_device_window *window = bus_window_of(cpu, address);

    return memory_range_of(cpu->memory, address) != NULL ||
           (window != NULL && device_at(cpu, window, address) < cpu->bus->count);
}

/* The device that takes this access; its count if it is refused, and the run ends. */
static uint32_t admit(struct cpu *cpu, const struct cpu_device_window *window, uint32_t address,
                      uint32_t bytes, uint32_t want)
{
    uint32_t device = device_at(cpu, window, address);

    if (!mpu_allows(&cpu->mpu, address, bytes, want)) {
        hook_undo_bytes(cpu);
        hook_refuse(cpu, cpu->last_pc, ENDING_ACCESS);
        return cpu->bus->count;
    }
    /* Misaligned stores come byte by byte, so a word is none; of loads every part looks aligned. */
    if ((want == SYS_READ || bytes != 4) && cpu->arch->misaligned_device(cpu)) {
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
    const struct cpu_device_window *window = user;
    struct cpu *cpu = window->cpu;
    uint32_t address = window->base + (uint32_t)offset;
    uint32_t value = 0;

    (void)uc;
    if (cpu->ending != ENDING_NONE) {
        return 0;
    }
    uint32_t device = admit(cpu, window, address, bytes, SYS_READ);

    if (device == cpu->bus->count) {
        return 0;
    }
    if (cpu->bus->read(cpu->bus->user, device, address - cpu->bus->device[device].base, bytes,
                       &value)) {
        marks_look(cpu, address, bytes, SYS_READ, value);
    } else {
        cpu->arch->bus_error(cpu, address);
        hook_refuse(cpu, cpu->last_pc, ENDING_DEVICE);
    }
    return value;
}

static void bus_write(uc_engine *uc, uint64_t offset, unsigned bytes, uint64_t value, void *user)
{
    const struct cpu_device_window *window = user;
    struct cpu *cpu = window->cpu;
    uint32_t address = window->base + (uint32_t)offset;

    (void)uc;
    if (cpu->ending != ENDING_NONE) {
        return;
    }
    uint32_t device = admit(cpu, window, address, bytes, SYS_WRITE);

    if (device == cpu->bus->count) {
        return;
    }
    if (cpu->bus->write(cpu->bus->user, device, address - cpu->bus->device[device].base, bytes,
                        (uint32_t)value)) {
        marks_look(cpu, address, bytes, SYS_WRITE, value);
    } else {
        cpu->arch->bus_error(cpu, address);
        hook_refuse(cpu, cpu->last_pc, ENDING_DEVICE);
    }
}
