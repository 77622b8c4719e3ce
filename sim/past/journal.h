/* What came to a machine from outside, in order, each with its position. */
#pragma once

#include "sim/k5sim_history.h"

struct journal {
    struct k5sim_entry *entry;
    size_t count;
    size_t room;
    size_t next; /* the first that is still to come; `count`: none is */
};

void journal_free(struct journal *journal);

/* Room for `more` entries behind the last. False: out of memory. */
bool journal_reserve(struct journal *journal, size_t more);

/* Appends one for which there is room. */
void journal_add(struct journal *journal, const struct k5sim_entry *entry);

/* What is at `position` or behind it is still to come. */
void journal_seek(struct journal *journal, const struct k5sim_position *position);

/* How many entries an input with so many bytes takes, and the k-th of them. */
uint32_t journal_pieces(uint32_t bytes);
void journal_piece(struct k5sim_entry *entry, const struct k5sim_entry *whole, const uint8_t *data,
                   uint32_t bytes, uint32_t k);

/* Could this be given to the machine? Otherwise sim->error names the `number`-th entry. */
int journal_check(struct k5sim *sim, const struct k5sim_entry *entry, size_t number);

/* Gives it to the machine, as its outside does; returns what that function did. */
int journal_apply(struct k5sim *sim, const struct k5sim_entry *entry);

/* The tick that an entry of kind IDLE goes on to. */
uint64_t journal_idle_tick(const struct k5sim_entry *entry);

/* Below 0, 0, above 0: `a` is before, at or behind `b` in one run. */
int position_compare(const struct k5sim_position *a, const struct k5sim_position *b);
