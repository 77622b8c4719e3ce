"""Reads [[expect]], [[never]] and [[latency]]."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from k5.schema import Key, spelled
from k5.scenario import units
from k5.scenario.model import Count, InOrder, Latency, Moment, Scenario, State, Wave, Where
from k5.scenario.reader import ANY, EVENT_KEYS, TEXT, WINDOW_KEYS, Reader, Table

_COUNTS = {
    "times": Key(int, least=1),
    "at_least": Key(int, least=1),
    "at_most": Key(int, least=1),
}
_EVENT = {**EVENT_KEYS, **WINDOW_KEYS, **_COUNTS}
_NEVER = {**EVENT_KEYS, **WINDOW_KEYS}
_ORDER = {"in_order": Key(list, required=True, items=dict), **WINDOW_KEYS}
_WAVE = {
    "pin": Key(str, required=True),
    "frequency": ANY,
    "duty": ANY,
    "tolerance": ANY,
    **WINDOW_KEYS,
}
_MOMENT = {"at": ANY, "after": Key(dict), "delay": ANY}
_LATENCY = {
    "from": Key(dict, required=True),
    "to": Key(dict, required=True),
    "most": Key(object, required=True),
    "percentile": Key(object),
    "at_least": Key(int, least=1),
}
# What can be so at a time, and what else says how.
_STATES: dict[str, dict[str, Key]] = {
    "pin": {},
    "led": {},
    "memory": {},
    "device": {"offset": Key(int, required=True, least=0)},
    "screen": {"tolerance": Key(int, least=0, most=255), "differing": ANY},
}
_LEVELS = {"pin": {"high": 1, "low": 0}, "led": {"on": 1, "off": 0}}
TOLERANCE = Fraction(1, 100)


def read_expect(read: Reader, made: Scenario, where: Where, data: Table) -> None:
    """One table [[expect]], into the scenario."""
    if "in_order" in data:
        _in_order(read, made, where, data)
    elif "frequency" in data or "duty" in data:
        _wave(read, made, where, data)
    elif "is" in data or any(name in data for name in ("memory", "device", "screen")):
        _state(read, made, where, data)
    else:
        _event(read, made, where, data)


def read_never(read: Reader, made: Scenario, where: Where, data: Table) -> None:
    """One table [[never]]."""
    good = read.table(where, data, _NEVER)
    pattern = read.pattern(where, data, good, _NEVER)
    window = read.window(where, good)
    if pattern and window:
        made.counts.append(Count(where, pattern, window, 0, 0))


def read_latency(read: Reader, made: Scenario, where: Where, data: Table) -> None:
    """One table [[latency]]."""
    good = read.table(where, data, _LATENCY)
    start = read.event((*where, "from"), good["from"]) if "from" in good else None
    end = read.event((*where, "to"), good["to"]) if "to" in good else None
    most = read.time(where, good, "most", least=1)
    percentile = good.get("percentile", 100)
    number = isinstance(percentile, (int, float)) and not isinstance(percentile, bool)
    if not number or not 0 < percentile <= 100:
        text = f"percentile = {spelled(percentile)} must be a number above 0, up to 100"
        read.error((*where, "percentile"), text)
        return
    if start and end and most:
        share = Fraction(str(percentile)) / 100
        made.latencies.append(Latency(where, start, end, most, share, good.get("at_least", 1)))


def _event(read: Reader, made: Scenario, where: Where, data: Table) -> None:
    good = read.table(where, data, _EVENT)
    named = [k for k in ("pin", "led") if k in data]
    if named and "becomes" not in data and read.complete(where, data, _EVENT):
        more = ", frequency or duty" if named[0] == "pin" else ""
        read.error(where, f"{named[0]} needs becomes (an event), is (a state){more}")
        return
    pattern = read.pattern(where, data, good, _EVENT)
    window = read.window(where, good)
    if "times" in good and ("at_least" in good or "at_most" in good):
        read.error((*where, "times"), "times is exact: it excludes at_least and at_most")
        return
    least = good.get("times", good.get("at_least", 1))
    most = good.get("times", good.get("at_most"))
    if most is not None and least > most:
        read.error((*where, "at_most"), f"at_least = {least} and at_most = {most} contradict")
        return
    if pattern and window:
        made.counts.append(Count(where, pattern, window, least, most))


def _in_order(read: Reader, made: Scenario, where: Where, data: Table) -> None:
    good = read.table(where, data, _ORDER)
    window = read.window(where, good)
    if "in_order" not in good:
        return
    tables = good["in_order"]
    if len(tables) < 2:
        read.error((*where, "in_order"), f"in_order has {len(tables)} events; it takes two or more")
        return
    steps = [
        read.event((*where, "in_order", index), table) for index, table in enumerate(tables)
    ]
    found = [step for step in steps if step]
    if window and len(found) == len(steps):
        made.orders.append(InOrder(where, found, window))


def _wave(read: Reader, made: Scenario, where: Where, data: Table) -> None:
    good = read.table(where, data, _WAVE)
    hz = read.quantity(where, good, "frequency", units.frequency_hz, '"1kHz"')
    duty, tolerance = read.share(where, good, "duty"), read.share(where, good, "tolerance")
    window = read.window(where, good)
    given = {"frequency": hz, "duty": duty, "tolerance": tolerance}
    if "pin" not in good or any(name in data and v is None for name, v in given.items()):
        return
    if duty is not None and duty in (0, 1):
        text = "has no edges: pin = ..., is = ... says that a level stays"
        read.error((*where, "duty"), f'duty = "{data["duty"]}" {text}')
        return
    if window:
        # `tolerance = "0%"` is exact, which simulated hardware can be.
        used = TOLERANCE if tolerance is None else tolerance
        made.waves.append(Wave(good["pin"], where, window, hz, duty, used))


def _state(read: Reader, made: Scenario, where: Where, data: Table) -> None:
    what = read.one_of(where, data, _STATES, "what is so?")
    if what is None:
        return
    keys = {what: TEXT, "is": Key(object), **_STATES[what], **_MOMENT}
    good = read.table(where, data, keys)
    if "is" not in data:
        if read.complete(where, data, keys):
            read.error(where, f"{what} needs is: what it is")
        return
    moment = read.moment(where, good, what)
    differing = read.share(where, good, "differing") or Fraction(0)
    value = _value(read, made, (*where, "is"), what, data["is"])
    if what not in good or moment is None or value is None or len(good) < len(data):
        return
    if what == "memory" and "." not in good[what]:
        text = f'memory = "{good[what]}" must name a task and its variable, like "foo.count"'
        read.error((*where, what), text)
        return
    made.states.append(State(what, good[what], where, moment, value, good.get("offset", 0),
                             good.get("tolerance", 0), differing))  # fmt: skip


def _value(read: Reader, made: Scenario, where: Where, what: str, value: Any) -> Any:
    """What `is` says, checked for its kind; None: it is wrong."""
    if what in _LEVELS:
        if not isinstance(value, str) or value not in _LEVELS[what]:
            text = f"is = {spelled(value)}: a {what} is " + " or ".join(_LEVELS[what])
            read.error(where, text)
            return None
        return _LEVELS[what][value]
    if what == "memory":
        return _memory(read, where, value)
    if not isinstance(value, str):
        example = '"4b 35 00"' if what == "device" else '"menu.png"'
        read.error(where, f"is = {spelled(value)} must be a text, like {example}")
        return None
    if what == "screen":
        path: Path = made.file.path.parent / value  # if there is none, its run says how to get it
        return path
    try:
        data = bytes.fromhex(value)
    except ValueError:
        data = b""
    if not data:
        read.error(where, f'is = "{value}" must be bytes in hexadecimal, like "4b 35 00"')
    return data or None


def _memory(read: Reader, where: Where, value: Any) -> Any:
    numbers = value if isinstance(value, list) else [value]
    for number in numbers if not isinstance(value, str) else ():
        good = isinstance(number, int) and not isinstance(number, bool)
        if not good or not -(1 << 63) <= number < 1 << 64:
            read.error(where, f"is = {spelled(value)} must be a number, a list of them, or a text")
            return None
    if value == []:
        read.error(where, "is = [] is no value at all")
        return None
    return value


def at_end(moment: Moment) -> bool:
    """Whether a state is looked at when all is over."""
    return moment.at is None and moment.after is None
