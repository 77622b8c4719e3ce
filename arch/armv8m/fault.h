/* From the core's fault status registers to the kernel's fault record.
 *
 * Pure: the image reads the registers, the hosted port makes them up as the core
 * would, and both ask here what they mean.
 */
#pragma once

#include "arch/armv8m/frame.h"
#include "kernel/entry.h"

/* Exception numbers (Armv8-M ARM B3.8). */
enum exception {
    EXC_HARD_FAULT = 3,
    EXC_MEM_MANAGE = 4,
    EXC_BUS_FAULT = 5,
    EXC_USAGE_FAULT = 6,
    EXC_SECURE_FAULT = 7,
    EXC_SVCALL = 11,
    EXC_SYSTICK = 15,
};

/* CFSR: MMFSR in bits 7:0, BFSR in 15:8, UFSR in 31:16 (D1.2.24, D1.2.16, D1.2.287). */
#define CFSR_IACCVIOL    (UINT32_C(1) << 0)
#define CFSR_DACCVIOL    (UINT32_C(1) << 1)
#define CFSR_MUNSTKERR   (UINT32_C(1) << 3)
#define CFSR_MSTKERR     (UINT32_C(1) << 4)
#define CFSR_MLSPERR     (UINT32_C(1) << 5)
#define CFSR_MMARVALID   (UINT32_C(1) << 7)
#define CFSR_IBUSERR     (UINT32_C(1) << 8)
#define CFSR_PRECISERR   (UINT32_C(1) << 9)
#define CFSR_IMPRECISERR (UINT32_C(1) << 10)
#define CFSR_UNSTKERR    (UINT32_C(1) << 11)
#define CFSR_STKERR      (UINT32_C(1) << 12)
#define CFSR_LSPERR      (UINT32_C(1) << 13)
#define CFSR_BFARVALID   (UINT32_C(1) << 15)
#define CFSR_UNDEFINSTR  (UINT32_C(1) << 16)
#define CFSR_INVSTATE    (UINT32_C(1) << 17)
#define CFSR_INVPC       (UINT32_C(1) << 18)
#define CFSR_NOCP        (UINT32_C(1) << 19)
#define CFSR_STKOF       (UINT32_C(1) << 20)
#define CFSR_UNALIGNED   (UINT32_C(1) << 24)
#define CFSR_DIVBYZERO   (UINT32_C(1) << 25)

#define HFSR_VECTTBL  (UINT32_C(1) << 1)
#define HFSR_FORCED   (UINT32_C(1) << 30)
#define HFSR_DEBUGEVT (UINT32_C(1) << 31)

/* What the core left behind when a thread faulted. */
struct fault_input {
    uint32_t exception; /* enum exception */
    uint32_t cfsr;
    uint32_t hfsr;
    uint32_t mmfar;
    uint32_t bfar;
    uint32_t sfsr; /* EXC_SECURE_FAULT; SFAR is not modelled: no Non-secure code can read it */
    uint32_t psp;  /* in the handler */
    uint32_t psplim;
    uint32_t exc_return;
};

/*
 * Did the core push the frame at input->psp? Where not, PSP may point anywhere, nothing at it
 * means anything, and an SVC that could not be entered is still pending.
 */
bool fault_frame_pushed(const struct fault_input *input);

/* Fills `record`. `frame` is what lies at input->psp; NULL where fault_frame_pushed() is false. */
void fault_decode(const struct fault_input *input, const struct exception_frame *frame,
                  struct fault_record *record);
