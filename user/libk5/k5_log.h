/* Deferred logging: the text never reaches the target.
 *
 *     K5_INFO("%u bytes left of %u", left, size);
 *
 * puts "main.c:12\0%u bytes left of %u\0" into the section .k5log, which the
 * linker keeps in the ELF file but out of memory; its address there is the line's
 * id. The task sends id and words, the host looks up the text. So a line costs one
 * system call and no flash but the code for its arguments.
 *
 * Up to five arguments of at most 32 bits each; %d %i %u %x %X %o %c %p with width
 * and flags, no length modifiers (uint32_t is %u, whatever it is typedefed to). %s
 * takes the address of a constant string: the host reads it in the ELF file, so a
 * string made at run time is not shown. All of this is checked at compile time.
 */
#pragma once

#include <stdint.h>

#include "k5_syscall.h"

#define K5_ERROR(...) K5_LOG_AT_(K5_LEVEL_ERROR, __VA_ARGS__)
#define K5_WARN(...)  K5_LOG_AT_(K5_LEVEL_WARN, __VA_ARGS__)
#define K5_INFO(...)  K5_LOG_AT_(K5_LEVEL_INFO, __VA_ARGS__)
#define K5_DEBUG(...) K5_LOG_AT_(K5_LEVEL_DEBUG, __VA_ARGS__)
#define K5_TRACE(...) K5_LOG_AT_(K5_LEVEL_TRACE, __VA_ARGS__)

/* -- below: how it is done */

#define K5_LOG_AT_(level, ...)                                                                     \
    K5_LOG_CAT_(K5_LOG_, K5_LOG_COUNT_(__VA_ARGS__, M, M, M, M, M, 5, 4, 3, 2, 1, 0, 0))           \
    (level, __VA_ARGS__)

#define K5_LOG_COUNT_(f, a, b, c, d, e, g, h, i, j, k, count, ...) count
#define K5_LOG_CAT_(a, b)                                          K5_LOG_CAT2_(a, b)
#define K5_LOG_CAT2_(a, b)                                         a##b
#define K5_LOG_STRING_(x)                                          K5_LOG_STRING2_(x)
#define K5_LOG_STRING2_(x)                                         #x

/* Never called: the compiler checks formats and arguments as printf's. */
__attribute__((format(printf, 1, 2))) static inline void k5_log_check_(const char *format, ...)
{
    (void)format;
}

/* As printf sees it: 32-bit long is int, so that one conversion fits on every compiler. */
#define K5_LOG_PRINTF_(x)                                                                          \
    _Generic((x), unsigned long : (unsigned)(x), long : (int)(x), default : (x))

/* A string literal is longer than a word; what goes out is its address. */
#define K5_LOG_IS_WORD_(x)                                                                         \
    _Generic((x), char * : 1, const char * : 1, float : 0, default : sizeof(x) <= 4)

#define K5_LOG_FITS_(x) _Static_assert(K5_LOG_IS_WORD_(x), "a log argument has at most 32 bits")

#define K5_LOG_EMIT_(level, count, format, a, b, c, d, e)                                          \
    static const char k5_log_text_[] __attribute__((section(".k5log"), aligned(1))) =              \
        __FILE_NAME__ ":" K5_LOG_STRING_(__LINE__) "\0" format;                                    \
    (void)k5_sys_log((uint32_t)(uintptr_t)k5_log_text_, (uint32_t)(level) | (count) << 8,          \
                     (uint32_t)(a), (uint32_t)(b), (uint32_t)(c), (uint32_t)(d), (uint32_t)(e))

#define K5_LOG_0(level, format)                                                                    \
    do {                                                                                           \
        if (0) {                                                                                   \
            k5_log_check_(format);                                                                 \
        }                                                                                          \
        K5_LOG_EMIT_(level, 0u, format, 0, 0, 0, 0, 0);                                            \
    } while (0)

#define K5_LOG_1(level, format, a)                                                                 \
    do {                                                                                           \
        K5_LOG_FITS_(a);                                                                           \
        if (0) {                                                                                   \
            k5_log_check_(format, K5_LOG_PRINTF_(a));                                              \
        }                                                                                          \
        K5_LOG_EMIT_(level, 1u, format, a, 0, 0, 0, 0);                                            \
    } while (0)

#define K5_LOG_2(level, format, a, b)                                                              \
    do {                                                                                           \
        K5_LOG_FITS_(a);                                                                           \
        K5_LOG_FITS_(b);                                                                           \
        if (0) {                                                                                   \
            k5_log_check_(format, K5_LOG_PRINTF_(a), K5_LOG_PRINTF_(b));                           \
        }                                                                                          \
        K5_LOG_EMIT_(level, 2u, format, a, b, 0, 0, 0);                                            \
    } while (0)

#define K5_LOG_3(level, format, a, b, c)                                                           \
    do {                                                                                           \
        K5_LOG_FITS_(a);                                                                           \
        K5_LOG_FITS_(b);                                                                           \
        K5_LOG_FITS_(c);                                                                           \
        if (0) {                                                                                   \
            k5_log_check_(format, K5_LOG_PRINTF_(a), K5_LOG_PRINTF_(b), K5_LOG_PRINTF_(c));        \
        }                                                                                          \
        K5_LOG_EMIT_(level, 3u, format, a, b, c, 0, 0);                                            \
    } while (0)

#define K5_LOG_4(level, format, a, b, c, d)                                                        \
    do {                                                                                           \
        K5_LOG_FITS_(a);                                                                           \
        K5_LOG_FITS_(b);                                                                           \
        K5_LOG_FITS_(c);                                                                           \
        K5_LOG_FITS_(d);                                                                           \
        if (0) {                                                                                   \
            k5_log_check_(format, K5_LOG_PRINTF_(a), K5_LOG_PRINTF_(b), K5_LOG_PRINTF_(c),         \
                          K5_LOG_PRINTF_(d));                                                      \
        }                                                                                          \
        K5_LOG_EMIT_(level, 4u, format, a, b, c, d, 0);                                            \
    } while (0)

#define K5_LOG_5(level, format, a, b, c, d, e)                                                     \
    do {                                                                                           \
        K5_LOG_FITS_(a);                                                                           \
        K5_LOG_FITS_(b);                                                                           \
        K5_LOG_FITS_(c);                                                                           \
        K5_LOG_FITS_(d);                                                                           \
        K5_LOG_FITS_(e);                                                                           \
        if (0) {                                                                                   \
            k5_log_check_(format, K5_LOG_PRINTF_(a), K5_LOG_PRINTF_(b), K5_LOG_PRINTF_(c),         \
                          K5_LOG_PRINTF_(d), K5_LOG_PRINTF_(e));                                   \
        }                                                                                          \
        K5_LOG_EMIT_(level, 5u, format, a, b, c, d, e);                                            \
    } while (0)

#define K5_LOG_M(level, ...) _Static_assert(0, "a log line has at most five arguments")
