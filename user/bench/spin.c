/* Runs whenever it may. */
int main(void)
{
    for (;;) {
        __asm__ volatile("");
    }
}
