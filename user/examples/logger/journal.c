/* The journal's records, and how its end is found. */
#include "journal.h"

#include "crc.h"
#include "storage.h"

#define MAGIC 0x4b354c47u /* "GL5K" */
#define BLOCK 512u        /* read at once; a page is a multiple */
#define TRIES 4u
#define BLANK UINT32_MAX

struct record {
    uint32_t magic;
    uint32_t sequence;
    struct sample sample;
    uint32_t reserved;
    uint32_t crc; /* of all before it */
};
_Static_assert(sizeof(struct record) == 32, "a loan's grain, and four of the flash's units");

#define RECORDS (BLOCK / sizeof(struct record))

/* Lent to the driver, so it begins and ends on multiples of 32. */
static struct record block[RECORDS] __attribute__((aligned(32)));

/* A driver that restarts is asked again. */
static enum k5_error read_block(const struct journal *journal, uint32_t offset)
{
    enum k5_error error;

    do {
        error = storage_read(journal->storage, offset, block, sizeof block);
    } while (error == K5_E_RESTARTED);
    return error;
}

static bool is_good(const struct record *record)
{
    return record->magic == MAGIC &&
           record->crc == crc32(record, sizeof *record - sizeof record->crc);
}

static bool is_blank(const struct record *record)
{
    const uint32_t *words = (const uint32_t *)record;

    for (uint32_t i = 0; i < sizeof *record / sizeof *words; i++) {
        if (words[i] != BLANK) {
            return false;
        }
    }
    return true;
}

/* The place behind `offset`, around the end. */
static uint32_t behind(const struct journal *journal, uint32_t offset)
{
    uint32_t next = offset + (uint32_t)sizeof(struct record);

    return next < journal->bytes ? next : 0;
}

static void note(struct journal *journal, const struct record *record, uint32_t offset)
{
    if (is_good(record)) {
        /* Numbers may wrap: the newer of two is less than half the circle ahead. */
        if (journal->records == 0 || (int32_t)(record->sequence - journal->sequence) >= 0) {
            journal->sequence = record->sequence + 1u;
            journal->next = behind(journal, offset);
            journal->last = record->sample;
        }
        journal->records++;
    } else if (!is_blank(record)) {
        journal->torn++;
    }
}

/* Behind what power failed on: up to the end of the page, where erasing begins anyway. */
static enum k5_error skip_torn(struct journal *journal)
{
    enum k5_error error = K5_OK;

    while (journal->next % journal->page_bytes != 0) {
        uint32_t at = journal->next % BLOCK;

        error = read_block(journal, journal->next - at);
        if (error != K5_OK || is_blank(&block[at / sizeof(struct record)])) {
            break;
        }
        journal->next = behind(journal, journal->next);
    }
    return error;
}

enum k5_error journal_open(struct journal *journal, k5_cptr_t storage)
{
    struct storage_info info;
    enum k5_error error;

    do {
        error = storage_info(storage, &info);
    } while (error == K5_E_RESTARTED);
    if (error != K5_OK) {
        return error;
    }
    *journal = (struct journal){
        .storage = storage,
        .bytes = info.bytes,
        .page_bytes = info.erase_bytes,
    };
    for (uint32_t offset = 0; offset < info.bytes; offset += BLOCK) {
        error = read_block(journal, offset);
        if (error != K5_OK) {
            return error;
        }
        for (uint32_t i = 0; i < RECORDS; i++) {
            note(journal, &block[i], offset + i * (uint32_t)sizeof block[i]);
        }
    }
    return skip_torn(journal);
}

static enum k5_error put(const struct journal *journal)
{
    enum k5_error error = K5_OK;

    if (journal->next % journal->page_bytes == 0) {
        error = storage_erase(journal->storage, journal->next, journal->page_bytes);
    }
    return error == K5_OK ? storage_program(journal->storage, journal->next, block, sizeof block[0])
                          : error;
}

/* A place that failed is skipped, for it may be half programmed; but not one that was to be erased:
 * the page behind it would not be. */
enum k5_error journal_append(struct journal *journal, const struct sample *sample)
{
    enum k5_error error = K5_E_IO;

    for (uint32_t i = 0; i < TRIES && error != K5_OK; i++) {
        block[0] = (struct record){
            .magic = MAGIC,
            .sequence = journal->sequence,
            .sample = *sample,
        };
        block[0].crc = crc32(&block[0], sizeof block[0] - sizeof block[0].crc);
        error = put(journal);
        if (error == K5_OK || journal->next % journal->page_bytes != 0) {
            journal->next = behind(journal, journal->next);
        }
    }
    if (error == K5_OK) {
        journal->sequence++;
    }
    return error;
}
