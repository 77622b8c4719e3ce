/* Exception entry and return: the frame on the thread's stack. */
#include "sim/exception.h"

#include <string.h>

#include "arch/armv8m/fault.h"
#include "arch/armv8m/frame.h"
#include "kernel/system.h"

#define XPSR_EXCEPTION UINT32_C(0x1ff)
#define FRAME_WORDS    (FRAME_BYTES / 4u)

/* The host's view of a frame that the thread may access whole; NULL: word by word, then. */
static uint8_t *whole_frame(const struct memory *memory, const struct mpu *mpu, uint32_t psp,
                            uint32_t want)
{
    uint32_t last = psp + FRAME_BYTES - 1u;

    if (last < psp || (mpu_at(mpu, psp) & want) != want || (mpu_at(mpu, last) & want) != want) {
        return NULL; /* a frame has the size of a grain, so it lies in two at most */
    }
    return memory_host(memory, psp, FRAME_BYTES);
}

static uint8_t *word_at(const struct memory *memory, const struct mpu *mpu, uint32_t address,
                        uint32_t want)
{
    return (mpu_at(mpu, address) & want) == want ? memory_host(memory, address, 4) : NULL;
}

/* The core stores upwards until a word is refused. */
static uint32_t push_words(const struct memory *memory, const struct mpu *mpu, uint32_t psp,
                           const struct exception_frame *frame)
{
    const uint8_t *word = (const uint8_t *)frame;

    for (uint32_t i = 0; i < FRAME_WORDS; i++) {
        uint8_t *host = word_at(memory, mpu, psp + 4u * i, SYS_WRITE);

        if (host == NULL) {
            return CFSR_MSTKERR;
        }
        memcpy(host, word + 4u * (size_t)i, 4);
    }
    return 0;
}

uint32_t exception_push(const struct memory *memory, const struct mpu *mpu,
                        const struct cpu_registers *registers, struct armv8m_context *context)
{
    const uint32_t *r = registers->r;
    uint32_t sp = r[CPU_SP];
    uint32_t psp = (sp - FRAME_BYTES) & ~UINT32_C(7);
    uint32_t skipped = (sp & 4u) != 0 ? XPSR_SPREALIGN : 0;

    if (sp < context->psplim || psp < context->psplim || psp > sp) {
        context->psp = context->psplim; /* B3.21: PSP becomes the limit, nothing is stored */
        return CFSR_STKOF;
    }
    const struct exception_frame frame = {
        .r0 = r[0],
        .r1 = r[1],
        .r2 = r[2],
        .r3 = r[3],
        .r12 = r[12],
        .lr = r[CPU_LR],
        .pc = r[CPU_PC],
        .xpsr = (r[CPU_XPSR] & ~(XPSR_SPREALIGN | XPSR_EXCEPTION)) | skipped,
    };
    uint8_t *host = whole_frame(memory, mpu, psp, SYS_WRITE);

    context->psp = psp;
    if (host == NULL) {
        return push_words(memory, mpu, psp, &frame);
    }
    memcpy(host, &frame, sizeof frame);
    return 0;
}

static uint32_t pop_words(const struct memory *memory, const struct mpu *mpu, uint32_t psp,
                          struct exception_frame *frame)
{
    uint8_t *word = (uint8_t *)frame;

    for (uint32_t i = 0; i < FRAME_WORDS; i++) {
        const uint8_t *host = word_at(memory, mpu, psp + 4u * i, SYS_READ);

        if (host == NULL) {
            return CFSR_MUNSTKERR;
        }
        memcpy(word + 4u * (size_t)i, host, 4);
    }
    return 0;
}

uint32_t exception_pop(const struct memory *memory, const struct mpu *mpu,
                       const struct armv8m_context *context, struct cpu_registers *registers)
{
    struct exception_frame frame;
    const uint8_t *host = whole_frame(memory, mpu, context->psp, SYS_READ);
    uint32_t *r = registers->r;

    if (host != NULL) {
        memcpy(&frame, host, sizeof frame);
    } else if (pop_words(memory, mpu, context->psp, &frame) != 0) {
        return CFSR_MUNSTKERR;
    }
    if ((frame.xpsr & XPSR_EXCEPTION) != 0) { /* a frame that was tampered with (B3.22) */
        return CFSR_INVPC;
    }
    r[0] = frame.r0;
    r[1] = frame.r1;
    r[2] = frame.r2;
    r[3] = frame.r3;
    r[12] = frame.r12;
    r[CPU_SP] = frame_thread_sp(context->psp, context->exc_return, frame.xpsr);
    r[CPU_LR] = frame.lr;
    r[CPU_PC] = frame.pc & ~UINT32_C(1);
    r[CPU_XPSR] = frame.xpsr & ~XPSR_SPREALIGN;
    return 0;
}
