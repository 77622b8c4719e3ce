"""The instructions of the window: whose each is, and where in the source."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from k5.builder import Built
from k5.campaign.golden import Array
from k5.campaign.model import Injection
from k5.campaign.scout import NOBODY, Scouted
from k5.scenario.names import Names, Unknown, known
from k5.source import Place, place, places

# Which pc the machine stands before, where so many instructions have been executed.
PcAt = Callable[[int], int]
_LINE = re.compile(r"(.+):(\d+)")
WALK_MOST = 5_000_000  # instructions that are looked at one by one


@dataclass(frozen=True)
class Site:
    """A row of the table `sites`."""

    instructions: int
    tick: int
    thread: int
    pc: int


class Sites:
    """Of one scouted window."""

    def __init__(self, built: Built, scouted: Scouted, pc_at: PcAt) -> None:
        self.built = built
        self.first = scouted.start.instructions
        self.count = scouted.until.instructions - self.first
        self.pc_at = pc_at
        self.ticks_per_insn = int(built.meta["ticks_per_insn"])
        self.threads = np.full(self.count, NOBODY, "u1")
        self.starts: list[tuple[int, int]] = []  # of stretches: first instruction, its tick
        self._stretch(scouted)
        self._pcs: dict[int, int] = {}
        self._places: dict[tuple[str, int], Place | None] = {}

    def _stretch(self, scouted: Scouted) -> None:
        """Who runs, from one switch to the next."""
        stretches = scouted.stretches
        for index, one in enumerate(stretches):
            end = stretches[index + 1].instructions if index + 1 < len(stretches) else None
            first = max(one.instructions - self.first, 0)
            last = self.count if end is None else min(max(end - self.first, 0), self.count)
            if last > first:
                self.threads[first:last] = one.thread
            self.starts.append((one.instructions, one.tick))

    def tick(self, instructions: int) -> int:
        """When so many have been executed, right before the next one."""
        at = np.searchsorted([start for start, _ in self.starts], instructions, side="right")
        first, tick = self.starts[int(at) - 1] if at else (0, 0)
        return tick + (instructions - first) * self.ticks_per_insn

    # ---- which of them

    def choose(self, one: Injection, names: Names) -> tuple[Array, Array]:
        """The sites of an injection, and the thread of each."""
        wanted = np.ones(self.count, bool)
        if one.tasks:
            threads = sorted(set().union(*(names.threads(task) for task in one.tasks)))
            wanted = np.isin(self.threads, threads)
        else:
            wanted = self.threads != NOBODY
        if one.functions or one.source_lines:
            wanted &= self._in_source(one, names, wanted)
        chosen = np.flatnonzero(wanted)[:: one.every]
        return chosen + self.first, self.threads[chosen]

    def _in_source(self, one: Injection, names: Names, among: Array) -> Array:
        """Those in the functions or on the lines."""
        if self.count > WALK_MOST:
            text = f"functions and source_lines are looked up in up to {WALK_MOST:,} instructions"
            raise Unknown(f"{text}, and the window has {self.count:,}: shorten it")
        lines = [self._line(text) for text in one.source_lines]
        numbers = [int(index) + self.first for index in np.flatnonzero(among)]
        self.look_up(numbers)
        found, seen = np.zeros(self.count, bool), set()
        for instructions in numbers:
            where = self.place(instructions)
            if where is None:
                continue
            task = self._task(int(self.threads[instructions - self.first]))
            seen |= {where.function, f"{task}.{where.function}"}
            hit = where.function in one.functions or f"{task}.{where.function}" in one.functions
            hit |= any(where.line == n and where.file.endswith(f) for f, n in lines)
            found[instructions - self.first] = hit
        for text in one.functions:
            names.task(text.rpartition(".")[0] or names.tasks[0])
            known("function that runs in the window:", text, sorted(seen))
        return found

    @staticmethod
    def _line(text: str) -> tuple[str, int]:
        match = _LINE.fullmatch(text)
        if not match:
            raise Unknown(f'source_lines: "{text}" is not like "foo.c:33"')
        return match[1], int(match[2])

    # ---- what is there

    def site(self, instructions: int) -> Site:
        """One of them, with its pc."""
        thread = int(self.threads[instructions - self.first])
        return Site(instructions, self.tick(instructions), thread, self._pc(instructions))

    def know(self, instructions: int, pc: int) -> None:
        """A trial has shown the pc."""
        self._pcs[instructions] = pc

    def _pc(self, instructions: int) -> int:
        if instructions not in self._pcs:
            self._pcs[instructions] = self.pc_at(instructions)
        return self._pcs[instructions]

    def _task(self, thread: int) -> str:
        threads = self.built.meta["threads"]
        return str(threads[thread]["task"]) if thread < len(threads) else ""

    def place(self, instructions: int) -> Place | None:
        """Function, file and line."""
        site = self.site(instructions)
        return self.place_of(site.thread, site.pc)

    def place_of(self, thread: int, pc: int) -> Place | None:
        """The same, of an address in a thread's task."""
        task = self._task(thread)
        if task and (task, pc) not in self._places:
            self._places[task, pc] = place(self.built.elf(task), pc)
        return self._places.get((task, pc))

    def look_up(self, numbers: Iterable[int]) -> None:
        """Many at once, which is much faster than one by one."""
        missing: dict[str, set[int]] = {}
        for instructions in numbers:
            site = self.site(instructions)
            task = self._task(site.thread)
            if task and (task, site.pc) not in self._places:
                missing.setdefault(task, set()).add(site.pc)
        for task, pcs in missing.items():
            for pc, where in places(self.built.elf(task), pcs).items():
                self._places[task, pc] = where
