/* rogue: tries to break out, another way in each of its lives.
 *
 * What it does is undefined in C on purpose, so everything goes through volatile
 * and numbers made into pointers: the compiler must not reason about it. The
 * attempts are not inlined, so that a fault record names them.
 */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

/* Absolute symbols of task.ld: their addresses are the numbers. */
extern char task_ram_base[];
extern char task_ram_end[];

/* On every board RAM starts at a multiple of 2 MiB, and the kernel has its first bytes. */
#define RAM_START(address) ((address) & ~0x1fffffu)

#define NOT_INLINED __attribute__((noinline))

#define SLOT_I_DO_NOT_HAVE 0x00010007u

static volatile uint32_t scratch;

/* `bx lr`, in initialised data: writable, so never executable. */
static uint16_t code_in_data[] = {0x4770, 0x4770};

NOT_INLINED static void write_past_my_memory(void)
{
    volatile uint8_t *end = (volatile uint8_t *)(uintptr_t)task_ram_end;

    *end = 42;
}

NOT_INLINED static void read_the_kernel(void)
{
    const volatile uint32_t *kernel =
        (const volatile uint32_t *)RAM_START((uintptr_t)task_ram_base);

    scratch = *kernel;
}

NOT_INLINED static void execute_my_data(void)
{
    uintptr_t volatile thumb = (uintptr_t)code_in_data | 1; /* no tail call */

    ((void (*)(void))thumb)();
}

NOT_INLINED static void overflow_my_stack(void)
{
    volatile uint32_t frame[16];

    frame[0] = scratch;
    scratch = frame[0] + 1;
    void (*volatile again)(void) = overflow_my_stack;
    again();
    scratch = frame[0];
}

NOT_INLINED static void forge_a_capability(void)
{
    struct k5_message message = k5_short(0, 1, 2, 3, 4);
    enum k5_error error = k5_call(SLOT_I_DO_NOT_HAVE, &message);

    K5_INFO("refused with error %d; I live, but that got me nowhere", error);
}

static uint32_t next_attempt(void)
{
    struct k5_message message = k5_short(0, 0, 0, 0, 0);

    if (k5_call(CAP_SCORE, &message) != K5_OK) {
        k5_panic(0);
    }
    return message.word[0];
}

static void attempt(uint32_t number)
{
    switch (number) {
    case 1:
        K5_WARN("attempt 1: write one byte past the end of my memory");
        write_past_my_memory();
        break;
    case 2:
        K5_WARN("attempt 2: read the kernel's memory");
        read_the_kernel();
        break;
    case 3:
        K5_WARN("attempt 3: execute my data");
        execute_my_data();
        break;
    case 4:
        K5_WARN("attempt 4: overflow my stack");
        overflow_my_stack();
        break;
    case 5:
        K5_WARN("attempt 5: call with a forged capability");
        forge_a_capability();
        return;
    default:
        K5_INFO("I give up");
        k5_sleep_forever();
    }
    K5_ERROR("attempt %u went through: this must not happen", number);
}

int main(void)
{
    for (;;) {
        attempt(next_attempt());
    }
}
