/* The ways into the kernel and the one way out.
 *
 * All exceptions but HardFault have one priority, so no entry ever interrupts
 * another, and a fault of the kernel itself escalates to HardFault. System
 * calls pass everything in r4 to r11: the entry moves them between the core
 * and the thread's structure, and never looks at the exception frame.
 *
 * Through every entry and the exit: r4 = &port, r9 = &k5.
 */
#include "arch/armv8m/entry_offsets.h"
#include "arch/armv8m/fpu_switch.inc"
#include "arch/armv8m/irq.h"

    .syntax unified
    .thumb

/* ------------------------------------------------------------- vectors */

    .section .vectors, "a"
    .global vectors
    .balign VECTORS_ALIGN
vectors:
    .word   kernel_stack_top
    .word   port_reset
    .word   fault_entry     /* NMI: nothing on these boards raises it */
    .word   fault_entry     /* HardFault */
    .word   fault_entry     /* MemManage */
    .word   fault_entry     /* BusFault */
    .word   fault_entry     /* UsageFault */
    .word   fault_entry     /* SecureFault */
    .word   0
    .word   0
    .word   0
    .word   svc_entry
    .word   fault_entry     /* DebugMonitor */
    .word   0
    .word   boot_entry      /* PendSV: pended once, by reset */
    .word   timer_entry     /* SysTick */
    .rept   IRQ_VECTORS
    .word   irq_entry
    .endr

/* ------------------------------------------------------------- entries */

    .text

/* Saves what the core has not: r4 to r11, PSP and EXC_RETURN of the interrupted thread. */
.macro SAVE
    ldr     r0, =port
    ldr     r1, [r0, #PORT_SAVED]
    stmia   r1!, {r4-r11}
    mov     r4, r0
    add     r9, r0, #PORT_BYTES
    mrs     r2, psp
    strd    r2, lr, [r1]
.endm

.macro FUNCTION name
    .global \name
    .type   \name, %function
    .thumb_func
\name:
.endm

/* reset -> here, on the idle thread: the first EXC_RETURN that the core makes is the one that
 * leads to a thread in this security state. */
FUNCTION boot_entry
    SAVE
    bl      port_boot
    b       exit_idle

FUNCTION timer_entry
    SAVE
    bl      port_timer

/* The idle thread is privileged, all others are not; only boot, timer and interrupts can interrupt
 * it. CONTROL takes effect at the exception return. */
exit_idle:
    ldrb    r0, [r9, #K5_CURRENT]
    cmp     r0, #NOBODY
    ite     eq
    moveq   r0, #2
    movne   r0, #3
    msr     control, r0
    b       exit_thread

/* A fault of a thread comes from thread mode, on PSP: EXC_RETURN bits 3 and 2. */
FUNCTION fault_entry
    and     r0, lr, #0xc
    cmp     r0, #0xc
    bne     fault_in_kernel
    SAVE
    bl      port_fault
    b       exit_thread

/* We never go back, so all of the stack is free again (MSP may stand at its limit), the frame's
 * place too: so its pc is read first. */
fault_in_kernel:
    mrs     r0, msp
    ldr     r0, [r0, #24]           /* pc of struct exception_frame */
    ldr     r2, =kernel_stack_top
    msr     msp, r2
    ldr     r9, =k5
    b       port_kernel_fault

/* arch/common/event.h. */
FUNCTION port_assertion_epitaph
    adr     r0, assertion
    movs    r1, #0
    mov     r2, lr
    movs    r3, #0

/* The same; the arguments stay. */
FUNCTION port_stop
    ldr     r12, =kernel_stack_top
    msr     msp, r12
    b       port_last_words

    .balign 4
assertion:
    .asciz  "assertion"
    .balign 2

/* In a section of its own: it goes where an image has no vector that leads here. */
    .section .text.irq_entry, "ax"
FUNCTION irq_entry
    SAVE
    mrs     r0, ipsr
    subs    r0, #FIRST_IRQ
    bl      kernel_interrupt
    b       exit_idle
    .pool

    .text
    .balign 4
FUNCTION svc_entry
    SAVE
    bl      kernel_syscall

/* ---------------------------------------------------------------- exit */

exit_thread:
    ldrb    r0, [r9, #K5_CURRENT]
    ldrd    r1, r2, [r4, #PORT_ID]
    cmp     r0, r1
    bne     switch

/* The same thread: its limit is in place. PSP may be new, where the kernel restarted it. */
    ldmia   r2!, {r4-r11}
    ldrd    r0, r1, [r2]
    msr     psp, r0
    bx      r1

switch:                             /* r0 = k5.current */
    cmp     r0, #NOBODY
    beq     go_idle
    add     r2, r9, #K5_REG
    add     r2, r2, r0, lsl #THREAD_SHIFT
    strd    r0, r2, [r4, #PORT_ID]
    FPU_LOOK
    ldr     r0, [r2, #THREAD_MPU]
    ldr     r1, [r4, #PORT_MAPPED]
    cmp     r0, r1
    beq     resume

/* RBAR, RLAR and their three aliases are four regions in eight words. The MPU stays on meanwhile:
 * old and new regions may overlap for a moment, but none of them holds anything of the kernel. */
    str     r0, [r4, #PORT_MAPPED]
    ldr     r3, =0xe000ed9c         /* MPU_RBAR */
    mov     r1, #0
    str     r1, [r3, #-4]           /* MPU_RNR */
    ldmia   r0!, {r4-r11}
    stmia   r3, {r4-r11}
    mov     r1, #4
    str     r1, [r3, #-4]
    ldmia   r0, {r4-r11}
    stmia   r3, {r4-r11}
    dsb                             /* the exception return is the ISB */

resume:                             /* r2 = struct port_saved */
    ldmia   r2!, {r4-r11}
    ldmia   r2, {r0, r1, r3}
    msr     psplim, r3              /* first: PSP must never stand below it */
    msr     psp, r0
    bx      r1

/* The MPU keeps the last task's regions: they are right when it runs next, and idle, being
 * privileged, has the default memory map. */
go_idle:
    add     r2, r4, #PORT_IDLE
    strd    r0, r2, [r4, #PORT_ID]
    mov     r1, #2
    msr     control, r1
    b       resume

    FPU_SWITCH

    .pool
