/* Notifications: the three ways to wait are one system call. */
#include "k5_notification.h"

static enum k5_error wait(k5_cptr_t notification, uint32_t flags, uint32_t mask,
                          k5_deadline_t deadline, uint32_t *bits)
{
    uint32_t taken;
    int32_t error = k5_sys_wait(notification, flags, mask, deadline, &taken);

    if (error == K5_OK) {
        *bits = taken;
    }
    return (enum k5_error)error;
}

enum k5_error k5_wait(k5_cptr_t notification, uint32_t mask, uint32_t *bits)
{
    return wait(notification, 0, mask, 0, bits);
}

enum k5_error k5_wait_until(k5_cptr_t notification, uint32_t mask, k5_deadline_t deadline,
                            uint32_t *bits)
{
    return wait(notification, K5_FLAG_TIMED, mask, deadline, bits);
}

enum k5_error k5_poll(k5_cptr_t notification, uint32_t mask, uint32_t *bits)
{
    return wait(notification, K5_FLAG_TRY, mask, 0, bits);
}
