/* The assistant: acts on the judge's orders, good or bad. */
#include "rogue.h"
#include "abuse.h"
#include "k5_task.h"
#include "rogue_ways.h"

#define STAGE ((volatile struct stage *)(uintptr_t)REGION_STAGE)

/* An orders capability that fails is the harness's own mistake. */
#define PANIC_NO_ORDERS 0x0DE5u

static uint32_t arena[ARENA_BYTES / sizeof(uint32_t)] __attribute__((aligned(256)));

static volatile uint32_t *word_at(uint32_t address)
{
    return (volatile uint32_t *)(uintptr_t)address;
}

static void syscall(volatile struct report *report)
{
    uint32_t r[8];

    for (uint32_t i = 0; i < 8; i++) {
        r[i] = STAGE->r[i];
    }
    raw_call(r);
    for (uint32_t i = 0; i < 8; i++) {
        report->r[i] = r[i];
    }
}

/* A restart of a peer is told once for each capability: takes note of it. What it tries to send is
 * nothing that an endpoint's queue takes. */
static void acquaint(void)
{
    enum k5_error error = K5_OK;

    for (uint32_t slot = SLOT_LEFT; error != K5_E_CPTR; slot++) {
        struct k5_message message = k5_copy(0, NULL, 0);

        do {
            error = k5_try_send(CPTR(slot), &message);
        } while (error == K5_E_RESTARTED);
    }
}

/* An honest server. */
static void serve(volatile struct report *report)
{
    struct k5_message message = {0};

    while (k5_serve(CPTR(SLOT_OWN), &message) == K5_OK) {
        report->value++;
        if (k5_label(&message) == SERVE_END) {
            return;
        }
        k5_answer(&message, 0, message.word[0] + 1, 0, 0, 0);
    }
}

static void spin(void)
{
    for (;;) {
        __asm__ volatile("");
    }
}

static void act(volatile struct report *report, const struct k5_message *message)
{
    uint32_t a = message->word[0];
    uint32_t b = message->word[1];

    switch ((enum order)k5_label(message)) {
    case ORDER_NONE:
    case DO_RETURN:
        break;
    case DO_SYSCALL:
        syscall(report);
        break;
    case DO_PEEK:
        report->value = *word_at(a);
        break;
    case DO_POKE:
        *word_at(a) = b;
        break;
    case DO_ACQUAINT:
        acquaint();
        break;
    case DO_SERVE:
        serve(report);
        break;
    case DO_SPIN:
        spin();
        break;
    case DO_RUN:
        rogue_ways[a].act(report, b, message->word[2]);
        break;
    case DO_CRIME:
        crimes[a].commit();
        break;
    }
}

void rogue_main(volatile struct report *report, k5_cptr_t orders)
{
    struct k5_message message;

    report->lives++;
    report->text = ADDRESS(task_text_base);
    report->ram = ADDRESS(task_ram_base);
    report->ram_end = ADDRESS(task_ram_end);
    report->arena = ADDRESS(arena);
    report->stack = ADDRESS(&message) & ~31u;
    for (;;) {
        report->busy = 0;
        message = (struct k5_message){0};
        if (k5_recv(orders, &message) != K5_OK) {
            k5_panic(PANIC_NO_ORDERS);
        }
        report->order = k5_label(&message);
        report->busy = 1;
        if (report->order == DO_RETURN) {
            return;
        }
        act(report, &message);
    }
}

/* The argument is the actor's number. */
int main(int argument)
{
    for (uint32_t i = 0; i < ARENA_BYTES / sizeof(uint32_t); i++) {
        arena[i] = i;
    }
    rogue_main(&STAGE->report[argument], CPTR(SLOT_ORDERS));
    return argument;
}
