"""What the parts of a scenario say of each other: what can never be met, what contradicts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from k5.errors import suggestion
from k5.schema import Problems
from k5.scenario.model import (
    Count,
    InOrder,
    Latency,
    Moment,
    Pattern,
    Scenario,
    State,
    Stimulus,
    Wave,
    Where,
    Window,
)
from k5.scenario.expectations import at_end
from k5.scenario.units import shown

# What a scenario may use on QEMU, where nothing comes from outside at an exact time.
QEMU_EVENTS = ("log", "fault", "trace")


def check(problems: Problems, made: Scenario) -> None:
    """All checks that need no system."""
    _references(problems, made)
    _too_late(problems, made)
    _contradictions(problems, made)
    _states(problems, made)
    _ends(problems, made)
    if made.variant.engine == "qemu":
        _qemu(problems, made)


def patterns(made: Scenario) -> Iterator[Pattern]:
    """All events that are named."""
    for stimulus in made.stimuli:
        yield from _of(stimulus.first.after)
    for one in windowed(made):
        yield from _of(one.window.after)
    for count in made.counts:
        yield count.pattern
    for order in made.orders:
        yield from order.steps
    for state in made.states:
        yield from _of(state.moment.after)
    for latency in made.latencies:
        yield from (latency.start, latency.end)


def windowed(made: Scenario) -> list[Count | InOrder | Wave]:
    """What looks at a stretch of time."""
    return [*made.counts, *made.orders, *made.waves]


def _of(pattern: Pattern | None) -> Iterator[Pattern]:
    if pattern is not None:
        yield pattern


def _references(problems: Problems, made: Scenario) -> None:
    """`do = "NAME"`, and names that are there once."""
    named: dict[str, Where] = {}
    for stimulus in made.stimuli:
        if stimulus.name in named and "name" in _table(made, stimulus.where):
            problems.error((*stimulus.where, "name"), f"two [[do]] are named '{stimulus.name}'")
        named[stimulus.name] = stimulus.where
    for pattern in patterns(made):
        if pattern.kind == "do" and pattern.subject not in named:
            hint = suggestion(pattern.subject, named) or " (there is no [[do]])"
            problems.error(pattern.where, f"no [[do]] is named '{pattern.subject}'" + hint)
    for stimulus in made.stimuli:
        after = stimulus.first.after
        if after and after.kind == "do" and after.subject == stimulus.name:
            problems.error(after.where, f"'{stimulus.name}' would wait for itself")


def _table(made: Scenario, where: Where) -> dict[str, object]:
    table: dict[str, object] = made.file.data[str(where[0])][where[1]]
    return table


def _too_late(problems: Problems, made: Scenario) -> None:
    """Times that a scenario does not live to see."""
    settings = made.settings
    end = settings.until or settings.limit
    word = "it ends at until" if settings.until else "it is stopped at its limit"

    def late(where: Where, ns: int, last: int = end) -> None:
        if ns > last:
            problems.error(where, f"{shown(ns)} never comes: {word} = {shown(end)}")

    for stimulus in made.stimuli:
        if stimulus.first.at is not None and "at" not in _table(made, stimulus.where):
            late((*stimulus.where, "every"), stimulus.first.at, end - 1)
        else:
            _moment_late(late, stimulus.where, stimulus.first, end - 1)
        if stimulus.lasts and stimulus.first.at is not None:
            late((*stimulus.where, "for"), stimulus.first.at + stimulus.lasts)
    for state in made.states:
        _moment_late(late, state.where, state.moment, end)
    for one in windowed(made):
        window = one.window
        late((*one.where, "after"), window.start, end - 1)
        late((*one.where, "within"), window.start + (window.within or 0))
    for latency in made.latencies:
        late((*latency.where, "most"), latency.most)


def _moment_late(late: object, where: Where, moment: Moment, last: int) -> None:
    assert callable(late)
    if moment.at is not None:
        late((*where, "at"), moment.at, last)
    late((*where, "delay"), moment.delay, last)


def covers(wide: Pattern, narrow: Pattern) -> bool:
    """Whether each event of the one is an event of the other."""
    if wide.kind != narrow.kind or wide.nth != 1:
        return False
    text = wide.text == narrow.text and wide.regex == narrow.regex
    if not text and not wide.regex and not narrow.regex:
        text = wide.text in narrow.text and wide.kind != "serial"
    elif not text and wide.regex and not narrow.regex:
        text = bool(re.search(wide.text, narrow.text)) and wide.kind != "serial"
    return (
        text
        and wide.subject in (narrow.subject, "any")
        and wide.task in ("", narrow.task)
        and wide.level in ("", narrow.level)
        and wide.becomes in (narrow.becomes, "changed")
        and wide.access in ("", narrow.access)
        and wide.value in (None, narrow.value)
    )


def _same_start(one: Window, other: Window) -> bool:
    if one.after is None or other.after is None:
        return one.after is None and other.after is None
    return covers(one.after, other.after) and covers(other.after, one.after)


def _inside(inner: Window, outer: Window) -> bool:
    """Whether all of one window is in the other."""
    if outer.after is None and outer.start == 0 and outer.within is None:
        return True
    if not _same_start(inner, outer) or inner.start < outer.start:
        return False
    if outer.within is None:
        return True
    if inner.within is None:
        return False
    return inner.start + inner.within <= outer.start + outer.within


def _contradictions(problems: Problems, made: Scenario) -> None:
    """Expectations of which at most one can be met."""
    bounded = [count for count in made.counts if count.most is not None]
    for count in made.counts:
        for other in bounded:
            if _excludes(count, other):
                _contradict(problems, made, count.where, other.where)
    never = [count for count in bounded if count.most == 0]
    for order in made.orders:
        for other in never:
            met = any(covers(other.pattern, step) for step in order.steps)
            if met and _inside(order.window, other.window):
                _contradict(problems, made, order.where, other.where)


def _excludes(count: Count, other: Count) -> bool:
    return (
        other.most is not None
        and count.least > other.most
        and covers(other.pattern, count.pattern)
        and _inside(count.window, other.window)
    )


def _contradict(problems: Problems, made: Scenario, where: Where, other: Where) -> None:
    line = made.file.line(*other)
    problems.error(where, f"it can never be met: [[{other[0]}]] in line {line} contradicts it")


def _states(problems: Problems, made: Scenario) -> None:
    """One thing, two states at a time; and what is still the case after all is over."""
    seen: dict[tuple[object, ...], State] = {}
    for state in made.states:
        after = state.moment.after
        key = (state.what, state.subject, state.offset, state.moment.at, state.moment.delay,
               (after.kind, after.subject, after.text, after.nth) if after else None)  # fmt: skip
        other = seen.setdefault(key, state)
        if other is not state:
            if other.value != state.value:
                _contradict(problems, made, state.where, other.where)
            else:
                line = made.file.line(*other.where)
                problems.error(state.where, f"line {line} expects the same")


def _ends(problems: Problems, made: Scenario) -> None:
    """A scenario without until must have something that ends it; and something to judge."""
    s = made.settings
    judged: list[Count | InOrder | Wave | State | Latency]
    judged = [*windowed(made), *made.states, *made.latencies]
    if not judged and not s.ends and not problems.errors:
        problems.error((), "nothing is expected: no [[expect]], [[never]], [[latency]], no ends")
    if s.until is not None:
        return
    endless = [one for one in made.stimuli if _endless(one)]
    if endless:
        key = "each" if endless[0].each else "every"
        text = "it goes on for ever: say times, or say until in [scenario]"
        problems.error((*endless[0].where, key), text)
    for wave in made.waves:
        if wave.window.within is None:
            problems.error(wave.where, "for how long? say within, or until in [scenario]")
    if judged and not any(map(_comes, judged)) and not s.ends and not made.stimuli:
        text = "when does it end? nothing must come: say until in [scenario]"
        problems.error(judged[0].where, text)


def _comes(one: Count | InOrder | Wave | State | Latency) -> bool:
    """Whether there is something to wait for."""
    if isinstance(one, Count):
        return one.least > 0 or one.window.within is not None
    return not isinstance(one, State) or not at_end(one.moment)


def _endless(stimulus: Stimulus) -> bool:
    return stimulus.each or (stimulus.every is not None and stimulus.times is None)


def _whole_output(count: Count) -> bool:
    """Serial output that may come at any time: QEMU tells what was sent, but not when."""
    return count.pattern.kind == "serial" and count.window == Window()


def unfit(made: Scenario) -> Iterator[tuple[Where, str]]:
    """What an engine with nothing outside cannot do."""
    for stimulus in made.stimuli:
        yield stimulus.where, f"stimulus: {stimulus.action.said()}"
    output = {id(count.pattern) for count in made.counts if _whole_output(count)}
    for pattern in patterns(made):
        if pattern.kind not in (*QEMU_EVENTS, "do") and id(pattern) not in output:
            yield pattern.where, f"event: {pattern.said()}"
    for state in made.states:
        yield state.where, f"state of {state.what} {state.subject}"
    for wave in made.waves:
        yield wave.where, f"pattern at pin {wave.pin}"


def _qemu(problems: Problems, made: Scenario) -> None:
    for where, what in unfit(made):
        problems.error(where, f"QEMU cannot do this: {what}; run it with --engine hosted")
    serial = [count for count in made.counts if _whole_output(count)]
    if serial and made.settings.until is None and made.settings.ends != "halted":
        text = 'QEMU tells serial output at the end: say until, or ends = "halted", in [scenario]'
        problems.error(serial[0].where, text)
