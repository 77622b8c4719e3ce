/* libFuzzer's way to boards and their devices: its bytes choose a board, then what happens to it.
 *
 * Any board is opened or refused with a reason. One that opens on the usual memories boots, and
 * takes accesses of any size to any device, levels, characters, quantities, resets and time: the
 * machine never fails, the kernel keeps its invariants, and the sanitizers find nothing.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine.h"
#include "tests/sim/support/bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_DEVICES  8u
#define MOST_WIRES    12u
#define MOST_PINS     6u
#define MOST_MEMORIES 4u
#define TICK_HZ       1000000u
#define MOST_TICKS    UINT64_C(400000) /* of one input */

static void broken(const char *what)
{
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

/* ---------------------------------------------------------------- the input's bytes */

struct input {
    const uint8_t *at;
    const uint8_t *end;
    bool wild; /* numbers and names of the board may be anything; else it is a good one */
};

/* 0 behind the end. */
static uint32_t byte(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

static uint32_t word(struct input *in)
{
    uint32_t low = byte(in) | byte(in) << 8;

    return low | byte(in) << 16 | byte(in) << 24;
}

/* Below `count`; where that is wild, sometimes not. */
static uint32_t number(struct input *in, uint32_t count)
{
    uint32_t value = byte(in);

    return in->wild && value >= 240 ? word(in) : count == 0 ? 0 : value % count;
}

/* ---------------------------------------------------------------- boards */

/* The places of devices, then what is none. */
static const char *const device_names[] = {
    "a", "b", "c", "d", "e", "f", "g", "h", "", NULL, "a name that has thirty-two bytes",
};
static const char *const pin_names[] = {
    "p0", "p1", "p2", "p3", "p4", "p5", "", NULL,
};

#define DEVICE_NAMES (sizeof device_names / sizeof device_names[0])
#define PIN_NAMES    (sizeof pin_names / sizeof pin_names[0])

/* Any model; where that is wild, also none. */
static const char *model_name(struct input *in)
{
    static char names[1024];
    static const char *name[64];
    static uint32_t count;

    if (count == 0) {
        device_model_names(names, sizeof names);
        for (char *at = strtok(names, ", "); at != NULL && count < 62; at = strtok(NULL, ", ")) {
            name[count++] = at;
        }
        name[count] = "flux-capacitor";
        name[count + 1u] = NULL;
    }
    return name[byte(in) % (count + (in->wild ? 2u : 0))];
}

struct plan {
    struct k5sim_memory memory[MOST_MEMORIES];
    struct k5sim_device device[MOST_DEVICES];
    struct k5sim_wire wire[MOST_WIRES];
    struct k5sim_pin pin[MOST_PINS];
    struct k5sim_board board;
    bool usual; /* its memories are those of the test system */
};

static const char *some_device(struct input *in, const struct plan *plan)
{
    return device_names[byte(in) % (in->wild ? DEVICE_NAMES : plan->board.device_count)];
}

/* A register's bit of device `place`. */
static struct k5sim_gate some_gate(struct input *in, const struct plan *plan, uint32_t i)
{
    uint32_t place = byte(in) % (8u * MOST_DEVICES); /* few: most of those bits are 0 */

    if (in->wild) {
        const char *device = some_device(in, plan);
        uint32_t offset = 4u * number(in, 40);

        return (struct k5sim_gate){device, offset, number(in, 32)};
    }
    if (place >= plan->board.device_count || place == i) {
        return (struct k5sim_gate){NULL, 0, 0};
    }
    const struct device_model *model = device_model_find(plan->device[place].model);

    if (model->register_count == 0) {
        return (struct k5sim_gate){NULL, 0, 0};
    }
    uint32_t offset = model->registers[byte(in) % model->register_count].offset;

    return (struct k5sim_gate){device_names[place], offset, number(in, 32)};
}

/* The models are chosen. */
static void choose_device(struct input *in, struct plan *plan, uint32_t i)
{
    struct k5sim_device *d = &plan->device[i];
    const struct device_model *model = device_model_find(d->model);
    uint32_t place = byte(in);

    d->name = device_names[i];
    if (in->wild && place >= 240) { /* on others, or anywhere */
        d->name = some_device(in, plan);
        d->base = word(in);
    } else if (model != NULL && model->bytes != 0) {
        d->base = 0x40000000u + 0x20000u * i + 32u * (place % 8u);
    }
    d->line_count = number(in, 8);
    for (uint32_t k = 0; k < d->line_count && k < DEVICE_LINES; k++) {
        d->line[k] = byte(in) % 8u == 0 ? (uint32_t)K5SIM_NO_LINE : number(in, HOSTPORT_LINES);
    }
    d->parameter = number(in, 128);
    place = byte(in) % (2u * MOST_DEVICES);
    d->bus = place == i || place >= plan->board.device_count ? NULL : device_names[place];
    d->clock = some_gate(in, plan, i);
    d->reset = some_gate(in, plan, i);
}

static void choose_memories(struct input *in, struct plan *plan)
{
    plan->memory[0] = (struct k5sim_memory){FAKE_FLASH_BASE, FAKE_FLASH_BYTES, false};
    plan->memory[1] = (struct k5sim_memory){FAKE_RAM_BASE, FAKE_RAM_BYTES, true};
    plan->board.memory_count = 2;
    plan->board.cpu = "cortex-m33";
    plan->board.ticks_per_insn = 1;
    plan->board.mpu_regions = 8;
    plan->usual = !in->wild || byte(in) % 2u != 0;
    if (!plan->usual) {
        static const char *const cpus[] = {"cortex-m33", "rv32", "sifive-e31", "z80", NULL};

        plan->board.cpu = cpus[byte(in) % 5u];
        plan->board.memory_count = number(in, MOST_MEMORIES + 1u) % 100u;
        plan->board.ticks_per_insn = number(in, 3);
        plan->board.mpu_regions = number(in, 9);
        for (uint32_t i = 0; i < MOST_MEMORIES; i++) {
            uint32_t base = word(in);
            uint32_t bytes = word(in);

            plan->memory[i] = (struct k5sim_memory){base, bytes, byte(in) % 2u};
            if (byte(in) % 4u != 0) {
                plan->memory[i].base &= ~UINT32_C(0xfff);
                plan->memory[i].bytes &= UINT32_C(0xff000);
            }
        }
    }
}

static void choose_wires(struct input *in, struct plan *plan)
{
    for (uint32_t i = 0; i < plan->board.wire_count; i++) {
        plan->wire[i].from = some_device(in, plan);
        plan->wire[i].from_signal = number(in, 32);
        plan->wire[i].to = some_device(in, plan);
        plan->wire[i].to_signal = number(in, DEVICE_INPUTS);
    }
}

/* Only at pads, unless that is wild. */
static void choose_pins(struct input *in, struct plan *plan)
{
    uint32_t wanted = byte(in) % (MOST_PINS + 1u);

    for (uint32_t i = 0; i < wanted; i++) {
        struct k5sim_pin *pin = &plan->pin[plan->board.pin_count];
        uint32_t device = byte(in) % (uint32_t)plan->board.device_count;
        const struct device_model *model = device_model_find(plan->device[device].model);
        uint32_t pads = model == NULL ? 0 : model->pads;

        if (in->wild || pads != 0) {
            uint32_t other = number(in, PIN_NAMES);

            pin->name = pin_names[in->wild && other < PIN_NAMES ? other : i];
            pin->device = device_names[device];
            pin->signal = number(in, pads);
            pin->pull = (int32_t)number(in, 3) - 1;
            plan->board.pin_count++;
        }
    }
}

static void choose_board(struct input *in, struct plan *plan)
{
    struct k5sim_board *board = &plan->board;

    in->wild = byte(in) % 4u == 0;
    choose_memories(in, plan);
    board->device_count = 1u + byte(in) % MOST_DEVICES;
    board->wire_count = byte(in) % (MOST_WIRES + 1u);
    for (uint32_t i = 0; i < board->device_count; i++) {
        plan->device[i].model = model_name(in);
    }
    for (uint32_t i = 0; i < board->device_count; i++) {
        choose_device(in, plan, i);
    }
    choose_wires(in, plan);
    choose_pins(in, plan);
    in->wild = true; /* what happens to it may be anything */
    board->memory = plan->memory;
    board->device = plan->device;
    board->wire = plan->wire;
    board->pin = plan->pin;
}

/* ---------------------------------------------------------------- what happens to it */

static void drain(struct k5sim *sim)
{
    static struct k5sim_event events[256];

    while (k5sim_take_events(sim, events, 256) == 256) {
    }
}

/* False: no more of it. */
static bool let_run(struct k5sim *sim, uint64_t ticks)
{
    uint64_t until = k5sim_now(sim) + ticks;
    enum k5sim_stop stop = K5SIM_STOP_FULL;

    while (stop == K5SIM_STOP_FULL) {
        stop = k5sim_run(sim, until, 0);
        drain(sim);
    }
    if (stop == K5SIM_STOP_PANIC) {
        broken("the kernel panicked");
    }
    if (stop == K5SIM_STOP_ENGINE) {
        broken(k5sim_error_text(sim));
    }
    if (k5sim_invariants(sim) != NULL) {
        broken(k5sim_invariants(sim));
    }
    return until < MOST_TICKS;
}

/* Mostly a word of a register, of few bits. */
static void access_device(struct k5sim *sim, struct input *in)
{
    uint32_t device = byte(in) % sim->devices.count;
    uint32_t how = byte(in);
    uint32_t bytes = (how & 12u) != 0 ? 4u : 1u << how % 2u;
    const struct device_model *model = sim->devices.row[device].device.model;

    if (model->bytes == 0) {
        return;
    }
    uint32_t offset = word(in) % model->bytes;
    uint32_t value = 0;

    if (model->register_count != 0 && (how & 48u) != 0) {
        offset = model->registers[offset % model->register_count].offset;
        bytes = model->access == DEVICE_BYTES ? 1u : bytes;
    }
    offset &= ~(bytes - 1u);
    if ((how & 192u) == 0) {
        devices_read(sim, device, offset, bytes, &value);
    } else {
        value = (how & 64u) != 0 ? word(in) : byte(in);
        value <<= (how & 64u) != 0 ? 0 : byte(in) % 25u;
        devices_write(sim, device, offset, bytes, value);
    }
    k5sim_device_peek(sim, device, offset, &value);
    k5sim_device_register(sim, device, offset);
}

static void act_outside(struct k5sim *sim, struct input *in)
{
    uint32_t device = number(in, sim->devices.count);

    switch (byte(in) % 8u) {
    case 0:
        k5sim_pin_drive(sim, number(in, sim->devices.wires.pin_count), (int32_t)number(in, 3) - 1);
        break;
    case 1:
        k5sim_serial_send(sim, device, "some characters", byte(in) % 16u);
        break;
    case 2:
        k5sim_serial_speed(sim, device, word(in));
        break;
    case 3:
        k5sim_serial_damage(sim, device, number(in, 32));
        break;
    case 4:
        k5sim_value_set(sim, device, number(in, 3), (int32_t)number(in, 200));
        break;
    case 5:
        k5sim_line_force(sim, number(in, HOSTPORT_LINES), byte(in) % 2u);
        break;
    case 6:
        k5sim_reset(sim, number(in, 3));
        break;
    default:
        k5sim_task_kill(sim, number(in, 2), byte(in));
        break;
    }
}

/* Questions that have no side effects. */
static void look(struct k5sim *sim)
{
    static struct k5sim_guest_error errors[DEVICES_GUEST_ERRORS];
    uint32_t bytes = 0;

    k5sim_guest_errors(sim, errors, DEVICES_GUEST_ERRORS);
    for (uint32_t i = 0; i <= sim->devices.count; i++) {
        k5sim_device_memory(sim, i, &bytes);
        k5sim_value_name(sim, i, 0);
    }
    for (uint32_t i = 0; i <= sim->devices.wires.pin_count; i++) {
        k5sim_pin_level(sim, i);
    }
    k5sim_line_state(sim, 0);
}

static void use(struct k5sim *sim, struct input *in)
{
    bool more = true;

    while (more && in->at < in->end) {
        switch (byte(in) % 8u) {
        case 0:
            act_outside(sim, in);
            break;
        case 1:
            more = let_run(sim, UINT64_C(1) << byte(in) % 18u);
            break;
        default:
            access_device(sim, in);
            break;
        }
        drain(sim);
        if (sim->failed) {
            broken(k5sim_error_text(sim));
        }
    }
    let_run(sim, 100);
    look(sim);
}

/* A task that loops, as a machine has one. */
static void boot(struct k5sim *sim)
{
    static const uint16_t loop[] = {0xe7fe};
    const struct bench_program programs[] = {BENCH_PROGRAM(loop)};

    build_reset();
    build_header()->tick_hz = TICK_HZ;
    build_single(10);
    k5sim_record(sim, UINT64_MAX);
    bench_start(sim, programs, 1);
    drain(sim);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct plan plan;
    struct input in = {data, data + size, false};
    char why[256] = "";

    memset(&plan, 0, sizeof plan);
    choose_board(&in, &plan);
    struct k5sim *sim = k5sim_open(&plan.board, why, sizeof why);

    if (sim == NULL) {
        if (why[0] == '\0') {
            broken("a refusal without a reason");
        }
        return 0;
    }
    if (plan.usual) {
        boot(sim);
        use(sim, &in);
    }
    k5sim_close(sim);
    return 0;
}
