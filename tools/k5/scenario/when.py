"""Reads when something is done to the machine: the same keys of [[do]] and [[fault]]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from k5.schema import Key, spelled
from k5.scenario.model import Moment, Reached, Where
from k5.scenario.reader import ANY, TEXT, Reader, Table

MOST_INSTRUCTIONS = (1 << 62) - 1
KEYS = {
    "name": TEXT,
    "at": ANY,
    "at_instruction": ANY,
    "reached": Key(dict),
    "after": Key(dict),
    "delay": ANY,
    "each": Key(bool),
    "every": ANY,
    "times": Key(int, least=1, most=1_000_000),
    "jitter": ANY,
    "for": ANY,
}
ALONE = ("at_instruction", "reached")  # each of these is all that says when
_REACHED = {
    "task": Key(str, required=True),
    "function": TEXT,
    "line": TEXT,
    "nth": Key(int, least=1, most=1_000_000),
}


@dataclass(frozen=True)
class When:
    """What the keys say."""

    first: Moment
    each: bool = False
    every: int | None = None
    times: int | None = None
    jitter: int = 0
    lasts: int | None = None


def read_when(read: Reader, where: Where, data: Table, good: Table, complete: bool) -> When | None:
    """`complete`: no key is unknown, so that none of these was misspelled."""
    timed = {name: read.time(where, good, name, least=1) for name in ("every", "jitter", "for")}
    if any(name in data and ns is None for name, ns in timed.items()):
        return None
    if any(name in data for name in ALONE):
        first = _alone(read, where, good)
    else:
        first = read.moment(where, good, "when")
    if first is None or not _repeats_well(read, where, good):
        return None
    if first == Moment():
        if timed["every"] is None:
            if complete:
                read.error(where, "when? it needs at, after, every, at_instruction or reached")
            return None
        first = Moment(at=timed["every"])
    return When(first, good.get("each", False), timed["every"], good.get("times"),
                timed["jitter"] or 0, timed["for"])  # fmt: skip


def _alone(read: Reader, where: Where, good: Table) -> Moment | None:
    name = next((name for name in ALONE if name in good), None)
    if name is None:
        return None
    for other in KEYS:
        if other in good and other not in ("name", "for", name):
            read.error((*where, other), f"{name} and {other} exclude each other")
    value = good[name]
    return (
        _instruction(read, where, value)
        if name == "at_instruction"
        else _reached(read, where, value)
    )


def _instruction(read: Reader, where: Where, value: Any) -> Moment | None:
    """A number, or two: one from there to there, which depends on the seed."""
    numbers = value if isinstance(value, list) else [value]
    good = all(isinstance(n, int) and not isinstance(n, bool) for n in numbers)
    good = good and all(0 <= n <= MOST_INSTRUCTIONS for n in numbers)
    if not good or len(numbers) not in (1, 2) or (isinstance(value, list) and len(value) != 2):
        text = f"at_instruction must be a number from 0 on, or two like [1000, 2000], not {spelled(value)}"
        read.error((*where, "at_instruction"), text)
        return None
    if numbers[-1] < numbers[0]:
        read.error((*where, "at_instruction"), f"{numbers[1]} lies before {numbers[0]}")
        return None
    return Moment(instruction=numbers[0], spread=numbers[-1] - numbers[0])


def _reached(read: Reader, where: Where, value: Any) -> Moment | None:
    where = (*where, "reached")
    good = read.table(where, value, _REACHED)
    named = read.one_of(where, good, ("function", "line"), "where?")
    if named is None or "task" not in good:
        return None
    if named == "line" and not good["line"].rpartition(":")[2].isdigit():
        read.error((*where, "line"), f'line = "{good["line"]}" must be like "main.c:42"')
        return None
    return Moment(reached=Reached(where, good["task"], good[named], good.get("nth", 1)))


def _repeats_well(read: Reader, where: Where, good: Table) -> bool:
    """What repeats it fits together."""
    if "each" in good and "after" not in good:
        read.error((*where, "each"), "each goes with after: after each of those events")
    elif "each" in good and "every" in good:
        read.error((*where, "every"), "each and every exclude each other")
    elif "each" in good and "nth" in good["after"]:
        read.error((*where, "each"), "each and nth exclude each other")
    elif "times" in good and "every" not in good:
        read.error((*where, "times"), "times goes with every: how often")
    else:
        return True
    return False
