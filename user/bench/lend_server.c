/* Writes to what it is lent, and gives it back. */
#include "k5.h"
#include "k5_task.h"

int main(void)
{
    struct k5_sys_frame frame = {0};
    int32_t error = k5_sys_recv(CAP_SERVER, &frame);

    while (error == K5_OK) {
        ++*(volatile uint8_t *)(uintptr_t)frame.w0;
        frame.info = K5_MSG_SHORT;
        error = k5_sys_reply_recv(CAP_SERVER, &frame);
    }
    k5_panic((uint32_t)error);
}
