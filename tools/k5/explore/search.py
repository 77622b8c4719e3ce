"""Tries one schedule after the other, and leaves out what it has seen.

First each single point, then, within a budget, a second one behind it. A branch ends where it comes
to a state that another one has been in with at least as many points left to force: what may come
from there is known, or will be.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from k5.explore.course import Course, Key
from k5.explore.schedule import Point, Schedule
from k5.forcing import Force
from k5.scenario.watch import Failure

if TYPE_CHECKING:
    from k5.snapshots import Snapshot

OFTEN = 16
MOST_STATES = 4_000_000  # that are remembered: some 600 MB
Told = Callable[["Tally"], None]


@dataclass
class Tally:
    """How far it has come."""

    places: int = 0  # instructions at which something could be forced
    singles: int = 0  # schedules with one point
    ran: int = 0  # schedules that were run, of either kind
    ran_pairs: int = 0
    cut: int = 0  # of those: came to a state seen before
    stopped: int = 0  # by the host's limit: no verdict
    open: int = 0  # first points whose second ones were not all tried
    states: int = 0
    seconds: float = 0.0


@dataclass
class Violation:
    """A schedule, and what is wrong then."""

    schedule: Schedule
    failures: list[Failure] = field(default_factory=list)


class Search:
    """One exploration. `begin` makes the scenario's run, booted; `pairs`: how many schedules with
    two points may be run; `told` is called now and then."""

    def __init__(self, begin: Callable[[], Course], pairs: int, told: Told) -> None:
        self.begin = begin
        self.budget = pairs
        self.told = told
        self.tally = Tally()
        self.seen: dict[Key, int] = {}  # with so many points left
        self.places: list[tuple[int, list[Force]]] = []
        self.started = time.monotonic()
        self._spare: list[Snapshot] = []

    def run(self) -> Violation | None:
        """The first schedule that violates something, or None."""
        self._look()
        found = self._singles()
        if found is None and self.budget:
            found = self._pairs()
        self._count()
        return found

    def _tell(self) -> None:
        """Now and then."""
        if (self.tally.places + self.tally.ran) % OFTEN == 0:
            self._count()

    def _count(self) -> None:
        self.tally.states = len(self.seen)
        self.tally.seconds = time.monotonic() - self.started
        self.told(self.tally)

    # ---- the scenario as it is

    def _look(self) -> None:
        """Where something can be forced, and the states of the ordinary run."""
        run = self.begin()
        run.walking = True
        end = ""
        while not end:
            end = run.go()
            if not run.standing or end:
                continue
            forces = run.choices()
            if forces:
                self.places.append((run.instructions, forces))
                self.tally.places += 1
                self._tell()
            if run.changed or forces:
                self._new(run, 1)
        failures = run.verdict(end)
        assert not failures, f"the scenario has passed, but not step by step: {failures}"
        self.tally.singles = sum(len(forces) for _, forces in self.places)

    def _new(self, run: Course, left: int) -> Key | None:
        """Its key, if nobody was here with `left` points to force; from now on somebody was."""
        run.changed = False
        with self._kept(run) as snapshot:
            key = run.key(snapshot.hash)
        known = self.seen.get(key, -1)
        if known < left and (known >= 0 or len(self.seen) < MOST_STATES):
            self.seen[key] = left
        return key if known < left else None

    @contextmanager
    def _kept(self, run: Course) -> Iterator[Snapshot]:
        """A snapshot of the machine as it is, for a while: a few of them do, again and again."""
        if self._spare:
            snapshot = self._spare.pop()
            run.machine.retake(snapshot)
        else:
            snapshot = run.machine.snapshot()
        try:
            yield snapshot
        finally:
            self._spare.append(snapshot)

    # ---- one point

    def _singles(self) -> Violation | None:
        for run, instruction, force in self._first_points():
            failures = self._branch(run, force)
            if failures:
                return Violation((Point(instruction, force),), failures)
        return None

    def _first_points(self) -> Iterator[tuple[Course, int, Force]]:
        """Each of them, with a run that stands there, for whoever takes it to go on with."""
        base = self.begin()
        try:
            for instruction, forces in self.places:
                there = base.go_to(instruction)
                assert there, f"instruction {instruction} has not come again"
                with self._kept(base) as snapshot:
                    for force in forces:
                        yield base.fork(), instruction, force
                        base.machine.restore(snapshot)
        finally:
            base.leave()

    def _branch(self, run: Course, force: Force) -> list[Failure]:
        """Forces it and runs to the end, or to where the rest is known; what is wrong then."""
        self.tally.ran += 1
        self._tell()
        run.force(force)
        end = ""
        while not end:
            end = run.go()
            if end or not run.standing or not run.changed:
                continue
            violated = run.machine.invariants()
            if violated:
                return [run.violated(violated)]
            if self._new(run, 0) is None:
                self.tally.cut += 1
                return []
        if end == "host":
            self.tally.stopped += 1
            return []
        return run.verdict(end)

    # ---- two points

    def _pairs(self) -> Violation | None:
        left = self.tally.singles
        for run, instruction, force in self._first_points():
            share = -(-(self.budget - self.tally.ran_pairs) // left)
            found = self._behind(run, Point(instruction, force), share)
            left -= 1
            if found:
                return found
        return None

    def _behind(self, run: Course, first: Point, share: int) -> Violation | None:
        """Each point behind the first one, until what follows was seen with one point left; at most
        `share` schedules."""
        run.walking = True
        run.force(first.force)
        end, passed = "", []
        while not end and run.now < run.window.last:
            end = run.go()
            if end or not run.standing:
                continue
            if run.changed:
                key = self._new(run, 1)
                if key is None:
                    break
                passed.append(key)
            for force in run.choices():
                if share == 0:
                    self.tally.open += 1
                    self._take_back(passed)
                    return None
                share -= 1
                self.tally.ran_pairs += 1
                second = Point(run.instructions, force)
                with self._kept(run) as snapshot:
                    failures = self._branch(run.fork(), force)
                    run.machine.restore(snapshot)
                if failures:
                    return Violation((first, second), failures)
        return None

    def _take_back(self, passed: list[Key]) -> None:
        """Not all was tried behind these states: whoever comes to them goes on."""
        for key in passed:
            if key in self.seen:
                self.seen[key] = 0
