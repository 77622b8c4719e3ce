/* QEMU's sifive_e, as HiFive1 rev B: FE310-G002 Manual, and the board's schematics. */
#pragma once

#include "k5_board.h"

#define UART_CLOCK_HZ 16000000u

#define GPIO_PACKAGE_PINS 0x00ff3e3fu /* 0 to 5, 9 to 13, 16 to 23 */
#define GPIO_INTERRUPTS                                                                            \
    {0, CAP_GPIO0}, {1, CAP_GPIO1}, {2, CAP_GPIO2}, {3, CAP_GPIO3}, {4, CAP_GPIO4},                \
        {5, CAP_GPIO5}, {9, CAP_GPIO9}, {10, CAP_GPIO10}, {11, CAP_GPIO11}, {12, CAP_GPIO12},      \
        {13, CAP_GPIO13}, {16, CAP_GPIO16}, {17, CAP_GPIO17}, {18, CAP_GPIO18}, {19, CAP_GPIO19},  \
        {20, CAP_GPIO20}, {21, CAP_GPIO21}, {22, CAP_GPIO22},                                      \
    {                                                                                              \
        23, CAP_GPIO23                                                                             \
    }
