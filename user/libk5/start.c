/* The end of what start.S begins. */
#include "k5_thread.h"

/* Called by start.S when main() returns. */
_Noreturn void k5_exit(int code);

_Noreturn void k5_exit(int code)
{
    k5_panic(K5_PANIC_EXIT | (uint16_t)code);
}
