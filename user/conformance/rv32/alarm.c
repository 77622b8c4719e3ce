/* The Goldfish RTC of QEMU's virt machine: nanoseconds, 64 bits (hw/rtc/goldfish_rtc.c). */
#include "alarm.h"

#include "k5_task.h"

#define REG(offset)     (*(volatile uint32_t *)&REGION_ALARM[offset])
#define TIME_LOW        REG(0x00) /* latches TIME_HIGH */
#define TIME_HIGH       REG(0x04)
#define ALARM_LOW       REG(0x08) /* a write sets the alarm */
#define ALARM_HIGH      REG(0x0c)
#define IRQ_ENABLED     REG(0x10)
#define CLEAR_ALARM     REG(0x14)
#define CLEAR_INTERRUPT REG(0x1c)

void alarm_set(uint32_t us)
{
    uint64_t at = TIME_LOW;

    at |= (uint64_t)TIME_HIGH << 32;
    at += us * UINT64_C(1000);
    IRQ_ENABLED = 1;
    ALARM_HIGH = (uint32_t)(at >> 32);
    ALARM_LOW = (uint32_t)at;
}

void alarm_clear(void)
{
    CLEAR_ALARM = 1;
    CLEAR_INTERRUPT = 1;
}
