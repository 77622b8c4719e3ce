/* From the core's fault status registers to the kernel's fault record. */
#include "arch/armv8m/fault.h"

#include "k5_abi.h"

/* Where the record's address comes from. */
enum address_source { ADDRESS_NONE, ADDRESS_PC, ADDRESS_MMFAR, ADDRESS_BFAR };

/* Can the thread go on at the stacked pc, if what was missing is put right? */
enum resume { RESUME_NO, RESUME_YES };

struct meaning {
    uint32_t bit; /* of CFSR */
    uint8_t kind; /* K5_FAULT_ */
    uint8_t address;
    uint8_t resume;
};

/*
 * The first bit that is set decides. Several can be: a refused PUSH whose fault cannot be stacked
 * either shows DACCVIOL and MSTKERR, and then the missing frame is what matters.
 *
 * A load or store multiple counts as resumable: the words before the refused one may have been
 * stored, but the base register is as before and they are stored again.
 */
static const struct meaning meanings[] = {
    {CFSR_STKOF, K5_FAULT_STACK_OVERFLOW, ADDRESS_NONE, RESUME_NO},
    {CFSR_MSTKERR, K5_FAULT_STACK_OVERFLOW, ADDRESS_MMFAR, RESUME_NO},
    {CFSR_STKERR, K5_FAULT_STACK_OVERFLOW, ADDRESS_BFAR, RESUME_NO},
    {CFSR_IACCVIOL, K5_FAULT_FETCH, ADDRESS_PC, RESUME_YES},
    {CFSR_DACCVIOL, K5_FAULT_DATA, ADDRESS_MMFAR, RESUME_YES},
    {CFSR_IBUSERR, K5_FAULT_BUS, ADDRESS_PC, RESUME_YES},
    {CFSR_PRECISERR, K5_FAULT_BUS, ADDRESS_BFAR, RESUME_YES},
    {CFSR_IMPRECISERR, K5_FAULT_BUS, ADDRESS_NONE, RESUME_NO},
    {CFSR_UNDEFINSTR, K5_FAULT_UNDEFINED, ADDRESS_NONE, RESUME_YES},
    {CFSR_INVSTATE, K5_FAULT_STATE, ADDRESS_NONE, RESUME_NO},
    {CFSR_INVPC, K5_FAULT_STATE, ADDRESS_NONE, RESUME_NO},
    {CFSR_NOCP, K5_FAULT_COPROCESSOR, ADDRESS_NONE, RESUME_YES},
    {CFSR_UNALIGNED, K5_FAULT_UNALIGNED, ADDRESS_NONE, RESUME_YES},
    {CFSR_DIVBYZERO, K5_FAULT_DIVIDE, ADDRESS_NONE, RESUME_YES},
};

#define MEANINGS (sizeof meanings / sizeof meanings[0])

/* An unstacking or lazy-stacking error: the frame is there or was, but is not to be trusted. */
#define CFSR_FRAME_DOUBTFUL (CFSR_MUNSTKERR | CFSR_MLSPERR | CFSR_UNSTKERR | CFSR_LSPERR)

static const struct meaning *meaning_of(uint32_t cfsr)
{
    for (uint32_t i = 0; i < MEANINGS; i++) {
        if ((cfsr & meanings[i].bit) != 0) {
            return &meanings[i];
        }
    }
    return NULL;
}

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

static void set_address(struct fault_record *record, uint32_t address)
{
    record->address = address;
    record->flags |= K5_FAULT_FLAG_ADDRESS_KNOWN;
}

static void decode_meaning(const struct meaning *m, const struct fault_input *input,
                           struct fault_record *record)
{
    bool pc_known = (record->flags & K5_FAULT_FLAG_PC_KNOWN) != 0;

    record->kind = m->kind;
    if (m->bit == CFSR_IMPRECISERR) { /* the stacked pc is later than the store */
        record->flags &= (uint8_t)~K5_FAULT_FLAG_PC_KNOWN;
    }
    if (m->resume == RESUME_YES && pc_known) {
        record->flags |= K5_FAULT_FLAG_RESUMABLE;
    }
    if (m->address == ADDRESS_PC && pc_known) {
        set_address(record, record->pc);
    } else if (m->address == ADDRESS_MMFAR && (input->cfsr & CFSR_MMARVALID) != 0) {
        set_address(record, input->mmfar);
    } else if (m->address == ADDRESS_BFAR && (input->cfsr & CFSR_BFARVALID) != 0) {
        set_address(record, input->bfar);
    }
}

/* BKPT without a debugger: the core says DEBUGEVT, QEMU says FORCED with nothing in CFSR. */
static bool is_breakpoint(const struct fault_input *input)
{
    return input->exception == EXC_HARD_FAULT && input->cfsr == 0 &&
           (input->hfsr & HFSR_VECTTBL) == 0 && (input->hfsr & (HFSR_DEBUGEVT | HFSR_FORCED)) != 0;
}

static void decode_kind(const struct fault_input *input, struct fault_record *record)
{
    const struct meaning *m = meaning_of(input->cfsr);

    if (input->exception == EXC_SECURE_FAULT) {
        record->kind = K5_FAULT_SECURE;
        record->status = input->sfsr;
        if ((input->sfsr & SFSR_SFARVALID) != 0) {
            set_address(record, input->sfar);
        }
    } else if (is_breakpoint(input)) {
        record->kind = K5_FAULT_BREAKPOINT;
        if ((record->flags & K5_FAULT_FLAG_PC_KNOWN) != 0) {
            record->flags |= K5_FAULT_FLAG_RESUMABLE;
        }
    } else if (m != NULL) {
        decode_meaning(m, input, record);
    }
}

void fault_decode(const struct fault_input *input, const struct exception_frame *frame,
                  struct fault_record *record)
{
    *record = (struct fault_record){
        .kind = K5_FAULT_OTHER,
        .status = input->cfsr,
        .sp = input->psp,
    };
    if (frame != NULL) {
        record->flags = K5_FAULT_FLAG_PC_KNOWN;
        record->pc = frame->pc;
        record->lr = frame->lr;
        record->sp = frame_thread_sp(input->psp, input->exc_return, frame->xpsr);
    }
    decode_kind(input, record);
}
