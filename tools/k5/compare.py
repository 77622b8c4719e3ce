"""Compares the kernel events of two engines.

Timestamps and events that time makes (class timed) are left out. If neither run
has any, nothing in it depended on time, and the whole traces must be equal;
else each thread's own sequence, without the switches between threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from k5.decode import Decoder
from k5.stream import Event

Key = tuple[str, int, int, tuple[int, ...]]

CONTEXT = 3


@dataclass(frozen=True)
class Comparison:
    """`difference` is empty if the traces agree."""

    mode: str  # whole or threads
    events: int  # compared on each side
    difference: list[str]

    @property
    def equal(self) -> bool:
        return not self.difference


def _key(decoder: Decoder, event: Event) -> Key:
    """What of an event must be equal."""
    kind = decoder.kind(event)
    args: tuple[int, ...] = event.args
    if kind in ("ENTER", "RESULT"):
        call = decoder.calls.get(event.code, "")
        if kind == "ENTER":
            # Registers beyond a call's arguments hold anything; sleep's is a point in time.
            args = args[: 0 if call == "sleep" else len(decoder.arguments.get(event.code, args))]
        elif "info" not in decoder.results.get(event.code, ()):
            args = args[:1]  # what else a call gives may be a time
    return kind, event.thread, event.code, args


def _left(decoder: Decoder, events: Iterable[Event]) -> list[Event]:
    return [event for event in events if decoder.event_class(event) != "timed"]


def _is_timed(decoder: Decoder, events: Iterable[Event]) -> bool:
    return any(decoder.event_class(event) == "timed" for event in events)


def compare(
    decoder: Decoder, names: tuple[str, str], first: Sequence[Event], second: Sequence[Event]
) -> Comparison:
    """Two traces of one system; `names` are the engines'."""
    timed = _is_timed(decoder, first) or _is_timed(decoder, second)
    one, two = _left(decoder, first), _left(decoder, second)
    if not timed:
        return Comparison("whole", len(one), _differ(decoder, names, "", one, two))
    one = [event for event in one if decoder.kind(event) != "SWITCH"]
    two = [event for event in two if decoder.kind(event) != "SWITCH"]
    difference: list[str] = []
    for thread in sorted({event.thread for event in (*one, *two)}):
        own = [[event for event in side if event.thread == thread] for side in (one, two)]
        title = f"thread {decoder.thread_name(thread)}: "
        difference += _differ(decoder, names, title, own[0], own[1])
    return Comparison("threads", len(one), difference)


def _differ(
    decoder: Decoder, names: tuple[str, str], title: str, one: list[Event], two: list[Event]
) -> list[str]:
    """The first place where two sequences differ, with what came before it."""
    keys = [[_key(decoder, event) for event in side] for side in (one, two)]
    if keys[0] == keys[1]:
        return []
    shorter = min(len(one), len(two))
    at = next((i for i in range(shorter) if keys[0][i] != keys[1][i]), shorter)
    out = [f"{title}differ at event {at}:"]
    for event in one[max(0, at - CONTEXT) : at]:
        out.append(f"    both: {_shown(decoder, event)}")
    for name, side in zip(names, (one, two), strict=True):
        text = _shown(decoder, side[at]) if at < len(side) else "(ends here)"
        out.append(f"  {name:>6}: {text}")
    return out


def _shown(decoder: Decoder, event: Event) -> str:
    line = decoder.line(event)
    words = " ".join(f"{word:x}" for word in event.args)
    return f"{line.task} {line.kind} {line.text} [{event.code:x}: {words}]"
