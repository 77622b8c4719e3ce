/* Event frames: the bytes on the wire, written by hand; tests/python/test_stream.py reads them. */
#include "arch/common/stream.h"

#include "tests/arch/arch_test.h"

static void test_frame_of_a_record_without_arguments(void **state)
{
    const struct k5_event event = {
        .time = 0x0807060504030201, .kind = 6, .thread = 0xff, .code = 0};
    /* 11 bytes without a zero, then the code's two zeros, then the CRC. */
    const uint8_t want[] = {11, 1, 2, 3, 4, 5, 6, 7, 8, 6, 0xff, 1, 2, 0x32, 0};
    uint8_t frame[STREAM_FRAME_BYTES];
    uint32_t bytes = stream_encode(&event, frame);

    (void)state;
    assert_int_equal(bytes, sizeof want);
    assert_memory_equal(frame, want, sizeof want);
}

static void test_arguments_end_at_the_last_that_is_not_zero(void **state)
{
    struct k5_event event = {.time = UINT64_MAX, .kind = 2, .thread = 1, .code = 0x302};
    uint8_t frame[STREAM_FRAME_BYTES];

    (void)state;
    for (uint32_t last = 0; last < EVENT_ARGS; last++) {
        memset(event.arg, 0, sizeof event.arg);
        event.arg[last] = 0x11223344;
        /* head, arguments, CRC, code byte, delimiter */
        assert_int_equal(stream_encode(&event, frame), 12 + 4 * (last + 1) + 3);
    }
}

static void test_the_only_zero_is_the_delimiter(void **state)
{
    const struct k5_event event[] = {
        {0},
        {.time = 1, .arg = {0, 0, 0, 0, 0, 0x01000000}},
        {.time = UINT64_MAX,
         .kind = 255,
         .thread = 255,
         .code = 0xffff,
         .arg = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}},
        {.time = 0x0100000000000000, .kind = 1, .arg = {0x00ff00ff, 0, 0xff00ff00}},
    };

    (void)state;
    for (size_t i = 0; i < ROWS(event); i++) {
        uint8_t frame[STREAM_FRAME_BYTES];
        uint32_t bytes = stream_encode(&event[i], frame);

        assert_in_range(bytes, 15, STREAM_FRAME_BYTES);
        for (uint32_t at = 0; at < bytes; at++) {
            assert_true((frame[at] == 0) == (at == bytes - 1));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame_of_a_record_without_arguments),
        cmocka_unit_test(test_arguments_end_at_the_last_that_is_not_zero),
        cmocka_unit_test(test_the_only_zero_is_the_delimiter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
