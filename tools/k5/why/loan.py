"""Who holds a loan of some memory, or held it last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k5.snapshots import Position
from k5.source import Place
from k5.stream import Event
from k5.why import walk
from k5.why.names import Names, Target

if TYPE_CHECKING:
    from k5.machine import Machine


def explain(machine: Machine, names: Names, target: Target) -> tuple[list[str], dict[str, Any]]:
    """Lines for people, and the same as data."""
    now = machine.position
    with machine.excursion():
        begun = walk.latest(machine, now, lambda found: _is_of(found.event, target), 1 << walk.LOAN)
        if begun is None:
            since = names.time(machine.span[0].now)
            return [f"{target.name} has not been lent since {since}"], {"held": False, "loan": None}
        ended = _end(machine, begun, now)
        place = _place(machine, names, begun)
    return _told(machine, names, target, begun.event, ended, place)


def _is_of(event: Event, target: Target) -> bool:
    base, count = event.args[:2]
    return base < target.address + target.bytes and target.address < base + count


def _end(machine: Machine, begun: walk.Found, now: Position) -> Event | None:
    """The first end of this very loan behind its beginning."""
    event = begun.event
    seen = walk.events(machine, begun.start, now, 1 << walk.LOAN | 1 << walk.LOAN_END)
    for later in seen[seen.index(event) + 1 :]:
        same = later.thread == event.thread and later.args[:2] == event.args[:2]
        if later.kind == walk.LOAN_END and same:
            return later
    return None


def _place(machine: Machine, names: Names, begun: walk.Found) -> Place | None:
    """Where the lender called."""
    walk.go_behind(machine, begun)
    thread = begun.event.thread
    return names.call_place(thread)


def _told(
    machine: Machine,
    names: Names,
    target: Target,
    begun: Event,
    ended: Event | None,
    place: Place | None,
) -> tuple[list[str], dict[str, Any]]:
    base, count = begun.args[:2]
    borrower, kind = begun.code & 0xFF, begun.code >> 8
    how = machine.decoder.message_kinds.get(kind, f"kind {kind}")
    exclusive = how == "LEND_MUT"
    what = "to read and write, and the lender has it not meanwhile" if exclusive else "to read"
    verb = "holds" if ended is None else "held"
    lines = [f"{names.named(borrower)} {verb} {target.name}, in {count} bytes from {base:#010x}"]
    lines.append(f"  lent {what} by {names.named(begun.thread)}"
                 + (f" in {place}" if place else "") + f" at {names.time(begun.time)}")  # fmt: skip
    if ended is not None:
        lines.append(f"  until {names.time(ended.time)}")
    data = {
        "held": ended is None,
        "loan": {
            "base": base,
            "bytes": count,
            "kind": how,
            "lender": names.thread(begun.thread),
            "borrower": names.thread(borrower),
            "since": names.seconds(begun.time),
            "until": names.seconds(ended.time) if ended else None,
        },
    }
    data |= {"function": place.function, "file": place.file, "line": place.line} if place else {}
    return lines, data
