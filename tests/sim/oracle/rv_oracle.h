/* The oracle: what an RV32 core does with a program under a set of PMP entries.
 *
 * Written from the manuals, byte by byte and slowly; shares nothing with sim/.
 * Where they leave a choice: a misaligned access is several, and the address of
 * a fault is that of the first byte refused; SC compares the memory with what LR
 * read, as QEMU does.
 */
#pragma once

#include "tests/sim/oracle/rv_program.h"

#define RV_RAM_BASE    UINT32_C(0x80010000)
#define RV_RAM_BYTES   16384u
#define RV_FLASH_BASE  UINT32_C(0x80000000)
#define RV_FLASH_BYTES 65536u /* all of it is the program's text: read and execute */

enum { RV_MAY_READ = 1, RV_MAY_WRITE = 2, RV_MAY_EXECUTE = 4 };

#define RV_END_ECALL 8u

struct rv_oracle {
    uint8_t ram[RV_RAM_BYTES];
    uint8_t allowed[RV_RAM_BYTES]; /* RV_MAY_ bits of each byte */
    const uint8_t *flash;
    bool strict; /* refuses misaligned loads and stores */
    uint32_t x[32];
    uint32_t pc;
    uint64_t executed;
    uint64_t accesses; /* since the start */
    bool reserved;
    uint32_t reserved_at;
    uint32_t reserved_value;
    uint32_t fault_address;
};

/* Runs to the ECALL or to the first fault; returns what mcause would be. */
uint32_t rv_oracle_run(struct rv_oracle *oracle, const struct rv_program *program);
