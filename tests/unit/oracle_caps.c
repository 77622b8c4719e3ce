/* Where each capability comes from, and that it goes when it must, and only then.
 *
 * Keeps a tree of its own: every capability that ever was is a node, and knows
 * the node that it was derived from. Shares no code with the kernel, and looks at
 * its lists only where two capabilities could be the parent.
 */
#include "tests/unit/oracle_caps.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "k5_abi.h"
#include "kernel/config.h"
#include "kernel/state.h"
#include "kernel/system.h"

#define MOST_NODES 65536u
#define NO_NODE    UINT32_MAX

struct node {
    uint32_t parent; /* NO_NODE: the system description gave it */
    uint8_t task;    /* whose table it was in */
    bool dynamic;    /* in one of its spare slots */
};

static struct node node[MOST_NODES];
static uint32_t node_count;

/* What was in each slot after the last entry. */
static struct cap shadow[CFG_SLOTS];
static uint32_t node_of[CFG_SLOTS];
static bool coming_down[CFG_TASKS];
static const struct oracle_act *act;

static const struct cap *slot_at(uint32_t slot)
{
    return &k5.slot[slot];
}

static bool is_movable(const struct cap *cap)
{
    return cap->kind == K5_KIND_REGION &&
           (sys_object(cap->object)->flags & SYS_REGION_MOVABLE) != 0;
}

static uint32_t task_of(uint32_t slot)
{
    uint32_t task = 0;

    while (slot - sys_task(task)->first_slot >= sys_task(task)->slot_count) {
        task++;
    }
    return task;
}

static bool is_dynamic(uint32_t slot)
{
    const struct sys_task *table = sys_task(task_of(slot));

    return slot - table->first_slot >= table->cap_count;
}

static uint32_t new_node(uint32_t slot, uint32_t parent)
{
    uint32_t id = node_count++ % MOST_NODES;

    node[id] = (struct node){parent, (uint8_t)task_of(slot), is_dynamic(slot)};
    return id;
}

void oracle_caps_reset(void)
{
    node_count = 0;
    memset(coming_down, 0, sizeof coming_down);
    for (uint32_t i = 0; i < port_system()->slot_count; i++) {
        shadow[i] = *slot_at(i);
        node_of[i] = shadow[i].kind != K5_KIND_NONE ? new_node(i, NO_NODE) : NO_NODE;
    }
}

void oracle_caps_event(const struct k5_event *event)
{
    if (event->kind == K5_EVENT_TASK &&
        (event->code == K5_TASK_BACKOFF || event->code == K5_TASK_STOPPED)) {
        coming_down[event->arg[0]] = true;
    }
}

/* ------------------------------------------------------------ the acting thread */

static bool acts(uint32_t number)
{
    return act->who != NO_THREAD && act->number == number && k5.thread[act->who].reg[0] == K5_OK;
}

/* The slot that a cptr of the acting thread means. */
static uint32_t slot_of(uint32_t cptr)
{
    return k5.thread[act->who].slot_base + (cptr & 0xffffu);
}

/* ------------------------------------------------------------ what went */

static bool descends_from(uint32_t from, uint32_t ancestor)
{
    for (uint32_t i = 0; i < 256 && from != NO_NODE; i++) {
        if (from == ancestor) {
            return true;
        }
        from = node[from].parent;
    }
    return false;
}

/* It is, or descends from, a capability that the task was given or has derived. */
static bool ends_with(uint32_t task, uint32_t id)
{
    for (uint32_t i = 0; i < 256 && id != NO_NODE; i++) {
        if (node[id].dynamic && node[id].task == task) {
            return true;
        }
        id = node[id].parent;
    }
    return false;
}

static bool ends_with_a_task(uint32_t id)
{
    for (uint32_t t = 0; t < port_system()->task_count; t++) {
        if (coming_down[t] && ends_with(t, id)) {
            return true;
        }
    }
    return false;
}

static bool may_go(uint32_t slot)
{
    bool revokes = act->who != NO_THREAD && act->number == K5_SYS_REVOKE;
    uint32_t named = act->who != NO_THREAD ? slot_of(act->argument[0]) : 0;

    if (acts(K5_SYS_DELETE) && named == slot) {
        return true;
    }
    if (revokes && named < CFG_SLOTS && named != slot && node_of[named] != NO_NODE &&
        descends_from(node_of[slot], node_of[named])) {
        return true;
    }
    return is_movable(&shadow[slot]) || ends_with_a_task(node_of[slot]);
}

static const char *check_gone(uint32_t slot)
{
    uint16_t next = shadow[slot].generation;

    if (!may_go(slot)) {
        return "a capability goes by delete, revoke, or with its task";
    }
    if (is_dynamic(slot)) {
        next = (uint16_t)(next + 1u);
    }
    if (slot_at(slot)->kind == K5_KIND_NONE && slot_at(slot)->generation != next) {
        return "a slot's generation rises when it is emptied, and the description's stay";
    }
    return NULL;
}

/* ------------------------------------------------------------ what came */

static bool same_object(const struct cap *a, const struct cap *b)
{
    return a->kind == b->kind && a->object == b->object;
}

static bool within(const struct cap *cap, uint32_t rights)
{
    return (cap->rights & ~rights) == 0;
}

/* Where the kernel's list says that it comes from. More than one may have come in one entry. */
static uint32_t parent_in_list(uint32_t slot)
{
    uint32_t at = slot_at(slot)->previous;

    for (uint32_t i = 0; i < CFG_SLOTS && at != NO_SLOT; i++) {
        if (slot_at(at)->depth < slot_at(slot)->depth) {
            return at;
        }
        at = slot_at(at)->previous;
    }
    return NO_SLOT;
}

/* The slot whose capability was passed along to become this one: of those that could, the one that
 * the kernel says, if it is among them. */
static uint32_t passed_from(uint32_t slot)
{
    const struct cap *cap = slot_at(slot);
    uint32_t parent = parent_in_list(slot);
    uint32_t found = NO_SLOT;

    for (uint32_t i = 0; i < port_system()->slot_count; i++) {
        const struct cap *from = &shadow[i];

        if (i == slot || !same_object(cap, from) || (from->rights & K5_RIGHT_GRANT) == 0 ||
            from->rights != cap->rights || from->badge != cap->badge) {
            continue;
        }
        if (found == NO_SLOT || i == parent) {
            found = i;
        }
    }
    return found;
}

static const char *check_minted(uint32_t slot)
{
    const struct cap *cap = slot_at(slot);
    const struct cap *from = &shadow[slot_of(act->argument[0])];

    if (!same_object(cap, from) || cap->rights != act->argument[1] || !within(cap, from->rights)) {
        return "what is minted has the rights that were asked for, and its parent has them, too";
    }
    if (cap->badge != act->argument[2] || (from->badge != 0 && cap->badge != from->badge)) {
        return "a badge is set once";
    }
    node_of[slot] = new_node(slot, node_of[slot_of(act->argument[0])]);
    return NULL;
}

static const char *check_connected(uint32_t slot)
{
    const struct cap *cap = slot_at(slot);
    const struct cap *port = &shadow[slot_of(act->argument[0])];
    uint32_t listener = k5.port[port->object].slot;

    if (listener == NO_SLOT || !same_object(cap, &shadow[listener]) ||
        !within(cap, shadow[listener].rights) || !within(cap, K5_RIGHT_SEND | K5_RIGHT_GRANT) ||
        cap->badge != port->badge) {
        return "connect gives the listener's endpoint with the badge of the port's capability";
    }
    node_of[slot] = new_node(slot, node_of[listener]);
    return NULL;
}

static const char *check_given(uint32_t slot)
{
    const struct cap *cap = slot_at(slot);
    const struct sys_task *table = sys_task(task_of(slot));
    const struct sys_cap *given = sys_cap(table->first_cap + (slot - table->first_slot));

    if (cap->kind != given->kind || cap->object != given->object || cap->rights != given->rights ||
        cap->badge != given->badge || cap->generation != 1) {
        return "a task finds its initial table again";
    }
    node_of[slot] = new_node(slot, NO_NODE);
    return NULL;
}

static const char *check_new(uint32_t slot)
{
    if (!is_dynamic(slot)) {
        return check_given(slot);
    }
    if (is_movable(slot_at(slot))) {
        node_of[slot] = new_node(slot, NO_NODE);
        return NULL;
    }
    if (acts(K5_SYS_MINT) && slot_of(k5.thread[act->who].reg[1]) == slot) {
        return check_minted(slot);
    }
    if (acts(K5_SYS_CONNECT) && slot_of(k5.thread[act->who].reg[1]) == slot) {
        return check_connected(slot);
    }

    uint32_t from = passed_from(slot);

    if (from == NO_SLOT) {
        return "a capability comes from one that may be passed on";
    }
    node_of[slot] = new_node(slot, node_of[from]);
    return NULL;
}

/* ------------------------------------------------------------ afterwards */

static bool is_there(uint32_t slot)
{
    return slot_at(slot)->kind != K5_KIND_NONE;
}

/* All that was derived from the capability named by a revoke that is done is gone. */
static const char *check_revoked(void)
{
    uint32_t root = node_of[slot_of(act->argument[0])];

    for (uint32_t i = 0; i < port_system()->slot_count; i++) {
        if (is_there(i) && node_of[i] != root && descends_from(node_of[i], root)) {
            return "revoke leaves no descendant";
        }
    }
    return NULL;
}

static const char *check_task(uint32_t task)
{
    const struct sys_task *table = sys_task(task);

    if (k5.task[task].dying) {
        return NULL;
    }
    if (coming_down[task]) {
        for (uint32_t i = 0; i < port_system()->slot_count; i++) {
            if (is_there(i) && ends_with(task, node_of[i]) && !is_movable(slot_at(i))) {
                return "with a task goes what it derived, and what was derived from that";
            }
        }
        coming_down[task] = false;
    }
    if (k5.task[task].state == K5_TASK_BACKOFF || k5.task[task].state == K5_TASK_STOPPED) {
        for (uint32_t i = table->cap_count; i < table->slot_count; i++) {
            if (is_there(table->first_slot + i)) {
                return "a task that is down holds nothing but its initial table";
            }
        }
        if (k5.task[task].mapped_count != 0) {
            return "a task that is down has nothing mapped";
        }
    }
    return NULL;
}

static bool is_replaced(uint32_t slot)
{
    return shadow[slot].generation != slot_at(slot)->generation ||
           shadow[slot].kind != slot_at(slot)->kind;
}

static bool is_gone(uint32_t slot)
{
    return shadow[slot].kind != K5_KIND_NONE && is_replaced(slot);
}

/* A revoke that was not finished may leave grandchildren: they are the grandparent's now. */
static void forget_node(uint32_t gone)
{
    for (uint32_t i = 0; i < node_count && i < MOST_NODES; i++) {
        if (node[i].parent == gone) {
            node[i].parent = node[gone].parent;
        }
    }
}

static const char *check_all_gone(void)
{
    uint32_t count = port_system()->slot_count;
    const char *broken = NULL;

    for (uint32_t i = 0; i < count && broken == NULL; i++) {
        broken = is_gone(i) ? check_gone(i) : NULL;
    }
    for (uint32_t i = 0; i < count && broken == NULL; i++) {
        if (is_gone(i)) {
            forget_node(node_of[i]);
        }
    }
    return broken;
}

static const char *check_there(uint32_t slot)
{
    const struct cap *was = &shadow[slot];
    const struct cap *is = slot_at(slot);

    if (is->kind == K5_KIND_NONE) {
        return NULL;
    }
    if (is_replaced(slot)) {
        return check_new(slot);
    }
    if (was->rights != is->rights || was->object != is->object ||
        (was->badge != is->badge && !is_movable(is))) {
        return "a capability stays as it is";
    }
    return NULL;
}

const char *oracle_caps_check(const struct oracle_act *acted)
{
    act = acted;

    const char *broken = check_all_gone();

    for (uint32_t i = 0; i < port_system()->slot_count && broken == NULL; i++) {
        broken = check_there(i);
    }
    if (broken == NULL && acts(K5_SYS_REVOKE)) {
        broken = check_revoked();
    }
    for (uint32_t i = 0; i < port_system()->slot_count; i++) {
        shadow[i] = *slot_at(i);
    }
    for (uint32_t t = 0; t < port_system()->task_count && broken == NULL; t++) {
        broken = check_task(t);
    }
    return broken;
}
