/* The fields of the kernel's state by name, for faults and for whoever shows that state. */
#pragma GCC visibility push(default) /* these names, and no others, leave the library */
#include "sim/k5sim_fault.h"
#pragma GCC visibility pop

#include "kernel/state.h"

#define STATE           ((struct kernel_state *)0)
#define ELEMENTS(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))
#define AT(path)        ((uint32_t)offsetof(struct kernel_state, path))
#define BYTES(path)     ((uint32_t)sizeof STATE->path)

/* NOLINTBEGIN(bugprone-macro-parentheses): what is a member's name cannot be in parentheses */
/* A field; an array of them; a field of each row of a table; an array there; one of structures. */
#define FIELD(path)                                                                                \
    {                                                                                              \
#path, AT(path), BYTES(path), 1, 0, 1, 0                                                   \
    }
#define ARRAY(path)                                                                                \
    {                                                                                              \
#path "[]", AT(path), BYTES(path[0]), ELEMENTS(STATE->path), BYTES(path[0]), 1, 0          \
    }
#define ROW(table, path)                                                                           \
    {                                                                                              \
#table "[]." #path, AT(table[0].path), BYTES(table[0].path), ELEMENTS(STATE->table),       \
            BYTES(table[0]), 1, 0                                                                  \
    }
#define ROW_ARRAY(table, path)                                                                     \
    {                                                                                              \
#table "[]." #path "[]", AT(table[0].path), BYTES(table[0].path[0]),                       \
            ELEMENTS(STATE->table), BYTES(table[0]), ELEMENTS(STATE->table[0].path),               \
            BYTES(table[0].path[0])                                                                \
    }
#define ROW_STRUCTS(table, array, path)                                                            \
    {                                                                                              \
#table "[]." #array "[]." #path, AT(table[0].array[0].path),                               \
            BYTES(table[0].array[0].path), ELEMENTS(STATE->table), BYTES(table[0]),                \
            ELEMENTS(STATE->table[0].array), BYTES(table[0].array[0])                              \
    }

/* NOLINTEND(bugprone-macro-parentheses) */

/* clang-format off */
static const struct k5sim_kernel_field fields[] = {
    FIELD(current), FIELD(slice_over), FIELD(reaping), FIELD(unfinished), FIELD(loans),
    FIELD(halted), FIELD(goes_on), FIELD(ready), FIELD(booted_at), FIELD(charged_at), FIELD(idle),
    FIELD(next_timer), FIELD(armed), ARRAY(unmasked),

    ROW(thread, state), ROW(thread, task), ROW(thread, priority), ROW(thread, effective),
    ROW(thread, payer), ROW(thread, client), ROW(thread, holder), ROW(thread, endpoint),
    ROW(thread, next), ROW(thread, previous), ROW(thread, cooling), ROW(thread, orphan),
    ROW(thread, lent), ROW(thread, own_payer), ROW(thread, queued), ROW(thread, timed),
    ROW(thread, lends), ROW(thread, next_loan), ROW(thread, dying), ROW(thread, slot_count),
    ROW(thread, slot_base), ROW(thread, used_slot), ROW_ARRAY(thread, reg),
    ROW(thread, context.armv8m.psp), ROW(thread, context.armv8m.exc_return),
    ROW(thread, context.armv8m.psplim), ROW(thread, context.rv32.pc), ROW(thread, context.rv32.ra),
    ROW(thread, context.rv32.sp), ROW(thread, context.rv32.gp), ROW(thread, context.rv32.tp),
    ROW_ARRAY(thread, context.rv32.t), ROW_ARRAY(thread, context.rv32.s),
    ROW(thread, budget_left), ROW(thread, sequence), ROW(thread, wake_at),
    ROW(thread, replenish_at), ROW(thread, consumed), ROW(thread, budget), ROW(thread, cooldown),
    ROW(thread, overrun_used), ROW(thread, loan_entries),

    ROW(queue, head), ROW(queue, tail),

    ROW(task, state), ROW(task, restart_count), ROW(task, region_count), ROW(task, mapped_count),
    ROW(task, entries), ROW(task, dying), ROW(task, blocked), ROW(task, urgency),
    ROW(task, unsupervised), ROW(task, stale), ROW(task, generation), ROW(task, fault.pc),
    ROW(task, fault.address), ROW(task, fault.status), ROW(task, fault.kind),
    ROW(task, fault.flags), ROW(task, fault.thread), ROW(task, restart_at), ROW(task, grace_end),
    ROW(task, started_at), ROW_STRUCTS(task, region, base), ROW_STRUCTS(task, region, bytes),
    ROW_STRUCTS(task, region, access), ROW_STRUCTS(task, region, flags),
    ROW_STRUCTS(task, region, home), ROW_ARRAY(task, mapped), ROW_ARRAY(task, mpu.word),

    ROW(endpoint, queue.head), ROW(endpoint, queue.tail), ROW(endpoint, receiver),
    ROW(endpoint, waiting), ROW(endpoint, oldest), ROW(endpoint, held),

    ROW(message, info), ROW_ARRAY(message, word), ROW(message, badge),

    ROW(notification, bits), ROW(notification, receiver), ROW(notification, waiting),

    ROW(port, queue.head), ROW(port, queue.tail), ROW(port, slot),

    ROW(slot, kind), ROW(slot, rights), ROW(slot, object), ROW(slot, depth), ROW(slot, generation),
    ROW(slot, seen), ROW(slot, badge), ROW(slot, next), ROW(slot, previous),
};
/* clang-format on */

size_t k5sim_kernel_fields(const struct k5sim_kernel_field **out)
{
    *out = fields;
    return sizeof fields / sizeof fields[0];
}
