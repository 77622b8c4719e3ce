"""The parts of the test run: C tests by preset, Python tests, checks, static analysis."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from k5 import host
from k5.console import PlainProgress
from k5.errors import K5Error
from k5.paths import BUILD, ROOT
from k5.testing import checks, coverage, lint
from k5.testing.case import FAILED, Case, read_junit

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
        note(f"{name}: running")
        report = RESULTS / f"{name}.xml"
        report.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder]
        command += [f"--junit-xml={report}"]
        command += ["-k", filter_] if filter_ else []
        command += ["-m", "not slow"] if quick else []
        environment = {**os.environ, "NO_COLOR": "1"}
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment
        )
        return _reported(name, report, done, {0, NO_TESTS})

    return run


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
    Part("host-asan", False, _preset("host-asan")),
    Part("host-clang-asan", False, _preset("host-clang-asan")),
    Part("coverage", False, _coverage),
    Part("lint", False, lambda filter_, quick, note: lint.run(note)),
)
