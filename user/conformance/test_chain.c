/* Tests: donation of time and priority over a chain of five passive servers.
 *
 * Left is the client. Here it is less urgent than the judge, so that the judge, who
 * sleeps meanwhile, can look at a server in the middle of its work.
 */
#include "actors.h"
#include "k5_task.h"
#include "link.h"
#include "rogue_ways.h"
#include "suite_slots.h"

#define LEFTS   6u /* priorities; those of the links are 1 to 5 */
#define MIDDLES 7u

#define A_WHILE_US 50000u

/* The judge's capabilities to the links stand one behind the other. */
static k5_cptr_t link_task(uint32_t number)
{
    return CAP_TASK_LINK_1 + (number - 1);
}

static struct k5_thread_status link_status(uint32_t number)
{
    struct k5_thread_status status = {0};

    CHECK_EQUAL(k5_thread_status(CAP_THREAD_LINK_1 + (number - 1), &status), K5_OK);
    return status;
}

static uint32_t generation(uint32_t number)
{
    struct k5_task_status status = {0};

    CHECK_EQUAL(k5_task_status(link_task(number), &status), K5_OK);
    return status.generation;
}

static void start(enum actor who, enum link_act act, uint32_t number, uint32_t word)
{
    order_syscall(who, K5_SYS_CALL, CPTR(SLOT_CHAIN), (uint32_t)act << 16, number, word, 0, 0, 0);
}

/* Restarts the links, and lets all capabilities know. */
static void new_chain(void)
{
    struct k5_message message;
    enum k5_error error;

    for (uint32_t i = 1; i <= LINKS; i++) {
        CHECK_EQUAL(k5_task_restart(link_task(i)), K5_OK);
    }
    do {
        message = k5_short(LINK_ANSWER, LINKS, 0, 0, 0);
        error = k5_call(CAP_CHAIN, &message);
    } while (error == K5_E_RESTARTED);
    CHECK_EQUAL(error, K5_OK);
    start(LEFT, LINK_ANSWER, 1, 0);
    start(MIDDLE, LINK_ANSWER, 1, 0);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), LEFTS), K5_OK);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(MIDDLE), MIDDLES), K5_OK);
}

/* Left's call is in the last link, which computes. */
static void spin_in_the_last(void)
{
    new_chain();
    start(LEFT, LINK_SPIN, LINKS, 0);
    k5_sleep_us(A_WHILE_US);
    CHECK_EQUAL(outcome(LEFT), WAITS);
}

static void answers_through_five(void)
{
    new_chain();
    start(LEFT, LINK_WORK, LINKS, 100);
    k5_sleep_us(A_WHILE_US);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(LEFT, R_W0), K5_OK);
    CHECK_EQUAL(result(LEFT, R_W1), LINKS);
}

static void lends_priority_through_five(void)
{
    spin_in_the_last();
    CHECK_EQUAL(link_status(LINKS).effective, LEFTS);
    CHECK_EQUAL(link_status(LINKS).priority, LINKS);
    for (uint32_t i = 1; i < LINKS; i++) {
        CHECK_EQUAL(link_status(i).state, K5_THREAD_AWAITING);
    }
}

static void priority_follows_its_source(void)
{
    spin_in_the_last();
    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), LEFTS + 2), K5_OK);
    CHECK_EQUAL(link_status(LINKS).effective, LEFTS + 2);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), LEFTS), K5_OK);
    CHECK_EQUAL(link_status(LINKS).effective, LEFTS);
}

static void who_waits_lends_too(void)
{
    spin_in_the_last();
    order_syscall(MIDDLE, K5_SYS_CALL, CPTR(SLOT_CHAIN), LINK_ANSWER << 16 | K5_FLAG_TIMED, 1, 0, 0,
                  0, k5_deadline_in_us(2 * A_WHILE_US));
    k5_sleep_us(A_WHILE_US);
    CHECK_EQUAL(state(MIDDLE), K5_THREAD_CALLING);
    CHECK_EQUAL(link_status(LINKS).effective, MIDDLES);
    k5_sleep_us(2 * A_WHILE_US);
    CHECK_EQUAL(outcome(MIDDLE), K5_E_TIMEOUT);
    CHECK_EQUAL(link_status(LINKS).effective, LEFTS);
    CHECK_EQUAL(outcome(LEFT), WAITS);
}

static void root_pays(void)
{
    struct k5_thread_status before = {0};
    struct k5_thread_status after = {0};
    uint64_t links = 0;
    uint32_t tick_hz;

    spin_in_the_last();
    CHECK_EQUAL(k5_thread_status(thread_of(LEFT), &before), K5_OK);
    k5_sleep_us(A_WHILE_US);
    CHECK_EQUAL(k5_thread_status(thread_of(LEFT), &after), K5_OK);
    (void)k5_sys_time(&tick_hz);
    CHECK(after.consumed - before.consumed >= (uint64_t)tick_hz * A_WHILE_US * 8 / 10000000);
    for (uint32_t i = 1; i <= LINKS; i++) {
        links += link_status(i).consumed;
    }
    CHECK(links == 0);
}

static void slice_never_runs_dry(void)
{
    uint32_t before;

    spin_in_the_last();
    before = generation(LINKS);
    k5_sleep_us(5 * LEFTS_SLICE_US);
    CHECK_EQUAL(generation(LINKS), before);
    CHECK_EQUAL(outcome(LEFT), WAITS);
}

static void restart_in_the_middle(void)
{
    spin_in_the_last();
    CHECK_EQUAL(k5_task_restart(link_task(3)), K5_OK);
    CHECK_EQUAL(k5_task_restart(link_task(5)), K5_OK);
    k5_sleep_us(A_WHILE_US);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(LEFT, R_W0), K5_E_RESTARTED);
    CHECK_EQUAL(result(LEFT, R_W2), 2); /* who waited for link 3 */
}

static void orphan_keeps_what_it_was_lent(void)
{
    spin_in_the_last();
    CHECK_EQUAL(k5_task_restart(link_task(3)), K5_OK);
    CHECK_EQUAL(k5_task_restart(link_task(4)), K5_OK);
    CHECK_EQUAL(link_status(LINKS).effective, LEFTS);
    CHECK_EQUAL(k5_task_restart(link_task(LINKS)), K5_OK);
    CHECK_EQUAL(link_status(LINKS).effective, LINKS);
}

static void stop_in_the_middle(void)
{
    spin_in_the_last();
    CHECK_EQUAL(k5_task_stop(link_task(4)), K5_OK);
    CHECK_EQUAL(k5_task_restart(link_task(5)), K5_OK);
    k5_sleep_us(A_WHILE_US);
    CHECK_EQUAL(result(LEFT, R_W0), K5_E_STOPPED);
    CHECK_EQUAL(result(LEFT, R_W2), 3);
    CHECK_EQUAL(k5_task_start(link_task(4)), K5_OK);
}

static void death_at_the_end(void)
{
    new_chain();

    uint32_t before = generation(LINKS);

    start(LEFT, LINK_DIE, LINKS, 0);
    k5_sleep_us(A_WHILE_US);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(LEFT, R_W0), K5_E_RESTARTED);
    CHECK_EQUAL(result(LEFT, R_W2), LINKS - 1);
    CHECK_EQUAL(generation(LINKS), before + 1);
}

static void death_of_the_client(void)
{
    struct k5_message message = k5_short(LINK_ANSWER, LINKS, 0, 0, 0);

    new_chain();
    start(LEFT, LINK_WORK, LINKS, 2000000); /* some hundred milliseconds */
    k5_sleep_us(A_WHILE_US);
    CHECK_EQUAL(state(LEFT), K5_THREAD_AWAITING);
    CHECK_EQUAL(k5_task_stop(task_of(LEFT)), K5_OK);
    CHECK_EQUAL(link_status(LINKS).effective, LEFTS); /* it goes on with what it was lent */
    k5_sleep_us(1500000);
    for (uint32_t i = 1; i <= LINKS; i++) {
        CHECK_EQUAL(link_status(i).state, K5_THREAD_RECEIVING);
    }
    CHECK_EQUAL(k5_call(CAP_CHAIN, &message), K5_OK);
    CHECK_EQUAL(message.word[1], LINKS);
}

static void received_is_past_its_deadline(void)
{
    new_chain();
    order_syscall(LEFT, K5_SYS_CALL, CPTR(SLOT_CHAIN), LINK_SPIN << 16 | K5_FLAG_TIMED, LINKS, 0, 0,
                  0, k5_deadline_in_us(A_WHILE_US));
    k5_sleep_us(2 * A_WHILE_US);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    CHECK_EQUAL(state(LEFT), K5_THREAD_AWAITING);
}

/* Middle's budget is POOR_US in POOR_US + POOR_COOLDOWN_US: if it is cooling down, that is over. */
static void let_middle_save(void)
{
    k5_sleep_us(2 * POOR_COOLDOWN_US);
}

static void exhaustion_in_the_last(void)
{
    new_chain();
    let_middle_save();

    uint32_t before = generation(LINKS);

    start(MIDDLE, LINK_SPIN, LINKS, 0);
    k5_sleep_us(4 * POOR_COOLDOWN_US);
    CHECK_EQUAL(generation(LINKS), before + 1); /* a timeout fault */
    CHECK_EQUAL(outcome(MIDDLE), K5_OK);
    CHECK_EQUAL(result(MIDDLE, R_W0), K5_E_RESTARTED);
    CHECK_EQUAL(result(MIDDLE, R_W2), LINKS - 1);
}

static void overrun_is_enough_to_finish(void)
{
    uint32_t before;

    new_chain();
    let_middle_save();
    before = generation(LINKS);
    start(MIDDLE, LINK_WORK, LINKS, 1000); /* much less than the overrun that a link may take */
    k5_sleep_us(2 * POOR_COOLDOWN_US);
    CHECK_EQUAL(outcome(MIDDLE), K5_OK);
    CHECK_EQUAL(generation(LINKS), before);
}

/* However it spends its time, in calls or by itself, it gets no more than its budget. */
static void budgets_are_not_amplified(void)
{
    struct k5_thread_status before = {0};
    struct k5_thread_status after = {0};
    uint32_t tick_hz;
    uint32_t periods = 10;

    new_chain();
    let_middle_save();
    (void)k5_sys_time(&tick_hz);
    CHECK_EQUAL(k5_thread_status(thread_of(MIDDLE), &before), K5_OK);
    order(MIDDLE, DO_RUN, WAY_call_for_ever, SLOT_CHAIN, (uint32_t)LINK_WORK << 16 | LINKS);
    k5_sleep_us(periods * (POOR_US + POOR_COOLDOWN_US));
    CHECK_EQUAL(k5_thread_status(thread_of(MIDDLE), &after), K5_OK);

    uint64_t most = (uint64_t)tick_hz * (POOR_US + LINK_OVERRUN_US) / 1000000 * (periods + 1);
    uint64_t least = (uint64_t)tick_hz * POOR_US / 1000000 * (periods / 2);

    CHECK(after.consumed - before.consumed <= most);
    CHECK(after.consumed - before.consumed >= least);
}

/* Two clients take turns at one server; neither pays for the other. */
static void each_pays_for_its_own_call(void)
{
    struct k5_thread_status before = {0};
    struct k5_thread_status after = {0};

    spin_in_the_last();
    CHECK_EQUAL(k5_thread_status(thread_of(MIDDLE), &before), K5_OK);
    start(MIDDLE, LINK_ANSWER, 1, 0);
    k5_sleep_us(A_WHILE_US);
    CHECK_EQUAL(k5_thread_status(thread_of(MIDDLE), &after), K5_OK);
    CHECK_EQUAL(state(MIDDLE), K5_THREAD_CALLING);
    CHECK(after.consumed - before.consumed < 50000); /* it made a call, no more */
}

static void receiving_again_ends_it(void)
{
    struct k5_thread_status status = {0};

    new_chain();
    CHECK_EQUAL(k5_thread_set_priority(thread_of(RIGHT), 2), K5_OK);
    order(RIGHT, DO_RUN, WAY_keep_all_replies, 2, 0);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);
    k5_sleep_us(A_WHILE_US);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    CHECK_EQUAL(k5_thread_status(thread_of(RIGHT), &status), K5_OK);
    CHECK_EQUAL(status.effective, 2);
}

static void passive_servers_take_no_sends(void)
{
    new_chain();
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_CHAIN), 0, 0, 0, 0, 0, 0);
    k5_sleep_us(A_WHILE_US);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
}

/* ---------------------------------------------------------------- time in general */

/* Right is more urgent than the judge, and is given little, again and again. (Where the kernel's
 * events go out over a wire, that takes some of it: so it is not the least that can be given.)
 */
static void small_budgets_do_not_starve(void)
{
    uint64_t before;

    CHECK_EQUAL(k5_thread_set_budget(thread_of(RIGHT), LEAST_TICKS - 1, LEAST_TICKS), K5_E_INVALID);
    CHECK_EQUAL(k5_thread_set_budget(thread_of(RIGHT), LEAST_TICKS, LEAST_TICKS), K5_OK);
    CHECK_EQUAL(k5_thread_set_budget(thread_of(RIGHT), 20 * LEAST_TICKS, 100 * LEAST_TICKS), K5_OK);
    before = k5_time_us();
    order(RIGHT, DO_RUN, WAY_count_for_ever, 0, 0);
    for (uint32_t i = 0; i < 20000; i++) {
        __asm__ volatile("");
    }

    uint32_t counted = report(RIGHT)->value;

    CHECK(counted > 0);                     /* it gets on */
    CHECK(k5_time_us() - before < 1000000); /* and so does the judge */
    k5_sleep_us(8 * A_WHILE_US);
    CHECK(report(RIGHT)->value > counted);
    CHECK_EQUAL(k5_thread_set_budget(thread_of(RIGHT), PETTY_TICKS, PETTY_TICKS), K5_OK);
}

static uint64_t consumed_by_all(void)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < THREADS; i++) {
        struct k5_thread_status status = {0};

        CHECK_EQUAL(k5_thread_status(CAP_ALL_JUDGE + i, &status), K5_OK);
        sum += status.consumed;
    }
    return sum;
}

/* Nobody is idle while left computes. */
static void charged_is_elapsed(void)
{
    new_chain();
    order(LEFT, DO_SPIN, 0, 0, 0);

    uint64_t outer = k5_time();
    uint64_t charged = consumed_by_all();
    uint64_t inner = k5_time();

    k5_sleep_us(10 * A_WHILE_US);
    inner = k5_time() - inner;
    charged = consumed_by_all() - charged;
    outer = k5_time() - outer;
    CHECK(charged <= outer);
    CHECK(charged + outer / 20 >= inner);
}

static const struct test tests[] = {
    {"chain.five.answers", "A call goes through chains of servers, and its reply back.",
     answers_through_five},
    {"chain.priority.lent_through_five",
     "The last server of a chain runs as urgently as the most urgent before it.",
     lends_priority_through_five},
    {"chain.priority.follows", "And no longer.", priority_follows_its_source},
    {"chain.priority.who_waits_lends_too", "Who waits in a queue lends, until its deadline.",
     who_waits_lends_too},
    {"chain.time.root_pays", "The chain runs on the budget of its root.", root_pays},
    {"chain.time.slice", "A slice never runs dry.", slice_never_runs_dry},
    {"chain.time.each_pays_for_its_own", "Who waits does not pay.", each_pays_for_its_own_call},
    {"chain.time.passive_takes_no_sends", "A passive server can only be called.",
     passive_servers_take_no_sends},
    {"chain.deadline.past_when_received", "A received call is past its deadline.",
     received_is_past_its_deadline},
    {"chain.restart.in_the_middle", "Who waited for the dead learns it; the others go on.",
     restart_in_the_middle},
    {"chain.restart.orphan", "A server keeps what it was lent until it replies or receives.",
     orphan_keeps_what_it_was_lent},
    {"chain.stop.in_the_middle", "The same for stop.", stop_in_the_middle},
    {"chain.death.at_the_end", "The same for a fault.", death_at_the_end},
    {"chain.death.of_the_client", "A client cannot crash a server.", death_of_the_client},
    {"chain.exhaustion.timeout_fault",
     "When the payer runs dry the server may overrun, then it takes a timeout fault.",
     exhaustion_in_the_last},
    {"chain.exhaustion.overrun_to_finish", "Until then it may finish what it began.",
     overrun_is_enough_to_finish},
    {"chain.exhaustion.no_amplification", "Nobody's time is ever added to another's.",
     budgets_are_not_amplified},
    {"chain.donation.ends_with_receive", "Receiving again without a reply ends the donation.",
     receiving_again_ends_it},
    {"time.budget.small_ones_do_not_starve", "A small budget makes progress and starves nobody.",
     small_budgets_do_not_starve},
    {"time.budget.charged_is_elapsed", "Charged time adds up to elapsed time.", charged_is_elapsed},
};
const struct test_group chain_tests = GROUP(tests);
