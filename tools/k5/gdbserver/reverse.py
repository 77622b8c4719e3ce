"""The machine on its way back: to the instruction before, or to the last stop before.

Back means: from a snapshot of its past forward again, with all marks in force, and to the
last place before where it stopped. Piece after piece is looked at, the latest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from k5.gdbserver.motion import Motion, Stopped
from k5.machine import Machine, Stop
from k5.snapshots import Position


FIRST_PIECE, GROWTH, LARGEST_PIECE = 64, 8, 1 << 21  # instructions


@dataclass(frozen=True)
class _Found:
    position: Position
    stopped: Stopped


class Reverse:
    """Takes a machine with a history back. `breaks()` are the addresses and tasks of the
    breakpoints that are in force."""

    def __init__(self, motion: Motion, breaks: Callable[[], set[tuple[int, str | None]]]) -> None:
        self._motion = motion
        self._machine: Machine = motion.machine
        self._breaks = breaks

    def go(self) -> Stopped:
        """To the last breakpoint, watched access or fault before here."""
        here = self._machine.position
        for start, end in self._intervals(here):
            if self._motion.interrupted():
                self._machine.goto(end)
                return Stopped("interrupt", self._machine.current)
            found = self._last_stop(start, end)
            if found:
                return self._arrive(found, here)
        self._machine.goto(self._machine.span[0])
        return Stopped("begin", self._machine.current)

    def step(self, thread: int) -> Stopped:
        """To before the last instruction that a thread has executed."""
        machine = self._machine
        here = machine.position
        if here.instructions > machine.span[0].instructions:
            machine.goto_instruction(here.instructions - 1)
            if machine.current == thread:
                return Stopped("step", thread)
        for start, end in self._intervals(here):
            if self._motion.interrupted():
                machine.goto(end)
                return Stopped("interrupt", machine.current)
            behind = self._last_executed(thread, start, end)
            if behind is not None:
                machine.goto_instruction(behind - 1)
                return Stopped("step", thread)
        machine.goto(machine.span[0])
        return Stopped("begin", machine.current)

    # ---- inside

    def _intervals(self, here: Position) -> Iterator[tuple[Position, Position]]:
        """Pieces of the past, back from here: small ones first, since what is looked for may come
        very often, and each time that it stops costs more than to run over it."""
        end, size = here, FIRST_PIECE
        starts = [position for position in self._machine.points() if position < here]
        for start in reversed(starts):
            while start < end:
                begin = self._before(end, size, start)
                yield begin, end
                end, size = begin, min(size * GROWTH, LARGEST_PIECE)

    def _before(self, end: Position, instructions: int, first: Position) -> Position:
        """A place so many instructions before the end, or the first one."""
        wanted = end.instructions - instructions
        if wanted <= first.instructions:
            return first
        self._machine.goto_instruction(wanted)
        found = self._machine.position
        return found if first < found < end else first

    def _last_stop(self, start: Position, end: Position) -> _Found | None:
        machine, found = self._machine, None
        machine.goto(start)
        if start < end and self._stands_at_a_break():
            found = _Found(start, Stopped("break", machine.current))
        while True:
            stop = machine.run_to(end)
            machine.take()  # was shown when it first happened
            if stop not in (Stop.BREAK, Stop.WATCH):
                return found
            hit = machine.hit
            if stop is Stop.WATCH:
                found = _Found(machine.position, Stopped("watch", hit.thread, hit))
            elif machine.position < end:
                why = "fault" if hit.fault else "break"
                found = _Found(machine.position, Stopped(why, hit.thread, hit, hit.fault))

    def _arrive(self, found: _Found, here: Position) -> Stopped:
        """A watched access is undone: whoever looks sees the value from before."""
        machine = self._machine
        if found.stopped.why == "watch":
            first = machine.span[0].instructions
            machine.goto_instruction(max(found.position.instructions - 1, first))
        else:
            machine.goto(found.position)
        if found.stopped.event:
            self._motion.tell(machine.decoder.line(found.stopped.event))
        return found.stopped

    def _stands_at_a_break(self) -> bool:
        thread = self._machine.current
        if thread is None:
            return False
        meta = self._machine.built.meta
        pc = self._machine.registers(thread)[32 if meta["arch"] == "rv32" else 15]
        task = str(meta["threads"][thread]["task"])
        breaks = self._breaks()
        return (pc, None) in breaks or (pc, task) in breaks

    def _last_executed(self, thread: int, start: Position, end: Position) -> int | None:
        """Instructions that had been executed behind the thread's last one there; None: it
        executed none."""
        machine, found = self._machine, None
        machine.goto(start)
        while True:
            running, before = machine.current, machine.instructions
            stop = machine.run_to(end, self._motion.switches)
            machine.take()
            if running == thread and machine.instructions > before:
                found = machine.instructions
            if stop not in (Stop.EVENT, Stop.BREAK, Stop.WATCH):
                return found
