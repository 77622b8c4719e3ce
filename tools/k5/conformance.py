"""The conformance suite: tasks that test the kernel, in four columns.

Each system of user/conformance runs on both engines and both instruction sets.
docs/conformance.md describes the lines that a system logs; what an engine is
known to do wrong is listed in tests/conformance/known_defects.toml.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from k5 import builder
from k5.compare import compare
from k5.decode import Decoder
from k5.engine import ENGINES, Run
from k5.errors import K5Error
from k5.paths import ROOT, shown
from k5.schema import Key, Problems, check
from k5.stream import Event
from k5.tomlindex import TomlFile

FOLDER = ROOT / "user" / "conformance"
DEFECTS = ROOT / "tests" / "conformance" / "known_defects.toml"
BOARDS = {"armv8m": "mps2-an505", "rv32": "virt-rv32"}
LIMIT_US = 20_000_000  # a suite takes less than a second
WORKERS = 2

PASSED, FAILED, SKIPPED, ABSENT = "passed", "failed", "skipped", "-"
KNOWN = "known defect"  # failed, and listed
UNTRUE = "not a defect"  # listed, but it passed
GOOD = (PASSED, SKIPPED, ABSENT, KNOWN)

_TEST_WORDS = ("TEST", "PASS", "FAIL", "SKIP", "END", "PROMISE")
_TEST_NAME = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")
_COUNT = re.compile(r"\b(passed|failed|skipped)=(\d+)")
_RESTRICTION = re.compile(r"#\s*conformance:\s*(.*?)\s*$")


@dataclass(frozen=True, order=True)
class Column:
    """One engine, one instruction set."""

    arch: str
    engine: str

    @property
    def title(self) -> str:
        return f"{self.engine} {self.arch}"

    @property
    def board(self) -> str:
        return BOARDS[self.arch]


COLUMNS = tuple(Column(arch, engine) for arch in BOARDS for engine in ENGINES)


@dataclass(frozen=True)
class Suite:
    """One system that tests."""

    path: Path
    only: str | None = None  # the one instruction set that it is for
    compared: bool = True  # the engines' kernel events must be equal

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def named_tests(self) -> bool:
        """Whether its tests have names; an older system is one row of the table."""
        return self.name.startswith("suite")

    def runs_on(self, column: Column) -> bool:
        return self.only in (None, column.arch)


@dataclass
class Verdict:
    """What a test said in one column."""

    status: str
    messages: list[str] = field(default_factory=list)


@dataclass
class Row:
    """One test in all columns."""

    name: str
    suite: str
    promise: str = ""
    verdicts: dict[Column, Verdict] = field(default_factory=dict)

    def status(self, column: Column) -> str:
        """Its verdict, `-` where it does not run."""
        verdict = self.verdicts.get(column)
        return verdict.status if verdict else ABSENT

    @property
    def good(self) -> bool:
        return all(self.status(column) in GOOD for column in COLUMNS)


@dataclass(frozen=True)
class Defect:
    """A test that is known to fail."""

    test: str
    column: Column
    reason: str
    where: str  # FILE:LINE


def suites(folder: Path = FOLDER) -> list[Suite]:
    """All systems of a folder, with what their first comment says."""
    found = [_suite(path) for path in sorted(folder.glob("*.toml"))]
    owner: dict[str, Path] = {}
    for suite in found:
        name = re.search(r'^name = "(.*)"', suite.path.read_text(), re.MULTILINE)
        other = owner.setdefault(name[1] if name else suite.name, suite.path)
        if other != suite.path:  # they are built in one folder, and run at the same time
            text = f"has the same name as {shown(other)}"
            raise K5Error(f"{shown(suite.path)}: {text}")
    return found


def _suite(path: Path) -> Suite:
    only, compared = None, True
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.startswith("#"):
            break
        found = _RESTRICTION.match(line)
        if not found:
            continue
        words = found[1].split()
        if words[:1] == ["only"] and len(words) == 2 and words[1] in BOARDS:
            only = words[1]
        elif words == ["no", "comparison"]:
            compared = False
        else:
            text = f"unknown restriction '{found[1]}' (known: only ARCH, no comparison)"
            raise K5Error(f"{shown(path)}:{number}: {text}")
    return Suite(path, only, compared)


def known_defects(path: Path = DEFECTS) -> list[Defect]:
    """The list, checked."""
    file = TomlFile(path)
    problems = Problems.of(file)
    head = check(problems, (), file.data, {"defect": Key(list)})
    keys = {
        "test": Key(str, required=True),
        "engine": Key(str, required=True, choices=ENGINES),
        "arch": Key(str, required=True, choices=tuple(BOARDS)),
        "reason": Key(str, required=True),
    }
    rows = [
        check(problems, ("defect", i), entry, keys)
        for i, entry in enumerate(head.get("defect", []))
    ]
    problems.raise_if_any()
    found: dict[tuple[str, Column], Defect] = {}
    for i, row in enumerate(rows):
        defect = Defect(row["test"], Column(row["arch"], row["engine"]), row["reason"],
                        file.where("defect", i))  # fmt: skip
        if (defect.test, defect.column) in found:
            raise K5Error(f"{defect.where}: '{defect.test}' is listed twice for that column")
        found[defect.test, defect.column] = defect
    return list(found.values())


# ---------------------------------------------------------------- reading a log


@dataclass
class _Reading:
    """A log on the way."""

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    promises: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)  # of the run as a whole
    running: str | None = None
    ends: list[dict[str, int]] = field(default_factory=list)

    def line(self, text: str) -> None:
        word, _, rest = text.partition(" ")
        if word not in _TEST_WORDS:
            return
        name, _, said = rest.partition(" ")
        if word == "END":
            self.ends.append({what: int(count) for what, count in _COUNT.findall(rest)})
        elif word == "PROMISE":
            if self.running:
                self.promises[self.running] = rest
        elif word == "TEST":
            self._begin(name)
        elif name not in self.verdicts and name != self.running:
            self.wrong.append(f"verdict without its TEST: {text}")
        else:
            self._verdict(word, name, said)

    def _begin(self, name: str) -> None:
        self._close("no verdict before the next test began")
        if not _TEST_NAME.fullmatch(name):
            self.wrong.append(f"'{name}' is no name for a test")
        if name in self.verdicts:
            self.wrong.append(f"two tests are named '{name}'")
        self.running = name

    def _close(self, why: str) -> None:
        if self.running is not None and self.running not in self.verdicts:
            self.verdicts[self.running] = Verdict(FAILED, [why])
        self.running = None

    def _verdict(self, word: str, name: str, said: str) -> None:
        status = {"PASS": PASSED, "FAIL": FAILED, "SKIP": SKIPPED}[word]
        verdict = self.verdicts.get(name)
        if verdict is None:
            self.verdicts[name] = Verdict(status, [said] if said else [])
        elif verdict.status == status == FAILED:
            verdict.messages.append(said)
        else:
            verdict.status = FAILED
            verdict.messages.append(f"a second verdict: {word} {said}".rstrip())

    def finish(self, end: str) -> None:
        self._close(f"no verdict: the machine stopped in it ({end})")
        if end != "halt":
            self.wrong.append(f"the run ended by {end}, not by itself")
        if len(self.ends) != 1:
            self.wrong.append(f"{len(self.ends)} END lines instead of one")
            return
        statuses = [verdict.status for verdict in self.verdicts.values()]
        for status in (PASSED, FAILED, SKIPPED):
            if self.ends[0].get(status) != statuses.count(status):
                said, counted = self.ends[0].get(status), statuses.count(status)
                self.wrong.append(f"END says {status}={said}, the lines say {counted}")


def read_suite(texts: Iterable[str], end: str) -> tuple[dict[str, Verdict], dict[str, str], Verdict]:
    """Verdicts and promises by test, and what is to say of the run as a whole."""
    reading = _Reading()
    for text in texts:
        reading.line(text)
    reading.finish(end)
    whole = Verdict(FAILED if reading.wrong else PASSED, reading.wrong)
    return reading.verdicts, reading.promises, whole


def read_system(texts: Iterable[str], end: str) -> Verdict:
    """The verdict of an older system, whose checks have sentences instead of names."""
    lines = list(texts)
    wrong = [text for text in lines if text.startswith("FAIL")]
    ends = [dict(_COUNT.findall(text)) for text in lines if text.startswith("END ")]
    if not ends:
        wrong.append("no task reached its END")
    wrong += [f"an END with failed={e.get('failed')}" for e in ends if e.get("failed") != "0"]
    passes = sum(text.startswith("PASS") for text in lines)
    if sum(int(e.get("passed", 0)) for e in ends) != passes:
        wrong.append(f"the END lines do not add up to the {passes} PASS lines")
    if end != "halt":
        wrong.append(f"the run ended by {end}, not by itself")
    return Verdict(FAILED if wrong else PASSED, wrong)


# ---------------------------------------------------------------- running


@dataclass
class _Result:
    """One system in one column."""

    suite: Suite
    column: Column
    events: list[Event] = field(default_factory=list)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    promises: dict[str, str] = field(default_factory=dict)
    whole: Verdict = field(default_factory=lambda: Verdict(PASSED))



def _run(suite: Suite, column: Column) -> _Result:
    """Builds and runs; what cannot run is the verdict of the whole."""
    result = _Result(suite, column)
    try:
        built = builder.build(suite.path, column.board)
        machine = Run(built, column.engine, 0, LIMIT_US, True)
        result.events = list(machine)
    except K5Error as problem:
        result.whole = Verdict(FAILED, str(problem).splitlines())
        return result
    decoder = Decoder(built)
    texts = [decoder.line(e).text for e in result.events if decoder.kind(e) == "LOG"]
    if suite.named_tests:
        read = read_suite(texts, machine.end)
        result.verdicts, result.promises, result.whole = read
    else:
        result.whole = read_system(texts, machine.end)
    return result


def _compared(suite: Suite, arch: str, results: dict[tuple[str, Column], _Result]) -> Verdict:
    """Whether the engines' kernel events are equal."""
    sides = [results[suite.name, Column(arch, engine)] for engine in ENGINES]
    if not all(side.events for side in sides):
        return Verdict(SKIPPED, ["a run is missing"])
    decoder = Decoder(builder.build(suite.path, BOARDS[arch]))
    found = compare(decoder, (ENGINES[0], ENGINES[1]), sides[0].events, sides[1].events)
    return Verdict(PASSED if found.equal else FAILED, found.difference)


@dataclass
class Table:
    """All rows, known defects worked in."""

    rows: list[Row]
    problems: list[str]  # of the list of defects
    reasons: dict[tuple[str, Column], str] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        return not self.problems and all(row.good for row in self.rows)

    def count(self, status: str) -> int:
        """Cells with that status."""
        return sum(row.status(column) == status for row in self.rows for column in COLUMNS)

    def json(self) -> dict[str, Any]:
        """For machines."""
        statuses = (PASSED, FAILED, SKIPPED, KNOWN, UNTRUE)
        return {
            "good": self.good,
            "tests": len({row.name for row in self.rows if "." in row.name}),
            "cells": {status: self.count(status) for status in statuses},
            "problems": self.problems,
            "rows": [
                {
                    "name": row.name,
                    "suite": row.suite,
                    "promise": row.promise,
                    "columns": {column.title: row.status(column) for column in COLUMNS},
                    "messages": {
                        column.title: verdict.messages
                        for column, verdict in sorted(row.verdicts.items())
                        if verdict.messages
                    },
                }
                for row in self.rows
            ],
        }


def with_defects(rows: list[Row], defects: list[Defect]) -> Table:
    """Marks what the list explains, and what of the list is not true."""
    table = Table(rows, [])
    by_name = {row.name: row for row in rows}
    for defect in defects:
        row = by_name.get(defect.test)
        verdict = row.verdicts.get(defect.column) if row else None
        if verdict is None:
            text = f"no test '{defect.test}' ran on {defect.column.title}"
            table.problems.append(f"{defect.where}: {text}")
        elif verdict.status == FAILED:
            verdict.status = KNOWN
            table.reasons[defect.test, defect.column] = defect.reason
        elif verdict.status == PASSED:
            verdict.status = UNTRUE
            text = f"'{defect.test}' passes on {defect.column.title}: take it off the list"
            table.problems.append(f"{defect.where}: {text}")
    return table


def command(row: Row, column: Column) -> str:
    """What repeats a cell."""
    path = shown(FOLDER / f"{row.suite}.toml")
    return f"./k5 run {path} --engine {column.engine} --board {column.board}"


def run(chosen: list[Suite], note: Callable[[str], None]) -> Table:
    """Runs the systems in every column that they are for."""
    jobs = [(suite, column) for suite in chosen for column in COLUMNS if suite.runs_on(column)]
    done = 0

    def one(job: tuple[Suite, Column]) -> _Result:
        nonlocal done
        result = _run(*job)
        done += 1
        note(f"conformance: {job[0].name} on {job[1].title} ({done}/{len(jobs)})")
        return result

    with ThreadPoolExecutor(WORKERS) as pool:
        results = {(r.suite.name, r.column): r for r in pool.map(one, jobs)}
    rows = [row for suite in chosen for row in _rows(suite, results)]
    names = {row.name for row in rows}
    # A part of the suite says nothing of the rest of the list.
    whole = {suite.path for suite in chosen} >= {suite.path for suite in suites()}
    defects = [defect for defect in known_defects() if whole or defect.test in names]
    return with_defects(rows, defects)


def _rows(suite: Suite, results: dict[tuple[str, Column], _Result]) -> list[Row]:
    whole = Row(suite.name, suite.name)
    rows: dict[str, Row] = {}
    for column in COLUMNS:
        result = results.get((suite.name, column))
        if result is None:
            continue
        whole.verdicts[column] = result.whole
        for name, verdict in result.verdicts.items():
            row = rows.setdefault(name, Row(name, suite.name))
            row.promise = row.promise or result.promises.get(name, "")
            row.verdicts[column] = verdict
    for row in rows.values():
        for column in whole.verdicts:
            if results[suite.name, column].events:  # a test that others have is missing here
                row.verdicts.setdefault(column, Verdict(FAILED, ["did not run"]))
    found = [*rows.values(), whole]
    if suite.compared:
        events = Row(f"{suite.name}: kernel events", suite.name)
        for arch in BOARDS:
            if suite.only in (None, arch):
                verdict = _compared(suite, arch, results)
                events.verdicts[Column(arch, ENGINES[1])] = verdict
        found.append(events)
    return found
