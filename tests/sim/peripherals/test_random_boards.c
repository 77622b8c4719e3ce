/* Whatever a task does to the models of AN505, virt and FE310, and the outside with them: they stay
 * in their state, and two machines that it is done to are the same. Under ASan and UBSan this is
 * the test that says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"
#include "tests/sim/support/device_random.h"

enum { D_CMSDK, D_16550, D_SIFIVE, D_FPGAIO, D_GPIO, D_PWM, D_PWM8, D_CLINT, D_PLIC, D_COUNT };
enum { SERIALS = D_FPGAIO };

static const struct k5sim_device devices[D_COUNT] = {
    {.model = "cmsdk-uart", .name = "uart1", .base = 0x40201000},
    {.model = "ns16550", .name = "uart0", .base = 0x10000000},
    {.model = "sifive-uart", .name = "uart2", .base = 0x10023000, .parameter = 16000000},
    {.model = "mps2-fpgaio", .name = "fpgaio", .base = 0x40302000},
    {.model = "sifive-gpio", .name = "gpio", .base = 0x10012000},
    {.model = "sifive-pwm", .name = "pwm1", .base = 0x10025000, .parameter = 16000000},
    {.model = "sifive-pwm8", .name = "pwm0", .base = 0x10015000},
    {.model = "sifive-clint", .name = "clint", .base = 0x02000000, .parameter = 32768},
    {.model = "sifive-plic", .name = "plic", .base = 0x0c000000},
};

/* PWM to pads, pads to the interrupt controller. */
static const struct k5sim_wire wires[] = {
    {"pwm0", 0, "gpio", 64}, {"pwm0", 1, "gpio", 65}, {"pwm1", 0, "gpio", 66},
    {"pwm1", 3, "gpio", 35}, {"gpio", 0, "plic", 1},  {"gpio", 1, "plic", 2},
    {"gpio", 2, "plic", 40}, {"gpio", 3, "plic", 52}, {"fpgaio", 0, "gpio", 7},
};
static const struct k5sim_pin pins[] = {{"A", "gpio", 4, 1}, {"B", "fpgaio", 2, 0}};

#define WIRES (sizeof wires / sizeof wires[0])
#define PINS  (sizeof pins / sizeof pins[0])
#define STEPS 20000u

static uint32_t random_offset(uint32_t device, uint64_t *random)
{
    static const uint32_t reach[D_CLINT] = {0x18, 8, 0x20, 0x50, 0x48, 0x30, 0x30};
    static const uint32_t clint[] = {0, 0x4000, 0x4004, 0xbff8, 0xbffc};
    static const uint32_t plic[] = {4,      8,      4 * 40,   4 * 52,  0x1000,
                                    0x2000, 0x2004, 0x200000, 0x200004};

    if (device == D_CLINT) {
        return clint[random_below(random, sizeof clint / sizeof clint[0])];
    }
    if (device == D_PLIC) {
        return plic[random_below(random, sizeof plic / sizeof plic[0])];
    }
    return random_below(random, reach[device]);
}

/* Mostly of the size that the device wants. */
static void access_registers(struct k5sim *sim, uint64_t *random)
{
    uint32_t device = random_below(random, D_COUNT);
    uint32_t usual = device == D_16550 ? 1u : 4u;
    uint32_t bytes = random_below(random, 16) == 0 ? 1u << random_below(random, 3) : usual;
    uint32_t offset = random_offset(device, random) & ~(bytes - 1u);

    if (random_below(random, 3) == 0) {
        kit_read_sized(sim, device, offset, bytes);
    } else {
        kit_write_sized(sim, device, offset, bytes, device_random_word(random));
    }
}

/* Speeds at which something happens, and receivers that are on. */
static void set_going(struct k5sim *sim, uint64_t *random)
{
    kit_write(sim, D_CMSDK, 0x10, 16u + random_below(random, 100));
    kit_write(sim, D_CMSDK, 0x08, device_random_word(random) | 3u);
    kit_write_sized(sim, D_16550, 3, 1, 0x83);
    kit_write_sized(sim, D_16550, 0, 1, 1u + random_below(random, 4));
    kit_write_sized(sim, D_16550, 1, 1, 0);
    kit_write_sized(sim, D_16550, 3, 1, device_random_word(random) & 0x7fu);
    kit_write(sim, D_SIFIVE, 0x18, random_below(random, 100));
    kit_write(sim, D_SIFIVE, 0x08, device_random_word(random) | 1u);
    kit_write(sim, D_SIFIVE, 0x0c, device_random_word(random) | 1u);
}

static void act_outside(struct k5sim *sim, uint64_t *random)
{
    switch (random_below(random, 3)) {
    case 0:
        k5sim_serial_send(sim, random_below(random, SERIALS), "outside", 7);
        break;
    case 1:
        k5sim_serial_damage(sim, random_below(random, SERIALS), random_below(random, 16));
        break;
    default:
        k5sim_pin_drive(sim, random_below(random, PINS), (int32_t)random_below(random, 3) - 1);
        break;
    }
}

static void step(struct k5sim *sim, uint64_t *random)
{
    switch (random_below(random, 64)) {
    case 0:
        set_going(sim, random);
        break;
    case 1:
        act_outside(sim, random);
        break;
    case 2:
    case 3:
        kit_advance(sim, 1u << random_below(random, 14));
        break;
    case 4:
        if (random_below(random, 100) == 0) {
            k5sim_reset(sim, random_below(random, 2));
        }
        break;
    default:
        access_registers(sim, random);
        break;
    }
}

/* Everything that was recorded. */
static uint64_t run(uint64_t seed)
{
    struct k5sim *sim = kit_open(&(struct kit_board){devices, D_COUNT, wires, WIRES, pins, PINS});
    struct k5sim_event event;
    uint64_t random = seed;
    uint64_t sum = 0;

    for (uint32_t i = 0; i < STEPS; i++) {
        step(sim, &random);
        while (k5sim_take_events(sim, &event, 1) == 1) {
            sum = device_mixed(sum, &event, sizeof event);
        }
    }
    k5sim_close(sim);
    return sum;
}

static void test_random_accesses_repeat_exactly(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        uint64_t first = run(seed);

        if (first != run(seed)) {
            fail_msg("seed %u is another run the second time", (unsigned)seed);
        }
        assert_int_not_equal(first, run(seed + 100));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_accesses_repeat_exactly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
