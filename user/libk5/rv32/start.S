/* Where every incarnation of a task begins: a0 is the thread's argument, the
 * stack is empty, nothing else is defined. Makes the initial data from its
 * read-only image (so a restart finds it pristine), then calls main(argument).
 * The symbols come from task.ld; all are multiples of 4.
 */
    .section .text.start, "ax", %progbits
    .global _start
    .type   _start, %function
_start:
    andi    sp, sp, -16             /* as the ABI wants it */

    la      t0, task_data_image
    la      t1, task_data_start
    la      t2, task_data_end
1:  beq     t1, t2, 2f
    lw      t3, 0(t0)
    sw      t3, 0(t1)
    addi    t0, t0, 4
    addi    t1, t1, 4
    j       1b

2:  la      t2, task_bss_end
3:  beq     t1, t2, 4f
    sw      zero, 0(t1)
    addi    t1, t1, 4
    j       3b

4:  call    main
    j       k5_exit
    .size   _start, . - _start
