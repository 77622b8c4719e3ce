/* Where entry.S finds things. port.c asserts each number. For C and assembly. */
#pragma once

#define PORT_ID     4
#define PORT_SAVED  8
#define PORT_MAPPED 12
#define PORT_BYTES  16 /* the kernel's state lies behind it: image.ld */

#define K5_CURRENT 0
#define K5_REG     32 /* of thread 0: there struct port_saved begins */

#define THREAD_BYTES 216
/* From reg on. */
#define THREAD_REG   0
#define THREAD_PC    32
#define THREAD_RA    36
#define THREAD_SP    40
#define THREAD_GP    44
#define THREAD_TP    48
#define THREAD_T     52
#define THREAD_S     80
#define THREAD_MPU   128

#define MPU_CFG  0
#define MPU_ADDR 8

#define NOBODY 255
