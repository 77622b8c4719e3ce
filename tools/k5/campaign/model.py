"""What a campaign file says: plain data, checked but not yet bound to a system.

`where` is the key of the TOML file that says it: messages name its line. Times are
nanoseconds of virtual time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from k5.scenario.model import Pattern, Value, Where
from k5.tomlindex import TomlFile

EXHAUSTIVE, SAMPLE = "exhaustive", "sample"

# What each model takes beside the sites; the first one is what it cannot do without.
PLACES: dict[str, tuple[str, ...]] = {
    "register": ("registers", "bits"),
    "register-stuck": ("registers", "bits", "levels"),
    "memory": ("ranges", "bits"),
    "memory-stuck": ("ranges", "bits", "levels"),
    "skip": (),
    "opcode": ("bits",),
    "region-drop": ("regions", "regions_of"),
    "region-shift": ("bytes", "regions", "regions_of"),
    "region-widen": ("bytes", "regions", "regions_of"),
    "kernel": ("fields", "bits"),
    "message": ("words", "bits"),
    "line-drop": ("lines",),
    "line-double": ("lines",),
    "line-spurious": ("lines",),
    "line-late": ("late", "lines"),
    "line-stuck": ("lines", "levels"),
    "pin-stuck": ("pins", "levels"),
    "value": ("values", "to"),
    "timer-jitter": ("most", "seeds"),
    "power": (),
}
# Models whose fault hits whoever runs at the site.
OF_THE_RUNNING = ("register", "register-stuck", "skip", "opcode")
NEEDED = {
    "memory": "ranges",
    "memory-stuck": "ranges",
    "region-shift": "bytes",
    "region-widen": "bytes",
    "kernel": "fields",
    "line-late": "late",
    "pin-stuck": "pins",
    "value": "values",
    "timer-jitter": "most",
}
BITS = {"opcode": 16}  # of the others: 32


@dataclass(frozen=True)
class Point:
    """A moment of the golden run: a time, a number of instructions, or an event."""

    where: Where
    at: int | None = None
    instructions: int | None = None
    event: Pattern | None = None

    def said(self) -> str:
        """For people."""
        from k5.scenario.units import shown

        if self.at is not None:
            return shown(self.at)
        if self.instructions is not None:
            return f"{self.instructions} instructions"
        assert self.event
        return self.event.said()


@dataclass(frozen=True)
class Injection:
    """One [[inject]]: a product of places, bits and sites."""

    where: Where
    model: str
    tasks: tuple[str, ...] = ()  # before whose instructions; empty: all
    every: int = 1  # only each n-th of these instructions
    functions: tuple[str, ...] = ()  # only in these
    source_lines: tuple[str, ...] = ()  # only on these, FILE:LINE
    bits: tuple[int, ...] = tuple(range(32))
    more: dict[str, Any] = field(default_factory=dict)  # what PLACES lists, as it stands there


@dataclass(frozen=True)
class Campaign:
    """A campaign file."""

    file: TomlFile
    title: str
    system: Path | None
    scenario: Path | None
    parameters: dict[str, Value]  # of the scenario
    board: str | None
    seed: int
    mode: str
    confidence: Fraction
    margin: Fraction
    sample_seed: int
    limit: int | Fraction  # nanoseconds, or a part of the golden run's length
    trusted: tuple[str, ...]
    fail_on: tuple[str, ...]
    start: Point | None
    until: Point | None
    end: Point | None
    injections: tuple[Injection, ...] = ()
    detected: tuple[Pattern, ...] = ()

    def place(self, where: Where) -> str:
        """FILE:LINE."""
        return self.file.where(*where)
