/* Sleeps for ever and receives nothing. */
#include "k5.h"

int main(void)
{
    k5_sleep_forever();
}
