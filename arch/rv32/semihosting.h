/* Calls to the emulator around the machine (RISC-V Semihosting, section 2: three uncompressed
 * instructions in one page). Without semihosting the ebreak is a fault of the kernel.
 */
#pragma once

#include <stdint.h>

enum semihosting_operation {
    SEMIHOSTING_OPEN = 0x01,
    SEMIHOSTING_WRITE = 0x05,
    SEMIHOSTING_EXIT_EXTENDED = 0x20,
};

static inline uint32_t semihosting_call(enum semihosting_operation operation, const void *block)
{
    register uint32_t result __asm__("a0") = operation;
    register const void *parameters __asm__("a1") = block;

    __asm__ volatile(".option push\n\t"
                     ".balign 16\n\t" /* before norvc: the linker counts on padding of 2 bytes */
                     ".option norvc\n\t"
                     "slli zero, zero, 0x1f\n\t"
                     "ebreak\n\t"
                     "srai zero, zero, 7\n\t"
                     ".option pop"
                     : "+r"(result)
                     : "r"(parameters)
                     : "memory");
    return result;
}

/* The file that the event stream goes to, by the name that tools/k5/qemu.py gives it. */
static inline uint32_t semihosting_open_stream(void)
{
    static const char name[] = "stream";
    const uint32_t mode = 5; /* "wb" */
    const uint32_t block[] = {(uint32_t)(uintptr_t)name, mode, sizeof name - 1u};

    return semihosting_call(SEMIHOSTING_OPEN, block);
}
