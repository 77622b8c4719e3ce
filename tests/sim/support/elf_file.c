/* Small ELF files made by hand. */
#include "tests/sim/support/elf_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CONTENT_OFFSET (sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr))

void elf_file_make(struct elf_file *file, uint32_t address, const uint16_t *code, size_t halfwords)
{
    size_t bytes = 2 * halfwords;

    assert_true(bytes <= sizeof file->content);
    memset(file, 0, sizeof *file);
    memcpy(file->head.e_ident, ELFMAG, SELFMAG);
    file->head.e_ident[EI_CLASS] = ELFCLASS32;
    file->head.e_ident[EI_DATA] = ELFDATA2LSB;
    file->head.e_ident[EI_VERSION] = EV_CURRENT;
    file->head.e_type = ET_EXEC;
    file->head.e_machine = EM_ARM;
    file->head.e_version = EV_CURRENT;
    file->head.e_entry = address | 1u;
    file->head.e_phoff = sizeof file->head;
    file->head.e_flags = EF_ARM_EABI_VER5;
    file->head.e_ehsize = sizeof file->head;
    file->head.e_phentsize = sizeof file->segment;
    file->head.e_phnum = 1;
    file->segment = (Elf32_Phdr){
        .p_type = PT_LOAD,
        .p_offset = (Elf32_Off)CONTENT_OFFSET,
        .p_vaddr = address,
        .p_paddr = address,
        .p_filesz = (Elf32_Word)bytes,
        .p_memsz = (Elf32_Word)bytes,
        .p_flags = PF_R | PF_X,
        .p_align = 2,
    };
    memcpy(file->content, code, bytes);
    file->bytes = CONTENT_OFFSET + bytes;
}

const char *elf_file_write(const struct elf_file *file)
{
    static char path[64];
    uint8_t all[CONTENT_OFFSET + sizeof file->content];
    size_t bytes = file->bytes < sizeof all ? file->bytes : sizeof all;

    memcpy(all, &file->head, sizeof file->head);
    memcpy(all + sizeof file->head, &file->segment, sizeof file->segment);
    memcpy(all + CONTENT_OFFSET, file->content, sizeof file->content);
    strcpy(path, "/tmp/k5-test-elf-XXXXXX");

    int descriptor = mkstemp(path);

    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, all, bytes), (ssize_t)bytes);
    close(descriptor);
    return path;
}

void elf_file_remove(const char *path)
{
    unlink(path);
}
