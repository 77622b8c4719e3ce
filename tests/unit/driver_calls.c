/* Random system calls: sensible, or nearly, or not at all. */
#include "kernel/config.h"
#include "tests/unit/driver_internal.h"
#include "tests/unit/oracle.h"

/* ------------------------------------------------------------ capabilities */

/* A slot of the task's table that holds a capability of this kind with these rights, if it has
 * one; else any slot. For RECV and WAIT one that `who` can use. */
static uint32_t choose_slot(struct driver *driver, uint32_t who, uint32_t kind, uint32_t rights)
{
    const struct thread *thread = &k5.thread[who];
    uint32_t first = thread->slot_count > 0 ? driver_below(driver, thread->slot_count) : 0;

    for (uint32_t i = 0; i < thread->slot_count; i++) {
        uint32_t index = (first + i) % thread->slot_count;
        const struct cap *cap = &k5.slot[thread->slot_base + index];
        bool others = false; /* who could do nothing with it */

        if (cap->kind != kind || (cap->rights & rights) != rights) {
            continue;
        }
        if (kind == K5_KIND_ENDPOINT) {
            bool receives = k5.endpoint[cap->object].receiver == who;

            others = receives != ((rights & K5_RIGHT_RECV) != 0) ||
                     (!receives && !k5.endpoint[cap->object].waiting && driver_one_in(driver, 2));
        } else if (kind == K5_KIND_NOTIFICATION && (rights & K5_RIGHT_WAIT) != 0) {
            others = k5.notification[cap->object].receiver != who;
        }
        if (!others || driver_one_in(driver, 8)) {
            return index;
        }
    }
    return first;
}

static uint32_t spoil(struct driver *driver, uint32_t cptr)
{
    switch (driver_below(driver, 24)) {
    case 0:
        return cptr ^ 1u << driver_below(driver, 32);
    case 1:
        return driver_below(driver, 0x10000) << 16 | driver_below(driver, 16);
    default:
        return cptr;
    }
}

static uint32_t choose_cptr(struct driver *driver, uint32_t who, uint32_t kind, uint32_t rights)
{
    uint32_t index = choose_slot(driver, who, kind, rights);
    uint32_t generation = k5.slot[k5.thread[who].slot_base + index].generation;

    return spoil(driver, generation << 16 | index);
}

static uint32_t choose_any_cptr(struct driver *driver, uint32_t who)
{
    return choose_cptr(driver, who, 1 + driver_below(driver, K5_KIND_THREAD), 0);
}

static bool is_movable(const struct cap *cap)
{
    return cap->kind == K5_KIND_REGION &&
           (sys_object(cap->object)->flags & SYS_REGION_MOVABLE) != 0;
}

/* The capability of a movable region that the task owns, or any. */
static uint32_t choose_movable(struct driver *driver, uint32_t who)
{
    const struct thread *thread = &k5.thread[who];

    for (uint32_t i = 0; i < thread->slot_count; i++) {
        const struct cap *cap = &k5.slot[thread->slot_base + i];

        if (is_movable(cap)) {
            return spoil(driver, (uint32_t)cap->generation << 16 | i);
        }
    }
    return choose_any_cptr(driver, who);
}

static uint32_t choose_reply(struct driver *driver, uint32_t who)
{
    uint32_t reply = oracle_some_reply(who);

    switch (driver_below(driver, 8)) {
    case 0:
        return driver->last_reply;
    case 1:
        return reply ^ 1u << driver_below(driver, 32);
    case 2:
        return oracle_some_reply(driver_below(driver, driver->thread_count)); /* another's? */
    default:
        return reply;
    }
}

/* ------------------------------------------------------------ messages */

static uint32_t choose_deadline(struct driver *driver)
{
    if (driver_one_in(driver, 16)) {
        return driver_below(driver, 0x10000) << 16 | driver_below(driver, 0x10000);
    }
    return kit_deadline(kit_now() + driver_below(driver, 2000));
}

static uint32_t choose_flags(struct driver *driver, bool buffered)
{
    uint32_t flags = 0;

    if (driver_one_in(driver, 4)) {
        flags |= K5_FLAG_TRY;
    } else if (driver_one_in(driver, 2)) { /* who waits for ever is lost for the rest of the run */
        flags |= K5_FLAG_TIMED;
    }
    if (buffered && driver_one_in(driver, 3)) {
        flags |= K5_FLAG_RECV_BUF;
    }
    if (driver_one_in(driver, 32)) {
        flags ^= 0x100u << driver_below(driver, 8);
    }
    return flags;
}

static uint32_t choose_kind(struct driver *driver, uint32_t number)
{
    switch (driver_below(driver, 16)) {
    case 0:
    case 1:
    case 2:
        return K5_MSG_COPY;
    case 3:
    case 4:
    case 5:
        return number == K5_SYS_CALL ? (uint32_t)K5_MSG_LEND : (uint32_t)K5_MSG_SHORT;
    case 6:
    case 7:
    case 8:
        return number == K5_SYS_CALL ? (uint32_t)K5_MSG_LEND_MUT : (uint32_t)K5_MSG_SHORT;
    case 9:
        return K5_MSG_MOVE;
    case 10:
    case 11:
        return K5_MSG_SHORT | K5_FLAG_CAP;
    default:
        return K5_MSG_SHORT;
    }
}

static uint32_t choose_info(struct driver *driver, uint32_t number)
{
    bool buffered = number == K5_SYS_CALL || number == K5_SYS_RECV || number == K5_SYS_REPLY_RECV;
    bool waits = number != K5_SYS_REPLY && number != K5_SYS_REPLY_RECV;
    uint32_t flags = choose_flags(driver, buffered);

    if (driver_one_in(driver, 64)) {
        return driver_below(driver, 0x10000) | driver_below(driver, 0x10000) << 16;
    }
    if (!waits && !driver_one_in(driver, 16)) {
        flags &= ~(uint32_t)K5_FLAG_TIMED;
    }
    if (number == K5_SYS_RECV) {
        return flags;
    }
    return driver_below(driver, 4) << 16 | flags | choose_kind(driver, number);
}

/* A region that the task may touch now: rather one that is lent to it, to pass it on. */
static const struct sys_region *choose_region(struct driver *driver, uint32_t task)
{
    const struct task *owner = &k5.task[task];
    uint32_t at = driver_below(driver, owner->region_count);

    for (uint32_t i = 0; i < owner->region_count && driver_one_in(driver, 2); i++) {
        if ((owner->region[i].flags & SYS_REGION_BORROWED) != 0) {
            at = i;
        }
    }
    return &owner->region[at];
}

static void choose_loan(struct driver *driver, uint32_t task, uint32_t *base, uint32_t *bytes)
{
    if (k5.task[task].region_count == 0) {
        return;
    }

    const struct sys_region *region = choose_region(driver, task);
    uint32_t grains = region->bytes / 32;
    uint32_t first = driver_one_in(driver, 3) ? 0 : driver_below(driver, grains);
    uint32_t count = 1 + driver_below(driver, grains - first);

    *base = region->base + 32 * first;
    *bytes = 32 * (driver_one_in(driver, 3) ? grains - first : count);
    if (driver_one_in(driver, 16)) {
        *base ^= 1u << driver_below(driver, 32);
    } else if (driver_one_in(driver, 16)) {
        *bytes ^= 1u << driver_below(driver, 32);
    }
}

static void choose_buffers(struct driver *driver, uint32_t task, uint32_t argument[7])
{
    argument[2] = build_buffer(task, 0) + driver_below(driver, 64);
    argument[3] = driver_below(driver, 200);
    argument[4] = build_buffer(task, 1) + driver_below(driver, 64);
    argument[5] = driver_below(driver, 200);
    if (driver_one_in(driver, 12)) {
        argument[2 + driver_below(driver, 4)] += driver_below(driver, 0x10000)
                                                 << driver_below(driver, 17);
    }
}

static void choose_message(struct driver *driver, uint32_t who, uint32_t number,
                           uint32_t argument[7])
{
    uint32_t task = k5.thread[who].task;
    uint32_t info = choose_info(driver, number);

    choose_buffers(driver, task, argument);
    argument[1] = info;
    if ((info & 0xffu) == K5_MSG_LEND || (info & 0xffu) == K5_MSG_LEND_MUT) {
        choose_loan(driver, task, &argument[2], &argument[3]);
    } else if ((info & 0xffu) == K5_MSG_MOVE) {
        argument[2] = choose_movable(driver, who);
    } else if ((info & K5_FLAG_CAP) != 0) {
        argument[3] =
            choose_cptr(driver, who, 1 + driver_below(driver, K5_KIND_THREAD), K5_RIGHT_GRANT);
    }
    argument[6] = choose_deadline(driver);
    switch (number) {
    case K5_SYS_REPLY_RECV:
        argument[6] = choose_cptr(driver, who, K5_KIND_ENDPOINT, K5_RIGHT_RECV);
        argument[0] = choose_reply(driver, who);
        break;
    case K5_SYS_REPLY:
        argument[0] = choose_reply(driver, who);
        break;
    case K5_SYS_RECV:
        argument[0] = choose_cptr(driver, who, K5_KIND_ENDPOINT, K5_RIGHT_RECV);
        break;
    default:
        argument[0] = choose_cptr(driver, who, K5_KIND_ENDPOINT, K5_RIGHT_SEND);
        break;
    }
}

/* ------------------------------------------------------------ the other calls */

static void choose_arguments(struct driver *driver, uint32_t who, uint32_t number,
                             uint32_t argument[7])
{
    switch (number) {
    case K5_SYS_SLEEP:
        argument[0] = (uint32_t)kit_now() + driver_below(driver, 600);
        argument[1] = driver_one_in(driver, 50) ? UINT32_MAX : 0;
        break;
    case K5_SYS_LOG:
        argument[1] = driver_below(driver, 6) | driver_below(driver, 7) << 8;
        break;
    case K5_SYS_CAPS:
        argument[0] = driver_below(driver, 20);
        break;
    case K5_SYS_SIGNAL:
        argument[0] = choose_cptr(driver, who, K5_KIND_NOTIFICATION, K5_RIGHT_SIGNAL);
        argument[1] = 1u << driver_below(driver, driver_one_in(driver, 4) ? 32 : 8);
        break;
    case K5_SYS_WAIT:
        argument[0] = choose_cptr(driver, who, K5_KIND_NOTIFICATION, K5_RIGHT_WAIT);
        argument[1] = choose_flags(driver, false);
        argument[2] = driver_one_in(driver, 8) ? driver_below(driver, 4) : UINT32_MAX;
        argument[3] = choose_deadline(driver);
        break;
    case K5_SYS_MINT:
        argument[0] = choose_any_cptr(driver, who);
        argument[1] = driver_below(driver, 8);
        argument[2] = driver_below(driver, 4);
        break;
    case K5_SYS_DELETE:
    case K5_SYS_REVOKE:
        argument[0] = choose_any_cptr(driver, who);
        break;
    case K5_SYS_MAP:
        argument[0] = choose_cptr(driver, who, K5_KIND_REGION, 0);
        argument[1] =
            driver_one_in(driver, 8) ? driver_below(driver, 8) : 1 + 2 * driver_below(driver, 2);
        break;
    case K5_SYS_UNMAP:
        argument[0] = choose_cptr(driver, who, K5_KIND_REGION, 0);
        break;
    case K5_SYS_IRQ_ACK:
        argument[0] = choose_cptr(driver, who, K5_KIND_INTERRUPT, 0);
        break;
    case K5_SYS_LISTEN:
        argument[0] = choose_cptr(driver, who, K5_KIND_PORT, K5_RIGHT_LISTEN);
        argument[1] = driver_one_in(driver, 6)
                          ? 0
                          : choose_cptr(driver, who, K5_KIND_ENDPOINT, K5_RIGHT_RECV);
        break;
    case K5_SYS_CONNECT:
        argument[0] = choose_cptr(driver, who, K5_KIND_PORT, K5_RIGHT_CONNECT);
        argument[1] = choose_flags(driver, false);
        argument[2] = choose_deadline(driver);
        break;
    case K5_SYS_THREAD_SET_PRIORITY:
        argument[0] = choose_cptr(driver, who, K5_KIND_THREAD, K5_RIGHT_CONTROL);
        argument[1] = driver_below(driver, 36);
        break;
    case K5_SYS_THREAD_SET_BUDGET:
        argument[0] = choose_cptr(driver, who, K5_KIND_THREAD, K5_RIGHT_CONTROL);
        argument[1] = driver_below(driver, 400);
        argument[2] = driver_one_in(driver, 2) ? driver_below(driver, 800) : 0;
        break;
    default:
        argument[0] = choose_cptr(driver, who,
                                  number >= K5_SYS_THREAD_STATUS ? (uint32_t)K5_KIND_THREAD
                                                                 : (uint32_t)K5_KIND_TASK,
                                  K5_RIGHT_STATUS);
        break;
    }
}

/* ------------------------------------------------------------ which call */

/* What a peer of messages would sensibly do now. */
static uint32_t likely_message(struct driver *driver, uint32_t who)
{
    bool receives = false;

    for (uint32_t i = 0; i < port_system()->endpoint_count; i++) {
        receives |= sys_endpoint(i)->receiver == who;
    }
    if (oracle_some_reply(who) != 0 && driver_one_in(driver, 2)) {
        return driver_one_in(driver, 2) ? K5_SYS_REPLY : K5_SYS_REPLY_RECV;
    }
    if (receives && !driver_one_in(driver, 3)) {
        return K5_SYS_RECV;
    }
    return driver_one_in(driver, 6) ? K5_SYS_SEND : K5_SYS_CALL;
}

/* What a capability that the thread's task holds is good for. */
static uint32_t choose_by_capability(struct driver *driver, uint32_t who)
{
    const struct thread *thread = &k5.thread[who];
    uint32_t slot =
        thread->slot_base + (thread->slot_count > 0 ? driver_below(driver, thread->slot_count) : 0);

    if (driver_one_in(driver, 4)) {
        return K5_SYS_MINT + driver_below(driver, 3);
    }
    switch (k5.slot[slot].kind) {
    case K5_KIND_NOTIFICATION:
        return driver_one_in(driver, 2) ? K5_SYS_SIGNAL : K5_SYS_WAIT;
    case K5_KIND_REGION:
        return driver_one_in(driver, 3) ? K5_SYS_UNMAP : K5_SYS_MAP;
    case K5_KIND_INTERRUPT:
        return K5_SYS_IRQ_ACK;
    case K5_KIND_PORT:
        return driver_one_in(driver, 2) ? K5_SYS_LISTEN : K5_SYS_CONNECT;
    case K5_KIND_TASK: /* those that end lives are rare, or there would be no other story */
        return driver_one_in(driver, 3) ? K5_SYS_TASK_STATUS + driver_below(driver, 6)
                                        : (uint32_t)K5_SYS_TASK_RESUME;
    case K5_KIND_THREAD:
        return driver_one_in(driver, 3) ? K5_SYS_THREAD_STATUS + driver_below(driver, 5)
                                        : (uint32_t)K5_SYS_THREAD_START;
    default:
        return likely_message(driver, who);
    }
}

static uint32_t choose_number(struct driver *driver, uint32_t who)
{
    if (driver_one_in(driver, 128)) {
        return driver_below(driver, 4) == 0 ? driver_below(driver, 0x10000) + K5_SYS_COUNT
                                            : K5_SYS_PANIC;
    }
    if (driver_one_in(driver, 2)) {
        return likely_message(driver, who);
    }
    if (driver_one_in(driver, 6)) {
        uint32_t number = driver_below(driver, K5_SYS_COUNT);

        return number == K5_SYS_PANIC ? (uint32_t)K5_SYS_YIELD : number;
    }
    return choose_by_capability(driver, who);
}

void driver_choose_call(struct driver *driver, uint32_t who, uint32_t *number, uint32_t argument[7])
{
    *number = choose_number(driver, who);
    if (*number <= K5_SYS_REPLY_RECV) {
        choose_message(driver, who, *number, argument);
    } else if (*number < K5_SYS_COUNT) {
        choose_arguments(driver, who, *number, argument);
    }
}
