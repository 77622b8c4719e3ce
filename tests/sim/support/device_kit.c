/* Device models in a machine of their own, reached as the core reaches them. */
#include "tests/sim/support/device_kit.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "sim/machine.h"
#include "tests/sim/support/bench.h"

static const uint16_t loop[] = {0xe7fe}; /* b . */

/* A device at rest wants nothing: the core looks at all of them in turn. */
static uint64_t next_event(const struct k5sim *sim)
{
    uint64_t at = DEVICE_NEVER;

    for (uint32_t i = 0; i < sim->devices.count; i++) {
        uint64_t event = sim->devices.row[i].device.event_at;

        at = event < at ? event : at;
    }
    for (uint32_t i = 0; i < sim->devices.serial.count; i++) {
        uint64_t due = sim->devices.serial.line[i].due;

        at = due < at ? due : at;
    }
    return at;
}

struct k5sim *kit_open(const struct kit_board *board)
{
    static const struct k5sim_memory memory[] = {
        {FAKE_FLASH_BASE, FAKE_FLASH_BYTES, false},
        {FAKE_RAM_BASE, FAKE_RAM_BYTES, true},
    };
    const struct k5sim_board whole = {
        .cpu = "cortex-m33",
        .memory = memory,
        .memory_count = 2,
        .mpu_regions = 8,
        .ticks_per_insn = 1,
        .device = board->device,
        .device_count = board->device_count,
        .wire = board->wire,
        .wire_count = board->wire_count,
        .pin = board->pin,
        .pin_count = board->pin_count,
    };
    const struct bench_program programs[] = {BENCH_PROGRAM(loop)};
    char why[256] = "";
    struct k5sim *sim = k5sim_open(&whole, why, sizeof why);

    if (sim == NULL) {
        fail_msg("%s", why);
    }
    build_reset();
    build_header()->tick_hz = KIT_TICK_HZ;
    build_single(10);
    k5sim_record(sim, UINT64_MAX);
    bench_start(sim, programs, 1);
    return sim;
}

/* A machine that has failed does no more: its ring was full of events that nobody took, say. */
static void need_sound(const struct k5sim *sim)
{
    if (sim->failed) {
        fail_msg("%s", k5sim_error_text(sim));
    }
}

uint32_t kit_read_sized(struct k5sim *sim, uint32_t device, uint32_t offset, uint32_t bytes)
{
    uint32_t value = 0;

    if (!devices_read(sim, device, offset, bytes, &value)) {
        fail_msg("reading 0x%x of device %u is a bus error", (unsigned)offset, (unsigned)device);
    }
    need_sound(sim);
    return value;
}

uint32_t kit_read(struct k5sim *sim, uint32_t device, uint32_t offset)
{
    return kit_read_sized(sim, device, offset, 4);
}

void kit_write_sized(struct k5sim *sim, uint32_t device, uint32_t offset, uint32_t bytes,
                     uint32_t value)
{
    if (!devices_write(sim, device, offset, bytes, value)) {
        fail_msg("writing 0x%x of device %u is a bus error", (unsigned)offset, (unsigned)device);
    }
    need_sound(sim);
}

void kit_write(struct k5sim *sim, uint32_t device, uint32_t offset, uint32_t value)
{
    kit_write_sized(sim, device, offset, 4, value);
}

bool kit_read_refused(struct k5sim *sim, uint32_t device, uint32_t offset, uint32_t bytes)
{
    uint32_t value;

    return !devices_read(sim, device, offset, bytes, &value);
}

bool kit_write_refused(struct k5sim *sim, uint32_t device, uint32_t offset, uint32_t bytes,
                       uint32_t value)
{
    return !devices_write(sim, device, offset, bytes, value);
}

void kit_advance(struct k5sim *sim, uint64_t ticks)
{
    uint64_t end = machine_now(sim) + ticks;

    for (uint64_t at = next_event(sim); at <= end; at = next_event(sim)) {
        sim->port.now = at - sim->epoch;
        serial_arrive(sim);
        for (uint32_t i = 0; i < sim->devices.count; i++) {
            if (sim->devices.row[i].device.event_at <= at) {
                devices_event(sim, i);
            }
        }
        need_sound(sim);
    }
    sim->port.now = end - sim->epoch;
}

bool kit_line(const struct k5sim *sim, uint32_t line)
{
    return ((sim->raised[line / 32u] >> line % 32u) & 1u) != 0;
}

size_t kit_events(struct k5sim *sim, uint32_t kind, uint32_t code, struct k5sim_event *last)
{
    struct k5sim_event event;
    size_t count = 0;

    while (k5sim_take_events(sim, &event, 1) == 1) {
        if (event.kind == kind && event.code == code) {
            count++;
            if (last != NULL) {
                *last = event;
            }
        }
    }
    return count;
}

size_t kit_sent(struct k5sim *sim, uint32_t device, char *out, size_t most)
{
    struct k5sim_event event;
    size_t count = 0;

    while (k5sim_take_events(sim, &event, 1) == 1) {
        if (event.kind == K5SIM_EVENT_SERIAL && event.code == device && event.arg[1] == 0 &&
            count < most) {
            out[count++] = (char)event.arg[0];
        }
    }
    return count;
}
