"""The machine on its way: forward until something stops it.

It runs in slices of some milliseconds of the host's time; between two of them the
client may say that it wants it to stop. Where slices end does not change what the
machine does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from k5.breakpoints import Hit
from k5.machine import LOG_KINDS, SERIAL, Machine, Stop
from k5.stream import Event
from k5.tracing.simulator import NOTABLE

if TYPE_CHECKING:
    from k5.decode import Line

RECORDED = LOG_KINDS | sum(1 << kind for kind in NOTABLE) | 1 << SERIAL
SLICE_S, LONGEST_S = 0.004, 0.015
MOST_TICKS = 1 << 40


@dataclass(frozen=True)
class Stopped:
    """Why the machine stands."""

    why: str  # begin (of its past), break, watch, fault, step, interrupt, halt, panic, until, time
    thread: int | None = None  # whom it concerns
    hit: Hit | None = None
    event: Event | None = None


class Motion:
    """Moves a machine forward. `interrupted()` is asked between slices; `tell(line)` gets what is
    to be shown of what happens."""

    def __init__(
        self, machine: Machine, interrupted: Callable[[], bool], tell: Callable[[Line], None]
    ) -> None:
        self.machine = machine
        self.interrupted = interrupted
        self.tell = tell
        self.stops_at_faults = True
        self.shows_log = True
        self.traced = 0  # further kinds of events that are shown
        self._ticks = max(int(machine.built.meta["tick_hz"]) // 1000, 1)
        self._announced: Event | None = None  # a fault that was stopped before
        self._kinds = {entry["name"]: kind for kind, entry in machine.decoder.events.items()}
        self.switches = sum(1 << self._kinds[name] for name in ("SWITCH", "PREEMPT", "IDLE"))
        self.fault, self.panic = self._kinds["FAULT"], self._kinds["PANIC"]
        self.listen()

    @property
    def recorded(self) -> int:
        """The kinds of events that are recorded."""
        return RECORDED | self.traced

    def listen(self) -> None:
        """Records what is to be shown, and stops before faults, or no longer."""
        self._announced = None
        self.machine.record(self.recorded)
        self.machine.break_faults(self.stops_at_faults)

    # ---- ways to move

    def go(
        self,
        until_tick: int | None = None,
        wanted: Callable[[Event], bool] | None = None,
        kinds: int = 0,
    ) -> Stopped:
        """On, until something stops it: an event of `kinds` that is wanted, too."""
        stop_kinds = kinds | (1 << self.fault if self.stops_at_faults else 0)
        self._taken()  # what the outside did meanwhile
        while True:
            if self.interrupted():
                return Stopped("interrupt", self.machine.current)
            stop, events = self._slice(until_tick, stop_kinds)
            found = self._judge(stop, events)
            if found is None and wanted:
                event = next((e for e in events if 1 << e.kind & kinds and wanted(e)), None)
                if event:
                    found = Stopped("until", self._thread_of(event), event=event)
            if found is None and until_tick is not None and self.machine.now >= until_tick:
                found = Stopped("time", self.machine.current)
            if found:
                return found

    def step(self, thread: int) -> Stopped:
        """One instruction of a thread, whoever has to run before."""
        while self.machine.current != thread:
            if self.interrupted():
                return Stopped("interrupt", self.machine.current)
            stop, events = self._slice(None, self.switches)
            found = self._judge(stop, events)
            if found:
                return found
        goal = self.machine.instructions + 1
        while self.machine.instructions < goal:
            stop = self.machine.step(1, until_tick=self.machine.now + self._ticks)
            found = self._judge(stop, self._taken())
            if found:
                return found
            if self.interrupted():
                return Stopped("interrupt", self.machine.current)
        # Time stood before the next instruction; it may belong to somebody else.
        return Stopped("step", thread)

    def step_range(self, thread: int, first: int, last: int, pc: int) -> Stopped:
        """Steps of a thread until its pc (register `pc`) is not in [first, last)."""
        while True:
            stopped = self.step(thread)
            if stopped.why != "step" or self.interrupted():
                return stopped
            if not first <= self.machine.registers(thread)[pc] < last:
                return stopped

    # ---- inside

    def _slice(self, until_tick: int | None, stop_kinds: int) -> tuple[Stop, list[Event]]:
        started = time.perf_counter()
        target = self.machine.now + self._ticks
        if until_tick is not None:
            target = min(target, until_tick)
        stop = self.machine.run(until_tick=target, stop_kinds=stop_kinds)
        events = self._taken()
        took = time.perf_counter() - started
        if took > LONGEST_S:
            self._ticks = max(self._ticks // 2, 1)
        elif took < SLICE_S and stop is Stop.TIME:
            self._ticks = min(self._ticks * 2, MOST_TICKS)
        return stop, events

    def _taken(self) -> list[Event]:
        events = self.machine.take()
        for event in events:
            self._show(event)
        return events

    def _show(self, event: Event) -> None:
        if event == self._announced or event.kind == SERIAL and not self.traced:
            return
        kind = self.machine.decoder.event_class(event)
        shown = (self.shows_log and kind == "log") or event.kind in NOTABLE
        if shown or self.traced >> event.kind & 1:
            self.tell(self.machine.decoder.line(event))

    def _thread_of(self, event: Event) -> int | None:
        threads = len(self.machine.built.meta["threads"])
        return event.thread if event.thread < threads else self.machine.current

    def _judge(self, stop: Stop, events: list[Event]) -> Stopped | None:
        """None: nothing that ends the way."""
        if stop in (Stop.BREAK, Stop.WATCH):
            hit = self.machine.hit
            if hit.fault:
                self._announced = hit.fault
                self.tell(self.machine.decoder.line(hit.fault))
                return Stopped("fault", hit.thread, hit, hit.fault)
            return Stopped("break" if stop is Stop.BREAK else "watch", hit.thread, hit)
        if stop is Stop.PANIC:
            return Stopped("panic", self.machine.current)
        if stop is Stop.HALT:
            return Stopped("halt", self.machine.current)
        return self._kernels_fault(events)

    def _kernels_fault(self, events: list[Event]) -> Stopped | None:
        """A fault that no instruction committed (a panic, a budget overrun) is known afterwards."""
        for event in events:
            if event.kind == self.fault and self.stops_at_faults:
                if event != self._announced:
                    return Stopped("fault", self._thread_of(event), event=event)
                self._announced = None
        return None
