"""When something is to be done to a machine: at an instruction, or where a task comes to.

    machine.run_to_instruction(120_000)
    machine.run_until_reached("foo", "check.c:31", nth=3)
    for position in machine.each_instruction(200):  # a window: the machine is put back each time
        machine.inject(fault)
        machine.run(...)

The machine stands right before the instruction then. Times and events are run()'s.
"""

from __future__ import annotations

import bisect
import re
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from k5 import arch as archs
from k5.elf import ElfFile
from k5.errors import FAILED, K5Error, suggestion

if TYPE_CHECKING:
    from k5.machine import Stop
    from k5.snapshots import Position, Snapshot

FUNCTION = 2  # the ELF file's kind of symbol
_ROW = re.compile(r"^(\S+)\s+(\d+)\s+(0x[0-9a-fA-F]+)")
_LINE = re.compile(r"(.+):(\d+)")


@lru_cache(maxsize=64)
def _rows(elf_path: Path) -> tuple[tuple[str, int, int], ...]:
    """The line table of a task: file, line, address, as the compiler wrote it."""
    arch = archs.of_machine(ElfFile(elf_path).machine)
    assert arch
    try:
        asked = subprocess.run(
            [f"{arch.prefix}objdump", "--dwarf=decodedline", str(elf_path)],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise K5Error(f"{arch.prefix}objdump is missing: lines of the source need it") from None
    found = []
    for line in asked.stdout.splitlines():
        match = _ROW.match(line)
        if match:
            found.append((match[1], int(match[2]), int(match[3], 16)))
    return tuple(found)


def addresses(elf_path: Path, task: str, where: str) -> list[int]:
    """Where the code of a function, or of a line (`check.c:31`), begins; K5Error if there is none.

    The compiler spreads a line over several places: of each function it is the first one, so that
    who passes counts once."""
    symbols = {s.name: s.value & ~1 for s in ElfFile(elf_path).symbols if s.kind == FUNCTION}
    line = _LINE.fullmatch(where)
    if line is None:
        if where not in symbols:
            raise K5Error(f"task {task} has no function '{where}'" + suggestion(where, symbols))
        return [symbols[where]]
    starts = sorted(symbols.values())
    first: dict[int, int] = {}
    for address in _line_addresses(elf_path, task, line[1], int(line[2])):
        first.setdefault(bisect.bisect(starts, address), address)
    return list(first.values())


def _line_addresses(elf_path: Path, task: str, file: str, number: int) -> list[int]:
    name = Path(file).name
    rows = _rows(elf_path)
    files = sorted({row[0] for row in rows})
    if name not in files:
        hint = suggestion(name, files) if files else ": it has no debug information"
        raise K5Error(f"task {task} has no file '{file}'" + hint)
    found = sorted({row[2] for row in rows if row[:2] == (name, number)})
    if not found:
        lines = sorted({line for row_file, line, _ in rows if row_file == name})
        near = min(lines, key=lambda line: (line < number, abs(line - number)))
        raise K5Error(f"{file}:{number}: no code of task {task} is there; the next is line {near}")
    return found


class Triggers:
    """The part of a Machine that comes to a place."""

    built: Any

    # fmt: off
    if TYPE_CHECKING:  # the rest of the Machine
        @property
        def now(self) -> int: ...
        @property
        def now_us(self) -> float: ...
        @property
        def instructions(self) -> int: ...
        @property
        def position(self) -> Position: ...
        def task_index(self, task: str) -> int: ...
        def ticks(self, us: float) -> int: ...
        def run(self, *, until_tick: int | None = None, stop_kinds: int = 0) -> Stop: ...
        def step(self, count: int = 1, *, until_tick: int = 0, stop_kinds: int = 0) -> Stop: ...
        def snapshot(self) -> Snapshot: ...
        def restore(self, snapshot: Snapshot) -> None: ...
        def break_set(self, address: int, task: str | None = None) -> None: ...
        def break_clear(self, address: int, task: str | None = None) -> None: ...
    # fmt: on

    def places(self, task: str, where: str) -> list[int]:
        """Addresses of a function or a line of a task's source."""
        self.task_index(task)
        return addresses(Path(self.built.elf(task)), task, where)

    def run_to_instruction(self, count: int) -> None:
        """Until so many instructions have been executed since boot, the next one about to be. Behind
        an IT block (Arm), if that lies inside it."""
        from k5.machine import Stop

        if count < self.instructions:
            text = f"instruction {count} is over: {self.instructions} have been executed"
            raise K5Error(text)
        while self.instructions < count:
            stop = self.step(count - self.instructions, until_tick=(1 << 64) - 1)
            if stop in (Stop.HALT, Stop.PANIC):
                why = f"the machine stopped ({stop.name.lower()}) after {self.instructions}"
                raise K5Error(f"instruction {count} never comes: {why}", status=FAILED)

    def run_until_reached(
        self, task: str, where: str, nth: int = 1, limit_us: float = 10_000_000
    ) -> None:
        """Until a task is about to execute a function or a line of its source for the nth time from
        now; K5Error if it does not in `limit_us`."""
        from k5.machine import Stop

        limit = self.now + self.ticks(limit_us)
        found = self.places(task, where)
        for address in found:
            self.break_set(address, task)
        try:
            for count in range(nth):
                stop = self.run(until_tick=limit)
                if stop is not Stop.BREAK:
                    why = f"the machine stopped ({stop.name.lower()}) at {self.now_us:.0f} us"
                    text = f"{where} of task {task} was reached {count} times of {nth}: {why}"
                    raise K5Error(text, status=FAILED)
        finally:
            for address in found:
                self.break_clear(address, task)

    def each_instruction(self, count: int, every: int = 1) -> Iterator[Position]:
        """Stands before each `every`-th of the next `count` instructions, one after the other,
        whatever was done at the one before: the machine is restored. Ends where it halts."""
        from k5.machine import Stop

        end = self.instructions + count
        while self.instructions < end:
            here = self.snapshot()
            yield self.position
            self.restore(here)
            if self.step(every, until_tick=(1 << 64) - 1) in (Stop.HALT, Stop.PANIC):
                return
