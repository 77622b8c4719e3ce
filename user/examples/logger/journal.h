/* An append-only journal in flash: a ring of pages with records of 32 bytes.
 *
 * Nothing says where it ends: that is found by the records' numbers. A record counts
 * once its CRC is right, so one that power failed on, is as if it had never been, and its
 * place is skipped. Before a page is used again it is erased: the oldest records go.
 */
#pragma once

#include "k5.h"

struct sample {
    uint32_t start;   /* how often the journal has been opened */
    uint32_t time_ms; /* since that start */
    int32_t milli_degrees;
    uint32_t warm; /* above the limit */
};

struct journal {
    k5_cptr_t storage;
    uint32_t bytes;
    uint32_t page_bytes;
    uint32_t next;      /* where the next record goes */
    uint32_t sequence;  /* its number */
    uint32_t records;   /* good ones, when it was opened */
    uint32_t torn;      /* bad ones, then */
    struct sample last; /* the newest, if records != 0 */
};

/* Finds the end. Errors: those of the storage. */
K5_MUST_USE enum k5_error journal_open(struct journal *journal, k5_cptr_t storage);

/*
 * Appends a sample. Where the storage fails it tries the next places. K5_E_IO: so do they.
 */
K5_MUST_USE enum k5_error journal_append(struct journal *journal, const struct sample *sample);
