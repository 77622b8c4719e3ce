"""Whether what a trial did is what was expected: judged by its events, as a scenario's run is.

A system without a scenario expects the log lines of the golden run. An expectation that the golden
run itself does not meet before its end says nothing, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable

from k5.campaign.classes import Verdict
from k5.campaign.model import Campaign
from k5.errors import K5Error
from k5.machine import Machine
from k5.scenario import match, sense, states
from k5.scenario.judge import Judge
from k5.scenario.match import LOG, PIN, SERIAL, STORM, Test
from k5.scenario.model import Scenario
from k5.scenario.names import Names, Unknown
from k5.scenario.plan import Check, bind
from k5.scenario.run import ALWAYS, KERNEL_KINDS
from k5.scenario.watch import Failure
from k5.schema import Problems
from k5.stream import Event

TOLD = 1 << LOG | 1 << SERIAL | 1 << PIN  # what a task says, in some way
GUEST_ERRORS = 1 << 59 | 1 << 60 | 1 << 52 | 1 << STORM  # misuse, not modelled, not clocked
SAID = 160  # characters of an expectation in a detail
Key = tuple[int, int]
Told = dict[Key, list[tuple[int, ...]]]


def told(events: Iterable[Event]) -> Told:
    """What each thread, line and pin said, in its order; times do not matter."""
    found: Told = {}
    for event in events:
        if 1 << event.kind & TOLD:
            who = event.thread if event.kind == LOG else event.code
            found.setdefault((event.kind, who), []).append((event.code, *event.args[:6]))
    return found


def fell_silent(golden: Told, trial: Told) -> bool:
    """Nothing came that should not have come, but less than should."""
    for who, said in trial.items():
        if golden.get(who, [])[: len(said)] != said:
            return False
    return any(len(trial.get(who, [])) < len(said) for who, said in golden.items())


def _timeless(campaign: Campaign, scenario: Scenario) -> bool:
    """Whether no expectation asks when something came."""
    windows = [count.window for count in scenario.counts]
    windows += [order.window for order in scenario.orders]
    timed = any(window.within is not None or window.start for window in windows)
    # What a fault event says beside its kind is left out with the times.
    patterns = [*sense.patterns(scenario), *campaign.detected]
    told = any(one.kind == "trace" and one.subject == "FAULT" for one in patterns)
    return not (timed or told or scenario.waves or scenario.latencies)


class Expectations:
    """Of one campaign: given the events of a trial, they come to a verdict. `prefix`: the events
    from boot to where the golden run begins, which are the same in each trial."""

    def __init__(
        self,
        campaign: Campaign,
        scenario: Scenario,
        names: Names,
        prefix: list[Event],
        levels: dict[int, int],
    ) -> None:
        self.campaign = campaign
        self.levels = levels  # of pins, at boot
        self.scenario = scenario
        self.names = names
        self.prefix = prefix
        self.alone = campaign.scenario is None
        self.golden: Told = {}
        self.unmet: set[tuple[object, ...]] = set()
        self.noticing = self._noticing()
        self.noticed_before: list[int] = []
        plan = bind(scenario, names)
        self.looks = [check for check in plan.checks if check.state.moment.at is None
                      and check.state.moment.after is None]  # fmt: skip
        self._no_moments(plan.checks)
        # A state at the end is not in the events: such a trial is judged by itself.
        self.by_events = not self.looks
        self.timeless = _timeless(campaign, scenario)
        kernel = KERNEL_KINDS if scenario.settings.deadlock == "none" else 0
        guest = GUEST_ERRORS if scenario.settings.guest_errors == "none" else 0
        self.kinds = (ALWAYS | plan.kinds | kernel | guest) & ~(1 << match.DO)
        for test, _ in self.noticing:
            self.kinds |= test.kinds

    def _no_moments(self, checks: list[Check]) -> None:
        """States are looked at when a trial is over."""
        others = [check for check in checks if check not in self.looks]
        if others:
            where = self.scenario.place(others[0].state.where)
            text = (
                "campaigns look at states at the end alone, and this one has a moment (at, after)"
            )
            here = f"{self.campaign.place(('campaign', 'scenario'))}: it is named here"
            raise K5Error(f"{where}: {text}", here)

    def _noticing(self) -> list[tuple[Test, str]]:
        """The campaign's [[detected]], and what each says."""
        problems, found = Problems.of(self.campaign.file), []
        stimuli = [stimulus.name for stimulus in self.scenario.stimuli]
        for pattern in self.campaign.detected:
            try:
                found.append((match.compiled(pattern, self.names, stimuli), pattern.said()))
            except (Unknown, ValueError) as problem:
                problems.error(pattern.where, str(problem))
        problems.raise_if_any()
        return found

    # ---- the golden run

    def learn(self, events: list[Event], end: int, halted: bool, machine: Machine) -> list[str]:
        """The golden run's events, from where it begins; returns what it does not meet itself."""
        self.golden = told(events)
        self.noticed_before = [sum(map(test.fresh(), [*self.prefix, *events]))
                               for test, _ in self.noticing]  # fmt: skip
        failures = self._failures(events, end, halted, machine)
        self.unmet = {failure.where for failure in failures}
        return [f"{self.place(f)}: {f.expected}" for f in failures]

    # ---- a trial

    def judge(self, events: list[Event], end: int, halted: bool, machine: Machine) -> Verdict:
        """Of a trial's events, from where the golden run begins; the machine is at its end."""
        said = told(events)
        silent = fell_silent(self.golden, said)
        noticed = self._noticed(events)
        if self.alone:
            failed = "" if said == self.golden else self._other_line(said)
            return Verdict(failed, silent, noticed)
        failures = [failure for failure in self._failures(events, end, halted, machine)
                    if failure.where not in self.unmet]  # fmt: skip
        return Verdict(self._text(failures[0]) if failures else "", silent, noticed)

    def _failures(
        self, events: list[Event], end: int, halted: bool, machine: Machine
    ) -> list[Failure]:
        if self.alone:
            return []
        judge = Judge(bind(self.scenario, self.names), self.names.decoder)
        judge.levels = dict(self.levels)
        for event in self.prefix:
            judge.feed(event)
        for event in events:
            judge.feed(event)
        judge.advance(end)
        if judge.deadlock:
            judge.deadlock.halted = halted
        failures = [
            Failure(check.state.where, states.said(check.state), came)
            for check in self.looks
            if (came := check.look(machine))
        ]
        if self.scenario.settings.guest_errors == "none" and self._misused(events):
            failures.append(Failure(("scenario", "guest_errors"), "no misuse of devices"))
        settings = self.scenario.settings
        last = max(end, judge.plan.clock.up(settings.until)) if halted and settings.until else end
        failures += judge.failures(last)
        wrong = {"halted": not halted, "running": halted}.get(settings.ends, False)
        if wrong:
            failures.append(Failure(("scenario", "ends"), f"it ends {settings.ends}"))
        return sorted(failures, key=lambda failure: self.scenario.file.line(*failure.where))

    @staticmethod
    def _misused(events: list[Event]) -> bool:
        return any(GUEST_ERRORS >> event.kind & 1 for event in events)

    def _noticed(self, events: list[Event]) -> str:
        """The first of [[detected]] that came more often than in the golden run."""
        for (test, text), before in zip(self.noticing, self.noticed_before, strict=True):
            if sum(map(test.fresh(), [*self.prefix, *events])) > before:
                return text
        return ""

    def _text(self, failure: Failure) -> str:
        """What is the same for all trials that fail alike."""
        text = f"{self.place(failure)}: expected {failure.expected}"
        return text if len(text) <= SAID else text[: SAID - 3] + "..."

    def place(self, failure: Failure) -> str:
        """NAME:LINE, wherever the command is given."""
        file = self.scenario.file
        return f"{file.path.name}:{file.line(*failure.where)}"

    def _other_line(self, said: Told) -> str:
        """For a system alone: whose lines differ."""
        for kind, who in sorted({*said, *self.golden}):
            if said.get((kind, who)) != self.golden.get((kind, who)):
                name = self.names.decoder.thread_name(who) if kind == LOG else f"line or pin {who}"
                return f"the log of {name} is not what it is without a fault"
        return ""
