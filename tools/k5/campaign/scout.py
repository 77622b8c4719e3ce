"""The run without a fault: does it pass, when does what the window names come, who runs when.

One run of the scenario, or of the system alone, from boot. The machine is stopped at each event
that the window names and, inside of the window, whenever another thread runs: between two such
stops the thread is one and the same, and ticks go with instructions.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from k5.campaign.model import Campaign, Point
from k5.errors import FAILED, K5Error
from k5.machine import Machine
from k5.scenario import match
from k5.scenario.model import Action, Scenario
from k5.scenario.names import Names, Unknown
from k5.scenario.report import Reporter
from k5.scenario.run import HostedRun, Ran
from k5.scenario.watch import Trigger
from k5.schema import Problems
from k5.stream import Event

FAULT, SWITCH, PREEMPT, IDLE = 3, 18, 32, 33
# A thread that faults may be the one that runs next, too: restarted at once.
SWITCHES = 1 << SWITCH | 1 << PREEMPT | 1 << IDLE | 1 << FAULT
NOBODY = 0xFF
START, UNTIL, END = "from", "until", "end"
AFTER_ALL = 1 << 21  # rank on a scenario's agenda: behind stimuli and looks


@dataclass(frozen=True)
class Spot:
    """Where the run was: right behind `events` of its events."""

    tick: int
    instructions: int
    events: int


@dataclass(frozen=True)
class Stretch:
    """From `instructions` on, at `tick`, this thread runs; NOBODY: none."""

    instructions: int
    tick: int
    thread: int


@dataclass
class Scouted:
    """What the run was like."""

    ran: Ran
    start: Spot
    until: Spot
    end: Spot
    by_event: Event | None  # the event that is the end; None: a tick is, or a HALT
    halted: bool  # the end is that nothing would ever happen again
    events: list[Event] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)


class Scout(HostedRun):
    """Runs the scenario and takes notes."""

    def __init__(
        self, campaign: Campaign, scenario: Scenario, machine: Machine, names: Names, seed: int
    ) -> None:
        super().__init__(scenario, machine, names, seed, more=SWITCHES)
        self.campaign = campaign
        self.events: list[Event] = []
        self.stretches: list[Stretch] = []
        self.spots: dict[str, Spot] = {}
        self.by_event: Event | None = None
        self.points = {START: campaign.start, UNTIL: campaign.until, END: campaign.end}
        self.awaited: dict[str, Trigger] = {}
        self.came: list[tuple[int, str]] = []  # stimuli: when, and what to say if that is late
        self._bind()

    def _bind(self) -> None:
        """The window's events against the system."""
        problems = Problems.of(self.campaign.file)
        stimuli = [stimulus.name for stimulus in self.scenario.stimuli]
        for name, point in self.points.items():
            if point is None or point.event is None:
                continue
            try:
                test = match.compiled(point.event, self.names, stimuli)
            except (Unknown, ValueError) as problem:
                problems.error(point.where, str(problem))
                continue
            self.awaited[name] = Trigger(point.event, test.fresh())
            self.more |= test.kinds & ~(1 << match.DO)
        problems.raise_if_any()

    # ---- the run, with notes

    def begin(self) -> None:
        super().begin()
        for name, point in self.points.items():
            if point is not None and point.at is not None:
                self._at(self.clock.up(point.at), AFTER_ALL, lambda name=name: self._note(name))
        if self.points[START] is None:
            self._note(START)

    def _note(self, name: str) -> None:
        machine = self.machine
        if name not in self.spots:
            self.spots[name] = Spot(machine.now, machine.instructions, len(self.events))

    def _open(self) -> bool:
        """Whether the window is open, as far as times and events say."""
        start = self.points[START]
        counted = start is not None and start.instructions is not None
        return (
            (START in self.spots or counted) and UNTIL not in self.spots and END not in self.spots
        )

    def _awaited(self) -> int:
        kinds = super()._awaited()
        for name, trigger in self.awaited.items():
            kinds |= trigger.kinds if name not in self.spots else 0
        return (kinds | (SWITCHES if self._open() else 0)) & ~(1 << match.DO)

    def _saw(self, event: Event) -> None:
        super()._saw(event)
        self.events.append(event)
        if 1 << event.kind & SWITCHES:
            self._stretch(NOBODY if event.kind == IDLE else event.thread)
        for name, trigger in self.awaited.items():
            if name not in self.spots and trigger(event):
                self._note(name)
                if name == END:
                    self.by_event = event

    def _stretch(self, thread: int) -> None:
        """Another thread runs. An instruction that faults takes its time but does not count: then
        the one behind so many instructions is that one, and the new thread's come behind it."""
        instructions, tick = self.machine.instructions, self.machine.now
        if self.stretches:
            last, per = self.stretches[-1], int(self.names.meta["ticks_per_insn"])
            expected = last.tick + (instructions - last.instructions) * per
            if last.thread != NOBODY and tick > expected:
                instructions, tick = instructions + 1, tick + per
            if instructions < last.instructions:
                tick += (last.instructions - instructions) * per
                instructions = last.instructions
        self.stretches.append(Stretch(instructions, tick, thread))

    def _done(self) -> bool:
        """Not before the window has been seen."""
        named = [name for name, point in self.points.items()
                 if point is not None and point.instructions is None]  # fmt: skip
        return super()._done() and all(name in self.spots for name in named)

    def _give(self, index: int, base: int, number: int) -> None:
        super()._give(index, base, number)
        self._came(self.scenario.stimuli[index].action)

    def _take_back(self, action: Action) -> None:
        super()._take_back(action)
        self._came(action)

    def _came(self, action: Action) -> None:
        at = self.clock.shown(self.machine.now)
        text = f"{self.scenario.place(action.where)}: stimulus '{action.said()}' comes at {at}"
        self.came.append((self.machine.now, text))


def scout(
    campaign: Campaign, scenario: Scenario, machine: Machine, names: Names, seed: int
) -> Scouted:
    """One run; K5Error where the campaign cannot be built on it."""
    run = Scout(campaign, scenario, machine, names, seed)
    ran = run.run()
    _all_came(campaign, run, ran)
    if ran.failures:
        assert ran.judge
        said = Reporter(scenario, ran.judge).text(ran.failures)
        text = "the scenario fails without any fault: what a fault does to it would say nothing"
        raise K5Error(f"{campaign.place(('campaign',))}: {text}", said, status=FAILED)
    found = _spots(campaign, run, ran)
    # The library repeats the golden run by itself: nothing may come to it from outside.
    late = [text for tick, text in run.came if found.start.tick < tick <= found.end.tick]
    if late:
        hint = "between from and end nothing may come from outside: begin behind it, or end before"
        raise K5Error(*late, f"{campaign.place(('window',))}: {hint}")
    return found


def _all_came(campaign: Campaign, run: Scout, ran: Ran) -> None:
    """What the window names must come."""
    instructions = ran.instructions or 0
    for name, point in run.points.items():
        if point is None:
            continue
        if point.instructions is not None and point.instructions > instructions:
            text = f"{name}: the run has only {instructions} instructions"
            raise K5Error(f"{campaign.place(point.where)}: {text}")
        if point.instructions is None and name not in run.spots:
            text = f"{name}: {point.said()} does not come in the run without a fault"
            raise K5Error(f"{campaign.place(point.where)}: {text}")


def _spots(campaign: Campaign, run: Scout, ran: Ran) -> Scouted:
    """The window in instructions and ticks."""
    last = Spot(ran.tick, ran.instructions or 0, len(run.events))
    end = _spot(run, END, last)
    until = _spot(run, UNTIL, end)
    start = _spot(run, START, Spot(0, 0, 0))
    _order(campaign, start, until, end)
    halted = campaign.end is None and ran.end == "halt"
    by_event = run.by_event
    if campaign.end is None and ran.end == "decided":
        by_event = _decisive(run, ran)
    return Scouted(ran, start, until, end, by_event, halted, run.events, run.stretches)


def _decisive(run: Scout, ran: Ran) -> Event | None:
    """The event with which all was decided; None: time has decided it."""
    told = [e for e in run.events if e.kind not in (SWITCH, PREEMPT, IDLE, match.DO)]
    return told[-1] if told and told[-1].time == ran.tick else None


def _spot(run: Scout, name: str, default: Spot) -> Spot:
    point: Point | None = run.points[name]
    if point is None:
        return default
    if point.instructions is None:
        return run.spots[name]
    tick = _tick_of(run, point.instructions)
    events = sum(event.time <= tick for event in run.events)
    return Spot(tick, point.instructions, events)


def _tick_of(run: Scout, instructions: int) -> int:
    """Of the instruction behind so many."""
    before = [s for s in run.stretches if s.instructions <= instructions]
    if not before:
        return instructions * int(run.names.meta["ticks_per_insn"])
    last = before[-1]
    per = int(run.names.meta["ticks_per_insn"])
    return last.tick + (instructions - last.instructions) * per


def _order(campaign: Campaign, start: Spot, until: Spot, end: Spot) -> None:
    """The window must hold an instruction, and lie before the end."""
    if until.instructions <= start.instructions:
        text = (f"the window is empty: it begins behind {start.instructions} instructions "
                f"and ends behind {until.instructions}")  # fmt: skip
        raise K5Error(f"{campaign.place(('window',))}: {text}")
    if end.instructions < until.instructions:
        text = (f"the run ends (end) behind {end.instructions} instructions, before the window "
                f"(until), behind {until.instructions}")  # fmt: skip
        raise K5Error(f"{campaign.place(('window', 'end'))}: {text}")
