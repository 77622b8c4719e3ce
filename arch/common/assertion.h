/* A KASSERT in an image: one call without arguments.
 *
 * Where its file and line are known is the ELF file alone, in a section that is not loaded: a row
 * for each assertion, of the address behind the call, the line and the file's name
 * (tools/k5/assertions.py). As `line` is an operand, no two calls are the same to the compiler,
 * which would otherwise make one of them.
 */
#pragma once

/* `call` is the instruction that leaves the address behind it in the link register. */
#define ASSERTION_FAILED(call, file, line)                                                         \
    do {                                                                                           \
        __asm__ volatile(call " port_assertion_epitaph\n"                                          \
                              "1: .pushsection .k5_assertions, \"\", %%progbits\n"                 \
                              ".4byte 1b, %c0\n"                                                   \
                              ".asciz \"" file "\"\n"                                              \
                              ".popsection"                                                        \
                         :                                                                         \
                         : "i"(line));                                                             \
        __builtin_unreachable();                                                                   \
    } while (0)
