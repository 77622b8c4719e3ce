/* Flash of STM32L5 with TZEN = 0 (RM0438, chapter "Embedded flash memory (FLASH)"): the part of it
 * that holds no code. Two words at once, pages of 2 or 4 KiB.
 */
#include "driver_mmio.h"
#include "k5_log.h"
#include "k5_task.h"
#include "storage_hw.h"

#define NSKEYR MMIO32(REGION_FLASH, 0x08)
#define NSSR   MMIO32(REGION_FLASH, 0x20)
#define NSCR   MMIO32(REGION_FLASH, 0x28)
#define OPTR   MMIO32(REGION_FLASH, 0x40)

#define KEY1 0x45670123u
#define KEY2 0xcdef89abu

#define NSSR_EOP    (1u << 0)
#define NSSR_ERRORS (1u << 1 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7)
#define NSSR_BSY    (1u << 16)
#define NSCR_PG     (1u << 0)
#define NSCR_PER    (1u << 1)
#define NSCR_PNB(n) ((n) << 3)
#define NSCR_BKER   (1u << 11)
#define NSCR_STRT   (1u << 16)
#define NSCR_EOPIE  (1u << 24)
#define NSCR_ERRIE  (1u << 25)
#define NSCR_LOCK   (1u << 31)
#define OPTR_DBANK  (1u << 22)

#define FLASH_BASE  0x08000000u
#define BANK_BYTES  0x40000u
#define DUAL_PAGE   2048u
#define SINGLE_PAGE 4096u
#define UNIT_BYTES  8u
#define ERASE_US    100000u /* data sheet: a page takes 22 ms, at most 24.5 */
#define PROGRAM_US  2000u   /* 90 us */
#define READY_BIT   1u

static uint32_t page_bytes;

static enum k5_error rest(uint32_t us)
{
    uint64_t limit = driver_limit(us);

    while ((NSSR & NSSR_BSY) != 0) {
        if (driver_late(limit)) {
            return K5_E_TIMEOUT;
        }
    }
    return K5_OK;
}

/* Unlocked while it works, and only then: a wild store must not reach the controller's state. */
static enum k5_error begin(uint32_t command)
{
    enum k5_error error = rest(ERASE_US);

    if (error != K5_OK) {
        return error;
    }
    if ((NSCR & NSCR_LOCK) != 0) {
        NSKEYR = KEY1;
        NSKEYR = KEY2;
    }
    NSSR = NSSR_EOP | NSSR_ERRORS;
    NSCR = command;
    return (NSCR & NSCR_LOCK) == 0 ? K5_OK : K5_E_IO;
}

static enum k5_error end(enum k5_error error)
{
    uint32_t status = NSSR;

    NSSR = NSSR_EOP | NSSR_ERRORS;
    NSCR = NSCR_LOCK;
    if (error == K5_OK && (status & NSSR_ERRORS) != 0) {
        K5_WARN("flash refuses: status %#x", status);
        error = K5_E_IO;
    }
    return error;
}

void storage_hw_start(struct storage_info *info)
{
    (void)rest(ERASE_US); /* what an earlier incarnation began */
    NSSR = NSSR_EOP | NSSR_ERRORS;
    if ((NSCR & NSCR_LOCK) == 0) {
        NSCR = NSCR_LOCK;
    }
    driver_acknowledge(CAP_INTERRUPT);
    page_bytes = (OPTR & OPTR_DBANK) != 0 ? DUAL_PAGE : SINGLE_PAGE;
    *info = (struct storage_info){
        .bytes = REGION_FLASHDATA_BYTES,
        .erase_bytes = page_bytes,
        .program_bytes = UNIT_BYTES,
    };
}

/* It takes long, so the interrupt says when it is over, and others run meanwhile. */
enum k5_error storage_hw_erase_page(uint32_t offset)
{
    uint32_t address = (uint32_t)(uintptr_t)REGION_FLASHDATA - FLASH_BASE + offset;
    uint32_t command = NSCR_PER;
    uint32_t bits;
    enum k5_error error;

    if (page_bytes == DUAL_PAGE && address >= BANK_BYTES) {
        address -= BANK_BYTES;
        command |= NSCR_BKER;
    }
    command |= NSCR_PNB(address / page_bytes) | NSCR_EOPIE | NSCR_ERRIE;
    error = begin(command);
    if (error == K5_OK) {
        NSCR = command | NSCR_STRT;
        error = k5_wait_until(CAP_EVENTS, READY_BIT, k5_deadline_in_us(ERASE_US), &bits);
        error = error == K5_OK || error == K5_E_TIMEOUT ? rest(0) : error;
    }
    error = end(error);
    driver_acknowledge(CAP_INTERRUPT); /* behind end(), which lowers the line */
    return error;
}

/* The second word starts it. */
enum k5_error storage_hw_program(uint32_t offset, const void *unit)
{
    const uint32_t *words = unit;
    enum k5_error error = begin(NSCR_PG);

    if (error == K5_OK) {
        MMIO32(REGION_FLASHDATA, offset) = words[0];
        MMIO32(REGION_FLASHDATA, offset + 4u) = words[1];
        error = rest(PROGRAM_US);
    }
    return end(error);
}

const volatile void *storage_hw_at(uint32_t offset)
{
    return &REGION_FLASHDATA[offset];
}
