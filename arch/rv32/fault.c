/* From the trap registers to the kernel's fault record. */
#include "arch/rv32/fault.h"

#include "k5_abi.h"

/* Every trap is precise: nothing of the instruction at mepc has happened. */
#define CLAIM_PC      (K5_FAULT_FLAG_PC_KNOWN | K5_FAULT_FLAG_RESUMABLE)
#define CLAIM_ADDRESS (CLAIM_PC | K5_FAULT_FLAG_ADDRESS_KNOWN) /* mtval is one */

struct meaning {
    uint8_t kind;  /* K5_FAULT_ */
    uint8_t flags; /* K5_FAULT_FLAG_ */
};

/* A protection fault and an address where nothing answers have the same cause, so no BUS. */
static const struct meaning meanings[] = {
    [CAUSE_FETCH_MISALIGNED] = {K5_FAULT_STATE, CLAIM_ADDRESS},
    [CAUSE_FETCH_ACCESS] = {K5_FAULT_FETCH, CLAIM_ADDRESS},
    [CAUSE_ILLEGAL] = {K5_FAULT_UNDEFINED, CLAIM_PC},
    [CAUSE_BREAKPOINT] = {K5_FAULT_BREAKPOINT, CLAIM_PC},
    [CAUSE_LOAD_MISALIGNED] = {K5_FAULT_UNALIGNED, CLAIM_ADDRESS},
    [CAUSE_LOAD_ACCESS] = {K5_FAULT_DATA, CLAIM_ADDRESS},
    [CAUSE_STORE_MISALIGNED] = {K5_FAULT_UNALIGNED, CLAIM_ADDRESS},
    [CAUSE_STORE_ACCESS] = {K5_FAULT_DATA, CLAIM_ADDRESS},
};

#define MEANINGS (sizeof meanings / sizeof meanings[0])

static const struct meaning other = {K5_FAULT_OTHER, CLAIM_PC};

/* Major opcodes of F and D: loads, stores, the four fused ones, all others. */
static bool is_float(uint32_t instruction)
{
    if ((instruction & 3u) != 3u) {
        /* Compressed: in quadrants 0 and 2, every odd funct3 is a load or store of F or D. */
        return (instruction & 1u) == 0 && (instruction >> 13 & 1u) != 0;
    }
    switch (instruction & 0x7fu) {
    case 0x07:
    case 0x27:
    case 0x43:
    case 0x47:
    case 0x4b:
    case 0x4f:
    case 0x53:
        return true;
    default:
        return false;
    }
}

/*
 * No register limits the stack: what faults is the first access below it, with sp
 * already moved. On Armv8-M the move itself does, and is named the same.
 */
static uint8_t kind_of(const struct rv32_fault_input *input, const struct meaning *meaning)
{
    if (meaning->kind == K5_FAULT_DATA && input->sp < input->stack_base) {
        return K5_FAULT_STACK_OVERFLOW;
    }
    if (meaning->kind == K5_FAULT_UNDEFINED && is_float(input->mtval)) {
        return K5_FAULT_COPROCESSOR;
    }
    return meaning->kind;
}

void rv32_fault_decode(const struct rv32_fault_input *input, struct fault_record *record)
{
    const struct meaning *meaning = input->mcause < MEANINGS ? &meanings[input->mcause] : &other;

    *record = (struct fault_record){
        .kind = kind_of(input, meaning),
        .flags = meaning->flags,
        .pc = input->mepc,
        .status = input->mcause,
        .sp = input->sp,
        .lr = input->ra,
    };
    if ((meaning->flags & K5_FAULT_FLAG_ADDRESS_KNOWN) != 0) {
        record->address = input->mtval;
    }
}
