/* What foo and bar say to each other. */
#pragma once

enum demo_request {
    DEMO_ADD = 1,   /* short: two numbers; the reply is their sum */
    DEMO_UPPER = 2, /* copy: a text; the reply is the text in capitals */
};

#define DEMO_TEXT_BYTES 64
