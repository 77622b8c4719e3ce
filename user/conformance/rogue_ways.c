/* Ways to misbehave, named in rogue_ways.h. */
#include "rogue_ways.h"
#include "abuse.h"
#include "k5.h"
#include "k5_task.h"
#include "suite_slots.h"

#define OWN      CPTR(SLOT_OWN)
#define GUESSES  64u
#define SIGNALS  1000u
#define MOST     1000u /* of anything that should be refused long before */
#define CODE_DIE 0xD1Eu

/* Waits for a message of any kind; without one there is nothing to do wrong. */
static struct k5_message receive(void)
{
    struct k5_message message = {0};

    if (k5_recv(OWN, &message) != K5_OK) {
        k5_panic(CODE_DIE + 1);
    }
    return message;
}

static void reply_twice(volatile struct report *report, uint32_t b, uint32_t c)
{
    struct k5_message message = receive();
    struct k5_message again;

    (void)b;
    (void)c;
    k5_answer(&message, 0, 1, 0, 0, 0);
    again = message;
    k5_answer(&again, 0, 2, 0, 0, 0);
    report->r[0] = (uint32_t)k5_reply(&message);
    report->value = (uint32_t)k5_reply(&again);
}

static void reply_to_guesses(volatile struct report *report, uint32_t b, uint32_t c)
{
    struct k5_message message = receive();
    uint32_t taken = 0;

    (void)b;
    (void)c;
    for (uint32_t i = 0; i < GUESSES; i++) {
        struct k5_message guess = k5_short(0, 666, 0, 0, 0);

        guess.reply = message.reply ^ (UINT32_C(1) << i % 32) ^ (i < 32 ? 0u : 1u);
        if (guess.reply != message.reply && k5_reply(&guess) == K5_OK) {
            taken++;
        }
    }
    report->value = taken;
    k5_answer(&message, 0, 1, 0, 0, 0);
    report->r[0] = (uint32_t)k5_reply(&message);
}

static void never_reply(volatile struct report *report, uint32_t b, uint32_t c)
{
    (void)report;
    (void)b;
    (void)c;
    (void)receive();
    k5_sleep_forever();
}

static void die_instead_of_reply(volatile struct report *report, uint32_t b, uint32_t c)
{
    (void)report;
    (void)b;
    (void)c;
    (void)receive();
    k5_panic(CODE_DIE);
}

static volatile uint32_t *word_at(uint32_t address)
{
    return (volatile uint32_t *)(uintptr_t)address;
}

static void write_read_loan(volatile struct report *report, uint32_t b, uint32_t c)
{
    struct k5_message message = receive();

    (void)b;
    (void)c;
    report->value = *word_at(message.word[0]);
    *word_at(message.word[0]) = 0xbad;
}

static void write_past_loan(volatile struct report *report, uint32_t b, uint32_t c)
{
    struct k5_message message = receive();

    (void)b;
    (void)c;
    report->value = *word_at(message.word[0] + message.word[1] - 4);
    *word_at(message.word[0] + message.word[1]) = 0xbad;
}

static void read_before_loan(volatile struct report *report, uint32_t b, uint32_t c)
{
    struct k5_message message = receive();

    (void)b;
    (void)c;
    report->value = *word_at(message.word[0] - 4);
}

static void execute_loan(volatile struct report *report, uint32_t b, uint32_t c)
{
    struct k5_message message = receive();
    void (*volatile loan)(void) = (void (*)(void))(uintptr_t)(message.word[0] | 1u);

    (void)report;
    (void)b;
    (void)c;
    loan();
}

static void use_loan_after_reply(volatile struct report *report, uint32_t b, uint32_t c)
{
    struct k5_message message = receive();
    uint32_t base = message.word[0];

    (void)b;
    (void)c;
    k5_answer(&message, 0, *word_at(base), 0, 0, 0);
    report->r[0] = (uint32_t)k5_reply(&message);
    report->value = *word_at(base);
}

static void reply_with_loan(volatile struct report *report, uint32_t b, uint32_t c)
{
    struct k5_message message = receive();
    struct k5_message loan = k5_lend(0, (const void *)(uintptr_t)(report->arena + b), 64, 0, 0);

    (void)c;
    loan.reply = message.reply;
    report->value = (uint32_t)k5_reply(&loan);
    k5_answer(&message, 0, 1, 0, 0, 0);
    report->r[0] = (uint32_t)k5_reply(&message);
}

static void keep_all_replies(volatile struct report *report, uint32_t b, uint32_t c)
{
    (void)c;
    for (report->value = 0; report->value < b; report->value++) {
        (void)receive();
    }
}

static void flood(volatile struct report *report, uint32_t b, uint32_t c)
{
    enum k5_error error = K5_OK;

    for (report->value = 0; report->value < MOST; report->value++) {
        struct k5_message message = k5_short((uint16_t)c, report->value, 0, 0, 0);

        error = k5_try_send(CPTR(b), &message);
        if (error != K5_OK) {
            break;
        }
    }
    report->r[0] = (uint32_t)error;
}

static void flood_notification(volatile struct report *report, uint32_t b, uint32_t c)
{
    report->value = 0;
    for (uint32_t i = 0; i < SIGNALS; i++) {
        report->value += k5_signal(CPTR(b), c) == K5_OK;
    }
}

/* The calls that act through a cptr and return. */
static const uint8_t cptr_calls[] = {
    K5_SYS_SEND,
    K5_SYS_CALL,
    K5_SYS_RECV,
    K5_SYS_SIGNAL,
    K5_SYS_WAIT,
    K5_SYS_MINT,
    K5_SYS_DELETE,
    K5_SYS_REVOKE,
    K5_SYS_MAP,
    K5_SYS_UNMAP,
    K5_SYS_IRQ_ACK,
    K5_SYS_LISTEN,
    K5_SYS_CONNECT,
    K5_SYS_TASK_STATUS,
    K5_SYS_TASK_START,
    K5_SYS_TASK_STOP,
    K5_SYS_TASK_RESTART,
    K5_SYS_TASK_HOLD,
    K5_SYS_TASK_RESUME,
    K5_SYS_THREAD_STATUS,
    K5_SYS_THREAD_START,
    K5_SYS_THREAD_STOP,
    K5_SYS_THREAD_SET_PRIORITY,
    K5_SYS_THREAD_SET_BUDGET,
};

/* Slot and generation of nothing: past the table, another life of a slot, bits of all kinds. */
static uint32_t forged(uint32_t i)
{
    static const uint32_t odd[] = {0, 0xffffffffu, 0x0001ffffu, 0xffff0000u, 0x80000000u, 0x100u};

    return i < sizeof(odd) / sizeof(odd[0]) ? odd[i] : CPTR(SLOT_OWN) + ((i & 31u) << 17);
}

static void forge_cptrs(volatile struct report *report, uint32_t b, uint32_t c)
{
    uint32_t worked = 0;

    (void)b;
    (void)c;
    for (uint32_t i = 0; i < sizeof(cptr_calls); i++) {
        for (uint32_t k = 0; k < 16; k++) {
            uint32_t r[8] = {forged(k), 0, 1, 0, 0, 0, 0, cptr_calls[i]};

            raw_call(r);
            worked += (int32_t)r[0] >= 0;
        }
    }
    report->value = worked;
}

static void fill_table(volatile struct report *report, uint32_t b, uint32_t c)
{
    struct k5_cap_info info = {0};
    enum k5_error error = k5_caps(b, &info);
    k5_cptr_t minted;

    report->value = 0;
    while (error == K5_OK && report->value < MOST) {
        error = k5_mint(info.cptr, (uint8_t)c, info.badge, &minted);
        report->value += error == K5_OK;
    }
    report->r[0] = (uint32_t)error;
}

static void recurse(volatile struct report *report, uint32_t b, uint32_t c)
{
    volatile uint32_t frame[16];
    void (*volatile again)(volatile struct report *, uint32_t, uint32_t) = recurse;

    frame[b % 16] = c;
    again(report, b + 1, frame[b % 16]);
    report->value = frame[0]; /* no tail call */
}

/* Places that are nobody's, or somebody else's, or at the edges. */
static uint32_t wild(uint32_t i, uint32_t own_end)
{
    const uint32_t places[] = {
        0,           4,           0x1000u,         KERNEL_CODE, KERNEL_MEMORY,  0x40000000u,
        0xe000e000u, 0xffffffe0u, own_end - 1,     own_end,     own_end + 0x20, 0x7fffffffu,
        0x80000000u, 0x02000000u, own_end - 0x20u,
    };

    return places[i];
}

#define WILD_PLACES 15u

static void wild_pointers(volatile struct report *report, uint32_t b, uint32_t c)
{
    uint32_t taken = 0;

    (void)c;
    for (uint32_t i = 0; i < WILD_PLACES; i++) {
        uint32_t r[8] = {
            CPTR(b), K5_FLAG_TRY | K5_MSG_COPY, wild(i, report->ram_end), 64, 0, 0, 0, K5_SYS_SEND};

        raw_call(r);
        taken += (int32_t)r[0] != K5_E_ADDRESS;
    }
    report->value = taken;
}

static void wild_loans(volatile struct report *report, uint32_t b, uint32_t c)
{
    uint32_t taken = 0;

    for (uint32_t i = 0; i < WILD_PLACES; i++) {
        uint32_t r[8] = {CPTR(b), K5_FLAG_TRY | c, wild(i, report->ram_end), 64, 0, 0,
                         0,       K5_SYS_CALL};

        raw_call(r);
        taken += (int32_t)r[0] != K5_E_ADDRESS && (int32_t)r[0] != K5_E_ALIGNMENT;
    }
    report->value = taken;
}

static void steal_messages(volatile struct report *report, uint32_t b, uint32_t c)
{
    uint32_t worked = 0;

    (void)b;
    (void)c;
    for (uint32_t slot = SLOT_LEFT; slot <= SLOT_RIGHT; slot++) {
        struct k5_message message = {0};

        worked += k5_try_recv(CPTR(slot), &message) != K5_E_RIGHTS;
    }
    report->value = worked;
}

static void call_in_circles(volatile struct report *report, uint32_t b, uint32_t c)
{
    struct k5_message message = receive();
    struct k5_message back = k5_short(0, 0, 0, 0, 0);

    (void)c;
    report->value = (uint32_t)k5_call(CPTR(b), &back);
    k5_answer(&message, 0, report->value, 0, 0, 0);
    report->r[0] = (uint32_t)k5_reply(&message);
}

static void spin_in_call(volatile struct report *report, uint32_t b, uint32_t c)
{
    (void)report;
    (void)b;
    (void)c;
    (void)receive();
    for (;;) {
        __asm__ volatile("");
    }
}

static void call_for_ever(volatile struct report *report, uint32_t b, uint32_t c)
{
    for (report->value = 0;; report->value++) {
        struct k5_message message = k5_short((uint16_t)(c >> 16), c & 0xffffu, 1000, 0, 0);

        report->r[0] = (uint32_t)k5_call(CPTR(b), &message);
    }
}

static void count_for_ever(volatile struct report *report, uint32_t b, uint32_t c)
{
    (void)b;
    (void)c;
    for (report->value = 0;; report->value++) {
    }
}

static void connect(volatile struct report *report, uint32_t b, uint32_t c)
{
    k5_cptr_t endpoint = 0;

    (void)b;
    (void)c;
    report->r[0] = (uint32_t)k5_connect(CPTR(SLOT_OFFICE), &endpoint);
    report->value = endpoint;
}

static void sign_loan(volatile struct report *report, uint32_t b, uint32_t c)
{
    struct k5_message message = receive();

    (void)b;
    (void)c;
    *word_at(message.word[0]) += 1;
    k5_answer(&message, 0, 0, 0, 0, 0);
    report->r[0] = (uint32_t)k5_reply(&message);
}

static void ask_desk(volatile struct report *report, uint32_t b, uint32_t c)
{
    struct k5_message message = k5_short(0, b, 0, 0, 0);

    (void)c;
    report->r[0] = (uint32_t)k5_call(CPTR(SLOT_DESK), &message);
    report->r[1] = message.word[1];
    report->value = message.word[0];
}

#define ROGUE_WAY_ROW_(name) [WAY_##name] = {name},

const struct rogue_act rogue_ways[WAYS] = {ROGUE_WAYS(ROGUE_WAY_ROW_)};
