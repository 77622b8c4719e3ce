/* The simulator's maxima: systems up to this size run on the hosted port. */
#pragma once

#define CFG_TASKS     32
#define CFG_THREADS   64
#define CFG_ENDPOINTS 64
#define CFG_SLOTS     1024
