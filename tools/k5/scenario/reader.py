"""Reads the tables of a scenario key by key; each mistake becomes a message with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, TypeVar

from k5.errors import suggestion
from k5.schema import Key, Problems, check, spelled
from k5.scenario import units
from k5.scenario.model import Moment, Pattern, Where, Window

Table = dict[str, Any]
T = TypeVar("T")
ANY = Key(object)  # a quantity: units.py says what is wrong with it
TEXT = Key(str)

# The kinds of events, and what narrows each down.
EVENTS: dict[str, tuple[str, ...]] = {
    "log": ("task", "level", "regex"),
    "fault": ("task",),
    "serial": ("text", "regex"),
    "pin": ("becomes",),
    "led": ("becomes",),
    "button": ("becomes",),
    "line": ("becomes",),
    "register": ("access", "value"),
    "reset": (),
    "trace": ("task", "text", "regex"),
    "do": (),
}
BECOMES = {
    "pin": ("high", "low", "changed"),
    "led": ("on", "off", "changed"),
    "button": ("pressed", "released", "changed"),
    "line": ("raised", "lowered"),
}
ACCESSES = ("read", "write")
RESETS = ("power", "pin", "watchdog")
NARROWER = {
    "task": TEXT,
    "level": TEXT,
    "text": TEXT,
    "regex": Key(bool),
    "becomes": TEXT,
    "access": Key(str, choices=ACCESSES),
    "value": Key(int, least=-(1 << 31), most=(1 << 32) - 1),
}
EVENT_KEYS = {**dict.fromkeys(EVENTS, TEXT), **NARROWER}
WINDOW_KEYS = {"after": ANY, "within": ANY}


def listed(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


class Reader:
    """One scenario's tables; problems are collected."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems

    def error(self, where: Where, message: str) -> None:
        self.problems.error(where, message)

    def table(self, where: Where, data: Any, keys: Mapping[str, Key]) -> Table:
        """Its good values."""
        return check(self.problems, where, data, keys)

    def complete(self, where: Where, data: Table, keys: Mapping[str, Key]) -> bool:
        """No unknown key: what is missing is not just misspelled."""
        return all(name in keys for name in data)

    def one_of(self, where: Where, data: Table, names: Iterable[str], what: str) -> str | None:
        """The one of the names that the table has."""
        names = list(names)
        found = [name for name in names if name in data]
        if len(found) == 1:
            return found[0]
        if not found:
            self.error(where, f"{what} it needs {listed(names)}")
        else:
            self.error((*where, found[1]), f"{what} {' and '.join(found)} exclude each other")
        return None

    # ---- quantities

    def quantity(
        self, where: Where, table: Table, name: str, read: Callable[[str], T], example: str
    ) -> T | None:
        """A text with a unit."""
        if name not in table:
            return None
        value = table[name]
        if not isinstance(value, str):
            text = f"{name} = {spelled(value)} must be a text with a unit, like {example}"
            self.error((*where, name), text)
            return None
        try:
            return read(value)
        except units.BadUnit as problem:
            self.error((*where, name), f"{name} = {problem}")
            return None

    def time(self, where: Where, table: Table, name: str, least: int = 0) -> int | None:
        """In nanoseconds."""
        ns = self.quantity(where, table, name, units.time_ns, '"20ms"')
        if ns is not None and ns < least:
            self.error((*where, name), f'{name} = "{table[name]}" must be more than nothing')
            return None
        return ns

    def share(self, where: Where, table: Table, name: str) -> Fraction | None:
        """A percentage as a part of 1."""
        return self.quantity(where, table, name, units.ratio, '"1%"')

    # ---- events

    def event(self, where: Where, data: Any, nth: bool = False) -> Pattern | None:
        """An inline table that names an event, and nothing else."""
        keys = {**EVENT_KEYS, **({"nth": Key(int, least=1)} if nth else {})}
        if not isinstance(data, dict):
            example = '{ log = "ready" }'
            text = f"{where[-1]} must be an event like {example}, not {spelled(data)}"
            self.error(where, text)
            return None
        return self.pattern(where, data, self.table(where, data, keys), keys)

    def pattern(
        self, where: Where, data: Table, good: Table, keys: Mapping[str, Key]
    ) -> Pattern | None:
        """The event that a table names, among other things."""
        kinds = [name for name in EVENTS if name in data]
        # `serial` and others are kinds; `do = ` and `task = ` are not both.
        if len(kinds) != 1:
            if kinds:
                self.error((*where, kinds[1]), f"{' and '.join(kinds)} are two events; name one")
            elif self.complete(where, data, keys):
                self.error(where, f"no event is named: it needs {listed(EVENTS)}")
            return None
        kind = kinds[0]
        wrong = [n for n in NARROWER if n in data and n not in EVENTS[kind]]
        for name in wrong:
            known = listed(EVENTS[kind]) if EVENTS[kind] else "nothing"
            self.error((*where, name), f"{name} says nothing of {kind} (what does: {known})")
        if wrong or kind not in good:
            return None
        return self._pattern(where, kind, good)

    def _pattern(self, where: Where, kind: str, good: Table) -> Pattern | None:
        subject = good[kind]
        text = subject if kind == "log" else good.get("text", "")
        found = Pattern(
            kind, "" if kind == "log" else subject, (*where, kind), good.get("task", ""),
            good.get("level", ""), text, good.get("regex", False), good.get("becomes", ""),
            good.get("access", ""), good.get("value"), good.get("nth", 1),
        )  # fmt: skip
        bad = self._becomes(where, found) or self._texts(where, found)
        if kind == "reset" and subject not in (*RESETS, "any"):
            known = (*RESETS, "any")
            self.error((*where, "reset"), f'reset = "{subject}"' + suggestion(subject, known))
            return None
        return None if bad else found

    def _becomes(self, where: Where, found: Pattern) -> bool:
        """Whether it is wrong."""
        known = BECOMES.get(found.kind)
        if not known or found.becomes in known:
            return False
        if not found.becomes:
            self.error(where, f"{found.kind} needs becomes: {listed(known)}")
        else:
            text = f'becomes = "{found.becomes}"' + suggestion(found.becomes, known)
            self.error((*where, "becomes"), text)
        return True

    def _texts(self, where: Where, found: Pattern) -> bool:
        name = "log" if found.kind == "log" else "text"
        if found.regex:
            try:
                re.compile(found.text)
            except re.error as problem:
                self.error((*where, name), f'{name} = "{found.text}": no regular expression: {problem}')  # fmt: skip
                return True
        if found.kind == "log" and not found.text and not found.level and not found.task:
            self.error((*where, name), 'log = "" is every log line; say a text, level or task')
            return True
        if found.kind == "serial" and not found.text:
            self.error(where, "serial needs text: what comes from the device")
            return True
        return False

    # ---- times of things

    def window(self, where: Where, data: Table) -> Window | None:
        """`after` and `within`."""
        within = self.time(where, data, "within", least=1)
        if "within" in data and within is None:
            return None
        if isinstance(data.get("after"), dict):
            after = self.event((*where, "after"), data["after"], nth=True)
            return Window(0, after, within) if after else None
        start = self.time(where, data, "after")
        if "after" in data and start is None:
            return None
        return Window(start or 0, None, within)

    def moment(self, where: Where, data: Table, what: str) -> Moment | None:
        """`at`, or `after` with perhaps `delay`, or neither."""
        if "at" in data and "after" in data:
            self.error((*where, "after"), f"{what}: at and after exclude each other")
            return None
        if "delay" in data and "after" not in data:
            self.error((*where, "delay"), f"{what}: delay goes with after; a time alone is at")
            return None
        at, delay = self.time(where, data, "at"), self.time(where, data, "delay")
        after = None
        if "after" in data:
            after = self.event((*where, "after"), data["after"], nth=True)
        given = {"at": at, "delay": delay, "after": after}
        if any(name in data and value is None for name, value in given.items()):
            return None
        return Moment(at, after, delay or 0)
