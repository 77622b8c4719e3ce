/* Sitronix ST7735S (data sheet version 1.4): 128 x 160 pixels, on a serial bus with a data/command
 * line.
 */
#include "display_hw.h"
#include "driver_pins.h"
#include "gpio.h"
#include "k5_task.h"
#include "spi.h"

#define WIDTH  128u
#define HEIGHT 160u

enum command {
    SLPOUT = 0x11,
    DISPON = 0x29,
    CASET = 0x2a,
    RASET = 0x2b,
    RAMWR = 0x2c,
    COLMOD = 0x3a
};

#define COLMOD_RGB565 0x05u

#define RESET_US 10u     /* data sheet section 9.11: at least 10 us low, */
#define AWAKE_US 120000u /* and this before it takes SLPOUT; and as much after that */

static enum k5_error write_pin(uint32_t pin, uint32_t level)
{
    enum k5_error error = gpio_write(CAP_GPIO, pin, level);

    if (error == K5_E_STATE || error == K5_E_RESTARTED) { /* its driver began anew */
        struct gpio_config output = {.mode = GPIO_OUTPUT, .level = (uint8_t)level};

        do {
            error = gpio_configure(CAP_GPIO, pin, output);
        } while (error == K5_E_RESTARTED);
    }
    return error;
}

static enum k5_error take_pins(void)
{
    static const uint32_t alternate[] = {DISPLAY_SCK_PIN, DISPLAY_MOSI_PIN};
    struct gpio_config config = {.mode = GPIO_ALTERNATE, .function = DISPLAY_PIN_FUNCTION};
    enum k5_error error = K5_OK;

    for (uint32_t i = 0; i < 2 && error == K5_OK; i++) {
        do {
            error = gpio_configure(CAP_GPIO, alternate[i], config);
        } while (error == K5_E_RESTARTED);
    }
    return error;
}

/* A command with its parameters; the chip is selected from here on. */
static enum k5_error command(enum command code, const uint8_t *parameters, uint32_t count)
{
    uint8_t byte = (uint8_t)code;
    enum k5_error error = write_pin(DISPLAY_CS_PIN, 0);

    error = error == K5_OK ? write_pin(DISPLAY_DC_PIN, 0) : error;
    error = error == K5_OK ? spi_write(&byte, 1) : error;
    error = error == K5_OK ? write_pin(DISPLAY_DC_PIN, 1) : error;
    return error == K5_OK && count != 0 ? spi_write(parameters, count) : error;
}

static enum k5_error deselect(enum k5_error error)
{
    enum k5_error last = write_pin(DISPLAY_CS_PIN, 1);

    return error != K5_OK ? error : last;
}

static enum k5_error command_range(enum command code, uint32_t first, uint32_t count)
{
    uint32_t last = first + count - 1u;
    uint8_t range[] = {(uint8_t)(first >> 8), (uint8_t)first, (uint8_t)(last >> 8), (uint8_t)last};

    return command(code, range, sizeof range);
}

/* The picture is black before it is switched on. */
static enum k5_error blacken(void)
{
    static const uint16_t black[WIDTH];
    struct display_area row = {.width = WIDTH, .height = 1};
    enum k5_error error = K5_OK;

    for (row.y = 0; row.y < HEIGHT && error == K5_OK; row.y++) {
        error = display_hw_draw(row, black);
    }
    return error;
}

enum k5_error display_hw_start(struct display_info *info)
{
    static const uint8_t format[] = {COLMOD_RGB565};
    enum k5_error error;

    *info = (struct display_info){.width = WIDTH, .height = HEIGHT};
    spi_start();
    error = take_pins();
    error = error == K5_OK ? write_pin(DISPLAY_CS_PIN, 1) : error;
    error = error == K5_OK ? write_pin(DISPLAY_RST_PIN, 0) : error;
    k5_sleep_us(RESET_US);
    error = error == K5_OK ? write_pin(DISPLAY_RST_PIN, 1) : error;
    k5_sleep_us(AWAKE_US);
    error = error == K5_OK ? command(SLPOUT, NULL, 0) : error;
    k5_sleep_us(AWAKE_US);
    error = error == K5_OK ? command(COLMOD, format, sizeof format) : error;
    error = error == K5_OK ? blacken() : error;
    error = error == K5_OK ? command(DISPON, NULL, 0) : error;
    return deselect(error);
}

enum k5_error display_hw_draw(struct display_area area, const uint16_t *pixels)
{
    enum k5_error error = command_range(CASET, area.x, area.width);

    error = error == K5_OK ? command_range(RASET, area.y, area.height) : error;
    error = error == K5_OK ? command(RAMWR, NULL, 0) : error;
    error = error == K5_OK ? spi_write_words(pixels, (uint32_t)area.width * area.height) : error;
    return deselect(error);
}
