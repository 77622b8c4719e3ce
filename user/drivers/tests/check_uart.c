/* The serial line: formats, time limits, chunks. */
#include "check.h"
#include "k5_task.h"
#include "uart.h"

#define LONG_BYTES 200u

static char text[LONG_BYTES];

static void check_speeds(void)
{
    struct uart_config slow = {.baud = 9600, .stop_bits = 1};
    struct uart_config none = {.stop_bits = 1};
    struct uart_config stops = {.baud = 9600, .stop_bits = 3};
    struct uart_config fast = {.baud = 100000000u, .stop_bits = 1};
    struct uart_config usual = {.baud = 115200, .stop_bits = 1};
    uint64_t before;

    check_error("no speed", uart_configure(CAP_UART, none), K5_E_INVALID);
    check_error("three stop bits", uart_configure(CAP_UART, stops), K5_E_INVALID);
    check_error("too fast", uart_configure(CAP_UART, fast), K5_E_INVALID);
    check_error("slow", uart_configure(CAP_UART, slow), K5_OK);
    before = k5_time_us();
    check_error("write slowly", uart_write(CAP_UART, text, LONG_BYTES), K5_OK);
    /* 200 characters of 10 bits at 9,600 baud, less what the hardware still holds. */
    check_that("it takes its time",
               k5_time_us() - before > 185000u && k5_time_us() - before < 212000u);
    check_error("fast again", uart_configure(CAP_UART, usual), K5_OK);
}

static void check_reading(void)
{
    char buffer[8];
    size_t got = 99;
    uint64_t before;

    check_error("read nothing", uart_read(CAP_UART, buffer, 0, 0, &got), K5_E_INVALID);
    check_error("read at once", uart_read(CAP_UART, buffer, 8, 0, &got), K5_E_TIMEOUT);
    before = k5_time_us();
    check_error("read for a while", uart_read(CAP_UART, buffer, 8, 5000, &got), K5_E_TIMEOUT);
    check_that("for a while", k5_time_us() - before >= 5000u);
    check_that("nothing was read", got == 99);
    check_error("say so", uart_write(CAP_UART, "ready", 5), K5_OK);
    /* The scenario answers with "ab", and 300 characters later. */
    check_error("read", uart_read(CAP_UART, buffer, 8, 1000000u, &got), K5_OK);
    check_that("the first one at once", got == 1 && buffer[0] == 'a');
    check_error("read on", uart_read(CAP_UART, buffer, 8, 1000000u, &got), K5_OK);
    check_that("then the next", got == 1 && buffer[0] == 'b');
}

/* 300 characters come while nobody reads: the driver keeps 256 places. */
static void check_overrun(void)
{
    char buffer[UART_CHUNK];
    struct uart_errors errors = {0};
    uint32_t kept = 0;
    enum k5_error error;
    size_t got;

    k5_sleep_us(100000u);
    do {
        error = uart_read(CAP_UART, buffer, sizeof buffer, 1000, &got);
        kept += error == K5_OK ? (uint32_t)got : 0;
    } while (error == K5_OK);
    check_error("some are lost", error, K5_E_IO);
    check_that("the first ones are kept", kept == 255);
    check_error("nothing behind it", uart_read(CAP_UART, buffer, 8, 1000, &got), K5_E_TIMEOUT);
    check_error("errors", uart_errors(CAP_UART, &errors), K5_OK);
    check_that("all are counted", errors.overrun == 300u - 256u && errors.framing == 0);
}

void check_uart(void)
{
    for (uint32_t i = 0; i < LONG_BYTES; i++) {
        text[i] = (char)('0' + i % 10u);
    }
    check_error("write nothing", uart_write(CAP_UART, text, 0), K5_OK);
    check_speeds();
    check_reading();
    check_overrun();
}
