"""Lines of a trace, made by hand: what the tests of traces feed to what reads them."""

from __future__ import annotations

from typing import Any

from k5.decode import NOBODY, Line
from k5.stream import Event
from k5.tracing.reader import kinds

NS_A_TICK = 1000
KINDS = kinds()


def line(us: int, kind: str, name: str = "-", *args: int, **fields: Any) -> Line:
    """A line at a microsecond. Threads are of the task before the dot, and numbered by their letter."""
    number = NOBODY if name == "-" else ord(name[-1]) - ord("a")
    words: Any = (*args, 0, 0, 0, 0, 0, 0)[:6]
    return Line(
        event=Event(us, KINDS[kind], number, fields.pop("code", 0), words),
        seconds=us / 1e6,
        kind=kind,
        task=name.split(".")[0],
        name=name,
        level=fields.get("level", kind),
        where="",
        text=fields.pop("text", ""),
        fields=fields,
    )


def boot(*threads: str, passive: tuple[str, ...] = (), off: tuple[str, ...] = ()) -> Line:
    """The BOOT line of a system with these threads."""
    entries = [
        {"name": name, "task": name.split(".")[0], "priority": 1,
         "passive": name in passive, "starts": name not in off}
        for name in threads
    ]  # fmt: skip
    return line(0, "BOOT", system="small", board="bench", threads=entries)


def switch(us: int, to: str, payer: str | None = None) -> Line:
    """From here on `to` runs."""
    return line(us, "SWITCH", to, payer=payer or to)


def enter(us: int, name: str, call: str, *args: int, **fields: Any) -> Line:
    """A thread makes a system call."""
    return line(us, "ENTER", name, *args, call=call, text=f"{call}()", **fields)


def result(us: int, name: str, call: str, error: str = "OK", **fields: Any) -> Line:
    """A thread gets a result."""
    return line(us, "RESULT", name, call=call, error=error, text=f"{call} = {error}", **fields)


def received(us: int, name: str, call: str = "recv") -> Line:
    """A thread gets a message."""
    return result(us, name, call, message="SHORT")
