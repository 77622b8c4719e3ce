/* Random numbers, and the sensor. */
#include "check.h"
#include "k5_task.h"
#include "rng.h"
#include "sensor.h"

void check_rng(void)
{
    static uint8_t bytes[100];
    uint32_t ones = 0;

    check_error("none", rng_read(CAP_RNG, bytes, 0), K5_OK);
    check_error("many", rng_read(CAP_RNG, bytes, sizeof bytes), K5_OK);
    for (uint32_t i = 0; i < sizeof bytes; i++) {
        ones += (uint32_t)__builtin_popcount(bytes[i]);
    }
    check_that("some of them are ones", ones > 300u && ones < 500u);
}

void check_sensor(void)
{
    int32_t milli_degrees = 0;
    uint32_t bits = 0;

    check_error("read", sensor_read(CAP_SENSOR, &milli_degrees), K5_OK);
    check_that("what the scenario set", milli_degrees == 21500);
    check_error("upside down", sensor_watch(CAP_SENSOR, 30000, 20000, CAP_EVENTS, 1), K5_E_INVALID);
    check_error("no bits", sensor_watch(CAP_SENSOR, 20000, 30000, CAP_EVENTS, 0), K5_E_INVALID);
    check_error("as hot as the sun", sensor_watch(CAP_SENSOR, 0, 5500000, CAP_EVENTS, 1),
                K5_E_INVALID);
    check_error("watch", sensor_watch(CAP_SENSOR, 18000, 20000, CAP_EVENTS, 1), K5_OK);
    check_error("it is warm", k5_wait_until(CAP_EVENTS, 1, k5_deadline_in_us(500000u), &bits),
                K5_OK);
    check_error("other limits", sensor_watch(CAP_SENSOR, 25000, 30000, CAP_EVENTS, 1), K5_OK);
    check_error("now it is not", k5_wait_until(CAP_EVENTS, 1, k5_deadline_in_us(500000u), &bits),
                K5_E_TIMEOUT);
}
