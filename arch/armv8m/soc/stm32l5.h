/* Registers of STM32L552/L562 that the port uses, as Non-secure code sees them with TZEN = 0.
 * Names and chapters: RM0438. The memory map is in its chapter 2.
 */
#pragma once

#include "arch/armv8m/core.h"

/* Chapter "Embedded flash memory (FLASH)" */
#define FLASH_ACR         REG32(0x40022000u)
#define FLASH_ACR_LATENCY UINT32_C(0xf)

/* Chapter "Power control (PWR)" */
#define PWR_CR1        REG32(0x40007000u)
#define PWR_CR2        REG32(0x40007004u)
#define PWR_SR2        REG32(0x40007014u)
#define PWR_CR1_VOS    (UINT32_C(3) << 9)
#define PWR_CR1_RANGE1 (UINT32_C(1) << 9) /* up to 80 MHz */
#define PWR_CR2_IOSV   (UINT32_C(1) << 9) /* VddIO2 is valid: pins PG2 to PG15 */
#define PWR_SR2_VOSF   (UINT32_C(1) << 10)

/* Chapter "Reset and clock control (RCC)" */
#define RCC_CR                 REG32(0x40021000u)
#define RCC_AHB2ENR            REG32(0x4002104cu)
#define RCC_APB1ENR1           REG32(0x40021058u)
#define RCC_APB1ENR2           REG32(0x4002105cu)
#define RCC_CR_MSIRDY          (UINT32_C(1) << 1)
#define RCC_CR_MSIRGSEL        (UINT32_C(1) << 3) /* MSIRANGE of this register counts */
#define RCC_CR_MSIRANGE        (UINT32_C(0xf) << 4)
#define RCC_CR_MSIRANGE_48M    (UINT32_C(11) << 4)
#define RCC_AHB2ENR_GPIOGEN    (UINT32_C(1) << 6)
#define RCC_APB1ENR1_TIM2EN    (UINT32_C(1) << 0)
#define RCC_APB1ENR1_PWREN     (UINT32_C(1) << 28)
#define RCC_APB1ENR2_LPUART1EN (UINT32_C(1) << 0)

/* Chapter "General-purpose I/Os (GPIO)" */
#define GPIOG_MODER REG32(0x42021800u)
#define GPIOG_AFRL  REG32(0x42021820u)

/* Chapter "General-purpose timers (TIM2 to TIM5)" */
#define TIM2_CR1     REG32(0x40000000u)
#define TIM2_EGR     REG32(0x40000014u)
#define TIM2_CNT     REG32(0x40000024u)
#define TIM2_PSC     REG32(0x40000028u)
#define TIM2_ARR     REG32(0x4000002cu)
#define TIM2_CR1_CEN 1u
#define TIM2_EGR_UG  1u

/* Chapter "Low-power universal asynchronous receiver transmitter (LPUART)" */
#define LPUART1_CR1        REG32(0x40008000u)
#define LPUART1_BRR        REG32(0x4000800cu)
#define LPUART1_ISR        REG32(0x4000801cu)
#define LPUART1_TDR        REG32(0x40008028u)
#define LPUART1_CR1_UE     (UINT32_C(1) << 0)
#define LPUART1_CR1_TE     (UINT32_C(1) << 3)
#define LPUART1_CR1_FIFOEN (UINT32_C(1) << 29)
#define LPUART1_ISR_TXFNF  (UINT32_C(1) << 7)
