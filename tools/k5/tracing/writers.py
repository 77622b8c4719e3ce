"""Files that a trace is written to; the name's ending says in which format."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, TextIO

from k5.decode import Line
from k5.errors import K5Error
from k5.tracing.perfetto import Perfetto
from k5.tracing.selection import Selection
from k5.tracing.vcd import Vcd


class Writer(Protocol):
    """What an exporter is: it gets all lines, and writes those of its selection."""

    def write(self, line: Line) -> None:
        """One more line of the trace."""

    def close(self, ns: int) -> None:
        """The trace ends at this time."""


Maker = Callable[[TextIO, Selection], Writer]


class Lines:
    """One line of the output for each of the trace."""

    def __init__(self, out: TextIO, selection: Selection, spell: Callable[[Line], str]) -> None:
        self._out, self._selection, self._spell = out, selection, spell
        self.count = 0

    def write(self, line: Line) -> None:
        """One more line of the trace."""
        if self._selection.line(line):
            self._out.write(self._spell(line) + "\n")
            self.count += 1

    def close(self, ns: int) -> None:
        """Nothing is left to write."""


def text(out: TextIO, selection: Selection) -> Writer:
    """For people."""
    return Lines(out, selection, Line.human)


def json_lines(out: TextIO, selection: Selection) -> Writer:
    """For programs, and for `./k5 trace` to read back."""
    return Lines(out, selection, Line.json)


FORMATS: dict[str, Maker] = {
    ".jsonl": json_lines,
    ".txt": text,
    ".perfetto.json": Perfetto,
    ".vcd": Vcd,
}


def format_of(path: str) -> Maker:
    """What the name asks for; a name without ending asks for JSON lines."""
    name = path.rsplit("/", 1)[-1]
    for ending, made in FORMATS.items():
        if name.endswith(ending):
            return made
    if "." not in name.lstrip("."):
        return json_lines
    raise K5Error(f"{path}: in which format? Let the name end in {', '.join(FORMATS)}")


class TraceFile:
    """A file that a trace goes to, as it comes. Use it in a `with` statement."""

    def __init__(
        self,
        path: str,
        selection: Selection | None = None,
        made: Maker | None = None,
    ) -> None:
        self._path = path
        made = made or format_of(path)
        self._failed = False
        self.ns = 0  # where the trace ends; the last line's time, if nobody says more
        try:
            self._file = open(path, "w", encoding="utf-8")  # noqa: SIM115
            self._writer = made(self._file, selection or Selection())
        except OSError as problem:
            raise self._error(problem) from None

    def _error(self, problem: OSError) -> K5Error:
        self._failed = True
        return K5Error(f"{self._path}: {(problem.strerror or 'cannot write').lower()}")

    def write(self, line: Line) -> None:
        """One more line of the trace."""
        self.ns = max(self.ns, line.ns)
        try:
            self._writer.write(line)
        except OSError as problem:
            raise self._error(problem) from None

    def close(self) -> None:
        """The file is whole, also if the trace was cut short."""
        try:
            self._writer.close(self.ns)
            self._file.close()
        except OSError as problem:
            raise self._error(problem) from None

    def __enter__(self) -> TraceFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._failed:
            self.close()
