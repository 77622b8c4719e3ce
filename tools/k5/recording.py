"""Recordings: all that came from outside while a session ran, so that it can run again exactly.

A file of JSON lines: a header (format, system, board, seed, build), then what came, each at its
position and by the names of the board, and marks of how far the machine was. The last
line says where the session ended; where it is missing the session was killed, and the last
mark counts. Each line ends with a sum of itself and all before it.

It is written while the session runs, line by line, so that whatever ends that leaves a recording
of what was until then.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from k5 import identity, journal
from k5.errors import K5Error
from k5.journal import Entry
from k5.paths import portable, shown, unportable
from k5.snapshots import Position

if TYPE_CHECKING:
    from k5.machine import Machine

FORMAT = 1
MARK_S = 0.25  # of wall time between two marks
MARK, END = "mark", "end"
READABLE = ("serial",)  # data as Latin-1 text; others in hexadecimal
_SUM = re.compile(r',"sum":"([0-9a-f]{8})"}$')
FIRST_SUM = "k5 recording"  # what the first line's sum begins with


def line_sum(before: str, body: str) -> str:
    return hashlib.sha256(f"{before}{body}".encode()).hexdigest()[:8]


def _body(data: dict[str, Any]) -> str:
    return json.dumps(data, separators=(",", ":"))


def _at(position: Position) -> dict[str, int]:
    return {
        "tick": position.now,
        "instruction": position.instructions,
        "action": position.actions,
    }


def _entry_data(entry: Entry) -> dict[str, Any]:
    data: dict[str, Any] = {"what": entry.what} | _at(entry.position)
    for key in ("name", "field", "value"):
        if getattr(entry, key):
            data[key] = getattr(entry, key)
    if entry.data:
        readable = entry.what in READABLE
        data["data"] = entry.data.decode("latin-1") if readable else entry.data.hex()
    return data


# ---------------------------------------------------------------- writing


class Recorder:
    """Writes what comes to a machine that was just booted."""

    def __init__(self, path: Path, machine: Machine) -> None:
        self.path = path
        self._machine = machine
        self._count = 0
        self._sum = FIRST_SUM
        self._marked = time.monotonic()
        self._file = _created(path)
        built = machine.built
        self._write(
            {
                "k5": "recording",
                "format": FORMAT,
                "system": built.name,
                "description": portable(identity.description(built)),
                "board": built.board,
                "seed": machine.seed,
                "build": identity.of(built),
            }
        )
        machine.play([])
        machine.recorder = self

    def _write(self, *rows: dict[str, Any]) -> None:
        """Whole lines, at once: a session that is killed leaves no half one."""
        text = ""
        for row in rows:
            body = _body(row)
            self._sum = line_sum(self._sum, body)
            text += f'{body[:-1]},"sum":"{self._sum}"}}\n'
        try:
            left = text.encode()
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as problem:
            why = (problem.strerror or "cannot write").lower()
            raise K5Error(f"{self.path}: {why}; what came before is recorded") from None

    def flush(self) -> None:
        """What has come since the last time."""
        count = self._machine.journal_count
        rows = []
        if count > self._count:
            rows = [_entry_data(entry) for entry in self._machine.journal(self._count)]
            self._count = count
        now = time.monotonic()
        if rows or now - self._marked >= MARK_S:
            self._marked = now
            rows.append({"what": MARK} | _at(self._machine.position))
        if rows:
            self._write(*rows)

    def finish(self) -> None:
        """The session has ended."""
        self._marked = time.monotonic()
        self.flush()
        self._write({"what": END} | _at(self._machine.position))
        self._machine.recorder = None
        os.close(self._file)


def _created(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    except OSError as problem:
        raise K5Error(f"{path}: {(problem.strerror or 'cannot write').lower()}") from None


# ---------------------------------------------------------------- reading


@dataclass(frozen=True)
class Recording(identity.Kept):
    """One that was read."""

    end: Position
    ended: bool  # or it was killed: then it ends where it was seen last
    entries: list[Entry] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)  # of the entries

    @property
    def where(self) -> str:
        return f"{shown(self.path)}:1"

    def play(self, machine: Machine, ends: bool = False) -> None:
        """The machine, which was just booted, gets it all, each at its position. `ends`: where the
        session ended, runs stop with POSITION."""
        self.check(machine.built)
        if machine.seed != self.seed:
            text = f"is of a run with seed {self.seed}, not {machine.seed}"
            raise K5Error(f"{self.where}: {text}")
        codec = journal.Codec(machine)
        row = machine._ffi.new("struct k5sim_entry *")
        for number, entry in zip(self.lines, self.entries, strict=True):
            try:
                codec.fill(row, entry)
            except K5Error as problem:
                raise K5Error(f"{shown(self.path)}:{number}: {problem}") from None
        machine.play([*self.entries, *([Entry(self.end, "end")] if ends else [])])
        machine.replaying = True


class _Reader:
    """Reads line by line; every mistake names file and line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = 0
        self._sum = FIRST_SUM
        self._last = Position(0, 0, 0)

    def wrong(self, text: str) -> K5Error:
        """What is wrong with the line at hand."""
        return K5Error(f"{shown(self.path)}:{self.number}: {text}")

    def row(self, line: str) -> dict[str, Any]:
        """The next line's data."""
        self.number += 1
        if not line.endswith("\n"):
            raise self.wrong("the line has no end: the file was cut off")
        line = line[:-1]
        found = _SUM.search(line)
        if not found:
            what = "no recording" if self.number == 1 else "no line of a recording"
            raise self.wrong(f"{line[:40]!r} is {what}: it does not end with its sum")
        body = line[: found.start()] + "}"
        self._sum = line_sum(self._sum, body)
        if self._sum != found[1]:
            raise self.wrong("its sum is not that of the lines up to here: the file was edited")
        try:
            data = json.loads(body)
        except ValueError as problem:
            raise self.wrong(f"no JSON: {problem}") from None
        if not isinstance(data, dict):
            raise self.wrong("no JSON object")
        return data

    def get(self, data: dict[str, Any], key: str, kind: type, default: Any = None) -> Any:
        """A value of the line, of this kind."""
        value = data.get(key, default)
        if not isinstance(value, kind) or isinstance(value, bool):
            what = "is missing" if value is None else f"is {value!r}"
            raise self.wrong(f"'{key}' {what}; it must be {_KINDS[kind]}")
        return value

    def position(self, data: dict[str, Any]) -> Position:
        """Of the line; they never go back."""
        values = [self.get(data, key, int) for key in ("tick", "instruction", "action")]
        if not all(0 <= value < 1 << 64 for value in values):
            raise self.wrong(f"position {values} is out of range")
        at = Position(*values)
        if at < self._last:
            raise self.wrong(f"tick {at.now} comes behind tick {self._last.now}: it must not go back")
        self._last = at
        return at

    def entry(self, data: dict[str, Any]) -> Entry:
        """Something that came."""
        what = self.get(data, "what", str)
        text = self.get(data, "data", str, "")
        try:
            raw = text.encode("latin-1") if what in READABLE else bytes.fromhex(text)
        except ValueError:
            raise self.wrong(f"data {text[:40]!r} are no bytes") from None
        return Entry(
            self.position(data),
            what,
            self.get(data, "name", str, ""),
            self.get(data, "field", str, ""),
            self.get(data, "value", int, 0),
            raw,
        )


_KINDS = {int: "a number", str: "a text", dict: "a table"}


def is_recording(path: Path) -> bool:
    """Whether the file says so itself."""
    try:
        with path.open("rb") as file:
            return file.read(20).startswith(b'{"k5":"recording"')
    except OSError:
        return False


def load(path: Path) -> Recording:
    """Reads a recording; K5Error names file and line of what is wrong."""
    reader = _Reader(path)
    try:
        lines = path.read_bytes().decode().splitlines(keepends=True)
    except OSError as problem:
        raise K5Error(f"{path}: {(problem.strerror or 'cannot read').lower()}") from None
    except UnicodeDecodeError:
        raise K5Error(f"{shown(path)}: is no recording: not a text file") from None
    if not lines:
        raise K5Error(f"{shown(path)}: is empty, so no recording")
    header = reader.row(lines[0])
    if header.get("k5") != "recording":
        raise reader.wrong("is no recording: its first line does not say so")
    if header.get("format") != FORMAT:
        raise reader.wrong(f"has format {header.get('format')!r}; this version reads {FORMAT}")
    entries: list[Entry] = []
    numbers: list[int] = []
    end, ended = Position(0, 0, 0), False
    for line in lines[1:]:
        row = reader.row(line)
        if ended:
            raise reader.wrong("comes behind the end of the session")
        if row.get("what") in (MARK, END):
            end, ended = reader.position(row), row["what"] == END
        else:
            entries.append(reader.entry(row))
            numbers.append(reader.number)
            end = entries[-1].position
    reader.number = 1
    return Recording(
        path,
        reader.get(header, "system", str),
        unportable(reader.get(header, "description", str)),
        reader.get(header, "board", str),
        reader.get(header, "seed", int),
        reader.get(header, "build", dict),
        end,
        ended,
        entries,
        numbers,
    )
