"""From an address in a task to function, file and line, and to the instruction there."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from k5 import arch as archs
from k5.elf import ElfFile


@dataclass(frozen=True)
class Place:
    """Where an address lies in the source."""

    function: str
    file: str
    line: int

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        return f"{self.function}() at {self.file}{line}" if self.file else f"{self.function}()"


LIBRARY = "user/libk5/"


@lru_cache(maxsize=4096)
def place(elf_path: Path, pc: int) -> Place | None:
    """The place of an instruction; from the symbols alone where there is no debug information.

    Where functions are inlined into each other, it is the innermost one that is the task's own:
    a system call's stub, say, is not what a reader wants to see."""
    return places(elf_path, [pc])[pc]


def places(elf_path: Path, pcs: Iterable[int]) -> dict[int, Place | None]:
    """The places of many instructions of one file: asking for all at once costs hardly more."""
    asked = list(dict.fromkeys(pcs))
    frames = _frames(elf_path, asked)
    found: dict[int, Place | None] = {}
    for pc in asked:
        own = [frame for frame in frames.get(pc, []) if LIBRARY not in frame.file]
        if frames.get(pc):
            found[pc] = (own or frames[pc])[0]
        else:
            name = _symbol(elf_path, pc)
            found[pc] = Place(name, "", 0) if name else None
    return found


def _frames(elf_path: Path, pcs: list[int]) -> dict[int, list[Place]]:
    """The inlined functions around each instruction, innermost first."""
    arch = archs.of_machine(ElfFile(elf_path).machine)
    if arch is None:
        return {}
    try:
        asked = subprocess.run(
            [f"{arch.prefix}addr2line", "-a", "-f", "-i", "-e", str(elf_path)],
            input="".join(f"{pc:#x}\n" for pc in pcs),
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return {}  # no toolchain on this machine: symbols still help
    found: dict[int, list[Place]] = {}
    pc, function = 0, ""
    for line in asked.stdout.splitlines():
        if line.startswith("0x"):
            pc, function = int(line, 16), ""
            found[pc] = []
        elif not function:
            function = line
        else:
            found[pc] += _frame(elf_path, pc, function, line)
            function = ""
    return found


def _frame(elf_path: Path, pc: int, function: str, where: str) -> list[Place]:
    """One of addr2line's answers; none where it knows nothing."""
    match = re.match(r"(.*):(\d+|\?)", where)
    if not match or where.startswith("??"):
        return []
    name = function if function != "??" else _symbol(elf_path, pc) or "?"
    line = int(match[2]) if match[2] != "?" else 0
    return [Place(name, match[1].removeprefix("./"), line)]


def _symbol(elf_path: Path, pc: int) -> str | None:
    for symbol in ElfFile(elf_path).symbols:
        start = symbol.value & ~1
        if symbol.kind == 2 and start <= pc < start + max(symbol.bytes, 1):
            return symbol.name
    return None


@dataclass(frozen=True)
class Access:
    """What an instruction does to memory."""

    verb: str  # load, store or exchange
    bytes: int  # in all
    text: str  # the instruction

    def __str__(self) -> str:
        return f"{self.verb} of {self.bytes} byte{'s' if self.bytes != 1 else ''}"


_SIZES = {"b": 1, "sb": 1, "h": 2, "sh": 2, "": 4, "d": 8}
_SINGLE = re.compile(r"(ldr|str)(ex|aex)?(sb|sh|b|h|d)?t?(?:\.w|\.n)?")
_ORDERED = re.compile(r"(lda|stl)(ex)?(b|h)?")
_MULTIPLE = re.compile(r"(v?ldm|v?stm|v?push|v?pop)(ia|db|ea|fd)?(?:\.w)?")
_VECTOR = re.compile(r"(vldr|vstr)(?:\.\d+)?")


_RISCV = re.compile(r"(?:c\.)?(l|s|fl|fs|amo\w+\.|lr\.|sc\.)(bu|hu|b|h|w|d)(sp)?(\.aq)?(\.?rl)?")
_RISCV_SIZES = {"b": 1, "h": 2, "w": 4, "d": 8}


def access_riscv(mnemonic: str) -> tuple[str, int] | None:
    """Verb and size of a load or store of RISC-V; None for all else."""
    found = _RISCV.fullmatch(mnemonic)
    if not found:
        return None
    verb = {"l": "load", "fl": "load", "lr.": "load", "s": "store", "fs": "store", "sc.": "store"}
    return verb.get(found[1], "exchange"), _RISCV_SIZES[found[2][0]]


def access(mnemonic: str, operands: str) -> tuple[str, int] | None:
    """Verb and size of a load or store of Armv8-M; None for all else."""
    if mnemonic.startswith("tb"):
        return "load", 2 if mnemonic == "tbh" else 1
    one = _SINGLE.fullmatch(mnemonic)
    if one:
        return ("load" if one[1] == "ldr" else "store"), _SIZES[one[3] or ""]
    ordered = _ORDERED.fullmatch(mnemonic)
    if ordered:
        return ("load" if ordered[1] == "lda" else "store"), _SIZES[ordered[3] or ""]
    many = _MULTIPLE.fullmatch(mnemonic)
    if many:
        listed = re.search(r"\{(.*)\}", operands)
        count = len(listed[1].split(",")) if listed else 1
        double = listed is not None and listed[1].lstrip().startswith("d")
        verb = "load" if many[1].lstrip("v") in ("ldm", "pop") else "store"
        return verb, count * (8 if double else 4)
    vector = _VECTOR.fullmatch(mnemonic)
    if vector:
        verb = "load" if vector[1] == "vldr" else "store"
        return verb, 8 if operands.startswith("d") else 4
    return None


def instruction(elf: ElfFile, pc: int) -> str | None:
    """The instruction at pc as text; None outside the file's code or without a disassembler."""
    if elf.machine == archs.EM_RISCV:
        return _disassembled(elf.path, pc)
    code = elf.bytes_at(pc & ~1, 4) or elf.bytes_at(pc & ~1, 2)
    if code is None:
        return None
    try:
        import capstone
    except ImportError:
        return None
    core = capstone.Cs(
        capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS | capstone.CS_MODE_V8
    )
    for _, _, mnemonic, operands in core.disasm_lite(code, pc & ~1, 1):
        return f"{mnemonic} {operands}".strip()
    return None


@lru_cache(maxsize=4096)
def _disassembled(elf_path: Path, pc: int) -> str | None:
    """By the toolchain: Debian 12's capstone knows no RISC-V."""
    command = [f"{archs.of('rv32').prefix}objdump", "-d", "--no-show-raw-insn",
               f"--start-address={pc:#x}", f"--stop-address={pc + 4:#x}", str(elf_path)]  # fmt: skip
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    found = re.search(rf"^\s*{pc:x}:\s+(\S+)[ \t]*([^#<\n]*)", asked.stdout, re.MULTILINE)
    return f"{found[1]} {found[2].strip()}".strip() if found else None


def access_at(elf: ElfFile, pc: int) -> Access | None:
    """The load or store at pc."""
    text = instruction(elf, pc)
    if text is None:
        return None
    mnemonic, _, operands = text.partition(" ")
    found = access_riscv(mnemonic) if elf.machine == archs.EM_RISCV else access(mnemonic, operands)
    return Access(*found, text) if found else None
