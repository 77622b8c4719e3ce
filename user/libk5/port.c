/* Ports: the three ways to connect are one system call. */
#include "k5_port.h"

static enum k5_error connect(k5_cptr_t port, uint32_t flags, k5_deadline_t deadline,
                             k5_cptr_t *endpoint)
{
    uint32_t cptr;
    int32_t error;

    do {
        error = k5_sys_connect(port, flags, deadline, &cptr);
    } while (error == K5_E_AGAIN);
    if (error == K5_OK) {
        *endpoint = cptr;
    }
    return (enum k5_error)error;
}

enum k5_error k5_connect(k5_cptr_t port, k5_cptr_t *endpoint)
{
    return connect(port, 0, 0, endpoint);
}

enum k5_error k5_connect_until(k5_cptr_t port, k5_deadline_t deadline, k5_cptr_t *endpoint)
{
    return connect(port, K5_FLAG_TIMED, deadline, endpoint);
}

enum k5_error k5_try_connect(k5_cptr_t port, k5_cptr_t *endpoint)
{
    return connect(port, K5_FLAG_TRY, 0, endpoint);
}
