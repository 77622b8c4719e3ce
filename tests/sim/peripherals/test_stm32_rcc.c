/* STM32's RCC: what drivers poll, what it gates, what a reset leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum { D_RCC, D_TIM };

enum {
    CR = 0x00,
    ICSCR = 0x04,
    CFGR = 0x08,
    PLLCFGR = 0x0c,
    PLLSAI1CFGR = 0x10,
    PLLSAI2CFGR = 0x14,
    CIER = 0x18,
    CIFR = 0x1c,
    CICR = 0x20,
    AHB1RSTR = 0x28,
    APB1RSTR1 = 0x38,
    AHB1ENR = 0x48,
    APB1ENR1 = 0x58,
    AHB1SMENR = 0x68,
    CCIPR1 = 0x88,
    BDCR = 0x90,
    CSR = 0x94,
    CRRCR = 0x98,
    SECCFGR = 0xb8,
    APB2SECSR = 0x100,
};

#define MSION    (1u << 0)
#define MSIRDY   (1u << 1)
#define HSION    (1u << 8)
#define HSIRDY   (1u << 10)
#define HSEON    (1u << 16)
#define HSERDY   (1u << 17)
#define PLLON    (1u << 24)
#define PLLRDY   (1u << 25)
#define SAI1ON   (1u << 26)
#define PLLREN   (1u << 24)
#define CR_RESET 0x63u

#define LINE      9u
#define TIM_CLOCK (1u << 4)
#define TIM_ARR   0x2cu

/* Ticks of 20 MHz. */
#define US       20u
#define HSI_US   4u
#define HSE_US   2000u
#define LSI_US   80u
#define PLL_US   15u
#define LSE_US   2000000u
#define HSI48_US 3u

static struct k5sim *open_rcc(void)
{
    static const struct k5sim_device devices[] = {
        {.model = "stm32-rcc", .name = "rcc", .base = 0x40021000, .line = {LINE}, .line_count = 1},
        {.model = "stm32-tim-basic",
         .name = "tim6",
         .base = 0x40001000,
         .clock = {"rcc", APB1ENR1, 4},
         .reset = {"rcc", APB1RSTR1, 4}},
    };

    return kit_open(&(struct kit_board){.device = devices, .device_count = 2});
}

static uint32_t get(struct k5sim *sim, uint32_t offset)
{
    return kit_read(sim, D_RCC, offset);
}

static void set(struct k5sim *sim, uint32_t offset, uint32_t value)
{
    kit_write(sim, D_RCC, offset, value);
}

static void set_bits(struct k5sim *sim, uint32_t offset, uint32_t bits)
{
    set(sim, offset, get(sim, offset) | bits);
}

static void clear_bits(struct k5sim *sim, uint32_t offset, uint32_t bits)
{
    set(sim, offset, get(sim, offset) & ~bits);
}

static void set_value(struct k5sim *sim, const char *name, int32_t to)
{
    for (uint32_t v = 0; k5sim_value_name(sim, D_RCC, v) != NULL; v++) {
        if (strcmp(k5sim_value_name(sim, D_RCC, v), name) == 0) {
            assert_int_equal(k5sim_value_set(sim, D_RCC, v, to), K5SIM_OK);
            return;
        }
    }
    fail_msg("no value '%s'", name);
}

static void test_oscillators_are_ready_after_their_time(void **state)
{
    static const struct {
        uint32_t offset, on, ready, us;
    } oscillators[] = {
        {CR, HSION, HSIRDY, HSI_US}, {CR, HSEON, HSERDY, HSE_US}, {CSR, 1, 2, LSI_US},
        {CRRCR, 1, 2, HSI48_US},     {BDCR, 1, 2, LSE_US},
    };

    (void)state;
    for (uint32_t i = 0; i < sizeof oscillators / sizeof oscillators[0]; i++) {
        struct k5sim *sim = open_rcc();
        uint32_t offset = oscillators[i].offset;

        for (uint32_t k = 0; k < 2; k++) {
            set_bits(sim, offset, oscillators[i].on);
            kit_advance(sim, (uint64_t)oscillators[i].us * US - 1);
            assert_int_equal(get(sim, offset) & oscillators[i].ready, 0);
            kit_advance(sim, 1);
            assert_int_equal(get(sim, offset) & oscillators[i].ready, oscillators[i].ready);
            clear_bits(sim, offset, oscillators[i].on);
            assert_int_equal(get(sim, offset) & oscillators[i].ready, 0);
        }
        k5sim_close(sim);
    }
}

static void test_ready_flags_cannot_be_written(void **state)
{
    struct k5sim *sim = open_rcc();

    (void)state;
    set(sim, CR, UINT32_MAX);
    set(sim, BDCR, 3);
    set(sim, CSR, 3);
    set(sim, CRRCR, UINT32_MAX);
    set(sim, CIFR, UINT32_MAX);
    set(sim, CFGR, 0xc);
    assert_int_equal(get(sim, CR), 0x950f0bff & ~(HSIRDY | HSERDY));
    assert_int_equal(get(sim, BDCR), 1);
    assert_int_equal(get(sim, CSR), 0x0c000001);
    assert_int_equal(get(sim, CRRCR), 1);
    assert_int_equal(get(sim, CIFR), 0);
    assert_int_equal(get(sim, CFGR), 0);
    k5sim_close(sim);
}

static void test_several_start_at_once(void **state)
{
    struct k5sim *sim = open_rcc();

    (void)state;
    set_bits(sim, CSR, 1);
    kit_advance(sim, 70 * US);
    set_bits(sim, CR, HSEON);
    set_bits(sim, CRRCR, 1);
    kit_advance(sim, 9 * US);
    assert_int_equal(get(sim, CSR) & 2, 0);
    assert_int_equal(get(sim, CRRCR), 3);
    kit_advance(sim, 1 * US);
    assert_int_equal(get(sim, CSR) & 2, 2);
    kit_advance(sim, (HSE_US - 10) * US - 1);
    assert_int_equal(get(sim, CR) & HSERDY, 0);
    kit_advance(sim, 1);
    assert_int_equal(get(sim, CR) & HSERDY, HSERDY);
    k5sim_close(sim);
}

static void test_missing_crystals_never_start(void **state)
{
    struct k5sim *sim = open_rcc();

    (void)state;
    set_value(sim, "hse_missing", 1);
    set_value(sim, "lse_missing", 1);
    set_bits(sim, CR, HSEON);
    set_bits(sim, BDCR, 1);
    kit_advance(sim, UINT64_C(10) * LSE_US * US);
    assert_int_equal(get(sim, CR) & HSERDY, 0);
    assert_int_equal(get(sim, BDCR) & 2, 0);
    set_value(sim, "hse_missing", 0); /* somebody solders it in */
    kit_advance(sim, HSE_US * US);
    assert_int_equal(get(sim, CR) & HSERDY, HSERDY);
    set_value(sim, "hse_missing", 1);
    assert_int_equal(get(sim, CR) & HSERDY, 0);
    k5sim_close(sim);
}

static void test_pll_needs_a_source_that_is_ready(void **state)
{
    struct k5sim *sim = open_rcc();

    (void)state;
    set_bits(sim, CR, PLLON); /* source: none */
    kit_advance(sim, 1000 * US);
    assert_int_equal(get(sim, CR) & PLLRDY, 0);
    clear_bits(sim, CR, PLLON);
    set(sim, PLLCFGR, 0x1002 | PLLREN); /* HSI16 */
    set_bits(sim, CR, PLLON | HSION);
    kit_advance(sim, (HSI_US + PLL_US) * US - 1);
    assert_int_equal(get(sim, CR) & (PLLRDY | HSIRDY), HSIRDY);
    kit_advance(sim, 1);
    assert_int_equal(get(sim, CR) & PLLRDY, PLLRDY);
    set(sim, PLLCFGR, 0xffffffff); /* it runs: its outputs alone can be switched */
    assert_int_equal(get(sim, PLLCFGR), 0x01111002);
    set(sim, PLLCFGR, 0);
    assert_int_equal(get(sim, PLLCFGR), 0x1002);
    clear_bits(sim, CR, HSION); /* nobody needs it but the PLL */
    assert_int_equal(get(sim, CR) & PLLRDY, 0);
    k5sim_close(sim);
}

static void test_the_small_plls(void **state)
{
    struct k5sim *sim = open_rcc();

    (void)state;
    set(sim, PLLSAI1CFGR, 0x1001);
    set(sim, PLLSAI2CFGR, UINT32_MAX);
    assert_int_equal(get(sim, PLLSAI2CFGR), 0xf8037ff3);
    set(sim, PLLSAI2CFGR, 0x1001);
    set_bits(sim, CR, SAI1ON | SAI1ON << 2);
    kit_advance(sim, PLL_US * US - 1);
    assert_int_equal(get(sim, CR) >> 26, 5);
    kit_advance(sim, 1);
    assert_int_equal(get(sim, CR) >> 26, 15);
    k5sim_close(sim);
}

static uint32_t switched_to(struct k5sim *sim)
{
    return get(sim, CFGR) >> 2 & 3u;
}

static void test_clock_switch_follows_when_its_target_is_ready(void **state)
{
    struct k5sim *sim = open_rcc();

    (void)state;
    set(sim, CFGR, 1);
    assert_int_equal(switched_to(sim), 0);
    set_bits(sim, CR, HSION);
    kit_advance(sim, HSI_US * US - 1);
    assert_int_equal(switched_to(sim), 0);
    kit_advance(sim, 1);
    assert_int_equal(switched_to(sim), 1);
    set(sim, PLLCFGR, 0x1002); /* no PLLREN */
    set_bits(sim, CR, PLLON);
    kit_advance(sim, PLL_US * US);
    set(sim, CFGR, 3);
    assert_int_equal(switched_to(sim), 1);
    set(sim, PLLCFGR, 0x1002 | PLLREN);
    assert_int_equal(switched_to(sim), 3);
    assert_int_equal(get(sim, CFGR), 0xf);
    k5sim_close(sim);
}

static void test_the_system_clock_cannot_be_switched_off(void **state)
{
    struct k5sim *sim = open_rcc();

    (void)state;
    clear_bits(sim, CR, MSION);
    assert_int_equal(get(sim, CR), CR_RESET);
    set_bits(sim, CR, HSION);
    kit_advance(sim, HSI_US * US);
    set(sim, CFGR, 1);
    clear_bits(sim, CR, HSION | MSION); /* MSI is not needed any more */
    assert_int_equal(get(sim, CR), 0x60 | HSION | HSIRDY);
    set(sim, PLLCFGR, 0x1002 | PLLREN);
    set_bits(sim, CR, PLLON);
    kit_advance(sim, PLL_US * US);
    set(sim, CFGR, 3);
    clear_bits(sim, CR, PLLON | HSION); /* the PLL, and what it runs from */
    assert_int_equal(get(sim, CR), 0x60 | HSION | HSIRDY | PLLON | PLLRDY);
    k5sim_close(sim);
}

static void test_msi_range(void **state)
{
    struct k5sim *sim = open_rcc();

    (void)state;
    set(sim, CR, MSION | 1u << 3 | 11u << 4); /* 48 MHz, chosen here */
    assert_int_equal(get(sim, CR), 0xbb);
    set(sim, CR, MSION | 11u << 4); /* MSIRGSEL stays until a reset */
    assert_int_equal(get(sim, CR), 0xbb);
    set_bits(sim, CR, HSION);
    kit_advance(sim, HSI_US * US);
    set(sim, CFGR, 1);
    clear_bits(sim, CR, MSION);
    set_bits(sim, CR, MSION);
    set(sim, CR, MSION | HSION | 4u << 4); /* on, but not ready: the range cannot change */
    assert_int_equal(get(sim, CR) & 0xf2, 11u << 4);
    kit_advance(sim, 3 * US);
    set(sim, CR, MSION | HSION | 4u << 4);
    assert_int_equal(get(sim, CR) & 0xf2, (4u << 4) | MSIRDY);
    k5sim_close(sim);
}

static void test_ready_interrupts(void **state)
{
    struct k5sim *sim = open_rcc();

    (void)state;
    set(sim, CIER, 1u << 3 | 1u << 10);
    set_bits(sim, CR, HSION);
    set_bits(sim, CRRCR, 1);
    set_bits(sim, CSR, 1); /* without interrupt: no flag */
    kit_advance(sim, HSI48_US * US - 1);
    assert_false(kit_line(sim, LINE));
    kit_advance(sim, 1);
    assert_true(kit_line(sim, LINE));
    assert_int_equal(get(sim, CIFR), 1u << 10);
    kit_advance(sim, LSI_US * US);
    assert_int_equal(get(sim, CIFR), 1u << 10 | 1u << 3);
    set(sim, CICR, 1u << 10);
    assert_true(kit_line(sim, LINE));
    set(sim, CICR, 1u << 3);
    assert_int_equal(get(sim, CIFR), 0);
    assert_int_equal(get(sim, CICR), 0);
    assert_false(kit_line(sim, LINE));
    k5sim_close(sim);
}

static void test_enable_bits_gate_and_reset_bits_reset(void **state)
{
    struct k5sim *sim = open_rcc();
    struct k5sim_guest_error error;

    (void)state;
    kit_write(sim, D_TIM, TIM_ARR, 7);
    assert_int_equal(kit_read(sim, D_TIM, TIM_ARR), 0);
    assert_int_equal(k5sim_guest_errors(sim, &error, 1), 1);
    assert_int_equal(error.kind, K5SIM_EVENT_UNCLOCKED);
    set(sim, APB1ENR1, TIM_CLOCK);
    kit_write(sim, D_TIM, TIM_ARR, 7);
    assert_int_equal(kit_read(sim, D_TIM, TIM_ARR), 7);
    set(sim, APB1RSTR1, TIM_CLOCK);
    set(sim, APB1RSTR1, 0);
    assert_int_equal(kit_read(sim, D_TIM, TIM_ARR), 0xffff);
    kit_write_sized(sim, D_RCC, APB1ENR1, 1, 0); /* all sizes will do */
    assert_int_equal(kit_read(sim, D_TIM, TIM_ARR), 0);
    k5sim_close(sim);
}

static void test_reset_flags(void **state)
{
    struct k5sim *sim = open_rcc();

    (void)state;
    assert_int_equal(get(sim, CSR), 0x0c000600);
    set_bits(sim, CSR, 1u << 23);
    assert_int_equal(get(sim, CSR), 0x00000600);
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_PIN), K5SIM_OK);
    assert_int_equal(get(sim, CSR), 0x04000600);
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_WATCHDOG), K5SIM_OK);
    assert_int_equal(get(sim, CSR), 0x24000600); /* they add up until somebody removes them */
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_PIN), K5SIM_OK);
    assert_int_equal(get(sim, CSR), 0x24000600);
    set(sim, CSR, 1u << 23 | 0x600);
    assert_int_equal(get(sim, CSR), 0x00000600);
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_POWER), K5SIM_OK);
    assert_int_equal(get(sim, CSR), 0x0c000600);
    k5sim_close(sim);
}

/* The backup domain lives on: LSE is still starting, and then it runs. */
static void test_backup_domain_outlives_the_reset_pin(void **state)
{
    struct k5sim *sim = open_rcc();

    (void)state;
    set(sim, BDCR, 1 | 1u << 7 | 3u << 3);
    kit_advance(sim, 1000);
    set_bits(sim, CR, HSION);
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_PIN), K5SIM_OK);
    assert_int_equal(get(sim, CR), CR_RESET);
    assert_int_equal(get(sim, BDCR), 0x99);
    kit_advance(sim, (uint64_t)LSE_US * US - 1000 - 1);
    assert_int_equal(get(sim, BDCR), 0x99);
    kit_advance(sim, 1);
    assert_int_equal(get(sim, BDCR), 0x89b); /* LSERDY, LSESYSRDY */
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_WATCHDOG), K5SIM_OK);
    assert_int_equal(get(sim, BDCR), 0x89b);
    set(sim, BDCR, 1u << 16 | 0x99); /* its own reset */
    assert_int_equal(get(sim, BDCR), 1u << 16);
    set(sim, BDCR, 1);
    assert_int_equal(get(sim, BDCR), 1);
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_POWER), K5SIM_OK);
    assert_int_equal(get(sim, BDCR), 0);
    k5sim_close(sim);
}

static void test_reset_values_and_what_is_not_there(void **state)
{
    static const uint32_t expected[][2] = {
        {CR, CR_RESET},
        {ICSCR, 0x40000000},
        {CFGR, 0},
        {PLLCFGR, 0x1000},
        {PLLSAI1CFGR, 0x1000},
        {PLLSAI2CFGR, 0x1000},
        {0x28, 0},
        {0x2c, 0},
        {0x30, 0},
        {0x38, 0},
        {0x3c, 0},
        {0x40, 0},
        {AHB1ENR, 0x100},
        {0x4c, 0},
        {0x50, 0},
        {0x58, 0},
        {0x5c, 0},
        {0x60, 0},
        {0x68, 0x00c11307},
        {0x6c, 0x006f22ff},
        {0x70, 0x101},
        {0x78, 0xf1fecc3f},
        {0x7c, 0x00a00223},
        {0x80, 0x01677801},
        {CCIPR1, 0},
        {BDCR, 0},
        {CSR, 0x0c000600},
        {CRRCR, 0},
        {0x9c, 0},
        {SECCFGR, 0},
        {0xbc, 0},
        {APB2SECSR, 0},
    };
    struct k5sim *sim = open_rcc();
    struct k5sim_guest_error errors[4];

    (void)state;
    for (uint32_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(get(sim, expected[i][0]), expected[i][1]);
    }
    set(sim, AHB1RSTR, UINT32_MAX);
    assert_int_equal(get(sim, AHB1RSTR), 0x00411107);
    set(sim, SECCFGR, UINT32_MAX); /* without TrustZone it is not there */
    assert_int_equal(get(sim, SECCFGR), 0);
    assert_int_equal(k5sim_guest_errors(sim, errors, 4), 0);
    set(sim, CCIPR1, 1);    /* kernel clocks */
    set(sim, CFGR, 8 << 4); /* the AHB divider */
    set(sim, 0x24, 1);
    assert_int_equal(get(sim, CFGR), 8 << 4);
    assert_int_equal(k5sim_guest_errors(sim, errors, 4), 3);
    assert_int_equal(errors[0].kind, K5SIM_EVENT_DEVICE_UNMODELLED);
    assert_int_equal(errors[1].kind, K5SIM_EVENT_DEVICE_UNMODELLED);
    assert_int_equal(errors[2].kind, K5SIM_EVENT_DEVICE_MISUSE);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oscillators_are_ready_after_their_time),
        cmocka_unit_test(test_ready_flags_cannot_be_written),
        cmocka_unit_test(test_several_start_at_once),
        cmocka_unit_test(test_missing_crystals_never_start),
        cmocka_unit_test(test_pll_needs_a_source_that_is_ready),
        cmocka_unit_test(test_the_small_plls),
        cmocka_unit_test(test_clock_switch_follows_when_its_target_is_ready),
        cmocka_unit_test(test_the_system_clock_cannot_be_switched_off),
        cmocka_unit_test(test_msi_range),
        cmocka_unit_test(test_ready_interrupts),
        cmocka_unit_test(test_enable_bits_gate_and_reset_bits_reset),
        cmocka_unit_test(test_reset_flags),
        cmocka_unit_test(test_backup_domain_outlives_the_reset_pin),
        cmocka_unit_test(test_reset_values_and_what_is_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
