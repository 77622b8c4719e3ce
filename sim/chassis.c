/* What outlives a machine: its memories and the engines mapped onto them. */
#include "sim/chassis.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define POOL_MOST 4u

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static struct chassis *pool;
static unsigned pool_count;

static bool has_devices(const struct chassis *chassis, const struct cpu_bus *bus)
{
    return chassis->bus.count == bus->count &&
           memcmp(chassis->bus.device, bus->device, bus->count * sizeof bus->device[0]) == 0;
}

static bool fits(const struct chassis *chassis, enum cpu_model model,
                 const struct memory_range *range, uint32_t count, const struct cpu_bus *bus)
{
    bool same =
        chassis->model == model && chassis->memory.count == count && has_devices(chassis, bus);

    for (uint32_t i = 0; same && i < count; i++) {
        const struct memory_range *mine = &chassis->memory.range[i];

        same = mine->base == range[i].base && mine->bytes == range[i].bytes &&
               mine->writable == range[i].writable;
    }
    return same;
}

static struct chassis *take_from_pool(enum cpu_model model, const struct memory_range *range,
                                      uint32_t count, const struct cpu_bus *bus)
{
    struct chassis **link = &pool;
    struct chassis *found;

    pthread_mutex_lock(&pool_lock);
    while (*link != NULL && !fits(*link, model, range, count, bus)) {
        link = &(*link)->next;
    }
    found = *link;
    if (found != NULL) {
        *link = found->next;
        pool_count--;
    }
    pthread_mutex_unlock(&pool_lock);
    return found;
}

static void destroy(struct chassis *chassis)
{
    for (uint32_t i = 0; i < chassis->idle_count; i++) {
        cpu_close(chassis->idle[i]);
    }
    memory_free(&chassis->memory);
    free(chassis);
}

struct chassis *chassis_open(enum cpu_model model, const struct memory_range *range, uint32_t count,
                             const struct cpu_bus *bus)
{
    struct chassis *chassis = take_from_pool(model, range, count, bus);

    if (chassis != NULL) {
        chassis->bus = *bus;
        return chassis;
    }
    chassis = calloc(1, sizeof *chassis);
    if (chassis != NULL) {
        chassis->model = model;
        chassis->bus = *bus;
    }
    for (uint32_t i = 0; chassis != NULL && i < count; i++) {
        if (!memory_add(&chassis->memory, range[i].base, range[i].bytes, range[i].writable)) {
            destroy(chassis);
            chassis = NULL;
        }
    }
    return chassis;
}

void chassis_close(struct chassis *chassis)
{
    memory_erase(&chassis->memory, true);
    memory_erase(&chassis->memory, false);
    pthread_mutex_lock(&pool_lock);
    if (pool_count < POOL_MOST) {
        chassis->next = pool;
        pool = chassis;
        pool_count++;
        chassis = NULL;
    }
    pthread_mutex_unlock(&pool_lock);
    if (chassis != NULL) {
        destroy(chassis);
    }
}

struct cpu *chassis_take_cpu(struct chassis *chassis, uint32_t text_bytes, const char **why)
{
    for (uint32_t i = 0; i < chassis->idle_count; i++) {
        struct cpu *cpu = chassis->idle[i];

        if (cpu_fits(cpu, text_bytes)) {
            chassis->idle[i] = chassis->idle[--chassis->idle_count];
            return cpu;
        }
    }
    return cpu_open(chassis->model, &chassis->memory, &chassis->bus, text_bytes, why);
}

void chassis_return_cpu(struct chassis *chassis, struct cpu *cpu)
{
    if (chassis->idle_count < CHASSIS_CPUS && cpu_clear(cpu)) {
        chassis->idle[chassis->idle_count++] = cpu;
    } else {
        cpu_close(cpu);
    }
}
