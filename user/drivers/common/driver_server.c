/* The loop that all drivers share. */
#include "driver_server.h"

#define TIME_MARK UINT32_MAX /* in `info`: no kernel gives it */

/* The other side may be gone by now, or have taken back what it gave: that is its business. */
static void ignore(enum k5_error error)
{
    (void)error;
}

/* A region that was sent goes back, or, if its owner cannot take it, out of our view. */
static void refuse_region(struct k5_message *message)
{
    k5_cptr_t region = message->word[2];

    k5_answer_move(message, (uint16_t)-K5_E_INVALID, region);
    if (message->reply == 0 || k5_reply(message) != K5_OK) {
        ignore(k5_unmap(region));
    }
}

static bool takes(uint32_t operations, const struct k5_message *message)
{
    return k5_label(message) < 32u && (operations >> k5_label(message) & 1u) != 0;
}

/* Whether the interface has such a message: a loan that comes with another one might be kept for
 * longer than a dead client's grace, and cost this task its life. */
static bool fits(const struct driver_server *server, const struct k5_message *message)
{
    bool lent = k5_kind(message) == K5_MSG_LEND || k5_kind(message) == K5_MSG_LEND_MUT;

    return message->reply != 0 && (!lent || takes(server->lends, message)) &&
           (!k5_has_cap(message) || takes(server->takes_cap, message));
}

static bool refused(const struct driver_server *server, struct k5_message *message)
{
    if (k5_kind(message) == K5_MSG_NOTIFICATION) {
        return false;
    }
    if (k5_kind(message) == K5_MSG_MOVE) {
        refuse_region(message);
        return true;
    }
    if (fits(server, message)) {
        return false;
    }
    if (k5_has_cap(message)) {
        ignore(k5_delete(message->word[1]));
    }
    if (message->reply != 0) {
        driver_answer(message, K5_E_INVALID, 0, 0, 0);
        ignore(k5_reply(message));
    }
    return true;
}

static void set_buffer(const struct driver_server *server, struct k5_message *message)
{
    message->info = 0;
    if (server->buffer) {
        k5_set_buffer(message, server->buffer, server->buffer_bytes);
    }
}

enum k5_error driver_next(const struct driver_server *server, struct k5_message *message)
{
    enum k5_error error;

    if (message->reply != 0) {
        ignore(k5_reply(message)); /* K5_E_STALE: the caller is gone */
    }
    do {
        set_buffer(server, message);
        message->reply = 0;
        error = server->wake_at
                    ? k5_recv_until(server->endpoint, message, k5_deadline_us(server->wake_at))
                    : k5_recv(server->endpoint, message);
        if (error == K5_E_TIMEOUT) {
            *message = (struct k5_message){.info = TIME_MARK};
            return K5_OK;
        }
    } while (error == K5_OK && refused(server, message));
    return error;
}

uint32_t driver_what(const struct k5_message *message)
{
    if (message->info == TIME_MARK) {
        return DRIVER_TIME;
    }
    return k5_kind(message) == K5_MSG_NOTIFICATION ? (uint32_t)DRIVER_EVENT : k5_label(message);
}

void driver_answer(struct k5_message *message, enum k5_error error, uint32_t w0, uint32_t w1,
                   uint32_t w2)
{
    k5_answer(message, (uint16_t)(-(int32_t)error), w0, w1, w2, 0);
}

k5_cptr_t driver_defer(struct k5_message *message)
{
    k5_cptr_t reply = message->reply;

    message->reply = 0;
    return reply;
}

void driver_finish(k5_cptr_t reply, enum k5_error error, uint32_t w0)
{
    struct k5_message message = {.reply = reply};

    driver_answer(&message, error, w0, 0, 0);
    ignore(k5_reply(&message));
}

bool driver_finish_copy(k5_cptr_t reply, const void *data, size_t bytes)
{
    struct k5_message message = {.reply = reply};

    k5_answer_copy(&message, K5_OK, data, bytes);
    return k5_reply(&message) == K5_OK;
}

bool driver_signal(k5_cptr_t *cptr, uint32_t bits)
{
    if (*cptr != 0 && k5_signal(*cptr, bits) == K5_OK) {
        return true;
    }
    driver_forget(cptr);
    return false;
}

void driver_forget(k5_cptr_t *cptr)
{
    if (*cptr != 0) {
        ignore(k5_delete(*cptr)); /* K5_E_STALE: it went with its client */
        *cptr = 0;
    }
}

bool driver_is_gone(k5_cptr_t cptr)
{
    struct k5_cap_info info;

    return k5_caps(cptr & 0xffffu, &info) != K5_OK || info.cptr != cptr;
}
