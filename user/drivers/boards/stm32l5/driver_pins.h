/* STM32L552ZE/L562QE on NUCLEO-L552ZE-Q: where devices are connected. Functions: data sheet, tables
 * "Alternate function"; pins: user manual UM2581.
 */
#pragma once

#include "k5_board.h"

#define UART_TX_PIN       PIN_PG9
#define UART_RX_PIN       PIN_PG10
#define UART_PIN_FUNCTION 7u

#define I2C_SCL_PIN      PIN_PB8
#define I2C_SDA_PIN      PIN_PB9
#define I2C_PIN_FUNCTION 4u
#define I2C_TIMING                                                                                 \
    0xb0420f13u /* 100 kHz of 48 MHz: RM0438, "I2C_TIMINGR configuration examples"                 \
                 */

#define SENSOR_ADDRESS   0x48u
#define SENSOR_ALERT_PIN PIN_PB5

#define DISPLAY_SCK_PIN      PIN_PA5
#define DISPLAY_MOSI_PIN     PIN_PA7
#define DISPLAY_PIN_FUNCTION 5u
#define DISPLAY_CS_PIN       PIN_PA4
#define DISPLAY_DC_PIN       PIN_PA3
#define DISPLAY_RST_PIN      PIN_PA2

/* Pin, timer (0: TIM3, 1: TIM4), channel from 0, function. */
#define PWM_CHANNELS                                                                               \
    {PIN_PC7, 0, 1, 2},                                                                            \
    {                                                                                              \
        PIN_PB7, 1, 1, 2                                                                           \
    }
