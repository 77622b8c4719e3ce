/* Storage: pages, units, and what is programmed once only. */
#include "check.h"
#include "k5_string.h"
#include "k5_task.h"
#include "storage.h"

#define BYTES 64u

static uint8_t data[BYTES] __attribute__((aligned(32)));
static uint8_t back[BYTES] __attribute__((aligned(32)));

static void check_ranges(const struct storage_info *info)
{
    check_error("erase no page", storage_erase(CAP_STORAGE, 0, 100), K5_E_INVALID);
    check_error("erase half of two", storage_erase(CAP_STORAGE, 1024, info->erase_bytes),
                K5_E_INVALID);
    check_error("erase behind the end", storage_erase(CAP_STORAGE, info->bytes, info->erase_bytes),
                K5_E_INVALID);
    check_error("program across the end",
                storage_program(CAP_STORAGE, info->bytes - 32u, data, BYTES), K5_E_INVALID);
    check_error("program no unit", storage_program(CAP_STORAGE, 4, data, BYTES), K5_E_INVALID);
    check_error("read around the address space",
                storage_read(CAP_STORAGE, 0xfffffff0u, back, BYTES), K5_E_INVALID);
    check_error("read into nothing", storage_read(CAP_STORAGE, 0, back + 8, 32), K5_E_ALIGNMENT);
}

void check_storage(void)
{
    struct storage_info info = {0};
    uint32_t last;

    check_error("info", storage_info(CAP_STORAGE, &info), K5_OK);
    check_that("its size", info.bytes == 65536u && info.program_bytes == 8u);
    check_ranges(&info);
    last = info.bytes - info.erase_bytes;
    for (uint32_t i = 0; i < BYTES; i++) {
        data[i] = (uint8_t)(i * 7u);
    }
    check_error("erase", storage_erase(CAP_STORAGE, last, info.erase_bytes), K5_OK);
    check_error("program", storage_program(CAP_STORAGE, last + 8u, data, BYTES), K5_OK);
    check_error("read", storage_read(CAP_STORAGE, last + 8u, back, BYTES), K5_OK);
    check_that("the same", memcmp(data, back, BYTES) == 0);
    check_error("program it again", storage_program(CAP_STORAGE, last + 8u, data, BYTES), K5_E_IO);
    check_error("it still works", storage_program(CAP_STORAGE, last + 512u, data, BYTES), K5_OK);
    check_error("erase again", storage_erase(CAP_STORAGE, last, info.erase_bytes), K5_OK);
    check_error("read again", storage_read(CAP_STORAGE, last + 8u, back, BYTES), K5_OK);
    check_that("all ones", back[0] == 0xff && back[BYTES - 1u] == 0xff);
}
