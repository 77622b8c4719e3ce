/* What the parts of the random driver share. */
#pragma once

#include "tests/unit/driver.h"

#define MOST_TASKS     6u
#define MOST_THREADS   10u
#define MOST_ENDPOINTS 6u

struct driver {
    struct driver_source *source;
    struct driver_report *report;
    uint64_t left; /* entries */
    uint32_t task_count;
    uint32_t thread_count;
    uint32_t last_reply; /* used or not, whoever held it */
    const char *broken;
};

/* 0 .. limit - 1, from the source; 0 when that is dry. */
uint32_t driver_below(struct driver *driver, uint32_t limit);

static inline bool driver_one_in(struct driver *driver, uint32_t chances)
{
    return driver_below(driver, chances) == chances - 1;
}

/* Builds a random system, with objects of all kinds. */
const struct sys_header *driver_choose_system(struct driver *driver);

/* What thread `who` could ask of the kernel: sensible, or nearly, or not at all. */
void driver_choose_call(struct driver *driver, uint32_t who, uint32_t *number,
                        uint32_t argument[7]);
