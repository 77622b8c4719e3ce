/* The oracle: what a Cortex-M33 does with a program under a set of MPU regions.
 *
 * Written from the architecture manual, byte by byte and slowly; shares nothing
 * with sim/. Where the manual leaves a choice (what is done before the refused
 * word of a load or store multiple) it takes QEMU's: words below are done.
 */
#pragma once

#include "tests/sim/oracle/program.h"

#define ORACLE_RAM_BASE    UINT32_C(0x20000000)
#define ORACLE_RAM_BYTES   8192u
#define ORACLE_FLASH_BASE  UINT32_C(0x08000000)
#define ORACLE_FLASH_BYTES 65536u /* all of it is the program's text: read and execute */

enum { MAY_READ = 1, MAY_WRITE = 2, MAY_EXECUTE = 4 };

enum oracle_end { END_SVC, END_MEMORY_FAULT, END_BUS_FAULT, END_UNALIGNED };

struct oracle {
    uint8_t ram[ORACLE_RAM_BYTES];
    uint8_t allowed[ORACLE_RAM_BYTES]; /* MAY_ bits of each byte */
    const uint8_t *flash;
    uint32_t r[15];
    uint32_t s[32]; /* FP registers */
    uint32_t xpsr;
    uint32_t pc;
    uint64_t executed;
    uint64_t accesses; /* since the start: units that were tried */
    bool monitor;
    uint32_t fault_address;
};

enum oracle_end oracle_run(struct oracle *oracle, const struct program *program);
