"""A run of the scenario that can be forked, and told from others by its key.

Two runs with the same key go on alike, and will be judged alike: the machine is the same (its
snapshot's hash), and so is what the expectations have made of what came before. Keys are taken
where one thread follows another, right before an instruction.
"""

from __future__ import annotations

import copy
import hashlib
import math
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from k5.forcing import Force, Wanted
from k5.scenario import sense
from k5.scenario.match import SerialTest, Test
from k5.scenario.model import Scenario
from k5.scenario.run import HostedRun
from k5.scenario.watch import (
    CountWatcher,
    Failure,
    LatencyWatcher,
    OrderWatcher,
    Span,
    Trigger,
    Watcher,
    WaveWatcher,
)
from k5.stream import Event

if TYPE_CHECKING:
    from k5.explore.window import Window
    from k5.machine import Stop
    from k5.scenario.warm import Warm
    from k5.snapshots import Snapshot

CHANGES = ("SWITCH", "PREEMPT", "IDLE")  # events that say who runs from now on
Key = int


class Course(HostedRun):
    """`walking`: it stops wherever something of `wanted` could be forced in the window."""

    def __init__(
        self,
        scenario: Scenario,
        warm: Warm,
        window: Window,
        wanted: Wanted,
        start: Snapshot | None = None,
    ) -> None:
        machine, names = warm.machine, warm.names
        kinds = {str(entry["name"]): kind for kind, entry in names.decoder.events.items()}
        self.changes = sum(1 << kinds[name] for name in CHANGES)
        super().__init__(scenario, machine, names, warm.seed, more=self.changes, start=start)
        self.judge.journal = deque(maxlen=0)  # whoever wants a report runs it once more
        self.window = window
        self.wanted = wanted
        self.walking = False
        self.forked = False
        self.changed = True  # another thread may run than where the last key was taken
        shared = [machine, names, names.decoder, scenario, scenario.settings, self.clock, self.base,
                  window, wanted, *_data(scenario)]  # fmt: skip
        self._shared: dict[int, Any] = {id(one): one for one in shared}
        self._shared[id(self._shared)] = self._shared

    def fork(self) -> Course:
        """Another run that goes on from here; the machine is for whoever forks to put back."""
        made = copy.deepcopy(self, dict(self._shared))
        made.walking, made.forked = False, True
        made.deadline = time.monotonic() + self.scenario.settings.host_limit / 1e9
        return made

    def _saw(self, event: Event) -> None:
        self.changed = self.changed or bool(self.changes >> event.kind & 1)
        super()._saw(event)

    def _stop_at_places(self, stop: bool) -> None:
        """Its forks stop where it does, and it goes on when they are over."""
        if not self.forked:
            super()._stop_at_places(stop)

    def begin(self) -> None:
        """The first run of an exploration is there all the time: only its forks have a limit."""
        super().begin()
        self.deadline = math.inf

    # ---- on its way

    def go(self) -> str:
        """One stretch; why it is over, or ""."""
        return self.turn(self._stretch)

    @property
    def standing(self) -> bool:
        """Right before an instruction, with all that is due done."""
        from k5.machine import Stop

        return self.stop is Stop.POSITION

    def _stretch(self, target: int, kinds: int) -> Stop:
        machine, window = self.machine, self.window
        inside = self.walking and window.first <= self.now < window.last
        if not self.standing and (inside or self.changed):
            return machine.step(0, until_tick=target, stop_kinds=kinds)
        if inside:
            target, kinds = min(target, window.last + self.base.now), kinds | self.changes
            if self.marks or self.reaches:  # each instruction may be the one
                return machine.step(1, until_tick=target, stop_kinds=kinds)
            return machine.walk(self.wanted, until_tick=target, stop_kinds=kinds)
        if self.walking and self.now < window.first:
            target = min(target, window.first + self.base.now)
        if self.marks:
            return self._drive(target, kinds | self.changes)
        return machine.run(until_tick=target, stop_kinds=kinds | self.changes)

    def go_to(self, instruction: int) -> bool:
        """To there exactly; False: the run does not come to it."""
        machine = self.machine

        def step(target: int, kinds: int) -> Stop:
            mark = self._next_mark()
            goal = instruction if mark is None else min(instruction, mark)
            return machine.step(goal - self.instructions, until_tick=target, stop_kinds=kinds)

        end = ""
        while not self.standing or self.instructions != instruction:
            if end or self.instructions > instruction:
                return False
            end = self.turn(step)
        return True

    def choices(self) -> list[Force]:
        """What could be forced here, if here is in the window."""
        machine = self.machine
        if not self.window.first <= self.now < self.window.last:
            return []
        found = machine.forces(self.wanted)
        return found if found and self.window.admits(machine) else []

    def admits(self, force: Force) -> bool:
        """Whether it is one of what could be forced here, in the window or not."""
        return force in self.machine.forces(self.wanted)

    def force(self, force: Force) -> None:
        """It happens here."""
        self.machine.force(force)
        self._take()
        self.stop, self.changed = None, True

    # ---- what it is

    def key(self, state: int) -> Key:
        """`state`: the hash of the machine's snapshot."""
        judge = self.judge
        rest = (
            self.machine.now,
            sorted((due.tick, due.rank, due.do.__name__, _plain(due.args)) for due in self.agenda),
            self.given,
            self.marks,
            sorted(self.reaches.items()),
            [_trigger(trigger) for trigger in self.plan.triggers],
            [(check.state.where, _trigger(check.trigger)) for check in self.pending],
            [failure.where for failure in self.failures],
            sorted(judge.levels.items()),
            (len(judge.storms), judge.panic is None, len(self.machine.guest_errors())),
            [_watcher(watcher) for watcher in judge.watchers],
        )
        digest = hashlib.blake2b(repr(rest).encode(), digest_size=8).digest()
        return state << 64 | int.from_bytes(digest, "little")

    def violated(self, invariant: str) -> Failure:
        """A broken invariant of the kernel, here."""
        came = [f"violated: {invariant}"]
        return Failure(("scenario",), "the kernel's invariants hold", came, self.now)

    def verdict(self, end: str) -> list[Failure]:
        """What is wrong with it, now that it is over."""
        return self.finish(end, further=False).failures


def _data(scenario: Scenario) -> list[Any]:
    """What never changes: copies of a run share it."""
    found: list[Any] = [*scenario.stimuli, *scenario.counts, *scenario.orders, *scenario.states]
    found += [*scenario.waves, *scenario.latencies, *sense.patterns(scenario)]
    found += [stimulus.action for stimulus in scenario.stimuli]
    return found + [one.window for one in sense.windowed(scenario)]


def _plain(args: tuple[Any, ...]) -> tuple[int, ...]:
    """Numbers; what else there is goes by the rank, or has one moment alone."""
    return tuple(arg for arg in args if isinstance(arg, int))


def _test(test: Test | None) -> str:
    return test.seen if isinstance(test, SerialTest) else ""


def _trigger(trigger: Trigger | None) -> tuple[object, ...]:
    return () if trigger is None else (trigger.left, _test(trigger.test))


def _span(span: Span) -> tuple[object, ...]:
    return (span.opened, span.closed, _trigger(span.trigger))


def _watcher(watcher: Watcher) -> tuple[object, ...]:
    """All that the verdict of an expectation will depend on, and nothing that is only told."""
    if isinstance(watcher, CountWatcher):
        done = watcher.excess is not None
        return (*_span(watcher.span), watcher.number, done, _test(watcher.test))
    if isinstance(watcher, OrderWatcher):
        return (*_span(watcher.span), len(watcher.times), *(_test(test) for test in watcher.tests))
    if isinstance(watcher, WaveWatcher):
        return (*_span(watcher.span), *((edge.time, edge.level) for edge in watcher.edges))
    if isinstance(watcher, LatencyWatcher):
        tests = (_test(watcher.start), _test(watcher.end))
        return (*tests, tuple(watcher.open), *sorted(took for took, _ in watcher.samples))
    return _deadlock(watcher)


def _deadlock(watcher: Watcher) -> tuple[object, ...]:
    from k5.scenario.judge import DeadlockWatcher

    assert isinstance(watcher, DeadlockWatcher), f"no key for {type(watcher).__name__}"
    waiting = sorted((thread, event.code) for thread, event in watcher.waiting.items())
    return (watcher.refused is None, *waiting)
