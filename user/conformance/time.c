/* What can be said of time without measuring the machine: order and lower bounds. */
#include "time_hints.h"
#include "verdict.h"

static void check_clock(void)
{
    uint64_t first = k5_time();
    uint64_t second = k5_time();

    EXPECT("time does not run backwards", second >= first);
}

static void check_sleep(void)
{
    uint64_t start = k5_time_us();

    k5_sleep_us(3000);
    EXPECT("a sleep is never short", k5_time_us() - start >= 3000);
    start = k5_time_us();
    k5_sleep_until_us(start + 2000);
    EXPECT("nor is one until a time", k5_time_us() >= start + 2000);
    EXPECT_EQUAL("a time that has passed is no sleep", k5_sys_sleep(0), K5_OK);
    k5_sleep_until_us(1); /* would hang here if it were one */
    k5_sleep_us(0);
    EXPECT_EQUAL("a yield alone comes back", k5_sys_yield(), K5_OK);
}

int main(void)
{
    check_clock();
    check_sleep();
    EXPECT("an instruction that waits comes back", time_hints_come_back());
    verdict_end();
}
