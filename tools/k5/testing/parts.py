"""The parts of the test run: C tests by preset, Python tests, fuzz targets, checks, analysis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from k5 import host
from k5.console import PlainProgress
from k5.errors import K5Error
from k5.paths import BUILD, ROOT
from k5.testing import checks, coverage, lint
from k5.testing.case import FAILED, PASSED, SKIPPED, Case, read_junit

if TYPE_CHECKING:
    from k5.conformance import Table

Note = Callable[[str], None]
RESULTS = BUILD / "tests"
NO_TESTS = 5  # pytest's exit code


@dataclass(frozen=True)
class Part:
    """`filter` reaches the tests inside; a part whose own name matches runs whole."""

    name: str
    quick: bool
    run: Callable[[str, bool, Note], list[Case]]


class _Forward(PlainProgress):
    """A build's progress, as this run's."""

    def __init__(self, part: str, note: Note) -> None:
        super().__init__()
        self.part = part
        self.note = note

    def update(self, text: str, done: int | None = None, total: int | None = None) -> None:
        self.note(f"{self.part}: {text}")


def _preset(name: str) -> Callable[[str, bool, Note], list[Case]]:
    def run(filter_: str, quick: bool, note: Note) -> list[Case]:
        started = time.monotonic()
        try:
            host.build(name, None, _Forward(name, note))
        except K5Error as problem:
            return [Case(name, "build", FAILED, time.monotonic() - started, str(problem))]
        note(f"{name}: running")
        report = RESULTS / f"{name}.xml"
        report.unlink(missing_ok=True)
        report.parent.mkdir(parents=True, exist_ok=True)
        command = ["ctest", "--preset", name, "--output-junit", str(report), "--no-tests=ignore"]
        command += ["-R", filter_] if filter_ else []
        command += ["-LE", "slow"] if quick else []
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return _reported(name, report, done, {0})

    return run


def _pytest(name: str, folder: str) -> Callable[[str, bool, Note], list[Case]]:
    def run(filter_: str, quick: bool, note: Note) -> list[Case]:
        if not (ROOT / folder).is_dir():
            return []
        chosen = ["-k", filter_] if filter_ else []
        chosen += ["-m", "not slow"] if quick else []
        return _run_pytest(name, [folder, *chosen], ROOT, note)

    return run


def python_tests_of(paths: list[Path]) -> list[Path]:
    """The files test_*.py in these folders and below, what is built apart."""
    return [
        found
        for path in paths
        for found in sorted(path.rglob("test_*.py"))
        if "build" not in found.relative_to(path).parts
    ]


def of_python_tests(files: list[Path]) -> Part:
    """Those of an application, with the fixtures of k5.pytest_plugin."""
    words = ["--rootdir", ".", "-c", os.devnull, "-p", "k5.pytest_plugin", *map(str, files)]
    return Part("python", True, lambda filter_, quick, note: _run_pytest("application", words, Path(), note))


def _run_pytest(name: str, words: list[str], folder: Path, note: Note) -> list[Case]:
    note(f"{name}: running")
    report = RESULTS / f"{name}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    command.append(f"--junit-xml={report}")
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(ROOT / "tools")}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=environment
    )
    return _reported(name, report, done, {0, NO_TESTS})


def _conformance(filter_: str, quick: bool, note: Note) -> list[Case]:
    """The named tests; the older systems are in tests/e2e."""
    from k5 import conformance

    table = conformance.run([s for s in conformance.suites() if s.named_tests], note)
    return [case for case in conformance_cases(table) if filter_ in case.name]


def conformance_cases(table: Table) -> list[Case]:
    """A case for each cell, and one for each untrue line of the list of defects."""
    from k5 import conformance

    status_of = {conformance.PASSED: PASSED, conformance.SKIPPED: SKIPPED,
                 conformance.KNOWN: SKIPPED}  # fmt: skip
    cases = []
    for row in table.rows:
        for column, verdict in sorted(row.verdicts.items()):
            status = status_of.get(verdict.status, FAILED)
            said = [*verdict.messages, conformance.command(row, column)]
            text = "\n".join(said) if status == FAILED else ""
            cases.append(Case("conformance", f"{row.name} [{column.title}]", status, 0.0, text))
    name = "known_defects.toml is true"
    return [
        *cases,
        *(Case("conformance", name, FAILED, 0.0, problem) for problem in table.problems),
    ]


def _fuzz(filter_: str, quick: bool, note: Note) -> list[Case]:
    """Each target: its kept corpus, and some new inputs, which are always the same."""
    from k5.fuzzing.targets import TARGETS

    return [_fuzz_target(name, note) for name in TARGETS if filter_ in name]


def _fuzz_target(name: str, note: Note) -> Case:
    note(f"fuzz: {name}")
    started = time.monotonic()
    # A process of its own: time limits for Python code work in a main thread only.
    command = [sys.executable, str(ROOT / "k5"), "fuzz", name, "--burst", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    try:
        (outcome,) = json.loads(done.stdout)["outcomes"]
    except ValueError:
        return Case("fuzz", name, FAILED, seconds, done.stderr.strip())
    finding = outcome["finding"]
    if finding:
        return Case("fuzz", name, FAILED, seconds, f"{finding['reason']}\n{finding['repeat']}")
    return Case("fuzz", name, PASSED, seconds)


def _scenarios(filter_: str, quick: bool, note: Note) -> list[Case]:
    """Those of the tree."""
    from k5.testing import scenarios

    return scenarios.run([ROOT / "scenarios"], filter_, note)


def _coverage(filter_: str, quick: bool, note: Note) -> list[Case]:
    # Part of the tests tells nothing of the whole.
    return [] if filter_ else coverage.run(_Forward("coverage", note), note)


def _reported(
    name: str, report: Path, done: subprocess.CompletedProcess[str], good: set[int]
) -> list[Case]:
    """The report's cases; a run that failed without a failed case is a case itself."""
    cases = read_junit(report, name)
    if done.returncode not in good and not any(case.status == FAILED for case in cases):
        text = "\n".join((done.stdout + done.stderr).strip().splitlines()[-20:])
        cases.append(Case(name, "run", FAILED, 0.0, text))
    return cases


PARTS = (
    Part("checks", True, lambda filter_, quick, note: checks.run()),
    Part("host", True, _preset("host")),
    Part("python", True, _pytest("python", "tests/python")),
    Part("e2e", True, _pytest("e2e", "tests/e2e")),
    Part("scenarios", True, _scenarios),
    Part("conformance", False, _conformance),
    Part("host-asan", False, _preset("host-asan")),
    Part("host-clang-asan", False, _preset("host-clang-asan")),
    Part("fuzz", False, _fuzz),
    Part("coverage", False, _coverage),
    Part("lint", False, lambda filter_, quick, note: lint.run(note)),
)
