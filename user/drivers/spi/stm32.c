/* SPI of STM32 as a master that only sends (RM0438, chapter "Serial peripheral interface"). */
#include "spi.h"

#include "clocks.h"
#include "driver_mmio.h"
#include "k5_task.h"

#define CR1  MMIO32(REGION_SPI, 0x00)
#define CR2  MMIO32(REGION_SPI, 0x04)
#define SR   MMIO32(REGION_SPI, 0x08)
#define DR8  MMIO8(REGION_SPI, 0x0c)
#define DR16 MMIO16(REGION_SPI, 0x0c)

#define CR1_MSTR     (1u << 2)
#define CR1_BR_BY_4  (1u << 3) /* 12 MHz, of the 15 that the display takes */
#define CR1_SPE      (1u << 6)
#define CR1_SSI      (1u << 8)
#define CR1_SSM      (1u << 9)
#define CR1_BIDIOE   (1u << 14)
#define CR1_BIDIMODE (1u << 15) /* one data line, and BIDIOE: it goes out */
#define CR2_DS(bits) (((bits)-1u) << 8)
#define SR_TXE       (1u << 1)
#define SR_BSY       (1u << 7)
#define SR_FTLVL     (3u << 11)

#define CR1_SENDS (CR1_MSTR | CR1_BR_BY_4 | CR1_SSI | CR1_SSM | CR1_BIDIOE | CR1_BIDIMODE)

#define WAIT_US 1000u

void spi_start(void)
{
    while (clocks_enable(CAP_CLOCKS) == K5_E_RESTARTED ||
           clocks_reset(CAP_CLOCKS) == K5_E_RESTARTED) {
    }
}

/* A look at the clock costs a system call: only where the bus is not ready at once. */
static enum k5_error wait_while(uint32_t mask, uint32_t value)
{
    uint64_t limit;

    if ((SR & mask) != value) {
        return K5_OK;
    }
    limit = driver_limit(WAIT_US);
    while ((SR & mask) == value) {
        if (driver_late(limit)) {
            return K5_E_TIMEOUT;
        }
    }
    return K5_OK;
}

static void begin(uint32_t bits)
{
    CR1 = CR1_SENDS;
    CR2 = CR2_DS(bits);
    CR1 = CR1_SENDS | CR1_SPE;
}

/* Section "Procedure for disabling the SPI": the FIFO is empty, then the last frame is out. */
static enum k5_error end(enum k5_error error)
{
    uint64_t limit = driver_limit(WAIT_US);

    while (error == K5_OK && (SR & (SR_FTLVL | SR_BSY)) != 0) {
        error = driver_late(limit) ? K5_E_TIMEOUT : K5_OK;
    }
    CR1 = CR1_SENDS;
    return error;
}

enum k5_error spi_write(const uint8_t *data, uint32_t bytes)
{
    enum k5_error error = K5_OK;

    begin(8);
    for (uint32_t i = 0; i < bytes && error == K5_OK; i++) {
        error = wait_while(SR_TXE, 0);
        if (error == K5_OK) {
            DR8 = data[i];
        }
    }
    return end(error);
}

enum k5_error spi_write_words(const uint16_t *data, uint32_t words)
{
    enum k5_error error = K5_OK;

    begin(16);
    for (uint32_t i = 0; i < words && error == K5_OK; i++) {
        error = wait_while(SR_TXE, 0);
        if (error == K5_OK) {
            DR16 = data[i];
        }
    }
    return end(error);
}
