"""Expectations at work: fed with events in their order, each comes to a verdict.

Times here are ticks. An expectation is settled when the scenario need not go on for
it; what is settled may still fail (a third event where two were expected).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from k5.scenario.match import PIN, Test
from k5.scenario.model import Count, InOrder, Latency, Pattern, Wave, Where, Window
from k5.scenario.units import shown
from k5.stream import Event

SECOND = 1_000_000_000
STRAYS = 3  # matching events outside the window: so many are told


@dataclass(frozen=True)
class Clock:
    """Ticks and nanoseconds."""

    hz: int

    def up(self, ns: int) -> int:
        """The first tick that is not earlier."""
        return -(-ns * self.hz // SECOND)

    def down(self, ns: int) -> int:
        """The last tick that is not later."""
        return ns * self.hz // SECOND

    def ns(self, ticks: int) -> Fraction:
        return Fraction(ticks * SECOND, self.hz)

    def shown(self, ticks: int) -> str:
        """A time for people."""
        return shown(self.ns(ticks))


@dataclass
class Failure:
    """What was expected, and what came."""

    where: Where
    expected: str
    came: list[str] = field(default_factory=list)
    tick: int | None = None  # events before it may say why
    like: Pattern | None = None  # what the nearest miss would be like


class Trigger:
    """Waits for the n-th event of a pattern."""

    def __init__(self, pattern: Pattern, test: Test) -> None:
        self.pattern = pattern
        self.test = test
        self.left = pattern.nth

    def __call__(self, event: Event) -> bool:
        if self.left == 0 or not self.test(event):
            return False
        self.left -= 1
        return self.left == 0

    @property
    def kinds(self) -> int:
        """Of events that it waits for."""
        return self.test.kinds if self.left else 0


class Span:
    """A window at work: `opened` and `closes` are ticks, once they are known."""

    def __init__(self, window: Window, after: Test | None, clock: Clock) -> None:
        self.window = window
        self.clock = clock
        self.trigger = Trigger(window.after, after) if window.after and after else None
        self.opened: int | None = None if self.trigger else clock.up(window.start)
        self.now = 0

    @property
    def closes(self) -> int | None:
        """The last tick that is inside."""
        if self.opened is None or self.window.within is None:
            return None
        return self.opened + self.clock.down(self.window.within)

    @property
    def closed(self) -> bool:
        return self.closes is not None and self.now > self.closes

    @property
    def kinds(self) -> int:
        return self.trigger.kinds if self.trigger else 0

    def admits(self, event: Event) -> bool:
        """Whether an event is inside; sees to it that the window opens."""
        self.now = max(self.now, event.time)
        if self.opened is None:
            assert self.trigger
            if self.trigger(event):
                self.opened = event.time
            return False
        return self.opened <= event.time and not self.closed

    def wake(self) -> int | None:
        """When it is over, unless it is."""
        return None if self.closes is None or self.closed else self.closes + 1

    def unopened(self) -> list[str]:
        """Why it never opened."""
        if self.opened is not None:
            return []
        assert self.window.after
        return [f"{self.window.after.said()} never came, so nothing was looked at"]


class Watcher:
    """An expectation at work."""

    where: Where
    kinds = 0  # of the events that it still needs to settle

    def feed(self, event: Event) -> None:
        """The next event."""

    def advance(self, now: int) -> None:
        """All events before `now` have come."""

    def wake(self) -> int | None:
        """A tick at which it may settle though no event comes."""
        return None

    @property
    def settled(self) -> bool:
        raise NotImplementedError

    @property
    def curious(self) -> int:
        """It is missed; an event of these kinds may yet show by how much."""
        return 0

    def verdict(self, end: int) -> Failure | None:
        """At the end; None: it is met."""
        raise NotImplementedError


class CountWatcher(Watcher):
    """An event must come so often; or never."""

    def __init__(self, count: Count, test: Test, after: Test | None, clock: Clock) -> None:
        self.count, self.where, self.clock = count, count.where, clock
        self.span = Span(count.window, after, clock)
        self.test, self.stray = test.fresh(), test.fresh()
        self.hits: list[Event] = []
        self.strays: list[Event] = []
        self.number = 0
        self.excess: Event | None = None  # the first one too many

    @property
    def kinds(self) -> int:  # type: ignore[override]
        return 0 if self.settled else self.span.kinds | self.test.kinds

    def feed(self, event: Event) -> None:
        if not self.span.admits(event):
            if self.stray(event) and len(self.strays) < STRAYS:
                self.strays.append(event)
        elif self.test(event):
            self.number += 1
            if len(self.hits) < STRAYS:
                self.hits.append(event)
            if self.number - 1 == self.count.most:
                self.excess = event

    def advance(self, now: int) -> None:
        self.span.now = max(self.span.now, now)

    def wake(self) -> int | None:
        return None if self.settled else self.span.wake()

    @property
    def settled(self) -> bool:
        if self.span.opened is None:
            return False
        enough = self.number >= self.count.least
        bounded = self.count.most is not None and self.count.window.within is not None
        return self.excess is not None or self.span.closed or (enough and not bounded)

    @property
    def curious(self) -> int:
        missed = self.span.closed and self.number < self.count.least and not self.strays
        return self.stray.kinds if missed else 0

    def _said(self) -> str:
        c = self.count
        often = ""
        if c.most == 0:
            often = "never "
        elif c.most == c.least and c.most != 1:
            often = f"exactly {c.most} times "
        elif c.most is not None:
            often = f"{c.least} to {c.most} times " if c.most != c.least else "exactly once "
        elif c.least > 1:
            often = f"at least {c.least} times "
        return often + c.pattern.said() + c.window.said()

    def verdict(self, end: int) -> Failure | None:
        c = self.count
        if self.span.opened is not None and self.number >= c.least and not self.excess:
            return None
        if self.excess:
            at = self.clock.shown(self.excess.time)
            many = f"it came {self.number} times; once too often at {at}"
            came = [many if c.most else f"it came at {at}"]
            return Failure(self.where, self._said(), came, self.excess.time)
        came = self.span.unopened() or [self._times()]
        came += [self._missed_by(event) for event in self.strays]
        closes = self.span.closes
        like = c.pattern if c.most != 0 else None
        return Failure(self.where, self._said(), came, min(closes, end) if closes else end, like)

    def _times(self) -> str:
        if self.number == 0:
            return "it did not come"
        times = ", ".join(self.clock.shown(event.time) for event in self.hits)
        times += ", ..." if self.number > len(self.hits) else ""
        return f"it came {'once' if self.number == 1 else f'{self.number} times'}: at {times}"

    def _missed_by(self, event: Event) -> str:
        at = f"nearest miss: it came at {self.clock.shown(event.time)}"
        opened, closes = self.span.opened, self.span.closes
        if opened is None or event.time < opened:
            return at + (f", {self.clock.shown(opened - event.time)} too early" if opened else "")
        if closes is not None and event.time > closes:
            return at + f", {self.clock.shown(event.time - closes)} too late"
        return at + ", just before what it must come after"


class OrderWatcher(Watcher):
    """Events, one after the other."""

    def __init__(self, order: InOrder, tests: list[Test], after: Test | None, clock: Clock) -> None:
        self.order, self.where, self.clock = order, order.where, clock
        self.span = Span(order.window, after, clock)
        self.tests = [test.fresh() for test in tests]
        self.times: list[int] = []

    @property
    def kinds(self) -> int:  # type: ignore[override]
        if self.settled:
            return 0
        return self.span.kinds | self.tests[len(self.times)].kinds

    def feed(self, event: Event) -> None:
        if self.span.admits(event) and len(self.times) < len(self.tests):
            if self.tests[len(self.times)](event):
                self.times.append(event.time)

    def advance(self, now: int) -> None:
        self.span.now = max(self.span.now, now)

    def wake(self) -> int | None:
        return None if self.settled else self.span.wake()

    @property
    def settled(self) -> bool:
        return len(self.times) == len(self.tests) or self.span.closed

    def verdict(self, end: int) -> Failure | None:
        if len(self.times) == len(self.tests):
            return None
        said = [step.said() for step in self.order.steps]
        came = [
            f"{number}. came at {self.clock.shown(time)}: {text}"
            for number, (time, text) in enumerate(zip(self.times, said, strict=False), 1)
        ]
        missing = len(self.times)
        came.append(f"{missing + 1}. did not come: {said[missing]}")
        closes = self.span.closes
        tick = min(closes, end) if closes else end
        expected = f"{len(said)} events in order{self.order.window.said()}"
        return Failure(self.where, expected, self.span.unopened() or came, tick,
                       self.order.steps[missing])  # fmt: skip


@dataclass(frozen=True)
class Edge:
    time: int
    level: int


class WaveWatcher(Watcher):
    """A pattern at a pin: each period from one rising edge to the next."""

    kinds = 0  # it settles by time alone

    def __init__(self, wave: Wave, pin: int, after: Test | None, clock: Clock) -> None:
        self.wave, self.where, self.clock, self.pin = wave, wave.where, clock, pin
        self.span = Span(wave.window, after, clock)
        self.edges: list[Edge] = []

    def feed(self, event: Event) -> None:
        if self.span.admits(event) and event.kind == PIN and event.code == self.pin:
            self.edges.append(Edge(event.time, event.args[0]))

    def advance(self, now: int) -> None:
        self.span.now = max(self.span.now, now)

    def wake(self) -> int | None:
        return self.span.wake()

    @property
    def settled(self) -> bool:
        return self.span.closed

    def _said(self) -> str:
        w = self.wave
        what = [f"{float(w.hz):g} Hz"] if w.hz else []
        what += [f"{float(w.duty * 100):g} % duty"] if w.duty else []
        words = f"{' and '.join(what)} at pin {w.pin}, within {float(w.tolerance * 100):g} %"
        return words + (", looked at" + w.window.said() if w.window.said() else "")

    def verdict(self, end: int) -> Failure | None:
        edges = self.edges
        while edges and edges[0].level == 0:
            edges = edges[1:]
        rising = edges[::2]
        if len(rising) < 2:
            came = self.span.unopened() or [f"{len(self.edges)} edges: not one whole period"]
            return Failure(self.where, self._said(), came, end)
        for first, fall, second in zip(rising, edges[1::2], rising[1:], strict=False):
            wrong = self._wrong(first.time, fall.time, second.time)
            if wrong:
                number = rising.index(first) + 1
                at = f"in period {number} of {len(rising) - 1}, at {self.clock.shown(first.time)}"
                return Failure(self.where, self._said(), [f"{wrong}, {at}"], second.time)
        return None

    def _wrong(self, rise: int, fall: int, again: int) -> str:
        period = again - rise
        if self.wave.hz is not None:
            hz = Fraction(self.clock.hz, period)
            if abs(hz - self.wave.hz) > self.wave.hz * self.wave.tolerance:
                return f"it was {float(hz):.6g} Hz"
        if self.wave.duty is not None:
            duty = Fraction(fall - rise, period)
            if abs(duty - self.wave.duty) > self.wave.tolerance:
                return f"it was {float(duty * 100):.4g} % duty"
        return ""


class LatencyWatcher(Watcher):
    """From events to what answers them."""

    def __init__(self, latency: Latency, start: Test, end: Test, clock: Clock) -> None:
        self.latency, self.where, self.clock = latency, latency.where, clock
        self.start, self.end = start.fresh(), end.fresh()
        self.open: list[int] = []
        self.samples: list[tuple[int, int]] = []  # duration, when it began

    @property
    def kinds(self) -> int:  # type: ignore[override]
        return 0 if self.settled else self.start.kinds | self.end.kinds

    def feed(self, event: Event) -> None:
        if self.end(event):
            self.samples += [(event.time - began, began) for began in self.open]
            self.open = []
        if self.start(event):
            self.open.append(event.time)

    @property
    def settled(self) -> bool:
        return len(self.samples) >= self.latency.least and not self.open

    def verdict(self, end: int) -> Failure | None:
        w = self.latency
        most = self.clock.down(w.most)
        # What is not answered has taken until the end; that tells something only if it is long.
        pending = [(end - began, began) for began in self.open if end - began > most]
        samples = sorted(self.samples + pending)
        which = f"{float(w.percentile * 100):g} % of them" if w.percentile < 1 else "each"
        said = f"from {w.start.said()} to {w.end.said()}: {which} at most {shown(w.most)}"
        if len(samples) < w.least:
            came = [f"measured {len(samples)} times; at least {w.least} must be"]
            came += [f"{len(self.open)} were not answered at the end"] if self.open else []
            return Failure(self.where, said, came, end, w.start if not self.open else w.end)
        rank = samples[max(ceil(w.percentile * len(samples)), 1) - 1]
        if rank[0] <= most:
            return None
        longest = samples[-1]
        late = sum(took > most for took, _ in samples)
        came = [
            f"{late} of {len(samples)} took longer",
            f"the longest {self.clock.shown(longest[0])}, begun at {self.clock.shown(longest[1])}",
        ]
        if w.percentile < 1:
            came.append(f"{which} took up to {self.clock.shown(rank[0])}")
        came += [f"{len(pending)} were not answered at the end"] if pending else []
        return Failure(self.where, said, came, longest[1] + longest[0])


