/* Registers of SiFive's FE310-G002 that the port uses. Names and chapters: FE310-G002 Manual. */
#pragma once

#include "arch/rv32/csr.h"

/* Chapter "Power, Reset, Clock, Interrupt (PRCI) Control and Status Registers" */
#define PRCI_HFXOSCCFG REG32(0x10008004u)
#define PRCI_PLLCFG    REG32(0x10008008u)
#define HFXOSCCFG_EN   (UINT32_C(1) << 30)
#define HFXOSCCFG_RDY  (UINT32_C(1) << 31)
#define PLLCFG_SEL     (UINT32_C(1) << 16) /* the core runs on what comes out of the PLL */
#define PLLCFG_REFSEL  (UINT32_C(1) << 17) /* what goes in is HFXOSC */
#define PLLCFG_BYPASS  (UINT32_C(1) << 18) /* and comes out as it is */

/* Chapter "General Purpose Input/Output Controller (GPIO)" */
#define GPIO_IOF_EN  REG32(0x10012038u)
#define GPIO_IOF_SEL REG32(0x1001203cu)

/* Chapter "Universal Asynchronous Receiver/Transmitter (UART)" */
#define UART0_TXDATA   REG32(0x10013000u)
#define UART0_TXCTRL   REG32(0x10013008u)
#define UART0_IP       REG32(0x10013014u)
#define UART0_DIV      REG32(0x10013018u)
#define TXDATA_FULL    (UINT32_C(1) << 31)
#define TXCTRL_TXEN    1u
#define TXCTRL_TXCNT_1 (UINT32_C(1) << 16) /* watermark: IP_TXWM while fewer than 1 byte waits */
#define IP_TXWM        1u
