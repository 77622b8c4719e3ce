/* Three actors. */
#include "cast.h"
#include "k5_task.h"

const struct part cast[ACTORS] = {
    [LEFT] = MAIN_PART(LEFT),
    [MIDDLE] = MAIN_PART(MIDDLE),
    [RIGHT] = MAIN_PART(RIGHT),
};
