/* Loads a task's ELF file, believing nothing that it says.
 *
 * What has bytes in the file goes to its load address, as it would in a flash
 * image; the task's start code copies .data from there.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <unistd.h>

#include "sim/machine.h"

#define BAD(sim, ...) machine_error(sim, K5SIM_BAD_ELF, __VA_ARGS__)

struct loader {
    struct k5sim *sim;
    uint32_t task;
    const char *path;
    Elf *elf;
    const uint8_t *bytes; /* of the whole file */
    size_t size;
};

/* The region of the task that holds [base, base + bytes) whole, or NULL. */
static const struct sys_region *region_of(const struct loader *l, uint64_t base, uint64_t bytes)
{
    const struct sys_header *h = l->sim->system;
    const struct sys_task *task =
        (const struct sys_task *)((const uint8_t *)h + h->tasks_offset) + l->task;
    const struct sys_region *region =
        (const struct sys_region *)((const uint8_t *)h + h->regions_offset) + task->first_region;

    for (unsigned i = 0; i < task->region_count; i++) {
        if (base >= region[i].base && base + bytes <= (uint64_t)region[i].base + region[i].bytes) {
            return &region[i];
        }
    }
    return NULL;
}

static int check_head(const struct loader *l)
{
    const struct guest *guest = l->sim->guest;
    GElf_Ehdr head;

    if (elf_kind(l->elf) != ELF_K_ELF || gelf_getehdr(l->elf, &head) == NULL) {
        return BAD(l->sim, "%s: is no ELF file", l->path);
    }
    if (head.e_ident[EI_CLASS] != ELFCLASS32 || head.e_ident[EI_DATA] != ELFDATA2LSB ||
        head.e_machine != guest->elf_machine) {
        return BAD(l->sim, "%s: is for machine %u (class %u), the board's is %s (%u, class 1)",
                   l->path, head.e_machine, head.e_ident[EI_CLASS], guest->elf_name,
                   guest->elf_machine);
    }
    if (head.e_phentsize != sizeof(Elf32_Phdr)) {
        return BAD(l->sim, "%s: its segment headers have %u bytes, not %zu", l->path,
                   head.e_phentsize, sizeof(Elf32_Phdr));
    }
    if (head.e_type != ET_EXEC) {
        return BAD(l->sim, "%s: is of type %u, not an executable (%u)", l->path, head.e_type,
                   ET_EXEC);
    }
    return K5SIM_OK;
}

static int check_segment(const struct loader *l, size_t i, const GElf_Phdr *segment)
{
    unsigned base = (unsigned)segment->p_vaddr;
    unsigned load = (unsigned)segment->p_paddr;

    if (segment->p_filesz > segment->p_memsz || segment->p_offset > l->size ||
        segment->p_filesz > l->size - segment->p_offset) {
        return BAD(l->sim, "%s: segment %zu at 0x%08x is cut off: %llu bytes at offset %llu of %zu",
                   l->path, i, base, (unsigned long long)segment->p_filesz,
                   (unsigned long long)segment->p_offset, l->size);
    }
    if (region_of(l, segment->p_vaddr, segment->p_memsz) == NULL) {
        return BAD(l->sim, "%s: segment %zu at 0x%08x + 0x%llx is outside the regions of task %u",
                   l->path, i, base, (unsigned long long)segment->p_memsz, (unsigned)l->task);
    }
    if (segment->p_filesz == 0) {
        return K5SIM_OK;
    }
    if (region_of(l, segment->p_paddr, segment->p_filesz) == NULL) {
        return BAD(l->sim, "%s: segment %zu is loaded at 0x%08x, outside the regions of task %u",
                   l->path, i, load, (unsigned)l->task);
    }
    const struct memory_range *range = memory_range_of(l->sim->memory, load);

    if (range == NULL || range->writable) {
        return BAD(l->sim, "%s: segment %zu is loaded at 0x%08x, which is no flash", l->path, i,
                   load);
    }
    return K5SIM_OK;
}

static void load_segment(const struct loader *l, const GElf_Phdr *segment)
{
    uint32_t address = (uint32_t)segment->p_paddr;
    uint32_t bytes = (uint32_t)segment->p_filesz;
    uint8_t *host = memory_host(l->sim->memory, address, bytes);

    if (bytes != 0 && host != NULL) { /* regions lie in memory: system_check() saw to it */
        memcpy(host, l->bytes + segment->p_offset, bytes);
        memory_touch(l->sim->memory, address, bytes);
        l->sim->task[l->task].text_bytes += bytes;
        machine_written(l->sim, address, bytes);
    }
}

/* All segments are checked before the first is loaded. */
static int load_segments(const struct loader *l)
{
    size_t count = 0;
    unsigned loads = 0;

    if (elf_getphdrnum(l->elf, &count) != 0) {
        return BAD(l->sim, "%s: %s", l->path, elf_errmsg(-1));
    }
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < count; i++) {
            GElf_Phdr segment;

            if (gelf_getphdr(l->elf, (int)i, &segment) == NULL) {
                return BAD(l->sim, "%s: segment %zu: %s", l->path, i, elf_errmsg(-1));
            }
            if (segment.p_type != PT_LOAD || segment.p_memsz == 0) {
                continue;
            }
            if (pass == 1) {
                load_segment(l, &segment);
                continue;
            }
            int result = check_segment(l, i, &segment);

            if (result != K5SIM_OK) {
                return result;
            }
            loads++;
        }
    }
    return loads != 0 ? K5SIM_OK : BAD(l->sim, "%s: has nothing to load", l->path);
}

static int load_open(struct loader *l)
{
    l->bytes = (const uint8_t *)elf_rawfile(l->elf, &l->size);
    if (l->bytes == NULL) {
        return BAD(l->sim, "%s: %s", l->path, elf_errmsg(-1));
    }
    int result = check_head(l);

    if (result == K5SIM_OK) {
        l->sim->task[l->task].text_bytes = 0;
        result = load_segments(l);
    }
    return result;
}

int elf_load(struct k5sim *sim, uint32_t task, const char *path)
{
    struct loader loader = {.sim = sim, .task = task, .path = path};
    int file = open(path, O_RDONLY | O_CLOEXEC);
    int result;

    if (file < 0) {
        return BAD(sim, "%s: %s", path, strerror(errno));
    }
    elf_version(EV_CURRENT);
    loader.elf = elf_begin(file, ELF_C_READ, NULL);
    result = loader.elf == NULL ? BAD(sim, "%s: %s", path, elf_errmsg(-1)) : load_open(&loader);
    elf_end(loader.elf);
    close(file);
    return result;
}
