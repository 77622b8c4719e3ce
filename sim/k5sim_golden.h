/* libk5sim, campaigns: the run without a fault, and what faults make of it.
 *
 * A golden run is made once, from where the machine stands to an end. Then faults are tried in it,
 * each from the same snapshots, and told apart as far as the machine alone can tell. What an
 * outcome is in the words of docs/campaigns.md needs the scenario's expectations beside: whoever
 * has them judges the events of those runs that differ, once for each `stream`.
 */
#pragma once

#include "sim/k5sim_fault.h"
#include "sim/k5sim_snapshot.h"

struct k5sim_golden;

struct k5sim_golden_setup {
    uint64_t end;        /* tick at which it ends, unless it does before by an event, or halts */
    uint64_t limit;      /* tick at which a run with a fault ends that has not come to the end */
    uint64_t observed;   /* kinds of events that make up `stream` */
    uint64_t trusted;    /* bit k: what task k does to others is no breach */
    uint32_t end_kind;   /* 0: by the tick alone. Else: with the end_count-th event of this kind, */
    uint32_t end_thread; /* of this thread (255: any), */
    uint32_t end_code;   /* of this code (UINT32_MAX: any) */
    uint32_t end_arg;    /* and with this first argument (UINT32_MAX: any) */
    uint32_t end_count;
    uint32_t reserved;
};

/* Runs to the end, recording. NULL: it failed, k5sim_error_text() says why. */
struct k5sim_golden *k5sim_golden_make(struct k5sim *sim, const struct k5sim_golden_setup *setup);
void k5sim_golden_free(struct k5sim_golden *golden);

/* Ticks and instructions at its beginning and its end, its stream. */
struct k5sim_golden_facts {
    struct k5sim_position begin;
    struct k5sim_position end;
    uint64_t stream;
    uint64_t order; /* the same without times, of faults only kind and thread */
    uint64_t snapshots;
};
void k5sim_golden_facts(const struct k5sim_golden *golden, struct k5sim_golden_facts *out);

/* The golden run as a place to walk along, for what is to be injected: the machine stands where
 * `instructions` have been executed and the next one is about to be; or -4: it ends before. */
int k5sim_golden_goto(struct k5sim_golden *golden, uint64_t instructions);

enum k5sim_outcome {
    K5SIM_OUTCOME_NOT_FIRED = 1, /* it changed nothing */
    K5SIM_OUTCOME_MASKED = 2,    /* the machine is again what it was in the golden run */
    K5SIM_OUTCOME_ENDED = 3,     /* it came to the end, differently */
    K5SIM_OUTCOME_LIMIT = 4,     /* the limit came, the end did not */
    K5SIM_OUTCOME_HALTED = 5,    /* nothing would ever happen again, before the end */
    K5SIM_OUTCOME_BREACH = 6,    /* see `breach` */
    K5SIM_OUTCOME_ASSERTION = 7, /* the kernel's */
    K5SIM_OUTCOME_ENGINE = 8,    /* the simulator failed: a finding of another kind */
};
enum k5sim_breach {
    K5SIM_BREACH_MEMORY = 1,     /* detail: first address that differs */
    K5SIM_BREACH_CAPABILITY = 2, /* detail: its slot */
    K5SIM_BREACH_BUDGET = 3,     /* detail: the thread */
    K5SIM_BREACH_EXECUTION = 4,  /* it executed something else than in the golden run */
};

/* One fault at one place of the golden run: before the instruction after `instructions`. */
struct k5sim_trial {
    uint64_t instructions;
    struct k5sim_fault fault;
    uint32_t touched; /* bit k: task k is what the fault touches; the others must not differ */
};

struct k5sim_result {
    uint32_t outcome;
    uint32_t fault_kind;   /* of the first fault event that the golden run does not have; 0: none */
    uint32_t fault_thread; /* and whose */
    uint32_t fault_pc;
    uint32_t error_events; /* results of system calls that are errors, unlike the golden run's */
    uint32_t restarts;     /* of tasks, more than in the golden run */
    uint32_t breach;       /* enum k5sim_breach; of task */
    uint32_t breach_task;
    uint32_t breach_detail;
    uint32_t pc; /* of the instruction it came before, and whose it was */
    uint32_t thread;
    uint32_t same_state; /* 1: at the end the machine was as in the golden run */
    uint64_t end;        /* tick at which the trial's verdict fell */
    uint64_t stream;     /* hash of the observed events from the beginning on */
    uint64_t order;      /* the same without their times, of faults only kind and thread */
};

/* Tries them, in ascending order of `instructions`; a result each. Returns how many were done: less
 * than `count` only after an error, or when *stop is not 0 (NULL: nobody stops it). The machine
 * stands anywhere afterwards. */
int64_t k5sim_golden_try(struct k5sim_golden *golden, const struct k5sim_trial *trials,
                         size_t count, struct k5sim_result *results, const volatile int32_t *stop);

/*
 * The events of one trial, from the golden run's beginning on: k5sim_golden_begin(), then
 * k5sim_golden_go_on() again and again while it returns FULL, each time after the events were
 * taken. Then the machine is where the trial's verdict falls at the latest: at the end, at the
 * limit, or where nothing happens any more. What is recorded is up to the caller. NULL for the
 * trial: the golden run itself.
 */
int k5sim_golden_begin(struct k5sim_golden *golden, const struct k5sim_trial *trial);
enum k5sim_stop k5sim_golden_go_on(struct k5sim_golden *golden);
