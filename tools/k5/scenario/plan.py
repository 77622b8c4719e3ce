"""Binds a scenario to a system: names become numbers, texts become tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from k5.schema import Problems
from k5.scenario import match, states, watch
from k5.scenario.match import Test
from k5.scenario.model import Action, Pattern, Reached, Scenario, State, Stimulus, Where
from k5.scenario.names import Names, Unknown
from k5.scenario.watch import Clock, Trigger, Watcher

T = TypeVar("T")


@dataclass
class Check:
    """A state to look at; `trigger`: once this has come."""

    state: State
    look: states.Look
    trigger: Trigger | None


@dataclass
class Plan:
    """A scenario, ready to run once."""

    scenario: Scenario
    clock: Clock
    watchers: list[Watcher] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    triggers: list[Trigger | None] = field(default_factory=list)  # one a stimulus
    reached: dict[int, list[int]] = field(default_factory=dict)  # addresses, of some stimuli
    kinds: int = 0  # of events that must be recorded


class _Binder:
    def __init__(self, scenario: Scenario, names: Names) -> None:
        self.scenario = scenario
        self.names = names
        self.problems = Problems.of(scenario.file)
        self.stimuli = [stimulus.name for stimulus in scenario.stimuli]
        self.plan = Plan(scenario, Clock(int(names.meta["tick_hz"])))

    def known(self, where: Where, ask: Callable[[], T]) -> T | None:
        """The answer; None: the problem is noted."""
        try:
            return ask()
        except Unknown as problem:
            self.problems.error(where, str(problem))
            return None

    def test(self, pattern: Pattern) -> Test | None:
        made = self.known(
            pattern.where, lambda: match.compiled(pattern, self.names, self.stimuli)
        )
        if made is not None:
            self.plan.kinds |= made.kinds
        return made

    def after(self, pattern: Pattern | None) -> Test | None:
        return self.test(pattern) if pattern else None

    # ---- stimuli

    def stimulus(self, stimulus: Stimulus) -> None:
        after = stimulus.first.after
        test = self.after(after)
        self.plan.triggers.append(Trigger(after, test.fresh()) if after and test else None)
        self.known(stimulus.action.where, lambda: self.action(stimulus.action))
        if stimulus.first.reached is not None:
            self.reached(len(self.plan.triggers) - 1, stimulus.first.reached)

    def reached(self, index: int, reached: Reached) -> None:
        places = self.known(
            reached.where, lambda: self.names.places(reached.task, reached.place)
        )
        self.plan.reached[index] = places or []

    def action(self, action: Action) -> None:
        """Raises Unknown where there is no such thing."""
        names, subject = self.names, action.subject
        if action.what == "send":
            names.serial(action.device)
        elif action.what in ("press", "release"):
            names.button(subject)
        elif action.what == "drive":
            names.pin(subject)
        elif action.what == "set":
            names.value(subject)
        elif action.what in ("raise", "lower", "interrupt"):
            names.line(subject)
        elif action.what in ("preempt", "wake", "late"):
            names.thread(subject)
        elif action.what == "kill":
            names.task(subject)
        elif action.fault is not None and names.machine is not None:
            names.machine.binder.bind(action.fault)

    # ---- expectations

    def watchers(self) -> None:
        scenario, clock, add = self.scenario, self.plan.clock, self.plan.watchers.append
        for count in scenario.counts:
            test, after = self.test(count.pattern), self.after(count.window.after)
            if test:
                add(watch.CountWatcher(count, test, after, clock))
        for order in scenario.orders:
            tests = [self.test(step) for step in order.steps]
            found, after = [test for test in tests if test], self.after(order.window.after)
            if len(found) == len(tests):
                add(watch.OrderWatcher(order, found, after, clock))
        for wave in scenario.waves:
            pin = self.known((*wave.where, "pin"), lambda w=wave: self.names.pin(w.pin))  # type: ignore[misc]
            after = self.after(wave.window.after)
            self.plan.kinds |= 1 << match.PIN
            if pin is not None:
                add(watch.WaveWatcher(wave, pin, after, clock))
        for latency in scenario.latencies:
            start, end = self.test(latency.start), self.test(latency.end)
            if start and end:
                add(watch.LatencyWatcher(latency, start, end, clock))

    def check(self, state: State) -> None:
        where = (*state.where, state.what)
        found = self.known(where, lambda: states.look(state, self.names))
        after = state.moment.after
        test = self.after(after)
        trigger = Trigger(after, test.fresh()) if after and test else None
        if found:
            self.plan.checks.append(Check(state, found, trigger))


def bind(scenario: Scenario, names: Names) -> Plan:
    """The plan; K5Error lists what the system or its board has not."""
    binder = _Binder(scenario, names)
    for stimulus in scenario.stimuli:
        binder.stimulus(stimulus)
    binder.watchers()
    for state in scenario.states:
        binder.check(state)
    binder.problems.raise_if_any()
    return binder.plan
