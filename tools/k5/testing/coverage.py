"""How much of kernel/ its unit tests run: lines and branches, and a page to look at."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable

from k5 import host
from k5.console import PlainProgress
from k5.errors import K5Error
from k5.paths import BUILD, ROOT, shown
from k5.testing.case import FAILED, PASSED, Case

PRESET = "host-coverage"
OBJECTS = ROOT / "build" / PRESET
PAGE = BUILD / "coverage" / "index.html"
# What must be reached, in percent. Branches include the failing side of every assertion, which
# nothing may reach.
LEAST = {"line": 97.0, "branch": 92.0}
# Random runs say little more here with more steps.
STEPS = "50000"


def run(shown_: PlainProgress, note: Callable[[str], None]) -> list[Case]:
    """One case a figure."""
    host.build(PRESET, None, shown_)
    for old in OBJECTS.rglob("*.gcda"):
        old.unlink()
    note("coverage: running")
    done = subprocess.run(
        ["ctest", "--preset", PRESET, "-L", "unit"], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "K5_RANDOM_STEPS": STEPS}, check=False,
    )  # fmt: skip
    if done.returncode:
        return [Case("coverage", "unit tests", FAILED, 0.0, (done.stdout + done.stderr)[-2000:])]
    return [_case(kind, summary) for summary in [_summary()] for kind in LEAST]


def _summary() -> dict[str, float]:
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    file = PAGE.with_name("summary.json")
    command = ["gcovr", "--root", str(ROOT), "--filter", "kernel/", "--json-summary", str(file)]
    command += ["--html-details", str(PAGE), "--object-directory", str(OBJECTS), str(OBJECTS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise K5Error(f"gcovr failed:\n{done.stderr.strip()}")
    summary: dict[str, float] = json.loads(file.read_text())
    return summary


def _case(kind: str, summary: dict[str, float]) -> Case:
    percent, least = summary[f"{kind}_percent"], LEAST[kind]
    name = f"{kind} coverage of kernel/ at least {least:g} % (now {percent:g})"
    status = PASSED if percent >= least else FAILED
    return Case("coverage", name, status, 0.0, f"{percent:g} %, see {shown(PAGE)}")
