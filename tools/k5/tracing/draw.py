"""A timeline for the terminal: one row a thread, and marks for what it logged.

A column shows what the thread did most of that time; running shows even where it
is short, because it is what one looks for. It reads without colours, and without
Unicode where the terminal has none.
"""

from __future__ import annotations

import string

from k5.console import paint
from k5.decode import Line
from k5.tracing.selection import Selection, spelled
from k5.tracing.states import Change, State, Tracker
from k5.tracing.table import time_text
from k5.tracing.timeline import URGENT, Timeline

SIGNS = string.digits[1:] + string.ascii_letters  # of the log lines that are listed below
MORE = "*"  # of those that are not
INTERRUPT, TOGGLE = "|", "|"
INTERRUPTS = "interrupts"
HALF = 0.5
GLYPHS = {  # state: sign, plain sign, style
    State.RUNNING: ("█", "#", "green"),
    State.READY: ("░", "-", "yellow"),
    State.BLOCKED: ("·", ".", "dim"),
    State.EXHAUSTED: ("x", "x", "red"),
    State.HELD: ("h", "h", "magenta"),
    State.OFF: (" ", " ", ""),
    State.UNKNOWN: ("?", "?", "dim"),
}
SHORT = ("▄", "+", "green")  # ran, but for less than half of the column
LEVELS = {1: ("▔", '"'), 0: ("▁", "_")}
LEAST_COLUMNS = 20


class Draw:
    """Feed it all lines of a trace, then ask for the picture."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._tracker = Tracker()
        self._timeline = Timeline(selection.begin)
        self._tasks: dict[str, str] = {}  # of the threads that are rows
        self._listed: list[tuple[str, Line]] = []  # with their signs
        self._left_out = 0
        self._pins: dict[str, tuple[int, int]] = {}  # level, since
        self._end = selection.begin

    def write(self, line: Line) -> None:
        """One more line of the trace."""
        for change in self._tracker.feed(line):
            self._take(change)
        if line.kind == "PIN":
            self._pin(str(line.fields["pin"]), int(line.fields["high"]), line.ns)
        if self._selection.line(line):
            self._mark(line)

    def close(self, ns: int) -> None:
        """The trace ends."""
        self._end = min(ns, self._selection.end)
        for change in self._tracker.close(ns):
            self._take(change)
        for pin, (level, _) in list(self._pins.items()):
            self._pin(pin, level, ns)

    def _take(self, change: Change) -> None:
        if self._selection.thread(change.name, change.task):
            self._tasks[change.name] = change.task
            until = min(change.ns, self._selection.end)
            self._timeline.add(change.name, change.before, change.since, until)

    def _pin(self, pin: str, level: int, ns: int) -> None:
        """A pin's row: high time counts as running, low time as blocked."""
        before, since = self._pins.get(pin, (level, ns))
        state = State.RUNNING if before else State.BLOCKED
        self._timeline.add(f"pin {pin}", state, since, min(ns, self._selection.end))
        self._pins[pin] = level, ns

    def _mark(self, line: Line) -> None:
        if line.kind == "INTERRUPT":
            self._timeline.mark(INTERRUPTS, line.ns, INTERRUPT)
        elif line.kind in ("LOG", "FAULT"):
            listed = len(self._listed) < len(SIGNS)
            sign = SIGNS[len(self._listed)] if listed else MORE
            sign = URGENT if line.kind == "FAULT" else sign
            self._timeline.mark(line.name, line.ns, sign)
            if listed:
                self._listed.append((sign, line))
            else:
                self._left_out += 1

    # ---- the picture

    def text(self, width: int = 80, colour: bool = False, unicode: bool = True) -> str:
        """All of it."""
        rows = list(self._tasks)
        pins = [f"pin {pin}" for pin in self._pins]
        if self._end <= self._selection.begin or not rows:
            return ""
        names = [*rows, *pins, *([INTERRUPTS] if INTERRUPTS in self._timeline.marks else [])]
        wide = max(len(name) for name in names)
        columns = max(width - wide - 3, LEAST_COLUMNS)
        self._wide, self._columns, self._colour, self._unicode = wide, columns, colour, unicode
        out = [self._axis()]
        for name in rows:
            out.append(self._row(name, self._cells(name)))
            out += self._marks(name)
        if INTERRUPTS in self._timeline.marks:
            out.append(self._row(INTERRUPTS, self._signs(INTERRUPTS)))
        out += [self._row(pin, self._levels(pin)) for pin in pins]
        return "\n".join([*out, "", *self._legend(), *self._list(width)])

    def _axis(self) -> str:
        """The times at both ends, and what a column is."""
        begin, end = spelled(self._selection.begin), spelled(self._end)
        column = (self._end - self._selection.begin) / self._columns
        middle = f"a column is {time_text(round(column))}"
        room = self._columns - len(begin) - len(end)
        text = f"{begin}{middle:^{room}}{end}" if len(middle) + 2 <= room else f"{begin:<{room}}{end}"
        return f"{'':{self._wide}}  {text}"

    def _row(self, name: str, cells: str) -> str:
        bar = "│" if self._unicode else "|"
        return f"{name:{self._wide}} {bar}{cells}{bar}"

    def _glyph(self, glyph: tuple[str, str, str]) -> tuple[str, str]:
        return glyph[0] if self._unicode else glyph[1], glyph[2]

    def _cells(self, name: str) -> str:
        """One sign a column; escapes only where the style changes."""
        out, run, style = "", "", ""
        for shares in self._timeline.columns(name, self._columns, self._end):
            sign, wanted = self._cell(shares)
            if wanted != style:
                out += paint(run, style, self._colour)
                run, style = "", wanted
            run += sign
        return out + paint(run, style, self._colour)

    def _cell(self, shares: dict[State, float]) -> tuple[str, str]:
        if not shares:
            return self._glyph(GLYPHS[State.OFF])
        running = shares.get(State.RUNNING, 0.0)
        if 0 < running < HALF:
            return self._glyph(SHORT)
        if running:
            return self._glyph(GLYPHS[State.RUNNING])
        return self._glyph(GLYPHS[max(shares, key=lambda state: shares[state])])

    def _levels(self, pin: str) -> str:
        """A pin's level; where it changes inside a column, a bar."""
        out = ""
        for shares in self._timeline.columns(pin, self._columns, self._end):
            high, low = shares.get(State.RUNNING, 0.0), shares.get(State.BLOCKED, 0.0)
            if not high and not low:
                out += " "
            elif min(high, low) > 0.02:  # less is the edge of the column beside it
                out += TOGGLE
            else:
                out += LEVELS[int(high > low)][0 if self._unicode else 1]
        return out

    def _signs(self, name: str) -> str:
        marks = self._timeline.marks_in_columns(name, self._columns, self._end)
        return "".join(marks.get(column, " ") for column in range(self._columns))

    def _marks(self, name: str) -> list[str]:
        """The row below a thread's, if it has marks."""
        signs = self._signs(name).rstrip()
        return [f"{'':{self._wide}}  {signs}"] if signs else []

    def _legend(self) -> list[str]:
        """What the signs say: only those that can be seen."""
        used = {state for name in self._tasks for state in self._timeline.spent.get(name, {})}
        words = []
        for state, glyph in GLYPHS.items():
            if state in used and glyph[0] != " ":
                words.append(f"{self._glyph(glyph)[0]} {state.value}")
            if state is State.RUNNING and state in used:
                words.append(f"{self._glyph(SHORT)[0]} ran briefly")
        marks = {mark for row in self._timeline.marks.values() for mark in row.values()}
        words += [f"{URGENT} fault"] if URGENT in marks else []
        return ["  ".join(words), ""]

    def _list(self, width: int) -> list[str]:
        """The log lines by their signs."""
        out = []
        for sign, line in self._listed:
            text = f"{sign} {line.seconds:12.6f}  {line.name:{self._wide}} {line.text}"
            out.append(text if len(text) <= width else text[: width - 3] + "...")
        if self._left_out:
            out.append(f"{MORE} {self._left_out} more lines: `--from` and `--to` narrow the window")
        return out
