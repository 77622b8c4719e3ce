/* QEMU's virt machine. */
#pragma once

#define UART_CLOCK_HZ 3686400u /* what its device tree says */
