/* The reaper: a task comes down in steps, between which interrupts are taken. */
#include "kernel/reaper.h"

#include <string.h>

#include "kernel/entry.h"
#include "kernel/system.h"
#include "tests/unit/kit.h"

/* The victim has something of everything. */
#define VICTIM   0u /* task */
#define FAULTY   0u /* its threads: the one that commits the fault, */
#define RECEIVER 1u /* the one that all others wait for, */
#define SLEEPER  2u /* and one that sleeps */
#define PEER     3u /* tasks 1 to 4: has its call in the victim's hands, */
#define QUEUED   4u /* waits in its queue, */
#define FRIEND   5u /* got capabilities of it, and gave it some, */
#define DRIVER   6u /* waits for an interrupt, and is the most urgent */
#define WARD     7u /* task 5: is supervised by the victim */

#define LINE 50u

static uint32_t object;
static uint32_t mine, serve, to_friend, peer_call, queued_call, friend_serve, friend_call, ack;
static uint32_t driver_wait, driver_ack, driver_control, gift, listen_cap, wait_cap;

static void build_victim(enum sys_policy policy)
{
    kit_setup(NULL);
    build_task(policy);
    build_thread(VICTIM, 10);
    build_thread(VICTIM, 10);
    build_thread(VICTIM, 10);
    for (uint32_t task = 1; task <= 5; task++) {
        build_thread(build_task(SYS_POLICY_RESTART), task == 4 ? 20 : 10);
    }
    build_spare_slots(VICTIM, 6);
    build_spare_slots(3, 6);

    uint32_t endpoint = build_endpoint(RECEIVER);

    build_queue(endpoint, 2);
    serve = build_cap(VICTIM, endpoint, K5_RIGHT_RECV | K5_RIGHT_SEND, 0);
    mine = build_cap(VICTIM, endpoint, K5_RIGHT_SEND | K5_RIGHT_GRANT, 0);
    to_friend = build_cap(VICTIM, build_endpoint(FRIEND), K5_RIGHT_SEND, 0);
    peer_call = build_cap(1, endpoint, K5_RIGHT_SEND, 0);
    queued_call = build_cap(2, endpoint, K5_RIGHT_SEND, 0);
    friend_serve = build_cap(3, 1, K5_RIGHT_RECV, 0);
    friend_call = build_cap(3, endpoint, K5_RIGHT_SEND, 0);

    object = build_object(512, SYS_READ | SYS_WRITE, SYS_REGION_MOVABLE);
    gift = build_cap_for(3, K5_KIND_REGION, object, 7, 0);
    listen_cap = build_cap_for(VICTIM, K5_KIND_PORT, build_port("victim"), K5_RIGHT_LISTEN, 0);

    uint32_t note = build_notification(FAULTY);

    wait_cap = build_cap_for(VICTIM, K5_KIND_NOTIFICATION, note, 3, 0);
    ack = build_cap_for(VICTIM, K5_KIND_INTERRUPT, build_interrupt(60, note, 0), K5_RIGHT_ACK, 0);
    note = build_notification(DRIVER);
    driver_wait = build_cap_for(4, K5_KIND_NOTIFICATION, note, 3, 0);
    driver_ack =
        build_cap_for(4, K5_KIND_INTERRUPT, build_interrupt(LINE, note, 3), K5_RIGHT_ACK, 0);
    driver_control = build_cap_for(4, K5_KIND_TASK, VICTIM, K5_RIGHT_CONTROL, 0);
    build_task_of(5)->supervisor = (uint8_t)endpoint;
    kit_boot();
}

/* All that can be there to be taken down; FAULTY is current at the end. */
static void entangle_victim(void)
{
    PLAY(DRIVER, K5_SYS_IRQ_ACK, driver_ack);
    PLAY(DRIVER, K5_SYS_WAIT, driver_wait, 0, UINT32_MAX);
    kit_sleep_until(SLEEPER, 90000);
    TURN_TO(RECEIVER);
    PLAY(RECEIVER, K5_SYS_LISTEN, listen_cap, serve);
    PLAY(RECEIVER, K5_SYS_RECV, serve);
    TURN_TO(FRIEND); /* the region moves in, by a call that is not answered */
    PLAY(FRIEND, K5_SYS_CALL, friend_call, K5_MSG_MOVE | K5_FLAG_TIMED, gift, 0, 0, 0,
         kit_deadline(20000));
    ASSERT_CURRENT(RECEIVER);
    kit_fill(sys_object(object)->base, 512, 4);
    PLAY(RECEIVER, K5_SYS_REPLY, kit_reg(RECEIVER, 7));
    PLAY(RECEIVER, K5_SYS_RECV, serve);
    TURN_TO(PEER);
    PLAY(PEER, K5_SYS_CALL, peer_call, 0, 1);
    TURN_TO(FRIEND);
    PLAY(FRIEND, K5_SYS_SEND, friend_call, 0, 2); /* into the ring */
    PLAY(FRIEND, K5_SYS_RECV, friend_serve);
    TURN_TO(QUEUED);
    PLAY(QUEUED, K5_SYS_CALL, queued_call, 0, 1);
    TURN_TO(FAULTY);
    PLAY(FAULTY, K5_SYS_MINT, mine, K5_RIGHT_SEND | K5_RIGHT_GRANT, 5);
    PLAY(FAULTY, K5_SYS_SEND, to_friend, K5_FLAG_CAP, 0, kit_reg(FAULTY, 1));
    PLAY(FAULTY, K5_SYS_IRQ_ACK, ack);
    PLAY(FAULTY, K5_SYS_SIGNAL, wait_cap, 0x10);
    TURN_TO(WARD);
    FAULT(WARD);
    ASSERT_STATE(WARD, K5_THREAD_FAULTED);
    TURN_TO(FAULTY);
}

static void boot_victim(enum sys_policy policy)
{
    build_victim(policy);
    entangle_victim();
}

static void assert_all_gone(enum sys_policy policy)
{
    bool restarts = policy == SYS_POLICY_RESTART;

    ASSERT_TASK(VICTIM, restarts ? K5_TASK_BACKOFF : K5_TASK_STOPPED);
    for (uint32_t i = FAULTY; i <= SLEEPER; i++) {
        ASSERT_STATE(i, K5_THREAD_OFF);
    }
    ASSERT_ERROR(PEER, restarts ? K5_E_RESTARTED : K5_E_STOPPED);
    ASSERT_ERROR(QUEUED, restarts ? K5_E_RESTARTED : K5_E_STOPPED);
    assert_int_equal(k5.endpoint[0].held, 0);
    assert_int_equal(k5.port[0].slot, NO_SLOT);
    assert_int_equal(k5.notification[0].bits, 0);
    assert_false(fake_machine_unmasked(&kit_machine, 60));
    assert_true(fake_machine_unmasked(&kit_machine, LINE));
    for (uint32_t t = 0; t < 4; t += 3) {
        for (uint32_t i = sys_task(t)->cap_count; i < sys_task(t)->slot_count; i++) {
            assert_int_equal(k5.slot[sys_task(t)->first_slot + i].kind, K5_KIND_NONE);
        }
    }
    for (uint32_t i = 0; i < 512; i++) {
        assert_int_equal(*fake_machine_memory(&kit_machine, sys_object(object)->base + i, 1), 0);
    }
    ASSERT_TASK(5, restarts ? K5_TASK_HELD : K5_TASK_BACKOFF);
    assert_int_equal(fake_machine_count(&kit_machine, K5_EVENT_EPITAPH), restarts ? 0 : 1);
}

/* ------------------------------------------------------------ whole, or in steps */

static void test_reaper_takes_everything_down(void **state)
{
    static const enum sys_policy policy[] = {SYS_POLICY_RESTART, SYS_POLICY_STOP};

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        boot_victim(policy[i]);
        FAULT(FAULTY);
        assert_int_equal(k5.unfinished, 0);
        assert_all_gone(policy[i]);
    }
}

/* The kernel enters again as the port makes it, always with something pending. */
static uint32_t steps_until_done(void)
{
    uint32_t steps = 0;

    while (k5.unfinished) {
        ASSERT_CURRENT(NO_THREAD);
        kernel_timer();
        KIT_CHECK();
        steps++;
        assert_true(steps < 1000);
    }
    return steps;
}

/* Links and marks that mean nothing outside of a queue. */
static void normalise(struct kernel_state *copy)
{
    *copy = k5;
    copy->armed = 0;
    copy->slice_over = 0;
    for (uint32_t i = 0; i < port_system()->thread_count; i++) {
        if (copy->thread[i].state != K5_THREAD_READY) {
            copy->thread[i].next = NO_THREAD;
            copy->thread[i].previous = NO_THREAD;
        }
    }
}

/* With an interrupt pending at each step it comes to the same, only in many entries. */
static void test_reaper_in_steps_comes_to_the_same(void **state)
{
    static const enum sys_policy policy[] = {SYS_POLICY_RESTART, SYS_POLICY_STOP};
    static struct kernel_state whole, stepped;

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        boot_victim(policy[i]);
        FAULT(FAULTY);
        normalise(&whole);
        boot_victim(policy[i]);
        kit_machine.port.pending_interrupt = true;
        FAULT(FAULTY);
        assert_true(k5.unfinished);

        uint32_t steps = steps_until_done();

        assert_true(steps > 5);
        assert_all_gone(policy[i]);
        normalise(&stepped);
        for (uint32_t t = 0; t < port_system()->thread_count; t++) {
            assert_int_equal(whole.thread[t].state, stepped.thread[t].state);
            assert_memory_equal(whole.thread[t].reg, stepped.thread[t].reg,
                                sizeof whole.thread[t].reg);
        }
        assert_memory_equal(whole.task, stepped.task, sizeof whole.task);
        assert_memory_equal(whole.slot, stepped.slot, sizeof whole.slot);
        assert_memory_equal(whole.endpoint, stepped.endpoint, sizeof whole.endpoint);
        assert_memory_equal(whole.port, stepped.port, sizeof whole.port);
        assert_memory_equal(whole.notification, stepped.notification, sizeof whole.notification);
    }
}

/* In whichever step it comes, an interrupt is served at once: its driver runs before the reaper
 * goes on, and the reaper before whoever is less urgent. */
static void test_reaper_lets_an_urgent_driver_run_in_each_step(void **state)
{
    (void)state;
    for (uint32_t at = 0;; at++) {
        boot_victim(SYS_POLICY_STOP);
        kit_row("step", at);
        kit_machine.port.pending_interrupt = true;
        FAULT(FAULTY);
        for (uint32_t i = 0; i < at && k5.unfinished; i++) {
            kernel_timer();
            KIT_CHECK();
        }
        if (!k5.unfinished) {
            assert_true(at > 5);
            return;
        }
        kit_machine.port.pending_interrupt = false;
        FIRE(LINE);
        ASSERT_CURRENT(DRIVER);
        assert_int_equal(kit_reg(DRIVER, 1), 1u << 3);
        PLAY(DRIVER, K5_SYS_IRQ_ACK, driver_ack);
        ASSERT_CURRENT(DRIVER);
        PLAY(DRIVER, K5_SYS_WAIT, driver_wait, 0, UINT32_MAX);
        assert_int_equal(k5.unfinished, 0);
        assert_int_not_equal(k5.current, NO_THREAD);
        assert_all_gone(SYS_POLICY_STOP);
    }
}

/* What its peers find while it is coming down: no slot, name or reply of it works any more. */
static void test_reaper_half_way_lets_nobody_in(void **state)
{
    (void)state;
    for (uint32_t at = 0;; at++) {
        boot_victim(SYS_POLICY_RESTART);
        kit_row("step", at);
        kit_machine.port.pending_interrupt = true;
        FAULT(FAULTY);
        for (uint32_t i = 0; i < at && k5.unfinished; i++) {
            kernel_timer();
            KIT_CHECK();
        }
        if (!k5.unfinished) {
            return;
        }
        kit_machine.port.pending_interrupt = false;
        kit_advance(BUILD_BACKOFF); /* and its back-off is over when it is down */
        assert_int_equal(k5.unfinished, 0);
        ASSERT_TASK(VICTIM, K5_TASK_READY);
        assert_int_equal(k5.task[VICTIM].generation, 1);
        TURN_TO(PEER);
        PLAY(PEER, K5_SYS_CALL, peer_call, K5_FLAG_TRY);
        ASSERT_ERROR(PEER, K5_E_WOULD_BLOCK); /* it knows of the restart */
    }
}

/* ------------------------------------------------------------ stopped while it comes down */

/* It was to be restarted, and is stopped in whichever step: it can be started again. */
static void test_reaper_half_way_of_a_restart_it_may_be_stopped(void **state)
{
    (void)state;
    for (uint32_t at = 0;; at++) {
        boot_victim(SYS_POLICY_RESTART);
        kit_row("step", at);
        kit_machine.port.pending_interrupt = true;
        FAULT(FAULTY);
        for (uint32_t i = 0; i < at && k5.unfinished; i++) {
            kernel_timer();
            KIT_CHECK();
        }
        if (!k5.unfinished) {
            assert_true(at > 5);
            return;
        }
        kit_machine.port.pending_interrupt = false;
        FIRE(LINE);
        ASSERT_CURRENT(DRIVER);
        PLAY(DRIVER, K5_SYS_TASK_STOP, driver_control);
        ASSERT_ERROR(DRIVER, K5_OK);
        ASSERT_TASK(VICTIM, K5_TASK_STOPPED);
        assert_int_equal(k5.task[VICTIM].dying, STAGE_NONE);
        PLAY(DRIVER, K5_SYS_TASK_START, driver_control);
        ASSERT_ERROR(DRIVER, K5_OK);
        ASSERT_STATE(FAULTY, K5_THREAD_READY);
    }
}

/* Who was told of the restart, and waits for the next incarnation, is told that there is none. */
static void test_reaper_half_way_a_stop_is_told_to_who_waits_for_a_restart(void **state)
{
    enum { SERVER, SISTER, CLIENT, BOSS }; /* threads; the server has the sister in its task */

    (void)state;
    kit_setup(NULL);
    build_thread(build_task(SYS_POLICY_RESTART), 10);
    build_thread(VICTIM, 10);
    build_thread(build_task(SYS_POLICY_RESTART), 15);
    build_thread(build_task(SYS_POLICY_RESTART), 20);

    uint32_t endpoint = build_endpoint(SERVER);
    uint32_t receive = build_cap(VICTIM, endpoint, K5_RIGHT_RECV, 0);
    uint32_t call = build_cap(1, endpoint, K5_RIGHT_SEND, 0);
    uint32_t control = build_cap_for(2, K5_KIND_TASK, VICTIM, K5_RIGHT_CONTROL, 0);

    kit_boot();
    PLAY(BOSS, K5_SYS_SLEEP, 100, 0);
    PLAY(CLIENT, K5_SYS_CALL, call, 0, 1);
    ASSERT_CURRENT(SERVER);
    PLAY(SERVER, K5_SYS_RECV, receive);
    PLAY(SERVER, K5_SYS_SLEEP, 90000, 0);
    ASSERT_CURRENT(SISTER); /* less urgent than the client, so this goes on before the end */
    kit_machine.port.pending_interrupt = true;
    FAULT(SISTER);
    kernel_timer();
    ASSERT_CURRENT(CLIENT);
    ASSERT_ERROR(CLIENT, K5_E_RESTARTED);
    PLAY(CLIENT, K5_SYS_CALL, call, 0, 1);
    ASSERT_STATE(CLIENT, K5_THREAD_CALLING);
    while (k5.task[VICTIM].dying < STAGE_CAPS) {
        assert_true(k5.unfinished);
        kernel_timer();
        KIT_CHECK();
    }
    kit_machine.port.pending_interrupt = false;
    kit_advance_to(100);
    ASSERT_CURRENT(BOSS);
    assert_true(k5.task[VICTIM].dying);
    PLAY(BOSS, K5_SYS_TASK_STOP, control);
    ASSERT_TASK(VICTIM, K5_TASK_STOPPED);
    ASSERT_STATE(CLIENT, K5_THREAD_READY);
    ASSERT_ERROR(CLIENT, K5_E_STOPPED);
}

/* ------------------------------------------------------------ in order of urgency */

/* A task that nobody urgent waits for does not keep an urgent thread from running. */
static void test_reaper_is_no_more_urgent_than_who_waits_for_it(void **state)
{
    (void)state;
    build_victim(SYS_POLICY_STOP);
    entangle_victim();
    kit_machine.port.pending_interrupt = true;
    FAULT(FAULTY);
    assert_true(k5.unfinished);
    kit_machine.port.pending_interrupt = false;
    FIRE(LINE);
    ASSERT_CURRENT(DRIVER);
    assert_true(k5.task[VICTIM].dying);
    kit_advance(200); /* it takes its time */
    ASSERT_CURRENT(DRIVER);
    assert_true(k5.task[VICTIM].dying);
    PLAY(DRIVER, K5_SYS_SLEEP, 5000, 0);
    assert_false(k5.task[VICTIM].dying);
}

/* Two at once: both come down. */
static void test_reaper_takes_several_tasks_at_a_time(void **state)
{
    (void)state;
    boot_victim(SYS_POLICY_RESTART);
    kit_machine.port.pending_interrupt = true;
    FAULT(FAULTY);
    kit_machine.port.pending_interrupt = false;
    FIRE(LINE);
    ASSERT_CURRENT(DRIVER);
    kit_machine.port.pending_interrupt = true;
    FAULT(DRIVER);
    steps_until_done();
    ASSERT_TASK(VICTIM, K5_TASK_BACKOFF);
    ASSERT_TASK(4, K5_TASK_BACKOFF);
    kit_machine.port.pending_interrupt = false;
    kit_advance(BUILD_BACKOFF);
    ASSERT_TASK(VICTIM, K5_TASK_READY);
    ASSERT_TASK(4, K5_TASK_READY);
    ASSERT_CURRENT(DRIVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_reaper_takes_everything_down),
        KIT_TEST(test_reaper_in_steps_comes_to_the_same),
        KIT_TEST(test_reaper_lets_an_urgent_driver_run_in_each_step),
        KIT_TEST(test_reaper_half_way_lets_nobody_in),
        KIT_TEST(test_reaper_half_way_of_a_restart_it_may_be_stopped),
        KIT_TEST(test_reaper_half_way_a_stop_is_told_to_who_waits_for_a_restart),
        KIT_TEST(test_reaper_is_no_more_urgent_than_who_waits_for_it),
        KIT_TEST(test_reaper_takes_several_tasks_at_a_time),
    };

    return cmocka_run_group_tests_name("reaper", tests, NULL, NULL);
}
