"""The log as the window shows it: one row a line, a fault's details below it."""

from __future__ import annotations

from dataclasses import dataclass

from k5.decode import Line

MOST_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Entry:
    """One row."""

    time: str
    name: str
    level: str
    where: str
    text: str


class LogBook:
    """The newest rows."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.version = 0
        self.dropped = 0  # rows that left

    def add(self, line: Line) -> None:
        """A decoded event."""
        self._append(Entry(f"{line.seconds:.6f}", line.name, line.level, line.where, line.text))
        for detail in line.details:
            self._append(Entry("", "", line.level, "", detail))

    def note(self, seconds: float, level: str, text: str) -> None:
        """A row of K5's own."""
        self._append(Entry(f"{seconds:.6f}", "k5", level, "", text))

    def _append(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.version += 1
        if len(self.entries) > MOST_ROWS:
            del self.entries[0]
            self.dropped += 1
