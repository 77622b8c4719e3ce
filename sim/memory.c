/* The board's physical memories as host memory.
 *
 * A board may have megabytes of which a system uses a few pages, and a machine
 * should start in a millisecond. So the host gives pages only where they are
 * used: RAM is the host's zero page until then, and flash a file of 0xff bytes.
 */
#define _GNU_SOURCE /* memfd_create */
#include "sim/memory.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FLASH_ERASED  0xff
#define PATTERN_BYTES 65536u

static int pattern_file = -1;
static pthread_once_t pattern_once = PTHREAD_ONCE_INIT;

static void make_pattern(void)
{
    static uint8_t erased[4096];
    int file = memfd_create("k5sim-erased-flash", MFD_CLOEXEC);

    memset(erased, FLASH_ERASED, sizeof erased);
    for (uint32_t i = 0; file >= 0 && i < PATTERN_BYTES; i += (uint32_t)sizeof erased) {
        if (write(file, erased, sizeof erased) != (ssize_t)sizeof erased) {
            close(file);
            file = -1;
        }
    }
    pattern_file = file;
}

/* Each piece is the same few pages, until somebody writes to it. */
static bool map_pattern(uint8_t *host, uint32_t bytes)
{
    pthread_once(&pattern_once, make_pattern);
    for (uint32_t done = 0; pattern_file >= 0 && done < bytes;) {
        uint32_t piece = bytes - done < PATTERN_BYTES ? bytes - done : PATTERN_BYTES;

        if (mmap(host + done, piece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, pattern_file,
                 0) == MAP_FAILED) {
            return false;
        }
        done += piece;
    }
    return pattern_file >= 0;
}

bool memory_add(struct memory *memory, uint32_t base, uint32_t bytes, bool writable)
{
    void *host = MAP_FAILED;

    if (memory->count < MEMORY_RANGES) {
        host = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    if (host == MAP_FAILED) {
        return false;
    }
    if (!writable && !map_pattern(host, bytes)) {
        memset(host, FLASH_ERASED, bytes);
    }
    memory->range[memory->count] = (struct memory_range){
        .base = base,
        .bytes = bytes,
        .host = host,
        .writable = writable,
        .dirty_low = bytes,
    };
    memory->count++;
    return true;
}

void memory_free(struct memory *memory)
{
    for (uint32_t i = 0; i < memory->count; i++) {
        munmap(memory->range[i].host, memory->range[i].bytes);
    }
    memory->count = 0;
}

void memory_touch(struct memory *memory, uint32_t address, uint32_t bytes)
{
    for (uint32_t i = 0; i < memory->count; i++) {
        struct memory_range *range = &memory->range[i];
        uint32_t low = address - range->base;

        if (low < range->bytes) {
            uint32_t high = bytes < range->bytes - low ? low + bytes : range->bytes;

            range->dirty_low = low < range->dirty_low ? low : range->dirty_low;
            range->dirty_high = high > range->dirty_high ? high : range->dirty_high;
        }
    }
}

void memory_erase(struct memory *memory, bool writable)
{
    for (uint32_t i = 0; i < memory->count; i++) {
        struct memory_range *range = &memory->range[i];

        if (range->writable == writable && range->dirty_low < range->dirty_high) {
            memset(range->host + range->dirty_low, writable ? 0 : FLASH_ERASED,
                   range->dirty_high - range->dirty_low);
            range->dirty_low = range->bytes;
            range->dirty_high = 0;
        }
    }
}

void memory_hold_stuck(const struct memory *memory, uint32_t address, uint32_t bytes)
{
    for (uint32_t i = 0; memory->stuck != NULL && i < memory->stuck->count; i++) {
        uint32_t at = memory->stuck->word[i].address;
        uint32_t mask = memory->stuck->word[i].mask;
        uint8_t *host = memory_host(memory, at, 4);
        uint32_t word;

        if ((at - address < bytes || address - at < 4u) && host != NULL) {
            memcpy(&word, host, 4);
            word = (word & ~mask) | (memory->stuck->word[i].level & mask);
            memcpy(host, &word, 4);
        }
    }
}
