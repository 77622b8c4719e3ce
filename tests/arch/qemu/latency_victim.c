/* Fills its table with capabilities, which the kernel takes away one by one when it restarts. */
#include "k5.h"
#include "k5_task.h"

int main(void)
{
    k5_cptr_t minted;

    while (k5_mint(CAP_NOWHERE, K5_RIGHT_SEND, 0, &minted) == K5_OK) {
    }
    k5_sleep_forever();
}
