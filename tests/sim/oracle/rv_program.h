/* Small random RV32 programs, described by what they do, not by their bits.
 *
 * The oracle interprets the description; the simulator gets the encoding. Both
 * come from here, and nothing of it from sim/.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Roles of the registers in every program. */
enum {
    RV_SP = 2,
    RV_MARK = 7,   /* counts the instructions around the accesses */
    RV_DATA = 10,  /* stored, or loaded */
    RV_BASE = 11,  /* address */
    RV_ATOM = 12,  /* address of LR, SC and AMOs, which have no offset */
    RV_STATUS = 13 /* result of SC and AMOs */
};

enum rv_kind {
    RV_LOAD,
    RV_STORE,
    RV_LR,
    RV_SC,
    RV_AMO,
    RV_MARKER, /* addi mark, mark, 1; or its 16-bit form */
    RV_ECALL,
};

enum rv_amo { AMO_SWAP, AMO_ADD, AMO_XOR, AMO_AND, AMO_OR, AMO_MIN, AMO_MAX, AMO_MINU, AMO_MAXU };

struct rv_op {
    uint8_t kind;
    uint8_t base;  /* register */
    uint8_t bytes; /* 1, 2 or 4 */
    uint8_t amo;
    bool sign;   /* sign-extends */
    bool narrow; /* 16-bit encoding */
    int32_t offset;
    uint32_t pc; /* where it was put */
};

#define RV_OPS 10

struct rv_program {
    struct rv_op op[RV_OPS];
    uint32_t count;
};

void rv_program_make(struct rv_program *program, uint64_t *random);

/* Encodes the program to `out` (at least 4 * RV_OPS bytes) for address `pc`; bytes used. */
uint32_t rv_program_encode(struct rv_program *program, uint32_t pc, uint8_t *out);

static inline uint32_t rv_op_bytes(const struct rv_op *op)
{
    return op->narrow ? 2u : 4u;
}
