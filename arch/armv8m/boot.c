/* From reset to the first thread. */
#include "arch/armv8m/clock.h"
#include "arch/armv8m/core.h"
#include "arch/armv8m/fpu.h"
#include "arch/armv8m/pmsav8.h"
#include "arch/armv8m/port_internal.h"
#include "arch/armv8m/port_state.h"
#include "arch/common/machine.h"
#include "kernel/entry.h"

/* One priority for all entries, not the highest of 8: none of them can interrupt another. */
#define ENTRY_PRIORITY       UINT32_C(0x80)
#define ENTRY_PRIORITIES_ALL (ENTRY_PRIORITY * UINT32_C(0x01010101))

/* Made by image.ld. */
extern uint32_t kernel_bss_start[], kernel_bss_end[];
extern uint32_t kernel_stack_base[], idle_stack_base[], idle_stack_top[];
extern const uint32_t vectors[];

/* All of the kernel's memory begins as zeros: image.ld refuses initial data. */
static void ram_start(void)
{
    for (uint32_t *to = kernel_bss_start; to < kernel_bss_end; to++) {
        *to = 0;
    }
}

static void exceptions_start(void)
{
    VTOR = (uint32_t)(uintptr_t)vectors;
    SHPR1 = ENTRY_PRIORITIES_ALL;
    SHPR2 = ENTRY_PRIORITIES_ALL;
    SHPR3 = ENTRY_PRIORITIES_ALL;
    SHCSR = SHCSR_MEMFAULTENA | SHCSR_BUSFAULTENA | SHCSR_USGFAULTENA | SHCSR_SECUREFAULTENA;
    CCR |= CCR_DIV_0_TRP;

    /* No thread may use the FPU: see fpu.c. Lazy stacking would save one thread's registers later,
     * under another thread's MPU regions: never. */
    CPACR = 0;
    FPCCR = (FPCCR & ~FPCCR_LSPEN) | FPCCR_ASPEN;
    nvic_start(ENTRY_PRIORITIES_ALL);
}

static void mpu_start(void)
{
    MPU_CTRL = 0;
    MPU_MAIR0 = PMSAV8_MAIR0;
    for (uint32_t i = 0; i < PMSAV8_REGIONS; i++) {
        MPU_RNR = i;
        MPU_RBAR = 0;
        MPU_RLAR = 0;
    }
    MPU_CTRL = MPU_CTRL_ON;
    core_sync();
}

void port_boot(void)
{
    port.idle.context.psplim = (uint32_t)(uintptr_t)idle_stack_base;
    clock_start();
    fpu_start();
    kernel_boot();
}

/* Interrupts are off, so nothing comes in between the look and the wait; what pends ends the wait,
 * and is taken behind. */
static void idle_step(void)
{
    if (k5.unfinished != 0) {
        ICSR = ICSR_PENDSTSET; /* port_timer() goes on with it */
    } else if (!sink_pump()) {
        core_wait();
    }
}

/*
 * What the processor does when no thread can run. It is the code that reset
 * ends in, on its own small stack: the first exception, pended here, takes its
 * state as that of the idle thread.
 */
static _Noreturn void idle(void)
{
    ICSR = ICSR_PENDSVSET;
    core_sync();
    for (;;) {
        core_interrupts_off();
        idle_step();
        core_interrupts_on();
    }
}

/* Thread mode, privileged, on MSP; nothing is set up. */
_Noreturn void port_reset(void)
{
    __asm__ volatile("cpsid i\n\tmsr msplim, %0" ::"r"(kernel_stack_base) : "memory");
    port_k5 = &port_kernel_state;
    ram_start();
    machine_start();
    port.id = NO_THREAD;
    port.saved = &port.idle;
    exceptions_start();
    mpu_start();
    sink_start();

    /* To the idle stack: CONTROL.SPSEL. Nothing of this frame is used behind it. */
    __asm__ volatile("msr psplim, %0\n\t"
                     "msr psp, %1\n\t"
                     "msr control, %2\n\t"
                     "isb\n\t"
                     "cpsie i\n\t"
                     "b %c3" ::"r"(idle_stack_base),
                     "r"(idle_stack_top), "r"(2), "i"(idle)
                     : "memory");
    __builtin_unreachable();
}
