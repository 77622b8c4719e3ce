/* The task's own memory, by the symbols of user/libk5/task.ld: their addresses are the values. */
#include "memory.h"

#include <stddef.h>
#include <stdint.h>

#include "print.h"

#define MARK   0x6b356b35u
#define MARGIN 128u /* what memory_mark_stack() may itself need */

extern const uint8_t task_text_base[], task_text_size[], task_text_used[];
extern uint8_t task_ram_base[];
extern const uint8_t task_ram_size[], task_ram_used[], task_stack_size[];

static uint32_t value(const uint8_t *symbol)
{
    return (uint32_t)(uintptr_t)symbol;
}

/* The stack is the bottom of the RAM region, and grows down. */
void memory_mark_stack(void)
{
    volatile uint32_t *word = (volatile uint32_t *)(uintptr_t)task_ram_base;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);

    for (; (uintptr_t)word + MARGIN < here; word++) {
        *word = MARK;
    }
}

static uint32_t stack_used(void)
{
    const volatile uint32_t *word = (const volatile uint32_t *)(uintptr_t)task_ram_base;
    uint32_t unused = 0;

    while (unused < value(task_stack_size) && *word == MARK) {
        unused += sizeof *word;
        word++;
    }
    return value(task_stack_size) - unused;
}

static void row(const char *name, const uint8_t *base, uint32_t bytes, uint32_t used)
{
    print_padded(name, 8);
    print_hex(value(base));
    print_number(bytes, 9);
    print_number(used, 9);
    print("\r\n");
}

void memory_print(void)
{
    print("REGION  BASE        BYTES     USED\r\n");
    row("text", task_text_base, value(task_text_size), value(task_text_used));
    row("ram", task_ram_base, value(task_ram_size), value(task_ram_used));
    row("stack", task_ram_base, value(task_stack_size), stack_used());
}
