/* Random systems. */
#include "kernel/config.h"
#include "kernel/state.h"
#include "tests/unit/driver_internal.h"

static void choose_thread(struct driver *driver, uint32_t task)
{
    static const uint32_t priority[] = {0, 5, 6, 31};
    uint32_t id = build_thread(task, priority[driver_below(driver, 4)]);
    struct sys_thread *thread = build_thread_of(id);

    thread->budget =
        driver_one_in(driver, 16) ? 1 + driver_below(driver, 10) : 50 + driver_below(driver, 400);
    thread->cooldown = driver_one_in(driver, 2) ? 1 + driver_below(driver, 800) : 0;
    thread->overrun = driver_one_in(driver, 3) ? 0 : driver_below(driver, 500);
    thread->flags = driver_one_in(driver, 10) ? SYS_THREAD_OFF : 0;
    if (driver->thread_count > 0 && driver_one_in(driver, 4)) {
        thread->budget = 0;
        thread->cooldown = 0;
    }
    driver->thread_count++;
}

static void choose_task(struct driver *driver)
{
    static const enum sys_policy policy[] = {
        SYS_POLICY_RESTART, SYS_POLICY_RESTART, SYS_POLICY_RESTART, SYS_POLICY_RESTART,
        SYS_POLICY_RESTART, SYS_POLICY_HOLD,    SYS_POLICY_STOP};
    uint32_t id = build_task(policy[driver_below(driver, 7)]);
    struct sys_task *task = build_task_of(id);

    task->backoff_ticks = driver_below(driver, 300);
    task->backoff_max_ticks = task->backoff_ticks * (1 + driver_below(driver, 8));
    task->stable_ticks = driver_below(driver, 5000);
    task->grace_ticks = driver_below(driver, 600);
    task->restart_limit = driver_one_in(driver, 4) ? (uint8_t)(1 + driver_below(driver, 4)) : 0;
    task->flags = id > 0 && driver_one_in(driver, 12) ? SYS_TASK_STOPPED : 0;
    build_spare_slots(id, driver_below(driver, 8));
    choose_thread(driver, id);
    while (driver_one_in(driver, 4) && driver->thread_count + MOST_TASKS - id <= MOST_THREADS) {
        choose_thread(driver, id);
    }
    driver->task_count++;
}

/* A few badges, so that equal ones are common. */
static uint32_t choose_badge(struct driver *driver)
{
    return driver_one_in(driver, 2) ? driver_below(driver, 4) : 0;
}

static uint32_t choose_grant(struct driver *driver)
{
    return driver_one_in(driver, 2) ? (uint32_t)K5_RIGHT_GRANT : 0;
}

static void choose_endpoint(struct driver *driver)
{
    uint32_t receiver = driver_below(driver, driver->thread_count);
    uint32_t endpoint = build_endpoint(receiver);
    uint32_t owner = build_thread_of(receiver)->task;

    if (build_thread_of(receiver)->budget != 0 && driver_one_in(driver, 3)) {
        build_queue(endpoint, 1 + driver_below(driver, 3));
    }
    for (uint32_t task = 0; task < driver->task_count; task++) {
        uint32_t rights = driver_one_in(driver, 12) ? 0 : (uint32_t)K5_RIGHT_SEND;

        if (task == owner) {
            rights = K5_RIGHT_RECV | (driver_one_in(driver, 2) ? (uint32_t)K5_RIGHT_SEND : 0);
        } else if (driver_one_in(driver, 4)) {
            continue;
        }
        build_cap(task, endpoint, rights | choose_grant(driver), choose_badge(driver));
    }
}

static void choose_notification(struct driver *driver)
{
    uint32_t receiver = driver_below(driver, driver->thread_count);
    uint32_t owner = build_thread_of(receiver)->task;
    uint32_t id = build_notification(receiver);

    if (build_thread_of(receiver)->notification == SYS_NONE && driver_one_in(driver, 2)) {
        build_bind(id);
    }
    for (uint32_t task = 0; task < driver->task_count; task++) {
        uint32_t rights = task == owner ? K5_RIGHT_SIGNAL | K5_RIGHT_WAIT : K5_RIGHT_SIGNAL;

        if (task == owner || driver_one_in(driver, 2)) {
            build_cap_for(task, K5_KIND_NOTIFICATION, id, rights | choose_grant(driver),
                          driver_one_in(driver, 4) ? 0xff : 0);
        }
    }
    if (driver_one_in(driver, 2)) {
        uint32_t interrupt = build_interrupt(40 + id, id, driver_below(driver, 32));

        build_cap_for(owner, K5_KIND_INTERRUPT, interrupt, K5_RIGHT_ACK | choose_grant(driver), 0);
    }
}

static void choose_port(struct driver *driver)
{
    uint32_t port = build_port("random");

    for (uint32_t task = 0; task < driver->task_count; task++) {
        uint32_t rights = driver_below(driver, 4); /* listen, connect, both, neither */

        build_cap_for(task, K5_KIND_PORT, port, rights | choose_grant(driver),
                      choose_badge(driver));
    }
}

static void choose_object(struct driver *driver)
{
    static const uint32_t access[] = {SYS_READ | SYS_WRITE, SYS_READ};
    bool movable = driver_one_in(driver, 2);
    uint32_t allowed = access[driver_one_in(driver, 4) ? 1 : 0];
    uint32_t object = build_object(32 * (1 + driver_below(driver, 16)), allowed,
                                   movable ? SYS_REGION_MOVABLE : SYS_REGION_SHARED);

    if (movable) {
        uint32_t owner = driver_below(driver, driver->task_count);

        build_cap_for(owner, K5_KIND_REGION, object,
                      allowed | (driver_one_in(driver, 6) ? 0 : (uint32_t)K5_RIGHT_GRANT), 0);
        return;
    }
    for (uint32_t task = 0; task < driver->task_count; task++) {
        if (driver_one_in(driver, 2)) {
            build_cap_for(task, K5_KIND_REGION, object, allowed | choose_grant(driver), 0);
        }
    }
}

/* Control of a task and of its threads, for some task. */
static void choose_control(struct driver *driver)
{
    uint32_t holder = driver_below(driver, driver->task_count);
    uint32_t rights = K5_RIGHT_STATUS | choose_grant(driver) |
                      (driver_one_in(driver, 6) ? 0 : (uint32_t)K5_RIGHT_CONTROL);

    if (driver_one_in(driver, 2)) {
        build_cap_for(holder, K5_KIND_TASK, driver_below(driver, driver->task_count), rights, 0);
    } else {
        build_cap_for(holder, K5_KIND_THREAD, driver_below(driver, driver->thread_count), rights,
                      driver_below(driver, 32));
    }
}

/* Supervised by somebody else, who likely can do something about it. */
static void choose_supervisor(struct driver *driver, uint32_t task)
{
    uint32_t endpoint = driver_below(driver, build_header()->endpoint_count);
    uint32_t supervisor = build_thread_of(build_endpoint_of(endpoint)->receiver)->task;

    if (supervisor == task) {
        return;
    }
    build_task_of(task)->supervisor = (uint8_t)endpoint;
    if (!driver_one_in(driver, 8)) {
        build_cap_for(supervisor, K5_KIND_TASK, task, K5_RIGHT_CONTROL | K5_RIGHT_STATUS, 0);
    }
}

const struct sys_header *driver_choose_system(struct driver *driver)
{
    build_reset();
    build_header()->budget_least = 1;
    build_header()->last_resort = driver_one_in(driver, 8) ? SYS_LAST_HALT : SYS_LAST_POLICY;
    build_header()->mpu_regions = (uint8_t)(driver_one_in(driver, 4) ? 5 : CFG_MPU_REGIONS);
    for (uint32_t i = driver_one_in(driver, 8) ? 1 : 3 + driver_below(driver, MOST_TASKS - 2);
         i > 0; i--) {
        choose_task(driver);
    }
    for (uint32_t i = 2 + driver_below(driver, MOST_ENDPOINTS - 1); i > 0; i--) {
        choose_endpoint(driver);
    }
    for (uint32_t i = driver_below(driver, 4); i > 0; i--) {
        choose_notification(driver);
    }
    for (uint32_t i = driver_below(driver, 3); i > 0; i--) {
        choose_port(driver);
    }
    for (uint32_t i = driver_below(driver, 5); i > 0; i--) {
        choose_object(driver);
    }
    for (uint32_t i = driver_below(driver, 6); i > 0; i--) {
        choose_control(driver);
    }
    for (uint32_t task = 0; task < driver->task_count; task++) {
        if (driver_one_in(driver, 3)) {
            choose_supervisor(driver, task);
        }
    }
    return build_finish();
}
