/* Copies of every length and alignment, byte by byte against the plain ones. */
#include "arch/rv32/copy.h"

#include <stdbool.h>

#include "tests/arch/arch_test.h"

#define ROOM 64u

static void test_every_length_and_alignment(void **state)
{
    (void)state;
    for (uint32_t bytes = 0; bytes <= 40; bytes++) {
        for (uint32_t to = 0; to < 4; to++) {
            for (uint32_t from = 0; from < 4; from++) {
                _Alignas(4) uint8_t source[ROOM];
                _Alignas(4) uint8_t target[ROOM];

                for (uint32_t i = 0; i < ROOM; i++) {
                    source[i] = (uint8_t)(i * 7 + 1);
                    target[i] = 0xee;
                }
                copy_bytes(target + 8 + to, source + 8 + from, bytes);
                for (uint32_t i = 0; i < ROOM; i++) {
                    bool inside = i >= 8 + to && i < 8 + to + bytes;

                    assert_int_equal(target[i], inside ? source[i - to + from] : 0xee);
                }
            }
        }
    }
}

/* Of the words at both ends, only such as hold a byte that is wanted: ASan watches. */
static void test_nothing_is_read_outside_the_words_of_the_range(void **state)
{
    (void)state;
    for (uint32_t words = 1; words <= 4; words++) {
        for (uint32_t from = 0; from < 4; from++) {
            uint8_t *source = test_malloc(words * 4);
            uint8_t *target = test_malloc(words * 4);

            memset(source, 0x5a, words * 4);
            copy_bytes(target, source + from, words * 4 - from);
            assert_memory_equal(target, source, words * 4 - from);
            test_free(target);
            test_free(source);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_length_and_alignment),
        cmocka_unit_test(test_nothing_is_read_outside_the_words_of_the_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
