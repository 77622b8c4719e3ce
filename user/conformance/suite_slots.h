/* Slots of the actors' tables that a suite's description adds behind the common ones, and other
 * numbers of the descriptions.
 */
#pragma once

#include "stage.h"

/* suite_ipc.toml */
#define SLOT_BOX   SLOT_FIRST_OF_SUITE       /* endpoint with a queue, right receives */
#define SLOT_MUTE  (SLOT_FIRST_OF_SUITE + 1) /* to send to right, without GRANT */
#define BOX_PLACES 4u
#define IPC_SLOTS  12u /* of each table */

/* suite_memory.toml */
#define SLOT_STRANGER  SLOT_FIRST_OF_SUITE         /* to send to the stranger */
#define SLOT_PAGE(n)   (SLOT_FIRST_OF_SUITE + (n)) /* region page-n, n = 1 .. PAGES */
#define PAGES          5u
#define PAGE_BYTES     256u
#define SLOT_PAGE_READ (SLOT_FIRST_OF_SUITE + 6) /* page-1, to be read only */
#define SLOT_PARCEL    (SLOT_FIRST_OF_SUITE + 7) /* left's movable region */
#define SLOT_KEEPSAKE  (SLOT_FIRST_OF_SUITE + 7) /* middle's, which it may not give away */
#define PARCEL_BYTES   1024u
#define MEMORY_SLOTS   24u /* of each table */

/* suite_object.toml */
#define SLOT_BLANK  SLOT_FIRST_OF_SUITE       /* to send to right, without a badge */
#define SLOT_EVENTS (SLOT_FIRST_OF_SUITE + 1) /* to signal, with a mask */
#define SLOT_BELL   (SLOT_FIRST_OF_SUITE + 2) /* to signal middle's bound notification */
#define SLOT_SHOP                                                                                  \
    (SLOT_FIRST_OF_SUITE + 3) /* port: right and middle listen, left and middle connect */
#define SLOT_WAIT    (SLOT_FIRST_OF_SUITE + 4) /* right's, to wait for events */
#define SHOP_BADGE   100u /* of left's capability; the others' are by 1 higher */
#define SLOT_OFFICE  (SLOT_FIRST_OF_SUITE + 5) /* port: the actors connect, the judge listens */
#define SLOT_DESK    (SLOT_FIRST_OF_SUITE + 6) /* to send to the judge */
#define OBJECT_SLOTS 20u                       /* of each table */

/* suite_task.toml */
#define SLOT_SELF           SLOT_FIRST_OF_SUITE /* control of one's own task, without STATUS */
#define SLOT_WATCH          (SLOT_FIRST_OF_SUITE + 1) /* status of right's task, without CONTROL */
#define SLOT_WATCH_THREAD   (SLOT_FIRST_OF_SUITE + 2) /* and of its thread */
#define SLOT_HAND           (SLOT_FIRST_OF_SUITE + 3) /* left's: control of its second thread */
#define JUDGES_MOST         30u                       /* priority that the judge may set */
#define STRANGERS_LIMIT     3u                        /* restart.limit */
#define STRANGERS_STABLE_US 500000u

/* suite_interrupt.toml */
#define SLOT_IRQ        SLOT_FIRST_OF_SUITE       /* the alarm; left's without ACK */
#define SLOT_IRQ_EVENTS (SLOT_FIRST_OF_SUITE + 1) /* right's to wait, left's to signal */
#define ALARM_BIT       (1u << 5)

/* suite_time.toml */
#define SLOT_CHAIN       SLOT_FIRST_OF_SUITE /* to call the first link */
#define LEFTS_SLICE_US   20000u
#define POOR_US          50000u /* middle's budget */
#define POOR_COOLDOWN_US 150000u
#define PETTY_TICKS      200000u /* right's budget and cooldown are about this */
#define LEAST_TICKS      2000u   /* least budget on all boards: of 2,000 instructions */
#define LINK_OVERRUN_US  20000u
#define THREADS          10u /* of the system */

/* suite_last.toml */
#define SLOT_WARDS   SLOT_FIRST_OF_SUITE       /* right's: to receive left's faults */
#define SLOT_WARD    (SLOT_FIRST_OF_SUITE + 1) /* right's: control of left */
#define RIGHTS_LIMIT 2u                        /* restart.limit */
