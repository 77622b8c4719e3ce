"""Where an assertion of an image's kernel stands: a section of its ELF file says so."""

from __future__ import annotations

import struct

from k5.elf import ElfFile, text_at

SECTION = ".k5_assertions"  # arch/common/assertion.h
_ROW = struct.Struct("<II")  # the address behind the call, the line; then the file's name


def lookup(elf: ElfFile, address: int) -> str | None:
    """FILE:LINE of the assertion whose call returns to an address; None where there is none."""
    section = elf.sections.get(SECTION)
    data = section.data if section else b""
    at = 0
    while at + _ROW.size < len(data):
        behind, line = _ROW.unpack_from(data, at)
        name = text_at(data, at + _ROW.size)
        if behind & ~1 == address & ~1:  # on Armv8-M a return address has bit 0 set
            return f"{name}:{line}"
        at += _ROW.size + len(name.encode()) + 1
    return None
