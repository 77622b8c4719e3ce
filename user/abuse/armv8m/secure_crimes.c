/* Crimes that end as another kind of fault where there is a Secure world: on MPS2 AN505 under
 * QEMU there is one, in the hosted port and on an STM32L5 with TZEN = 0 there is none. Each must
 * end the task's life in both.
 */
#include "abuse.h"

/* Bit 28 tells the Secure from the Non-secure alias of a memory on MPS2 AN505. */
#define SECURE_ALIAS 0x10000000u

static void jump(uint32_t address)
{
    __asm__ volatile("blx %0" : : "r"(address) : "r0", "r1", "r2", "r3", "r12", "lr", "memory");
}

static void return_from_exception(void)
{
    jump(0xffffffbdu);
}

static void return_from_secure_exception(void)
{
    jump(0xfffffffdu);
}

static void return_from_secure_function(void)
{
    jump(0xfeffffffu);
}

static void jump_into_secure_code(void)
{
    jump(0x10000101u);
}

static void load_secure_alias(void)
{
    __asm__ volatile("ldr r0, [%0]" : : "r"(ADDRESS(task_ram_base) | SECURE_ALIAS) : "r0");
}

static void store_secure_alias(void)
{
    __asm__ volatile("str %0, [%0]" : : "r"(ADDRESS(task_ram_base) | SECURE_ALIAS) : "memory");
}

static void load_secure_nothing(void)
{
    __asm__ volatile("ldr r0, [%0]" : : "r"(0x70000000u) : "r0");
}

const struct crime crimes[] = {
    {"return from an exception it is not in", return_from_exception},
    {"return from a secure exception", return_from_secure_exception},
    {"return from a secure function it is not in", return_from_secure_function},
    {"jump into secure code", jump_into_secure_code},
    {"load its memory by the secure alias", load_secure_alias},
    {"store to its memory by the secure alias", store_secure_alias},
    {"load where nothing is, and secure", load_secure_nothing},
};

const uint32_t crime_count = sizeof(crimes) / sizeof(crimes[0]);
