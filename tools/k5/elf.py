"""A small reader of 32-bit little-endian ELF files; every read is bounds-checked.

Only what the tools need (header, segments, sections, symbols), so that a start
without a debugger's questions imports nothing heavy.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from k5.errors import K5Error
from k5.paths import shown

ET_EXEC = 2
PT_LOAD = 1
SHT_SYMTAB, SHT_NOBITS = 2, 8
MACHINES = {3: "x86", 40: "Arm", 62: "x86-64", 183: "AArch64", 243: "RISC-V"}
TYPES = {1: "a relocatable object", 3: "a shared object", 4: "a core dump"}


@dataclass(frozen=True)
class Segment:
    vaddr: int
    paddr: int
    data: bytes  # what the file holds
    memory_bytes: int
    flags: int  # 1 execute, 2 write, 4 read


@dataclass(frozen=True)
class Section:
    name: str
    address: int
    data: bytes


@dataclass(frozen=True)
class Symbol:
    name: str
    value: int
    bytes: int
    kind: int  # 1 object, 2 function


class ElfFile:
    """An executable; raises K5Error with the file's name where it is not well-formed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.raw = path.read_bytes()
        except OSError as problem:
            raise K5Error(f"{shown(path)}: {(problem.strerror or 'cannot read').lower()}") from None
        if self.raw[:4] != b"\x7fELF":
            raise K5Error(f"{shown(path)}: not an ELF file")
        if len(self.raw) < 52:
            raise K5Error(f"{shown(path)}: truncated: {len(self.raw)} bytes, the header has 52")
        if self.raw[4] != 1 or self.raw[5] != 1:
            machine = struct.unpack_from("<H", self.raw, 18)[0]
            what = MACHINES.get(machine, f"machine {machine}")
            raise K5Error(f"{shown(path)}: not a 32-bit little-endian ELF file ({what})")
        (self.type, self.machine, _, self.entry, self._phoff, self._shoff, self.flags, _, phentsize,
         self._phnum, shentsize, self._shnum, self._shstrndx) = struct.unpack_from(
            "<HHIIIIIHHHHHH", self.raw, 16
        )  # fmt: skip
        if (self._phnum and phentsize != 32) or (self._shnum and shentsize != 40):
            raise K5Error(f"{shown(path)}: its table entries have odd sizes")

    def slice(self, offset: int, size: int, what: str) -> bytes:
        """Bytes of the file, or an error that names what is missing."""
        if offset + size > len(self.raw):
            text = f"truncated: {what} ends at {offset + size}, the file at {len(self.raw)}"
            raise K5Error(f"{shown(self.path)}: {text}")
        return self.raw[offset : offset + size]

    @cached_property
    def segments(self) -> list[Segment]:
        """The loaded segments."""
        found = []
        table = self.slice(self._phoff, 32 * self._phnum, "the segment table")
        for index in range(self._phnum):
            kind, offset, vaddr, paddr, file_bytes, memory, flags, _ = struct.unpack_from(
                "<8I", table, 32 * index
            )
            if kind != PT_LOAD:
                continue
            if memory < file_bytes:
                text = f"segment {index} has more bytes in the file than in memory"
                raise K5Error(f"{shown(self.path)}: {text}")
            data = self.slice(offset, file_bytes, f"segment {index}")
            found.append(Segment(vaddr, paddr, data, memory, flags))
        return found

    @cached_property
    def _section_table(self) -> list[tuple[int, ...]]:
        table = self.slice(self._shoff, 40 * self._shnum, "the section table")
        return [struct.unpack_from("<10I", table, 40 * i) for i in range(self._shnum)]

    def _section_bytes(self, index: int) -> bytes:
        if index >= self._shnum:
            raise K5Error(f"{shown(self.path)}: section {index} of {self._shnum} does not exist")
        header = self._section_table[index]
        if header[1] == SHT_NOBITS:
            return b""
        return self.slice(header[4], header[5], f"section {index}")

    @cached_property
    def sections(self) -> dict[str, Section]:
        """Sections by name."""
        names = self._section_bytes(self._shstrndx) if self._shnum else b""
        found = {}
        for index, header in enumerate(self._section_table):
            name = text_at(names, header[0])
            found[name] = Section(name, header[3], self._section_bytes(index))
        return found

    @cached_property
    def section_sizes(self) -> dict[str, int]:
        """Bytes of each section, those without contents included."""
        names = self._section_bytes(self._shstrndx) if self._shnum else b""
        return {text_at(names, header[0]): header[5] for header in self._section_table}

    @cached_property
    def symbols(self) -> list[Symbol]:
        """All named symbols but sections and files."""
        found = []
        for index, header in enumerate(self._section_table):
            if header[1] != SHT_SYMTAB:
                continue
            names = self._section_bytes(header[6])
            for name, value, size, info, _, where in struct.iter_unpack(
                "<IIIBBH", self._section_bytes(index)[: header[5] // 16 * 16]
            ):
                if name and where and info & 15 <= 2:
                    found.append(Symbol(text_at(names, name), value, size, info & 15))
        return found

    def symbol(self, name: str) -> Symbol | None:
        """The symbol of that name."""
        return next((symbol for symbol in self.symbols if symbol.name == name), None)

    def value(self, name: str) -> int:
        """A symbol's value; an error names symbol and file."""
        symbol = self.symbol(name)
        if symbol is None:
            raise K5Error(f"{shown(self.path)}: has no symbol '{name}'")
        return symbol.value

    def bytes_at(self, address: int, size: int) -> bytes | None:
        """What the file loads at an address; None where it loads nothing."""
        for segment in self.segments:
            offset = address - segment.paddr
            if 0 <= offset and offset + size <= len(segment.data):
                return segment.data[offset : offset + size]
        return None

    def offset_of(self, address: int, size: int) -> int:
        """Where in the file lies what it loads at an address."""
        table = self.slice(self._phoff, 32 * self._phnum, "the segment table")
        for kind, offset, _, paddr, file_bytes, *_ in struct.iter_unpack("<8I", table):
            at = address - paddr
            if kind == PT_LOAD and 0 <= at and at + size <= file_bytes:
                return int(offset + at)
        raise K5Error(f"{shown(self.path)}: loads nothing at {address:#x}")

    def string_at(self, address: int, most: int = 256) -> str | None:
        """The constant string at an address."""
        for segment in self.segments:
            offset = address - segment.paddr
            if 0 <= offset < len(segment.data):
                return text_at(segment.data[: offset + most], offset)
        return None


def text_at(data: bytes, offset: int) -> str:
    """The zero-terminated text at an offset."""
    end = data.find(b"\0", offset)
    return data[offset : len(data) if end < 0 else end].decode(errors="replace")
