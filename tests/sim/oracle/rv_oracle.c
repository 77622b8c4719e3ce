/* The oracle: what an RV32 core does with a program under a set of PMP entries. */
#include "tests/sim/oracle/rv_oracle.h"

#define FINE UINT32_MAX

enum {
    LOAD_MISALIGNED = 4,
    LOAD_FAULT = 5,
    STORE_MISALIGNED = 6,
    STORE_FAULT = 7,
};

static bool may(const struct rv_oracle *o, uint32_t address, uint32_t want)
{
    if (address - RV_RAM_BASE < RV_RAM_BYTES) {
        return (o->allowed[address - RV_RAM_BASE] & want) == want;
    }
    return address - RV_FLASH_BASE < RV_FLASH_BYTES && want == RV_MAY_READ;
}

/* All of the bytes, or a fault. */
static uint32_t judge(struct rv_oracle *o, uint32_t address, uint32_t bytes, uint32_t want)
{
    for (uint32_t i = 0; i < bytes; i++) {
        if (!may(o, address + i, want)) {
            o->fault_address = address + i;
            return (want & RV_MAY_WRITE) != 0 ? STORE_FAULT : LOAD_FAULT;
        }
    }
    return FINE;
}

static uint32_t fetch(const struct rv_oracle *o, uint32_t address, uint32_t bytes)
{
    uint32_t value = 0;

    for (uint32_t i = bytes; i > 0; i--) {
        uint32_t at = address + i - 1;
        uint8_t byte = at - RV_RAM_BASE < RV_RAM_BYTES ? o->ram[at - RV_RAM_BASE]
                                                       : o->flash[at - RV_FLASH_BASE];

        value = value << 8 | byte;
    }
    return value;
}

static void store(struct rv_oracle *o, uint32_t address, uint32_t bytes, uint32_t value)
{
    for (uint32_t i = 0; i < bytes; i++) {
        o->ram[address + i - RV_RAM_BASE] = (uint8_t)(value >> (8 * i));
    }
}

static uint32_t extended(uint32_t value, uint32_t bytes, bool sign)
{
    uint32_t top = UINT32_C(1) << (8 * bytes - 1);

    return sign && bytes < 4 && (value & top) != 0 ? value | ~(top | (top - 1)) : value;
}

static uint32_t amo(enum rv_amo kind, uint32_t a, uint32_t b)
{
    switch (kind) {
    case AMO_SWAP:
        return b;
    case AMO_ADD:
        return a + b;
    case AMO_XOR:
        return a ^ b;
    case AMO_AND:
        return a & b;
    case AMO_OR:
        return a | b;
    case AMO_MIN:
        return (int32_t)a < (int32_t)b ? a : b;
    case AMO_MAX:
        return (int32_t)a > (int32_t)b ? a : b;
    case AMO_MINU:
        return a < b ? a : b;
    case AMO_MAXU:
        return a > b ? a : b;
    }
    return 0;
}

static uint32_t load_reserved(struct rv_oracle *o, uint32_t address)
{
    uint32_t end = judge(o, address, 4, RV_MAY_READ);

    if (end == FINE) {
        o->x[RV_DATA] = fetch(o, address, 4);
        o->reserved = true;
        o->reserved_at = address;
        o->reserved_value = o->x[RV_DATA];
    }
    return end;
}

static uint32_t store_conditional(struct rv_oracle *o, uint32_t address)
{
    if (!o->reserved || o->reserved_at != address) {
        o->x[RV_STATUS] = 1;
        o->reserved = false;
        return FINE;
    }
    uint32_t end = judge(o, address, 4, RV_MAY_READ | RV_MAY_WRITE);

    if (end == FINE) {
        bool same = fetch(o, address, 4) == o->reserved_value;

        if (same) {
            store(o, address, 4, o->x[RV_DATA]);
        }
        o->x[RV_STATUS] = !same;
        o->reserved = false;
    }
    return end;
}

static uint32_t atomic(struct rv_oracle *o, const struct rv_op *op)
{
    uint32_t address = o->x[RV_ATOM];

    if (address % 4 != 0) {
        o->fault_address = address;
        return op->kind == RV_LR ? LOAD_MISALIGNED : STORE_MISALIGNED;
    }
    if (op->kind == RV_LR) {
        return load_reserved(o, address);
    }
    if (op->kind == RV_SC) {
        return store_conditional(o, address);
    }
    uint32_t end = judge(o, address, 4, RV_MAY_READ | RV_MAY_WRITE);

    if (end == FINE) {
        uint32_t old = fetch(o, address, 4);

        store(o, address, 4, amo((enum rv_amo)op->amo, old, o->x[RV_DATA]));
        o->x[RV_STATUS] = old;
    }
    return end;
}

static uint32_t plain(struct rv_oracle *o, const struct rv_op *op)
{
    uint32_t address = o->x[op->base] + (uint32_t)op->offset;
    bool load = op->kind == RV_LOAD;

    if (o->strict && address % op->bytes != 0) {
        o->fault_address = address;
        return load ? LOAD_MISALIGNED : STORE_MISALIGNED;
    }
    uint32_t end = judge(o, address, op->bytes, load ? RV_MAY_READ : RV_MAY_WRITE);

    if (end == FINE && load) {
        o->x[RV_DATA] = extended(fetch(o, address, op->bytes), op->bytes, op->sign);
    } else if (end == FINE) {
        store(o, address, op->bytes, o->x[RV_DATA]);
    }
    return end;
}

uint32_t rv_oracle_run(struct rv_oracle *o, const struct rv_program *program)
{
    for (uint32_t i = 0; i < program->count; i++) {
        const struct rv_op *op = &program->op[i];
        uint32_t end = FINE;

        o->pc = op->pc;
        if (op->kind == RV_MARKER) {
            o->x[RV_MARK]++;
        } else if (op->kind != RV_ECALL) {
            o->accesses++;
            end = op->kind == RV_LOAD || op->kind == RV_STORE ? plain(o, op) : atomic(o, op);
        }
        if (end != FINE) {
            return end;
        }
        o->executed++;
    }
    o->pc += 4; /* behind the ECALL */
    return RV_END_ECALL;
}
