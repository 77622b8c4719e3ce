/* What a link of the chain is asked: the label is the act, word 0 the link that acts (1 to LINKS),
 * word 1 a number for it. The others call the next link with the same message.
 */
#pragma once

#define LINKS 5u

enum link_act {
    LINK_ANSWER = 1, /* and absorb K5_E_RESTARTED on the way */
    LINK_SPIN,       /* compute for ever */
    LINK_WORK,       /* compute for word 1 rounds, answer */
    LINK_DIE,        /* panic */
};

/* The answer: word 0 is the error of the call to the next link (K5_OK if all went well), word 1 the
 * number of links that served, word 2 the link that saw the error.
 */
