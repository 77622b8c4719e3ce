/* Is this a board that can be simulated? */
#include "sim/board.h"

#include <stdio.h>

#include "sim/machine.h"

#define MOST_ENTRIES 8u /* of the protection unit: as many as the smallest chip has */

/* ---------------------------------------------------------------- memories */

static bool overlaps(const struct k5sim_board *board, size_t i)
{
    const struct k5sim_memory *m = &board->memory[i];

    for (size_t k = 0; k < i; k++) {
        const struct k5sim_memory *other = &board->memory[k];

        if (m->base - other->base < other->bytes || other->base - m->base < m->bytes) {
            return true;
        }
    }
    return false;
}

/* Whole pages, below the windows that the guest CPU has for itself. */
static bool check_memory(const struct k5sim_board *board, size_t i, enum cpu_model model)
{
    const struct k5sim_memory *m = &board->memory[i];
    uint32_t page = cpu_page(model);
    uint32_t top = cpu_memory_end(model);

    return m->bytes != 0 && m->base % page == 0 && m->bytes % page == 0 && m->base < top &&
           m->bytes <= top - m->base && !overlaps(board, i);
}

static bool check_memories(const struct k5sim_board *board, enum cpu_model model, char *error,
                           size_t bytes)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < board->memory_count; i++) {
        const struct k5sim_memory *m = &board->memory[i];

        if (!check_memory(board, i, model)) {
            snprintf(error, bytes,
                     "board: memory 0x%08x + 0x%x overlaps another, is not made of "
                     "%u KiB pages or reaches 0x%08x",
                     (unsigned)m->base, (unsigned)m->bytes, (unsigned)cpu_page(model) / 1024u,
                     (unsigned)cpu_memory_end(model));
            return false;
        }
        sum += m->bytes;
    }
    if (sum > CPU_MEMORY_MOST) {
        snprintf(error, bytes, "board: memories of 0x%llx bytes, together at most 0x%x",
                 (unsigned long long)sum, (unsigned)CPU_MEMORY_MOST);
    }
    return sum <= CPU_MEMORY_MOST;
}

/* ---------------------------------------------------------------- all of it */

bool board_check(const struct k5sim_board *board, char *error, size_t bytes)
{
    const struct guest *guest = guest_find(board->cpu);

    if (guest == NULL) {
        snprintf(error, bytes,
                 "board: CPU '%s' is not simulated; cortex-m33, rv32 and sifive-e31 are",
                 board->cpu == NULL ? "" : board->cpu);
        return false;
    }
    if (board->mpu_regions < 1 || board->mpu_regions > MOST_ENTRIES || board->ticks_per_insn < 1 ||
        board->memory == NULL || board->memory_count < 1 || board->memory_count > HOSTPORT_RANGES) {
        snprintf(error, bytes,
                 "board: %u MPU regions (1 to %u), %u ticks an instruction (1 or "
                 "more), %zu memories (1 to %u)",
                 (unsigned)board->mpu_regions, MOST_ENTRIES, (unsigned)board->ticks_per_insn,
                 board->memory_count, HOSTPORT_RANGES);
        return false;
    }
    return check_memories(board, guest->model, error, bytes) &&
           board_check_devices(board, cpu_page(guest->model), error, bytes);
}
