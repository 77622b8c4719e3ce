"""Walking through a machine's past, the latest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from k5.console import progress
from k5.machine import FOR_EVER, Stop
from k5.snapshots import Position
from k5.stream import Event

if TYPE_CHECKING:
    from k5.machine import Machine

NOBODY = 0xFF
# What an entry into the kernel begins with; the events behind it are what it did.
ENTER, FAULT, TASK = 16, 3, 4
RESULT, SWITCH, LOAN, LOAN_END, PREEMPT, IDLE = 17, 18, 19, 20, 32, 33
EXHAUSTED, REPLENISHED, WAKE, INTERRUPT, TIMEOUT = 34, 35, 36, 37, 38
BEGINNINGS = (ENTER, FAULT, INTERRUPT, WAKE, REPLENISHED, TIMEOUT, EXHAUSTED)
KERNEL_KINDS = (1 << 48) - 1
LAST = (1 << 64) - 1  # of instructions and actions: the end of a tick


def legs(machine: Machine, end: Position) -> Iterator[tuple[Position, Position]]:
    """The machine's past up to `end` in pieces that begin at snapshots, the last one first."""
    points = [point for point in machine.points() if point < end]
    total = len(points)
    with progress("looking back") as shown:
        for done, point in enumerate(reversed(points)):
            shown.update("looking back", done, total)
            yield point, end
            end = point


def stops(machine: Machine, end: Position) -> Iterator[Stop]:
    """Runs to `end`; yields at each break- and watchpoint on the way."""
    while machine.position < end:
        stop = machine.run_to(end)
        if stop not in (Stop.BREAK, Stop.WATCH):
            return
        yield stop


def run_to(machine: Machine, end: Position) -> None:
    """The same, and nothing stops it."""
    for _ in stops(machine, end):
        pass


@dataclass(frozen=True)
class Found:
    """An event, among all that were recorded from a snapshot on."""

    start: Position
    events: list[Event]
    index: int

    @property
    def event(self) -> Event:
        """The one that was looked for."""
        return self.events[self.index]

    @property
    def cause(self) -> Found:
        """What the entry into the kernel began with that it happened in."""
        for index in range(self.index, -1, -1):
            if self.events[index].time != self.event.time:
                break
            if self.events[index].kind in BEGINNINGS:
                return Found(self.start, self.events, index)
        return self


def events(machine: Machine, start: Position, end: Position, kinds: int) -> list[Event]:
    """All of these kinds between two positions."""
    machine.record(0)
    machine.goto(start)
    machine.record(kinds)
    run_to(machine, end)
    return machine.take()


def latest(
    machine: Machine, end: Position, matches: Callable[[Found], bool], kinds: int = KERNEL_KINDS
) -> Found | None:
    """The last event up to `end` that matches."""
    for start, stop in legs(machine, end):
        seen = events(machine, start, stop, kinds)
        for index in range(len(seen) - 1, -1, -1):
            found = Found(start, seen, index)
            if matches(found):
                return found
    return None


def go_behind(machine: Machine, found: Found) -> None:
    """To where the entry into the kernel is over that the event was in."""
    kind = found.event.kind
    wanted = sum(event.kind == kind for event in found.events[: found.index + 1])
    machine.record(0)
    machine.goto(found.start)
    machine.record(1 << kind)
    while len(machine.events()) < wanted:
        if machine.run(until_tick=FOR_EVER, stop_kinds=1 << kind) in (Stop.HALT, Stop.PANIC):
            return
