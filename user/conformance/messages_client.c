/* Asks the server of messages.toml, and checks what comes back. */
#include "k5_string.h"
#include "k5_task.h"
#include "messages.h"
#include "verdict.h"

static uint8_t out[MOST_BYTES + 8];
static uint8_t in[MOST_BYTES + 8];

/* Asks with no words; the first word of the answer. */
static uint32_t ask(uint16_t label)
{
    struct k5_message message = k5_short(label, 0, 0, 0, 0);

    return k5_call(CAP_SERVER, &message) == K5_OK ? message.word[0] : 0xdeadu;
}

static bool counts_up(const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (bytes[i] != (uint8_t)i) {
            return false;
        }
    }
    return true;
}

static void check_short(void)
{
    struct k5_message message = k5_short(ASK_ECHO, 0x11111111, 0x22222222, 0, 0xffffffff);

    EXPECT_EQUAL("a call is answered", k5_call(CAP_SERVER, &message), K5_OK);
    EXPECT("four words go there and back",
           message.word[0] == 0x11111111 && message.word[1] == 0x22222222 && message.word[2] == 0 &&
               message.word[3] == 0xffffffff);
    EXPECT_EQUAL("the label comes back", k5_label(&message), ASK_ECHO);
    EXPECT("no flag is set", !k5_is_copy(&message) && !k5_is_truncated(&message));
    message = k5_short(ASK_ECHO, 1, 0, 1, 1);
    EXPECT("a 0 in r7 is seen as 0",
           k5_call(CAP_SERVER, &message) == K5_OK && message.word[1] == 0);
    message = k5_short(ASK_BADGE, 0, 0, 0, 0);
    EXPECT("the badge is the capability's", ask(ASK_BADGE) == 7 &&
                                                k5_call(CAP_SERVER_TOO, &message) == K5_OK &&
                                                message.word[0] == 9);
}

static void check_send(void)
{
    struct k5_message message;

    for (uint32_t i = 1; i <= 3; i++) {
        message = k5_short(TELL, i, 0, 0, 0);
        EXPECT_EQUAL("a send is received", k5_send(CAP_SERVER, &message), K5_OK);
    }
    message = k5_short(ASK_TOLD, 0, 0, 0, 0);
    EXPECT("three sends arrived, none with a reply capability",
           k5_call(CAP_SERVER, &message) == K5_OK && message.word[0] == 3 && message.word[1] == 6 &&
               message.word[2] == 0);
    message = k5_copy(TELL, out, SERVER_BUFFER_BYTES + 4);
    EXPECT("a send too long for its receiver says so",
           k5_send(CAP_SERVER, &message) == K5_OK && k5_is_truncated(&message) &&
               message.word[0] == SERVER_BUFFER_BYTES + 4 &&
               message.word[1] == SERVER_BUFFER_BYTES);
}

static void check_copy(void)
{
    struct k5_message message = k5_copy(ASK_BYTES, out, SERVER_BUFFER_BYTES);

    k5_set_buffer(&message, in, sizeof(in));
    EXPECT_EQUAL("a copy call is answered", k5_call(CAP_SERVER, &message), K5_OK);
    EXPECT("its bytes go there and back", k5_is_copy(&message) && !k5_is_truncated(&message) &&
                                              message.word[0] == SERVER_BUFFER_BYTES &&
                                              message.word[1] == SERVER_BUFFER_BYTES &&
                                              memcmp(in, out, SERVER_BUFFER_BYTES) == 0);
    EXPECT_EQUAL("the caller learns how much arrived", message.copied, SERVER_BUFFER_BYTES);

    message = k5_copy(ASK_BYTES, out, SERVER_BUFFER_BYTES + 1);
    k5_set_buffer(&message, in, sizeof(in));
    EXPECT("a request too long for the server is cut, and the caller knows",
           k5_call(CAP_SERVER, &message) == K5_OK && message.copied == SERVER_BUFFER_BYTES);

    message = k5_copy(ASK_BYTES, (const void *)0xdeadbeefu, 0);
    k5_set_buffer(&message, in, sizeof(in));
    EXPECT("a message of no bytes needs no address",
           k5_call(CAP_SERVER, &message) == K5_OK && message.copied == 0 && message.word[0] == 0);
}

static void check_reply_sizes(void)
{
    struct k5_message message = k5_short(ASK_MANY, MOST_BYTES, 0, 0, 0);

    k5_set_buffer(&message, in, sizeof(in));
    EXPECT("the longest reply arrives", k5_call(CAP_SERVER, &message) == K5_OK &&
                                            message.word[1] == MOST_BYTES &&
                                            counts_up(in, MOST_BYTES));
    memset(in, 0xaa, sizeof(in));
    message = k5_short(ASK_MANY, 20, 0, 0, 0);
    k5_set_buffer(&message, in, 5);
    EXPECT("a reply too long for the buffer is cut, and the caller knows",
           k5_call(CAP_SERVER, &message) == K5_OK && k5_is_truncated(&message) &&
               message.word[0] == 20 && message.word[1] == 5);
    EXPECT("nothing is written past the buffer", counts_up(in, 5) && in[5] == 0xaa);
    EXPECT_EQUAL("the server learns it, too", ask(ASK_CUT), 1);
    message = k5_short(ASK_MANY, 20, 0, 0, 0);
    EXPECT("without a buffer a copy reply is cut to nothing",
           k5_call(CAP_SERVER, &message) == K5_OK && k5_is_truncated(&message) &&
               message.word[0] == 20 && message.word[1] == 0);
}

static void check_reply_capability(void)
{
    (void)ask(ASK_REPLY_TWICE);
    EXPECT_EQUAL("a reply capability works once", (int32_t)ask(ASK_REPLY_TWICE), K5_E_STALE);
    EXPECT_EQUAL("wrong replies leave the call open", ask(ASK_BAD_REPLIES), 10);
}

static void check_try(void)
{
    struct k5_message message = k5_short(0, 0, 0, 0, 0);

    EXPECT_EQUAL("try_send to a busy server", k5_try_send(CAP_IDLE, &message), K5_E_WOULD_BLOCK);
    message = k5_short(0, 0, 0, 0, 0);
    EXPECT_EQUAL("try_call to a busy server", k5_try_call(CAP_IDLE, &message), K5_E_WOULD_BLOCK);
    message = k5_short(ASK_ECHO, 5, 0, 0, 0);
    EXPECT("try_call to a waiting server",
           k5_try_call(CAP_SERVER, &message) == K5_OK && message.word[0] == 5);
    EXPECT_EQUAL("try_recv with nobody there", (int32_t)ask(ASK_TRY_RECV), K5_E_WOULD_BLOCK);
    EXPECT_EQUAL("try_reply_recv gives the reply", ask(ASK_TRY_SERVE), 0);
    EXPECT_EQUAL("and does not wait", (int32_t)ask(ASK_TRY_SERVE), K5_E_WOULD_BLOCK);
}

int main(void)
{
    for (uint32_t i = 0; i < sizeof(out); i++) {
        out[i] = (uint8_t)(i * 7);
    }
    check_short();
    check_send();
    check_copy();
    check_reply_sizes();
    check_reply_capability();
    check_try();
    verdict_end();
}
