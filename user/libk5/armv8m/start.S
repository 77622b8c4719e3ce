/* Where every incarnation of a task begins: r0 is the thread's argument, the
 * stack is empty, nothing else is defined. Makes the initial data from its
 * read-only image (so a restart finds it pristine), then calls main(argument).
 * The symbols come from task.ld; all are multiples of 4.
 */
    .syntax unified
    .thumb

    .section .text.start, "ax", %progbits
    .global _start
    .type   _start, %function
_start:
    mov     r4, r0

    ldr     r0, =task_data_image
    ldr     r1, =task_data_start
    ldr     r2, =task_data_end
1:  cmp     r1, r2
    beq     2f
    ldr     r3, [r0], #4
    str     r3, [r1], #4
    b       1b

2:  ldr     r2, =task_bss_end
    movs    r3, #0
3:  cmp     r1, r2
    beq     4f
    str     r3, [r1], #4
    b       3b

4:  mov     r0, r4
    bl      main
    b       k5_exit
    .size   _start, . - _start
