/* Says that it runs, and is done. */
#include "k5.h"
#include "k5_log.h"

int main(void)
{
    K5_INFO("bench boot first line");
    k5_sleep_forever();
}
