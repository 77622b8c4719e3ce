/* Random or fuzzed runs. */
#include "tests/unit/driver.h"

#include <stdio.h>
#include <string.h>

#include "kernel/config.h"
#include "kernel/invariants.h"
#include "kernel/port.h"
#include "tests/unit/oracle.h"

#define MOST_TASKS     6u
#define MOST_THREADS   10u
#define MOST_ENDPOINTS 6u
#define MOST_CAPS      MOST_ENDPOINTS

struct driver {
    struct driver_source *source;
    struct driver_report *report;
    uint64_t left; /* entries */
    uint32_t task_count;
    uint32_t thread_count;
    uint32_t cptr[MOST_TASKS][MOST_CAPS];
    uint32_t cap_count[MOST_TASKS];
    uint32_t last_reply; /* used or not, whoever held it */
    const char *broken;
};

static char panic_text[64];
static struct driver_report *report_of_run; /* where events are counted */
static void (*record_event)(struct hostport_machine *machine, const struct k5_event *event);

/* ------------------------------------------------------------ choices */

static uint32_t below(struct driver *driver, uint32_t limit)
{
    struct driver_source *source = driver->source;

    if (source->left > 0) {
        uint32_t value = *source->bytes++;

        source->left--;
        if (limit > 256 && source->left > 0) {
            value = value << 8 | *source->bytes++;
            source->left--;
        }
        return value % limit;
    }
    return source->ends ? 0 : kit_random_below(&source->random, limit);
}

static bool one_in(struct driver *driver, uint32_t chances)
{
    return below(driver, chances) == chances - 1;
}

static bool source_is_dry(const struct driver *driver)
{
    return driver->source->ends && driver->source->left == 0;
}

/* ------------------------------------------------------------ a system */

static void choose_thread(struct driver *driver, uint32_t task)
{
    static const uint32_t priority[] = {0, 5, 6, 31};
    struct sys_thread *thread = build_thread_of(build_thread(task, priority[below(driver, 4)]));

    thread->budget = one_in(driver, 16) ? 1 + below(driver, 10) : 50 + below(driver, 400);
    thread->cooldown = one_in(driver, 2) ? 1 + below(driver, 800) : 0;
    thread->overrun = one_in(driver, 3) ? 0 : below(driver, 500);
    if (driver->thread_count > 0 && one_in(driver, 4)) {
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
    uint32_t id = build_task(policy[below(driver, 7)]);
    struct sys_task *task = build_task_of(id);

    task->backoff_ticks = below(driver, 300);
    task->backoff_max_ticks = task->backoff_ticks * (1 + below(driver, 8));
    task->stable_ticks = below(driver, 5000);
    choose_thread(driver, id);
    while (one_in(driver, 4) && driver->thread_count + MOST_TASKS - id <= MOST_THREADS) {
        choose_thread(driver, id);
    }
    driver->task_count++;
}

static void choose_caps(struct driver *driver, uint32_t endpoint, uint32_t receiver)
{
    uint32_t owner = build_thread_of(receiver)->task;

    for (uint32_t task = 0; task < driver->task_count; task++) {
        uint32_t rights = one_in(driver, 12) ? 0 : (uint32_t)K5_RIGHT_SEND;

        if (task == owner) {
            rights = K5_RIGHT_RECV | (one_in(driver, 3) ? (uint32_t)K5_RIGHT_SEND : 0);
        }
        driver->cptr[task][driver->cap_count[task]++] =
            build_cap(task, endpoint, rights, task << 8 | endpoint);
    }
}

static const struct sys_header *choose_system(struct driver *driver)
{
    build_reset();
    for (uint32_t i = 1 + below(driver, MOST_TASKS); i > 0; i--) {
        choose_task(driver);
    }
    for (uint32_t i = 1 + below(driver, MOST_ENDPOINTS); i > 0; i--) {
        uint32_t receiver = below(driver, driver->thread_count);

        choose_caps(driver, build_endpoint(receiver), receiver);
    }
    return build_finish();
}

/* ------------------------------------------------------------ entries */

static void count_event(const struct k5_event *event)
{
    struct driver_report *report = report_of_run;

    report->faults += event->kind == K5_EVENT_FAULT;
    report->timeouts += event->kind == K5_EVENT_FAULT && event->code == K5_FAULT_TIMEOUT;
    report->restarts += event->kind == K5_EVENT_TASK && event->code == K5_TASK_READY;
    report->exhausted += event->kind == K5_EVENT_EXHAUSTED;
}

static void observe_event(struct hostport_machine *machine, const struct k5_event *event)
{
    count_event(event);
    if (event->kind == K5_EVENT_PANIC) {
        snprintf(panic_text, sizeof panic_text, "kernel assertion %.24s:%u",
                 (const char *)event->arg, (unsigned)event->code);
    }
    oracle_event(event);
    fake_machine_clear_events(&kit_machine);
    record_event(machine, event);
}

static void observe_write(struct hostport_machine *machine, uint32_t address, uint32_t bytes)
{
    (void)machine;
    oracle_written(address, bytes);
}

static void check(struct driver *driver)
{
    driver->report->entries++;
    driver->left--;
    driver->broken = oracle_check();
    if (driver->broken == NULL) {
        driver->broken = kernel_invariants();
    }
}

static bool goes_on(const struct driver *driver)
{
    return driver->left > 0 && driver->broken == NULL && !source_is_dry(driver);
}

/* ------------------------------------------------------------ time */

static uint32_t choose_delay(struct driver *driver)
{
    uint64_t wait = kit_machine.port.deadline - kit_now();

    switch (below(driver, 16)) {
    case 0:
        return below(driver, 1000);
    case 1:
    case 2:
    case 3:
    case 4:
        return below(driver, 40);
    default:
        return k5.current == NO_THREAD ? below(driver, 300) : 0;
    case 5: /* around the deadline, where off-by-one lives */
        return wait > 5000 ? 5000 : (uint32_t)wait + below(driver, 3);
    }
}

/* The timer fires at each deadline on the way, now and then a little late. */
static void pass_time(struct driver *driver)
{
    struct hostport_machine *port = &kit_machine.port;
    uint64_t until = port->now + choose_delay(driver);

    while (port->deadline <= until && goes_on(driver)) {
        uint64_t fires = port->deadline + (one_in(driver, 4) ? below(driver, 20) : 0);

        port->now = fires > port->now ? fires : port->now;
        kernel_timer();
        check(driver);
    }
    port->now = until > port->now ? until : port->now;
    if (one_in(driver, 16) && goes_on(driver)) {
        kernel_timer(); /* early ones are harmless */
        check(driver);
    }
}

/* ------------------------------------------------------------ acts */

/* Of the few capabilities a task has, likely one that fits. */
static uint32_t choose_cptr(struct driver *driver, uint32_t task, uint32_t who, bool receive)
{
    uint32_t endpoint = below(driver, driver->cap_count[task]);
    uint32_t cptr = driver->cptr[task][endpoint];

    for (uint32_t i = 0; i < 3 && (sys_endpoint(endpoint)->receiver == who) != receive; i++) {
        endpoint = below(driver, driver->cap_count[task]);
        cptr = driver->cptr[task][endpoint];
    }

    switch (below(driver, 16)) {
    case 0:
        return cptr ^ 1u << below(driver, 32);
    case 1:
        return below(driver, 0x10000) << 16 | below(driver, 16);
    default:
        return cptr;
    }
}

static uint32_t choose_reply(struct driver *driver, uint32_t who)
{
    uint32_t reply = oracle_some_reply(who);

    switch (below(driver, 8)) {
    case 0:
        return driver->last_reply;
    case 1:
        return reply ^ 1u << below(driver, 32);
    case 2:
        return oracle_some_reply(below(driver, driver->thread_count)); /* perhaps another's */
    default:
        return reply;
    }
}

static uint32_t choose_info(struct driver *driver, uint32_t number)
{
    uint32_t info = below(driver, 4) << 16;

    if (one_in(driver, 32)) {
        return below(driver, 0x10000) | below(driver, 0x10000) << 16;
    }
    if (one_in(driver, 4)) {
        info |= K5_FLAG_TRY;
    }
    if (one_in(driver, 3) && number != K5_SYS_SEND && number != K5_SYS_REPLY) {
        info |= K5_FLAG_RECV_BUF;
    }
    if (number == K5_SYS_RECV) {
        return info & 0xff00;
    }
    return one_in(driver, 3) ? info | K5_MSG_COPY : info;
}

static void choose_buffers(struct driver *driver, uint32_t task, uint32_t argument[7])
{
    argument[2] = build_buffer(task, 0) + below(driver, 64);
    argument[3] = below(driver, 200);
    argument[4] = build_buffer(task, 1) + below(driver, 64);
    argument[5] = below(driver, 200);
    if (one_in(driver, 12)) {
        argument[2 + below(driver, 4)] += below(driver, 0x10000) << below(driver, 17);
    }
}

/* What this thread would sensibly do now; anything else is for choose_number(). */
static uint32_t likely_number(struct driver *driver, uint32_t who)
{
    bool receives = false;

    for (uint32_t i = 0; i < port_system()->endpoint_count; i++) {
        receives |= sys_endpoint(i)->receiver == who;
    }
    if (oracle_some_reply(who) != 0 && !one_in(driver, 3)) {
        return one_in(driver, 2) ? K5_SYS_REPLY : K5_SYS_REPLY_RECV;
    }
    if (receives && !one_in(driver, 3)) {
        return K5_SYS_RECV;
    }
    return one_in(driver, 4) ? K5_SYS_SEND : K5_SYS_CALL;
}

static uint32_t choose_number(struct driver *driver, uint32_t who)
{
    if (one_in(driver, 128)) {
        return below(driver, 4) == 0 ? below(driver, 0x10000) + K5_SYS_COUNT : K5_SYS_PANIC;
    }
    return one_in(driver, 4) ? below(driver, K5_SYS_PANIC) : likely_number(driver, who);
}

static void count_result(struct driver *driver, uint32_t who)
{
    uint32_t index = 0u - k5.thread[who].reg[0];

    if (index < 16) {
        driver->report->result[index]++;
    }
}

/* A reply goes through exactly when its capability was live. */
static void check_reply(struct driver *driver, uint32_t who, uint32_t reply, bool live)
{
    bool still = oracle_reply_is_live(who, reply);
    uint32_t error = k5.thread[who].reg[0];
    bool runnable =
        k5.thread[who].state >= THREAD_RUNNING && k5.thread[who].state <= THREAD_UNFUNDED;

    if (!live && runnable && error == K5_OK) {
        driver->broken = "a reply capability works once, for its holder";
    } else if (!live && !runnable) {
        driver->broken = "no reply_recv waits without having replied";
    } else if (live && !still && runnable && error == (uint32_t)K5_E_STALE) {
        driver->broken = "a refused reply changes nothing";
    }
}

static void make_call(struct driver *driver, uint32_t who)
{
    struct thread *thread = &k5.thread[who];
    uint32_t number = choose_number(driver, who);
    uint32_t argument[7] = {0};
    bool is_reply = number == K5_SYS_REPLY || number == K5_SYS_REPLY_RECV;

    choose_buffers(driver, thread->task, argument);
    argument[0] = is_reply ? choose_reply(driver, who)
                           : choose_cptr(driver, thread->task, who, number == K5_SYS_RECV);
    argument[1] = choose_info(driver, number);
    argument[6] = choose_cptr(driver, thread->task, who, true);
    if (number == K5_SYS_SLEEP) {
        argument[0] = (uint32_t)kit_now() + below(driver, 600);
        argument[1] = one_in(driver, 50) ? UINT32_MAX : 0;
    }

    bool live = is_reply && oracle_reply_is_live(who, argument[0]);

    memcpy(thread->reg, argument, sizeof argument);
    thread->reg[7] = number;
    kernel_syscall();
    check(driver);
    if (driver->broken == NULL && is_reply) {
        check_reply(driver, who, argument[0], live);
        driver->last_reply = argument[0];
    }
    count_result(driver, who);
    driver->report->calls++;
    driver->report->received += k5.thread[who].state == THREAD_AWAITING;
}

static void commit_fault(struct driver *driver)
{
    const struct fault_record record = {
        .kind = (uint8_t)(1 + below(driver, K5_FAULT_OTHER)),
        .address = below(driver, 0x10000) << 16,
    };

    kernel_fault(&record);
    check(driver);
}

/* A task's buffers come and go, as they will with loans. */
static void change_memory(struct driver *driver)
{
    struct sys_region *region = build_region_of(below(driver, driver->task_count), BUILD_BUFFERS);

    region->access = one_in(driver, 4) ? (uint8_t)SYS_READ : SYS_READ | SYS_WRITE;
}

static void play(void *argument)
{
    struct driver *driver = argument;

    kernel_boot();
    check(driver);
    while (goes_on(driver)) {
        pass_time(driver);
        if (one_in(driver, 32)) {
            change_memory(driver);
        }
        if (!goes_on(driver)) {
            break;
        }
        if (k5.current == NO_THREAD) {
            if (kit_machine.port.deadline == PORT_NEVER) {
                break; /* nothing will ever happen here */
            }
        } else if (one_in(driver, 128)) {
            commit_fault(driver);
        } else {
            make_call(driver, k5.current);
        }
    }
}

const char *driver_run(struct driver_source *source, uint64_t steps, struct driver_report *report)
{
    struct driver driver = {.source = source, .report = report, .left = steps};

    fake_machine_init(&kit_machine, choose_system(&driver));
    report_of_run = report;
    record_event = kit_machine.port.event;
    kit_machine.port.event = observe_event;
    kit_machine.port.written = observe_write;
    oracle_reset();
    if (fake_machine_panics(&kit_machine, play, &driver)) {
        return panic_text;
    }
    return driver.broken;
}
