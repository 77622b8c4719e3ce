/* Slots of the actors' tables that a suite's description adds behind the common ones, and other
 * numbers of the descriptions.
 */
#pragma once

#include "rogue_ways.h"
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
