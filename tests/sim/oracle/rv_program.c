/* Small random RV32 programs: what they do, and their encoding. */
#include "tests/sim/oracle/rv_program.h"

#include <string.h>

#include "tests/sim/oracle/program.h"

static bool coin(uint64_t *random)
{
    return random_below(random, 2) != 0;
}

/* ---------------------------------------------------------------- making */

/* C.LW, C.SW, or their forms relative to sp. */
static struct rv_op make_narrow(uint64_t *random)
{
    struct rv_op op = {.narrow = true, .bytes = 4};

    op.kind = coin(random) ? RV_LOAD : RV_STORE;
    op.base = coin(random) ? RV_SP : RV_BASE;
    op.offset = (int32_t)random_below(random, op.base == RV_SP ? 64 : 32) * 4;
    return op;
}

static struct rv_op make_wide(uint64_t *random)
{
    struct rv_op op = {.base = RV_BASE};

    op.kind = coin(random) ? RV_LOAD : RV_STORE;
    op.bytes = (uint8_t)(1u << random_below(random, 3));
    op.sign = op.bytes == 4 || (op.kind == RV_LOAD && coin(random));
    op.offset = (int32_t)random_below(random, coin(random) ? 16 : 4096) - 2048;
    return op;
}

static struct rv_op make_access(uint64_t *random)
{
    switch (random_below(random, 8)) {
    case 0:
        return (struct rv_op){.kind = RV_LR, .base = RV_ATOM, .bytes = 4};
    case 1:
        return (struct rv_op){.kind = RV_SC, .base = RV_ATOM, .bytes = 4};
    case 2:
        return (struct rv_op){.kind = RV_AMO,
                              .base = RV_ATOM,
                              .bytes = 4,
                              .amo = (uint8_t)random_below(random, AMO_MAXU + 1)};
    case 3:
    case 4:
        return make_narrow(random);
    default:
        return make_wide(random);
    }
}

static void append(struct rv_program *program, struct rv_op op)
{
    program->op[program->count++] = op;
}

static void append_markers(struct rv_program *program, uint64_t *random)
{
    for (uint32_t i = random_below(random, 3); i > 0; i--) {
        append(program, (struct rv_op){.kind = RV_MARKER, .narrow = coin(random)});
    }
}

void rv_program_make(struct rv_program *program, uint64_t *random)
{
    program->count = 0;
    append_markers(program, random);
    if (random_below(random, 4) == 0) { /* a pair: else SC hardly ever succeeds */
        append(program, (struct rv_op){.kind = RV_LR, .base = RV_ATOM, .bytes = 4});
        append_markers(program, random);
        append(program, (struct rv_op){.kind = RV_SC, .base = RV_ATOM, .bytes = 4});
    } else {
        append(program, make_access(random));
        append_markers(program, random);
        append(program, make_access(random));
    }
    append_markers(program, random);
    append(program, (struct rv_op){.kind = RV_ECALL});
}

/* ---------------------------------------------------------------- encoding */

static uint32_t field(int32_t value, unsigned high, unsigned low, unsigned at)
{
    return (((uint32_t)value >> low) & ((1u << (high - low + 1u)) - 1u)) << at;
}

static uint32_t encode_narrow(const struct rv_op *op)
{
    bool store = op->kind == RV_STORE;
    int32_t o = op->offset;

    if (op->base == RV_SP && store) { /* C.SWSP */
        return 0xc002u | field(o, 5, 2, 9) | field(o, 7, 6, 7) | RV_DATA << 2;
    }
    if (op->base == RV_SP) { /* C.LWSP */
        return 0x4002u | field(o, 5, 5, 12) | field(o, 4, 2, 4) | field(o, 7, 6, 2) | RV_DATA << 7;
    }
    return (store ? 0xc000u : 0x4000u) | field(o, 5, 3, 10) | field(o, 2, 2, 6) |
           field(o, 6, 6, 5) | (RV_BASE - 8u) << 7 | (RV_DATA - 8u) << 2;
}

static uint32_t encode_atomic(uint32_t funct5, uint32_t rs2, uint32_t rd)
{
    return funct5 << 27 | rs2 << 20 | RV_ATOM << 15 | 2u << 12 | rd << 7 | 0x2fu;
}

static uint32_t encode(const struct rv_op *op)
{
    static const uint8_t amo[] = {1, 0, 4, 12, 8, 16, 20, 24, 28};
    uint32_t size = op->bytes == 4 ? 2u : op->bytes == 2 ? 1u : 0u;

    switch ((enum rv_kind)op->kind) {
    case RV_LOAD:
        return field(op->offset, 11, 0, 20) | (uint32_t)op->base << 15 |
               (size | (op->sign ? 0 : 4u)) << 12 | RV_DATA << 7 | 0x03u;
    case RV_STORE:
        return field(op->offset, 11, 5, 25) | RV_DATA << 20 | (uint32_t)op->base << 15 |
               size << 12 | field(op->offset, 4, 0, 7) | 0x23u;
    case RV_LR:
        return encode_atomic(2, 0, RV_DATA);
    case RV_SC:
        return encode_atomic(3, RV_DATA, RV_STATUS);
    case RV_AMO:
        return encode_atomic(amo[op->amo], RV_DATA, RV_STATUS);
    case RV_MARKER:
        return 1u << 20 | RV_MARK << 15 | RV_MARK << 7 | 0x13u;
    case RV_ECALL:
        break;
    }
    return 0x73u;
}

uint32_t rv_program_encode(struct rv_program *program, uint32_t pc, uint8_t *out)
{
    uint32_t used = 0;

    for (uint32_t i = 0; i < program->count; i++) {
        struct rv_op *op = &program->op[i];
        uint32_t word = encode(op);

        if (op->narrow) {
            word = op->kind == RV_MARKER ? 0x0385u : encode_narrow(op); /* c.addi x7, 1 */
        }
        op->pc = pc + used;
        memcpy(out + used, &word, rv_op_bytes(op)); /* little-endian, as the host */
        used += rv_op_bytes(op);
    }
    return used;
}
