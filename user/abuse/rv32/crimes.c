/* Crimes of RV32: the instructions matter. */
#include "crimes.h"
#include "crime_set.h"

#define CLINT_MSIP     0x02000000u
#define CLINT_MTIMECMP 0x02004000u

static void crime_load_zero(void)
{
    __asm__ volatile("lw t0, 0(zero)" : : : "t0");
}

static void crime_reserve_past_end(void)
{
    __asm__ volatile("lr.w t0, (%0)" : : "r"(ADDRESS(task_ram_end)) : "t0", "memory");
}

static void crime_load_interrupt_controller(void)
{
    __asm__ volatile("lw t0, 0(%0)" : : "r"(CLINT_MSIP) : "t0");
}

static void crime_store_timer(void)
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

static void crime_execute_data(void)
{
    static uint32_t code[] = {0x00008067}; /* ret */

    jump(ADDRESS(code));
}

static void crime_execute_stack(void)
{
    uint32_t code[] = {0x00008067};

    __asm__ volatile("" : : "r"(code) : "memory");
    jump(ADDRESS(code));
}

static void crime_execute_zero(void)
{
    jump(0);
}

static void crime_execute_kernel_code(void)
{
    jump(KERNEL_CODE);
}

static void crime_undefined_instruction(void)
{
    __asm__ volatile("unimp");
}

static void crime_undefined_short_instruction(void)
{
    __asm__ volatile(".half 0");
}

static void crime_breakpoint(void)
{
    __asm__ volatile("ebreak");
}

static void crime_semihosting(void)
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

static void crime_read_status(void)
{
    __asm__ volatile("csrr t0, mstatus" : : : "t0");
}

static void crime_write_scratch(void)
{
    __asm__ volatile("csrw mscratch, zero");
}

static void crime_open_memory(void)
{
    __asm__ volatile("csrw pmpcfg0, %0" : : "r"(0x1f1f1f1fu));
}

static void crime_read_cycles(void)
{
    __asm__ volatile("csrr t0, cycle" : : : "t0");
}

static void crime_read_time(void)
{
    __asm__ volatile("csrr t0, time" : : : "t0");
}

static void crime_return_from_trap(void)
{
    __asm__ volatile("mret");
}

static void crime_wait_for_interrupt(void)
{
    __asm__ volatile("wfi");
}

static void crime_unaligned_reservation(void)
{
    __asm__ volatile("lr.w t0, (%0)" : : "r"(ADDRESS(task_ram_base) + 1) : "t0");
}

static void crime_floating_point(void)
{
    __asm__ volatile(".word 0x00b57553"); /* fadd.s fa0, fa0, fa1 */
}

static void crime_floating_point_load(void)
{
    __asm__ volatile("mv a0, %0\n"
                     ".half 0x6108" /* c.flw fa0, 0(a0) */
                     :
                     : "r"(ADDRESS(task_ram_base))
                     : "a0");
}

static void crime_push_past_stack(void)
{
    __asm__ volatile("mv sp, %0\n"
                     "addi sp, sp, -16\n"
                     "sw a0, 12(sp)\n"
                     "sw a0, 0(sp)"
                     :
                     : "r"(ADDRESS(task_ram_base) + 8)
                     : "memory");
}

#define CRIME(name, what, kind) {what, crime_##name},

const struct crime crimes[] = {CRIMES(CRIME)};

const uint32_t crime_count = sizeof(crimes) / sizeof(crimes[0]);
