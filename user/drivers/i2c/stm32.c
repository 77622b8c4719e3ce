/* I2C of STM32 as a controller (RM0438, chapter "Inter-integrated circuit interface"). Its
 * interrupts are bits 0 and 1 of the notification; between them the task sleeps.
 */
#include "i2c.h"

#include "clocks.h"
#include "driver_mmio.h"
#include "driver_pins.h"
#include "gpio.h"
#include "k5_task.h"

#define CR1     MMIO32(REGION_I2C, 0x00)
#define CR2     MMIO32(REGION_I2C, 0x04)
#define TIMINGR MMIO32(REGION_I2C, 0x10)
#define ISR     MMIO32(REGION_I2C, 0x18)
#define ICR     MMIO32(REGION_I2C, 0x1c)
#define RXDR    MMIO32(REGION_I2C, 0x24)
#define TXDR    MMIO32(REGION_I2C, 0x28)

#define CR1_PE     (1u << 0)
#define CR1_TXIE   (1u << 1)
#define CR1_RXIE   (1u << 2)
#define CR1_NACKIE (1u << 4)
#define CR1_STOPIE (1u << 5)
#define CR1_TCIE   (1u << 6)
#define CR1_ERRIE  (1u << 7)
#define CR1_ON     (CR1_PE | CR1_TXIE | CR1_RXIE | CR1_NACKIE | CR1_STOPIE | CR1_TCIE | CR1_ERRIE)

#define CR2_READ      (1u << 10)
#define CR2_START     (1u << 13)
#define CR2_NBYTES(n) ((n) << 16)
#define CR2_AUTOEND   (1u << 25)

#define ISR_TXIS   (1u << 1)
#define ISR_RXNE   (1u << 2)
#define ISR_NACKF  (1u << 4)
#define ISR_STOPF  (1u << 5)
#define ISR_TC     (1u << 6)
#define ISR_BERR   (1u << 8)
#define ISR_ARLO   (1u << 9)
#define ISR_OVR    (1u << 10)
#define ISR_BUSY   (1u << 15)
#define ISR_ERRORS (ISR_BERR | ISR_ARLO | ISR_OVR)
#define ICR_ALL    (ISR_NACKF | ISR_STOPF | ISR_ERRORS)

#define EVENT_BITS 3u
#define STEP_US    2000u /* a byte at 100 kHz takes 90; the rest is the target's to stretch */

static void enable(void)
{
    CR1 = 0;   /* takes back what is under way, and all flags */
    (void)CR1; /* it must be off for three clock cycles */
    TIMINGR = I2C_TIMING;
    CR1 = CR1_ON;
    driver_acknowledge(CAP_I2C_EVENT);
    driver_acknowledge(CAP_I2C_ERROR);
}

void i2c_start(void)
{
    static const uint32_t pins[] = {I2C_SCL_PIN, I2C_SDA_PIN};
    struct gpio_config config = {
        .mode = GPIO_ALTERNATE_OPEN_DRAIN, .pull = GPIO_PULL_UP, .function = I2C_PIN_FUNCTION};

    while (clocks_enable(CAP_CLOCKS) == K5_E_RESTARTED ||
           clocks_reset(CAP_CLOCKS) == K5_E_RESTARTED) {
    }
    for (uint32_t i = 0; i < 2; i++) {
        while (gpio_configure(CAP_GPIO, pins[i], config) == K5_E_RESTARTED) {
        }
    }
    enable();
}

/* Sleeps until one of the flags is up, or something went wrong. */
static enum k5_error wait_for(uint32_t flags)
{
    k5_deadline_t deadline = k5_deadline_in_us(STEP_US);
    enum k5_error error = K5_OK;
    uint32_t bits;

    for (;;) {
        uint32_t status = ISR;

        if ((status & (ISR_NACKF | ISR_ERRORS)) != 0) {
            return K5_E_IO;
        }
        if ((status & flags) != 0) {
            return K5_OK;
        }
        if (error != K5_OK) {
            return error;
        }
        driver_acknowledge(CAP_I2C_EVENT);
        driver_acknowledge(CAP_I2C_ERROR);
        error = k5_wait_until(CAP_EVENTS, EVENT_BITS, deadline, &bits);
    }
}

static enum k5_error write(uint32_t address, const uint8_t *out, uint32_t bytes, uint32_t end)
{
    enum k5_error error = K5_OK;

    CR2 = address << 1 | CR2_NBYTES(bytes) | CR2_START | end;
    for (uint32_t i = 0; i < bytes && error == K5_OK; i++) {
        error = wait_for(ISR_TXIS);
        if (error == K5_OK) {
            TXDR = out[i];
        }
    }
    return error == K5_OK ? wait_for(end != 0 ? ISR_STOPF : ISR_TC) : error;
}

static enum k5_error read(uint32_t address, uint8_t *in, uint32_t bytes)
{
    enum k5_error error = K5_OK;

    CR2 = address << 1 | CR2_READ | CR2_NBYTES(bytes) | CR2_START | CR2_AUTOEND;
    for (uint32_t i = 0; i < bytes && error == K5_OK; i++) {
        error = wait_for(ISR_RXNE);
        if (error == K5_OK) {
            in[i] = (uint8_t)RXDR;
        }
    }
    return error == K5_OK ? wait_for(ISR_STOPF) : error;
}

/* Flags down, and the bits of interrupts that came meanwhile taken: what they tell is stale. */
static void finish(void)
{
    uint32_t stale;

    ICR = ICR_ALL;
    if (k5_poll(CAP_EVENTS, EVENT_BITS, &stale) != K5_OK) {
        return; /* there were none */
    }
}

enum k5_error i2c_transfer(uint32_t address, const uint8_t *out, uint32_t out_bytes, uint8_t *in,
                           uint32_t in_bytes)
{
    enum k5_error error = (ISR & ISR_BUSY) != 0 ? K5_E_TIMEOUT : K5_OK;

    if (error == K5_OK) {
        error = write(address, out, out_bytes, in_bytes != 0 ? 0 : CR2_AUTOEND);
    }
    if (error == K5_OK && in_bytes != 0) {
        error = read(address, in, in_bytes);
    }
    finish();
    if (error != K5_OK) {
        enable();
    }
    return error;
}
