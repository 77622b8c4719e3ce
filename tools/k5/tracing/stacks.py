"""High-water marks of stacks: how deep each thread's stack was ever written.

Before the first instruction the free part of each stack is filled with a pattern,
as a debugger would do it on the board; at the end the lowest word that is another
one says how deep the thread, or an interrupt's frame, came. Room that was
reserved but never written does not count, and a stack that overflowed is full.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k5.machine import Machine

PATTERN = bytes.fromhex("c5a5c5a5")
SP_ARMV8M, SP_RV32 = 13, 2
INITIAL_FRAME = {"armv8m": 32, "rv32": 0}  # bytes below a new thread's sp: its first run takes them


@dataclass(frozen=True)
class Mark:
    """A thread's stack."""

    used: int  # bytes
    bytes: int


def _sp(machine: Machine, thread: int) -> int:
    index = SP_RV32 if machine.built.meta["arch"] == "rv32" else SP_ARMV8M
    return machine.registers(thread)[index]


def _stack(thread: dict[str, Any]) -> tuple[int, int]:
    return thread["stack"]["base"], thread["stack"]["top"]


def fill(machine: Machine) -> None:
    """Fills what no thread uses yet. Only for a machine that has just booted."""
    for number, thread in enumerate(machine.built.meta["threads"]):
        base, top = _stack(thread)
        sp = _sp(machine, number)
        end = (sp if base <= sp <= top else top) - INITIAL_FRAME[machine.built.meta["arch"]]
        if end > base:
            machine.write(thread["task"], base, PATTERN * ((end - base) // len(PATTERN)))


def marks(machine: Machine) -> dict[str, Mark]:
    """By thread, how much of its stack was used."""
    found = {}
    for thread in machine.built.meta["threads"]:
        base, top = _stack(thread)
        content = machine.read(thread["task"], base, top - base)
        free = 0
        while content[free : free + len(PATTERN)] == PATTERN:
            free += len(PATTERN)
        found[thread["name"]] = Mark(top - base - free, top - base)
    return found
