/* Exception entry and return: the frame on the thread's stack. */
#include "sim/cpu/exception.h"

#include <string.h>

#include "arch/armv8m/fault.h"
#include "kernel/system.h"

#define XPSR_EXCEPTION UINT32_C(0x1ff)

/* A frame as the core has it in memory; the reserved word at its end is not touched. */
struct image {
    struct exception_frame frame;
    struct cpu_fp fp;
};
_Static_assert(sizeof(struct image) == FRAME_EXTENDED_BYTES - 4, "laid out by the core");

/* The host's view of a frame that the thread may access whole; NULL: word by word, then. */
static uint8_t *whole_frame(const struct memory *memory, const struct mpu *mpu, uint32_t psp,
                            uint32_t bytes, uint32_t want)
{
    uint32_t last = psp + bytes - 1u;
    bool allowed;

    if (last < psp) {
        return NULL;
    }
    if (bytes == FRAME_BYTES) { /* the size of a grain, so it lies in two at most */
        allowed = (mpu_at(mpu, psp) & mpu_at(mpu, last) & want) == want;
    } else {
        allowed = (mpu_range(mpu, psp, bytes).all & want) == want;
    }
    return allowed ? memory_host(memory, psp, bytes) : NULL;
}

/* The usual size is one that the compiler knows: this is done at each exception. */
static void copy_frame(void *to, const void *from, uint32_t bytes)
{
    if (bytes == FRAME_BYTES) {
        memcpy(to, from, FRAME_BYTES);
    } else {
        memcpy(to, from, sizeof(struct image));
    }
}

static uint8_t *word_at(const struct memory *memory, const struct mpu *mpu, uint32_t address,
                        uint32_t want)
{
    return (mpu_at(mpu, address) & want) == want ? memory_host(memory, address, 4) : NULL;
}

/* The core stores upwards until a word is refused. */
static uint32_t push_words(const struct memory *memory, const struct mpu *mpu, uint32_t psp,
                           const struct image *image, uint32_t bytes)
{
    const uint8_t *word = (const uint8_t *)image;

    for (uint32_t at = 0; at < bytes; at += 4) {
        uint8_t *host = word_at(memory, mpu, psp + at, SYS_WRITE);

        if (host == NULL) {
            return CFSR_MSTKERR;
        }
        memcpy(host, word + at, 4);
    }
    return 0;
}

uint32_t exception_push(const struct memory *memory, const struct mpu *mpu,
                        const struct cpu_registers *registers, const struct cpu_fp *fp,
                        struct armv8m_context *context)
{
    const uint32_t *r = registers->r;
    uint32_t sp = r[CPU_SP];
    uint32_t psp = (sp - (fp == NULL ? FRAME_BYTES : FRAME_EXTENDED_BYTES)) & ~UINT32_C(7);
    uint32_t skipped = (sp & 4u) != 0 ? XPSR_SPREALIGN : 0;

    context->exc_return = fp == NULL ? context->exc_return | EXC_RETURN_FTYPE
                                     : context->exc_return & ~EXC_RETURN_FTYPE;
    if (sp < context->psplim || psp < context->psplim || psp > sp) {
        context->psp = context->psplim; /* B3.21: PSP becomes the limit, nothing is stored */
        return CFSR_STKOF;
    }
    struct image image;
    uint32_t bytes = fp == NULL ? sizeof image.frame : sizeof image;

    image.frame = (struct exception_frame){
        .r0 = r[0],
        .r1 = r[1],
        .r2 = r[2],
        .r3 = r[3],
        .r12 = r[12],
        .lr = r[CPU_LR],
        .pc = r[CPU_PC],
        .xpsr = (r[CPU_XPSR] & ~(XPSR_SPREALIGN | XPSR_EXCEPTION)) | skipped,
    };
    if (fp != NULL) {
        image.fp = *fp;
    }
    uint8_t *host = whole_frame(memory, mpu, psp, bytes, SYS_WRITE);

    context->psp = psp;
    if (host == NULL) {
        return push_words(memory, mpu, psp, &image, bytes);
    }
    copy_frame(host, &image, bytes);
    return 0;
}

static uint32_t pop_words(const struct memory *memory, const struct mpu *mpu, uint32_t psp,
                          struct image *image, uint32_t bytes)
{
    uint8_t *word = (uint8_t *)image;

    for (uint32_t at = 0; at < bytes; at += 4) {
        const uint8_t *host = word_at(memory, mpu, psp + at, SYS_READ);

        if (host == NULL) {
            return CFSR_MUNSTKERR;
        }
        memcpy(word + at, host, 4);
    }
    return 0;
}

uint32_t exception_pop(const struct memory *memory, const struct mpu *mpu,
                       const struct armv8m_context *context, struct cpu_registers *registers,
                       struct cpu_fp *fp)
{
    struct image image;
    uint32_t bytes = exception_is_extended(context) ? sizeof image : sizeof image.frame;
    const uint8_t *host = whole_frame(memory, mpu, context->psp, bytes, SYS_READ);
    const struct exception_frame *frame = &image.frame;

    if (host != NULL) {
        copy_frame(&image, host, bytes);
    } else if (pop_words(memory, mpu, context->psp, &image, bytes) != 0) {
        return CFSR_MUNSTKERR;
    }
    if ((frame->xpsr & XPSR_EXCEPTION) != 0) { /* a frame that was tampered with (B3.22) */
        return CFSR_INVPC;
    }
    uint32_t *r = &registers->r[0];

    r[0] = frame->r0;
    r[1] = frame->r1;
    r[2] = frame->r2;
    r[3] = frame->r3;
    r[12] = frame->r12;
    r[CPU_SP] = frame_thread_sp(context->psp, context->exc_return, frame->xpsr);
    r[CPU_LR] = frame->lr;
    r[CPU_PC] = frame->pc & ~UINT32_C(1);
    r[CPU_XPSR] = frame->xpsr & ~XPSR_SPREALIGN;
    if (fp != NULL && exception_is_extended(context)) {
        *fp = image.fp;
    }
    return 0;
}
