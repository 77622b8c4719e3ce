/* libFuzzer's way into the kernel: its bytes choose a system and all that happens to it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/driver.h"

#define MOST_STEPS 3000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct driver_source source = {.bytes = data, .left = size, .ends = true};
    struct driver_report report = {0};
    const char *broken = driver_run(&source, MOST_STEPS, &report);

    if (broken != NULL) {
        fprintf(stderr, "broken: %s\n", broken);
        abort();
    }
    return 0;
}
