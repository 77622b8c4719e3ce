/* Where entry.S finds things. port.c asserts each number. For C and assembly. */
#pragma once

#define PORT_ID     0
#define PORT_SAVED  4
#define PORT_MAPPED 8
#define PORT_IDLE   16
#define PORT_BYTES  64 /* the kernel's state lies behind it: image.ld */

#define K5_CURRENT 0
#define K5_THREAD  120

#define THREAD_BYTES   120
#define THREAD_CONTEXT 32 /* behind reg[8]: psp, exc_return, psplim */
#define THREAD_MPU     44

#define NOBODY 255
