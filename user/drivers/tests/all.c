/* Where there are all drivers. */
#include "check.h"

void check_all(void)
{
    check_gpio();
    check_timer();
    check_uart();
    check_pwm();
    check_rng();
    check_storage();
    check_display();
    check_sensor();
}
