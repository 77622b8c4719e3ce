/* Text to the serial line. */
#include "print.h"

#include "console.h"
#include "uart.h"

#define DIGITS 20u /* of 64 bits */

static char buffer[UART_CHUNK];
static uint32_t used;

void print_flush(void)
{
    console_write(buffer, used);
    used = 0;
}

void print_char(char c)
{
    if (used == sizeof buffer) {
        print_flush();
    }
    buffer[used++] = c;
}

void print(const char *text)
{
    while (*text != '\0') {
        print_char(*text++);
    }
}

void print_padded(const char *text, uint32_t width)
{
    uint32_t length = 0;

    for (; text[length] != '\0'; length++) {
        print_char(text[length]);
    }
    for (; length < width; length++) {
        print_char(' ');
    }
}

void print_number(uint64_t number, uint32_t width)
{
    char digits[DIGITS];
    uint32_t count = 0;

    do {
        digits[count++] = (char)('0' + number % 10u);
        number /= 10u;
    } while (number != 0);
    for (; width > count; width--) {
        print_char(' ');
    }
    while (count != 0) {
        print_char(digits[--count]);
    }
}

void print_hex(uint32_t number)
{
    for (uint32_t i = 0; i < 8u; i++) {
        print_char("0123456789abcdef"[number >> (28u - 4u * i) & 15u]);
    }
}
