/* Runs for ever, and is preempted for ever. */

int main(void)
{
    for (;;) {
        __asm__ volatile("");
    }
}
