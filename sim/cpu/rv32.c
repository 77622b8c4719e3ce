/* What the simulator must know about RV32 instructions. */
#include "sim/cpu/rv32.h"

#define FUNCT5_LR 0x02u
#define FUNCT5_SC 0x03u

enum opcode {
    OPCODE_LOAD = 0x03,
    OPCODE_LOAD_FP = 0x07,
    OPCODE_STORE = 0x23,
    OPCODE_STORE_FP = 0x27,
    OPCODE_AMO = 0x2f,
    OPCODE_MADD = 0x43,
    OPCODE_MSUB = 0x47,
    OPCODE_NMSUB = 0x4b,
    OPCODE_NMADD = 0x4f,
    OPCODE_OP_FP = 0x53,
    OPCODE_SYSTEM = 0x73,
};

static uint32_t bits(uint32_t word, unsigned low, unsigned count)
{
    return (word >> low) & ((1u << count) - 1u);
}

static int32_t sign_extended(uint32_t value, unsigned width)
{
    uint32_t top = 1u << (width - 1u);

    return (int32_t)((value ^ top) - top);
}

/* C.LW, C.SW (quadrant 0), C.LWSP, C.SWSP (quadrant 2). */
static bool access16(uint16_t half, struct rv32_access *access)
{
    uint32_t kind = bits(half, 13, 3) << 2 | bits(half, 0, 2);
    uint32_t offset;

    *access = (struct rv32_access){.bytes = 4, .rs1 = 2};
    switch (kind) {
    case 2u << 2 | 0u: /* C.LW */
    case 6u << 2 | 0u: /* C.SW */
        offset = bits(half, 10, 3) << 3 | bits(half, 6, 1) << 2 | bits(half, 5, 1) << 6;
        access->rs1 = (uint8_t)(8u + bits(half, 7, 3));
        break;
    case 2u << 2 | 2u: /* C.LWSP; rd = 0 is reserved */
        offset = bits(half, 12, 1) << 5 | bits(half, 4, 3) << 2 | bits(half, 2, 2) << 6;
        if (bits(half, 7, 5) == 0) {
            return false;
        }
        break;
    case 6u << 2 | 2u: /* C.SWSP */
        offset = bits(half, 9, 4) << 2 | bits(half, 7, 2) << 6;
        break;
    default:
        return false;
    }
    access->offset = (int32_t)offset;
    access->store = (half & 0x8000u) != 0;
    access->load = !access->store;
    return true;
}

static bool access_load(uint32_t word, struct rv32_access *access)
{
    uint32_t size = bits(word, 12, 2);

    access->bytes = (uint8_t)(1u << size);
    access->load = true;
    access->offset = sign_extended(bits(word, 20, 12), 12);
    return size < 3 && bits(word, 12, 3) != 6; /* LWU is of RV64 */
}

static bool access_store(uint32_t word, struct rv32_access *access)
{
    access->bytes = (uint8_t)(1u << bits(word, 12, 2));
    access->store = true;
    access->offset = sign_extended(bits(word, 25, 7) << 5 | bits(word, 7, 5), 12);
    return bits(word, 12, 3) < 3;
}

/* LR.W, SC.W, and the AMOs: 0, 1, and the multiples of 4. */
static bool access_atomic(uint32_t word, struct rv32_access *access)
{
    uint32_t funct5 = bits(word, 27, 5);

    access->bytes = 4;
    access->atomic = true;
    access->load = funct5 != FUNCT5_SC;
    access->store = funct5 != FUNCT5_LR;
    if (bits(word, 12, 3) != 2 || (funct5 == FUNCT5_LR && bits(word, 20, 5) != 0)) {
        return false;
    }
    return funct5 < 4 || funct5 % 4 == 0;
}

bool rv32_access(uint16_t first, uint16_t second, struct rv32_access *access)
{
    uint32_t word = first | (uint32_t)second << 16;

    if (rv32_bytes(first) == 2) {
        return access16(first, access);
    }
    *access = (struct rv32_access){.rs1 = (uint8_t)bits(word, 15, 5)};
    switch (word & 0x7fu) {
    case OPCODE_LOAD:
        return access_load(word, access);
    case OPCODE_STORE:
        return access_store(word, access);
    case OPCODE_AMO:
        return access_atomic(word, access);
    default:
        return false;
    }
}

/* Loads and stores of F and D in quadrants 0 and 2: every odd funct3. */
static bool is_float16(uint16_t half)
{
    return (half & 1u) == 0 && bits(half, 13, 1) != 0;
}

/*
 * Of SYSTEM, unprivileged code has ECALL and EBREAK: counters are not enabled for it, and there is
 * no other register that it may read. WFI waits in machine mode only (mstatus.TW).
 */
static bool is_illegal32(uint16_t first, uint16_t second)
{
    switch (first & 0x7fu) {
    case OPCODE_LOAD_FP:
    case OPCODE_STORE_FP:
    case OPCODE_MADD:
    case OPCODE_MSUB:
    case OPCODE_NMSUB:
    case OPCODE_NMADD:
    case OPCODE_OP_FP:
        return true;
    case OPCODE_SYSTEM:
        return !(first == 0x0073u && second <= 0x0010u && second % 0x10u == 0);
    default:
        return false;
    }
}

enum rv32_screen rv32_screen(uint16_t first, uint16_t second)
{
    struct rv32_access access;

    if (rv32_bytes(first) == 2 ? is_float16(first) : is_illegal32(first, second)) {
        return RV32_ILLEGAL;
    }
    if (!rv32_access(first, second, &access)) {
        return RV32_PLAIN;
    }
    if (access.atomic) {
        return RV32_ATOMIC;
    }
    return access.bytes > 1 ? RV32_ACCESS : RV32_PLAIN;
}
