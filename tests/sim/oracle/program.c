/* Small random Thumb programs: what they do, and their encoding. */
#include "tests/sim/oracle/program.h"

#include <string.h>

/* splitmix64 */
uint32_t random_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) >> 16);
}

uint32_t random_below(uint64_t *state, uint32_t limit)
{
    return random_next(state) % limit;
}

static bool coin(uint64_t *random)
{
    return random_below(random, 2) != 0;
}

/* ---------------------------------------------------------------- making */

static struct op make_single(uint64_t *random)
{
    struct op op = {.kind = OP_SINGLE, .rn = REG_BASE, .before = true};

    op.size = (uint8_t)(1u << random_below(random, 3));
    op.load = coin(random);
    op.narrow = coin(random);
    if (op.narrow) {
        op.imm = (int32_t)(random_below(random, 32) * op.size);
        return op;
    }
    op.sign = op.load && op.size < 4 && coin(random);
    switch (random_below(random, 4)) {
    case 0:
        op.imm = (int32_t)random_below(random, 4096);
        break;
    case 1:
        op.imm = -(int32_t)(1 + random_below(random, 255));
        break;
    case 2: /* pre-indexed */
        op.imm = (int32_t)random_below(random, 511) - 255;
        op.writeback = true;
        break;
    default: /* post-indexed */
        op.imm = (int32_t)random_below(random, 511) - 255;
        op.writeback = true;
        op.before = false;
        break;
    }
    return op;
}

static struct op make_stack_single(uint64_t *random)
{
    return (struct op){
        .kind = OP_SINGLE,
        .rn = REG_SP,
        .size = 4,
        .load = coin(random),
        .before = true,
        .narrow = true,
        .imm = (int32_t)random_below(random, 256) * 4,
    };
}

static struct op make_indexed(uint64_t *random)
{
    struct op op = {.kind = OP_INDEXED, .rn = REG_BASE, .before = true};

    op.size = (uint8_t)(1u << random_below(random, 3));
    op.load = coin(random);
    op.sign = op.load && op.size < 4 && coin(random);
    op.narrow = coin(random);
    op.shift = op.narrow ? 0 : (uint8_t)random_below(random, 4);
    return op;
}

static struct op make_dual(uint64_t *random)
{
    struct op op = {.kind = OP_DUAL, .rn = REG_BASE, .size = 4, .before = true};

    op.load = coin(random);
    op.imm = ((int32_t)random_below(random, 511) - 255) * 4;
    if (coin(random)) {
        op.writeback = true;
        op.before = coin(random);
    }
    return op;
}

static struct op make_multiple(uint64_t *random)
{
    struct op op = {.kind = OP_MULTIPLE, .rn = REG_BASE, .size = 4};

    op.load = coin(random);
    op.narrow = coin(random);
    if (op.narrow && coin(random)) { /* PUSH, POP */
        op.rn = REG_SP;
        op.writeback = true;
        op.down = !op.load;
        op.list = (uint16_t)((1u + random_below(random, 63)) & 0x3fu);
        if (!op.load && coin(random)) {
            op.list |= 1u << 14;
        }
        return op;
    }
    op.list = (uint16_t)(random_next(random) & (op.narrow ? 0x3du : 0x173du));
    op.list |= 1u << REG_SECOND;
    op.list &= (uint16_t) ~(1u << REG_BASE);
    if (op.narrow) {
        op.writeback = true; /* the base is not in the list */
        return op;
    }
    op.list |= 1u << 4; /* two registers at least: else the encoding is another one */
    op.down = coin(random);
    op.writeback = coin(random);
    return op;
}

static struct op make_acquire(uint64_t *random)
{
    return (struct op){
        .kind = OP_ACQUIRE,
        .rn = REG_BASE,
        .size = (uint8_t)(1u << random_below(random, 3)),
        .load = coin(random),
    };
}

static struct op make_fp_single(uint64_t *random)
{
    struct op op = {.kind = OP_FP_SINGLE, .rn = REG_BASE, .size = 4, .before = true};

    op.load = coin(random);
    op.imm = ((int32_t)random_below(random, 511) - 255) * 4;
    if (op.load && coin(random)) {
        op.size = 8; /* a double store that crosses a page is not modelled word by word */
    }
    return op;
}

static struct op make_fp_multiple(uint64_t *random)
{
    struct op op = {.kind = OP_FP_MULTIPLE, .rn = REG_BASE, .size = 4};

    op.load = coin(random);
    op.count = (uint8_t)(1 + random_below(random, 16));
    op.down = coin(random);
    op.writeback = op.down || coin(random);
    return op;
}

static struct op make_access(uint64_t *random)
{
    switch (random_below(random, 10)) {
    case 0:
    case 1:
    case 2:
        return make_single(random);
    case 3:
        return make_stack_single(random);
    case 4:
        return make_indexed(random);
    case 5:
        return make_dual(random);
    case 6:
        return make_multiple(random);
    case 7:
        return make_acquire(random);
    case 8:
        return make_fp_single(random);
    default:
        return make_fp_multiple(random);
    }
}

static void append(struct program *program, struct op op)
{
    program->op[program->count++] = op;
}

static void append_simple(struct program *program, enum op_kind kind)
{
    append(program, (struct op){.kind = (uint8_t)kind});
}

/* cmp; it..; slots, one of them the access. */
static void make_it_program(struct program *program, uint64_t *random)
{
    uint32_t slots = 1 + random_below(random, 4);
    uint32_t place = random_below(random, slots);
    uint32_t cond = random_below(random, 2);  /* EQ or NE */
    uint32_t then = random_next(random) & 7u; /* of each later slot: the same condition or not */
    uint32_t mask = 0;

    for (uint32_t i = 1; i < slots; i++) {
        mask |= (((then >> i) & 1u) ^ cond) << (4u - i);
    }
    mask |= 1u << (4u - slots);
    append_simple(program, OP_COMPARE);
    append(program, (struct op){.kind = OP_IT, .imm = (int32_t)((cond << 4) | mask)});
    for (uint32_t i = 0; i < slots; i++) {
        if (i == place) {
            program->access = program->count;
            append(program, make_access(random));
        } else {
            append_simple(program, OP_MARK);
        }
    }
}

static void make_exclusive_program(struct program *program, uint64_t *random)
{
    uint8_t size = (uint8_t)(1u << random_below(random, 3));
    int32_t imm = size == 4 ? (int32_t)random_below(random, 256) * 4 : 0;
    bool pair = random_below(random, 4) != 0; /* without LDREX the store must not happen */

    program->access = program->count;
    if (pair) {
        append(program, (struct op){.kind = OP_LDREX,
                                    .rn = REG_BASE,
                                    .size = size,
                                    .load = true,
                                    .before = true,
                                    .imm = imm});
        append_simple(program, OP_MARK);
    }
    append(program,
           (struct op){.kind = OP_STREX, .rn = REG_BASE, .size = size, .before = true, .imm = imm});
}

void program_make(struct program *program, uint64_t *random)
{
    memset(program, 0, sizeof *program);
    append_simple(program, OP_MARK);
    switch (random_below(random, 8)) {
    case 0:
    case 1:
    case 2:
        make_it_program(program, random);
        break;
    case 3:
        make_exclusive_program(program, random);
        break;
    default:
        program->access = program->count;
        append(program, make_access(random));
        break;
    }
    append_simple(program, OP_MARK);
    append_simple(program, OP_FP_MOVE);
    append_simple(program, OP_SVC);
}

/* ---------------------------------------------------------------- encoding */

static uint32_t size_code(uint32_t size)
{
    return size == 1 ? 0u : size == 2 ? 1u : 2u;
}

static uint32_t magnitude(int32_t value)
{
    return (uint32_t)(value < 0 ? -value : value);
}

static uint32_t wide(uint32_t first, uint32_t second)
{
    return (first << 16) | second;
}

static uint32_t encode_single(const struct op *op)
{
    uint32_t load = op->load;
    uint32_t imm = magnitude(op->imm);
    uint32_t up = op->imm >= 0;

    if (op->narrow && op->rn == REG_SP) {
        return 0x9000u | (load << 11) | (REG_DATA << 8) | (imm / 4u);
    }
    if (op->narrow) {
        static const uint32_t base[3] = {0x7000u, 0x8000u, 0x6000u};

        return base[size_code(op->size)] | (load << 11) | ((imm / op->size) << 6) |
               ((uint32_t)op->rn << 3) | REG_DATA;
    }
    uint32_t first =
        0xf800u | ((uint32_t)op->sign << 8) | (size_code(op->size) << 5) | (load << 4) | op->rn;

    if (!op->writeback && up) {
        return wide(first | 0x80u, (REG_DATA << 12) | imm);
    }
    return wide(first, (REG_DATA << 12) | 0x800u | ((uint32_t)op->before << 10) | (up << 9) |
                           ((uint32_t)op->writeback << 8) | imm);
}

static uint32_t encode_indexed(const struct op *op)
{
    uint32_t code = size_code(op->size);

    if (op->narrow) {
        static const uint32_t store[3] = {2, 1, 0};
        static const uint32_t load[3] = {6, 5, 4};
        static const uint32_t sign[3] = {3, 7, 4};
        uint32_t opcode = !op->load ? store[code] : op->sign ? sign[code] : load[code];

        return 0x5000u | (opcode << 9) | (REG_INDEX << 6) | (REG_BASE << 3) | REG_DATA;
    }
    return wide(0xf800u | ((uint32_t)op->sign << 8) | (code << 5) | ((uint32_t)op->load << 4) |
                    REG_BASE,
                (REG_DATA << 12) | ((uint32_t)op->shift << 4) | REG_INDEX);
}

static uint32_t encode_multiple(const struct op *op)
{
    if (op->narrow && op->rn == REG_SP) {
        return (op->load ? 0xbc00u : 0xb400u) | (op->list & 0xffu) |
               ((op->list & 0x4000u) != 0 ? 0x100u : 0u);
    }
    if (op->narrow) {
        return 0xc000u | ((uint32_t)op->load << 11) | ((uint32_t)op->rn << 8) | (op->list & 0xffu);
    }
    return wide(0xe800u | (op->down ? 0x100u : 0x80u) | ((uint32_t)op->writeback << 5) |
                    ((uint32_t)op->load << 4) | op->rn,
                op->list);
}

static uint32_t encode_exclusive(const struct op *op)
{
    if (op->size == 4) {
        return op->load
                   ? wide(0xe850u | op->rn, (REG_EXTRA << 12) | 0xf00u | ((uint32_t)op->imm / 4u))
                   : wide(0xe840u | op->rn,
                          (REG_DATA << 12) | (REG_STATUS << 8) | ((uint32_t)op->imm / 4u));
    }
    uint32_t op3 = op->size == 1 ? 0x40u : 0x50u;

    return op->load ? wide(0xe8d0u | op->rn, (REG_EXTRA << 12) | 0xf00u | op3 | 0xfu)
                    : wide(0xe8c0u | op->rn, (REG_DATA << 12) | 0xf00u | op3 | REG_STATUS);
}

static uint32_t encode_acquire(const struct op *op)
{
    uint32_t op3 = 0x80u | (size_code(op->size) << 4);

    return wide((op->load ? 0xe8d0u : 0xe8c0u) | op->rn, (REG_DATA << 12) | 0xf00u | op3 | 0xfu);
}

static uint32_t encode_dual(const struct op *op)
{
    uint32_t up = op->imm >= 0;
    uint32_t first = 0xe840u | ((uint32_t)op->before << 8) | (up << 7) |
                     ((uint32_t)op->writeback << 5) | ((uint32_t)op->load << 4) | op->rn;

    return wide(first, (REG_DATA << 12) | (REG_SECOND << 8) | (magnitude(op->imm) / 4u));
}

static uint32_t encode_fp(const struct op *op)
{
    uint32_t load = (uint32_t)op->load << 4;
    uint32_t bank = op->size == 8 ? 0xb00u : 0xa00u;

    if (op->kind == OP_FP_SINGLE) {
        uint32_t up = op->imm >= 0;

        return wide(0xed00u | (up << 7) | load | op->rn, bank | (magnitude(op->imm) / 4u));
    }
    return wide(0xec00u | (op->down ? 0x100u : 0x80u) | ((uint32_t)op->writeback << 5) | load |
                    op->rn,
                bank | op->count);
}

/* 16-bit encodings are below 0x10000. */
static uint32_t encode(const struct op *op)
{
    switch ((enum op_kind)op->kind) {
    case OP_SINGLE:
        return encode_single(op);
    case OP_INDEXED:
        return encode_indexed(op);
    case OP_DUAL:
        return encode_dual(op);
    case OP_MULTIPLE:
        return encode_multiple(op);
    case OP_LDREX:
    case OP_STREX:
        return encode_exclusive(op);
    case OP_ACQUIRE:
        return encode_acquire(op);
    case OP_FP_SINGLE:
    case OP_FP_MULTIPLE:
        return encode_fp(op);
    case OP_MARK:
        return wide(0xf100u | REG_MARK, (REG_MARK << 8) | 1u);
    case OP_COMPARE:
        return 0x2800u | (REG_COND << 8);
    case OP_IT:
        return 0xbf00u | (uint32_t)op->imm;
    case OP_FP_MOVE:
        return wide(0xee10u, (REG_EXTRA << 12) | 0xa10u);
    case OP_SVC:
        break;
    }
    return 0xdf00u;
}

uint32_t program_encode(struct program *program, uint32_t pc, uint8_t *out)
{
    uint32_t used = 0;

    for (uint32_t i = 0; i < program->count; i++) {
        uint32_t code = encode(&program->op[i]);
        uint16_t half[2] = {(uint16_t)(code >> 16), (uint16_t)code};

        program->op[i].pc = pc + used;
        if (code >= 0x10000u) {
            memcpy(out + used, half, 4);
            used += 4;
        } else {
            memcpy(out + used, &half[1], 2);
            used += 2;
        }
    }
    return used;
}

int32_t op_offset(const struct op *op, uint32_t index)
{
    uint8_t list[16];

    switch (op->kind) {
    case OP_INDEXED:
        return (int32_t)(index << op->shift);
    case OP_MULTIPLE:
        return op->down ? -4 * (int32_t)op_list(op, list) : 0;
    case OP_FP_MULTIPLE:
        return op->down ? -4 * (int32_t)op->count : 0;
    default:
        return op->before ? op->imm : 0;
    }
}

uint32_t op_list(const struct op *op, uint8_t out[16])
{
    uint32_t count = 0;

    for (uint8_t r = 0; r < 16; r++) {
        if ((op->list >> r) & 1u) {
            out[count++] = r;
        }
    }
    return count;
}
