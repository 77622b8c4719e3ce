/* The kernel's invariants about tasks, capabilities, memory and loans. */
#include "kernel/invariants.h"

#include "kernel/reaper.h"
#include "kernel/state.h"
#include "kernel/system.h"

#define CHECK(condition, sentence)                                                                 \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            return sentence;                                                                       \
        }                                                                                          \
    } while (0)

/* ------------------------------------------------------------ capabilities */

static uint32_t objects_of(uint32_t kind)
{
    switch (kind) {
    case K5_KIND_ENDPOINT:
        return sys_endpoint_count();
    case K5_KIND_NOTIFICATION:
        return sys_notification_count();
    case K5_KIND_REGION:
        return sys_object_count();
    case K5_KIND_INTERRUPT:
        return sys_interrupt_count();
    case K5_KIND_PORT:
        return sys_port_count();
    case K5_KIND_TASK:
        return sys_task_count();
    case K5_KIND_THREAD:
        return sys_thread_count();
    default:
        return 0;
    }
}

/* The nearest one before it in its list that is less deep, or NO_SLOT. */
static uint32_t parent_of(uint32_t slot)
{
    uint32_t at = k5.slot[slot].previous;

    for (uint32_t i = 0; i < CFG_SLOTS && at != NO_SLOT; i++) {
        if (k5.slot[at].depth < k5.slot[slot].depth) {
            return at;
        }
        at = k5.slot[at].previous;
    }
    return NO_SLOT;
}

static const char *check_derivation(uint32_t slot)
{
    const struct cap *cap = &k5.slot[slot];
    uint32_t parent = parent_of(slot);

    CHECK(cap->next == NO_SLOT || k5.slot[cap->next].previous == slot,
          "a list of derivation is linked both ways");
    CHECK(cap->next == NO_SLOT || k5.slot[cap->next].kind == cap->kind,
          "what is derived is of the same kind");
    if (cap->depth == 0) {
        CHECK(cap->previous == NO_SLOT, "a list begins with what the description gave");
        return NULL;
    }
    CHECK(parent != NO_SLOT, "a derived capability has a parent");
    CHECK(k5.slot[parent].object == cap->object, "and is of the same object");
    CHECK((cap->rights & ~k5.slot[parent].rights) == 0,
          "no capability has rights that its parent lacks");
    return NULL;
}

static bool is_movable(const struct cap *cap)
{
    return cap->kind == K5_KIND_REGION &&
           (sys_object(cap->object)->flags & SYS_REGION_MOVABLE) != 0;
}

static const char *check_cap(const struct sys_task *task, uint32_t index)
{
    uint32_t slot = task->first_slot + index;
    const struct cap *cap = &k5.slot[slot];

    if (index < task->cap_count) {
        CHECK(cap->generation == 1, "the description's slots keep their cptrs");
    }
    if (cap->kind == K5_KIND_NONE) {
        return NULL;
    }
    CHECK(cap->generation != 0, "a retired slot stays empty");
    CHECK(cap->object < objects_of(cap->kind), "no slot outlives its object");
    if (index < task->cap_count) {
        const struct sys_cap *given = sys_cap(task->first_cap + index);

        CHECK(cap->depth == 0 && cap->kind == given->kind && cap->object == given->object,
              "the description's slots hold what it gave");
        CHECK((cap->rights & ~given->rights) == 0, "with no more rights");
    } else {
        CHECK(cap->depth != 0 || is_movable(cap), "only movable regions change their slots");
    }
    return check_derivation(slot);
}

static const char *check_caps(void)
{
    const char *broken = NULL;

    for (uint32_t t = 0; t < sys_task_count() && broken == NULL; t++) {
        for (uint32_t i = 0; i < sys_task(t)->slot_count && broken == NULL; i++) {
            broken = check_cap(sys_task(t), i);
        }
    }
    return broken;
}

static const char *check_movables(void)
{
    for (uint32_t object = 0; object < sys_object_count(); object++) {
        uint32_t found = 0;

        for (uint32_t i = 0; i < sys_slot_count(); i++) {
            found += is_movable(&k5.slot[i]) && k5.slot[i].object == object;
        }
        CHECK((sys_object(object)->flags & SYS_REGION_MOVABLE) == 0 || found == 1,
              "a movable region has exactly one capability");
    }
    return NULL;
}

static const char *check_ports(void)
{
    for (uint32_t i = 0; i < sys_port_count(); i++) {
        uint32_t slot = k5.port[i].slot;

        CHECK(slot == NO_SLOT || k5.slot[slot].kind == K5_KIND_ENDPOINT,
              "an open port leads to an endpoint");
    }
    return NULL;
}

/* ------------------------------------------------------------ memory */

static bool overlap(const struct sys_region *a, const struct sys_region *b)
{
    return a->base - b->base < b->bytes || b->base - a->base < a->bytes;
}

static const char *check_view(uint32_t t)
{
    const struct task *task = &k5.task[t];

    for (uint32_t i = 0; i < task->mapped_count; i++) {
        const struct cap *cap = &k5.slot[task->mapped[i]];

        CHECK(task->mapped[i] - sys_task(t)->first_slot < sys_task(t)->slot_count &&
                  cap->kind == K5_KIND_REGION && cap->seen != 0,
              "what is mapped has its capability in the task's table");
    }
    CHECK(task->region_count <= task->entries && task->entries <= port_system()->mpu_regions,
          "the hardware has room for the view");
    for (uint32_t i = 0; i < task->region_count; i++) {
        const struct sys_region *region = &task->region[i];

        CHECK((region->access & (SYS_WRITE | SYS_EXECUTE)) != (SYS_WRITE | SYS_EXECUTE), "W^X");
        CHECK(region->bytes != 0 && region->base + (region->bytes - 1) >= region->base,
              "a region is a range");
        CHECK(i == 0 || (region->base > task->region[i - 1].base &&
                         !overlap(region, &task->region[i - 1])),
              "a view is sorted and does not overlap");
    }
    return NULL;
}

static const char *check_pair(uint32_t t, uint32_t u)
{
    for (uint32_t i = 0; i < k5.task[t].region_count; i++) {
        const struct sys_region *a = &k5.task[t].region[i];

        for (uint32_t j = 0; j < k5.task[u].region_count; j++) {
            const struct sys_region *b = &k5.task[u].region[j];

            CHECK(!overlap(a, b) || ((a->access | b->access) & SYS_WRITE) == 0 ||
                      (a->flags & b->flags & SYS_REGION_SHARED) != 0,
                  "no byte is writable by two tasks, or by one and readable by another, unless "
                  "the description shares it");
        }
    }
    return NULL;
}

static const char *check_memory(void)
{
    const char *broken = NULL;
    uint32_t tasks = sys_task_count();

    for (uint32_t t = 0; t < tasks && broken == NULL; t++) {
        broken = check_view(t);
        for (uint32_t u = t + 1; u < tasks && broken == NULL; u++) {
            broken = check_pair(t, u);
        }
    }
    return broken;
}

/* ------------------------------------------------------------ loans */

/* What task `t` may do with the first byte of a range. */
static uint32_t access_at(uint32_t t, uint32_t address)
{
    for (uint32_t i = 0; i < k5.task[t].region_count; i++) {
        const struct sys_region *region = &k5.task[t].region[i];

        if (address - region->base < region->bytes) {
            return region->access;
        }
    }
    return 0;
}

static const char *check_loan(uint32_t id)
{
    const struct thread *lender = &k5.thread[id];
    uint32_t base = lender->reg[2];
    uint32_t access = access_at(lender->task, base);

    CHECK(lender->state == K5_THREAD_AWAITING || lender->state == K5_THREAD_LENDING,
          "who lends waits for the reply, or is dead");
    CHECK(lender->holder < sys_thread_count(), "a loan has a borrower");
    if (lender->lends == K5_MSG_LEND_MUT) {
        CHECK(access == 0, "what is lent mutably is not accessible to its owner");
    } else {
        CHECK(lender->lends == K5_MSG_LEND, "a loan is shared or exclusive");
        CHECK((access & SYS_WRITE) == 0, "what is lent shared is not writable by its owner");
    }
    return NULL;
}

static const char *check_loans(void)
{
    uint32_t listed = 0;
    uint32_t lending = 0;
    const char *broken = NULL;

    for (uint32_t id = k5.loans; id != NO_THREAD && broken == NULL; id = k5.thread[id].next_loan) {
        CHECK(listed++ < CFG_THREADS, "the list of loans ends");
        broken = check_loan(id);
    }
    for (uint32_t id = 0; id < sys_thread_count(); id++) {
        lending += k5.thread[id].lends != 0;
        CHECK(k5.thread[id].state != K5_THREAD_LENDING || k5.thread[id].lends,
              "the dead lend something");
    }
    CHECK(broken != NULL || listed == lending, "all who lend are in the list of loans");
    return broken;
}

/* ------------------------------------------------------------ tasks that come down */

static const char *check_dying(void)
{
    uint32_t reaping = 0;

    for (uint32_t t = 0; t < sys_task_count(); t++) {
        const struct task *task = &k5.task[t];

        reaping += task->dying && !task->blocked;
        CHECK(!task->blocked || task->dying, "only who comes down waits for loans to end");
        CHECK(!task->blocked || task->dying != STAGE_THREADS || k5.charged_at >= task->grace_end ||
                  k5.next_timer <= task->grace_end,
              "no grace is missed");
        CHECK(task->dying || task->state != K5_TASK_BACKOFF || k5.next_timer <= task->restart_at,
              "no restart is missed");
    }
    CHECK(reaping == k5.reaping, "the reaper knows how many come down");
    for (uint32_t id = 0; id < sys_thread_count(); id++) {
        const struct thread *thread = &k5.thread[id];
        bool runs = thread->state >= K5_THREAD_RUNNING && thread->state <= K5_THREAD_UNFUNDED;

        CHECK(!thread->dying || k5.task[thread->task].dying, "its task is coming down");
        CHECK(!runs || (!thread->dying && k5.task[thread->task].state == K5_TASK_READY),
              "who is dying, or of a task that is not up, does not run");
    }
    return NULL;
}

const char *invariants_objects(void)
{
    const char *broken = check_caps();

    broken = broken != NULL ? broken : check_movables();
    broken = broken != NULL ? broken : check_ports();
    broken = broken != NULL ? broken : check_memory();
    broken = broken != NULL ? broken : check_loans();
    broken = broken != NULL ? broken : check_dying();
    return broken;
}
