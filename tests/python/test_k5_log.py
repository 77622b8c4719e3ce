"""The log macros of libk5: what compiles, and what must not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLAGS = "-mcpu=cortex-m33 -mthumb -std=c11 -ffreestanding -fomit-frame-pointer -O2".split()
WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wformat=2 -Werror".split()
COMPILERS = (["arm-none-eabi-gcc"], ["clang", "--target=arm-none-eabi"])
SOURCE = """
#include "k5_log.h"
void line(uint32_t u, int32_t i, int64_t wide, float f, const char *s, void *p);
void line(uint32_t u, int32_t i, int64_t wide, float f, const char *s, void *p)
{{
    (void)u, (void)i, (void)wide, (void)f, (void)s, (void)p;
    {line}
}}
"""


def compile_line(line: str, compiler: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    source = folder / "line.c"
    source.write_text(SOURCE.format(line=line))
    library = ROOT / "user" / "libk5"
    includes = [f"-I{folder}" for folder in (ROOT / "abi", library, library / "armv8m")]
    command = [*compiler, *FLAGS, *WARNINGS, *includes, "-c", str(source)]
    return subprocess.run(
        [*command, "-o", str(folder / "line.o")], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("compiler", COMPILERS, ids=lambda command: command[0])
@pytest.mark.parametrize(
    "line",
    [
        'K5_INFO("no arguments");',
        'K5_ERROR("%u %d %x", u, i, u);',
        'K5_WARN("%s %s", s, "literal");',
        "K5_DEBUG(\"%p %c\", p, 'x');",
        'K5_TRACE("%u %u %u %u %u", u, u, u, u, u);',
        'K5_INFO("%3u %-8x 100%%", (uint8_t)u, u);',
    ],
)
def test_good_lines_compile(line: str, compiler: list[str], tmp_path: Path) -> None:
    result = compile_line(line, compiler, tmp_path)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("compiler", COMPILERS, ids=lambda command: command[0])
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('K5_INFO("%u %u %u %u %u %u", u, u, u, u, u, u);', "at most five arguments"),
        ('K5_INFO("%lld", wide);', "at most 32 bits"),
        ('K5_INFO("%f", f);', "at most 32 bits"),
        ('K5_INFO("%u");', "%u|more '%'|format"),
        ('K5_INFO("%s", u);', "%s|format"),
        ('K5_INFO("none", u);', "too many arguments|not used"),
    ],
)
def test_bad_lines_do_not(line: str, message: str, compiler: list[str], tmp_path: Path) -> None:
    result = compile_line(line, compiler, tmp_path)
    assert result.returncode != 0
    assert any(part in result.stderr for part in message.split("|")), result.stderr


def test_text_is_in_a_section_of_its_own(tmp_path: Path) -> None:
    assert compile_line('K5_INFO("a text %u", u);', COMPILERS[0], tmp_path).returncode == 0
    dump = subprocess.run(
        ["arm-none-eabi-objcopy", "-O", "binary", "-j", ".k5log", "line.o", "text"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    assert dump.returncode == 0
    assert (tmp_path / "text").read_bytes() == b"line.c:7\0a text %u\0"
