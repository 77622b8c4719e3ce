/* Task files: the good one loads, each bad one is refused with its path and value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/bench.h"

static const uint16_t code[] = {0xe7fe, 0x1234, 0x5678, 0x9abc};

static struct k5sim *sim;

static int set_up(void **state)
{
    (void)state;
    build_reset();
    build_single(10);
    const struct sys_header *system = build_finish();

    sim = bench_open();
    return k5sim_set_system(sim, system, system->total_bytes);
}

static int tear_down(void **state)
{
    (void)state;
    k5sim_close(sim);
    return 0;
}

static struct elf_file good(void)
{
    struct elf_file file;

    elf_file_make(&file, bench_text(0), code, sizeof code / 2);
    return file;
}

static int load(const struct elf_file *file)
{
    const char *path = elf_file_write(file);
    int result = k5sim_add_task(sim, 0, path);

    if (result != K5SIM_OK) { /* one line that names the file */
        assert_non_null(strstr(k5sim_error_text(sim), path));
        assert_null(strchr(k5sim_error_text(sim), '\n'));
    }
    elf_file_remove(path);
    return result;
}

static void refuse(const struct elf_file *file, const char *word)
{
    assert_int_equal(load(file), K5SIM_BAD_ELF);
    if (strstr(k5sim_error_text(sim), word) == NULL) {
        fail_msg("'%s' does not say '%s'", k5sim_error_text(sim), word);
    }
    assert_int_equal(k5sim_boot(sim), K5SIM_BAD_ARGUMENT);
}

static void test_good_file_lies_at_its_load_address(void **state)
{
    struct elf_file file = good();
    uint16_t loaded[4];
    uint8_t behind;

    (void)state;
    assert_int_equal(load(&file), K5SIM_OK);
    assert_int_equal(k5sim_read(sim, bench_text(0), loaded, sizeof loaded), K5SIM_OK);
    assert_memory_equal(loaded, code, sizeof code);
    assert_int_equal(k5sim_read(sim, bench_text(0) + sizeof code, &behind, 1), K5SIM_OK);
    assert_int_equal(behind, 0xff); /* erased flash */
    assert_int_equal(k5sim_boot(sim), K5SIM_OK);
}

/* .data: run in RAM, loaded to flash; .bss has no bytes at all. */
static void test_data_goes_to_its_load_address(void **state)
{
    struct elf_file file = good();
    uint32_t word = 1;

    (void)state;
    file.segment.p_vaddr = FAKE_RAM_BASE;
    file.segment.p_memsz = 64;
    assert_int_equal(load(&file), K5SIM_OK);
    assert_int_equal(k5sim_read(sim, FAKE_RAM_BASE, &word, 4), K5SIM_OK);
    assert_int_equal(word, 0);
    assert_int_equal(k5sim_read(sim, bench_text(0), &word, 4), K5SIM_OK);
    assert_int_equal(word, 0x1234e7fe);
}

static void test_files_that_are_no_arm_executables(void **state)
{
    struct elf_file file = good();

    (void)state;
    file.head.e_machine = EM_RISCV;
    refuse(&file, "machine 243");
    file = good();
    file.head.e_type = ET_REL;
    refuse(&file, "executable");
    file = good();
    file.head.e_ident[EI_DATA] = ELFDATA2MSB;
    refuse(&file, "");
    file = good();
    file.head.e_ident[EI_MAG1] = 'X';
    refuse(&file, "no ELF file");
    file = good();
    file.head.e_phnum = 0;
    refuse(&file, "nothing to load");
    file = good();
    file.segment.p_type = PT_NOTE;
    refuse(&file, "nothing to load");
}

static void test_every_truncation_is_refused(void **state)
{
    struct elf_file file = good();
    size_t whole = file.bytes;

    (void)state;
    for (file.bytes = 0; file.bytes < whole; file.bytes++) {
        refuse(&file, "");
    }
    assert_int_equal(load(&file), K5SIM_OK);
}

static void test_segments_outside_the_task(void **state)
{
    struct elf_file file = good();
    uint32_t end = bench_text(0) + BUILD_TASK_BYTES;

    (void)state;
    file.segment.p_vaddr = end - 4;
    file.segment.p_paddr = end - 4;
    refuse(&file, "outside the regions");
    file = good();
    file.segment.p_paddr = bench_text(1); /* another task's text, were there one */
    refuse(&file, "outside the regions");
    file = good();
    file.segment.p_memsz = 0xffffffff;
    refuse(&file, "outside the regions");
    file = good();
    file.segment.p_vaddr = 0xfffffffc;
    file.segment.p_paddr = 0xfffffffc;
    refuse(&file, "outside the regions");
    file = good();
    file.segment.p_paddr = FAKE_RAM_BASE;
    refuse(&file, "no flash");
    file = good();
    file.segment.p_vaddr = end - (uint32_t)sizeof code; /* the last place that fits */
    file.segment.p_paddr = end - (uint32_t)sizeof code;
    assert_int_equal(load(&file), K5SIM_OK);
}

static void test_segments_that_contradict_themselves(void **state)
{
    struct elf_file file = good();

    (void)state;
    file.segment.p_filesz = 5000;
    file.segment.p_memsz = 5000;
    refuse(&file, "cut off");
    file = good();
    file.segment.p_offset = 0xfffffff0;
    refuse(&file, "cut off");
    file = good();
    file.segment.p_memsz = 2; /* fewer than in the file */
    refuse(&file, "cut off");
    file = good();
    file.head.e_phoff = 0xfffffff0;
    refuse(&file, "");
    file = good();
    file.head.e_phnum = 0x7fff;
    refuse(&file, "");
    file = good();
    file.head.e_phentsize = 1;
    refuse(&file, "");
}

/* Nothing of a file may be loaded when a later segment is bad: flipped bytes must never crash. */
static void test_no_flipped_byte_of_the_headers_crashes(void **state)
{
    size_t bytes = sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr);

    (void)state;
    for (size_t i = 0; i < bytes; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct elf_file file = good();
            uint8_t *at = i < sizeof file.head ? (uint8_t *)&file.head + i
                                               : (uint8_t *)&file.segment + (i - sizeof file.head);

            *at ^= (uint8_t)(1u << bit);
            int result = load(&file);

            assert_true(result == K5SIM_OK || result == K5SIM_BAD_ELF);
        }
    }
}

static void test_files_that_are_not_there(void **state)
{
    (void)state;
    assert_int_equal(k5sim_add_task(sim, 0, "/nonexistent/task.elf"), K5SIM_BAD_ELF);
    assert_non_null(strstr(k5sim_error_text(sim), "/nonexistent/task.elf: No such file"));
    assert_int_equal(k5sim_add_task(sim, 0, "/"), K5SIM_BAD_ELF);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_good_file_lies_at_its_load_address),
        TEST(test_data_goes_to_its_load_address),
        TEST(test_files_that_are_no_arm_executables),
        TEST(test_every_truncation_is_refused),
        TEST(test_segments_outside_the_task),
        TEST(test_segments_that_contradict_themselves),
        TEST(test_no_flipped_byte_of_the_headers_crashes),
        TEST(test_files_that_are_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
