/* Crimes of Armv8-M: the instructions matter. */
#include "crimes.h"

static void load_zero(void)
{
    uint32_t zero = 0;
    uint32_t value;

    __asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(zero));
}

static void store_across_end(void)
{
    __asm__ volatile("str %0, [%1]" : : "r"(0), "r"(ADDRESS(task_ram_end) - 2) : "memory");
}

static void store_many_across_end(void)
{
    __asm__ volatile("stmia %0, {r0-r3}" : : "r"(ADDRESS(task_ram_end) - 8) : "memory");
}

static void load_many_across_end(void)
{
    __asm__ volatile("ldmia %0, {r0-r3}"
                     :
                     : "r"(ADDRESS(task_ram_end) - 8)
                     : "r0", "r1", "r2", "r3");
}

static void load_system_control(void)
{
    __asm__ volatile("ldr r0, [%0]" : : "r"(0xe000ed00u) : "r0");
}

static void store_system_control(void)
{
    __asm__ volatile("str %0, [%0]" : : "r"(0xe000ed08u) : "memory");
}

static void jump(uint32_t address)
{
    __asm__ volatile("blx %0" : : "r"(address) : "r0", "r1", "r2", "r3", "r12", "lr", "memory");
}

static void execute_data(void)
{
    static uint16_t code[] = {0x4770, 0x4770};

    jump(ADDRESS(code) | 1);
}

static void execute_stack(void)
{
    uint16_t code[] = {0x4770, 0x4770};

    __asm__ volatile("" : : "r"(code) : "memory");
    jump(ADDRESS(code) | 1);
}

static void execute_zero(void)
{
    jump(1);
}

static void execute_kernel_code(void)
{
    jump(KERNEL_CODE | 1);
}

static void execute_even_address(void)
{
    jump(ADDRESS(task_text_base));
}

static void undefined_instruction(void)
{
    __asm__ volatile("udf #0");
}

static void breakpoint(void)
{
    __asm__ volatile("bkpt #0");
}

static void semihosting(void)
{
    __asm__ volatile("movs r0, #0x18\n bkpt #0xab" : : : "r0");
}

static void divide_by_zero(void)
{
    uint32_t zero = 0;
    uint32_t result;

    __asm__ volatile("udiv %0, %1, %2" : "=r"(result) : "r"(1), "r"(zero));
}

static void unaligned_double(void)
{
    __asm__ volatile("ldrd r0, r1, [%0]" : : "r"(ADDRESS(task_ram_base) + 2) : "r0", "r1");
}

static void unaligned_exclusive(void)
{
    __asm__ volatile("ldrex r0, [%0]" : : "r"(ADDRESS(task_ram_base) + 1) : "r0");
}

static void floating_point(void)
{
    __asm__ volatile(".inst.w 0xee300a00"); /* vadd.f32 s0, s0, s0 */
}

static void push_past_stack(void)
{
    __asm__ volatile("mov sp, %0\n push {r0-r3}" : : "r"(ADDRESS(task_ram_base) + 8) : "memory");
}

static void call_with_stack_elsewhere(void)
{
    __asm__ volatile("mov sp, %0\n mov r11, %1\n svc #0"
                     :
                     : "r"(ADDRESS(task_ram_end) + 4096), "I"(K5_SYS_YIELD)
                     : "r4", "r11", "memory");
}

static void call_with_no_room(void)
{
    __asm__ volatile("mov sp, %0\n mov r11, %1\n svc #0"
                     :
                     : "r"(ADDRESS(task_ram_base) + 16), "I"(K5_SYS_YIELD)
                     : "r4", "r11", "memory");
}

const struct crime crimes[] = {
    {"load from address 0", load_zero},
    {"load the kernel's memory", crime_load_kernel_memory},
    {"store to the kernel's memory", crime_store_kernel_memory},
    {"load the kernel's code", crime_load_kernel_code},
    {"store to the kernel's code", crime_store_kernel_code},
    {"store to its own code", crime_store_own_code},
    {"store one byte past its end", crime_store_past_end},
    {"store one byte before its start", crime_store_before_start},
    {"load one byte past its end", crime_load_past_end},
    {"store a word across its end", store_across_end},
    {"store multiple across its end", store_many_across_end},
    {"load multiple across its end", load_many_across_end},
    {"load where nothing is", crime_load_unbacked},
    {"load a system control register", load_system_control},
    {"store to a system control register", store_system_control},
    {"execute its data", execute_data},
    {"execute its stack", execute_stack},
    {"jump to address 0", execute_zero},
    {"jump into the kernel", execute_kernel_code},
    {"jump to an even address", execute_even_address},
    {"undefined instruction", undefined_instruction},
    {"breakpoint", breakpoint},
    {"semihosting", semihosting},
    {"divide by zero", divide_by_zero},
    {"unaligned double load", unaligned_double},
    {"unaligned exclusive load", unaligned_exclusive},
    {"floating point without the right to it", floating_point},
    {"push past the end of its stack", push_past_stack},
    {"system call with the stack elsewhere", call_with_stack_elsewhere},
    {"system call with no room on the stack", call_with_no_room},
    {"first unused system-call number", crime_system_call_first_unused},
    {"system-call number 256", crime_system_call_256},
    {"system-call number with the sign bit", crime_system_call_sign},
    {"highest system-call number", crime_system_call_last},
    {"panic", crime_panic},
};

const uint32_t crime_count = sizeof(crimes) / sizeof(crimes[0]);
