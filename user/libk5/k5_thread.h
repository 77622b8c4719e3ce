/* The life of tasks and threads, seen from inside.
 *
 * A task begins with main(argument), on its main thread. Returning from main() is a
 * panic: a task that is done sleeps for ever.
 *
 * Each [task.NAME.thread.worker] is one more thread, a C function of the task:
 *
 *     void worker_main(uint32_t argument)
 *
 * It begins when .data and .bss are ready, before main() does if it is as urgent,
 * unless the description says start = false; then, and whenever it is off, the
 * capability CAP_THREAD_WORKER, which the builder gives the task, starts it
 * (k5_control.h). Returning ends the thread: it is off, and can be started again.
 * All threads of a task have the same memory and capabilities, and die together.
 */
#pragma once

#include "k5_types.h"

/*
 * Ends this incarnation of the task, all its threads, for its supervisor or
 * restart policy to deal with; the fault record shows `code`.
 */
_Noreturn static inline void k5_panic(uint32_t code)
{
    k5_sys_panic(code);
}

/* The panic code of a task whose main() returned, with the low 16 bits of its result. */
#define K5_PANIC_EXIT 0xE0170000u
