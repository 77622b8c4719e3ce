/* Named ways to misbehave that take more than one system call or access. DO_RUN does them; what
 * only one instruction does is a crime (../abuse/crime_list.h).
 */
#pragma once

#include "stage.h"

/* Each: WAY(name). They act on their own endpoint unless told otherwise. */
#define ROGUE_WAYS(WAY)                                                                            \
    WAY(reply_twice)          /* value: error of the second reply */                               \
    WAY(reply_to_guesses)     /* value: how many of 64 guesses were taken */                       \
    WAY(never_reply)          /* receives, sleeps for ever */                                      \
    WAY(die_instead_of_reply) /* receives, panics */                                               \
    WAY(write_read_loan)      /* receives, stores to its first word */                             \
    WAY(write_past_loan)      /* receives, stores behind it */                                     \
    WAY(read_before_loan)     /* receives, loads before it */                                      \
    WAY(execute_loan)         /* receives, jumps to it */                                          \
    WAY(use_loan_after_reply) /* receives, replies, loads from it */                               \
    WAY(reply_with_loan)      /* value: error of a reply of kind LEND; then replies well */        \
    WAY(keep_all_replies)     /* receives b calls, answers none; value: how many it got */         \
    WAY(flood)                /* sends to slot b without waiting until refused; value: how many */ \
    WAY(flood_notification)   /* signals slot b 1,000 times */                                     \
    WAY(forge_cptrs)          /* every call with every cptr it has not; value: how many worked */  \
    WAY(fill_table)           /* mints slot b until refused; value: how many */                    \
    WAY(recurse)              /* until its stack is full */                                        \
    WAY(wild_pointers)        /* copy buffers all over memory; value: how many were taken */       \
    WAY(wild_loans)           /* loans all over memory to slot b; value: how many were taken */    \
    WAY(steal_messages)       /* receives from others' endpoints; value: how many worked */        \
    WAY(call_in_circles)      /* calls slot b, which calls back; value: how many worked */         \
    WAY(spin_in_call)         /* receives, computes for ever */                                    \
    WAY(call_for_ever)        /* slot b, label and word 0 from c; again and again */               \
    WAY(count_for_ever)       /* value */                                                          \
    WAY(connect)              /* to SLOT_OFFICE; value: the cptr */                                \
    WAY(sign_loan)            /* receives, adds 1 to the loan's first word, replies */             \
    WAY(ask_desk)             /* calls SLOT_DESK with b; value, r[1]: words 0, 1 of the reply */

#define ROGUE_WAY_NUMBER_(name) WAY_##name,
enum rogue_way { ROGUE_WAYS(ROGUE_WAY_NUMBER_) WAYS };

struct rogue_act {
    void (*act)(volatile struct report *report, uint32_t b, uint32_t c);
};

/* rogue_ways.c has them; suite_fpu.toml has others, of armv8m/fpu_ways.h. */
extern const struct rogue_act rogue_ways[];
