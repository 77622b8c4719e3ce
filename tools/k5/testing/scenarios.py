"""Scenarios as test cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from k5.paths import shown
from k5.scenario import pool
from k5.scenario.execute import ERROR, PASSED, Outcome
from k5.scenario.load import ScenarioFile, find
from k5.scenario.model import Variant
from k5.testing import case
from k5.testing.case import Case

SUITE = "scenarios"


def run(paths: Iterable[Path], filter_: str, note: Callable[[str], None]) -> list[Case]:
    """Those at the paths whose names contain the filter."""
    files, bad = pool.load(found for path in paths for found in find(path))

    def wanted(file: ScenarioFile, variant: Variant) -> bool:
        return filter_ in Outcome(shown(file.path), file.label(variant), "").name

    outcomes = [outcome for outcome in bad if filter_ in outcome.name]
    outcomes += pool.run(files, lambda text: note(f"{SUITE}: {text}"), wanted)
    return [_case(outcome) for outcome in outcomes]


def _case(outcome: Outcome) -> Case:
    status = case.PASSED if outcome.status == PASSED else case.FAILED
    text = outcome.report
    if outcome.status == ERROR:
        text = f"it could not run:\n{text}"
    return Case(SUITE, outcome.name, status, outcome.seconds, text)
