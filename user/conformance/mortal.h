/* What a mortal server does when it is asked. */
#pragma once

enum mortal_request {
    MORTAL_COUNT = 1, /* w0 = requests of this life, from 101 on; w1 = the same from 1 on */
    MORTAL_DIE,       /* panics instead of answering */
    MORTAL_OWN_CAP,   /* w0 = the cptr in its slot 0 */
};

#define MORTAL_FIRST_COUNT 100u
