/* What the doors and the desk agree on. */
#pragma once

#include <stdint.h>

#define DOORS    2u
#define VISITORS 5u /* through each door */

/* Bits of the notification `closed`: each door has one, its argument. */
#define LEFT_CLOSED  1u
#define RIGHT_CLOSED 2u

/* What locking_door.c shares: what is read by desk.c comes first. */
struct guarded {
    uint32_t tally;
    uint32_t locked;
};

/* Labels of the messages of sending_door.c. */
#define VISITOR 1u
#define CLOSED  2u
