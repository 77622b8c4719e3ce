/* Small ELF files made by hand, good ones and bad ones. */
#pragma once

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_FILE_BYTES 8192u

/* One loadable segment behind the headers; change what the test is about, then write. */
struct elf_file {
    Elf32_Ehdr head;
    Elf32_Phdr segment;
    uint8_t content[4096];
    size_t bytes; /* how much of the file is written */
};

/* An Arm executable whose code is loaded and run at `address`. */
void elf_file_make(struct elf_file *file, uint32_t address, const uint16_t *code, size_t halfwords);

/* Writes it to a new temporary file and returns its path (valid until the next call). */
const char *elf_file_write(const struct elf_file *file);
void elf_file_remove(const char *path);
