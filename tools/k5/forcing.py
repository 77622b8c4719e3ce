"""The part of a Machine that forces another timing on it: see sim/k5sim_explore.h."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k5.machine import Stop

PREEMPT, TIMER, LINE, LATE = 1, 2, 3, 4
PC = {17: 15, 33: 32}  # its place, by how many registers there are
MOST_LINES = 8  # that can be asked for at a time
_MOST = 128  # that can be forced at one instruction: threads, lines


@dataclass(frozen=True, order=True)
class Force:
    """Something that could happen before the next instruction."""

    kind: int  # PREEMPT, TIMER, LINE, LATE
    where: int  # thread, or interrupt line
    ticks: int = 0  # LATE: by so many


class Wanted:
    """What an exploration asks for, as the library takes it."""

    def __init__(self, machine: Forcing, preempt: bool, early: int, lines: Sequence[int]) -> None:
        self.raw = machine._ffi.new("struct k5sim_forces *")
        self.raw.preempt, self.raw.early = preempt, early
        self.raw.line_count = len(lines)
        for index, line in enumerate(lines):
            self.raw.line[index] = line
        self.out = machine._ffi.new("struct k5sim_force[]", _MOST)


class Forcing:
    """Mixed into Machine."""

    _ffi: Any
    _lib: Any
    _sim: Any

    def _check(self, result: int) -> int:
        raise NotImplementedError

    def registers(self, thread: int) -> list[int]:
        raise NotImplementedError

    def _stopped(self, stop: int) -> Stop:
        raise NotImplementedError

    @property
    def running(self) -> int | None:
        """The thread whose instruction is the next one."""
        thread = int(self._lib.k5sim_running(self._sim))
        return None if thread < 0 else thread

    def pc(self, thread: int) -> int:
        """The address of a thread's next instruction."""
        registers = self.registers(thread)
        return registers[PC[len(registers)]]

    def force(self, force: Force) -> None:
        """It happens; K5Error where the kernel's rules do not allow it."""
        raw = self._ffi.new("struct k5sim_force *", (force.kind, force.where, force.ticks))
        self._check(self._lib.k5sim_force(self._sim, raw))

    def forces(self, wanted: Wanted) -> list[Force]:
        """What could be forced here."""
        count = self._lib.k5sim_forces(self._sim, wanted.raw, wanted.out, _MOST)
        return [Force(raw.kind, raw.where, raw.ticks) for raw in wanted.out[0:count]]

    def walk(self, wanted: Wanted, *, until_tick: int, stop_kinds: int = 0) -> Stop:
        """One instruction after the other, at least one, until something could be forced: POSITION."""
        while True:
            stop = self._stopped(
                self._lib.k5sim_walk(self._sim, wanted.raw, until_tick, stop_kinds)
            )
            if stop is not stop.FULL:
                return stop
