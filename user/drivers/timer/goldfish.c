/* The Goldfish RTC of QEMU's virt machine: nanoseconds, 64 bits (hw/rtc/goldfish_rtc.c). */
#include "driver_mmio.h"
#include "k5_task.h"
#include "timer_hw.h"

#define TIME_LOW        MMIO32(REGION_TIMER, 0x00) /* latches TIME_HIGH */
#define TIME_HIGH       MMIO32(REGION_TIMER, 0x04)
#define ALARM_LOW       MMIO32(REGION_TIMER, 0x08) /* a write sets the alarm */
#define ALARM_HIGH      MMIO32(REGION_TIMER, 0x0c)
#define IRQ_ENABLED     MMIO32(REGION_TIMER, 0x10)
#define CLEAR_ALARM     MMIO32(REGION_TIMER, 0x14)
#define CLEAR_INTERRUPT MMIO32(REGION_TIMER, 0x1c)

void timer_hw_start(void)
{
    timer_hw_clear();
    timer_hw_acknowledge();
}

void timer_hw_set(uint32_t us)
{
    uint64_t at = TIME_LOW;

    at |= (uint64_t)TIME_HIGH << 32;
    at += us * UINT64_C(1000);
    IRQ_ENABLED = 1;
    ALARM_HIGH = (uint32_t)(at >> 32);
    ALARM_LOW = (uint32_t)at;
}

void timer_hw_clear(void)
{
    CLEAR_ALARM = 1;
    CLEAR_INTERRUPT = 1;
}

void timer_hw_acknowledge(void)
{
    driver_acknowledge(CAP_INTERRUPT);
}
