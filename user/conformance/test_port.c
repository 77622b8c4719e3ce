/* Tests: ports. Right may listen at `shop`, middle too; left and middle may connect. */
#include "actors.h"
#include "k5_task.h"
#include "rogue_ways.h"
#include "suite_slots.h"

static int32_t listen(enum actor who, uint32_t endpoint)
{
    order_syscall(who, K5_SYS_LISTEN, CPTR(SLOT_SHOP), endpoint, 0, 0, 0, 0, 0);
    return outcome(who);
}

static void connect(enum actor who, uint32_t flags)
{
    order_syscall(who, K5_SYS_CONNECT, CPTR(SLOT_SHOP), flags, 0, 0, 0, 0, 0);
}

static void connects(void)
{
    struct k5_cap_info info;

    CHECK_EQUAL(listen(RIGHT, CPTR(SLOT_OWN)), K5_OK);
    connect(LEFT, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);

    uint32_t got = report(LEFT)->r[1];

    REQUIRE(cap_of(LEFT, got & 0xffff, &info));
    CHECK_EQUAL(info.cptr, got);
    CHECK_EQUAL(info.kind, K5_KIND_ENDPOINT);
    CHECK_EQUAL(info.rights, K5_RIGHT_SEND | K5_RIGHT_GRANT);
    CHECK_EQUAL(info.badge, SHOP_BADGE + LEFT);
    order_recv(RIGHT);
    order_syscall(LEFT, K5_SYS_CALL, got, 0, 7, 0, 0, 0, 0);
    CHECK_EQUAL(result(RIGHT, R_W0), 7);
    CHECK_EQUAL(result(RIGHT, R_BADGE), SHOP_BADGE + LEFT);
}

static void waits_until_somebody_listens(void)
{
    connect(LEFT, 0);
    connect(MIDDLE, 0);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    CHECK_EQUAL(state(LEFT), K5_THREAD_CONNECTING);
    CHECK_EQUAL(listen(RIGHT, CPTR(SLOT_OWN)), K5_OK);
    /* As libk5 does: woken up, they connect again. */
    if (outcome(LEFT) == K5_E_AGAIN) {
        connect(LEFT, 0);
    }
    if (outcome(MIDDLE) == K5_E_AGAIN) {
        connect(MIDDLE, 0);
    }
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(outcome(MIDDLE), K5_OK);
}

static void closed_says_so(void)
{
    connect(LEFT, K5_FLAG_TRY);
    CHECK_EQUAL(outcome(LEFT), K5_E_CLOSED);
}

static void connect_times_out(void)
{
    order_syscall(LEFT, K5_SYS_CONNECT, CPTR(SLOT_SHOP), K5_FLAG_TIMED, k5_deadline_in_us(SOON_US),
                  0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    k5_sleep_us(LATER_US);
    CHECK_EQUAL(outcome(LEFT), K5_E_TIMEOUT);
}

static void one_listener_at_a_time(void)
{
    CHECK_EQUAL(listen(RIGHT, CPTR(SLOT_OWN)), K5_OK);
    CHECK_EQUAL(listen(MIDDLE, CPTR(SLOT_OWN)), K5_E_BUSY);
    CHECK_EQUAL(listen(MIDDLE, 0), K5_E_BUSY);
    CHECK_EQUAL(listen(RIGHT, 0), K5_OK);
    CHECK_EQUAL(listen(MIDDLE, CPTR(SLOT_OWN)), K5_OK);
}

static void closing_keeps_connections(void)
{
    CHECK_EQUAL(listen(RIGHT, CPTR(SLOT_OWN)), K5_OK);
    connect(LEFT, 0);

    uint32_t got = report(LEFT)->r[1];

    CHECK_EQUAL(listen(RIGHT, 0), K5_OK);
    connect(MIDDLE, K5_FLAG_TRY);
    CHECK_EQUAL(outcome(MIDDLE), K5_E_CLOSED);
    order_syscall(LEFT, K5_SYS_SEND, got, K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_WOULD_BLOCK);
}

static void closed_when_the_listener_dies(void)
{
    CHECK_EQUAL(listen(RIGHT, CPTR(SLOT_OWN)), K5_OK);
    revive(RIGHT);
    connect(LEFT, K5_FLAG_TRY);
    CHECK_EQUAL(outcome(LEFT), K5_E_CLOSED);
}

static void reopened_after_restart(void)
{
    CHECK_EQUAL(listen(RIGHT, CPTR(SLOT_OWN)), K5_OK);
    connect(LEFT, 0);

    uint32_t got = report(LEFT)->r[1];

    revive(RIGHT);
    connect(MIDDLE, 0);
    CHECK_EQUAL(outcome(MIDDLE), WAITS);
    CHECK_EQUAL(listen(RIGHT, CPTR(SLOT_OWN)), K5_OK);
    if (outcome(MIDDLE) == K5_E_AGAIN) {
        connect(MIDDLE, 0);
    }
    CHECK_EQUAL(outcome(MIDDLE), K5_OK);
    /* and the old connection lives on, or can be made again */
    order_syscall(LEFT, K5_SYS_SEND, got, K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
    order_syscall(LEFT, K5_SYS_SEND, got, K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_WOULD_BLOCK);
}

static void nobody_squats(void)
{
    CHECK_EQUAL(listen(LEFT, CPTR(SLOT_OWN)), K5_E_RIGHTS); /* may only connect */
    order_syscall(RIGHT, K5_SYS_CONNECT, CPTR(SLOT_SHOP), K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_E_RIGHTS); /* may only listen */
}

static void with_ones_own_endpoint_only(void)
{
    CHECK_EQUAL(listen(RIGHT, CPTR(SLOT_LEFT)), K5_E_RIGHTS);
    CHECK_EQUAL(listen(RIGHT, CPTR(OBJECT_SLOTS - 1)), K5_E_CPTR);
    CHECK_EQUAL(listen(RIGHT, CPTR(SLOT_SHOP)), K5_E_KIND);
}

static void full_table(void)
{
    order(LEFT, DO_RUN, WAY_fill_table, SLOT_MIDDLE, K5_RIGHT_SEND);
    CHECK_EQUAL(listen(RIGHT, CPTR(SLOT_OWN)), K5_OK);
    connect(LEFT, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_SLOTS);
}

static void connections_are_derived(void)
{
    CHECK_EQUAL(listen(RIGHT, CPTR(SLOT_OWN)), K5_OK);
    connect(LEFT, 0);

    uint32_t got = report(LEFT)->r[1];

    order_syscall(RIGHT, K5_SYS_REVOKE, CPTR(SLOT_OWN), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    order_syscall(LEFT, K5_SYS_SEND, got, K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK(outcome(LEFT) == K5_E_STALE || outcome(LEFT) == K5_E_CPTR);
}

static void odd_flags_are_refused(void)
{
    connect(LEFT, K5_FLAG_TRY | K5_FLAG_TIMED);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
    connect(LEFT, K5_FLAG_CAP);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
    connect(LEFT, 1);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
}

static void gives_up_with_its_capability(void)
{
    order_recv(LEFT);
    order_call(MIDDLE, LEFT, K5_FLAG_CAP, 0, CPTR(SLOT_SHOP), 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);

    uint32_t got = result(LEFT, R_W1);

    order_reply(LEFT, 0, 0, 0, 0, 0);
    order_syscall(LEFT, K5_SYS_CONNECT, got, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    order_syscall(MIDDLE, K5_SYS_REVOKE, CPTR(SLOT_SHOP), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_STALE);
}

static const struct test tests[] = {
    {"port.connect.works", "connect gives a capability to the listener's endpoint.", connects},
    {"port.connect.waits", "Blocking if asked: until somebody listens.",
     waits_until_somebody_listens},
    {"port.connect.closed", "Not waiting: E_CLOSED.", closed_says_so},
    {"port.connect.deadline", "Or until a deadline.", connect_times_out},
    {"port.connect.full_table", "It needs a slot.", full_table},
    {"port.connect.flags", "Odd flags are refused.", odd_flags_are_refused},
    {"port.connect.revoked", "Who waits through a revoked capability learns it.",
     gives_up_with_its_capability},
    {"port.listen.one_at_a_time", "One task listens at a time.", one_listener_at_a_time},
    {"port.listen.close", "Closing keeps the connections that there are.",
     closing_keeps_connections},
    {"port.listen.own_endpoint", "A listener gives its own endpoint.", with_ones_own_endpoint_only},
    {"port.listen.derived", "Connections are derived from the listener's capability.",
     connections_are_derived},
    {"port.death.closed", "A port closes when its listener dies.", closed_when_the_listener_dies},
    {"port.death.reopened", "And is opened again after its restart.", reopened_after_restart},
    {"port.rights.nobody_squats", "Without the capability there is no way to take a name.",
     nobody_squats},
};
const struct test_group port_tests = GROUP(tests);
