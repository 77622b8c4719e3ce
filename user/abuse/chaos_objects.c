/* Random calls on capabilities of every kind but endpoints. */
#include "chaos.h"

#define ALL_RIGHTS 7u

static uint32_t any_kind(struct chaos *chaos)
{
    return 1 + chaos_below(chaos, K5_KIND_THREAD);
}

static void capability(struct chaos *chaos)
{
    uint32_t r[8] = {chaos_cptr(chaos, any_kind(chaos), 0)};

    switch (chaos_below(chaos, 4)) {
    case 0:
        r[7] = K5_SYS_REVOKE;
        break;
    case 1:
        r[7] = K5_SYS_DELETE;
        break;
    default:
        r[1] = chaos_one_in(chaos, 10) ? chaos_random(chaos) : chaos_below(chaos, ALL_RIGHTS + 1);
        r[2] = chaos_one_in(chaos, 3) ? chaos_below(chaos, 32) : 0;
        r[7] = K5_SYS_MINT;
        break;
    }
    raw_call(r);
}

static void notification(struct chaos *chaos)
{
    uint32_t r[8] = {0, chaos_random(chaos), chaos_random(chaos), 0, 0, 0, 0, K5_SYS_SIGNAL};

    if (chaos_one_in(chaos, 2)) {
        r[0] = chaos_cptr(chaos, K5_KIND_NOTIFICATION, K5_RIGHT_WAIT);
        r[1] = chaos_patience(chaos, 3, &r[3]);
        r[7] = K5_SYS_WAIT;
    } else {
        r[0] = chaos_cptr(chaos, K5_KIND_NOTIFICATION, K5_RIGHT_SIGNAL);
    }
    raw_call(r);
}

/* A region that was mapped is written to; one that was not is a fault, seldom. */
static void region(struct chaos *chaos)
{
    uint32_t r[8] = {chaos_cptr(chaos, K5_KIND_REGION, 0), 0, 0, 0, 0, 0, 0, K5_SYS_UNMAP};

    if (!chaos_one_in(chaos, 3)) {
        r[1] = chaos_one_in(chaos, 10) ? chaos_random(chaos) : 1u + 2u * chaos_below(chaos, 2);
        r[7] = K5_SYS_MAP;
    }
    uint32_t access = r[1];

    raw_call(r);
    if (r[7] == K5_SYS_MAP && r[0] == K5_OK && access == (K5_RIGHT_READ | K5_RIGHT_WRITE)) {
        *(volatile uint8_t *)(uintptr_t)r[1] = 1;
    }
}

static void port(struct chaos *chaos)
{
    uint32_t r[8] = {0};

    if (chaos_one_in(chaos, 2)) {
        r[0] = chaos_cptr(chaos, K5_KIND_PORT, K5_RIGHT_CONNECT);
        r[1] = chaos_patience(chaos, 3, &r[2]);
        r[7] = K5_SYS_CONNECT;
    } else {
        r[0] = chaos_cptr(chaos, K5_KIND_PORT, K5_RIGHT_LISTEN);
        r[1] = chaos_one_in(chaos, 4) ? 0 : chaos_cptr(chaos, K5_KIND_ENDPOINT, K5_RIGHT_RECV);
        r[7] = K5_SYS_LISTEN;
    }
    raw_call(r);
}

static void interrupt(struct chaos *chaos)
{
    uint32_t r[8] = {
        chaos_cptr(chaos, K5_KIND_INTERRUPT, K5_RIGHT_ACK), 0, 0, 0, 0, 0, 0, K5_SYS_IRQ_ACK};

    raw_call(r);
}

void chaos_object(struct chaos *chaos)
{
    switch (chaos_below(chaos, 10)) {
    case 0:
    case 1:
    case 2:
        capability(chaos);
        break;
    case 3:
    case 4:
    case 5:
        notification(chaos);
        break;
    case 6:
    case 7:
        region(chaos);
        break;
    case 8:
        port(chaos);
        break;
    default:
        interrupt(chaos);
        break;
    }
}

static void control_thread(struct chaos *chaos)
{
    uint32_t r[8] = {chaos_cptr(chaos, K5_KIND_THREAD, K5_RIGHT_CONTROL)};

    r[7] = K5_SYS_THREAD_STATUS + chaos_below(chaos, 5);
    if (r[7] == K5_SYS_THREAD_SET_PRIORITY) {
        r[1] = chaos_below(chaos, 34);
    } else if (r[7] == K5_SYS_THREAD_SET_BUDGET) {
        r[1] = chaos_below(chaos, 10000);
        r[2] = chaos_below(chaos, 10000);
    }
    raw_call(r);
}

void chaos_control(struct chaos *chaos)
{
    uint32_t r[8] = {chaos_cptr(chaos, K5_KIND_TASK, K5_RIGHT_CONTROL)};

    if (chaos_one_in(chaos, 2)) {
        control_thread(chaos);
        return;
    }
    r[7] = K5_SYS_TASK_STATUS + chaos_below(chaos, 6);
    raw_call(r);
}
