/* Capability tables. */
#include "kernel/cap.h"

#include "kernel/system.h"

/* Slots start with this generation, so that cptr 0 is never valid. */
#define FIRST_GENERATION 1u

enum k5_error cap_find(uint32_t id, uint32_t cptr, enum k5_kind kind, uint32_t rights,
                       uint32_t *slot)
{
    const struct thread *thread = &k5.thread[id];
    uint32_t index = cptr & 0xffffu;

    if (index >= thread->slot_count) {
        return K5_E_CPTR;
    }

    const struct cap *cap = &k5.slot[thread->slot_base + index];

    if (cap->kind == K5_KIND_NONE) {
        return K5_E_CPTR;
    }
    if (cap->generation != cptr >> 16) {
        return K5_E_STALE;
    }
    if (cap->kind != kind) {
        return K5_E_KIND;
    }
    if ((cap->rights & rights) != rights) {
        return K5_E_RIGHTS;
    }
    *slot = thread->slot_base + index;
    return K5_OK;
}

void cap_reset_table(uint32_t task)
{
    const struct sys_task *table = sys_task(task);

    for (uint32_t i = 0; i < table->slot_count; i++) {
        struct cap *cap = &k5.slot[table->first_slot + i];

        *cap = (struct cap){.kind = K5_KIND_NONE, .generation = FIRST_GENERATION};
        if (i < table->cap_count) {
            const struct sys_cap *given = sys_cap(table->first_cap + i);

            cap->kind = given->kind;
            cap->rights = given->rights;
            cap->object = (uint8_t)given->object;
            cap->badge = given->badge;
            cap->seen = k5.endpoint[given->object].generation;
        }
    }
}
