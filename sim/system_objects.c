/* Kernel objects of the boot tables, and the capabilities to them. */
#include <string.h>

#include "sim/system_check.h"

#define QUEUE_MOST 64u /* places of an endpoint */

/* ---------------------------------------------------------------- endpoints, notifications */

static int check_endpoint(struct k5sim *sim, const struct tables *t, unsigned i)
{
    const struct sys_endpoint *endpoint = &t->endpoint[i];

    if (endpoint->receiver >= t->header->thread_count) {
        return BAD(sim, "endpoint %u: received by thread %u; there are %u", i, endpoint->receiver,
                   t->header->thread_count);
    }
    if (endpoint->queue > QUEUE_MOST ||
        endpoint->first_message + endpoint->queue > t->header->message_count) {
        return BAD(sim, "endpoint %u: its queue of %u (at most %u) begins at place %u of %u", i,
                   endpoint->queue, QUEUE_MOST, endpoint->first_message, t->header->message_count);
    }
    if (endpoint->queue != 0 && t->thread[endpoint->receiver].budget == 0) {
        return BAD(sim, "endpoint %u: has a queue, but thread %u is passive: nobody would pay", i,
                   endpoint->receiver);
    }
    for (unsigned k = 0; k < i; k++) {
        if (system_share_rows(endpoint->first_message, endpoint->queue,
                              t->endpoint[k].first_message, t->endpoint[k].queue)) {
            return BAD(sim, "endpoints %u and %u: their queues have places in common", k, i);
        }
    }
    return K5SIM_OK;
}

static int check_notification(struct k5sim *sim, const struct tables *t, unsigned i)
{
    return t->notification[i].receiver < t->header->thread_count
               ? K5SIM_OK
               : BAD(sim, "notification %u: received by thread %u; there are %u", i,
                     t->notification[i].receiver, t->header->thread_count);
}

/* ---------------------------------------------------------------- interrupts, ports */

static int check_interrupt(struct k5sim *sim, const struct tables *t, unsigned i)
{
    const struct sys_interrupt *interrupt = &t->interrupt[i];

    if (interrupt->line >= HOSTPORT_LINES) {
        return BAD(sim, "interrupt %u: line %u, at most %u", i, interrupt->line,
                   HOSTPORT_LINES - 1u);
    }
    if (interrupt->notification >= t->header->notification_count || interrupt->bit >= 32) {
        return BAD(sim, "interrupt %u: bit %u of notification %u; there are 32 of %u", i,
                   interrupt->bit, interrupt->notification, t->header->notification_count);
    }
    for (unsigned k = 0; k < i; k++) {
        if (t->interrupt[k].line == interrupt->line) {
            return BAD(sim, "interrupts %u and %u are the same line %u", k, i, interrupt->line);
        }
    }
    return K5SIM_OK;
}

static int check_port(struct k5sim *sim, const struct tables *t, unsigned i)
{
    const char *name = t->port[i].name;
    size_t length = strnlen(name, sizeof t->port[i].name);

    for (size_t k = length; k < sizeof t->port[i].name; k++) {
        if (name[k] != '\0') {
            return BAD(sim, "port %u: there is something behind the end of its name", i);
        }
    }
    for (unsigned k = 0; k < i; k++) {
        if (memcmp(name, t->port[k].name, sizeof t->port[k].name) == 0) {
            return BAD(sim, "ports %u and %u have the same name '%.16s'", k, i, name);
        }
    }
    return length != 0 ? K5SIM_OK : BAD(sim, "port %u has no name", i);
}

/* ---------------------------------------------------------------- capabilities */

/* What capabilities of a kind may say. */
struct kind_rule {
    uint32_t count; /* of objects */
    uint32_t rights;
};

static bool find_rule(const struct sys_header *h, uint32_t kind, struct kind_rule *rule)
{
    const struct kind_rule rules[] = {
        [K5_KIND_NONE] = {1, 0},
        [K5_KIND_ENDPOINT] = {h->endpoint_count, K5_RIGHT_SEND | K5_RIGHT_RECV},
        [K5_KIND_NOTIFICATION] = {h->notification_count, K5_RIGHT_SIGNAL | K5_RIGHT_WAIT},
        [K5_KIND_REGION] = {h->object_count, K5_RIGHT_READ | K5_RIGHT_WRITE},
        [K5_KIND_INTERRUPT] = {h->interrupt_count, K5_RIGHT_ACK},
        [K5_KIND_PORT] = {h->port_count, K5_RIGHT_LISTEN | K5_RIGHT_CONNECT},
        [K5_KIND_TASK] = {h->task_count, K5_RIGHT_CONTROL | K5_RIGHT_STATUS},
        [K5_KIND_THREAD] = {h->thread_count, K5_RIGHT_CONTROL | K5_RIGHT_STATUS},
    };

    if (kind >= sizeof rules / sizeof rules[0]) {
        return false;
    }
    *rule = rules[kind];
    rule->rights |= kind == K5_KIND_NONE ? 0 : (uint32_t)K5_RIGHT_GRANT;
    return true;
}

static int check_cap(struct k5sim *sim, const struct tables *t, unsigned i)
{
    const struct sys_cap *cap = &t->cap[i];
    struct kind_rule rule;

    if (!find_rule(t->header, cap->kind, &rule) || cap->object >= rule.count) {
        return BAD(sim, "capability %u: kind %u to object %u", i, cap->kind, cap->object);
    }
    if ((cap->rights & ~rule.rights) != 0) {
        return BAD(sim, "capability %u: rights %u; kind %u has %u", i, cap->rights, cap->kind,
                   (unsigned)rule.rights);
    }
    if (cap->kind == K5_KIND_THREAD && cap->badge >= CFG_PRIORITIES) {
        return BAD(sim, "capability %u: may set priority %u, at most %u", i, (unsigned)cap->badge,
                   CFG_PRIORITIES - 1u);
    }
    if (cap->kind == K5_KIND_REGION) {
        uint32_t access = cap->rights & (K5_RIGHT_READ | K5_RIGHT_WRITE);

        if ((access & ~t->object[cap->object].access) != 0 || access == K5_RIGHT_WRITE) {
            return BAD(sim, "capability %u: rights %u to object %u, whose access is %u", i,
                       cap->rights, cap->object, t->object[cap->object].access);
        }
    }
    return K5SIM_OK;
}

int system_check_objects(struct k5sim *sim, const struct tables *t)
{
    const struct {
        uint32_t count;
        int (*check)(struct k5sim *sim, const struct tables *t, unsigned i);
    } kinds[] = {
        {t->header->endpoint_count, check_endpoint},
        {t->header->notification_count, check_notification},
        {t->header->interrupt_count, check_interrupt},
        {t->header->port_count, check_port},
        {t->header->cap_count, check_cap},
    };
    int result = K5SIM_OK;

    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (unsigned i = 0; result == K5SIM_OK && i < kinds[k].count; i++) {
            result = kinds[k].check(sim, t, i);
        }
    }
    return result;
}
