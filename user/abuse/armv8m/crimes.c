/* Crimes of Armv8-M: the instructions matter. */
#include "crimes.h"
#include "crime_set.h"

static void crime_load_zero(void)
{
    uint32_t zero = 0;
    uint32_t value;

    __asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(zero));
}

static void crime_store_across_end(void)
{
    __asm__ volatile("str %0, [%1]" : : "r"(0), "r"(ADDRESS(task_ram_end) - 2) : "memory");
}

static void crime_store_many_across_end(void)
{
    __asm__ volatile("stmia %0, {r0-r3}" : : "r"(ADDRESS(task_ram_end) - 8) : "memory");
}

static void crime_load_many_across_end(void)
{
    __asm__ volatile("ldmia %0, {r0-r3}"
                     :
                     : "r"(ADDRESS(task_ram_end) - 8)
                     : "r0", "r1", "r2", "r3");
}

static void crime_load_system_control(void)
{
    __asm__ volatile("ldr r0, [%0]" : : "r"(0xe000ed00u) : "r0");
}

static void crime_store_system_control(void)
{
    __asm__ volatile("str %0, [%0]" : : "r"(0xe000ed08u) : "memory");
}

static void jump(uint32_t address)
{
    __asm__ volatile("blx %0" : : "r"(address) : "r0", "r1", "r2", "r3", "r12", "lr", "memory");
}

static void crime_execute_data(void)
{
    static uint16_t code[] = {0x4770, 0x4770};

    jump(ADDRESS(code) | 1);
}

static void crime_execute_stack(void)
{
    uint16_t code[] = {0x4770, 0x4770};

    __asm__ volatile("" : : "r"(code) : "memory");
    jump(ADDRESS(code) | 1);
}

static void crime_execute_zero(void)
{
    jump(1);
}

static void crime_execute_kernel_code(void)
{
    jump(KERNEL_CODE | 1);
}

static void crime_execute_even_address(void)
{
    jump(ADDRESS(task_text_base));
}

static void crime_undefined_instruction(void)
{
    __asm__ volatile("udf #0");
}

static void crime_breakpoint(void)
{
    __asm__ volatile("bkpt #0");
}

static void crime_semihosting(void)
{
    __asm__ volatile("movs r0, #0x18\n bkpt #0xab" : : : "r0");
}

static void crime_divide_by_zero(void)
{
    uint32_t zero = 0;
    uint32_t result;

    __asm__ volatile("udiv %0, %1, %2" : "=r"(result) : "r"(1), "r"(zero));
}

static void crime_unaligned_double(void)
{
    __asm__ volatile("ldrd r0, r1, [%0]" : : "r"(ADDRESS(task_ram_base) + 2) : "r0", "r1");
}

static void crime_unaligned_exclusive(void)
{
    __asm__ volatile("ldrex r0, [%0]" : : "r"(ADDRESS(task_ram_base) + 1) : "r0");
}

static void crime_floating_point(void)
{
    __asm__ volatile(".inst.w 0xee300a00"); /* vadd.f32 s0, s0, s0 */
}

static void crime_push_past_stack(void)
{
    __asm__ volatile("mov sp, %0\n push {r0-r3}" : : "r"(ADDRESS(task_ram_base) + 8) : "memory");
}

static void crime_call_with_stack_elsewhere(void)
{
    __asm__ volatile("mov sp, %0\n mov r11, %1\n svc #0"
                     :
                     : "r"(ADDRESS(task_ram_end) + 4096), "I"(K5_SYS_YIELD)
                     : "r4", "r11", "memory");
}

static void crime_call_with_no_room(void)
{
    __asm__ volatile("mov sp, %0\n mov r11, %1\n svc #0"
                     :
                     : "r"(ADDRESS(task_ram_base) + 16), "I"(K5_SYS_YIELD)
                     : "r4", "r11", "memory");
}

#define CRIME(name, what, kind) {what, crime_##name},

const struct crime crimes[] = {CRIMES(CRIME)};

const uint32_t crime_count = sizeof(crimes) / sizeof(crimes[0]);
