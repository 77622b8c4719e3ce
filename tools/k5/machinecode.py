"""The kernel's machine code in an image: instructions, and the source lines that they come from.

What the compiler inlined is still known: the debug information says for each
instruction in which functions of the source it stands, innermost first.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from k5 import arch as archs
from k5.arch import Arch
from k5.elf import ElfFile
from k5.errors import K5Error
from k5.paths import shown

_FUNCTION = re.compile(r"([0-9a-f]{8}) <(.+)>:$")
_LINE = re.compile(r"\s*([0-9a-f]+):\t(\S+)\s*(.*)$")
_DATA = (".word", ".short", ".byte", ".2byte", ".4byte")


@dataclass(frozen=True)
class Instruction:
    """One instruction as objdump spells it, comments left out."""

    address: int
    op: str
    arguments: str
    function: str  # the symbol that it stands under


@dataclass(frozen=True)
class Origin:
    """A place in the source."""

    function: str
    file: str  # as the compiler saw it
    line: int


class MachineCode:
    """The section .text of an image."""

    def __init__(self, elf: Path, arch: Arch) -> None:
        self.elf = elf
        self.arch = arch
        self.instructions: dict[int, Instruction] = {}
        self.functions: dict[str, int] = {}
        self.starts: dict[int, list[int]] = {}  # instructions under each symbol's address
        self._names: dict[int, str] = {}
        self._read()

    def _read(self) -> None:
        stop = ElfFile(self.elf).symbol("kernel_rodata_start")
        end = [f"--stop-address={stop.value:#x}"] if stop else []
        command = [archs.tool(self.arch, "objdump"), "-d", "--no-show-raw-insn", "-j", ".text"]
        said = subprocess.run(
            [*command, *end, str(self.elf)], capture_output=True, text=True, check=True
        ).stdout
        name, start = "", 0
        for text in said.splitlines():
            if found := _FUNCTION.match(text):
                name, start = found[2], int(found[1], 16)
                self.functions.setdefault(name, start)
                self._names[start] = name
                self.starts[start] = []
            elif (found := _LINE.match(text)) and found[2] not in _DATA:
                address = int(found[1], 16)
                arguments = re.split(r"\s+[@;#]\s", found[3] + " ")[0].strip()
                self.instructions[address] = Instruction(address, found[2], arguments, name)
                self.starts[start].append(address)
        if not self.instructions:
            raise K5Error(f"{shown(self.elf)}: has no code that objdump can read")

    @cached_property
    def origins(self) -> dict[int, list[Origin]]:
        """Source places of each instruction, innermost function first."""
        command = [archs.tool(self.arch, "addr2line"), "-e", str(self.elf), "-a", "-f", "-i"]
        addresses = "\n".join(f"{address:#x}" for address in self.instructions)
        said = subprocess.run(
            command, input=addresses, capture_output=True, text=True, check=True
        ).stdout.splitlines()
        found: dict[int, list[Origin]] = {}
        current: list[Origin] = []
        at = 0
        while at < len(said):
            if said[at].startswith("0x"):
                current = found.setdefault(int(said[at], 16), [])
                at += 1
                continue
            file, _, line = said[at + 1].split(" (")[0].rpartition(":")
            current.append(Origin(said[at], file, int(line) if line.isdigit() else 0))
            at += 2
        return found

    def name_of(self, start: int) -> str:
        """The symbol at an address, without what link-time optimization adds."""
        return self._names[start].split(".")[0]

    def in_function(self, name: str) -> list[Instruction]:
        """The instructions under a symbol."""
        return [i for i in self.instructions.values() if i.function == name]

    def first_of(self, function: str) -> list[int]:
        """Where each copy of a source function begins: at its symbol, or inlined."""
        found = []
        inside = False
        for address in sorted(self.instructions):
            now = any(origin.function == function for origin in self.origins[address])
            if now and not inside:
                found.append(address)
            inside = now
        return found
