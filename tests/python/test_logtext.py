"""Deferred log lines: the host's rendering is C's."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import System
from k5 import builder, logtext
from k5.elf import ElfFile

CASES = [
    ("plain", [], "plain"),
    ("%d", [0xFFFFFFFF], "-1"),
    ("%i", [0x80000000], "-2147483648"),
    ("%u", [0xFFFFFFFF], "4294967295"),
    ("%x %X", [0xABC, 0xABC], "abc ABC"),
    ("%#x|%#o|%o", [255, 8, 8], "0xff|010|10"),
    ("%08x", [0xBEEF], "0000beef"),
    ("[%5d]", [42], "[   42]"),
    ("[%-5d]", [42], "[42   ]"),
    ("[%05d]", [0xFFFFFFD6], "[-0042]"),
    ("%+d % d", [5, 5], "+5  5"),
    ("%.3d", [7], "007"),
    ("%c%c", [0x41, 0x161], "Aa"),
    ("%c", [7], "\\x07"),
    ("%p", [0x20001234], "0x20001234"),
    ("[%12p]", [0x20001234], "[  0x20001234]"),
    ("100%% of %u", [3], "100% of 3"),
    ("%lu %hd", [5, 6], "5 6"),
    ("%u and %u", [1], "1 and <?>"),
    ("%s", [0x10], "<string at 0x00000010>"),
    ("50%", [], "50%"),
]


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> ElfFile:
    """Any task with a constant string."""
    from k5.builder import find

    return ElfFile(builder.build(find("demo")).elf("foo"))


@pytest.mark.parametrize(("template", "words", "text"), CASES)
def test_line_reads_as_printf_would_print_it(
    elf: ElfFile, template: str, words: list[int], text: str
) -> None:
    assert logtext.render(elf, template, words) == text


def test_constant_string_is_read_from_the_elf_file(elf: ElfFile) -> None:
    address = elf.segments[0].vaddr + elf.segments[0].data.index(b"k5 says hello")
    assert logtext.render(elf, "[%s]", [address]) == "[k5 says hello]"
    assert logtext.render(elf, "[%16s]", [address]) == "[   k5 says hello]"
    assert logtext.render(elf, "[%-5.2s]", [address]) == "[k5   ]"


def test_line_id_leads_to_file_line_and_format(system: System, tmp_path: Path) -> None:
    built = builder.build(system())
    elf = ElfFile(built.elf("one"))
    section = elf.sections[".k5log"].data
    at = section.index(b"one.c:13")
    assert logtext.lookup(elf, at) == ("one.c:13", "one asks with %u")
    assert logtext.lookup(elf, len(section)) is None


def test_log_section_is_not_loaded(system: System) -> None:
    elf = ElfFile(builder.build(system()).elf("one"))
    assert b"one asks" in elf.sections[".k5log"].data
    assert all(b"one asks" not in segment.data for segment in elf.segments)
