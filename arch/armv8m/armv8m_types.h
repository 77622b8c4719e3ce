/* What Armv8-M adds to a thread and a task. Pure data.
 *
 * Named after the architecture, since the hosted port has it beside others; port_types.h makes it
 * the kernel's struct port_context and struct port_mpu_image.
 */
#pragma once

#include <stdint.h>

struct armv8m_context {
    uint32_t psp;        /* of the pushed exception frame */
    uint32_t exc_return; /* how the thread was left: frame size, security state; next to psp: one
                            instruction stores both */
    uint32_t psplim;     /* lowest address PSP may hold */
    uint32_t mpu;        /* image only: address of its task's struct armv8m_mpu_image */
};

/* PMSAv8 region registers, ready to be stored (Armv8-M ARM D1.2.204, D1.2.207). */
struct armv8m_mpu_image {
    struct {
        uint32_t rbar; /* BASE[31:5] SH[4:3] AP[2:1] XN[0] */
        uint32_t rlar; /* LIMIT[31:5] (inclusive) AttrIndx[3:1] EN[0] */
    } region[8];
};
