"""Checks a task's ELF file against the place that the layout gave it."""

from __future__ import annotations

from pathlib import Path

from k5.arch import Arch
from k5.elf import ET_EXEC, MACHINES, TYPES, ElfFile, Segment
from k5.errors import K5Error
from k5.layout import TaskPlace
from k5.paths import shown


def check(path: Path, task: str, place: TaskPlace, arch: Arch) -> ElfFile:
    """The file, if a kernel could run it as this task."""
    elf = ElfFile(path)
    name = f"{shown(path)}: task '{task}'"
    if elf.machine != arch.machine:
        found = MACHINES.get(elf.machine, f"machine {elf.machine}")
        raise K5Error(f"{name}: is code for {found}, the board's CPU is {arch.title}")
    if elf.type != ET_EXEC:
        raise K5Error(f"{name}: is {TYPES.get(elf.type, f'of type {elf.type}')}, not an executable")
    if not elf.segments:
        raise K5Error(f"{name}: has nothing to load")
    for segment in elf.segments:
        _check_segment(name, segment, place)
    entry = elf.entry & ~arch.entry_bit
    if arch.entry_bit and not elf.entry & arch.entry_bit:
        raise K5Error(f"{name}: entry {elf.entry:#010x} is not Thumb code")
    if not place.text.base <= entry < place.text.end:
        text = f"entry {entry:#010x} is outside its text region"
        raise K5Error(f"{name}: {text} {place.text.base:#010x}-{place.text.end - 1:#010x}")
    return elf


def _check_segment(name: str, segment: Segment, place: TaskPlace) -> None:
    """Its load address must lie in the text region, its run address in text or ram."""
    load_end = segment.paddr + len(segment.data)
    if segment.data and not (place.text.base <= segment.paddr and load_end <= place.text.end):
        text = f"segment at {segment.paddr:#010x}-{load_end - 1:#010x} is outside its text region"
        raise K5Error(f"{name}: {text} {place.text.base:#010x}-{place.text.end - 1:#010x}")
    end = segment.vaddr + segment.memory_bytes
    inside = [r for r in (place.text, place.ram) if r.base <= segment.vaddr and end <= r.end]
    if segment.memory_bytes and not inside:
        text = f"segment at {segment.vaddr:#010x}-{end - 1:#010x} is outside its regions"
        raise K5Error(f"{name}: {text}")
    if segment.flags & 1 and segment.flags & 2 and segment.memory_bytes:
        raise K5Error(f"{name}: segment at {segment.vaddr:#010x} is writable and executable")
