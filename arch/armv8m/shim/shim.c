/* The Secure program in front of the kernel on MPS2 AN505.
 *
 * STM32L5 with TZEN = 0 runs everything as Non-secure code does. So that the
 * kernel meets the same machine here, this program gives the Non-secure state
 * all that the kernel needs (memories, UART, timers, faults, interrupts) and
 * leaves. Drivers are tasks: timers, UART 1 and FPGAIO answer unprivileged code,
 * too, where the kernel's MPU lets it through.
 *
 * Secure is only what IDAU calls so (0x1, 0x3, 0x5...... aliases): the SAU makes
 * the rest Non-secure, so that a wild pointer of a task is judged by the
 * kernel's MPU. A pointer into a Secure alias raises SecureFault here, and is
 * passed on.
 */
#include <stdint.h>

#include "arch/armv8m/core.h"

/* Armv8-M ARM D1.2: the Non-secure banks as Secure code sees them, and what only it has. */
#define AIRCR    REG32(0xe000ed0cu)
#define NSACR    REG32(0xe000ed8cu)
#define SAU_CTRL REG32(0xe000edd0u)
#define VTOR_NS  REG32(0xe002ed08u)
#define SHCSR_NS REG32(0xe002ed24u)
#define MMFAR_NS REG32(0xe002ed34u)

#define AIRCR_VECTKEY        (UINT32_C(0x05fa) << 16)
#define AIRCR_BFHFNMINS      (UINT32_C(1) << 13) /* BusFault, HardFault and NMI are Non-secure */
#define NSACR_CP10_CP11      (UINT32_C(3) << 10) /* FPU: the kernel's CPACR decides, not we */
#define SAU_CTRL_ALLNS       (UINT32_C(1) << 1)
#define SHCSR_USGFAULTPENDED (UINT32_C(1) << 12)

/* AN505 and IoTKit: memory and peripheral protection controllers. */
#define MPC_SSRAM1     0x58007000u
#define MPC_SSRAM3     0x58009000u
#define MPC_BLK_MAX    0x10u
#define MPC_BLK_IDX    0x18u
#define MPC_BLK_LUT    0x1cu
#define APBNSPPC0      REG32(0x50080070u)
#define APBNSPPCEXP1   REG32(0x50080084u)
#define APBNSPPCEXP2   REG32(0x50080088u)
#define PPC0_TIMERS    7u        /* timer 0, timer 1, dual timer */
#define PPCEXP1_UARTS  (3u << 5) /* UART 0 is the kernel's, */
#define PPCEXP1_UART1  (1u << 6) /* UART 1 for tasks */
#define PPCEXP2_FPGAIO (1u << 2)

/* The Non-secure half of the same controllers: what unprivileged code may use. */
#define APBNSPPPC0    REG32(0x400800b0u)
#define APBNSPPPCEXP1 REG32(0x400800c4u)
#define APBNSPPPCEXP2 REG32(0x400800c8u)

#define NVIC_ITNS(word) REG32(0xe000e380u + 4u * (word))
#define IRQ_WORDS       4u /* 124 lines */

/* By shim.ld: where the image begins. */
extern const uint32_t image_vectors[];

void shim_reset(void);
void shim_stop(void);
void shim_secure_fault(void);
_Noreturn void shim_enter(uint32_t target);

/* Opens the blocks [first, last] of a memory to Non-secure code, 32 blocks an index. */
static void open_memory(uint32_t mpc, uint32_t first, uint32_t last)
{
    for (uint32_t i = first; i <= last; i++) {
        REG32(mpc + MPC_BLK_IDX) = i;
        REG32(mpc + MPC_BLK_LUT) = UINT32_MAX;
    }
}

void shim_reset(void)
{
    uint32_t ssram1_last = REG32(MPC_SSRAM1 + MPC_BLK_MAX);

    open_memory(MPC_SSRAM1, (ssram1_last + 1u) / 2u, ssram1_last); /* we stay in the lower half */
    open_memory(MPC_SSRAM3, 0, REG32(MPC_SSRAM3 + MPC_BLK_MAX));
    APBNSPPC0 |= PPC0_TIMERS;
    APBNSPPCEXP1 |= PPCEXP1_UARTS;
    APBNSPPCEXP2 |= PPCEXP2_FPGAIO;
    APBNSPPPC0 |= PPC0_TIMERS;
    APBNSPPPCEXP1 |= PPCEXP1_UART1;
    APBNSPPPCEXP2 |= PPCEXP2_FPGAIO;
    SAU_CTRL = SAU_CTRL_ALLNS;
    NSACR |= NSACR_CP10_CP11;
    for (uint32_t word = 0; word < IRQ_WORDS; word++) {
        NVIC_ITNS(word) = UINT32_MAX;
    }
    AIRCR = AIRCR_VECTKEY | AIRCR_BFHFNMINS;
    SHCSR |= SHCSR_SECUREFAULTENA;
    VTOR_NS = (uint32_t)(uintptr_t)image_vectors;
    core_sync();
    __asm__ volatile("msr msp_ns, %0" ::"r"(image_vectors[0]));
    shim_enter(image_vectors[1]);
}

/*
 * A Non-secure access or branch to a Secure address. The kernel learns of it as
 * a UsageFault without a cause in its CFSR, which no other event can produce;
 * the Secure status travels in MMFAR_NS. Pending now, it is taken when this
 * handler returns, before the instruction could run again.
 */
void shim_secure_fault(void)
{
    MMFAR_NS = SFSR;
    SFSR = SFSR; /* sticky: writing ones clears */
    SHCSR_NS |= SHCSR_USGFAULTPENDED;
    core_sync();
}

/* A fault of this program: nobody is left to tell. */
void shim_stop(void)
{
    for (;;) {
        core_wait();
    }
}
