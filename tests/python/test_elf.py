"""ELF files that are not what they should be: one clear message each, never a traceback."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import System
from k5 import arch as archs
from k5 import builder, taskelf
from k5.elf import ElfFile
from k5.errors import K5Error
from k5.layout import Placed, TaskPlace

TEXT, RAM = 0x00208000, 0x28204000

PLACE = TaskPlace(
    text=Placed("t.text", TEXT, 1024, 5, "text"),
    ram=Placed("t.ram", RAM, 1024, 3, "ram"),
    main_stack=512,
    stacks={},
    others=[],
)


def make(
    machine: int = 40,
    kind: int = 2,
    entry: int = TEXT | 1,
    segments: list[tuple[int, int, int, int, int]] | None = None,
    klass: int = 1,
) -> bytes:
    """A small executable; segments are (vaddr, paddr, file bytes, memory bytes, flags)."""
    rows = (
        segments if segments is not None else [(TEXT, TEXT, 64, 64, 5), (RAM, TEXT + 64, 4, 8, 6)]
    )
    head = b"\x7fELF" + bytes([klass, 1, 1]) + bytes(9)
    head += struct.pack(
        "<HHIIIIIHHHHHH", kind, machine, 1, entry, 52, 0, 0, 52, 32, len(rows), 40, 0, 0
    )
    at = 52 + 32 * len(rows)
    table = b""
    for vaddr, paddr, size, memory, flags in rows:
        table += struct.pack("<8I", 1, at, vaddr, paddr, size, memory, flags, 4)
        at += size
    return head + table + bytes(sum(row[2] for row in rows))


def check(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "t.elf"
    path.write_bytes(data)
    taskelf.check(path, "t", PLACE, archs.of("armv8m"))


def test_good_file_passes(tmp_path: Path) -> None:
    check(tmp_path, make())


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not an ELF file"),
    "text": (b"#!/bin/sh\n" * 20, "not an ELF file"),
    "short header": (make()[:40], "truncated: 40 bytes"),
    "64 bits": (make(klass=2, machine=62), "not a 32-bit little-endian ELF file (x86-64)"),
    "machine": (make(machine=243), "code for RISC-V, the board's CPU is Arm"),
    "object": (make(kind=1), "is a relocatable object, not an executable"),
    "no segments": (make(segments=[]), "nothing to load"),
    "truncated": (make()[:-1], "truncated: segment 1 ends at 184, the file at 183"),
    "segment table": (make()[:60], "truncated: the segment table"),
    "load address": (make(segments=[(TEXT, TEXT + 1000, 64, 64, 5)]), "outside its text region"),
    "below text": (make(segments=[(TEXT - 4, TEXT - 4, 64, 64, 5)]), "outside its text region"),
    "run address": (make(segments=[(RAM + 1020, TEXT, 4, 8, 6)]), "outside its regions"),
    "memory": (make(segments=[(TEXT, TEXT, 64, 32, 5)]), "more bytes in the file than in memory"),
    "writable code": (make(segments=[(TEXT, TEXT, 64, 64, 7)]), "writable and executable"),
    "Arm entry": (make(entry=TEXT), "is not Thumb code"),
    "entry": (make(entry=TEXT + 1025), "is outside its text region"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_file_gives_one_clear_message(tmp_path: Path, case: str) -> None:
    data, part = BAD[case]
    with pytest.raises(K5Error) as caught:
        check(tmp_path, data)
    assert part in caught.value.messages[0]
    assert "t.elf" in caught.value.messages[0]
    assert len(caught.value.messages) == 1


def test_last_byte_of_the_text_region_may_be_used(tmp_path: Path) -> None:
    check(tmp_path, make(segments=[(TEXT, TEXT, 1024, 1024, 5)]))
    with pytest.raises(K5Error, match="outside its text region"):
        check(tmp_path, make(segments=[(TEXT, TEXT, 1025, 1025, 5)]))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(K5Error, match=r"none\.elf: no such file"):
        ElfFile(tmp_path / "none.elf")


def everything(elf: ElfFile) -> None:
    assert elf.symbols is not None and elf.segments is not None and elf.section_sizes is not None


def damage(data: bytes, random_: random.Random) -> bytes:
    """Some bytes changed, mostly in the headers; sometimes the end is missing."""
    broken = bytearray(data)
    for _ in range(random_.randrange(1, 6)):
        broken[
            random_.randrange(min(len(broken), random_.choice([52, 400, len(broken)])))
        ] = random_.randrange(256)
    return bytes(broken[: random_.randrange(len(broken))] if random_.random() < 0.2 else broken)


def survives(path: Path, use: Callable[[ElfFile], None]) -> bool:
    """Whether the file was accepted; any other exception than K5Error is a failure."""
    try:
        use(ElfFile(path))
    except K5Error:
        return False
    return True


@pytest.mark.slow
def test_damaged_files_never_crash_the_reader(system: System, tmp_path: Path) -> None:
    seed = 7
    random_ = random.Random(seed)
    good = builder.build(system()).elf("one").read_bytes()
    path = tmp_path / "broken.elf"
    accepted = 0
    for _ in range(1500):
        path.write_bytes(damage(good, random_))
        accepted += survives(path, everything)
    assert 0 < accepted < 1500, "the damage is too light or too heavy to tell anything"
