/* The server of messages.toml. */
#include "k5.h"
#include "k5_string.h"
#include "k5_task.h"
#include "messages.h"

static uint8_t incoming[SERVER_BUFFER_BYTES];
static uint8_t outgoing[MOST_BYTES];
static uint32_t told_count;
static uint32_t told_sum;
static uint32_t told_replies;
static uint32_t last_reply_cut;
static uint32_t second_reply_error;
static uint32_t try_serve_error;

static void answer_many(struct k5_message *message, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes && i < MOST_BYTES; i++) {
        outgoing[i] = (uint8_t)i;
    }
    k5_answer_copy(message, ASK_MANY, outgoing, bytes);
}

/* Each of these must be refused and leave the call open. */
static uint32_t count_refused_replies(const struct k5_message *request)
{
    static const uint32_t bad_info[] = {2,      0xff,  K5_FLAG_TRUNCATED, K5_FLAG_REPLY_TRUNCATED,
                                        0x1000, 0x8000};
    uint32_t refused = 0;
    struct k5_message attempt;

    for (uint32_t i = 0; i < sizeof(bad_info) / sizeof(bad_info[0]); i++) {
        attempt = *request;
        attempt.info = bad_info[i];
        refused += k5_reply(&attempt) == K5_E_INVALID;
    }
    attempt = *request;
    k5_answer_copy(&attempt, 0, outgoing, MOST_BYTES + 1);
    refused += k5_reply(&attempt) == K5_E_SIZE;
    attempt = *request;
    k5_answer_copy(&attempt, 0, (const void *)0xfffffff0u, 8);
    refused += k5_reply(&attempt) == K5_E_ADDRESS;
    attempt = *request;
    k5_answer(&attempt, 0, 0, 0, 0, 0);
    attempt.reply ^= 0x100; /* another sequence number */
    refused += k5_reply(&attempt) == K5_E_STALE;
    attempt = *request;
    k5_answer(&attempt, 0, 0, 0, 0, 0);
    refused += k5_reply_recv(0xffffffffu, &attempt) == K5_E_CPTR; /* the reply is undone, too */
    return refused;
}

static void serve_short(struct k5_message *message)
{
    struct k5_message again;

    switch ((enum messages_request)k5_label(message)) {
    case ASK_ECHO: /* by itself: with a buffer for the next message a reply has two words */
        message->info &= 0xffff0000u;
        if (k5_reply(message) != K5_OK) {
            k5_panic(ASK_ECHO);
        }
        message->reply = 0;
        break;
    case ASK_BADGE:
        k5_answer(message, 0, message->badge, 0, 0, 0);
        break;
    case ASK_MANY:
        answer_many(message, message->word[0]);
        break;
    case ASK_CUT:
        k5_answer(message, 0, last_reply_cut, 0, 0, 0);
        break;
    case ASK_REPLY_TWICE:
        k5_answer(message, 0, second_reply_error, 0, 0, 0);
        again = *message;
        if (k5_reply(message) == K5_OK) {
            second_reply_error = (uint32_t)k5_reply(&again);
        }
        message->reply = 0;
        break;
    case ASK_BAD_REPLIES:
        k5_answer(message, 0, count_refused_replies(message), 0, 0, 0);
        break;
    case ASK_TOLD:
        k5_answer(message, 0, told_count, told_sum, told_replies, 0);
        break;
    case ASK_TRY_RECV:
        again = (struct k5_message){0};
        k5_answer(message, 0, (uint32_t)k5_try_recv(CAP_SERVER, &again), 0, 0, 0);
        break;
    case ASK_TRY_SERVE:
        k5_answer(message, 0, try_serve_error, 0, 0, 0);
        try_serve_error = (uint32_t)k5_try_reply_recv(CAP_SERVER, message);
        break;
    case ASK_BYTES:
    case TELL:
        k5_answer(message, 0, 0, 0, 0, 0);
        break;
    }
}

static void serve(struct k5_message *message)
{
    if (message->reply == 0) {
        told_count++;
        told_sum += message->word[0];
    } else if (k5_label(message) == TELL) {
        told_replies++;
    } else if (k5_is_copy(message)) {
        memcpy(outgoing, incoming, message->word[1]);
        k5_answer_copy(message, ASK_BYTES, outgoing, message->word[1]);
    } else {
        serve_short(message);
    }
}

int main(void)
{
    struct k5_message message = {0};

    k5_set_buffer(&message, incoming, sizeof(incoming));
    while (k5_serve(CAP_SERVER, &message) == K5_OK) {
        last_reply_cut = k5_reply_was_truncated(&message) ? 1 : last_reply_cut;
        serve(&message);
        k5_set_buffer(&message, incoming, sizeof(incoming));
    }
    k5_panic(1);
}
