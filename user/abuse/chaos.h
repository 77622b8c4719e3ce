/* The parts of chaos: tasks that make random system calls, mostly nearly right ones.
 *
 * A thread of it learns by `caps` what it holds, and does something with it. All
 * randomness comes from the run's seed and from how the run goes.
 */
#pragma once

#include "abuse.h"

#define CHAOS_BUFFER_BYTES 300u
#define CHAOS_LOAN_BYTES   128u
#define CHAOS_SLOTS        16u /* how much of the table is looked at */
#define CHAOS_REPLIES      8u  /* more than there can be callers: none waits for ever */
#define CHAOS_CANARY_WORDS 4u

struct chaos_cap {
    uint32_t cptr; /* 0: empty */
    uint32_t kind;
    uint32_t rights;
};

/* One thread's memory. Nobody else ever has a right to the canary. */
struct chaos {
    uint32_t canary[CHAOS_CANARY_WORDS]; /* first: chaos_address() reaches up to the end of RAM */
    uint32_t random;
    uint32_t next_slot;
    struct chaos_cap cap[CHAOS_SLOTS]; /* as last seen: may be out of date */
    uint32_t replies[CHAOS_REPLIES];   /* received and not used yet; 0: none */
    uint32_t borrowed_base;            /* what the last message lent; for passing on */
    uint32_t borrowed_bytes;
    bool answers_first; /* a passive server that receives again has lost its caller's time */
    uint8_t buffer[CHAOS_BUFFER_BYTES];
    uint8_t loan[CHAOS_LOAN_BYTES] __attribute__((aligned(32)));
};

/* Acts until something ends the thread. */
_Noreturn void chaos_run(struct chaos *chaos, uint32_t seed, bool answers_first);

/* -- chaos_random.c */

uint32_t chaos_random(struct chaos *chaos);
uint32_t chaos_below(struct chaos *chaos, uint32_t limit);
bool chaos_one_in(struct chaos *chaos, uint32_t n);

/* The cptr of something of that kind with these rights, mostly. */
uint32_t chaos_cptr(struct chaos *chaos, uint32_t kind, uint32_t rights);

/* An address where so many bytes may be read or written, mostly. */
uint32_t chaos_address(struct chaos *chaos, uint32_t bytes);

/* TRY, or TIMED with the deadline in *word, in `of_ten` cases of ten; seldom neither or both. */
uint32_t chaos_patience(struct chaos *chaos, uint32_t of_ten, uint32_t *word);

/* Looks at one slot more of the table. */
void chaos_look(struct chaos *chaos);

/* -- chaos_messages.c: each makes one system call */

void chaos_send(struct chaos *chaos);
void chaos_call(struct chaos *chaos);
void chaos_recv(struct chaos *chaos);
void chaos_reply(struct chaos *chaos, uint32_t number);
bool chaos_has_replies(const struct chaos *chaos);

/* -- chaos_objects.c: one system call on anything but an endpoint */

void chaos_object(struct chaos *chaos);
void chaos_control(struct chaos *chaos);
