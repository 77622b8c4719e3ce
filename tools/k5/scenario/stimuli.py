"""Reads [[do]]: when something happens to the machine, and what."""

from __future__ import annotations

from typing import Any

from k5.errors import suggestion
from k5.schema import Key, spelled
from k5.scenario.model import Action, Moment, Stimulus, Where
from k5.scenario.reader import ANY, RESETS, TEXT, Reader, Table, listed

LONGEST_SEND = 4096  # so many characters may wait at a time
LEVELS = {"high": 1, "low": 0, "open": None}
DAMAGES = ("framing", "parity", "noise", "break")
# What each action needs or takes beside its own key.
ACTIONS: dict[str, tuple[str, ...]] = {
    "send": ("to", "baud", "damage"),
    "press": ("for",),
    "release": (),
    "drive": ("level", "for"),
    "set": ("value",),
    "raise": ("for",),
    "lower": (),
    "kill": ("code",),
    "reset": (),
    "preempt": (),
    "wake": (),
    "interrupt": (),
}
FORCED = ("preempt", "wake", "interrupt")  # another timing of the machine, at one instruction
NEEDED = {"send": "to", "drive": "level", "set": "value"}
_WHEN = {
    "name": TEXT,
    "at": ANY,
    "at_instruction": Key(int, least=0, most=(1 << 62) - 1),
    "after": Key(dict),
    "delay": ANY,
    "each": Key(bool),
    "every": ANY,
    "times": Key(int, least=1, most=1_000_000),
    "jitter": ANY,
}
_WHAT = {
    **dict.fromkeys(ACTIONS, TEXT),
    "reset": Key(str, choices=RESETS),
    "to": TEXT,
    "baud": Key(int, least=1, most=100_000_000),
    "damage": Key(str, choices=DAMAGES),
    "level": Key(str, choices=tuple(LEVELS)),
    "value": Key(int, least=-(1 << 31), most=(1 << 31) - 1),
    "code": Key(int, least=0, most=(1 << 32) - 1),
    "for": ANY,
}
_KEYS = {**_WHEN, **_WHAT}
_MODIFIERS = {name for names in ACTIONS.values() for name in names}


def read_stimulus(read: Reader, where: Where, data: Any) -> Stimulus | None:
    """One table [[do]]."""
    good = read.table(where, data, _KEYS)
    action = _action(read, where, data, good)
    first = _instruction(read, where, good) or read.moment(where, good, "when")
    timed = {name: read.time(where, good, name, least=1) for name in ("every", "jitter", "for")}
    read_all = all(name not in data or ns is not None for name, ns in timed.items())
    if first is None or not read_all or ("at_instruction" in data) != ("at_instruction" in good):
        return None
    every, jitter, lasts = timed["every"], timed["jitter"], timed["for"]
    if first == Moment() and every is None:
        if read.complete(where, data, _KEYS):
            read.error(where, "when? it needs at, after, every or at_instruction")
        return None
    if not _repeats_well(read, where, good):
        return None
    if first == Moment():
        first = Moment(at=every)
    if action is None:
        return None
    if action.what in FORCED and first.instruction is None:
        text = f"{action.what} is something that happens between two instructions: it needs at_instruction"
        read.error(action.where, text)
        return None
    name = good.get("name") or action.said()
    return Stimulus(name, where, first, action, good.get("each", False), every, good.get("times"),
                    jitter or 0, lasts)  # fmt: skip


def _instruction(read: Reader, where: Where, good: Table) -> Moment | None:
    """`at_instruction`, which is all that says when."""
    if "at_instruction" not in good:
        return None
    for name in _WHEN:
        if name in good and name not in ("name", "at_instruction"):
            read.error((*where, name), f"at_instruction and {name} exclude each other")
    return Moment(instruction=good["at_instruction"])


def _repeats_well(read: Reader, where: Where, good: Table) -> bool:
    """What repeats a stimulus fits together."""
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


def _action(read: Reader, where: Where, data: Table, good: Table) -> Action | None:
    named = [name for name in ACTIONS if name in data]
    if not named and not read.complete(where, data, _KEYS):
        return None  # it may well be misspelled
    what = read.one_of(where, data, ACTIONS, "what happens?")
    if what is None:
        return None
    wrong = [n for n in data if n in _MODIFIERS and n not in ACTIONS[what]]
    for name in wrong:
        goes = listed(a for a, names in ACTIONS.items() if name in names)
        read.error((*where, name), f"{name} goes with {goes}, not with {what}")
    needed = NEEDED.get(what)
    if needed and needed not in data:
        if read.complete(where, data, _KEYS):
            read.error(where, f"{what} needs {needed}")
        return None
    if wrong or what not in good or (needed and needed not in good):
        return None
    return _made(read, where, what, good)


def _made(read: Reader, where: Where, what: str, good: Table) -> Action | None:
    subject = good[what]
    key = (*where, what)
    if what == "send" and not 0 < len(subject.encode()) <= LONGEST_SEND:
        count = len(subject.encode())
        read.error(key, f"send: {count} bytes; from 1 to {LONGEST_SEND} may wait at a time")
        return None
    if what == "set" and "." not in subject:
        text = f'set = {spelled(subject)} must name a device and its value, like "sensor.nack"'
        read.error(key, text)
        return None
    return Action(what, subject, key, good.get("to", ""), LEVELS.get(good.get("level", "open")),
                  good.get("value", 0), good.get("code", 0), good.get("baud", 0),
                  good.get("damage", ""))  # fmt: skip


def misnamed(read: Reader, where: Where, name: str, known: list[str]) -> None:
    """A reference to a stimulus that there is not."""
    hint = suggestion(name, known) if known else " (no [[do]] has a name)"
    read.error(where, f"no [[do]] is named '{name}'" + hint)
