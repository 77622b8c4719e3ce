"""Judges a run: all expectations at once, and what is wrong with every run that has it."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from k5 import misuse
from k5.decode import Decoder
from k5.scenario.match import ENTER, FAULT, PIN, RESET, RESULT, STORM, TASK
from k5.scenario.model import Scenario, Where
from k5.scenario.plan import Plan
from k5.scenario.watch import Failure, Watcher
from k5.stream import Event

if TYPE_CHECKING:
    from k5.machine import Machine

PANIC = 5
JOURNAL = 5000  # events that are kept for reports
DEADLOCK = -9 & 0xFFFF_FFFF  # E_DEADLOCK
WAITS_FOR_OTHERS = ("call", "send", "connect")


class DeadlockWatcher(Watcher):
    """No call refused as one too many in a circle; nobody waits for an answer for ever."""

    def __init__(self, where: Where, decoder: Decoder) -> None:
        self.where = where
        self.decoder = decoder
        self.waiting: dict[int, Event] = {}
        self.refused: Event | None = None
        self.halted = False  # set by the run, at its end

    def feed(self, event: Event) -> None:
        if event.kind == ENTER:
            self.waiting[event.thread] = event
        elif event.kind in (RESULT, FAULT, TASK):
            self.waiting.pop(event.thread, None)
            if event.kind == RESULT and event.args[0] == DEADLOCK and self.refused is None:
                self.refused = event
        elif event.kind == RESET:
            self.waiting.clear()

    @property
    def settled(self) -> bool:
        return True

    def verdict(self, end: int) -> Failure | None:
        name = self.decoder.thread_name
        if self.refused is not None:
            call = self.decoder.line(self.refused)
            came = [f"{name(self.refused.thread)}: {call.text}, at {call.seconds:.6f}"]
            return Failure(self.where, "no deadlock", came, self.refused.time)
        stuck = [event for event in self.waiting.values() if self._stuck(event)]
        if not stuck or not self.halted:
            return None
        came = ["nothing will ever happen again, and these wait for others:"]
        for event in stuck:
            line = self.decoder.line(event)
            came.append(f"{name(event.thread)}, since {line.seconds:.6f}, in {line.text}")
        return Failure(self.where, "no deadlock", came, end)

    def _stuck(self, event: Event) -> bool:
        return self.decoder.calls.get(event.code, "") in WAITS_FOR_OTHERS


class Judge:
    """What has happened so far, and what it means."""

    def __init__(self, plan: Plan, decoder: Decoder) -> None:
        self.plan = plan
        self.decoder = decoder
        self.watchers = list(plan.watchers)
        self.journal: deque[Event] = deque(maxlen=JOURNAL)
        self.levels: dict[int, int] = {}  # of pins whose edges count
        self.over = False  # what comes now is of interest to who missed it alone
        self.panic: Event | None = None
        self.storms: list[Event] = []
        settings = plan.scenario.settings
        self.deadlock: DeadlockWatcher | None = None
        if settings.deadlock == "none":
            self.deadlock = DeadlockWatcher(("scenario", "deadlock"), decoder)
            self.watchers.append(self.deadlock)

    def feed(self, event: Event) -> None:
        """The next event; one that changes no level is no edge."""
        if event.kind == PIN:
            if self.levels.get(event.code) == event.args[0]:
                return
            self.levels[event.code] = event.args[0]
        if self.over:
            for watcher in self.watchers:
                if watcher.curious:
                    watcher.feed(event)
            return
        self.journal.append(event)
        if event.kind == PANIC:
            self.panic = event
        elif event.kind == STORM:
            self.storms.append(event)
        for watcher in self.watchers:
            watcher.feed(event)

    def advance(self, now: int) -> None:
        """All events before `now` have come."""
        for watcher in self.watchers:
            watcher.advance(now)

    @property
    def settled(self) -> bool:
        """The run need not go on."""
        return all(watcher.settled for watcher in self.watchers)

    @property
    def kinds(self) -> int:
        """Of events that may settle something."""
        kinds = 0
        for watcher in self.watchers:
            kinds |= watcher.kinds
        return kinds

    @property
    def curious(self) -> int:
        """Kinds of events that may show by how much something was missed."""
        kinds = 0
        for watcher in self.watchers:
            kinds |= watcher.curious
        return kinds

    def wake(self) -> int | None:
        """The next tick at which something may settle by itself."""
        ticks = [tick for tick in (watcher.wake() for watcher in self.watchers) if tick is not None]
        return min(ticks, default=None)

    def failures(self, end: int) -> list[Failure]:
        """Of all expectations, and a panic."""
        found = [watcher.verdict(end) for watcher in self.watchers]
        failed = [failure for failure in found if failure]
        if self.panic is not None:
            text = self.decoder.line(self.panic).text
            failed.append(Failure(("scenario",), "no kernel panic", [text], self.panic.time))
        return failed


def guest_errors(
    scenario: Scenario, machine: Machine, judge: Judge, base: int = 0
) -> list[Failure]:
    """Misused registers, and interrupts that nobody acknowledges; times count from `base`."""
    if scenario.settings.guest_errors == "allowed":
        return []
    where, decoder, clock = ("scenario", "guest_errors"), judge.decoder, judge.plan.clock
    found = []
    errors = [replace(error, time=error.time - base) for error in machine.guest_errors()]
    came = [misuse.said(error, decoder, clock.shown) for error in errors]
    if came:
        hint = 'if that is meant: guest_errors = "allowed"'
        found.append(Failure(where, "no misuse of devices", [*came, hint], errors[0].time))
    for storm in judge.storms:
        came = [f"line {misuse.line_name(storm.code, machine)} fires again and again: nobody makes its "
                f"device lower it ({storm.args[0]} times at {clock.shown(storm.time)})"]  # fmt: skip
        found.append(Failure(where, "interrupts are acknowledged", came, storm.time))
    return found
