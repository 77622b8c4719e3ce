/* A timer of STM32 with its channels at pins, for its tests. */
#pragma once

#include "tests/sim/support/device_kit.h"

enum { D_TIM, D_GPIO };

enum {
    CR1 = 0x00,
    CR2 = 0x04,
    SMCR = 0x08,
    DIER = 0x0c,
    SR = 0x10,
    EGR = 0x14,
    CCMR1 = 0x18,
    CCMR2 = 0x1c,
    CCER = 0x20,
    CNT = 0x24,
    PSC = 0x28,
    ARR = 0x2c,
    CCR1 = 0x34,
    CCR2 = 0x38,
    CCR3 = 0x3c,
    CCR4 = 0x40,
    OR2 = 0x60,
};

enum { CEN = 1, UDIS = 2, URS = 4, OPM = 8, DIR = 16, CMS = 0x60, ARPE = 0x80, UIFREMAP = 0x800 };

#define LINE 46u

/* Its channels are alternate function 2 of PA0 to PA3; PA4 to PA7 are its inputs. */
static const struct k5sim_device devices[] = {
    {.model = "stm32-tim", .name = "tim3", .base = 0x40000400, .line = {LINE}, .line_count = 1},
    {.model = "stm32-gpio", .name = "gpioa", .base = 0x42020000},
};
static const struct k5sim_wire wires[] = {
    {"tim3", 0, "gpioa", 48}, {"tim3", 1, "gpioa", 49}, {"tim3", 2, "gpioa", 50},
    {"tim3", 3, "gpioa", 51}, {"gpioa", 4, "tim3", 0},  {"gpioa", 5, "tim3", 1},
    {"gpioa", 6, "tim3", 2},  {"gpioa", 7, "tim3", 3},
};
static const struct k5sim_pin pins[] = {
    {"PA0", "gpioa", 0, -1}, {"PA1", "gpioa", 1, -1}, {"PA2", "gpioa", 2, -1},
    {"PA3", "gpioa", 3, -1}, {"PA4", "gpioa", 4, -1}, {"PA5", "gpioa", 5, -1},
    {"PA6", "gpioa", 6, -1}, {"PA7", "gpioa", 7, -1},
};

static inline struct k5sim *open_timer(void)
{
    struct k5sim *sim = kit_open(&(struct kit_board){devices, 2, wires, 8, pins, 8});

    kit_write(sim, D_GPIO, 0x00, 0xffff00aa); /* 0 to 3 alternate, 4 to 7 input */
    kit_write(sim, D_GPIO, 0x20, 0x00002222);
    return sim;
}

static inline uint32_t get(struct k5sim *sim, uint32_t offset)
{
    return kit_read(sim, D_TIM, offset);
}

static inline void set(struct k5sim *sim, uint32_t offset, uint32_t value)
{
    kit_write(sim, D_TIM, offset, value);
}
