/* A task's view of memory changes within its own system call, and it goes on itself: what it got is
 * there, what it lost is not. Each task ends by touching what it has no longer.
 */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

#define PAGE_BYTES 96u /* no power of two: on RV32 a top-of-range pair */

static void must(enum k5_error got, uint32_t line)
{
    if (got != K5_OK) {
        K5_ERROR("line %u: %d", line, got);
        k5_panic(line);
    }
}

#define MUST(call) must(call, __LINE__)

#ifdef CAP_PAGE

/* The mapper. */
int main(void)
{
    volatile uint32_t *word;
    size_t bytes;
    void *base;

    for (uint32_t i = 0; i < 3; i++) {
        MUST(k5_map(CAP_PAGE, K5_MAP_READ_WRITE, &base, &bytes));
        word = base;
        word[bytes / sizeof *word - 1u] = i;
        MUST(k5_unmap(CAP_PAGE));
    }
    MUST(k5_map(CAP_PAGE, K5_MAP_READ, &base, &bytes));
    K5_INFO("maps %u bytes, last %u", (uint32_t)bytes, word[bytes / sizeof *word - 1u]);
    MUST(k5_unmap(CAP_PAGE));
    *word = 1;
    k5_panic(1); /* no fault */
}

#elif defined(CAP_LENDER)

/* The borrower: the call waits for it, so what is lent comes with its own receive. */
int main(void)
{
    struct k5_message message = {0};
    volatile uint32_t *word;

    k5_sleep_us(2000);
    MUST(k5_recv(CAP_LENDER, &message));
    word = (volatile uint32_t *)(uintptr_t)message.word[0];
    K5_INFO("borrows %u bytes, first %x", message.word[1], word[0]);
    word[0]++;
    k5_answer(&message, 0, 0, 0, 0, 0);
    MUST(k5_reply(&message));
    word[0]++;
    k5_panic(2); /* no fault */
}

#else

/* The lender, of lower priority. */
int main(void)
{
    static _Alignas(32) volatile uint32_t page[PAGE_BYTES / 4u];
    struct k5_message message = k5_lend_mut(0, (void *)page, sizeof page, 0, 0);

    page[0] = 0x4b35;
    MUST(k5_call(CAP_BORROWER, &message));
    K5_INFO("has it back, first %x", page[0]);
    k5_sleep_forever();
}

#endif
