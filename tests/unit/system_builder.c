/* Boot tables built in C. */
#include "tests/unit/system_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k5_abi.h"
#include "kernel/config.h"
#include "kernel/state.h"

#define CAPS_PER_TASK 32u
#define FIRST_CPTR    0x10000u /* slots begin with generation 1 */

/* Region objects lie where no task's RAM does. */
#define OBJECTS_BASE (FAKE_RAM_BASE + CFG_TASKS * BUILD_TASK_BYTES)

_Static_assert(CFG_TASKS *BUILD_TASK_BYTES < FAKE_RAM_BYTES, "each task has its RAM");
_Static_assert(CFG_TASKS *BUILD_TASK_BYTES <= FAKE_FLASH_BYTES, "each task has its text");

/* While a system is built each task has its own lists; the blob has them one after another. */
struct draft {
    struct sys_cap cap[CAPS_PER_TASK];
    struct sys_region region[CFG_MPU_REGIONS];
    uint32_t spare_slots;
};

struct blob {
    struct sys_header header;
    struct sys_task task[CFG_TASKS];
    struct sys_thread thread[CFG_THREADS];
    struct sys_endpoint endpoint[CFG_ENDPOINTS];
    struct sys_cap cap[CFG_TASKS * CAPS_PER_TASK];
    struct sys_region region[CFG_TASKS * CFG_MPU_REGIONS];
    struct sys_region object[ROOM(CFG_OBJECTS)];
    struct sys_notification notification[ROOM(CFG_NOTIFICATIONS)];
    struct sys_interrupt interrupt[ROOM(CFG_INTERRUPTS)];
    struct sys_port port[ROOM(CFG_PORTS)];
};

static struct draft drafts[CFG_TASKS];
static struct blob blob;
static uint32_t objects_end; /* where the next region object may begin */

/* A broken description is a bug of the test, also where assert() is compiled out. */
#define need(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "test bug: %s:%d: %s\n", __FILE__, __LINE__, #condition);              \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

void build_reset(void)
{
    memset(drafts, 0, sizeof drafts);
    memset(&blob, 0, sizeof blob);
    objects_end = OBJECTS_BASE;
    blob.header.mpu_regions = CFG_MPU_REGIONS;
    blob.header.tick_hz = BUILD_TICK_HZ;
    blob.header.budget_least = BUILD_BUDGET_LEAST;
}

struct sys_header *build_header(void)
{
    return &blob.header;
}

static uint32_t ram_of(uint32_t task)
{
    return FAKE_RAM_BASE + task * BUILD_TASK_BYTES;
}

static uint32_t text_of(uint32_t task)
{
    return FAKE_FLASH_BASE + task * BUILD_TASK_BYTES;
}

uint32_t build_task(enum sys_policy policy)
{
    uint32_t id = blob.header.task_count;

    need(id < CFG_TASKS);
    blob.header.task_count++;
    blob.task[id] = (struct sys_task){
        .first_thread = blob.header.thread_count,
        .policy = (uint8_t)policy,
        .backoff_ticks = BUILD_BACKOFF,
        .backoff_max_ticks = BUILD_BACKOFF_MAX,
        .stable_ticks = BUILD_STABLE,
        .grace_ticks = BUILD_GRACE,
        .supervisor = SYS_NONE,
    };
    build_region(id, text_of(id), BUILD_TASK_BYTES, SYS_READ | SYS_EXECUTE);
    build_region(id, ram_of(id), BUILD_TASK_BYTES / 2, SYS_READ | SYS_WRITE);
    build_region(id, ram_of(id) + BUILD_TASK_BYTES / 2, BUILD_TASK_BYTES / 2, SYS_READ | SYS_WRITE);
    return id;
}

struct sys_task *build_task_of(uint32_t task)
{
    need(task < blob.header.task_count);
    return &blob.task[task];
}

uint32_t build_thread(uint32_t task, uint32_t priority)
{
    struct sys_task *owner = build_task_of(task);
    uint32_t id = blob.header.thread_count;
    uint32_t stack = ram_of(task) + owner->thread_count * BUILD_STACK_BYTES;

    need(id < CFG_THREADS && priority < CFG_PRIORITIES);
    need(owner->first_thread + owner->thread_count == id);
    need((owner->thread_count + 1u) * BUILD_STACK_BYTES <= BUILD_TASK_BYTES / 2);
    blob.header.thread_count++;
    owner->thread_count++;
    blob.thread[id] = (struct sys_thread){
        .entry = text_of(task) | 1u,
        .stack_base = stack,
        .stack_top = stack + BUILD_STACK_BYTES,
        .argument = id,
        .budget = BUILD_SLICE,
        .task = (uint8_t)task,
        .priority = (uint8_t)priority,
        .notification = SYS_NONE,
    };
    return id;
}

struct sys_thread *build_thread_of(uint32_t thread)
{
    need(thread < blob.header.thread_count);
    return &blob.thread[thread];
}

uint32_t build_single(uint32_t priority)
{
    uint32_t task = build_task(SYS_POLICY_RESTART);

    uint32_t thread = build_thread(task, priority);

    need(thread == task);
    return task;
}

uint32_t build_endpoint(uint32_t receiver)
{
    uint32_t id = blob.header.endpoint_count;

    need(id < CFG_ENDPOINTS && receiver < blob.header.thread_count);
    blob.header.endpoint_count++;
    blob.endpoint[id].receiver = (uint8_t)receiver;
    return id;
}

const struct sys_endpoint *build_endpoint_of(uint32_t endpoint)
{
    need(endpoint < blob.header.endpoint_count);
    return &blob.endpoint[endpoint];
}

void build_queue(uint32_t endpoint, uint32_t places)
{
    need(endpoint < blob.header.endpoint_count && blob.endpoint[endpoint].queue == 0);
    need(places > 0 && blob.header.message_count + places <= CFG_MESSAGES);
    blob.endpoint[endpoint].queue = (uint8_t)places;
    blob.endpoint[endpoint].first_message = blob.header.message_count;
    blob.header.message_count = (uint16_t)(blob.header.message_count + places);
}

uint32_t build_notification(uint32_t receiver)
{
    uint32_t id = blob.header.notification_count;

    need(id < CFG_NOTIFICATIONS && receiver < blob.header.thread_count);
    blob.header.notification_count++;
    blob.notification[id].receiver = (uint8_t)receiver;
    return id;
}

void build_bind(uint32_t notification)
{
    need(notification < blob.header.notification_count);

    struct sys_thread *receiver = build_thread_of(blob.notification[notification].receiver);

    need(receiver->notification == SYS_NONE);
    receiver->notification = (uint8_t)notification;
}

uint32_t build_interrupt(uint32_t line, uint32_t notification, uint32_t bit)
{
    uint32_t id = blob.header.interrupt_count;

    need(id < CFG_INTERRUPTS && notification < blob.header.notification_count && bit < 32);
    blob.header.interrupt_count++;
    blob.interrupt[id] = (struct sys_interrupt){
        .line = (uint16_t)line,
        .notification = (uint8_t)notification,
        .bit = (uint8_t)bit,
    };
    return id;
}

uint32_t build_port(const char *name)
{
    uint32_t id = blob.header.port_count;

    need(id < CFG_PORTS && strlen(name) <= sizeof blob.port[id].name);
    blob.header.port_count++;
    memcpy(blob.port[id].name, name, strlen(name));
    return id;
}

uint32_t build_object(uint32_t bytes, uint32_t access, uint32_t flags)
{
    uint32_t id = blob.header.object_count;

    need(id < CFG_OBJECTS && bytes > 0 && bytes % 32 == 0);
    need(bytes <= FAKE_RAM_BASE + FAKE_RAM_BYTES - objects_end);
    blob.header.object_count++;
    blob.object[id] = (struct sys_region){
        .base = objects_end,
        .bytes = bytes,
        .access = (uint8_t)access,
        .flags = (uint8_t)flags,
    };
    objects_end += bytes;
    return id;
}

struct sys_region *build_object_of(uint32_t object)
{
    need(object < blob.header.object_count);
    return &blob.object[object];
}

static uint32_t count_of_kind(enum k5_kind kind)
{
    const struct sys_header *header = &blob.header;

    switch (kind) {
    case K5_KIND_NONE:
        break;
    case K5_KIND_ENDPOINT:
        return header->endpoint_count;
    case K5_KIND_NOTIFICATION:
        return header->notification_count;
    case K5_KIND_REGION:
        return header->object_count;
    case K5_KIND_INTERRUPT:
        return header->interrupt_count;
    case K5_KIND_PORT:
        return header->port_count;
    case K5_KIND_TASK:
        return header->task_count;
    case K5_KIND_THREAD:
        return header->thread_count;
    }
    return 0;
}

uint32_t build_cap_for(uint32_t task, enum k5_kind kind, uint32_t object, uint32_t rights,
                       uint32_t badge)
{
    struct sys_task *owner = build_task_of(task);
    uint32_t slot = owner->cap_count;

    need(slot < CAPS_PER_TASK && object < count_of_kind(kind));
    drafts[task].cap[slot] = (struct sys_cap){
        .kind = (uint8_t)kind,
        .rights = (uint8_t)rights,
        .object = (uint16_t)object,
        .badge = badge,
    };
    owner->cap_count++;
    return FIRST_CPTR | slot;
}

uint32_t build_cap(uint32_t task, uint32_t endpoint, uint32_t rights, uint32_t badge)
{
    return build_cap_for(task, K5_KIND_ENDPOINT, endpoint, rights, badge);
}

void build_spare_slots(uint32_t task, uint32_t count)
{
    need(task < blob.header.task_count);
    drafts[task].spare_slots = count;
}

void build_region(uint32_t task, uint32_t base, uint32_t bytes, uint32_t access)
{
    struct sys_task *owner = build_task_of(task);

    need(owner->region_count < CFG_MPU_REGIONS);
    drafts[task].region[owner->region_count] = (struct sys_region){
        .base = base,
        .bytes = bytes,
        .access = (uint8_t)access,
    };
    owner->region_count++;
}

void build_device(uint32_t task, uint32_t base, uint32_t bytes)
{
    build_region(task, base, bytes, SYS_READ | SYS_WRITE);
    drafts[task].region[build_task_of(task)->region_count - 1u].flags = SYS_REGION_DEVICE;
}

struct sys_region *build_region_of(uint32_t task, uint32_t index)
{
    const struct sys_task *owner = build_task_of(task);

    need(index < owner->region_count && blob.header.magic == SYS_MAGIC);
    return &blob.region[owner->first_region + index];
}

uint32_t build_buffer(uint32_t task, uint32_t number)
{
    return ram_of(task) + BUILD_TASK_BYTES / 2 + number * (BUILD_TASK_BYTES / 4);
}

static int by_base(const void *a, const void *b)
{
    uint32_t first = ((const struct sys_region *)a)->base;
    uint32_t second = ((const struct sys_region *)b)->base;

    return first < second ? -1 : first > second;
}

/* Where the slots of the task's movable regions are. */
static void set_homes(const struct sys_task *task)
{
    for (uint32_t i = 0; i < task->cap_count; i++) {
        const struct sys_cap *cap = &blob.cap[task->first_cap + i];

        if (cap->kind == K5_KIND_REGION) {
            blob.object[cap->object].home = (uint16_t)(task->first_slot + i);
        }
    }
}

static void lay_out_task(uint32_t id)
{
    struct sys_header *header = &blob.header;
    struct sys_task *task = &blob.task[id];

    task->first_cap = header->cap_count;
    task->first_region = header->region_count;
    task->first_slot = header->slot_count;
    task->slot_count = (uint8_t)(task->cap_count + drafts[id].spare_slots);
    memcpy(&blob.cap[task->first_cap], drafts[id].cap, task->cap_count * sizeof(struct sys_cap));
    memcpy(&blob.region[task->first_region], drafts[id].region,
           task->region_count * sizeof(struct sys_region));
    qsort(&blob.region[task->first_region], task->region_count, sizeof(struct sys_region), by_base);
    header->cap_count = (uint16_t)(header->cap_count + task->cap_count);
    header->region_count = (uint16_t)(header->region_count + task->region_count);
    header->slot_count = (uint16_t)(header->slot_count + task->slot_count);
    need(header->slot_count <= CFG_SLOTS);
    set_homes(task);
}

const struct sys_header *build_finish(void)
{
    struct sys_header *header = &blob.header;

    header->magic = SYS_MAGIC;
    header->version = SYS_VERSION;
    header->header_bytes = sizeof *header;
    header->total_bytes = sizeof blob;
    header->system_id = 0x12345678;
    header->tasks_offset = offsetof(struct blob, task);
    header->threads_offset = offsetof(struct blob, thread);
    header->endpoints_offset = offsetof(struct blob, endpoint);
    header->caps_offset = offsetof(struct blob, cap);
    header->regions_offset = offsetof(struct blob, region);
    header->objects_offset = offsetof(struct blob, object);
    header->notifications_offset = offsetof(struct blob, notification);
    header->interrupts_offset = offsetof(struct blob, interrupt);
    header->ports_offset = offsetof(struct blob, port);
    header->cap_count = 0;
    header->region_count = 0;
    header->slot_count = 0;
    for (uint32_t i = 0; i < header->task_count; i++) {
        lay_out_task(i);
    }
    return header;
}
