/* Exception entry and return: the frame on the thread's stack (Armv8-M ARM B3.19 to B3.22).
 *
 * The core pushes and pops with the thread's rights, so both go through the MPU
 * and the stack limit, and both can fail.
 */
#pragma once

#include "arch/armv8m/armv8m_types.h"
#include "arch/armv8m/frame.h"
#include "sim/cpu/cpu.h"
#include "sim/memory.h"
#include "sim/cpu/mpu.h"

/*
 * Pushes the frame of a thread with these registers and sets context->psp and the frame type in
 * context->exc_return. `fp`: the FP registers, if the thread has used the FPU, or NULL; then the
 * frame is the extended one. Returns 0, or the CFSR bit that says why it did not fit: then psp is
 * what the core leaves in PSP.
 */
uint32_t exception_push(const struct memory *memory, const struct mpu *mpu,
                        const struct cpu_registers *registers, const struct cpu_fp *fp,
                        struct armv8m_context *context);

/*
 * Pops the frame at context->psp into r0 to r3, r12, sp, lr, pc and xPSR; same result. Fills `fp`
 * (or, if NULL, leaves out) what exception_is_extended() says that there is.
 */
uint32_t exception_pop(const struct memory *memory, const struct mpu *mpu,
                       const struct armv8m_context *context, struct cpu_registers *registers,
                       struct cpu_fp *fp);

static inline bool exception_is_extended(const struct armv8m_context *context)
{
    return (context->exc_return & EXC_RETURN_FTYPE) == 0;
}
