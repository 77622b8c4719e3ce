/* What app and adder say to each other. */
#pragma once

enum label {
    ADD = 1, /* words: two numbers; the answer's first word is their sum */
};
