/* Crimes of RV32: the instructions matter. */
#include "crimes.h"

#define CLINT_MSIP     0x02000000u
#define CLINT_MTIMECMP 0x02004000u

static void load_zero(void)
{
    __asm__ volatile("lw t0, 0(zero)" : : : "t0");
}

static void reserve_past_end(void)
{
    __asm__ volatile("lr.w t0, (%0)" : : "r"(ADDRESS(task_ram_end)) : "t0", "memory");
}

static void load_interrupt_controller(void)
{
    __asm__ volatile("lw t0, 0(%0)" : : "r"(CLINT_MSIP) : "t0");
}

static void store_timer(void)
{
    __asm__ volatile("sw zero, 0(%0)" : : "r"(CLINT_MTIMECMP) : "memory");
}

static void jump(uint32_t address)
{
    __asm__ volatile("jalr %0"
                     :
                     : "r"(address)
                     : "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a0", "a1", "a2", "a3", "a4",
                       "a5", "a6", "a7", "memory");
}

static void execute_data(void)
{
    static uint32_t code[] = {0x00008067}; /* ret */

    jump(ADDRESS(code));
}

static void execute_stack(void)
{
    uint32_t code[] = {0x00008067};

    __asm__ volatile("" : : "r"(code) : "memory");
    jump(ADDRESS(code));
}

static void execute_zero(void)
{
    jump(0);
}

static void execute_kernel_code(void)
{
    jump(KERNEL_CODE);
}

static void undefined_instruction(void)
{
    __asm__ volatile("unimp");
}

static void undefined_short_instruction(void)
{
    __asm__ volatile(".half 0");
}

static void breakpoint(void)
{
    __asm__ volatile("ebreak");
}

static void semihosting(void)
{
    __asm__ volatile(".option push\n"
                     ".option norvc\n"
                     ".balign 16\n"
                     "li a0, 0x18\n"
                     "slli zero, zero, 0x1f\n"
                     "ebreak\n"
                     "srai zero, zero, 7\n"
                     ".option pop\n"
                     :
                     :
                     : "a0");
}

static void read_status(void)
{
    __asm__ volatile("csrr t0, mstatus" : : : "t0");
}

static void write_scratch(void)
{
    __asm__ volatile("csrw mscratch, zero");
}

static void open_memory(void)
{
    __asm__ volatile("csrw pmpcfg0, %0" : : "r"(0x1f1f1f1fu));
}

static void read_cycles(void)
{
    __asm__ volatile("csrr t0, cycle" : : : "t0");
}

static void read_time(void)
{
    __asm__ volatile("csrr t0, time" : : : "t0");
}

static void return_from_trap(void)
{
    __asm__ volatile("mret");
}

static void wait_for_interrupt(void)
{
    __asm__ volatile("wfi");
}

static void unaligned_reservation(void)
{
    __asm__ volatile("lr.w t0, (%0)" : : "r"(ADDRESS(task_ram_base) + 1) : "t0");
}

static void floating_point(void)
{
    __asm__ volatile(".word 0x00b57553"); /* fadd.s fa0, fa0, fa1 */
}

static void floating_point_load(void)
{
    __asm__ volatile("mv a0, %0\n"
                     ".half 0x6108" /* c.flw fa0, 0(a0) */
                     :
                     : "r"(ADDRESS(task_ram_base))
                     : "a0");
}

static void push_past_stack(void)
{
    __asm__ volatile("mv sp, %0\n"
                     "addi sp, sp, -16\n"
                     "sw a0, 12(sp)\n"
                     "sw a0, 0(sp)"
                     :
                     : "r"(ADDRESS(task_ram_base) + 8)
                     : "memory");
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
    {"reserve a word past its end", reserve_past_end},
    {"load where nothing is", crime_load_unbacked},
    {"load an interrupt register", load_interrupt_controller},
    {"store to the timer", store_timer},
    {"execute its data", execute_data},
    {"execute its stack", execute_stack},
    {"jump to address 0", execute_zero},
    {"jump into the kernel", execute_kernel_code},
    {"undefined instruction", undefined_instruction},
    {"undefined short instruction", undefined_short_instruction},
    {"breakpoint", breakpoint},
    {"semihosting", semihosting},
    {"read mstatus", read_status},
    {"write mscratch", write_scratch},
    {"write pmpcfg0", open_memory},
    {"read the cycle counter", read_cycles},
    {"read the time", read_time},
    {"return from a trap", return_from_trap},
    {"wait for an interrupt", wait_for_interrupt},
    {"unaligned reservation", unaligned_reservation},
    {"floating point without the right to it", floating_point},
    {"short floating-point load", floating_point_load},
    {"push past the end of its stack", push_past_stack},
    {"first unused system-call number", crime_system_call_first_unused},
    {"system-call number 256", crime_system_call_256},
    {"system-call number with the sign bit", crime_system_call_sign},
    {"highest system-call number", crime_system_call_last},
    {"panic", crime_panic},
};

const uint32_t crime_count = sizeof(crimes) / sizeof(crimes[0]);
