/* Registers of the core that the port uses (Armv8-M ARM D1.2), by their names there.
 *
 * All of them are the view of the state the kernel runs in: Non-secure on every board so far.
 * core.h includes this, having defined REG32; so does the one that stands in for it on the host.
 */
#pragma once

#define SYST_CSR  REG32(0xe000e010u)
#define SYST_RVR  REG32(0xe000e014u)
#define SYST_CVR  REG32(0xe000e018u)
#define ICSR      REG32(0xe000ed04u)
#define VTOR      REG32(0xe000ed08u)
#define CCR       REG32(0xe000ed14u)
#define SHPR1     REG32(0xe000ed18u) /* MemManage, BusFault, UsageFault, SecureFault */
#define SHPR2     REG32(0xe000ed1cu) /* SVCall in the top byte */
#define SHPR3     REG32(0xe000ed20u) /* PendSV, SysTick in the top bytes */
#define SHCSR     REG32(0xe000ed24u)
#define CFSR      REG32(0xe000ed28u)
#define HFSR      REG32(0xe000ed2cu)
#define MMFAR     REG32(0xe000ed34u)
#define BFAR      REG32(0xe000ed38u)
#define CPACR     REG32(0xe000ed88u)
#define MPU_CTRL  REG32(0xe000ed94u)
#define MPU_RNR   REG32(0xe000ed98u)
#define MPU_RBAR  REG32(0xe000ed9cu)
#define MPU_RLAR  REG32(0xe000eda0u)
#define MPU_MAIR0 REG32(0xe000edc0u)
#define SFSR      REG32(0xe000ede4u)
#define SFAR      REG32(0xe000ede8u)
#define FPCCR     REG32(0xe000ef34u)

/* Of the NVIC: words of 32 lines, of IPR of 4. */
#define NVIC_ISER(word) REG32(0xe000e100u + 4u * (word))
#define NVIC_ICER(word) REG32(0xe000e180u + 4u * (word))
#define NVIC_ICPR(word) REG32(0xe000e280u + 4u * (word))
#define NVIC_IPR(word)  REG32(0xe000e400u + 4u * (word))

#define SYST_CSR_ENABLE    (1u << 0)
#define SYST_CSR_TICKINT   (1u << 1)
#define SYST_CSR_CLKSOURCE (1u << 2) /* the processor clock */
#define SYST_MAX           UINT32_C(0x00ffffff)

#define ICSR_VECTPENDING (UINT32_C(0x1ff) << 12) /* the next exception that waits, if enabled */
#define ICSR_PENDSTCLR   (UINT32_C(1) << 25)
#define ICSR_PENDSTSET   (UINT32_C(1) << 26)
#define ICSR_PENDSVSET   (UINT32_C(1) << 28)

#define CCR_DIV_0_TRP (1u << 4)

#define SHCSR_SVCALLPENDED   (UINT32_C(1) << 15)
#define SHCSR_MEMFAULTENA    (UINT32_C(1) << 16)
#define SHCSR_BUSFAULTENA    (UINT32_C(1) << 17)
#define SHCSR_USGFAULTENA    (UINT32_C(1) << 18)
#define SHCSR_SECUREFAULTENA (UINT32_C(1) << 19)

/* ENABLE, and PRIVDEFENA: privileged code keeps the default memory map. */
#define MPU_CTRL_ON (1u << 0 | 1u << 2)

#define CPACR_FPU_PRIVILEGED (UINT32_C(0x5) << 20) /* CP10, CP11 */
#define CPACR_FPU_ALL        (UINT32_C(0xf) << 20)

#define FPCCR_LSPEN (UINT32_C(1) << 30)
#define FPCCR_ASPEN (UINT32_C(1) << 31)
