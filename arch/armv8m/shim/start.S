/* Secure vectors of MPS2 AN505: the machine starts here. */
    .syntax unified
    .thumb

    .section .vectors, "a"
    .balign 128
shim_vectors:
    .word   shim_stack_top
    .word   shim_reset
    .word   shim_stop       /* NMI */
    .word   shim_stop       /* HardFault */
    .word   shim_stop       /* MemManage */
    .word   shim_stop       /* BusFault */
    .word   shim_stop       /* UsageFault */
    .word   shim_secure_fault
    .word   0
    .word   0
    .word   0
    .word   shim_stop       /* SVCall */
    .word   shim_stop       /* DebugMonitor */
    .word   0
    .word   shim_stop       /* PendSV */
    .word   shim_stop       /* SysTick */

    .text
    .global shim_enter
    .type   shim_enter, %function
    .thumb_func
/* void shim_enter(uint32_t target): to Non-secure code, with nothing of ours in a register. */
shim_enter:
    bic     r0, r0, #1              /* BXNS: bit 0 clear leaves the Secure state */
    mov     lr, r0
    mov     r1, r0
    mov     r2, r0
    mov     r3, r0
    mov     r4, r0
    mov     r5, r0
    mov     r6, r0
    mov     r7, r0
    mov     r8, r0
    mov     r9, r0
    mov     r10, r0
    mov     r11, r0
    mov     r12, r0
    msr     apsr_nzcvq, r0
    bxns    lr
