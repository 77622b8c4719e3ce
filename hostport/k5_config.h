/* The simulator's maxima: systems up to this size run on the hosted port. */
#pragma once

#define CFG_TASKS         32
#define CFG_THREADS       64
#define CFG_ENDPOINTS     64
#define CFG_SLOTS         1024
#define CFG_NOTIFICATIONS 32
#define CFG_INTERRUPTS    32
#define CFG_PORTS         32
#define CFG_OBJECTS       32
#define CFG_MESSAGES      256
