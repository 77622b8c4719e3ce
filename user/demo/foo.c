/* foo: works a little, asks bar, checks the answer. Knows nothing of the others.
 *
 * Its argument, if there is one (brief.toml), is how often it asks; then it does no other work.
 */
#include "demo.h"
#include "k5.h"
#include "k5_log.h"
#include "k5_string.h"
#include "k5_task.h"

#define QUESTIONS  5
#define WORK_STEPS 20000

static volatile uint32_t work_done;

/* Takes some milliseconds, so that tick finds somebody to interrupt. */
static void work(uint32_t steps)
{
    for (; steps != 0; steps--) {
        work_done = work_done + 1;
    }
}

static void ask_for_sum(uint32_t a, uint32_t b)
{
    struct k5_message message = k5_short(DEMO_ADD, a, b, 0, 0);
    enum k5_error error = k5_call(CAP_BAR, &message);

    if (error != K5_OK || message.word[0] != a + b) {
        K5_ERROR("bar does not know what %u + %u is (error %d)", a, b, error);
        return;
    }
    K5_INFO("bar says %u + %u = %u", a, b, message.word[0]);
}

static void ask_for_capitals(void)
{
    static const char text[] = "k5 says hello";
    static const char wanted[] = "K5 SAYS HELLO";
    static char answer[DEMO_TEXT_BYTES];
    struct k5_message message = k5_copy(DEMO_UPPER, text, sizeof(text));
    enum k5_error error;

    k5_set_buffer(&message, answer, sizeof(answer));
    error = k5_call(CAP_BAR, &message);
    if (error != K5_OK || message.word[1] != sizeof(wanted) ||
        memcmp(answer, wanted, sizeof(wanted)) != 0) {
        K5_ERROR("bar garbled the text (error %d)", error);
        return;
    }
    K5_INFO("bar made %u bytes capitals: %c%c ...", message.word[1], answer[0], answer[1]);
}

/* The whole conversation: so many questions, with work between them. */
static void talk(uint32_t questions, uint32_t steps)
{
    for (uint32_t n = 1; n <= questions; n++) {
        work(steps);
        ask_for_sum(n, n * n);
    }
    work(steps);
    ask_for_capitals();
}

int main(uint32_t argument)
{
    K5_INFO("hello, I am foo");
    talk(argument != 0 ? argument : QUESTIONS, argument != 0 ? 0 : WORK_STEPS);
    K5_INFO("all answers were right; foo is done");
    k5_sleep_forever();
}
