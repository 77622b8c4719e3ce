"""What a scenario comes after: another scenario, run once a process, whose end is kept.

The snapshot of that end is the beginning of each run that comes after it.
"""

from __future__ import annotations

from pathlib import Path

from k5.errors import K5Error
from k5.paths import shown
from k5.scenario.load import ScenarioFile, chain
from k5.scenario.model import Scenario
from k5.scenario.report import Reporter
from k5.scenario.run import HostedRun
from k5.scenario.warm import Machines, Warm
from k5.snapshots import Snapshot


def start(scenario: Scenario, machines: Machines, warm: Warm) -> Snapshot | None:
    """Where the scenario's run begins in its machine; None: with the boot."""
    path = scenario.settings.after
    if path is None:
        return None
    key = (str(path.resolve()), scenario.variant.seed)
    if key not in warm.setups:
        try:
            warm.setups[key] = _run(path, scenario, machines, warm)
        except K5Error as problem:
            place = scenario.place(("scenario", "after"))
            raise K5Error(f"{place}: {problem.messages[0]}", *problem.messages[1:]) from None
    return warm.setups[key]


def host_limit_s(scenario: Scenario) -> float:
    """What the scenario, and all that it comes after, may take of the host's time."""
    total = scenario.settings.host_limit
    for path in chain(scenario.file.path)[1:]:
        file = ScenarioFile(path)
        total += file.scenario(file.variants()[0]).settings.host_limit
    return total / 1e9


def _run(path: Path, scenario: Scenario, machines: Machines, warm: Warm) -> Snapshot:
    """The end of the set-up, which must pass."""
    file, variant = ScenarioFile(path), scenario.variant
    board = variant.board if variant.board in file.boards or not file.boards else None
    variants = file.chosen(board, "hosted", variant.seed, {})
    if len(variants) != 1:
        raise K5Error(f"{shown(path)} stands for {len(variants)} runs; a set-up must be one")
    setup = file.scenario(variants[0])
    built = machines.build(setup.settings.system, variants[0].board)
    if built.folder != warm.machine.built.folder:
        other = warm.machine.built
        text = f"{shown(path)} is of {built.name} on {built.board}, not of {other.name} on {other.board}"
        raise K5Error(text)
    before = start(setup, machines, warm)
    ran = HostedRun(setup, warm.machine, warm.names, warm.seed, start=before).run(keep=True)
    if ran.failures:
        assert ran.judge
        report = Reporter(setup, ran.judge).text(ran.failures)
        raise K5Error(f"{shown(path)}, which it comes after, failed:", report)
    assert ran.snapshot
    return ran.snapshot
