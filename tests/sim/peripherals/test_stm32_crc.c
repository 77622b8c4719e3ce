/* STM32's CRC unit, against known checks and a calculation by division. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/oracle/program.h"
#include "tests/sim/support/device_kit.h"

enum { DR = 0x00, IDR = 0x04, CR = 0x08, INIT = 0x10, POL = 0x14 };
enum {
    RESET = 1,
    SIZE16 = 1 << 3,
    SIZE8 = 2 << 3,
    SIZE7 = 3 << 3,
    IN_BYTES = 1 << 5,
    OUT = 1 << 7
};

static struct k5sim *open_crc(void)
{
    static const struct k5sim_device device = {
        .model = "stm32-crc", .name = "crc", .base = 0x40023000};

    return kit_open(&(struct kit_board){.device = &device, .device_count = 1});
}

static uint32_t get(struct k5sim *sim, uint32_t offset)
{
    return kit_read(sim, 0, offset);
}

static void set(struct k5sim *sim, uint32_t offset, uint32_t value)
{
    kit_write(sim, 0, offset, value);
}

static void feed(struct k5sim *sim, const char *text)
{
    for (; *text != '\0'; text++) {
        kit_write_sized(sim, 0, DR, 1, (uint8_t)*text);
    }
}

/* The published check values of well-known codes, of the text "123456789". */
static void test_well_known_codes(void **state)
{
    static const struct {
        const char *name;
        uint32_t cr, init, pol, check;
    } codes[] = {
        {"CRC-32/MPEG-2", 0, UINT32_MAX, 0x04c11db7, 0x0376e6e7},
        {"CRC-32/ISO-HDLC, inverted", IN_BYTES | OUT, UINT32_MAX, 0x04c11db7, ~0xcbf43926u},
        {"CRC-32/ISCSI, inverted", IN_BYTES | OUT, UINT32_MAX, 0x1edc6f41, ~0xe3069283u},
        {"CRC-16/IBM-3740", SIZE16, 0xffff, 0x1021, 0x29b1},
        {"CRC-16/XMODEM", SIZE16, 0, 0x1021, 0x31c3},
        {"CRC-16/MODBUS", SIZE16 | IN_BYTES | OUT, 0xffff, 0x8005, 0x4b37},
        {"CRC-8/SMBUS", SIZE8, 0, 0x07, 0xf4},
        {"CRC-8/MAXIM-DOW", SIZE8 | IN_BYTES | OUT, 0, 0x31, 0xa1},
        {"CRC-7/MMC", SIZE7, 0, 0x09, 0x75},
    };

    (void)state;
    for (uint32_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct k5sim *sim = open_crc();

        set(sim, POL, codes[i].pol);
        set(sim, INIT, codes[i].init);
        set(sim, CR, codes[i].cr | RESET);
        feed(sim, "123456789");
        if (get(sim, DR) != codes[i].check) {
            fail_msg("%s gives 0x%x", codes[i].name, (unsigned)get(sim, DR));
        }
        set(sim, CR, codes[i].cr | RESET); /* and again */
        feed(sim, "123456789");
        assert_int_equal(get(sim, DR), codes[i].check);
        k5sim_close(sim);
    }
}

/* ---------------------------------------------------------------- division of polynomials */

struct message {
    bool bit[4096];
    uint32_t bits;
};

/* The bits of a write, in the order in which they are divided. */
static void append(struct message *m, uint32_t value, uint32_t bits, uint32_t reversal)
{
    static const uint32_t parts[4] = {32, 8, 16, 32};
    uint32_t part = parts[reversal] < bits ? parts[reversal] : bits;

    for (uint32_t i = 0; i < bits; i++) { /* i-th bit, from the most significant */
        uint32_t group = i / part * part;
        uint32_t place = reversal == 0 ? i : group + part - 1 - (i - group);

        m->bit[m->bits + i] = (value >> (bits - 1 - place) & 1u) != 0;
    }
    m->bits += bits;
}

/* Long division with the remainder written out: the initial value is added to the first bits. */
static uint32_t divide(const struct message *m, uint32_t size, uint32_t pol, uint32_t init)
{
    bool work[4096 + 64] = {false};
    uint32_t remainder = 0;

    for (uint32_t i = 0; i < m->bits; i++) {
        work[i] = m->bit[i];
    }
    for (uint32_t i = 0; i < size; i++) {
        work[i] ^= (init >> (size - 1 - i) & 1u) != 0;
    }
    for (uint32_t i = 0; i < m->bits; i++) {
        if (work[i]) {
            for (uint32_t k = 0; k < size; k++) {
                work[i + 1 + k] ^= (pol >> (size - 1 - k) & 1u) != 0;
            }
        }
    }
    for (uint32_t k = 0; k < size; k++) {
        remainder = remainder << 1 | work[m->bits + k];
    }
    return remainder;
}

static uint32_t reversed(uint32_t value, uint32_t bits)
{
    uint32_t result = 0;

    for (uint32_t k = 0; k < bits; k++) {
        result |= (value >> k & 1u) << (bits - 1 - k);
    }
    return result;
}

static uint32_t random_word(uint64_t *random)
{
    return random_below(random, 0x10000) << 16 | random_below(random, 0x10000);
}

static void test_all_settings_divide(void **state)
{
    static const uint32_t sizes[4] = {32, 16, 8, 7};
    uint64_t random = 3;
    struct k5sim *sim = open_crc();

    (void)state;
    k5sim_record(sim, 0); /* nobody takes the events */
    for (uint32_t i = 0; i < 2000; i++) {
        uint32_t choice = random_below(&random, 4);
        uint32_t reversal = random_below(&random, 4);
        uint32_t turned = random_below(&random, 2);
        uint32_t pol = random_word(&random) | 1u;
        uint32_t init = random_word(&random);
        uint32_t writes = 1 + random_below(&random, 12);
        struct message m = {.bits = 0};

        set(sim, POL, pol);
        set(sim, CR, choice << 3 | reversal << 5 | turned << 7);
        set(sim, INIT, init); /* starts anew by itself */
        for (uint32_t k = 0; k < writes; k++) {
            uint32_t bytes = 1u << random_below(&random, 3);
            uint32_t value = random_word(&random);

            kit_write_sized(sim, 0, DR, bytes,
                            bytes == 4 ? value : value & ((1u << 8 * bytes) - 1));
            append(&m, value, 8 * bytes, reversal);
        }
        uint32_t expected = divide(&m, sizes[choice], pol, init);

        assert_int_equal(get(sim, DR), turned != 0 ? reversed(expected, sizes[choice]) : expected);
    }
    k5sim_close(sim);
}

static void test_reset_values_and_registers(void **state)
{
    struct k5sim *sim = open_crc();
    struct k5sim_guest_error error;

    (void)state;
    assert_int_equal(get(sim, DR), UINT32_MAX);
    assert_int_equal(get(sim, IDR), 0);
    assert_int_equal(get(sim, CR), 0);
    assert_int_equal(get(sim, INIT), UINT32_MAX);
    assert_int_equal(get(sim, POL), 0x04c11db7);
    set(sim, IDR, 0x12345678);
    set(sim, CR, UINT32_MAX);
    assert_int_equal(get(sim, CR), 0xf8); /* RESET has cleared itself */
    assert_int_equal(get(sim, IDR), 0x12345678);
    set(sim, CR, 0);
    set(sim, DR, 0);
    uint32_t of_a_word = get(sim, DR);

    set(sim, CR, RESET);
    kit_write_sized(sim, 0, DR, 2, 0);
    kit_write_sized(sim, 0, DR + 2, 2, 0); /* wherever in the word */
    assert_int_equal(get(sim, DR), of_a_word);
    assert_int_equal(k5sim_guest_errors(sim, &error, 1), 0);
    set(sim, 0x0c, 1);
    assert_int_equal(k5sim_guest_errors(sim, &error, 1), 1);
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_PIN), K5SIM_OK);
    assert_int_equal(get(sim, DR), UINT32_MAX);
    assert_int_equal(get(sim, IDR), 0);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_well_known_codes),
        cmocka_unit_test(test_all_settings_divide),
        cmocka_unit_test(test_reset_values_and_registers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
