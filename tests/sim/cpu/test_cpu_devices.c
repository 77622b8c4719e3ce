/* Devices on the bus of a guest CPU: several in a page, some over many, with gaps and regions that
 * end anywhere. Each access comes to the device that has the address, or to none.
 *
 * Layouts and accesses are by chance, against a list that is searched. K5_SEED chooses others; a
 * failure prints how to repeat it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/system.h"
#include "sim/cpu/cpu.h"
#include "tests/sim/oracle/program.h"

#define TEXT       UINT32_C(0x20000000)
#define TEXT_BYTES 4096u
#define AREA       UINT32_C(0x40000000)
#define AREA_BYTES UINT32_C(0x10000)
#define AREA_END   (AREA + AREA_BYTES)
#define LAYOUTS    12u
#define ACCESSES   4000u

/* r1 or a1, at the address in r0 or a0. */
struct kind {
    uint32_t bytes;
    bool store;
    uint32_t arm; /* two bytes */
    uint32_t rv32;
};

static const struct kind kinds[] = {
    {4, false, 0x6801, 0x00052583}, {2, false, 0x8801, 0x00055583}, {1, false, 0x7801, 0x00054583},
    {4, true, 0x6001, 0x00b52023},  {2, true, 0x8001, 0x00b51023},  {1, true, 0x7001, 0x00b50023},
};

#define KINDS (sizeof kinds / sizeof kinds[0])

struct access {
    uint32_t count;
    uint32_t device;
    uint32_t offset;
    uint32_t bytes;
    uint32_t value;
    bool store;
};

struct rig {
    struct memory memory;
    struct cpu_bus bus;
    struct mpu mpu;
    struct cpu *cpu;
    enum cpu_model model;
    struct access seen;
    uint64_t random;
};

#define ANSWER UINT32_C(0x81828384)

static bool bus_read(void *user, uint32_t device, uint32_t offset, uint32_t bytes, uint32_t *value)
{
    struct rig *rig = user;
    uint32_t count = rig->seen.count + 1u;

    *value = ANSWER;
    rig->seen = (struct access){count, device, offset, bytes, 0, false};
    return true;
}

static bool bus_write(void *user, uint32_t device, uint32_t offset, uint32_t bytes, uint32_t value)
{
    struct rig *rig = user;
    uint32_t count = rig->seen.count + 1u;

    rig->seen = (struct access){count, device, offset, bytes, value, true};
    return true;
}

/* ---------------------------------------------------------------- layouts */

static bool is_free(const struct rig *rig, uint32_t base, uint32_t bytes)
{
    for (uint32_t i = 0; i < rig->bus.count; i++) {
        if (base < rig->bus.device[i].base + rig->bus.device[i].bytes &&
            rig->bus.device[i].base < base + bytes) {
            return false;
        }
    }
    return base + bytes <= AREA_END;
}

/* Small ones, next to each other or not, and some of many pages, in any order. */
static void place_devices(struct rig *rig)
{
    static const uint32_t sizes[] = {4, 32, 36, 0x100, 0x400, 0x1000, 0x2404, 0x5000};

    rig->bus.count = 0;
    for (uint32_t tries = 0; tries < 60; tries++) {
        uint32_t base = AREA + 32u * random_below(&rig->random, AREA_BYTES / 32u);
        uint32_t bytes = sizes[random_below(&rig->random, 8)];

        if (random_below(&rig->random, 3) == 0 && rig->bus.count != 0) { /* right behind another */
            uint32_t other = random_below(&rig->random, rig->bus.count);

            base = (rig->bus.device[other].base + rig->bus.device[other].bytes + 31u) & ~31u;
        }
        if (is_free(rig, base, bytes)) {
            rig->bus.device[rig->bus.count].base = base;
            rig->bus.device[rig->bus.count].bytes = bytes;
            rig->bus.count++;
        }
    }
}

/* Read and write, read only, nothing: borders anywhere on the grain. */
static void place_regions(struct rig *rig, uint32_t grain)
{
    uint32_t border[3];

    for (uint32_t i = 0; i < 3; i++) {
        border[i] = AREA + grain * random_below(&rig->random, AREA_BYTES / grain);
    }
    for (uint32_t i = 0; i < 3; i++) {
        for (uint32_t k = 0; k < 2; k++) {
            if (border[k] > border[k + 1]) {
                uint32_t swapped = border[k];

                border[k] = border[k + 1];
                border[k + 1] = swapped;
            }
        }
    }
    rig->mpu = (struct mpu){
        .count = 1,
        .grain = grain,
        .region = {{TEXT, TEXT + TEXT_BYTES - 1u, SYS_READ | SYS_EXECUTE}},
    };
    if (border[1] > border[0]) {
        rig->mpu.region[rig->mpu.count++] =
            (struct mpu_region){border[0], border[1] - 1u, SYS_READ | SYS_WRITE};
    }
    if (border[2] > border[1]) {
        rig->mpu.region[rig->mpu.count++] =
            (struct mpu_region){border[1], border[2] - 1u, SYS_READ};
    }
}

static void open_rig(struct rig *rig, enum cpu_model model)
{
    uint32_t grain = model == CPU_CORTEX_M33 ? MPU_PMSAV8_GRAIN : MPU_PMP_GRAIN;
    const char *why = "";

    rig->model = model;
    rig->bus.read = bus_read;
    rig->bus.write = bus_write;
    rig->bus.user = rig;
    place_devices(rig);
    place_regions(rig, grain);
    memset(&rig->memory, 0, sizeof rig->memory);
    assert_true(memory_add(&rig->memory, TEXT, TEXT_BYTES, false));
    for (uint32_t i = 0; i < KINDS; i++) {
        bool arm = model == CPU_CORTEX_M33;

        memcpy(memory_host(&rig->memory, TEXT + 4u * i, 4), arm ? &kinds[i].arm : &kinds[i].rv32,
               arm ? 2 : 4);
    }
    rig->cpu = cpu_open(model, &rig->memory, &rig->bus, TEXT_BYTES, &why);
    if (rig->cpu == NULL) {
        fail_msg("%s", why);
    }
    cpu_set_mpu(rig->cpu, &rig->mpu);
    assert_true(cpu_select(rig->cpu, 0, 0, false));
}

/* ---------------------------------------------------------------- accesses */

/* What must come of it; a count of 0: a fault. */
static struct access expected(const struct rig *rig, const struct kind *kind, uint32_t address,
                              uint32_t value)
{
    struct access access = {0};

    if (address % kind->bytes != 0 ||
        !mpu_allows(&rig->mpu, address, kind->bytes, kind->store ? SYS_WRITE : SYS_READ)) {
        return access;
    }
    for (uint32_t i = 0; i < rig->bus.count; i++) {
        uint32_t offset = address - rig->bus.device[i].base;

        if (offset < rig->bus.device[i].bytes) {
            access = (struct access){1, i, offset, kind->bytes, 0, kind->store};
            if (kind->store) {
                access.value = kind->bytes == 4 ? value : value & ((1u << 8 * kind->bytes) - 1u);
            }
        }
    }
    return access;
}

/* Addresses near borders are the ones to look at. */
static uint32_t choose_address(struct rig *rig)
{
    uint32_t near = random_below(&rig->random, 24) - 12u;
    uint32_t device = random_below(&rig->random, rig->bus.count);

    switch (random_below(&rig->random, 4)) {
    case 0:
        return rig->bus.device[device].base + near;
    case 1:
        return rig->bus.device[device].base + rig->bus.device[device].bytes + near;
    case 2:
        return AREA + 0x400u * random_below(&rig->random, AREA_BYTES / 0x400u) + near;
    default:
        return AREA + random_below(&rig->random, AREA_BYTES);
    }
}

static bool is_same(const struct access *a, const struct access *b)
{
    return a->count == b->count && a->device == b->device && a->offset == b->offset &&
           a->bytes == b->bytes && a->value == b->value && a->store == b->store;
}

static void try_access(struct rig *rig, uint64_t seed, uint32_t step)
{
    const struct kind *kind = &kinds[random_below(&rig->random, KINDS)];
    bool arm = rig->model == CPU_CORTEX_M33;
    uint32_t address = choose_address(rig);
    uint32_t value = random_below(&rig->random, UINT32_MAX);
    struct access wanted = expected(rig, kind, address, value);
    struct cpu_registers registers = {{0}};
    uint64_t executed = 0;

    registers.r[arm ? 0 : CPU_X_A0] = address;
    registers.r[arm ? 1 : CPU_X_A0 + 1u] = value;
    registers.r[arm ? CPU_PC : CPU_X_PC] = TEXT + 4u * (uint32_t)(kind - kinds);
    if (arm) {
        registers.r[CPU_XPSR] = 0x01000000u;
    }
    rig->seen = (struct access){0};
    cpu_set_registers(rig->cpu, &registers);
    enum cpu_stop stop = cpu_run(rig->cpu, 1, &executed);
    bool good = stop == (wanted.count != 0 ? CPU_STOP_BUDGET : CPU_STOP_FAULT) &&
                executed == wanted.count && is_same(&rig->seen, &wanted);

    if (good && wanted.count != 0 && !kind->store) {
        uint32_t got = cpu_registers(rig->cpu)->r[arm ? 1 : CPU_X_A0 + 1u];

        good = got == (kind->bytes == 4 ? ANSWER : ANSWER & ((1u << 8 * kind->bytes) - 1u));
    }
    if (!good) {
        fail_msg("%s of %u bytes at 0x%08x: %u accesses instead of %u, stop %u; "
                 "K5_SEED=%llu repeats it (step %u)",
                 kind->store ? "store" : "load", (unsigned)kind->bytes, (unsigned)address,
                 (unsigned)rig->seen.count, (unsigned)wanted.count, (unsigned)stop,
                 (unsigned long long)seed, (unsigned)step);
    }
}

static void check_model(enum cpu_model model)
{
    const char *chosen = getenv("K5_SEED");
    uint64_t first = chosen == NULL ? 1 : strtoull(chosen, NULL, 0);
    uint32_t answered = 0;

    for (uint64_t seed = first; seed < first + LAYOUTS; seed++) {
        static struct rig rig;

        memset(&rig, 0, sizeof rig);
        rig.random = seed;
        open_rig(&rig, model);
        for (uint32_t step = 0; step < ACCESSES; step++) {
            try_access(&rig, seed, step);
            answered += rig.seen.count;
        }
        cpu_close(rig.cpu);
        memory_free(&rig.memory);
    }
    /* Else this shows little. */
    assert_in_range(answered, LAYOUTS * ACCESSES / 20, LAYOUTS * ACCESSES / 2);
}

static void test_accesses_of_armv8m(void **state)
{
    (void)state;
    check_model(CPU_CORTEX_M33);
}

static void test_accesses_of_rv32(void **state)
{
    (void)state;
    check_model(CPU_RV32);
    check_model(CPU_SIFIVE_E31);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accesses_of_armv8m),
        cmocka_unit_test(test_accesses_of_rv32),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
