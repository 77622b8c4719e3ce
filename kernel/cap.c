/* Capability tables. */
#include "kernel/cap.h"

#include "kernel/endpoint.h"
#include "kernel/name.h"
#include "kernel/region.h"
#include "kernel/system.h"
#include "kernel/thread.h"
#include "kernel/wait.h"

/* Slots start with this generation, so that cptr 0 is never valid. */
#define FIRST_GENERATION 1u

#define DEPTH_MAX 32u

/* ------------------------------------------------------------ finding */

enum k5_error cap_find_any(uint32_t id, uint32_t cptr, uint32_t *slot)
{
    const struct thread *thread = &k5.thread[id];
    uint32_t index = cptr & 0xffffu;

    if (index >= thread->slot_count) {
        return K5_E_CPTR;
    }

    const struct cap *cap = &k5.slot[thread->slot_base + index];

    if (cap->kind == K5_KIND_NONE) {
        return cptr >> 16 != 0 && cptr >> 16 < cap->generation ? K5_E_STALE : K5_E_CPTR;
    }
    if (cap->generation != cptr >> 16) {
        return K5_E_STALE;
    }
    *slot = thread->slot_base + index;
    return K5_OK;
}

enum k5_error cap_find(uint32_t id, uint32_t cptr, enum k5_kind kind, uint32_t rights,
                       uint32_t *slot)
{
    enum k5_error error = cap_find_any(id, cptr, slot);

    if (error != K5_OK) {
        return error;
    }
    if (k5.slot[*slot].kind != kind) {
        return K5_E_KIND;
    }
    return (k5.slot[*slot].rights & rights) == rights ? K5_OK : K5_E_RIGHTS;
}

uint32_t cap_owner(uint32_t slot)
{
    uint32_t task = 0;

    while (slot - sys_task(task)->first_slot >= sys_task(task)->slot_count) {
        task++;
        KASSERT(task < sys_task_count());
    }
    return task;
}

bool cap_free_slot(uint32_t task, uint32_t home, uint32_t *slot)
{
    const struct sys_task *table = sys_task(task);

    if (home - table->first_slot < table->slot_count) {
        *slot = home;
        return true;
    }
    for (uint32_t i = table->cap_count; i < table->slot_count; i++) {
        const struct cap *cap = &k5.slot[table->first_slot + i];

        if (cap->kind == K5_KIND_NONE && cap->generation != 0) {
            *slot = table->first_slot + i;
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------ the lists of derivation */

static void link_behind(uint32_t slot, uint32_t before)
{
    uint32_t after = k5.slot[before].next;

    k5.slot[slot].previous = (uint16_t)before;
    k5.slot[slot].next = (uint16_t)after;
    k5.slot[before].next = (uint16_t)slot;
    if (after != NO_SLOT) {
        k5.slot[after].previous = (uint16_t)slot;
    }
}

static void unlink(uint32_t slot)
{
    const struct cap *cap = &k5.slot[slot];

    if (cap->previous != NO_SLOT) {
        k5.slot[cap->previous].next = cap->next;
    }
    if (cap->next != NO_SLOT) {
        k5.slot[cap->next].previous = cap->previous;
    }
}

/* Slots of the description keep their generation: nothing else ever fills them. */
static void empty(uint32_t slot)
{
    struct cap *cap = &k5.slot[slot];
    const struct sys_task *table = sys_task(cap_owner(slot));

    cap->kind = K5_KIND_NONE;
    cap->next = NO_SLOT;
    cap->previous = NO_SLOT;
    if (slot - table->first_slot >= table->cap_count) {
        cap->generation++; /* past the last one comes 0: retired */
    }
}

enum k5_error cap_derive(uint32_t parent, uint32_t task, uint32_t rights, uint32_t badge,
                         uint32_t *slot)
{
    const struct cap *from = &k5.slot[parent];

    if (from->depth == DEPTH_MAX || !cap_free_slot(task, NO_SLOT, slot)) {
        return K5_E_SLOTS;
    }

    struct cap *cap = &k5.slot[*slot];

    cap->kind = from->kind;
    cap->rights = (uint8_t)rights;
    cap->object = from->object;
    cap->depth = (uint8_t)(from->depth + 1u);
    cap->seen = from->kind == K5_KIND_ENDPOINT ? from->seen : 0;
    cap->badge = badge;
    link_behind(*slot, parent);
    return K5_OK;
}

void cap_move(uint32_t from, uint32_t to)
{
    const struct cap *old = &k5.slot[from];
    struct cap *cap = &k5.slot[to];

    KASSERT(cap->kind == K5_KIND_NONE && old->depth == 0 && !cap_has_children(from));
    cap->kind = old->kind;
    cap->rights = old->rights;
    cap->object = old->object;
    cap->depth = 0;
    cap->seen = 0;
    cap->badge = old->badge;
    empty(from);
}

/* Nobody may use the slot any more, as it will be another capability's. */
static void cancel_users(uint32_t slot)
{
    name_close(slot);
    for (uint32_t i = 0; i < sys_thread_count(); i++) {
        if (k5.thread[i].used_slot != slot) {
            continue;
        }
        k5.thread[i].used_slot = NO_SLOT;
        if (thread_is_sending(&k5.thread[i]) || k5.thread[i].state == K5_THREAD_CONNECTING) {
            wait_cancel(i, K5_E_STALE);
        }
    }
}

void cap_remove(uint32_t slot)
{
    const struct cap *cap = &k5.slot[slot];

    cancel_users(slot);
    if (cap->kind == K5_KIND_REGION && cap->seen != 0) {
        enum k5_error error = region_unmap(cap_owner(slot), slot);

        KASSERT(error == K5_OK); /* what can be derived is shared, and nothing of it is ever lent */
    }
    unlink(slot);
    empty(slot);
}

/* ------------------------------------------------------------ tables */

static void fill(uint32_t slot, const struct sys_cap *given)
{
    struct cap *cap = &k5.slot[slot];

    cap->kind = given->kind;
    cap->rights = given->rights;
    cap->object = (uint8_t)given->object;
    cap->depth = 0;
    cap->badge = given->badge;
    cap->seen = 0;
}

void cap_init_all(void)
{
    for (uint32_t i = 0; i < sys_slot_count(); i++) {
        k5.slot[i] = (struct cap){
            .kind = K5_KIND_NONE,
            .generation = FIRST_GENERATION,
            .next = NO_SLOT,
            .previous = NO_SLOT,
        };
    }
    for (uint32_t task = 0; task < sys_task_count(); task++) {
        for (uint32_t i = 0; i < sys_task(task)->cap_count; i++) {
            fill(sys_task(task)->first_slot + i, sys_cap(sys_task(task)->first_cap + i));
        }
    }
}

void cap_reset_table(uint32_t task)
{
    const struct sys_task *table = sys_task(task);

    for (uint32_t i = 0; i < table->cap_count; i++) {
        const struct sys_cap *given = sys_cap(table->first_cap + i);
        struct cap *cap = &k5.slot[table->first_slot + i];
        bool movable = given->kind == K5_KIND_REGION &&
                       (sys_object(given->object)->flags & SYS_REGION_MOVABLE) != 0;

        if (cap->kind == K5_KIND_NONE && !movable) { /* a movable region is elsewhere */
            fill(table->first_slot + i, given);
        }
        if (cap->kind == K5_KIND_ENDPOINT) {
            cap->seen = endpoint_generation(cap->object);
        }
    }
}

/* ------------------------------------------------------------ system calls */

void cap_describe(struct thread *thread)
{
    uint32_t index = thread->reg[0];

    if (index >= thread->slot_count) {
        thread_complete(k5.current, K5_E_INVALID);
        return;
    }

    const struct cap *cap = &k5.slot[thread->slot_base + index];

    if (cap->kind == K5_KIND_NONE) {
        thread_complete(k5.current, K5_E_CPTR);
        return;
    }
    thread->reg[1] = cap_cptr(index, cap->generation);
    thread->reg[2] = (uint32_t)cap->kind | (uint32_t)cap->rights << 8;
    thread->reg[3] = cap->badge;
    thread_complete(k5.current, K5_OK);
}

enum k5_error cap_call_mint(struct thread *thread, uint32_t parent)
{
    const struct cap *from = &k5.slot[parent];
    uint32_t rights = thread->reg[1];
    uint32_t badge = thread->reg[2];
    uint32_t slot = 0;

    if ((rights & ~(uint32_t)from->rights) != 0) {
        return K5_E_RIGHTS;
    }
    if (cap_is_movable(from) || (from->badge != 0 && badge != from->badge)) {
        return K5_E_INVALID;
    }

    enum k5_error error = cap_derive(parent, thread->task, rights, badge, &slot);

    if (error == K5_OK) {
        thread->reg[1] = cap_cptr_of(slot, thread->slot_base);
    }
    return error;
}

enum k5_error cap_call_delete(struct thread *thread, uint32_t slot)
{
    (void)thread;
    if (cap_has_children(slot) || cap_is_movable(&k5.slot[slot])) {
        return K5_E_BUSY;
    }
    cap_remove(slot);
    return K5_OK;
}

uint32_t cap_leaf(uint32_t slot)
{
    for (uint32_t i = 0; i < DEPTH_MAX && cap_has_children(slot); i++) {
        slot = k5.slot[slot].next;
    }
    return slot;
}

/* One capability an entry. */
enum k5_error cap_call_revoke(struct thread *thread, uint32_t slot)
{
    (void)thread;
    if (cap_has_children(slot)) {
        cap_remove(cap_leaf(slot));
    }
    return cap_has_children(slot) ? K5_E_AGAIN : K5_OK;
}
