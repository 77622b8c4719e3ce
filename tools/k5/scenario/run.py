"""Runs one variant of a scenario, exact to the tick.

On the hosted engine the machine runs to the next tick that matters, or to the next event
of a kind that matters, and never further: a stimulus at tick T comes before the
instruction of T. QEMU runs by itself; its events are judged as they come.
"""

from __future__ import annotations

import heapq
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from k5.builder import Built
from k5.engine import Run
from k5.errors import K5Error
from k5.faultmodels import Fault
from k5.forcing import LATE, LINE, PREEMPT, TIMER, Force
from k5.scenario import judge as judging
from k5.scenario import sense, states
from k5.scenario.judge import Judge
from k5.scenario.match import DO, ENTER, RESET, RESULT, SERIAL, STORM
from k5.scenario.model import Action, Scenario, Stimulus, Where
from k5.scenario.names import Names
from k5.scenario.plan import Check, bind
from k5.scenario.watch import Failure
from k5.snapshots import Position
from k5.stream import Event

if TYPE_CHECKING:
    from k5.machine import Machine, Stop
    from k5.snapshots import Snapshot

LOG_KINDS = (1 << 16) - 1
ALWAYS = LOG_KINDS | 1 << SERIAL | 1 << STORM | 1 << RESET
KERNEL_KINDS = 1 << ENTER | 1 << RESULT
# So many ticks at most between two looks at the host's clock: the machine's course does not change.
CHUNK = 1 << 26
FURTHER = 1_000_000  # ns: a look beyond the end, to see by how much something was missed
AFTER_STIMULI = 1 << 20  # rank of what is looked at, at a tick with stimuli
Seen = Callable[[Event], None]
Drive = Callable[[int, int], "Stop"]
FORCED = {"preempt": PREEMPT, "wake": TIMER, "interrupt": LINE, "late": LATE}


@dataclass
class Ran:
    """A run that is over."""

    end: str = ""  # halt, time (until), limit, decided, panic, host
    tick: int = 0
    instructions: int | None = None
    failures: list[Failure] = field(default_factory=list)
    judge: Judge | None = None
    snapshot: Snapshot | None = None  # of its end, where that was asked for


@dataclass(order=True)
class _Due:
    tick: int
    rank: int
    number: int
    do: Callable[..., None] = field(compare=False)  # a method and what it takes: copies of a run
    args: tuple[Any, ...] = field(compare=False)  # have copies of both


class HostedRun:
    """A machine, which is booted anew or goes on from `start`, and what is to happen to it. `more`:
    further kinds of events to record; `seed`: what the machine was loaded with. Its times, also
    those of events, and its instructions count from its beginning.

    Explorations copy runs where they stand, and tell them apart by a key: what is added here and
    has a say in what comes belongs into Course.key() (explore/course.py), too."""

    def __init__(
        self,
        scenario: Scenario,
        machine: Machine,
        names: Names,
        seed: int,
        seen: Seen | None = None,
        more: int = 0,
        start: Snapshot | None = None,
    ) -> None:
        self.scenario = scenario
        self.start = start
        self.base = start.position if start else Position(0, 0, 0)
        self.seed = seed
        self.more = more
        self.machine = machine
        self.names = names
        self.seen = seen
        self.plan = bind(scenario, names)
        self.clock = self.plan.clock
        self.judge = Judge(self.plan, names.decoder)
        self.agenda: list[_Due] = []
        self.numbers = iter(range(1 << 62))
        self.given = [0] * len(scenario.stimuli)
        self.pending = [check for check in self.plan.checks if check.state.moment.at is not None
                        or check.trigger]  # fmt: skip
        self.failures: list[Failure] = []
        settings = scenario.settings
        self.ends_early = settings.until is None and not settings.ends
        self.timed = {s.action.device for s in scenario.stimuli if s.action.baud}
        # Stimuli at instructions: how many have been executed, and which stimulus.
        self.marks = sorted(
            (self._instruction(index, stimulus.first.instruction), index)
            for index, stimulus in enumerate(scenario.stimuli)
            if stimulus.first.instruction is not None
        )
        # Stimuli where a task comes to: how often it still must.
        self.reaches = {
            index: stimulus.first.reached.nth
            for index, stimulus in enumerate(scenario.stimuli)
            if stimulus.first.reached is not None
        }
        self.stops: set[tuple[int, str]] = set()  # the machine's breakpoints for them
        self.came_to: tuple[int, int, int] | None = None  # where it was looked at last
        self.last = self.clock.up(settings.until or settings.limit)
        self.deadline = 0.0  # of the host
        self.stop: Stop | None = None  # why the machine stopped last

    def _instruction(self, index: int, first: int) -> int:
        """Of the range that the stimulus gives, the one of this seed."""
        spread = self.scenario.stimuli[index].first.spread
        source = random.Random(f"{self.scenario.variant.seed}:{index}")
        return first + (source.randrange(spread + 1) if spread else 0)

    @property
    def now(self) -> int:
        """Ticks since its beginning."""
        return self.machine.now - self.base.now

    @property
    def instructions(self) -> int:
        """Executed since then."""
        return self.machine.instructions - self.base.instructions

    # ---- the agenda

    def _at(self, tick: int, rank: int, do: Callable[..., None], *args: Any) -> None:
        due = _Due(max(tick, self.now), rank, next(self.numbers), do, args)
        heapq.heappush(self.agenda, due)

    def _schedule(self, index: int, base: int, number: int) -> None:
        """The number-th time of a stimulus; `base` is when it would come without jitter."""
        stimulus = self.scenario.stimuli[index]
        shift = 0
        if stimulus.jitter:
            source = random.Random(f"{self.scenario.variant.seed}:{index}:{number}")
            shift = source.randrange(self.clock.down(stimulus.jitter) + 1)
        self._at(base + shift, index, self._give, index, base, number)

    def _give(self, index: int, base: int, number: int) -> None:
        stimulus = self.scenario.stimuli[index]
        self._act(stimulus, stimulus.action)
        self.given[index] += 1
        self._saw(Event(self.now, DO, 0xFF, index, (0,) * 6))
        if stimulus.lasts:
            lasts = self.clock.up(stimulus.lasts)
            self._at(self.now + lasts, index, self._take_back, stimulus.action)
        if stimulus.every and (stimulus.times is None or number + 1 < stimulus.times):
            self._schedule(index, base + self.clock.up(stimulus.every), number + 1)

    def _act(self, stimulus: Stimulus, action: Action) -> None:
        machine, subject = self.machine, action.subject
        if action.what == "send":
            self._send(stimulus, action)
        elif action.what == "press":
            machine.press(subject)
        elif action.what == "release":
            machine.release(subject)
        elif action.what == "drive":
            machine.drive(subject, None if action.level is None else bool(action.level))
        elif action.what == "set":
            device, _, value = subject.partition(".")
            machine.set_value(device, value, action.value)
        elif action.what in ("raise", "lower"):
            machine.force_line(self.names.line(subject), action.what == "raise")
        elif action.what == "kill":
            self._kill(stimulus, action)
        elif action.what in FORCED:
            self._force(stimulus, action)
        elif action.fault is not None:
            self._inject(stimulus, action.fault)
        else:
            machine.reset(subject)

    def _kill(self, stimulus: Stimulus, action: Action) -> None:
        try:
            self.machine.kill(action.subject, action.code)
        except K5Error:
            came = [f"task {action.subject} did not run: it was down, or on its way"]
            self._fail(stimulus.where, f"stimulus {stimulus.name} was given", came)

    def _inject(self, stimulus: Stimulus, fault: Fault) -> None:
        """A fault that does nothing tests nothing, so that is a failure."""
        try:
            why = "" if self.machine.inject(fault) else "it changed nothing"
        except K5Error as problem:
            why = problem.messages[0].removeprefix("simulator: ")
        if why:
            where = f"at instruction {self.instructions}"
            self._fail(stimulus.where, f"fault: {fault.describe()}", [f"{why}, {where}"])

    def _force(self, stimulus: Stimulus, action: Action) -> None:
        line = action.what == "interrupt"
        where = self.names.line(action.subject) if line else self.names.thread(action.subject)
        try:
            self.machine.force(Force(FORCED[action.what], where, self.clock.down(action.value)))
        except K5Error as problem:
            why = problem.messages[0].removeprefix("simulator: ")
            came = [f"not possible at instruction {self.instructions}: {why}"]
            self._fail(stimulus.where, f"stimulus {stimulus.name} was given", came)

    def _send(self, stimulus: Stimulus, action: Action) -> None:
        data = action.subject.encode()
        if action.device in self.timed:
            self.machine.serial_speed(action.device, action.baud)
        if action.damage:
            self.machine.serial_damage(action.device, action.damage)
        taken = self.machine.send(action.device, data)
        if taken < len(data):
            came = [f"only {taken} of {len(data)} bytes found room: 4096 may wait at a time"]
            self._fail(stimulus.where, f"stimulus {stimulus.name} was given", came)

    def _take_back(self, action: Action) -> None:
        if action.what == "press":
            self.machine.release(action.subject)
        elif action.what == "drive":
            self.machine.drive(action.subject, None)
        elif action.fault is not None:
            self.machine.faults_end()
        else:
            self.machine.force_line(self.names.line(action.subject), False)

    def _look(self, check: Check) -> None:
        came = check.look(self.machine)
        if came:
            self._fail(check.state.where, states.said(check.state), came)
        if check in self.pending:
            self.pending.remove(check)

    def _fail(self, where: Where, expected: str, came: list[str]) -> None:
        self.failures.append(Failure(where, expected, came, self.now))

    # ---- events

    def _saw(self, event: Event) -> None:
        """An event has come: judged, and whoever waits for it is put on the agenda."""
        if self.seen:
            self.seen(event)
        self.judge.feed(event)
        for index, trigger in enumerate(self.plan.triggers):
            if trigger and trigger(event):
                stimulus = self.scenario.stimuli[index]
                self._schedule(index, event.time + self.clock.up(stimulus.first.delay),
                               self.given[index])  # fmt: skip
                trigger.left = int(stimulus.each)
        for check in self.pending:
            if check.trigger and check.trigger(event):
                tick = event.time + self.clock.up(check.state.moment.delay)
                self._at(tick, AFTER_STIMULI, self._look, check)

    def _awaited(self) -> int:
        """The kinds of events at which the machine must stop."""
        kinds = self.judge.kinds if self.ends_early else 0
        for trigger in self.plan.triggers:
            kinds |= trigger.kinds if trigger else 0
        for check in self.pending:
            kinds |= check.trigger.kinds if check.trigger else 0
        return kinds & ~(1 << DO)

    # ---- the run

    def run(self, keep: bool = False) -> Ran:
        """To the end; `keep`: with a snapshot of it."""
        try:
            self.begin()
            end = ""
            while not end:
                end = self.turn()
            snapshot = self.machine.snapshot() if keep else None
            return replace(self.finish(end), snapshot=snapshot)
        finally:
            self.leave()

    def finish(self, end: str, further: bool = True) -> Ran:
        """The verdict, once turn() has said that it is over. `further`: also by how much something
        was missed."""
        ran = Ran(end, self.now, self.instructions, self.failures, self.judge)
        self.leave()
        self._look_at_end(end)
        if end == "decided" and further:
            self._look_further()
        self._judge(end, ran.tick)
        return ran

    def begin(self) -> None:
        """The machine stands before its first instruction."""
        settings = self.scenario.settings
        kernel = KERNEL_KINDS if settings.deadlock == "none" else 0
        kinds = ALWAYS | self.plan.kinds | kernel | self.more
        if self.start:
            self.machine.restore(self.start)
            self.machine.take()
            self.machine.record(kinds)
        elif settings.after:
            raise K5Error(f"this needs a scenario that does not come after another ({settings.after})")
        else:
            self.machine.reboot(self.seed, kinds)
        self.start = None  # so that a run can be copied where it stands
        pins = self.names.pins_asked()
        self.judge.levels = {pin: int(self.machine.level(name)) for pin, name in pins}
        for index, stimulus in enumerate(self.scenario.stimuli):
            if stimulus.first.at is not None:
                self._schedule(index, self.clock.up(stimulus.first.at), 0)
        for check in self.pending:
            if check.state.moment.at is not None:
                tick = self.clock.up(check.state.moment.at)
                self._at(tick, AFTER_STIMULI, self._look, check)
        self._stop_at_places(True)
        self.deadline = time.monotonic() + settings.host_limit / 1e9
        self._take()

    def leave(self) -> None:
        """Nobody goes on with it: the machine stops for it no more."""
        self._stop_at_places(False)

    def _stop_at_places(self, stop: bool) -> None:
        """The machine stops where a task comes to, for those stimuli that wait for that."""
        for address, task in self.stops:
            self.machine.break_clear(address, task)
        self.stops.clear()
        for index in self.reaches if stop else ():
            reached = self.scenario.stimuli[index].first.reached
            assert reached
            self.stops |= {(address, reached.task) for address in self.plan.reached[index]}
        for address, task in self.stops:
            self.machine.break_set(address, task)

    def _at_place(self) -> None:
        """Whoever waits for this place, and has for the last time, is given now. A run that stopped
        here for another reason, before or again, will not come upon it."""
        thread = self.machine.running
        if not self.reaches or thread is None:
            return
        pc = self.machine.pc(thread)
        here = (self.instructions, thread, pc)
        task = str(self.names.meta["threads"][thread]["task"])
        come, self.came_to = here != self.came_to, here
        for index in list(self.reaches) if come else ():
            reached = self.scenario.stimuli[index].first.reached
            assert reached
            if reached.task == task and pc in self.plan.reached[index]:
                self.reaches[index] -= 1
                if self.reaches[index] == 0:
                    del self.reaches[index]
                    self._give(index, self.now, 0)
                    self.stop = None

    def _due(self) -> None:
        """What is to happen now happens; that may bring more."""
        while self.agenda and self.agenda[0].tick <= self.now:
            due = heapq.heappop(self.agenda)
            due.do(*due.args)

    def _done(self) -> bool:
        """Nothing is left to give, to look at, or to wait for."""
        given = all(trigger is None or not trigger.left for trigger in self.plan.triggers)
        waits = self.agenda or self.marks or self.reaches or self.pending
        done = given and not waits
        return done and self.judge.settled

    def turn(self, drive: Drive | None = None) -> str:
        """What is due happens, then the machine runs to what comes next. Why it is over, or "".
        `drive`: how it runs, to a tick of the machine's or an event of some kinds."""
        from k5.machine import Stop

        machine = self.machine
        self._due()
        if self.ends_early and self._done():
            return "decided"
        if self.now >= self.last:
            return "time" if self.scenario.settings.until else "limit"
        if time.monotonic() > self.deadline:
            return "host"
        target = self._target(self.last)
        if self.stop is Stop.HALT:
            if not self.agenda:
                return "halt"
            machine.idle_until(target + self.base.now)
            self.judge.advance(target)
            self.stop = None
            return ""
        target = min(target, self.now + CHUNK)
        self.stop = (drive or self._drive)(target + self.base.now, self._awaited())
        self._take()
        if self.stop is Stop.PANIC:
            return "panic"
        if self.stop in (Stop.BREAK, Stop.POSITION):
            self._at_place()
        if self.stop is Stop.POSITION and self.marks and self._at_mark():
            self._give(self.marks.pop(0)[1], self.now, 0)
            self.stop = None
        return ""

    def _drive(self, target: int, kinds: int) -> Stop:
        mark = self._next_mark()
        if mark is None:
            return self.machine.run(until_tick=target, stop_kinds=kinds)
        count = mark - self.instructions
        return self.machine.step(count, until_tick=target, stop_kinds=kinds)

    def _next_mark(self) -> int | None:
        """The next instruction that a stimulus waits for; those that were passed are missed."""
        while self.marks and self.marks[0][0] < self.instructions:
            self.marks.pop(0)
        return self.marks[0][0] if self.marks else None

    def _at_mark(self) -> bool:
        return self.marks[0][0] == self.instructions

    def _take(self) -> None:
        for event in self.machine.take():
            self._saw(replace(event, time=event.time - self.base.now) if self.base.now else event)
        self.judge.advance(self.now)

    def _target(self, last: int) -> int:
        target = min(last, self.agenda[0].tick) if self.agenda else last
        wake = self.judge.wake() if self.ends_early else None
        return target if wake is None else max(min(target, wake), self.now)

    # ---- the verdict

    def _look_at_end(self, end: str) -> None:
        """What is so when all is over."""
        for check in self.plan.checks:
            moment = check.state.moment
            if moment.at is None and moment.after is None:
                self._look(check)
        if self.judge.deadlock:
            self.judge.deadlock.halted = end == "halt"
        self.failures += judging.guest_errors(
            self.scenario, self.machine, self.judge, self.base.now
        )
        violated = self.machine.invariants() if end != "panic" else None
        if violated:
            self._fail(("scenario",), "the kernel's invariants hold", [f"violated: {violated}"])

    def _look_further(self) -> None:
        """For a nearest miss: what did not come in time may come a little later."""
        from k5.machine import Stop

        machine, judge = self.machine, self.judge
        judge.over, self.seen = True, None
        limit = self.clock.up(self.scenario.settings.limit)
        until = min(limit, 2 * self.now + self.clock.up(FURTHER), self.now + CHUNK)
        while judge.curious and self.now < until:
            stop = machine.run(until_tick=until + self.base.now, stop_kinds=judge.curious)
            self._take()
            if stop in (Stop.HALT, Stop.PANIC):
                return

    def _judge(self, end: str, tick: int) -> None:
        settings = self.scenario.settings
        last = tick
        if end == "halt" and settings.until:
            last = max(tick, self.clock.up(settings.until))
        self.failures += self.judge.failures(last)
        self._left_over()
        ended(self.scenario, end, tick, self.failures)

    def _left_over(self) -> None:
        """Stimuli that were never given, states that were never looked at."""
        for index, stimulus in enumerate(self.scenario.stimuli):
            if self.given[index] == 0 or (stimulus.times and self.given[index] < stimulus.times):
                moment = stimulus.first
                why = f"it was given {self.given[index]} times"
                if moment.after and not self.given[index]:
                    why = f"{moment.after.said()} did not come in time"
                elif moment.reached is not None:
                    left = self.reaches.get(index, moment.reached.nth)
                    why = f"task {moment.reached.task} came there {moment.reached.nth - left} times"
                elif moment.instruction is not None:
                    why = f"no thread came to instruction {moment.instruction}"
                self._fail(stimulus.where, f"stimulus {stimulus.name} was given", [why])
        for check in self.pending:
            after = check.state.moment.after
            why = f"{after.said()} did not come in time" if after else "its time did not come"
            self._fail(check.state.where, states.said(check.state), [why])


def ended(scenario: Scenario, end: str, tick: int, failures: list[Failure]) -> None:
    """Whether the run ended as it must."""
    from k5.scenario.units import shown

    settings = scenario.settings
    if end == "host":
        text = f"it was still running after {shown(settings.host_limit)} of the host's time"
        failures.append(Failure(("scenario", "host_limit"), "it ends", [text], tick))
    elif end == "limit" and settings.ends != "running":
        text = f"it never ended, and was stopped at its limit of {shown(settings.limit)} of virtual time"
        failures.append(Failure(("scenario", "limit"), "it ends", [text], tick))
    halted = end == "halt"
    if settings.ends == "halted" and not halted and end not in ("host", "limit"):
        text = "something was still going on, or due"
        failures.append(Failure(("scenario", "ends"), "it ends halted", [text], tick))
    if settings.ends == "running" and halted:
        text = "nothing will ever happen again"
        failures.append(Failure(("scenario", "ends"), "it ends running", [text], tick))


class QemuRun:
    """An image on QEMU: nothing comes from outside."""

    def __init__(
        self,
        scenario: Scenario,
        built: Built,
        names: Names,
        seen: Seen | None = None,
        kernel_events: bool = False,
    ) -> None:
        self.scenario = scenario
        self.built = built
        self.kernel_events = kernel_events
        self.seen = seen
        self.plan = bind(scenario, names)
        self.judge = Judge(self.plan, names.decoder)

    def run(self) -> Ran:
        """To the end."""
        settings, judge = self.scenario.settings, self.judge
        limit_us = (settings.until or settings.limit) / 1000
        kernel = self.kernel_events or wants_trace_image(self.scenario)
        run: Any = Run(self.built, "qemu", self.scenario.variant.seed, int(limit_us), kernel)
        deadline = time.monotonic() + settings.host_limit / 1e9
        end, tick = "", 0
        for event in run:
            tick = event.time
            if self.seen:
                self.seen(event)
            judge.feed(event)
            judge.advance(tick)
            if settings.until is None and not settings.ends and judge.settled:
                end = "decided"
            elif time.monotonic() > deadline:
                end = "host"
            if end:
                break
        if not end:
            end = {"halt": "halt", "panic": "panic"}.get(run.end, "time" if settings.until else "limit")
        self._hear(run.sent, tick)
        if judge.deadlock:
            judge.deadlock.halted = end == "halt"
        last = self.plan.clock.up(settings.until or settings.limit)
        failures = judge.failures(last if end in ("time", "limit") else tick)
        ended(self.scenario, end, tick, failures)
        return Ran(end, tick, run.instructions, failures, judge)

    def _hear(self, sent: dict[str, bytes], tick: int) -> None:
        """What serial lines have sent, nobody knows when."""
        devices = [d["name"] for d in self.built.meta.get("devices", []) if d["model"]]
        for name, data in sent.items():
            for byte in data if name in devices else b"":
                event = Event(tick, SERIAL, 0xFF, devices.index(name), (byte, 0, 0, 0, 0, 0))
                if self.seen:
                    self.seen(event)
                self.judge.feed(event)


def wants_trace_image(scenario: Scenario) -> bool:
    """Whether QEMU must tell kernel events; they also tell how late it is, where nothing else does."""
    kinds = {pattern.kind for pattern in sense.patterns(scenario)}
    settings = scenario.settings
    return "trace" in kinds or settings.deadlock == "none" or settings.until is not None
