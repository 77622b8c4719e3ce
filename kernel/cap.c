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

enum k5_error cap_find_any(const struct thread *thread, uint32_t cptr, struct cap **cap)
{
    uint32_t index = cptr & 0xffffu;

    if (index >= thread->slot_count) {
        return K5_E_CPTR;
    }

    struct cap *named = cap_at(thread->slot_base + index);

    if (named->kind == K5_KIND_NONE) {
        return cptr >> 16 != 0 && cptr >> 16 < named->generation ? K5_E_STALE : K5_E_CPTR;
    }
    if (named->generation != cptr >> 16) {
        return K5_E_STALE;
    }
    *cap = named;
    return K5_OK;
}

enum k5_error cap_find(const struct thread *thread, uint32_t cptr, uint32_t need, struct cap **cap)
{
    enum k5_error error = cap_find_any(thread, cptr, cap);

    if (error != K5_OK) {
        return error;
    }
    if ((*cap)->kind != (need & 0xffu)) {
        return K5_E_KIND;
    }
    return (need >> 8 & ~(uint32_t)(*cap)->rights) == 0 ? K5_OK : K5_E_RIGHTS;
}

uint32_t cap_owner(uint32_t slot)
{
    uint32_t task = 0;

    while (task < sys_task_count() - 1u &&
           slot - sys_task(task)->first_slot >= sys_task(task)->slot_count) {
        task++;
    }
    return task;
}

struct cap *cap_free_slot(uint32_t task, uint32_t home)
{
    const struct sys_task *table = sys_task(task);

    if (home - table->first_slot < table->slot_count) {
        return &k5.slot[home];
    }
    for (uint32_t i = table->cap_count; i < table->slot_count; i++) {
        struct cap *cap = cap_at(table->first_slot + i);

        if (cap->kind == K5_KIND_NONE && cap->generation != 0) {
            return cap;
        }
    }
    return NULL;
}

/* ------------------------------------------------------------ the lists of derivation */

static void link_behind(struct cap *cap, struct cap *before)
{
    uint32_t slot = cap_slot(cap);

    cap->previous = (uint16_t)cap_slot(before);
    cap->next = before->next;
    before->next = (uint16_t)slot;
    if (cap->next != NO_SLOT) {
        k5.slot[cap->next].previous = (uint16_t)slot;
    }
}

static void unlink(const struct cap *cap)
{
    if (cap->previous != NO_SLOT) {
        k5.slot[cap->previous].next = cap->next;
    }
    if (cap->next != NO_SLOT) {
        k5.slot[cap->next].previous = cap->previous;
    }
}

/* Slots of the description keep their generation: nothing else ever fills them. */
static void empty(struct cap *cap)
{
    uint32_t slot = cap_slot(cap);
    const struct sys_task *table = sys_task(cap_owner(slot));

    cap->kind = K5_KIND_NONE;
    cap->next = NO_SLOT;
    cap->previous = NO_SLOT;
    if (slot - table->first_slot >= table->cap_count) {
        cap->generation++; /* past the last one comes 0: retired */
    }
}

struct cap *cap_derive(struct cap *parent, uint32_t task, uint32_t rights, uint32_t badge)
{
    struct cap *cap = parent->depth < DEPTH_MAX ? cap_free_slot(task, NO_SLOT) : NULL;

    if (cap != NULL) {
        cap->kind = parent->kind;
        cap->rights = (uint8_t)rights;
        cap->object = parent->object;
        cap->depth = (uint8_t)(parent->depth + 1u);
        cap->seen = parent->kind == K5_KIND_ENDPOINT ? parent->seen : 0;
        cap->badge = badge;
        link_behind(cap, parent);
    }
    return cap;
}

void cap_move(struct cap *from, struct cap *to)
{
    to->kind = from->kind;
    to->rights = from->rights;
    to->object = from->object;
    to->depth = 0;
    to->seen = 0;
    to->badge = from->badge;
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

void cap_remove(struct cap *cap)
{
    uint32_t slot = cap_slot(cap);

    cancel_users(slot);
    if (cap->kind == K5_KIND_REGION && cap->seen != 0) {
        region_forget(cap_owner(slot), cap); /* it is shared, so nothing of it is ever lent */
    }
    unlink(cap);
    empty(cap);
}

/* ------------------------------------------------------------ tables */

static void fill(struct cap *cap, const struct sys_cap *given)
{
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
            fill(&k5.slot[sys_task(task)->first_slot + i], sys_cap(sys_task(task)->first_cap + i));
        }
    }
}

void cap_reset_table(uint32_t task)
{
    const struct sys_task *table = sys_task(task);

    for (uint32_t i = 0; i < table->cap_count; i++) {
        const struct sys_cap *given = sys_cap(table->first_cap + i);
        struct cap *cap = cap_at(table->first_slot + i);
        bool movable = given->kind == K5_KIND_REGION &&
                       (sys_object(given->object)->flags & SYS_REGION_MOVABLE) != 0;

        if (cap->kind == K5_KIND_NONE && !movable) { /* a movable region is elsewhere */
            fill(cap, given);
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
        thread_complete(thread, K5_E_INVALID);
        return;
    }

    const struct cap *cap = cap_at(thread->slot_base + index);

    if (cap->kind == K5_KIND_NONE) {
        thread_complete(thread, K5_E_CPTR);
        return;
    }
    thread->reg[1] = cap_cptr(index, cap->generation);
    thread->reg[2] = (uint32_t)cap->kind | (uint32_t)cap->rights << 8;
    thread->reg[3] = cap->badge;
    thread_complete(thread, K5_OK);
}

enum k5_error cap_call_mint(struct thread *thread, struct cap *parent)
{
    uint32_t rights = thread->reg[1];
    uint32_t badge = thread->reg[2];

    if ((rights & ~(uint32_t)parent->rights) != 0) {
        return K5_E_RIGHTS;
    }
    if (cap_is_movable(parent) || (parent->badge != 0 && badge != parent->badge)) {
        return K5_E_INVALID;
    }

    const struct cap *minted = cap_derive(parent, thread->task, rights, badge);

    if (minted == NULL) {
        return K5_E_SLOTS;
    }
    thread->reg[1] = cap_cptr_of(minted, thread);
    return K5_OK;
}

enum k5_error cap_call_delete(struct thread *thread, struct cap *cap)
{
    (void)thread;
    if (cap_has_children(cap) || cap_is_movable(cap)) {
        return K5_E_BUSY;
    }
    cap_remove(cap);
    return K5_OK;
}

struct cap *cap_leaf(struct cap *cap)
{
    for (uint32_t i = 0; i < DEPTH_MAX && cap_has_children(cap); i++) {
        cap = cap_at(cap->next);
    }
    return cap;
}

/* One capability an entry. */
enum k5_error cap_call_revoke(struct thread *thread, struct cap *cap)
{
    (void)thread;
    if (cap_has_children(cap)) {
        cap_remove(cap_leaf(cap));
    }
    return cap_has_children(cap) ? K5_E_AGAIN : K5_OK;
}
