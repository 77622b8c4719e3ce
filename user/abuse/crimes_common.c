/* Crimes that need no certain instruction; the tables are in a file for each instruction set. */
#include "crimes.h"

#define STORE(address) (*(volatile uint8_t *)(uintptr_t)(address) = 0x55)
#define LOAD(address)  ((void)*(const volatile uint8_t *)(uintptr_t)(address))

void crime_load_kernel_memory(void)
{
    LOAD(KERNEL_MEMORY);
}

void crime_store_kernel_memory(void)
{
    STORE(KERNEL_MEMORY);
}

void crime_load_kernel_code(void)
{
    LOAD(KERNEL_CODE);
}

void crime_store_kernel_code(void)
{
    STORE(KERNEL_CODE);
}

void crime_store_own_code(void)
{
    STORE(task_text_base);
}

void crime_store_past_end(void)
{
    STORE(task_ram_end);
}

void crime_store_before_start(void)
{
    STORE(ADDRESS(task_ram_base) - 1);
}

void crime_load_past_end(void)
{
    LOAD(task_ram_end);
}

void crime_load_unbacked(void)
{
    LOAD(0x60000000u);
}

static void system_call(uint32_t number)
{
    uint32_t r[8] = {0, 0, 0, 0, 0, 0, 0, number};

    raw_call(r);
}

void crime_system_call_first_unused(void)
{
    system_call(K5_SYS_COUNT);
}

void crime_system_call_256(void)
{
    system_call(256); /* call, if only the lowest byte counted */
}

void crime_system_call_sign(void)
{
    system_call(0x80000001u);
}

void crime_system_call_last(void)
{
    system_call(0xffffffffu);
}

void crime_panic(void)
{
    k5_panic(42);
}
