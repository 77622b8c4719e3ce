/* How many threads have the FPU, and where fpu_switch.inc finds their things. fpu.c asserts each
 * number. For C and assembly.
 */
#pragma once

#include <k5_config.h>

#ifndef CFG_FPU_THREADS
#define CFG_FPU_THREADS 0
#endif

#define FPU_ALLOWED 0
#define FPU_OWNER   1
#define FPU_SAVED   4
#define FPU_PLACE   (FPU_SAVED + 64 * CFG_FPU_THREADS)

#define FPU_NONE  255 /* a place: the thread must not use the unit */
#define FPU_STALE 254 /* no thread's place: CFG_THREADS is at most 128 */
