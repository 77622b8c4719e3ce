/* Who has the floating-point unit. The switch itself is in fpu_switch.inc. */
#include "arch/armv8m/fpu.h"

#if CFG_FPU_THREADS > 0

#include "arch/armv8m/core.h"
#include "kernel/kassert.h"
#include "kernel/system.h"

/* Places are numbers of marked threads: each has one, in the order of the boot tables. */
struct fpu {
    uint8_t allowed; /* place of the thread for which CPACR stands as it does, or FPU_NONE */
    uint8_t owner;   /* place of the thread whose values are in the unit, or FPU_NONE */
    uint8_t reserved[2];
    uint32_t saved[CFG_FPU_THREADS][16]; /* s16 to s31 of those that are not the owner */
    uint8_t place[CFG_THREADS];          /* by thread; FPU_NONE: not marked */
};

struct fpu port_fpu __attribute__((used));

_Static_assert(offsetof(struct fpu, allowed) == FPU_ALLOWED, "fpu_offsets.h: FPU_ALLOWED");
_Static_assert(offsetof(struct fpu, owner) == FPU_OWNER, "fpu_offsets.h: FPU_OWNER");
_Static_assert(offsetof(struct fpu, saved) == FPU_SAVED, "fpu_offsets.h: FPU_SAVED");
_Static_assert(offsetof(struct fpu, place) == FPU_PLACE, "fpu_offsets.h: FPU_PLACE");
_Static_assert(CFG_FPU_THREADS <= CFG_THREADS, "a place each");

void fpu_start(void)
{
    uint32_t places = 0;

    for (uint32_t i = 0; i < sys_thread_count(); i++) {
        bool marked = (sys_thread(i)->flags & SYS_THREAD_FPU) != 0;

        port_fpu.place[i] = (uint8_t)(marked ? places++ : FPU_NONE);
    }
    KASSERT(places <= CFG_FPU_THREADS);
    port_fpu.allowed = FPU_NONE;
    port_fpu.owner = FPU_NONE;
    CPACR = CPACR_FPU_PRIVILEGED; /* the switch needs it */
}

bool fpu_thread_init(uint8_t id)
{
    uint32_t place = port_fpu.place[id];

    if (place == FPU_NONE) {
        return false;
    }
    __builtin_memset(port_fpu.saved[place], 0, sizeof port_fpu.saved[place]);
    if (port_fpu.owner == place) {
        port_fpu.owner = FPU_NONE; /* nobody wants what is in there any more */
        port_fpu.allowed = FPU_STALE;
    }
    return port_fpu.allowed == FPU_STALE;
}

#endif
