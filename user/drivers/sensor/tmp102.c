/* Texas Instruments TMP102 (data sheet SBOS397): 12 bits of 1/16 degree, -55 to 125 degrees. Its
 * ALERT line is low from Thigh on until it is colder than Tlow (comparator mode).
 */
#include "driver_pins.h"
#include "i2c.h"
#include "k5_task.h"
#include "sensor_hw.h"

enum pointer { TEMPERATURE = 0, CONFIGURATION = 1, T_LOW = 2, T_HIGH = 3 };

#define CONFIG_12BIT_4HZ 0x60a0u /* reset value: comparator mode, ALERT active low */

#define CONVERSION_US 35000u /* "Conversion time", at most: there is nothing to read before */

#define LOWEST_MC  (-55000)
#define HIGHEST_MC 127000

static enum k5_error write_register(enum pointer pointer, uint32_t value)
{
    uint8_t out[] = {(uint8_t)pointer, (uint8_t)(value >> 8), (uint8_t)value};

    return i2c_transfer(SENSOR_ADDRESS, out, sizeof out, NULL, 0);
}

static enum k5_error read_register(enum pointer pointer, uint32_t *value)
{
    uint8_t out = (uint8_t)pointer;
    uint8_t in[2] = {0, 0};
    enum k5_error error = i2c_transfer(SENSOR_ADDRESS, &out, 1, in, sizeof in);

    *value = (uint32_t)in[0] << 8 | in[1];
    return error;
}

enum k5_error sensor_hw_start(void)
{
    enum k5_error error;

    i2c_start();
    error = write_register(CONFIGURATION, CONFIG_12BIT_4HZ);
    k5_sleep_us(CONVERSION_US);
    return error;
}

/* The upper 12 of 16 bits, two's complement. */
enum k5_error sensor_hw_read(int32_t *milli_degrees)
{
    uint32_t value;
    enum k5_error error = read_register(TEMPERATURE, &value);

    if (error == K5_OK) {
        *milli_degrees = (int16_t)value / 16 * 1000 / 16;
    }
    return error;
}

static uint32_t register_of(int32_t milli_degrees)
{
    return (uint32_t)(milli_degrees * 16 / 1000) << 4;
}

enum k5_error sensor_hw_limits(int32_t low, int32_t high)
{
    enum k5_error error;

    if (low < LOWEST_MC || high > HIGHEST_MC) {
        return K5_E_INVALID;
    }
    error = write_register(T_LOW, register_of(low));
    return error == K5_OK ? write_register(T_HIGH, register_of(high)) : error;
}

uint32_t sensor_hw_alert_pin(void)
{
    return SENSOR_ALERT_PIN;
}

uint32_t sensor_hw_alert_level(void)
{
    return 0;
}
