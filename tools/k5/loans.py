"""Declared loans: have both sides regions to spare for them?

What a loan takes is known only when it is made; what is known before is that some
can never be made (an error), or only from certain places (a warning).
"""

from __future__ import annotations

from k5.edges import Edge, edges
from k5.errors import K5Error
from k5.layout import Layout, entries
from k5.system import System

# What the lender needs besides, at most: memory lent from the middle of a region splits it. Where
# an entry is a power of two or else a pair, each piece that is none of these takes one more.
_SPLIT = {"armv8m": {"write": 1, "read": 2}, "rv32": {"write": 3, "read": 3}}
# What the borrower needs: at least, and for a range of any size and place.
_TAKEN = {"armv8m": (1, 1), "rv32": (1, 2)}


def check(system: System, place: Layout) -> list[str]:
    """Warnings; raises K5Error where a declared loan cannot be made."""
    warnings: list[str] = []
    errors: list[str] = []
    for edge in edges(system):
        if edge.cap.lend:
            _check_borrower(system, place, edge, warnings, errors)
            _check_lender(system, place, edge, warnings)
    if errors:
        raise K5Error(*errors)
    return warnings


def spare(system: System, place: Layout, task: str) -> int:
    """Regions (RV32: entries) of the hardware that a task leaves free."""
    return system.board.mpu_regions - entries(system.board, place.tasks[task].regions())


def _said(system: System, edge: Edge) -> str:
    return f'{system.file.where(*edge.key())}: {edge} lends (lend = "{edge.cap.lend}")'


def _what(system: System, count: int) -> str:
    name = "PMP entr" if system.board.arch == "rv32" else "MPU region"
    ending = ("y", "ies") if name.endswith("entr") else ("", "s")
    return f"{count or 'no'} {name}{ending[count != 1]}"


def _check_borrower(
    system: System, place: Layout, edge: Edge, warnings: list[str], errors: list[str]
) -> None:
    left = spare(system, place, edge.callee.name)
    least, most = _TAKEN[system.board.arch]
    text = f"{_said(system, edge)}, but '{edge.callee.name}' has {_what(system, left)} to spare"
    if left < least:
        errors.append(f"{text}: every such call would get E_REGIONS")
    elif left < most:
        warnings.append(f"{text}: ranges that are no power of two need {most}")


def _check_lender(system: System, place: Layout, edge: Edge, warnings: list[str]) -> None:
    left = spare(system, place, edge.caller.name)
    most = _SPLIT[system.board.arch][edge.cap.lend]
    if left < most:
        text = f"{_said(system, edge)}, but has {_what(system, left)} to spare itself"
        warnings.append(f"{text}: lending from the middle of a region can need {most}")
