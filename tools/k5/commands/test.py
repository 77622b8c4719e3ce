"""Run the tests: checks of the tree, C tests (plain, and under ASan and UBSan
with gcc and clang), Python tests, end-to-end tests on both engines, coverage of
the kernel (its page: build/coverage/index.html), static analysis.

FILTER picks parts by name (checks, host, python, e2e, host-asan, host-clang-asan,
coverage, lint), else tests whose name contains it. --quick leaves out sanitizers,
coverage, static analysis and slow tests. Exit code: 0 all passed, 1 some failed,
2 could not run.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from k5 import host, setup
from k5.console import Progress, coloured, error, paint, progress
from k5.errors import FAILED as EXIT_FAILED
from k5.errors import PASSED as EXIT_PASSED
from k5.errors import K5Error
from k5.testing.case import FAILED, PASSED, SKIPPED, Case, write_junit
from k5.testing.parts import PARTS, Part

WORKERS = 2
LONGEST_MESSAGE = 60  # lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("filter", nargs="?", default="", metavar="FILTER",
                        help="a part's name, or a piece of tests' names")  # fmt: skip
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


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 all passed, 1 some failed, 2 could not run."""
    setup.ready("test", install=True, yes=args.yes)
    parts, filter_ = chosen(args.filter, args.quick)
    started = time.monotonic()
    try:
        host.library()  # once, before parts need it at the same time
        cases = run_parts(parts, filter_, args.quick, args.json)
    except K5Error as problem:
        cases = [Case("host", "build", FAILED, 0.0, str(problem))]
        error(str(problem))
    counts = {s: sum(case.status == s for case in cases) for s in (PASSED, FAILED, SKIPPED)}
    if args.junit:
        write_junit(args.junit, cases)
    if not cases:
        raise K5Error(f"no test's name contains '{args.filter}'")
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
