/* Where there are a timer and a serial line. */
#include "check.h"

void check_all(void)
{
    check_timer();
    check_uart();
}
