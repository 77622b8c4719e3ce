/* The neighbour: fills its memory with a pattern, and tells at the end whether it is still there.
 */
#include "abuse.h"
#include "k5_task.h"

#define WORDS 128

static uint32_t pattern[WORDS];
static uint32_t received;

static uint32_t expected(uint32_t i)
{
    return i * 0x9e3779b9u ^ 0x5a5a5a5au;
}

static bool intact(void)
{
    for (uint32_t i = 0; i < WORDS; i++) {
        if (pattern[i] != expected(i)) {
            return false;
        }
    }
    return true;
}

int main(void)
{
    struct k5_message message = {0};

    for (uint32_t i = 0; i < WORDS; i++) {
        pattern[i] = expected(i);
    }
    while (k5_serve(CAP_VICTIM, &message) == K5_OK) {
        if (k5_label(&message) == VICTIM_REPORT) {
            k5_answer(&message, 0, intact(), received, 0, 0);
        } else {
            k5_answer(&message, 0, message.word[0], 0, 0, 0);
        }
        received++;
    }
    k5_panic(1);
}
