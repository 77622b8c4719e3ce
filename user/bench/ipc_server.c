/* Answers every call with the four words it got, the first one counted up. */
#include "k5.h"
#include "k5_task.h"

int main(void)
{
    struct k5_sys_frame frame = {0};
    int32_t error = k5_sys_recv(CAP_SERVER, &frame);

    while (error == K5_OK) {
        frame.w0++;
        error = k5_sys_reply_recv(CAP_SERVER, &frame);
    }
    k5_panic((uint32_t)error);
}
