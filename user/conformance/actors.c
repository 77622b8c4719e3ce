/* Orders to the actors, their reports, their faults. */
#include "actors.h"
#include "cast.h"
#include "k5_task.h"

#define STAGE ((volatile struct stage *)(uintptr_t)REGION_STAGE)

#define ACTOR_PRIORITY 20u     /* in all descriptions */
#define ORDER_US       400000u /* who has not taken an order by then is busy or dead */

static struct k5_fault faults[ACTORS]; /* by the number of the task's main actor */
static bool is_clean[ACTORS];          /* has had no order since it began */

/* ---------------------------------------------------------------- faults */

static void note_fault(const struct k5_fault *found)
{
    for (uint32_t who = 0; who < ACTORS; who++) {
        if (cast[who].orders != 0 && cast[who].task_id == found->task) {
            faults[cast[who].task_of] = *found;
        }
    }
}

/* Faulted threads wait at the judge's endpoint: reads what there is. */
static void take_faults(void)
{
    struct k5_message message = {0};

    while (k5_try_recv(CAP_FAULTS, &message) == K5_OK) {
        if (k5_kind(&message) == K5_MSG_FAULT) {
            struct k5_fault found = k5_fault(&message);

            note_fault(&found);
        }
        message = (struct k5_message){0};
    }
}

struct k5_fault fault(enum actor who)
{
    take_faults();
    return faults[cast[who].task_of];
}

/* ---------------------------------------------------------------- orders */

/* Its first use after a restart says so. */
static enum k5_error try_send(k5_cptr_t to, struct k5_message *message)
{
    enum k5_error error;

    do {
        error = k5_try_send(to, message);
    } while (error == K5_E_RESTARTED);
    return error;
}

/* The same to an actor that is about to receive: it may be out of budget for the moment. */
static enum k5_error send_soon(k5_cptr_t to, struct k5_message *message)
{
    enum k5_error error;

    do {
        error = k5_send_until(to, message, k5_deadline_in_us(ORDER_US));
    } while (error == K5_E_RESTARTED);
    return error;
}

void order(enum actor who, enum order what, uint32_t a, uint32_t b, uint32_t c)
{
    struct k5_message message = k5_short((uint16_t)what, a, b, c, 0);

    is_clean[cast[who].task_of] = false;
    CHECK_EQUAL(send_soon(cast[who].orders, &message), K5_OK);
    take_faults();
}

void order_syscall(enum actor who, enum k5_syscall number, uint32_t a0, uint32_t a1, uint32_t a2,
                   uint32_t a3, uint32_t a4, uint32_t a5, uint32_t a6)
{
    const uint32_t r[8] = {a0, a1, a2, a3, a4, a5, a6, number};

    for (uint32_t i = 0; i < 8; i++) {
        STAGE->r[i] = r[i];
    }
    order(who, DO_SYSCALL, 0, 0, 0);
}

void order_recv(enum actor who)
{
    order_syscall(who, K5_SYS_RECV, CPTR(SLOT_OWN), 0, 0, 0, 0, 0, 0);
}

void order_call(enum actor who, enum actor to, uint32_t info, uint32_t w0, uint32_t w1, uint32_t w2,
                uint32_t w3)
{
    order_syscall(who, K5_SYS_CALL, CPTR(SLOT_LEFT + (uint32_t)to), info, w0, w1, w2, w3, 0);
}

void order_reply(enum actor who, uint32_t info, uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3)
{
    order_syscall(who, K5_SYS_REPLY, result(who, R_REPLY), info, w0, w1, w2, w3, 0);
}

/* ---------------------------------------------------------------- reports */

const volatile struct report *report(enum actor who)
{
    return &STAGE->report[who];
}

int32_t outcome(enum actor who)
{
    if (fault(who).kind != 0) {
        return DEAD;
    }
    return report(who)->busy ? WAITS : (int32_t)report(who)->r[0];
}

uint32_t result(enum actor who, enum result which)
{
    return report(who)->r[which];
}

enum k5_thread_state state(enum actor who)
{
    struct k5_thread_status status = {0};

    CHECK_EQUAL(k5_thread_status(cast[who].thread, &status), K5_OK);
    return status.state;
}

/* ---------------------------------------------------------------- memory */

uint32_t peek(enum actor who, uint32_t address)
{
    order(who, DO_PEEK, address, 0, 0);
    CHECK(report(who)->busy == 0);
    return report(who)->value;
}

/* The access was refused, where it was tried, as one on data. */
static bool was_refused(enum actor who, uint32_t address)
{
    struct k5_fault found = fault(who);

    if (found.kind == 0) {
        CHECK(report(who)->busy == 0);
        return false;
    }
    CHECK_EQUAL(found.kind, K5_FAULT_DATA);
    CHECK_EQUAL(found.address, address);
    return true;
}

bool can_store(enum actor who, uint32_t address, uint32_t value)
{
    order(who, DO_POKE, address, value, 0);
    return !was_refused(who, address);
}

bool can_load(enum actor who, uint32_t address)
{
    order(who, DO_PEEK, address, 0, 0);
    return !was_refused(who, address);
}

/* ---------------------------------------------------------------- life */

k5_cptr_t task_of(enum actor who)
{
    is_clean[cast[who].task_of] = false;
    return cast[who].task;
}

k5_cptr_t thread_of(enum actor who)
{
    is_clean[cast[who].task_of] = false;
    return cast[who].thread;
}

static void restart(enum actor who)
{
    enum k5_error error = k5_task_restart(cast[who].task);

    if (error == K5_E_STATE) {
        error = k5_task_start(cast[who].task);
    }
    CHECK_EQUAL(error, K5_OK);
}

/* The judge's own capabilities to it learn of the restart. */
static void meet(enum actor who)
{
    struct k5_message message = k5_short(ORDER_NONE, 0, 0, 0, 0);

    CHECK_EQUAL(send_soon(cast[who].orders, &message), K5_OK);
    if (cast[who].own != 0) {
        (void)try_send(cast[who].own, &message);
    }
}

void revive(enum actor who)
{
    enum actor main_actor = cast[who].task_of;

    restart(main_actor);
    take_faults();
    faults[main_actor] = (struct k5_fault){0};
    for (uint32_t i = 0; i < ACTORS; i++) {
        if (cast[i].orders != 0 && cast[i].task_of == main_actor) {
            meet((enum actor)i);
        }
    }
    is_clean[main_actor] = true;
}

void acquaint(enum actor who)
{
    struct k5_message message = k5_short(DO_ACQUAINT, 0, 0, 0, 0);

    CHECK_EQUAL(send_soon(cast[who].orders, &message), K5_OK);
}

static bool has_a_task(uint32_t who)
{
    return cast[who].orders != 0 && cast[who].task_of == (enum actor)who;
}

/* Stops all that did something; servers first, so that what they borrowed returns. */
static bool stop_used(void)
{
    bool used = false;

    for (uint32_t i = ACTORS; i-- > 0;) {
        if (has_a_task(i) && !is_clean[i]) {
            CHECK_EQUAL(k5_task_stop(cast[i].task), K5_OK);
            used = true;
        }
    }
    return used;
}

void stage_reset(void)
{
    if (!stop_used()) {
        return;
    }
    for (uint32_t i = 0; i < ACTORS; i++) {
        if (cast[i].orders != 0) {
            CHECK_EQUAL(k5_thread_set_priority(cast[i].thread, ACTOR_PRIORITY), K5_OK);
        }
    }
    for (uint32_t i = 0; i < ACTORS; i++) {
        if (has_a_task(i) && !is_clean[i]) {
            revive((enum actor)i);
        }
    }
    for (uint32_t i = 0; i < ACTORS; i++) {
        if (cast[i].own != 0) {
            acquaint((enum actor)i);
        }
    }
}

bool cap_of(enum actor who, uint32_t slot, struct k5_cap_info *info)
{
    order_syscall(who, K5_SYS_CAPS, slot, 0, 0, 0, 0, 0, 0);
    *info = (struct k5_cap_info){
        .cptr = report(who)->r[1],
        .kind = (uint8_t)report(who)->r[2],
        .rights = (uint8_t)(report(who)->r[2] >> 8),
        .badge = report(who)->r[3],
    };
    return report(who)->r[0] == K5_OK;
}
