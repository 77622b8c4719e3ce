/* UART 1 and LED 1 of MPS2 AN505. */
#include "line.h"

#include <stdint.h>

#include "k5_log.h"
#include "k5_task.h"

#define WORD(base, offset) (*(volatile uint32_t *)((uintptr_t)(base) + (offset)))

#define DATA    WORD(REGION_LINE, 0x00)
#define STATE   WORD(REGION_LINE, 0x04)
#define CTRL    WORD(REGION_LINE, 0x08)
#define INT     WORD(REGION_LINE, 0x0c)
#define BAUDDIV WORD(REGION_LINE, 0x10)
#define LED     WORD(REGION_PANEL, 0x00)

void line_start(void)
{
    BAUDDIV = 174; /* 115,200 baud */
    CTRL = 0x0b;   /* send, receive, an interrupt for the latter */
}

bool line_put(char character)
{
    bool room = (STATE & 1u) == 0;

    if (room) {
        DATA = (uint8_t)character;
    }
    return room;
}

bool line_get(char *character)
{
    bool there = (STATE & 2u) != 0;

    if (there) {
        *character = (char)DATA;
    }
    return there;
}

void line_clear(void)
{
    INT = 2u;
}

void line_drain(void)
{
    while ((STATE & 1u) != 0) {
    }
}

void line_show(void)
{
    LED = 2u;
    K5_INFO("the lamps are %u", LED);
}
