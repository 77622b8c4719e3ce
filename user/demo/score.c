/* score: remembers for rogue, across rogue's restarts, how often it has tried. */
#include "k5.h"
#include "k5_task.h"

int main(void)
{
    struct k5_message message = {0};
    uint32_t attempts = 0;

    while (k5_serve(CAP_SCORE, &message) == K5_OK) {
        attempts++;
        k5_answer(&message, 0, attempts, 0, 0, 0);
    }
    k5_panic(1);
}
