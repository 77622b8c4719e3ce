/* Where entry.S finds things. port.c asserts each number. For C and assembly. */
#pragma once

#define PORT_ID     0
#define PORT_SAVED  4
#define PORT_MAPPED 8
#define PORT_IDLE   16
#define PORT_BYTES  64 /* the kernel's state lies behind it: image.ld */

#define K5_CURRENT 0
#define K5_REG     32 /* of thread 0: there struct port_saved begins */

#define THREAD_SHIFT   7 /* of its size, which is a power of two */
/* From reg on. */
#define THREAD_CONTEXT 32 /* behind reg[8]: psp, exc_return, psplim */
#define THREAD_MPU     44

#define NOBODY 255
