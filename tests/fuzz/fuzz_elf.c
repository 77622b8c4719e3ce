/* libFuzzer's way into the simulator's ELF loader: its bytes are a task's file.
 *
 * Whatever they are: the loader ends, a refusal is one line that names the file,
 * and a file that is taken changes no byte of flash outside its task's text.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/sim/support/bench.h"
#include "tests/unit/fake_machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ERASED 0xff

static void broken(const char *what)
{
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static struct k5sim *machine(void)
{
    build_reset();
    build_single(10);
    const struct sys_header *system = build_finish();
    struct k5sim *sim = bench_open();

    if (k5sim_set_system(sim, system, system->total_bytes) != K5SIM_OK) {
        broken(k5sim_error_text(sim));
    }
    return sim;
}

static void check_flash(struct k5sim *sim)
{
    static uint8_t flash[FAKE_FLASH_BYTES];

    if (k5sim_read(sim, FAKE_FLASH_BASE, flash, sizeof flash) != K5SIM_OK) {
        broken("flash cannot be read");
    }
    for (size_t i = bench_text(1) - FAKE_FLASH_BASE; i < sizeof flash; i++) {
        if (flash[i] != ERASED) {
            broken("a byte of flash that is not the task's has changed");
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct k5sim *sim;
    char path[64];
    int file = memfd_create("task", MFD_CLOEXEC);

    if (sim == NULL) {
        sim = machine();
    }
    if (file < 0 || write(file, data, size) != (ssize_t)size) {
        broken("no file to write to");
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (k5sim_add_task(sim, 0, path) == K5SIM_OK) {
        check_flash(sim);
        k5sim_close(sim); /* the next file finds erased flash again */
        sim = NULL;
    } else if (strstr(k5sim_error_text(sim), path) == NULL ||
               strchr(k5sim_error_text(sim), '\n') != NULL) {
        broken(k5sim_error_text(sim));
    }
    close(file);
    return 0;
}
