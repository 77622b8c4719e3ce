/* The oracle: what a Cortex-M33 does with a program under a set of MPU regions. */
#include "tests/sim/oracle/oracle.h"

#include <string.h>

#define FLAG_N (UINT32_C(1) << 31)
#define FLAG_Z (UINT32_C(1) << 30)
#define FLAG_C (UINT32_C(1) << 29)
#define FLAG_V (UINT32_C(1) << 28)

enum verdict { FINE, NOT_ALLOWED, NOT_THERE };

static enum verdict judge(const struct oracle *o, uint32_t address, uint32_t want)
{
    if (address >= UINT32_C(0xe0000000) && address < UINT32_C(0xe0100000)) {
        return NOT_THERE;
    }
    if (address - ORACLE_RAM_BASE < ORACLE_RAM_BYTES) {
        return (o->allowed[address - ORACLE_RAM_BASE] & want) != 0 ? FINE : NOT_ALLOWED;
    }
    return address - ORACLE_FLASH_BASE < ORACLE_FLASH_BYTES && want == MAY_READ ? FINE
                                                                                : NOT_ALLOWED;
}

/* One unit of an access: either all of its bytes, or none. */
static enum oracle_end unit(struct oracle *o, uint32_t address, uint32_t bytes, bool load,
                            uint8_t *data)
{
    o->accesses++;
    for (uint32_t i = 0; i < bytes; i++) {
        enum verdict verdict = judge(o, address + i, load ? MAY_READ : MAY_WRITE);

        if (verdict != FINE) {
            o->fault_address = address + i;
            return verdict == NOT_THERE ? END_BUS_FAULT : END_MEMORY_FAULT;
        }
    }
    for (uint32_t i = 0; i < bytes; i++) {
        uint32_t at = address + i;

        if (!load) {
            o->ram[at - ORACLE_RAM_BASE] = data[i];
        } else if (at - ORACLE_RAM_BASE < ORACLE_RAM_BYTES) {
            data[i] = o->ram[at - ORACLE_RAM_BASE];
        } else {
            data[i] = o->flash[at - ORACLE_FLASH_BASE];
        }
    }
    return END_SVC;
}

static enum oracle_end word(struct oracle *o, uint32_t address, bool load, uint32_t *value)
{
    uint8_t data[4];

    memcpy(data, value, 4);
    enum oracle_end end = unit(o, address, 4, load, data);

    if (end == END_SVC && load) {
        memcpy(value, data, 4);
    }
    return end;
}

static uint32_t extended(uint32_t value, uint32_t bytes, bool sign)
{
    uint32_t top = UINT32_C(1) << (8 * bytes - 1);

    return sign && bytes < 4 && (value & top) != 0 ? value | ~(top | (top - 1)) : value;
}

/* LDR, STR and their like, with reg[] holding the data. */
static enum oracle_end single(struct oracle *o, const struct op *op, uint32_t address,
                              uint32_t *reg)
{
    uint32_t value = op->load ? 0 : *reg;
    uint8_t data[4];

    memcpy(data, &value, 4);
    enum oracle_end end = unit(o, address, op->size, op->load, data);

    if (end != END_SVC) {
        return end;
    }
    if (op->load) {
        memcpy(&value, data, op->size);
        *reg = extended(value, op->size, op->sign);
    }
    if (op->writeback) {
        o->r[op->rn] += (uint32_t)op->imm;
    }
    return END_SVC;
}

static enum oracle_end dual(struct oracle *o, const struct op *op, uint32_t address)
{
    static const uint8_t pair[2] = {REG_DATA, REG_SECOND};

    for (uint32_t i = 0; i < 2; i++) {
        enum oracle_end end = word(o, address + 4 * i, op->load, &o->r[pair[i]]);

        if (end != END_SVC) {
            return end;
        }
    }
    if (op->writeback) {
        o->r[op->rn] += (uint32_t)op->imm;
    }
    return END_SVC;
}

static enum oracle_end multiple(struct oracle *o, const struct op *op, uint32_t address)
{
    uint8_t list[16];
    uint32_t count = op_list(op, list);

    for (uint32_t i = 0; i < count; i++) {
        enum oracle_end end = word(o, address + 4 * i, op->load, &o->r[list[i]]);

        if (end != END_SVC) {
            return end;
        }
    }
    if (op->writeback) {
        o->r[op->rn] += op->down ? 0u - 4u * count : 4u * count;
    }
    return END_SVC;
}

static enum oracle_end fp_multiple(struct oracle *o, const struct op *op, uint32_t address)
{
    for (uint32_t i = 0; i < op->count; i++) {
        enum oracle_end end = word(o, address + 4 * i, op->load, &o->s[i]);

        if (end != END_SVC) {
            return end;
        }
    }
    if (op->writeback) {
        o->r[op->rn] += op->down ? 0u - 4u * op->count : 4u * op->count;
    }
    return END_SVC;
}

/* Both words of a double register arrive, or neither. */
static enum oracle_end fp_single(struct oracle *o, const struct op *op, uint32_t address)
{
    uint32_t value[2] = {o->s[0], o->s[1]};

    for (uint32_t i = 0; i < op->size / 4u; i++) {
        enum oracle_end end = word(o, address + 4 * i, op->load, &value[i]);

        if (end != END_SVC) {
            return end;
        }
    }
    o->s[0] = value[0];
    o->s[1] = value[1];
    return END_SVC;
}

static bool must_be_aligned(const struct op *op)
{
    return op->kind != OP_SINGLE && op->kind != OP_INDEXED;
}

static enum oracle_end strex(struct oracle *o, const struct op *op, uint32_t address)
{
    if (!o->monitor) {
        o->r[REG_STATUS] = 1;
        return END_SVC;
    }
    enum oracle_end end = single(o, op, address, &o->r[REG_DATA]);

    if (end == END_SVC) {
        o->r[REG_STATUS] = 0;
        o->monitor = false;
    }
    return end;
}

static enum oracle_end access_memory(struct oracle *o, const struct op *op)
{
    uint32_t address = o->r[op->rn] + (uint32_t)op_offset(op, o->r[REG_INDEX]);
    uint32_t unit_bytes = op->size == 8 ? 4u : op->size;

    if (must_be_aligned(op) && address % unit_bytes != 0) {
        return END_UNALIGNED;
    }
    switch (op->kind) {
    case OP_DUAL:
        return dual(o, op, address);
    case OP_MULTIPLE:
        return multiple(o, op, address);
    case OP_FP_SINGLE:
        return fp_single(o, op, address);
    case OP_FP_MULTIPLE:
        return fp_multiple(o, op, address);
    case OP_LDREX: {
        enum oracle_end end = single(o, op, address, &o->r[REG_EXTRA]);

        o->monitor = o->monitor || end == END_SVC;
        return end;
    }
    case OP_STREX:
        return strex(o, op, address);
    default:
        return single(o, op, address, &o->r[REG_DATA]);
    }
}

static enum oracle_end execute(struct oracle *o, const struct op *op)
{
    switch (op->kind) {
    case OP_MARK:
        o->r[REG_MARK]++;
        return END_SVC;
    case OP_COMPARE: { /* x - 0: never borrows, never overflows */
        uint32_t value = o->r[REG_COND];

        o->xpsr &= ~(FLAG_N | FLAG_Z | FLAG_C | FLAG_V);
        o->xpsr |= (value & FLAG_N) | (value == 0 ? FLAG_Z : 0) | FLAG_C;
        return END_SVC;
    }
    case OP_FP_MOVE:
        o->r[REG_EXTRA] = o->s[0];
        return END_SVC;
    case OP_IT:
    case OP_SVC:
        return END_SVC;
    default:
        return access_memory(o, op);
    }
}

/* EQ or NE, from the upper four bits of ITSTATE. */
static bool holds(const struct oracle *o, uint32_t it)
{
    bool zero = (o->xpsr & FLAG_Z) != 0;

    return ((it >> 4) & 1u) != 0 ? !zero : zero;
}

static uint32_t advanced(uint32_t it)
{
    return (it & 7u) == 0 ? 0 : (it & 0xe0u) | ((it << 1) & 0x1fu);
}

enum oracle_end oracle_run(struct oracle *o, const struct program *program)
{
    uint32_t it = 0;

    for (uint32_t i = 0; i < program->count; i++) {
        const struct op *op = &program->op[i];

        o->pc = op->pc;
        if (it == 0 || holds(o, it)) {
            enum oracle_end end = execute(o, op);

            if (end != END_SVC) {
                o->xpsr |= ((it & 0xfcu) << 8) | ((it & 3u) << 25);
                return end;
            }
        }
        o->executed++;
        it = op->kind == OP_IT ? (uint32_t)op->imm : advanced(it);
    }
    o->pc += 2; /* behind the SVC */
    return END_SVC;
}
