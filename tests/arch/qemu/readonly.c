/* The kernel writes memory that the task it interrupted may only read: bytes for somebody else,
 * zeros after a death. Armv8-M's MPU knows no region that privileged code alone may write.
 */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

static void must(enum k5_error got, uint32_t line)
{
    if (got != K5_OK) {
        K5_ERROR("line %u: %d", line, got);
        k5_panic(line);
    }
}

#define MUST(call) must(call, __LINE__)

#ifdef CAP_ASK

/* Has the board read and write; owns a movable page. */
int main(void)
{
    struct k5_message message = k5_short(1, 0, 0, 0, 0);
    volatile uint32_t *word = (volatile uint32_t *)(uintptr_t)REGION_PAGE;
    size_t bytes;
    void *base;

    k5_set_buffer(&message, REGION_BOARD, REGION_BOARD_BYTES);
    MUST(k5_call(CAP_ASK, &message));
    K5_INFO("%u bytes, the last word of the board's text is %x", message.word[1],
            *(volatile uint32_t *)&REGION_BOARD[16]);

    MUST(k5_map(CAP_PAGE, K5_MAP_READ_WRITE, &base, &bytes));
    word[0] = 0x4b35;
    message = k5_move(2, CAP_PAGE);
    (void)!k5_call(CAP_ASK, &message); /* the reader dies of it */
    MUST(k5_map(CAP_PAGE, K5_MAP_READ_WRITE, &base, &bytes));
    K5_INFO("the page is back: %x", word[0]);
    k5_sleep_forever();
}

#else

/* Has the board read only; maps the page the same way, and dies. */
int main(void)
{
    static const char text[] = "written for another";
    struct k5_message message = {0};
    size_t bytes;
    void *base;

    MUST(k5_recv(CAP_SERVE, &message));
    k5_answer_copy(&message, 0, text, sizeof text);
    MUST(k5_reply(&message));
    MUST(k5_recv(CAP_SERVE, &message));
    MUST(k5_unmap(message.word[2]));
    MUST(k5_map(message.word[2], K5_MAP_READ, &base, &bytes));
    K5_INFO("reads %x", *(volatile uint32_t *)base);
    k5_panic(7);
}

#endif
