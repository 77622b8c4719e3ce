/* Boards that cannot be: each mistake is refused, with what it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/machine.h"
#include "tests/unit/fake_machine.h"

#define TIMER  UINT32_C(0x40001000)
#define SECOND UINT32_C(0x40002000)

/* A good board, for one thing on it to be spoiled. */
struct plan {
    struct k5sim_memory memory[2];
    struct k5sim_device device[DEVICES + 1];
    struct k5sim_wire wire[WIRES + 1];
    struct k5sim_pin pin[PINS + 1];
    struct k5sim_board board;
};

enum { D_GOOD, D_BAD, D_RCC, D_PORT, D_COUNT };

static struct plan *good_plan(void)
{
    static struct plan plan;

    plan = (struct plan){
        .memory = {{FAKE_FLASH_BASE, FAKE_FLASH_BYTES, false},
                   {FAKE_RAM_BASE, FAKE_RAM_BYTES, true}},
        .device =
            {
                {.model = "cmsdk-timer", .name = "good", .base = TIMER},
                {.model = "cmsdk-timer",
                 .name = "bad",
                 .base = SECOND,
                 .line_count = 1,
                 .line = {2}},
                {.model = "stm32-rcc", .name = "rcc", .base = 0x40021000},
                {.model = "stm32-gpio", .name = "port", .base = 0x42020000},
            },
        .wire = {{.from = "port", .from_signal = 31, .to = "port", .to_signal = 255}},
        .pin = {{.name = "pin", .device = "port", .signal = 15, .pull = 1},
                {.name = "other", .device = "port", .signal = 15, .pull = -1}},
    };
    plan.board = (struct k5sim_board){
        .cpu = "cortex-m33",
        .memory = plan.memory,
        .memory_count = 2,
        .mpu_regions = 8,
        .ticks_per_insn = 1,
        .device = plan.device,
        .device_count = D_COUNT,
        .wire = plan.wire,
        .wire_count = 1,
        .pin = plan.pin,
        .pin_count = 2,
    };
    return &plan;
}

static void must_refuse(const struct plan *plan, const char *wanted)
{
    char why[256] = "";
    struct k5sim *sim = k5sim_open(&plan->board, why, sizeof why);

    if (sim != NULL || strstr(why, wanted) == NULL) {
        fail_msg("'%s' does not say '%s'", why, wanted);
    }
}

static void must_take(const struct plan *plan)
{
    char why[256] = "";
    struct k5sim *sim = k5sim_open(&plan->board, why, sizeof why);

    if (sim == NULL) {
        fail_msg("%s", why);
    }
    k5sim_close(sim);
}

/* Spoils the plan `p` or its bad device `d` by `change`, and wants that said. */
#define REFUSE(wanted, change)                                                                     \
    do {                                                                                           \
        struct plan *p = good_plan();                                                              \
        struct k5sim_device *d = &p->device[D_BAD];                                                \
                                                                                                   \
        (void)d;                                                                                   \
        change;                                                                                    \
        must_refuse(p, wanted);                                                                    \
    } while (0)

#define TAKE(change)                                                                               \
    do {                                                                                           \
        struct plan *p = good_plan();                                                              \
        struct k5sim_device *d = &p->device[D_BAD];                                                \
                                                                                                   \
        (void)d;                                                                                   \
        change;                                                                                    \
        must_take(p);                                                                              \
    } while (0)

static void test_good_board_is_taken(void **state)
{
    (void)state;
    TAKE((void)p);
    TAKE(p->board.device_count = p->board.wire_count = p->board.pin_count = 0;
         p->board.device = NULL; p->board.wire = NULL; p->board.pin = NULL);
}

static void test_names_and_models(void **state)
{
    (void)state;
    REFUSE("device 'bad': no model 'flux-capacitor'; there are: cmsdk-timer",
           d->model = "flux-capacitor");
    REFUSE("device 'bad': no model ''", d->model = NULL);
    REFUSE("device 1: its name must have 1 to 31 bytes", d->name = NULL);
    REFUSE("device 1: its name must have 1 to 31 bytes", d->name = "");
    REFUSE("device 1: its name must have 1 to 31 bytes",
           d->name = "a name that has thirty-two bytes");
    TAKE(d->name = "a name that has thirty-one byte");
    REFUSE("two devices are named 'good'", d->name = "good");
}

static void test_interrupt_lines(void **state)
{
    (void)state;
    REFUSE("device 'bad': interrupt line 256, at most 255", d->line[0] = 256);
    REFUSE("device 'bad': 33 interrupts, at most 32", d->line_count = 33);
    TAKE(d->line[0] = 255);
    TAKE(d->line[0] = K5SIM_NO_LINE);
}

static void test_addresses(void **state)
{
    (void)state;
    REFUSE("'bad' at 0x40002010 + 0x1000", d->base = SECOND + 16);
    REFUSE("'bad' at 0x40001800 + 0x1000", d->base = TIMER + 0x800);
    REFUSE("'bad' at 0x40000020 + 0x1000", d->base = TIMER - 0xfe0);
    TAKE(d->base = TIMER - 0x1000);
    /* In a page of memory, at either end of it. */
    REFUSE("'bad' at", d->base = FAKE_RAM_BASE + FAKE_RAM_BYTES - 32);
    REFUSE("'bad' at", d->base = FAKE_RAM_BASE - 0xfe0);
    REFUSE("'bad' at", d->base = FAKE_RAM_BASE + 0x400);
    TAKE(d->base = FAKE_RAM_BASE + FAKE_RAM_BYTES);
    TAKE(d->base = FAKE_RAM_BASE - 0x1000);
    /* Where the core has its own. */
    REFUSE("0xdffff020", d->base = 0xdffff020);
    REFUSE("0xffffffe0", d->base = 0xffffffe0);
    TAKE(d->base = 0xdffff000);
    TAKE(d->base = 0);
    REFUSE("device 'bad': a base, 0x40002000, but no registers", d->model = "tmp102");
}

static void test_relations(void **state)
{
    (void)state;
    REFUSE("device 'bad': there is no other device 'bsu' for its bus", d->bus = "bsu");
    REFUSE("device 'bad': there is no other device 'bad' for its bus", d->bus = "bad");
    REFUSE("device 'bad': its clock is bit 0 of register 0x4c of 'rrc', and there is no such",
           d->clock = ((struct k5sim_gate){"rrc", 0x4c, 0}));
    REFUSE("device 'bad': its clock is bit 32 of register 0x4c of 'rcc', and there is no such",
           d->clock = ((struct k5sim_gate){"rcc", 0x4c, 32}));
    REFUSE("device 'bad': its reset is bit 0 of register 0x4d of 'rcc', and there is no such",
           d->reset = ((struct k5sim_gate){"rcc", 0x4d, 0}));
    REFUSE("device 'bad': its reset is a bit of its own",
           d->reset = ((struct k5sim_gate){"bad", 0, 0}));
    REFUSE("device 'bad': its clock is a bit of its own",
           d->clock = ((struct k5sim_gate){"bad", 0, 0}));
    TAKE(d->clock = ((struct k5sim_gate){"rcc", 0x4c, 31}));
}

static void test_wires(void **state)
{
    (void)state;
    REFUSE("wire 0 from 'prot' 31 to 'port' 255: no such device or signal",
           p->wire[0].from = "prot");
    REFUSE("wire 0 from '' 31 to 'port' 255: no such device or signal", p->wire[0].from = NULL);
    REFUSE("wire 0 from 'port' 31 to '' 255: no such device or signal", p->wire[0].to = NULL);
    REFUSE("wire 0 from 'port' 32 to 'port' 255: no such device or signal",
           p->wire[0].from_signal = 32);
    REFUSE("wire 0 from 'port' 31 to 'port' 256: no such device or signal",
           p->wire[0].to_signal = 256);
}

static void test_pins(void **state)
{
    (void)state;
    REFUSE("pin 0: its name must have 1 to 31 bytes", p->pin[0].name = NULL);
    REFUSE("pin 1: its name must have 1 to 31 bytes", p->pin[1].name = "");
    REFUSE("pin 'pin': device 'prot' has no pad 15", p->pin[0].device = "prot");
    REFUSE("pin 'pin': device '' has no pad 15", p->pin[0].device = NULL);
    REFUSE("pin 'pin': device 'port' has no pad 16", p->pin[0].signal = 16);
    REFUSE("pin 'pin': device 'rcc' has no pad 0", p->pin[0].device = "rcc"; p->pin[0].signal = 0);
    REFUSE("pin 'pin': pull 2 is none of 1 (up), 0 (down), -1 (none)", p->pin[0].pull = 2);
    REFUSE("two pins are named 'pin'", p->pin[1].name = "pin");
}

/* `count` devices without registers; the same name twice is another mistake. */
static void many_devices(struct plan *plan, size_t count, const char *model)
{
    static char names[DEVICES + 1][8];

    for (size_t i = 0; i < count; i++) {
        names[i][0] = (char)('a' + i / 26);
        names[i][1] = (char)('a' + i % 26);
        plan->device[i] = (struct k5sim_device){.model = model, .name = names[i]};
        if (device_model_find(model)->bytes != 0) {
            plan->device[i].base = 0x40000000u + 0x10000u * (uint32_t)i;
        }
    }
    plan->board.device_count = count;
    plan->board.wire_count = 0;
    plan->board.pin_count = 0;
}

static void test_counts(void **state)
{
    (void)state;
    TAKE(many_devices(p, DEVICES, "st7735"));
    REFUSE("65 devices, at most 64", many_devices(p, DEVICES + 1, "st7735"));
    TAKE(many_devices(p, SERIAL_LINES, "ns16550"));
    REFUSE("9 serial lines, at most 8", many_devices(p, SERIAL_LINES + 1, "ns16550"));
    REFUSE("257 wires, at most 256, and 2 pins, at most 256", p->board.wire_count = WIRES + 1);
    REFUSE("1 wires, at most 256, and 257 pins, at most 256", p->board.pin_count = PINS + 1);
    REFUSE("4 devices, 1 wires and 2 pins, but no table of them", p->board.device = NULL);
    REFUSE("but no table of them", p->board.wire = NULL);
    REFUSE("but no table of them", p->board.pin = NULL);
}

static void test_memories(void **state)
{
    (void)state;
    REFUSE("memories of 0x50010000 bytes, together at most 0x50000000",
           p->memory[1].bytes = 0x50000000);
    REFUSE("0 memories (1 to ", p->board.memory_count = 0);
    REFUSE("2 memories (1 to ", p->board.memory = NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_board_is_taken),
        cmocka_unit_test(test_names_and_models),
        cmocka_unit_test(test_interrupt_lines),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_relations),
        cmocka_unit_test(test_wires),
        cmocka_unit_test(test_pins),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_memories),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
