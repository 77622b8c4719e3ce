/* A journal: tasks note letters, and at the end one of them asks for all, in order. */
#pragma once

#include "k5.h"

#define JOURNAL_LETTERS 16

enum journal_request {
    JOURNAL_NOTE = 1, /* send: w0 is a letter */
    JOURNAL_READ,     /* call: a copy message with all letters so far */
};

/* Notes one letter; a task that cannot is out of the test. */
static inline void journal_note(k5_cptr_t journal, char letter)
{
    struct k5_message message = k5_short(JOURNAL_NOTE, (uint32_t)letter, 0, 0, 0);

    if (k5_send(journal, &message) != K5_OK) {
        k5_panic((uint32_t)letter);
    }
}

/* Are the letters so far those of `wanted`? */
static inline bool journal_reads(k5_cptr_t journal, const char *wanted)
{
    char letters[JOURNAL_LETTERS];
    struct k5_message message = k5_short(JOURNAL_READ, 0, 0, 0, 0);
    uint32_t i = 0;

    k5_set_buffer(&message, letters, sizeof(letters));
    if (k5_call(journal, &message) != K5_OK) {
        return false;
    }
    while (i < message.word[1] && wanted[i] != '\0' && letters[i] == wanted[i]) {
        i++;
    }
    return i == message.word[1] && wanted[i] == '\0';
}
