/* What a task may take for granted before its first system call, and libk5's own functions. */
#include "k5_string.h"
#include "k5_task.h"
#include "verdict.h"

#define BYTES 24

static uint32_t initialised[3] = {0x11223344, 0, 0xffffffff};
static uint32_t cleared[5];
static const char text[] = "constant";

static void check_start(void)
{
    static uint8_t odd_size[3] = {1, 2, 3};

    EXPECT("initial data is there", initialised[0] == 0x11223344 && initialised[1] == 0 &&
                                        initialised[2] == 0xffffffff && odd_size[2] == 3);
    EXPECT("the rest is 0", (cleared[0] | cleared[1] | cleared[2] | cleared[3] | cleared[4]) == 0);
    EXPECT("constants are there", memcmp(text, "constant", sizeof(text)) == 0);
}

static bool counts_from(const uint8_t *bytes, uint8_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (bytes[i] != (uint8_t)(first + i)) {
            return false;
        }
    }
    return true;
}

static void check_memory(void)
{
    uint8_t from[BYTES];
    uint8_t to[BYTES];

    for (uint32_t i = 0; i < BYTES; i++) {
        from[i] = (uint8_t)i;
    }
    memset(to, 0xaa, sizeof(to));
    memcpy(to + 1, from, 5);
    EXPECT("memcpy copies that much", to[0] == 0xaa && counts_from(to + 1, 0, 5) && to[6] == 0xaa);
    memmove(from + 3, from, 10);
    EXPECT("memmove upwards", counts_from(from + 3, 0, 10) && from[13] == 13);
    memmove(from, from + 3, 10);
    EXPECT("memmove downwards", counts_from(from, 0, 10));
    EXPECT("memcmp orders by the first difference as unsigned",
           memcmp("a\x80", "a\x7f", 2) > 0 && memcmp("a\x7f", "a\x80", 2) < 0 &&
               memcmp("ab", "ac", 1) == 0);
}

static void check_caps(void)
{
    struct k5_cap_info own = {0};

    EXPECT_EQUAL("slot 0 is in use", k5_caps(0, &own), K5_OK);
    EXPECT("and described", own.cptr == CAP_OWN && own.badge == 77 &&
                                own.kind == K5_KIND_ENDPOINT &&
                                own.rights == (K5_RIGHT_RECV | K5_RIGHT_GRANT));
    EXPECT_EQUAL("slot 1 is empty", k5_caps(1, &own), K5_E_CPTR);
    EXPECT_EQUAL("there is a slot 3", k5_caps(3, &own), K5_E_CPTR);
    EXPECT_EQUAL("but no slot 4", k5_caps(4, &own), K5_E_INVALID);
}

static void check_time(void)
{
    uint32_t tick_hz = 0;
    uint64_t ticks = k5_sys_time(&tick_hz);
    uint64_t us = k5_time_us();
    uint64_t later = k5_time();

    EXPECT("microseconds lie between the ticks before and after",
           us >= ticks * 1000000 / tick_hz && us <= later * 1000000 / tick_hz);
}

int main(void)
{
    check_start();
    check_memory();
    check_caps();
    check_time();
    verdict_end();
}
