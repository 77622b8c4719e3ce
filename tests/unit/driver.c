/* Random or fuzzed runs. */
#include "tests/unit/driver.h"

#include <stdio.h>
#include <string.h>

#include "kernel/config.h"
#include "kernel/invariants.h"
#include "kernel/port.h"
#include "tests/unit/driver_internal.h"
#include "tests/unit/oracle.h"

static char panic_text[64];
static bool verbose;
static struct driver *running; /* whose events are observed */
static void (*record_event)(struct hostport_machine *machine, const struct k5_event *event);

/* ------------------------------------------------------------ choices */

uint32_t driver_below(struct driver *driver, uint32_t limit)
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

static bool source_is_dry(const struct driver *driver)
{
    return driver->source->ends && driver->source->left == 0;
}

/* ------------------------------------------------------------ entries */

static void count_event(const struct k5_event *event)
{
    struct driver_report *report = running->report;

    report->faults += event->kind == K5_EVENT_FAULT;
    report->timeouts += event->kind == K5_EVENT_FAULT && event->code == K5_FAULT_TIMEOUT;
    report->restarts += event->kind == K5_EVENT_TASK && event->code == K5_TASK_READY;
    report->exhausted += event->kind == K5_EVENT_EXHAUSTED;
    report->loans += event->kind == K5_EVENT_LOAN;
    report->epitaphs += event->kind == K5_EVENT_EPITAPH;
}

/* K5_VERBOSE=1: what happens, for the repetition of a run that broke a rule. */
static void tell(const char *what, uint32_t who, uint32_t code, const uint32_t *word,
                 uint32_t count)
{
    if (!verbose) {
        return;
    }
    fprintf(stderr, "%8llu %s %u code %u:", (unsigned long long)kit_now(), what, (unsigned)who,
            (unsigned)code);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(stderr, " %x", (unsigned)word[i]);
    }
    fputc('\n', stderr);
}

static void observe_event(struct hostport_machine *machine, const struct k5_event *event)
{
    char name[16];

    count_event(event);
    snprintf(name, sizeof name, "event %u", (unsigned)event->kind);
    tell(name, event->thread, event->code, event->arg, EVENT_ARGS);
    if (event->kind == K5_EVENT_PANIC) {
        snprintf(panic_text, sizeof panic_text, "kernel assertion %.24s:%u",
                 (const char *)event->arg, (unsigned)event->code);
    }
    oracle_event(event);
    if (driver_one_in(running, 8)) { /* an interrupt may come at any time */
        kit_machine.port.pending_interrupt = !kit_machine.port.pending_interrupt;
    }
    fake_machine_clear_events(&kit_machine);
    record_event(machine, event);
}

static void observe_write(struct hostport_machine *machine, uint32_t address, uint32_t bytes)
{
    (void)machine;
    oracle_written(address, bytes);
}

static void check(struct driver *driver, const struct oracle_act *act)
{
    driver->report->entries++;
    driver->report->unfinished += k5.unfinished;
    driver->left--;
    driver->broken = oracle_check(act);
    if (driver->broken == NULL) {
        driver->broken = kernel_invariants();
    }
}

static bool goes_on(const struct driver *driver)
{
    return driver->left > 0 && driver->broken == NULL && !source_is_dry(driver) && !k5.halted;
}

static const struct oracle_act no_act = {.who = NO_THREAD};

/* ------------------------------------------------------------ interrupts */

/* One of the lines that the kernel has unmasked, or else one that it knows nothing of. */
static void fire(struct driver *driver)
{
    uint32_t count = port_system()->interrupt_count;
    uint32_t first = count > 0 ? driver_below(driver, count) : 0;
    uint32_t line = HOSTPORT_LINES - 1;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t candidate = sys_interrupt((first + i) % count)->line;

        if (fake_machine_unmasked(&kit_machine, candidate)) {
            line = candidate;
            driver->report->interrupts++;
            break;
        }
    }
    kernel_interrupt(line);
    check(driver, &no_act);
}

static void enter_by_timer(struct driver *driver)
{
    kernel_timer();
    check(driver, &no_act);
}

/* The kernel left for what was pending: that comes, and then the kernel goes on. */
static void finish(struct driver *driver)
{
    while (k5.unfinished && goes_on(driver)) {
        kit_machine.port.pending_interrupt = driver_one_in(driver, 4);
        kit_machine.port.now += driver_below(driver, 3);
        if (driver_one_in(driver, 3)) {
            fire(driver);
        } else {
            enter_by_timer(driver);
        }
    }
}

/* ------------------------------------------------------------ time */

static uint32_t choose_delay(struct driver *driver)
{
    uint64_t wait = kit_machine.port.deadline - kit_now();

    switch (driver_below(driver, 16)) {
    case 0:
        return driver_below(driver, 1000);
    case 1:
    case 2:
    case 3:
    case 4:
        return driver_below(driver, 40);
    default:
        return k5.current == NO_THREAD ? driver_below(driver, 300) : 0;
    case 5: /* around the deadline, where off-by-one lives */
        return wait > 5000 ? 5000 : (uint32_t)wait + driver_below(driver, 3);
    }
}

/* The timer fires at each deadline on the way, now and then a little late. */
static void pass_time(struct driver *driver)
{
    struct hostport_machine *port = &kit_machine.port;
    uint64_t until = port->now + choose_delay(driver);

    while (port->deadline <= until && goes_on(driver)) {
        uint64_t fires = port->deadline + (driver_one_in(driver, 4) ? driver_below(driver, 20) : 0);

        port->now = fires > port->now ? fires : port->now;
        enter_by_timer(driver);
        finish(driver);
    }
    port->now = until > port->now ? until : port->now;
    if (driver_one_in(driver, 16) && goes_on(driver)) {
        enter_by_timer(driver); /* early ones are harmless */
        finish(driver);
    }
}

/* ------------------------------------------------------------ acts */

static void count_result(struct driver *driver, uint32_t who)
{
    uint32_t index = 0u - k5.thread[who].reg[0];

    if (index < DRIVER_ERRORS) {
        driver->report->result[index]++;
    }
}

/* A reply goes through exactly when its capability was live. */
static void check_reply(struct driver *driver, uint32_t who, uint32_t reply, bool live)
{
    bool still = oracle_reply_is_live(who, reply);
    uint32_t error = k5.thread[who].reg[0];
    bool runnable =
        k5.thread[who].state >= K5_THREAD_RUNNING && k5.thread[who].state <= K5_THREAD_UNFUNDED;

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
    struct oracle_act act = {.who = who};

    driver_choose_call(driver, who, &act.number, act.argument);

    struct thread *thread = &k5.thread[who];
    bool is_reply = act.number == K5_SYS_REPLY || act.number == K5_SYS_REPLY_RECV;
    bool live = is_reply && oracle_reply_is_live(who, act.argument[0]);

    tell("call of", who, act.number, act.argument, 7);
    memcpy(thread->reg, act.argument, sizeof act.argument);
    thread->reg[7] = act.number;
    kernel_syscall();
    if (act.number == K5_SYS_THREAD_SET_BUDGET && thread->reg[0] == K5_OK) {
        oracle_budget_changed(k5.slot[thread->slot_base + (act.argument[0] & 0xffffu)].object);
    }
    check(driver, &act);
    if (driver->broken == NULL && is_reply && !k5.unfinished) {
        check_reply(driver, who, act.argument[0], live);
        driver->last_reply = act.argument[0];
    }
    count_result(driver, who);
    driver->report->calls++;
    driver->report->received += k5.thread[who].state == K5_THREAD_AWAITING;
}

static void commit_fault(struct driver *driver)
{
    const struct fault_record record = {
        .kind = (uint8_t)(1 + driver_below(driver, K5_FAULT_OTHER)),
        .flags = (uint8_t)driver_below(driver, 8),
        .address = driver_below(driver, 0x10000) << 16,
    };

    kernel_fault(&record);
    check(driver, &no_act);
}

static void act(struct driver *driver)
{
    kit_machine.port.pending_interrupt = driver_one_in(driver, 16);
    if (driver_one_in(driver, 24)) {
        fire(driver);
    } else if (k5.current == NO_THREAD) {
        return;
    } else if (driver_one_in(driver, k5.loans == NO_THREAD ? 128 : 32)) {
        commit_fault(driver); /* best while there is something to lose */
    } else {
        make_call(driver, k5.current);
    }
    finish(driver);
}

/* Nothing is due and nobody runs: only an interrupt could change that. */
static bool rests(void)
{
    return k5.current == NO_THREAD && kit_machine.port.deadline == PORT_NEVER &&
           kit_machine.port.halted;
}

static void play(void *argument)
{
    struct driver *driver = argument;

    kernel_boot();
    oracle_booted();
    check(driver, &no_act);
    while (goes_on(driver) && !rests()) {
        pass_time(driver);
        if (goes_on(driver)) {
            act(driver);
        }
    }
}

const char *driver_run(struct driver_source *source, uint64_t steps, struct driver_report *report)
{
    struct driver driver = {.source = source, .report = report, .left = steps};

    fake_machine_init(&kit_machine, driver_choose_system(&driver));
    if (driver_one_in(&driver, 3)) {
        kit_machine.port.arch = &hostport_rv32;
    }
    running = &driver;
    verbose = kit_setting("K5_VERBOSE", 0) != 0;
    record_event = kit_machine.port.event;
    kit_machine.port.event = observe_event;
    kit_machine.port.written = observe_write;
    oracle_reset();
    if (fake_machine_panics(&kit_machine, play, &driver)) {
        return panic_text;
    }
    return driver.broken;
}
