/* From the core's fault status registers to the kernel's fault record. */
#include "arch/armv8m/fault.h"

#include "k5_abi.h"

/* What a record may claim if the core pushed a frame. A fetch is refused at pc itself. */
enum claim {
    CLAIM_NONE = 0,
    CLAIM_PC = K5_FAULT_FLAG_PC_KNOWN,
    CLAIM_RESUMABLE = CLAIM_PC | K5_FAULT_FLAG_RESUMABLE,
    CLAIM_ADDRESS_IS_PC = CLAIM_RESUMABLE | K5_FAULT_FLAG_ADDRESS_KNOWN,
};

struct meaning {
    uint8_t bit;   /* its number in CFSR */
    uint8_t kind;  /* K5_FAULT_ */
    uint8_t claim; /* enum claim */
    uint8_t valid; /* number of the bit that says MMFAR or BFAR holds its address, or 0 */
};

#define BIT(mask)   ((uint8_t)__builtin_ctz(mask))
#define MMFAR_VALID BIT(CFSR_MMARVALID)
#define BFAR_VALID  BIT(CFSR_BFARVALID)

/*
 * The first bit that is set decides. Several can be: a refused PUSH whose fault cannot be stacked
 * either shows DACCVIOL and MSTKERR, and then the missing frame is what matters.
 *
 * A load or store multiple counts as resumable: the words before the refused one may have been
 * stored, but the base register is as before and they are stored again. An imprecise error is
 * reported late, so the stacked pc is not its cause. INVSTATE has lost the Thumb bit.
 */
static const struct meaning meanings[] = {
    {BIT(CFSR_STKOF), K5_FAULT_STACK_OVERFLOW, CLAIM_PC, 0},
    {BIT(CFSR_MSTKERR), K5_FAULT_STACK_OVERFLOW, CLAIM_NONE, MMFAR_VALID},
    {BIT(CFSR_STKERR), K5_FAULT_STACK_OVERFLOW, CLAIM_NONE, BFAR_VALID},
    {BIT(CFSR_IACCVIOL), K5_FAULT_FETCH, CLAIM_ADDRESS_IS_PC, 0},
    {BIT(CFSR_DACCVIOL), K5_FAULT_DATA, CLAIM_RESUMABLE, MMFAR_VALID},
    {BIT(CFSR_IBUSERR), K5_FAULT_BUS, CLAIM_ADDRESS_IS_PC, 0},
    {BIT(CFSR_PRECISERR), K5_FAULT_BUS, CLAIM_RESUMABLE, BFAR_VALID},
    {BIT(CFSR_IMPRECISERR), K5_FAULT_BUS, CLAIM_NONE, 0},
    {BIT(CFSR_UNDEFINSTR), K5_FAULT_UNDEFINED, CLAIM_RESUMABLE, 0},
    {BIT(CFSR_INVSTATE), K5_FAULT_STATE, CLAIM_PC, 0},
    {BIT(CFSR_INVPC), K5_FAULT_STATE, CLAIM_PC, 0},
    {BIT(CFSR_NOCP), K5_FAULT_COPROCESSOR, CLAIM_RESUMABLE, 0},
    {BIT(CFSR_UNALIGNED), K5_FAULT_UNALIGNED, CLAIM_RESUMABLE, 0},
    {BIT(CFSR_DIVBYZERO), K5_FAULT_DIVIDE, CLAIM_RESUMABLE, 0},
};

#define MEANINGS (sizeof meanings / sizeof meanings[0])

/* An unstacking or lazy-stacking error: the frame is there or was, but is not to be trusted. */
#define CFSR_FRAME_DOUBTFUL (CFSR_MUNSTKERR | CFSR_MLSPERR | CFSR_UNSTKERR | CFSR_LSPERR)

bool fault_frame_pushed(const struct fault_input *input)
{
    if ((input->cfsr & (CFSR_MSTKERR | CFSR_STKERR | CFSR_FRAME_DOUBTFUL)) != 0) {
        return false;
    }
    /* An instruction that would pass the limit leaves SP alone, and the frame may still fit. Where
     * it does not, the core sets PSP to the limit (B3.21). A frame that ends exactly there looks
     * the same, and is given up: better no pc than a wrong one. */
    return (input->cfsr & CFSR_STKOF) == 0 || input->psp != input->psplim;
}

static const struct meaning secure_fault = {0, K5_FAULT_SECURE, CLAIM_PC, 0};
static const struct meaning breakpoint = {0, K5_FAULT_BREAKPOINT, CLAIM_RESUMABLE, 0};
static const struct meaning other = {0, K5_FAULT_OTHER, CLAIM_PC, 0};

static const struct meaning *meaning_of(const struct fault_input *input)
{
    if (input->exception == EXC_SECURE_FAULT) {
        return &secure_fault;
    }
    for (uint32_t i = 0; i < MEANINGS; i++) {
        if ((input->cfsr >> meanings[i].bit & 1u) != 0) {
            return &meanings[i];
        }
    }
    /* BKPT without a debugger: the core says DEBUGEVT, QEMU says FORCED with nothing in CFSR. */
    if (input->exception == EXC_HARD_FAULT && input->cfsr == 0 &&
        (input->hfsr & HFSR_VECTTBL) == 0) {
        return &breakpoint;
    }
    return &other;
}

void fault_decode(const struct fault_input *input, const struct exception_frame *frame,
                  struct fault_record *record)
{
    const struct meaning *meaning = meaning_of(input);

    *record = (struct fault_record){
        .kind = meaning->kind,
        .status = input->exception == EXC_SECURE_FAULT ? input->sfsr : input->cfsr,
        .sp = input->psp,
    };
    if (frame != NULL) {
        record->flags = meaning->claim;
        record->pc = frame->pc;
        record->lr = frame->lr;
        record->sp = frame_thread_sp(input->psp, input->exc_return, frame->xpsr);
    }
    if ((record->flags & K5_FAULT_FLAG_ADDRESS_KNOWN) != 0) {
        record->address = record->pc;
    } else if (meaning->valid != 0 && (input->cfsr >> meaning->valid & 1u) != 0) {
        record->address = meaning->valid == MMFAR_VALID ? input->mmfar : input->bfar;
        record->flags |= K5_FAULT_FLAG_ADDRESS_KNOWN;
    }
}
