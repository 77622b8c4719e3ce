/* What the simulator must know about Thumb instructions before and after they run.
 *
 * Encodings: Armv8-M ARM C2.3 (top level), C2.4 (each group).
 */
#include "sim/cpu/thumb.h"

#include <stddef.h>

static uint32_t bits(uint32_t word, unsigned low, unsigned count)
{
    return (word >> low) & ((UINT32_C(1) << count) - 1u);
}

static uint32_t population(uint32_t word)
{
    return (uint32_t)__builtin_popcount(word);
}

static int32_t signed_offset(uint32_t magnitude, bool up)
{
    return up ? (int32_t)magnitude : -(int32_t)magnitude;
}

static struct thumb_access plain(uint32_t rn, uint32_t unit, int32_t offset, bool store)
{
    return (struct thumb_access){
        .rn = (uint8_t)rn,
        .rm = THUMB_NO_REGISTER,
        .unit = (uint8_t)unit,
        .count = 1,
        .store = store,
        .offset = offset,
    };
}

static struct thumb_access indexed(uint32_t rn, uint32_t rm, uint32_t shift, uint32_t unit,
                                   bool store)
{
    struct thumb_access access = plain(rn, unit, 0, store);

    access.rm = (uint8_t)rm;
    access.shift = (uint8_t)shift;
    return access;
}

/* `words` words from rn + offset, word aligned. */
static struct thumb_access multiple(uint32_t rn, uint32_t words, int32_t offset, bool store)
{
    struct thumb_access access = plain(rn, 4, offset, store);

    access.count = (uint8_t)words;
    access.aligned = true;
    return access;
}

/* ---------------------------------------------------------------- 16-bit encodings */

static bool access16_register(uint16_t op, struct thumb_access *access)
{
    static const uint8_t unit[8] = {4, 2, 1, 1, 4, 2, 1, 2}; /* STR STRH STRB LDRSB LDR LDRH .. */
    uint32_t opcode = bits(op, 9, 3);

    *access = indexed(bits(op, 3, 3), bits(op, 6, 3), 0, unit[opcode], opcode < 3);
    return true;
}

static bool access16_stack(uint16_t op, struct thumb_access *access)
{
    if ((op & 0xfe00u) == 0xb400u) { /* PUSH {list, lr} */
        uint32_t words = population(op & 0x1ffu);

        *access = multiple(13, words, -(int32_t)(4 * words), true);
        return words != 0;
    }
    if ((op & 0xfe00u) == 0xbc00u) { /* POP {list, pc} */
        uint32_t words = population(op & 0x1ffu);

        *access = multiple(13, words, 0, false);
        return words != 0;
    }
    return false;
}

static bool access16(uint16_t op, struct thumb_access *access)
{
    bool load = (op & 0x0800u) != 0;
    uint32_t rn = bits(op, 3, 3);
    int32_t imm5 = (int32_t)bits(op, 6, 5);
    int32_t imm8 = (int32_t)bits(op, 0, 8);

    switch (op >> 12) {
    case 0x4: /* LDR (literal) is 01001x; the rest of 0x4 is data processing */
        *access = plain(THUMB_PC, 4, imm8 * 4, false);
        return load;
    case 0x5:
        return access16_register(op, access);
    case 0x6:
        *access = plain(rn, 4, imm5 * 4, !load);
        return true;
    case 0x7:
        *access = plain(rn, 1, imm5, !load);
        return true;
    case 0x8:
        *access = plain(rn, 2, imm5 * 2, !load);
        return true;
    case 0x9:
        *access = plain(13, 4, imm8 * 4, !load);
        return true;
    case 0xb:
        return access16_stack(op, access);
    case 0xc:
        *access = multiple(bits(op, 8, 3), population(op & 0xffu), 0, !load);
        return true;
    default:
        return false;
    }
}

/* ---------------------------------------------------------------- 32-bit encodings */

/* LDM, STM: 1110 100 P U 0 W L Rn. */
static bool access_multiple(uint16_t first, uint16_t second, struct thumb_access *access)
{
    bool up = bits(first, 7, 2) == 1;
    bool down = bits(first, 7, 2) == 2;
    uint32_t words = population(second);

    *access =
        multiple(bits(first, 0, 4), words, up ? 0 : -(int32_t)(4 * words), (first & 0x10u) == 0);
    return up || down;
}

/* Exclusives, acquire/release and table branches: 1110 1000 110 L Rn, told apart by op3. */
static bool access_exclusive(uint16_t first, uint16_t second, struct thumb_access *access)
{
    uint32_t rn = bits(first, 0, 4);
    uint32_t op3 = bits(second, 4, 4);
    bool load = (first & 0x10u) != 0;

    if (op3 < 2) { /* TBB, TBH */
        *access = indexed(rn, bits(second, 0, 4), op3, 1u << op3, false);
        return load;
    }
    *access = plain(rn, 1u << bits(op3, 0, 2), 0, !load);
    access->aligned = true;
    return op3 >= 4 && bits(op3, 0, 2) != 3;
}

/* 1110 100 P U 1 W L Rn: LDRD and STRD, and where P and W are 0 the group above. */
static bool access_dual(uint16_t first, uint16_t second, struct thumb_access *access)
{
    bool before = (first & 0x100u) != 0;
    bool up = (first & 0x80u) != 0;
    bool writeback = (first & 0x20u) != 0;
    bool load = (first & 0x10u) != 0;
    uint32_t imm8 = bits(second, 0, 8);

    if (first == 0xe97fu && second == 0xe97fu) { /* SG */
        return false;
    }
    if (before || writeback) {
        *access = multiple(bits(first, 0, 4), 2, before ? signed_offset(imm8 * 4, up) : 0, !load);
        return true;
    }
    if (up) {
        return access_exclusive(first, second, access);
    }
    *access = multiple(bits(first, 0, 4), 1, (int32_t)(imm8 * 4), !load); /* LDREX, STREX */
    return load || bits(second, 12, 4) != 15;                             /* else TT */
}

/* PLD, PLI and their like: byte and halfword loads to r15, but for the forms with writeback and
 * the unprivileged ones, which the manual calls unpredictable and Unicorn executes. */
static bool is_preload(uint16_t first, uint16_t second)
{
    bool literal_or_imm12 = bits(first, 0, 4) == THUMB_PC || (first & 0x80u) != 0;
    bool index = (second & 0x800u) == 0;
    bool negative = (second & 0xf00u) == 0xc00u;

    return bits(first, 5, 2) != 2 && bits(second, 12, 4) == 15 &&
           (literal_or_imm12 || index || negative);
}

/* LDR and STR of all sizes: 1111 100 S U size L Rn. */
static bool access_single(uint16_t first, uint16_t second, struct thumb_access *access)
{
    uint32_t rn = bits(first, 0, 4);
    uint32_t size = bits(first, 5, 2);
    bool store = (first & 0x10u) == 0;
    bool up = (first & 0x80u) != 0;

    if (size == 3 || (!store && is_preload(first, second))) {
        return false; /* undefined, or a hint that never faults */
    }
    if (rn == THUMB_PC) {
        *access = plain(rn, 1u << size, signed_offset(bits(second, 0, 12), up), store);
        return !store;
    }
    if (up) {
        *access = plain(rn, 1u << size, (int32_t)bits(second, 0, 12), store);
    } else if ((second & 0x800u) != 0) { /* P U W imm8; P = 0: the base itself */
        bool before = (second & 0x400u) != 0;
        int32_t offset = signed_offset(bits(second, 0, 8), (second & 0x200u) != 0);

        *access = plain(rn, 1u << size, before ? offset : 0, store);
    } else {
        *access = indexed(rn, bits(second, 0, 4), bits(second, 4, 2), 1u << size, store);
    }
    return true;
}

/* VLDR, VSTR, VLDM, VSTM: 1110 110 P U D W L Rn, coprocessor 10 or 11. */
static bool access_fpu(uint16_t first, uint16_t second, struct thumb_access *access)
{
    bool before = (first & 0x100u) != 0;
    bool up = (first & 0x80u) != 0;
    bool writeback = (first & 0x20u) != 0;
    bool store = (first & 0x10u) == 0;
    uint32_t rn = bits(first, 0, 4);
    uint32_t imm8 = bits(second, 0, 8);
    bool doubles = (second & 0x100u) != 0;

    if (before && !writeback) {
        *access = multiple(rn, doubles ? 2 : 1, signed_offset(imm8 * 4, up), store);
        return true;
    }
    *access = multiple(rn, imm8, before ? -(int32_t)(imm8 * 4) : 0, store);
    return before != up; /* both 0: moves between register files, VLLDM */
}

static bool is_fpu(uint16_t first, uint16_t second)
{
    return (first & 0xec00u) == 0xec00u && (second & 0x0e00u) == 0x0a00u &&
           (first & 0x0300u) != 0x0300u;
}

static bool access32(uint16_t first, uint16_t second, struct thumb_access *access)
{
    if ((first & 0xfe40u) == 0xe800u) {
        return access_multiple(first, second, access);
    }
    if ((first & 0xfe40u) == 0xe840u) {
        return access_dual(first, second, access);
    }
    if ((first & 0xfe00u) == 0xf800u) {
        return access_single(first, second, access);
    }
    if ((first & 0xfe00u) == 0xec00u && is_fpu(first, second)) {
        return access_fpu(first, second, access);
    }
    return false;
}

/* Encodings that other profiles have: Unicorn runs them, a Cortex-M33 knows them not. */
static bool is_foreign(uint16_t first, uint16_t second)
{
    /* Exclusives and the like by op3: table branches load only; no doublewords. */
    static const uint32_t known_loads = 0x7733;
    static const uint32_t known_stores = 0x7730;

    if ((first & 0xfe10u) == 0xf800u) { /* stores relative to pc; above 0xf900: Neon */
        return (first & 0x100u) != 0 || bits(first, 0, 4) == THUMB_PC;
    }
    if ((first & 0xffe0u) == 0xe8c0u) {
        uint32_t known = (first & 0x10u) != 0 ? known_loads : known_stores;

        return ((known >> bits(second, 4, 4)) & 1u) == 0;
    }
    return (first & 0xef00u) == 0xef00u; /* Neon data processing */
}

/* ---------------------------------------------------------------- interface */

bool thumb_access(uint16_t first, uint16_t second, struct thumb_access *access)
{
    return thumb_bytes(first) == 2 ? access16(first, access) : access32(first, second, access);
}

uint32_t thumb_address(const struct thumb_access *access, const uint32_t r[15], uint32_t pc)
{
    uint32_t base = access->rn == THUMB_PC ? (pc + 4u) & ~UINT32_C(3) : r[access->rn];

    if (access->rm != THUMB_NO_REGISTER) {
        uint32_t index = access->rm == THUMB_PC ? pc + 4u : r[access->rm];

        base += index << access->shift;
        if (access->rn == THUMB_PC) { /* TBB [pc, rm]: not rounded */
            base += (pc + 4u) & 2u;
        }
    }
    return base + (uint32_t)access->offset;
}

uint32_t thumb_it_slots(uint16_t first)
{
    return (first & 0xff00u) == 0xbf00u ? thumb_it_state_slots(first) : 0;
}

/* B<c>, CBZ, CBNZ: never in an IT block. */
static bool is_short_conditional(uint16_t first)
{
    return ((first & 0xf000u) == 0xd000u && (first & 0x0e00u) != 0x0e00u) ||
           (first & 0xf500u) == 0xb100u;
}

static bool writes_pc16(uint16_t first)
{
    bool to_r15 = (first & 0x87u) == 0x87u;

    return (first & 0xf800u) == 0xe000u ||           /* B */
           (first & 0xff00u) == 0x4700u ||           /* BX, BLX */
           (first & 0xff00u) == 0xbd00u ||           /* POP {.., pc} */
           ((first & 0xfd00u) == 0x4400u && to_r15); /* ADD, MOV to pc */
}

static bool writes_pc32(uint16_t first, uint16_t second)
{
    if ((first & 0xf800u) == 0xf000u && (second & 0x8000u) != 0) { /* branches, special registers */
        return (second & 0x5000u) != 0 || (first & 0x0380u) != 0x0380u;
    }
    return ((first & 0xfff0u) == 0xe8d0u && (second & 0xe0u) == 0) ||       /* TBB, TBH */
           ((first & 0xfe50u) == 0xe810u && (second & 0x8000u) != 0) ||     /* LDM */
           ((first & 0xff70u) == 0xf850u && (second & 0xf000u) == 0xf000u); /* LDR */
}

bool thumb_may_be_slot(uint16_t first, uint16_t second, bool last)
{
    bool narrow = thumb_bytes(first) == 2;

    if (narrow && (thumb_it_slots(first) != 0 || is_short_conditional(first))) {
        return false;
    }
    return last || !(narrow ? writes_pc16(first) : writes_pc32(first, second));
}

enum thumb_screen thumb_screen(uint16_t first, uint16_t second)
{
    struct thumb_access access;

    if (thumb_bytes(first) == 2) {
        bool multiple16 = (first & 0xf000u) == 0xc000u; /* push and pop: SP is always aligned */

        if (thumb_it_slots(first) != 0) {
            return THUMB_IT;
        }
        return multiple16 ? THUMB_ALIGNED : THUMB_PLAIN;
    }
    if (is_fpu(first, second)) {
        return THUMB_FPU;
    }
    if (is_foreign(first, second)) {
        return THUMB_UNDEFINED;
    }
    if ((first & 0xffd0u) == 0xfb90u && (second & 0xf0u) == 0xf0u) { /* SDIV, UDIV */
        return THUMB_DIVIDE;
    }
    if (!access32(first, second, &access) || !access.aligned) {
        return THUMB_PLAIN;
    }
    bool exclusive = (first & 0xfff0u) == 0xe850u ||                          /* LDREX */
                     ((first & 0xfff0u) == 0xe8d0u && (second & 0x40u) != 0); /* LDREXB .. LDAEX */

    if (exclusive) {
        return THUMB_EXCLUSIVE;
    }
    return access.rn == 13 || access.rn == THUMB_PC ? THUMB_PLAIN : THUMB_ALIGNED;
}
