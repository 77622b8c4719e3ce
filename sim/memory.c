/* The board's physical memories as host memory. */
#include "sim/memory.h"

#include <stdlib.h>
#include <string.h>

#define HOST_PAGE  4096u
#define FLASH_FILL 0xff

bool memory_add(struct memory *memory, uint32_t base, uint32_t bytes, bool writable)
{
    size_t rounded = (bytes + HOST_PAGE - 1u) / HOST_PAGE * HOST_PAGE;
    uint8_t *host = memory->count < MEMORY_RANGES ? aligned_alloc(HOST_PAGE, rounded) : NULL;

    if (host == NULL) {
        return false;
    }
    memset(host, writable ? 0 : FLASH_FILL, rounded);
    memory->range[memory->count] = (struct memory_range){base, bytes, host, writable};
    memory->count++;
    return true;
}

void memory_free(struct memory *memory)
{
    for (uint32_t i = 0; i < memory->count; i++) {
        free(memory->range[i].host);
    }
    memory->count = 0;
}

void memory_clear_ram(struct memory *memory)
{
    for (uint32_t i = 0; i < memory->count; i++) {
        if (memory->range[i].writable) {
            memset(memory->range[i].host, 0, memory->range[i].bytes);
        }
    }
}
