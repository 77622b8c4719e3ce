"""How much of each stretch of time went to which state: a picture's raw material.

The number of stretches is bounded, whatever the trace's length: when time runs
past the last one, pairs are merged and each is twice as long from then on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from k5.tracing.states import State

URGENT = "!"  # of several marks in one place this one is kept, else the first
STRETCHES = 4096  # at most; at least half of them are in use once the trace is that long
FIRST_NS = 50  # length of a stretch at first


@dataclass
class Timeline:
    """Time per stretch and state of each row, and the first mark of each stretch."""

    begin: int = 0  # ns
    length: int = FIRST_NS
    spent: dict[str, dict[State, list[float]]] = field(default_factory=dict)
    marks: dict[str, dict[int, str]] = field(default_factory=dict)

    def add(self, row: str, state: State, since: int, until: int) -> None:
        """The row was in a state for some time; what lies before the beginning is left out."""
        since = max(since, self.begin)
        if until <= since:
            return
        self._reach(until)
        cells = self.spent.setdefault(row, {}).setdefault(state, [])
        first, last = self._index(since), self._index(until - 1)
        cells.extend([0.0] * (last + 1 - len(cells)))
        if first == last:
            cells[first] += until - since
            return
        cells[first] += self.begin + (first + 1) * self.length - since
        for index in range(first + 1, last):
            cells[index] += self.length
        cells[last] += until - (self.begin + last * self.length)

    def mark(self, row: str, ns: int, mark: str) -> None:
        """Something happened; of several in a stretch the first is kept."""
        if ns >= self.begin:
            self._reach(ns + 1)
            _keep(self.marks.setdefault(row, {}), self._index(ns), mark)

    def _index(self, ns: int) -> int:
        return (ns - self.begin) // self.length

    def _reach(self, until: int) -> None:
        """Makes room up to a time."""
        while until - self.begin > STRETCHES * self.length:
            self.length *= 2
            for states in self.spent.values():
                for state, cells in states.items():
                    cells.append(0.0)
                    states[state] = [a + b for a, b in zip(cells[::2], cells[1::2], strict=False)]
            for row, marks in self.marks.items():
                merged: dict[int, str] = {}
                for index in sorted(marks):
                    _keep(merged, index // 2, marks[index])
                self.marks[row] = merged

    # ---- to columns

    def columns(self, row: str, count: int, end: int) -> list[dict[State, float]]:
        """The row in `count` columns up to `end`: of each the share of every state."""
        out: list[dict[State, float]] = [{} for _ in range(count)]
        wide = (end - self.begin) / count
        for state, cells in self.spent.get(row, {}).items():
            for index, spent in enumerate(cells):
                if spent:
                    self._spread(out, state, index, spent, wide)
        return [{state: ns / wide for state, ns in column.items()} for column in out]

    def _spread(
        self, out: list[dict[State, float]], state: State, index: int, spent: float, wide: float
    ) -> None:
        """What was spent in a stretch, over the columns that it lies in."""
        start, stop = float(index * self.length), float((index + 1) * self.length)
        column = int(start / wide)
        while column < len(out) and start < stop:
            edge = min(stop, (column + 1) * wide)
            part = spent * (edge - start) / self.length
            out[column][state] = out[column].get(state, 0.0) + part
            start, column = edge, column + 1

    def marks_in_columns(self, row: str, count: int, end: int) -> dict[int, str]:
        """The first mark of each column."""
        wide = (end - self.begin) / count
        out: dict[int, str] = {}
        for index, mark in sorted(self.marks.get(row, {}).items()):
            column = min(int((index + 0.5) * self.length / wide), count - 1)
            _keep(out, column, mark)
        return out


def _keep(marks: dict[int, str], place: int, mark: str) -> None:
    if mark == URGENT or place not in marks:
        marks[place] = mark
