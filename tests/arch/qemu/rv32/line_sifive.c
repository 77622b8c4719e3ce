/* UART 1 and the LEDs of QEMU's sifive_e, which has those of HiFive1. */
#include <stdint.h>

#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"
#include "line.h"

#define WORD(base, offset) (*(volatile uint32_t *)((uintptr_t)(base) + (offset)))

#define TXDATA WORD(REGION_LINE, 0x00)
#define RXDATA WORD(REGION_LINE, 0x04)
#define TXCTRL WORD(REGION_LINE, 0x08)
#define RXCTRL WORD(REGION_LINE, 0x0c)
#define IE     WORD(REGION_LINE, 0x10)
#define IP     WORD(REGION_LINE, 0x14)
#define DIV    WORD(REGION_LINE, 0x18)

#define INPUT_VAL  WORD(REGION_PANEL, 0x00)
#define INPUT_EN   WORD(REGION_PANEL, 0x04)
#define OUTPUT_EN  WORD(REGION_PANEL, 0x08)
#define OUTPUT_VAL WORD(REGION_PANEL, 0x0c)

/* Lit by a 0. */
#define GREEN (UINT32_C(1) << 19)
#define BLUE  (UINT32_C(1) << 21)
#define RED   (UINT32_C(1) << 22)

#define FULL_OR_EMPTY (UINT32_C(1) << 31)

void line_start(void)
{
    DIV = 138;              /* 16 MHz / 115,200 baud - 1 */
    TXCTRL = 1u | 1u << 16; /* its watermark says whether the FIFO is empty */
    RXCTRL = 1u;
    IE = 2u;
}

bool line_put(char character)
{
    bool room = (TXDATA & FULL_OR_EMPTY) == 0;

    if (room) {
        TXDATA = (uint8_t)character;
    }
    return room;
}

bool line_get(char *character)
{
    uint32_t taken = RXDATA; /* a look takes it out */
    bool there = (taken & FULL_OR_EMPTY) == 0;

    if (there) {
        *character = (char)taken;
    }
    return there;
}

void line_clear(void)
{
}

/* No flag tells of the shift register: the FIFO is empty, and then a frame. */
void line_drain(void)
{
    while ((IP & 1u) == 0) {
    }
    k5_sleep_us(100);
}

void line_show(void)
{
    OUTPUT_VAL = GREEN | RED;
    OUTPUT_EN = GREEN | BLUE | RED;
    INPUT_EN = GREEN | BLUE | RED;
    uint32_t dark = INPUT_VAL;

    K5_INFO("the lamps are %u",
            (dark & GREEN ? 0 : 1u) | (dark & BLUE ? 0 : 2u) | (dark & RED ? 0 : 4u));
}
