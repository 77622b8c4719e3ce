/* The exception frame that an Armv8-M core pushes on the interrupted thread's stack
 * (Armv8-M ARM B3.19). Pure: shared with the hosted port, which pushes it by hand.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct exception_frame {
    uint32_t r0;
    uint32_t r1;
    uint32_t r2;
    uint32_t r3;
    uint32_t r12;
    uint32_t lr;
    uint32_t pc; /* bit 0 clear */
    uint32_t xpsr;
};
_Static_assert(sizeof(struct exception_frame) == 32, "laid out by the core");
_Static_assert(offsetof(struct exception_frame, pc) == 24, "entry.S reads it there");

#define FRAME_BYTES          32u
#define FRAME_EXTENDED_BYTES 104u /* with s0 to s15, FPSCR and a reserved word */

#define XPSR_T         (UINT32_C(1) << 24) /* Thumb state: every frame must have it */
#define XPSR_SPREALIGN (UINT32_C(1) << 9)  /* one word was skipped to align the frame to 8 */

#define EXC_RETURN_FTYPE (UINT32_C(1) << 4) /* set: the standard frame, without FP registers */

/* The stack pointer that the thread had before the core pushed the frame at `psp`. */
static inline uint32_t frame_thread_sp(uint32_t psp, uint32_t exc_return, uint32_t xpsr)
{
    uint32_t bytes = (exc_return & EXC_RETURN_FTYPE) != 0 ? FRAME_BYTES : FRAME_EXTENDED_BYTES;

    return psp + bytes + ((xpsr & XPSR_SPREALIGN) != 0 ? 4u : 0u);
}

/* Makes it a frame that starts a thread at `entry` with `argument` in r0. */
static inline void frame_init(struct exception_frame *frame, uint32_t entry, uint32_t argument)
{
    frame->r0 = argument;
    frame->r1 = 0;
    frame->r2 = 0;
    frame->r3 = 0;
    frame->r12 = 0;
    frame->lr = UINT32_C(0xffffffff); /* a thread that returns faults there, at once */
    frame->pc = entry & ~UINT32_C(1);
    frame->xpsr = XPSR_T;
}
