"""The past of a machine: a journal of what came from outside, and going back.

    machine.history_start()
    machine.run(until_us=20_000)
    machine.goto_us(12_000)      # as it was then
    machine.reverse_step()       # one instruction back
    machine.run(until_us=20_000) # again as it was, with all that came from outside

What the outside does after going back starts another future. The events that Python
has of the machine are those of the way that it has gone since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from k5 import journal
from k5.journal import Entry
from k5.snapshots import Position

if TYPE_CHECKING:
    from k5.machine import Machine
    from k5.stream import Event

_LAST = (1 << 64) - 1


class Past:
    """The part of a Machine that is about its past."""

    _ffi: Any
    _lib: Any
    _sim: Any
    _sent: dict[int, bytearray]
    history: list[Event]

    def _check(self, result: int) -> int:
        raise NotImplementedError

    def _machine(self) -> Machine:
        raise NotImplementedError

    def history_start(self, interval: int = 0, most: int = 0) -> None:
        """From now on the machine can be taken back: it keeps a snapshot every `interval`
        instructions, at most so many, and a journal. 0: the library's choice."""
        self._check(self._lib.k5sim_history_start(self._sim, interval, most))

    def history_stop(self) -> None:
        """Drops it all."""
        self._lib.k5sim_history_stop(self._sim)

    @property
    def span(self) -> tuple[Position, Position]:
        """The first and the last position that it can be taken to."""
        first, last = (self._ffi.new("struct k5sim_position *") for _ in range(2))
        if self._lib.k5sim_history_span(self._sim, first, last) < 0:
            last.now = first.now = 0
        return _position(first), _position(last)

    def points(self) -> list[Position]:
        """Where the snapshots are that it keeps: places that are reached at once."""
        count = int(self._lib.k5sim_history_snapshots(self._sim, self._ffi.NULL, 0))
        out = self._ffi.new("struct k5sim_position[]", max(count, 1))
        self._lib.k5sim_history_snapshots(self._sim, out, count)
        return [_position(out[i]) for i in range(count)]

    def goto(self, position: Position) -> None:
        """There, forward or back, but not further than it has ever been."""
        to = self._ffi.new("struct k5sim_position *")
        to.now, to.instructions, to.actions = (
            position.now,
            position.instructions,
            position.actions,
        )
        self._forget()
        self._check(self._lib.k5sim_history_goto(self._sim, to))

    def goto_tick(self, tick: int) -> None:
        """As a run until that tick leaves it."""
        self.goto(Position(tick, _LAST, _LAST))

    def goto_us(self, us: float) -> None:
        """The same, for a time in microseconds."""
        self.goto_tick(self._machine().ticks(us))

    def goto_instruction(self, instructions: int) -> None:
        """Where so many instructions have been executed and the next one is about to be; before
        the IT block (Arm) that it would be in."""
        self._forget()
        self._check(self._lib.k5sim_history_goto_instruction(self._sim, instructions))

    def reverse_step(self, count: int = 1) -> None:
        """That many instructions back, or to the beginning."""
        first = self.span[0].instructions
        now = self._machine().instructions
        self.goto_instruction(max(now - count, first))

    def journal(self, first: int = 0) -> list[Entry]:
        """What came from outside since the history began, from the first-th entry on."""
        return list(journal.read(self._machine(), first))

    @property
    def journal_count(self) -> int:
        """How many entries it has."""
        return int(self._lib.k5sim_history_journal(self._sim, 0, self._ffi.NULL, 0))

    def play(self, entries: Iterable[Entry]) -> None:
        """A machine that was just booted gets what its outside will do: each entry comes at its
        position, by itself."""
        listed = list(entries)
        rows = journal.rows(self._machine(), listed)
        self._check(self._lib.k5sim_history_play(self._sim, rows, len(listed)))

    @contextmanager
    def excursion(self) -> Iterator[None]:
        """The machine may be taken anywhere in its past; then it is again where it was, with the
        events that it had."""
        machine = self._machine()
        at, kinds = machine.position, machine.recorded
        kept = self.history, self._sent
        self.history, self._sent = [], {}
        try:
            yield
        finally:
            machine.record(kinds)
            self.goto(at)
            self.history, self._sent = kept

    def _forget(self) -> None:
        self.history.clear()
        self._sent.clear()


def _position(raw: Any) -> Position:
    return Position(raw.now, raw.instructions, raw.actions)
