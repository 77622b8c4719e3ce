/*
 * Flash memory of STM32L552xE/L562xE, TZEN = 0: its controller, and the last 64 KiB
 * of its array, which hang on it. Source: RM0438, chapter "Embedded flash memory
 * (FLASH)"; times from the data sheets, typical. Status: docs/peripherals/stm32-flash.md.
 *
 * Dual bank (OPTR.DBANK = 1, as delivered): pages of 2 KiB, 128 in each bank; the
 * array is pages 96 to 127 of bank 2. All others hold the image, outside of this
 * model, and are write-protected by the option bytes. The array's bytes are the
 * controller's memory. What an operation changes, it changes in two halves: one
 * when it begins, one when it ends. So a reset in between leaves what is torn.
 */
#include "sim/device.h"

#include <stddef.h>

#define ARRAY_BYTES   0x10000u
#define PAGE_BYTES    0x800u
#define BANK_PAGES    128u
#define FIRST_PAGE    (2u * BANK_PAGES - ARRAY_BYTES / PAGE_BYTES) /* of the array; both banks' */
#define PROGRAM_NS    81700u
#define ERASE_PAGE_NS 22000000u
#define NS_PER_S      UINT64_C(1000000000)
#define NSKEYR_KEY_1  0x45670123u
#define NSKEYR_KEY_2  0xcdef89abu
#define ERASED        UINT32_MAX

enum {
    R_ACR,
    R_PDKEYR,
    R_NSKEYR,
    R_OPTKEYR,
    R_LVEKEYR,
    R_NSSR,
    R_NSCR,
    R_ECCR,
    R_OPTR,
    R_NSBOOTADD0R,
    R_NSBOOTADD1R,
    R_WRP1AR,
    R_WRP1BR,
    R_WRP2AR,
    R_WRP2BR,
    R_PRIVCFGR,
    R_COUNT
};

#define NSSR_EOP     (1u << 0)
#define NSSR_OPERR   (1u << 1)
#define NSSR_PROGERR (1u << 3)
#define NSSR_WRPERR  (1u << 4)
#define NSSR_PGAERR  (1u << 5)
#define NSSR_SIZERR  (1u << 6)
#define NSSR_PGSERR  (1u << 7)
#define NSSR_OPTWERR (1u << 13)
#define NSSR_BSY     (1u << 16)
#define NSSR_ERRORS  (NSSR_PROGERR | NSSR_WRPERR | NSSR_PGAERR | NSSR_SIZERR | NSSR_PGSERR)
#define NSSR_W1C     (NSSR_EOP | NSSR_OPERR | NSSR_ERRORS | NSSR_OPTWERR)

#define NSCR_PG      (1u << 0)
#define NSCR_PER     (1u << 1)
#define NSCR_MER1    (1u << 2)
#define NSCR_PNB     (0x7fu << 3)
#define NSCR_BKER    (1u << 11)
#define NSCR_MER2    (1u << 15)
#define NSCR_STRT    (1u << 16)
#define NSCR_EOPIE   (1u << 24)
#define NSCR_ERRIE   (1u << 25)
#define NSCR_OPTLOCK (1u << 30)
#define NSCR_LOCK    (1u << 31)
#define NSCR_MISSING (1u << 17 | 1u << 27) /* OPTSTRT, OBL_LAUNCH */
#define NSCR_ERASES  (NSCR_PER | NSCR_MER1 | NSCR_MER2)
#define NSCR_ALL                                                                                   \
    (NSCR_PG | NSCR_ERASES | NSCR_PNB | NSCR_BKER | NSCR_STRT | NSCR_EOPIE | NSCR_ERRIE |          \
     NSCR_OPTLOCK | NSCR_LOCK)

#define WRP_PAGES(first, last) (0xff80ff80u | (first) | (last) << 16)
#define WRP_NONE               WRP_PAGES(0x7fu, 0u)

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*                 offset name           reset       write     w1c       unmodelled */
    [R_ACR]         = {0x00, "ACR",         0,          0xf,      0,        0xe000},
    [R_PDKEYR]      = {0x04, "PDKEYR",      0,          0,        0,        UINT32_MAX},
    [R_NSKEYR]      = {0x08, "NSKEYR",      0,          UINT32_MAX, 0,      0},
    [R_OPTKEYR]     = {0x10, "OPTKEYR",     0,          0,        0,        UINT32_MAX},
    [R_LVEKEYR]     = {0x14, "LVEKEYR",     0,          0,        0,        UINT32_MAX},
    [R_NSSR]        = {0x20, "NSSR",        0,          0,        NSSR_W1C, 0},
    [R_NSCR]        = {0x28, "NSCR",        NSCR_LOCK | NSCR_OPTLOCK, NSCR_ALL, 0, NSCR_MISSING},
    [R_ECCR]        = {0x30, "ECCR",        0,          0,        0,        UINT32_MAX},
    [R_OPTR]        = {0x40, "OPTR",        0x7feff8aa, 0,        0,        UINT32_MAX},
    [R_NSBOOTADD0R] = {0x44, "NSBOOTADD0R", 0x0800007f, 0,        0,        UINT32_MAX},
    [R_NSBOOTADD1R] = {0x48, "NSBOOTADD1R", 0x0bf9007f, 0,        0,        UINT32_MAX},
    [R_WRP1AR]      = {0x58, "WRP1AR",      WRP_PAGES(0u, 127u), 0, 0,      UINT32_MAX},
    [R_WRP1BR]      = {0x5c, "WRP1BR",      WRP_NONE,   0,        0,        UINT32_MAX},
    [R_WRP2AR]      = {0x68, "WRP2AR",      WRP_PAGES(0u, FIRST_PAGE - BANK_PAGES - 1u), 0, 0, UINT32_MAX},
    [R_WRP2BR]      = {0x6c, "WRP2BR",      WRP_NONE,   0,        0,        UINT32_MAX},
    [R_PRIVCFGR]    = {0xc4, "PRIVCFGR",    0,          0,        0,        UINT32_MAX},
};
/* clang-format on */

enum { V_PROGRAM_ERROR, V_ERASE_ERROR, V_COUNT };

static const char *const value_names[V_COUNT] = {"program_error", "erase_error"};

enum {
    S_KEYS,      /* enum keys */
    S_OPERATION, /* enum operation */
    S_OFFSET,    /* of what it changes, in the array */
    S_FIRST,     /* there is a first word, which waits for the second of its double word, */
    S_FIRST_AT,  /* at this offset, */
    S_WORD,      /* it; then, while that is programmed, the second one */
    S_NSCR,      /* written while busy: the chip's bus would wait */
    S_HAS_NSCR,
};

enum keys { KEYS_NONE, KEYS_FIRST, KEYS_WRONG };
enum operation { OPERATION_NONE, OPERATION_PROGRAM, OPERATION_ERASE };

/* ---------------------------------------------------------------- array */

static uint32_t load_bytes(const struct device *d, uint32_t offset, uint32_t bytes)
{
    uint32_t value = 0;

    for (uint32_t i = 0; i < bytes; i++) {
        value |= (uint32_t)d->memory[offset + i] << 8u * i;
    }
    return value;
}

static void store_word(struct device *d, uint32_t offset, uint32_t value)
{
    for (uint32_t i = 0; i < 4; i++) {
        d->memory[offset + i] = (uint8_t)(value >> 8u * i);
    }
}

static void erase_bytes(struct device *d, uint32_t offset, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++) {
        d->memory[offset + i] = 0xff;
    }
}

/* ---------------------------------------------------------------- operations */

static void refuse(struct device *d, uint32_t error)
{
    d->reg[R_NSSR] |= error;
    d->reg[R_NSSR] |= (d->reg[R_NSCR] & NSCR_ERRIE) != 0 ? NSSR_OPERR : 0;
    d->state[S_FIRST] = 0;
}

static bool is_busy(const struct device *d)
{
    return (d->reg[R_NSSR] & NSSR_BSY) != 0;
}

static void begin(struct device *d, enum operation operation, uint32_t offset, uint64_t ns)
{
    d->state[S_OPERATION] = operation;
    d->state[S_OFFSET] = offset;
    d->reg[R_NSSR] |= NSSR_BSY;
    d->event_at = d->now + (ns * d->tick_hz + NS_PER_S - 1u) / NS_PER_S;
}

static bool is_protected(const struct device *d, uint32_t page)
{
    uint32_t first = page < BANK_PAGES ? R_WRP1AR : R_WRP2AR;

    for (uint32_t r = first; r <= first + 1u; r++) {
        uint32_t in_bank = page % BANK_PAGES;

        if (in_bank >= (d->reg[r] & 0x7f) && in_bank <= (d->reg[r] >> 16 & 0x7f)) {
            return true;
        }
    }
    return false;
}

static bool is_bank_protected(const struct device *d, uint32_t bank)
{
    for (uint32_t page = bank * BANK_PAGES; page < (bank + 1u) * BANK_PAGES; page++) {
        if (is_protected(d, page)) {
            return true;
        }
    }
    return false;
}

/* NSCR.STRT. One page, or a bank or both; not with PG, nor with errors that nobody cleared. Banks
 * with a page that is write-protected are not erased: none of these has none. */
static void start_erase(struct device *d)
{
    uint32_t nscr = d->reg[R_NSCR];
    bool one_page = (nscr & NSCR_ERASES) == NSCR_PER;
    bool banks = (nscr & NSCR_PER) == 0 && (nscr & NSCR_ERASES) != 0;
    uint32_t page = ((nscr & NSCR_PNB) >> 3) + ((nscr & NSCR_BKER) != 0 ? BANK_PAGES : 0);

    d->reg[R_NSCR] &= ~NSCR_STRT;
    if ((nscr & NSCR_PG) != 0 || one_page == banks || (d->reg[R_NSSR] & NSSR_ERRORS) != 0) {
        refuse(d, NSSR_PGSERR);
    } else if (one_page ? is_protected(d, page)
                        : ((nscr & NSCR_MER1) != 0 && is_bank_protected(d, 0)) ||
                              ((nscr & NSCR_MER2) != 0 && is_bank_protected(d, 1))) {
        refuse(d, NSSR_WRPERR);
    } else {
        uint32_t offset = (page - FIRST_PAGE) * PAGE_BYTES;

        d->reg[R_NSCR] |= NSCR_STRT;
        begin(d, OPERATION_ERASE, offset, ERASE_PAGE_NS);
        erase_bytes(d, offset, PAGE_BYTES / 2u);
    }
}

/* Both words are there. What is not erased may only become all zeros. */
static void start_program(struct device *d, uint32_t offset, uint32_t second)
{
    uint32_t first = (uint32_t)d->state[S_WORD];
    bool erased = load_bytes(d, offset, 4) == ERASED && load_bytes(d, offset + 4u, 4) == ERASED;

    d->state[S_FIRST] = 0;
    if (!erased && (first | second) != 0) {
        refuse(d, NSSR_PROGERR);
        return;
    }
    d->state[S_WORD] = second;
    begin(d, OPERATION_PROGRAM, offset, PROGRAM_NS);
    store_word(d, offset, first);
}

/* A store to the array: the first or the second word of a double word. */
static void program(struct device *d, uint32_t offset, uint32_t bytes, uint32_t value)
{
    uint32_t mode = d->reg[R_NSCR] & (NSCR_PG | NSCR_ERASES);
    bool second = d->state[S_FIRST] != 0;

    if (is_busy(d) || mode != NSCR_PG || (d->reg[R_NSSR] & NSSR_ERRORS) != 0) {
        refuse(d, NSSR_PGSERR);
    } else if (bytes != 4) {
        refuse(d, NSSR_SIZERR);
    } else if (second ? offset != d->state[S_FIRST_AT] + 4u : offset % 8u != 0) {
        refuse(d, NSSR_PGAERR);
    } else if (second) {
        start_program(d, offset - 4u, value);
    } else {
        d->state[S_FIRST] = 1;
        d->state[S_FIRST_AT] = offset;
        d->state[S_WORD] = value;
    }
}

/* Takes one of the errors that the outside wants, if there is any. */
static bool take(struct device *d, unsigned v)
{
    bool wanted = d->value[v] > 0;

    d->value[v] -= wanted;
    return wanted;
}

/* The second half; not if it is to fail. */
static void finish(struct device *d)
{
    uint32_t offset = (uint32_t)d->state[S_OFFSET];

    if (d->state[S_OPERATION] == OPERATION_PROGRAM) {
        if (take(d, V_PROGRAM_ERROR)) {
            refuse(d, NSSR_PROGERR);
            return;
        }
        store_word(d, offset + 4u, (uint32_t)d->state[S_WORD]);
    } else {
        if (take(d, V_ERASE_ERROR)) {
            refuse(d, 0); /* OPERR has to do */
            return;
        }
        erase_bytes(d, offset + PAGE_BYTES / 2u, PAGE_BYTES / 2u);
    }
    d->reg[R_NSSR] |= (d->reg[R_NSCR] & NSCR_EOPIE) != 0 ? NSSR_EOP : 0;
}

/* ---------------------------------------------------------------- registers */

/* The first wrong key locks NSCR until the next reset. */
static void unlock(struct device *d)
{
    uint32_t key = d->access_bytes == 4 ? d->reg[R_NSKEYR] : 0;

    d->reg[R_NSKEYR] = 0;
    if ((d->reg[R_NSCR] & NSCR_LOCK) == 0 || d->state[S_KEYS] == KEYS_WRONG) {
        return;
    }
    if (d->state[S_KEYS] == KEYS_NONE && key == NSKEYR_KEY_1) {
        d->state[S_KEYS] = KEYS_FIRST;
    } else if (d->state[S_KEYS] == KEYS_FIRST && key == NSKEYR_KEY_2) {
        d->state[S_KEYS] = KEYS_NONE;
        d->reg[R_NSCR] &= ~NSCR_LOCK;
    } else {
        d->state[S_KEYS] = KEYS_WRONG;
    }
}

/* Locks are set by writing 1, and by nothing cleared here. */
static void set_nscr(struct device *d, uint32_t value, uint32_t old)
{
    if ((old & NSCR_LOCK) != 0) {
        d->reg[R_NSCR] = old;
        return;
    }
    d->reg[R_NSCR] = value | (old & NSCR_OPTLOCK);
    if ((value & NSCR_PG) == 0) {
        d->state[S_FIRST] = 0;
    }
    if ((value & NSCR_STRT) != 0) {
        start_erase(d);
    }
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    if (r == R_NSKEYR) {
        unlock(d);
    } else if (r == R_NSCR && is_busy(d)) {
        d->state[S_NSCR] = d->reg[R_NSCR];
        d->state[S_HAS_NSCR] = 1;
        d->reg[R_NSCR] = old;
    } else if (r == R_NSCR) {
        set_nscr(d, d->reg[R_NSCR], old);
    }
}

static void event(struct device *d)
{
    finish(d);
    d->state[S_OPERATION] = OPERATION_NONE;
    d->reg[R_NSSR] &= ~NSSR_BSY;
    d->reg[R_NSCR] &= ~NSCR_STRT;
    if (d->state[S_HAS_NSCR] != 0) {
        d->state[S_HAS_NSCR] = 0;
        set_nscr(d, (uint32_t)d->state[S_NSCR], d->reg[R_NSCR]);
    }
}

static uint32_t raises(const struct device *d)
{
    uint32_t wanted = (d->reg[R_NSCR] & NSCR_EOPIE) != 0 ? NSSR_EOP : 0;

    wanted |= (d->reg[R_NSCR] & NSCR_ERRIE) != 0 ? NSSR_OPERR : 0;
    return (d->reg[R_NSSR] & wanted) != 0;
}

const struct device_model stm32_flash_model = {
    .name = "stm32-flash",
    .bytes = 0x400,
    .registers = registers,
    .register_count = R_COUNT,
    .access = DEVICE_ANY_SIZE,
    .memory_bytes = ARRAY_BYTES,
    .memory_stays = true,
    .values = value_names,
    .value_count = V_COUNT,
    .written = written,
    .event = event,
    .raises = raises,
};

/* ---------------------------------------------------------------- the array's own side */

/* Its controller, at the array's time; NULL: the board has put it elsewhere. */
static struct device *controller_of(struct device *d)
{
    struct device *controller = device_parent(d);

    if (controller == NULL || controller->model != &stm32_flash_model) {
        return NULL;
    }
    controller->now = d->now;
    return controller;
}

/* While the controller is busy the chip's bus would wait; this shows what is there just now. */
static bool load(struct device *d, uint32_t offset, uint32_t bytes, uint32_t *value)
{
    const struct device *controller = controller_of(d);

    if (controller != NULL) {
        *value = load_bytes(controller, offset, bytes);
    }
    return controller != NULL;
}

static bool store(struct device *d, uint32_t offset, uint32_t bytes, uint32_t value)
{
    struct device *controller = controller_of(d);

    if (controller != NULL) {
        program(controller, offset, bytes, value);
    }
    return controller != NULL;
}

const struct device_model stm32_flash_array_model = {
    .name = "stm32-flash-array",
    .bytes = ARRAY_BYTES,
    .load = load,
    .store = store,
};
