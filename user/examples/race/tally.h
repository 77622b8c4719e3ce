/* What the doors and the desk agree on. */
#pragma once

#define DOORS    2u
#define VISITORS 5u /* through each door */

/* Bits of the notification `closed`: each door has one, its argument. */
#define LEFT_CLOSED  1u
#define RIGHT_CLOSED 2u

/* Labels of the messages of sending_door.c. */
#define VISITOR 1u
#define CLOSED  2u
