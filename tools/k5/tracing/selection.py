"""Which lines of a trace are wanted: by task, thread, kind, time and text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from k5.decode import Line
from k5.errors import K5Error, suggestion
from k5.tracing.reader import kinds

FOR_EVER = 1 << 63


def spelled(ns: int) -> str:
    """A time as one would type it: 5ms, 300us."""
    for unit, size in (("s", 10**9), ("ms", 10**6), ("us", 10**3)):
        if ns >= size:
            return f"{ns / size:.6f}".rstrip("0").rstrip(".") + unit
    return f"{ns}ns" if ns else "0"


@dataclass
class Selection:
    """Empty sets select all. It notes what it saw, to tell a wrong name from an empty result."""

    tasks: frozenset[str] = frozenset()
    threads: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    begin: int = 0  # ns
    end: int = FOR_EVER
    pattern: re.Pattern[str] | None = None
    _tasks_seen: set[str] = field(default_factory=set)
    _threads_seen: set[str] = field(default_factory=set)

    @staticmethod
    def of(
        tasks: Iterable[str] = (),
        threads: Iterable[str] = (),
        kinds: Iterable[str] = (),
        begin_us: int | None = None,
        end_us: int | None = None,
        grep: str | None = None,
    ) -> Selection:
        """A selection as a command line says it; K5Error for what can match nothing."""
        begin = (begin_us or 0) * 1000
        end = FOR_EVER if end_us is None else end_us * 1000
        if begin > end:
            raise K5Error(f"--from {spelled(begin)} is after --to {spelled(end)}")
        wanted = frozenset(_kind(word) for word in kinds)
        return Selection(frozenset(tasks), frozenset(threads), wanted, begin, end, _pattern(grep))

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        limits = self.begin == 0 and self.end == FOR_EVER and self.pattern is None
        return limits and not (self.tasks or self.threads or self.kinds)

    def thread(self, name: str, task: str) -> bool:
        """Whether a thread is wanted."""
        if not self.tasks and not self.threads:
            return True
        return name in self.threads or task in self.tasks

    def line(self, line: Line) -> bool:
        """Whether a line is wanted."""
        return (
            self.begin <= line.ns <= self.end
            and self.thread(line.name, line.task)
            and (not self.kinds or line.kind in self.kinds)
            and (self.pattern is None or self.pattern.search(line.text) is not None)
        )

    def note(self, line: Line) -> None:
        """Remembers which tasks and threads there are."""
        if line.name != "-":
            self._tasks_seen.add(line.task)
            self._threads_seen.add(line.name)
        for entry in line.fields.get("threads", ()) if line.kind == "BOOT" else ():
            self._tasks_seen.add(entry["task"])
            self._threads_seen.add(entry["name"])

    def check_names(self, source: str) -> None:
        """K5Error for a task or thread that the trace does not have."""
        for what, wanted, seen in (
            ("task", self.tasks, self._tasks_seen),
            ("thread", self.threads, self._threads_seen),
        ):
            for name in sorted(wanted - seen):
                raise K5Error(f"{source}: no {what} '{name}'" + suggestion(name, seen))


def _kind(word: str) -> str:
    known = kinds()
    if word.upper() not in known:
        names = [name.lower() for name in known]
        raise K5Error(f"no kind of event '{word}'" + suggestion(word, names))
    return word.upper()


def _pattern(grep: str | None) -> re.Pattern[str] | None:
    if grep is None:
        return None
    try:
        return re.compile(grep)
    except re.error as problem:
        raise K5Error(f"--grep {grep!r} is no regular expression: {problem}") from None
