/* The ways into the kernel and the one way out.
 *
 * The kernel runs in machine mode with interrupts off, on its one stack, and
 * nothing ever interrupts it: a trap from machine mode is a bug of its own.
 * mscratch holds the address of the running thread's structure, and 0 while
 * the kernel runs.
 *
 * An entry saves all registers but s0 to s11. The kernel's C code preserves
 * these, so they still hold the thread's values at the exit, and are saved only
 * where another thread follows. mstatus is set once: a trap from user mode leaves
 * MPP = U and MPIE = 0, which is what mret wants.
 */
#include "arch/rv32/entry_offsets.h"

#define CAUSE_ECALL_U       8
#define CAUSE_EXTERNAL_ONLY 8 /* the bit of 11 that 7 has not */
#define MSTATUS_TW          (1 << 21)

/* ---------------------------------------------------------------- reset */

    .section .reset, "ax"
    .global port_reset
port_reset:
    csrw    mie, zero
    li      t0, MSTATUS_TW          /* wfi in user mode is illegal on every core; MPP = U, FS off */
    csrw    mstatus, t0
    csrw    mscratch, zero
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    la      sp, kernel_stack_top
    la      t0, trap_entry
    csrw    mtvec, t0               /* direct: all traps enter there */

    la      t0, kernel_bss_start    /* all of the kernel's memory begins as zeros */
    la      t1, kernel_bss_end
1:  sw      zero, 0(t0)
    addi    t0, t0, 4
    bltu    t0, t1, 1b

    call    port_boot
    j       exit_thread

/* -------------------------------------------------------------- entries */

    .text
    .balign 4
    .global trap_entry
trap_entry:
    csrrw   sp, mscratch, sp
    beqz    sp, trap_in_kernel
    sw      a0, THREAD_REG(sp)
    sw      a1, THREAD_REG + 4(sp)
    sw      a2, THREAD_REG + 8(sp)
    sw      a3, THREAD_REG + 12(sp)
    sw      a4, THREAD_REG + 16(sp)
    sw      a5, THREAD_REG + 20(sp)
    sw      a6, THREAD_REG + 24(sp)
    sw      a7, THREAD_REG + 28(sp)
    sw      ra, THREAD_RA(sp)
    sw      gp, THREAD_GP(sp)
    sw      tp, THREAD_TP(sp)
    sw      t0, THREAD_T(sp)
    sw      t1, THREAD_T + 4(sp)
    sw      t2, THREAD_T + 8(sp)
    sw      t3, THREAD_T + 12(sp)
    sw      t4, THREAD_T + 16(sp)
    sw      t5, THREAD_T + 20(sp)
    sw      t6, THREAD_T + 24(sp)
    csrrw   t0, mscratch, zero
    sw      t0, THREAD_SP(sp)
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop

    csrr    a0, mcause
    csrr    t1, mepc
    li      t2, CAUSE_ECALL_U
    bne     a0, t2, not_a_call
    addi    t1, t1, 4               /* behind the ecall */
    sw      t1, THREAD_PC(sp)
    la      sp, kernel_stack_top
    call    kernel_syscall

/* ----------------------------------------------------------------- exit */

exit_thread:
    la      t0, port
    lbu     a0, PORT_BYTES + K5_CURRENT(t0)
    lw      a1, PORT_ID(t0)
    lw      sp, PORT_SAVED(t0)
    bne     a0, a1, switch

resume:                             /* sp = struct thread, s0 to s11 are in place */
    csrw    mscratch, sp
    lw      t0, THREAD_PC(sp)
    csrw    mepc, t0
    lw      a0, THREAD_REG(sp)
    lw      a1, THREAD_REG + 4(sp)
    lw      a2, THREAD_REG + 8(sp)
    lw      a3, THREAD_REG + 12(sp)
    lw      a4, THREAD_REG + 16(sp)
    lw      a5, THREAD_REG + 20(sp)
    lw      a6, THREAD_REG + 24(sp)
    lw      a7, THREAD_REG + 28(sp)
    lw      ra, THREAD_RA(sp)
    lw      gp, THREAD_GP(sp)
    lw      tp, THREAD_TP(sp)
    lw      t0, THREAD_T(sp)
    lw      t1, THREAD_T + 4(sp)
    lw      t2, THREAD_T + 8(sp)
    lw      t3, THREAD_T + 12(sp)
    lw      t4, THREAD_T + 16(sp)
    lw      t5, THREAD_T + 20(sp)
    lw      t6, THREAD_T + 24(sp)
    lw      sp, THREAD_SP(sp)
    mret

switch:                             /* a0 = k5.current, sp = port.saved */
    beqz    sp, load
    sw      s0, THREAD_S(sp)
    sw      s1, THREAD_S + 4(sp)
    sw      s2, THREAD_S + 8(sp)
    sw      s3, THREAD_S + 12(sp)
    sw      s4, THREAD_S + 16(sp)
    sw      s5, THREAD_S + 20(sp)
    sw      s6, THREAD_S + 24(sp)
    sw      s7, THREAD_S + 28(sp)
    sw      s8, THREAD_S + 32(sp)
    sw      s9, THREAD_S + 36(sp)
    sw      s10, THREAD_S + 40(sp)
    sw      s11, THREAD_S + 44(sp)

load:
    li      t1, NOBODY
    sw      a0, PORT_ID(t0)
    beq     a0, t1, go_idle
    li      t1, THREAD_BYTES
    mul     a0, a0, t1
    add     sp, t0, a0
    addi    sp, sp, PORT_BYTES + K5_REG
    sw      sp, PORT_SAVED(t0)

/* A reservation that one thread made must not let another one's sc succeed: this one cannot, and
 * ends it (Unprivileged ISA, 8.2). QEMU ends it by itself, a chip need not. */
    sc.w    zero, zero, (t0)

    lw      t1, THREAD_MPU(sp)
    lw      t2, PORT_MAPPED(t0)
    beq     t1, t2, mapped
    sw      t1, PORT_MAPPED(t0)

/* Old and new entries may mix for a moment: none of them binds machine mode. */
    lw      t2, MPU_ADDR(t1)
    lw      t3, MPU_ADDR + 4(t1)
    lw      t4, MPU_ADDR + 8(t1)
    lw      t5, MPU_ADDR + 12(t1)
    csrw    pmpaddr0, t2
    csrw    pmpaddr1, t3
    csrw    pmpaddr2, t4
    csrw    pmpaddr3, t5
    lw      t2, MPU_ADDR + 16(t1)
    lw      t3, MPU_ADDR + 20(t1)
    lw      t4, MPU_ADDR + 24(t1)
    lw      t5, MPU_ADDR + 28(t1)
    csrw    pmpaddr4, t2
    csrw    pmpaddr5, t3
    csrw    pmpaddr6, t4
    csrw    pmpaddr7, t5
    lw      t2, MPU_CFG(t1)
    lw      t3, MPU_CFG + 4(t1)
    csrw    pmpcfg0, t2
    csrw    pmpcfg1, t3

mapped:
    lw      s0, THREAD_S(sp)
    lw      s1, THREAD_S + 4(sp)
    lw      s2, THREAD_S + 8(sp)
    lw      s3, THREAD_S + 12(sp)
    lw      s4, THREAD_S + 16(sp)
    lw      s5, THREAD_S + 20(sp)
    lw      s6, THREAD_S + 24(sp)
    lw      s7, THREAD_S + 28(sp)
    lw      s8, THREAD_S + 32(sp)
    lw      s9, THREAD_S + 36(sp)
    lw      s10, THREAD_S + 40(sp)
    lw      s11, THREAD_S + 44(sp)
    j       resume

/* The PMP keeps the last task's entries: they are right when it runs next. */
go_idle:
    sw      zero, PORT_SAVED(t0)
    la      sp, kernel_stack_top
    call    port_idle
    j       exit_thread

/* ------------------------------------------------- interrupts and faults */

not_a_call:                         /* a0 = mcause, t1 = mepc */
    sw      t1, THREAD_PC(sp)
    la      sp, kernel_stack_top
    bltz    a0, interrupt
    csrr    a1, mtval
    call    port_fault
    j       exit_thread

interrupt:                          /* the timer's, 7, and external ones, 11, are enabled */
    andi    a0, a0, CAUSE_EXTERNAL_ONLY
    bnez    a0, external
    call    port_timer
    j       exit_thread

external:
    call    port_external
    j       exit_thread

/* arch/common/event.h. */
    .global port_assertion_epitaph
port_assertion_epitaph:
    la      a0, assertion
    li      a1, 0
    mv      a2, ra
    li      a3, 0

/* The same; the arguments stay. */
    .global port_stop
port_stop:
    la      sp, kernel_stack_top
    j       port_last_words

/* We never go back, so all of the stack is free again. gp is the kernel's. */
trap_in_kernel:
    la      sp, kernel_stack_top
    csrr    a0, mcause
    csrr    a1, mepc
    j       port_kernel_fault

    .section .rodata.assertion, "a"
assertion:
    .asciz  "assertion"
