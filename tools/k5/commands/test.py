"""Run the tests: checks of the tree, C tests (plain, and under ASan and UBSan
with gcc and clang), Python tests, end-to-end tests on both engines, coverage of
the kernel (its page: build/coverage/index.html), static analysis.

FILTER picks parts by name (checks, host, python, e2e, scenarios, conformance, host-asan,
host-clang-asan, fuzz, coverage, lint), else tests whose name contains it. `./k5 test PATH...`
runs scenario files, and folders of them with their test_*.py, anywhere. --quick leaves out
sanitizers, coverage, conformance, fuzzing, static analysis and slow tests.
`./k5 test conformance` prints a table: each test of the kernel from inside, on both
engines and both instruction sets. Exit code: 0 all passed, 1 some failed, 2 could
not run.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from k5 import conformance, host, setup
from k5.console import Progress, coloured, error, paint, progress
from k5.errors import FAILED as EXIT_FAILED
from k5.errors import PASSED as EXIT_PASSED
from k5.errors import K5Error
from k5.scenario.load import find, is_scenario
from k5.testing import scenarios
from k5.testing.case import FAILED, PASSED, SKIPPED, Case, write_junit
from k5.testing.parts import (
    PARTS,
    Note,
    Part,
    conformance_cases,
    of_python_tests,
    python_tests_of,
)

WORKERS = 2
LONGEST_MESSAGE = 60  # lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("filter", nargs="*", default=[], metavar="FILTER",
                        help="a part's name, a piece of tests' names, or scenarios")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="the inner loop: half a minute")
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML")
    parser.add_argument("--json", action="store_true", help="print JSON")


def chosen(filter_: str, quick: bool) -> tuple[list[Part], str]:
    """The parts to run, and the filter for the tests inside them."""
    named = [part for part in PARTS if part.name == filter_]
    if named:
        return named, ""
    parts = [part for part in PARTS if part.quick or not quick]
    if filter_:
        # A test's name says nothing of these two.
        parts = [part for part in parts if part.name not in ("checks", "lint")]
    return parts, filter_


class Reporter:
    """Progress, and failures as soon as their part is done."""

    def __init__(self, shown: Progress, quiet: bool, parts: int) -> None:
        self.shown = shown
        self.quiet = quiet
        self.parts = parts
        self.done = 0
        self.lock = Lock()

    def note(self, text: str) -> None:
        with self.lock:
            self.shown.update(f"{text} ({self.done}/{self.parts} parts done)")

    def finished(self, part: Part, cases: list[Case], seconds: float) -> None:
        with self.lock:
            self.done += 1
            if self.quiet:
                return
            colour = coloured(sys.stdout)
            for case in cases:
                if case.status == FAILED:
                    print(paint("FAILED ", "bold red", colour) + f"{case.suite}: {case.name}")
                    lines = case.message.splitlines()
                    print("\n".join("    " + line for line in lines[-LONGEST_MESSAGE:]))
            count = {s: sum(c.status == s for c in cases) for s in (PASSED, FAILED, SKIPPED)}
            mark = paint("FAILED", "red", colour) if count[FAILED] else paint("ok", "green", colour)
            skipped = f", {count[SKIPPED]} skipped" if count[SKIPPED] else ""
            text = f"{count[PASSED]} passed, {count[FAILED]} failed{skipped}"
            print(f"{part.name:16} {mark}: {text} ({seconds:.1f} s)", flush=True)


def run_parts(parts: list[Part], filter_: str, quick: bool, quiet: bool) -> list[Case]:
    """All parts, two at a time; their cases in the parts' order."""
    with progress("testing") as shown, ThreadPoolExecutor(WORKERS) as pool:
        reporter = Reporter(shown, quiet, len(parts))

        def run(part: Part) -> list[Case]:
            started = time.monotonic()
            reporter.note(part.name)
            try:
                cases = part.run(filter_, quick, reporter.note)
            except (K5Error, OSError) as problem:
                cases = [Case(part.name, "run", FAILED, 0.0, str(problem))]
            reporter.finished(part, cases, time.monotonic() - started)
            return cases

        return [case for cases in pool.map(run, parts) for case in cases]


MARKS = {
    conformance.PASSED: ("pass", "green"),
    conformance.FAILED: ("FAIL", "bold red"),
    conformance.SKIPPED: ("skip", "yellow"),
    conformance.KNOWN: ("known", "yellow"),
    conformance.UNTRUE: ("PASSES", "bold red"),
    conformance.ABSENT: ("-", "dim"),
}


def print_table(table: conformance.Table) -> None:
    """The rows, then what went wrong and how to see it again."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as Grid

    colour = coloured(sys.stdout)
    console = Console(no_color=not colour, width=None if sys.stdout.isatty() else 120)
    grid = Grid("test", *(column.title for column in conformance.COLUMNS), box=box.SIMPLE_HEAD)
    for row in table.rows:
        marks = [MARKS[row.status(column)] for column in conformance.COLUMNS]
        grid.add_row(row.name, *(f"[{style}]{text}[/{style}]" for text, style in marks))
    console.print(grid)
    for row in table.rows:
        for column in conformance.COLUMNS:
            if row.status(column) == conformance.FAILED:
                print(paint("FAILED ", "bold red", colour) + f"{row.name} on {column.title}")
                said = row.verdicts[column].messages[:LONGEST_MESSAGE]
                print("\n".join(f"    {line}" for line in [*said, conformance.command(row, column)]))
    for (name, column), reason in table.reasons.items():
        print(f"known defect: {name} on {column.title}: {reason}")
    for problem in table.problems:
        error(problem)
    counts = [f"{table.count(status)} {status}" for status in MARKS if status != conformance.ABSENT]
    style = "bold green" if table.good else "bold red"
    print(paint(", ".join(counts), style, colour))


def run_conformance(args: argparse.Namespace) -> int:
    """The whole suite, the older systems too."""
    host.library()
    with progress("conformance") as shown:
        table = conformance.run(conformance.suites(), shown.update)
    if args.junit:
        write_junit(args.junit, conformance_cases(table))
    if args.json:
        print(json.dumps(table.json(), indent=1))
    else:
        print_table(table)
    return EXIT_PASSED if table.good else EXIT_FAILED


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 all passed, 1 some failed, 2 could not run."""
    setup.ready("test", install=True, yes=args.yes)
    paths = scenario_paths(args.filter)
    if not paths and len(args.filter) > 1:
        text = " and ".join(f"'{word}'" for word in args.filter)
        raise K5Error(f"one FILTER, or scenarios: {text} are not all files or folders of scenarios")
    word = args.filter[0] if args.filter else ""
    if word == "conformance":
        return run_conformance(args)
    if paths:
        parts, filter_ = [Part("scenarios", True, of_paths(paths))], ""
        own = python_tests_of(paths)
        parts += [of_python_tests(own)] if own else []
    else:
        parts, filter_ = chosen(word, args.quick)
    started = time.monotonic()
    try:
        host.library()  # once, before parts need it at the same time
        cases = run_parts(parts, filter_, args.quick, args.json)
    except K5Error as problem:
        cases = [Case("host", "build", FAILED, 0.0, str(problem))]
        error(str(problem))
    return report(args, cases, started, word)


def scenario_paths(words: list[str]) -> list[Path]:
    """The files and folders of scenarios that the words name; none if they are something else."""
    if len(words) == 1 and words[0] in {part.name for part in PARTS}:
        return []
    paths = [Path(word) for word in words]
    for path in paths:
        if path.suffix == ".toml" and not path.exists():
            raise K5Error(f"{path}: no such file")
        if path.is_file() and not is_scenario(path):
            raise K5Error(f"{path}: no scenario: it has no [scenario]")
        if "/" in str(path) and path.is_dir() and not find(path):
            raise K5Error(f"{path}: there is no scenario in it: no file *.toml has [scenario]")
    good = all(path.is_file() or (path.is_dir() and find(path)) for path in paths)
    return paths if good else []


def of_paths(paths: list[Path]) -> Callable[[str, bool, Note], list[Case]]:
    """What runs these scenarios."""
    return lambda filter_, quick, note: scenarios.run(paths, filter_, note)


def report(args: argparse.Namespace, cases: list[Case], started: float, word: str) -> int:
    """The last line, the files asked for, the exit code."""
    counts = {s: sum(case.status == s for case in cases) for s in (PASSED, FAILED, SKIPPED)}
    if args.junit:
        write_junit(args.junit, cases)
    if not cases:
        raise K5Error(f"no test's name contains '{word}'")
    seconds = time.monotonic() - started
    if args.json:
        result = {**counts, "seconds": round(seconds, 1), "cases": [case.json() for case in cases]}
        print(json.dumps(result, indent=1))
    else:
        skipped = f", {counts[SKIPPED]} skipped" if counts[SKIPPED] else ""
        style = "bold red" if counts[FAILED] else "bold green"
        text = f"{counts[PASSED]} passed, {counts[FAILED]} failed{skipped}"
        print(paint(text, style, coloured(sys.stdout)) + f" in {seconds:.0f} s")
    return EXIT_FAILED if counts[FAILED] else EXIT_PASSED
