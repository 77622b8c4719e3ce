"""What GDB is told of a CPU: its registers in order, and their names as XML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from k5.arch import REGISTERS

_HEAD = '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd">'
_ARM_NAMES = list(REGISTERS["armv8m"])
_RISCV_NAMES = ["fp" if name == "s0" else name for name in REGISTERS["rv32"]]  # GDB's name for it
_TYPES = {"sp": "data_ptr", "pc": "code_ptr", "fp": "data_ptr", "ra": "code_ptr"}


@dataclass(frozen=True)
class Description:
    """Of one instruction set. All registers are words, as Machine.registers() numbers them."""

    architecture: str  # as `set architecture` takes it
    feature: str
    names: list[str]
    pc: int

    @property
    def count(self) -> int:
        return len(self.names)

    def xml(self) -> str:
        """The target description."""
        rows = "".join(
            f'<reg name="{name}" bitsize="32" regnum="{number}" '
            f'type="{_TYPES.get(name, "int")}"/>'
            for number, name in enumerate(self.names)
        )
        feature = f'<feature name="{self.feature}">{rows}</feature>'
        # Debian's GDB takes a file without a mark for Linux's, where it would step by breakpoints.
        what = f"<architecture>{self.architecture}</architecture><osabi>none</osabi>"
        return f"{_HEAD}<target>{what}{feature}</target>"


ARMV8M = Description("arm", "org.gnu.gdb.arm.m-profile", _ARM_NAMES, 15)
RV32 = Description("riscv:rv32", "org.gnu.gdb.riscv.cpu", _RISCV_NAMES, 32)


def of(meta: dict[str, Any]) -> Description:
    """Of a system's board."""
    return RV32 if meta["arch"] == "rv32" else ARMV8M


def word_hex(value: int) -> str:
    """A register as the protocol has it: in the target's byte order."""
    return value.to_bytes(4, "little").hex()


def word_of(text: str) -> int:
    """The reverse; ValueError if that is no word."""
    data = bytes.fromhex(text)
    if len(data) != 4:
        raise ValueError("a register has four bytes")
    return int.from_bytes(data, "little")
