"""Runs a variant of a scenario file and says how it went."""

from __future__ import annotations

import shlex
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from k5 import image
from k5.builder import Built
from k5.decode import Decoder
from k5.errors import K5Error
from k5.paths import shown
from k5.scenario import setups
from k5.scenario.load import ScenarioFile
from k5.scenario.model import Scenario, Variant
from k5.scenario.names import Names
from k5.scenario.parameters import spelled_plain
from k5.scenario.report import Reporter
from k5.scenario.run import HostedRun, QemuRun, Ran, Seen, wants_trace_image
from k5.scenario.warm import Machines

PASSED, FAILED, ERROR = "passed", "failed", "error"


@dataclass(frozen=True)
class Outcome:
    """How a variant went."""

    file: str
    label: str  # what tells the variant from the file's others
    status: str  # passed, failed, error (it could not run)
    seconds: float = 0.0
    end: str = ""
    virtual_s: float = 0.0
    instructions: int | None = None
    report: str = ""
    command: str = ""  # repeats it

    @property
    def name(self) -> str:
        """For people, and JUnit."""
        return f"{self.file} [{self.label}]" if self.label else self.file

    def json(self) -> dict[str, Any]:
        return asdict(self)


def command(file: ScenarioFile, variant: Variant) -> str:
    """What repeats the run."""
    words = ["./k5", "run", shown(file.path)]
    if len(file.boards) > 1 or (variant.board and [variant.board] != file.boards):
        words += ["--board", str(variant.board)]
    if [variant.engine] != file.engines:
        words += ["--engine", variant.engine]
    if [variant.seed] != file.seeds:
        words += ["--seed", str(variant.seed)]
    for name, value in variant.parameters:
        if file.parameters[name] != [value]:
            words += ["--set", f"{name}={spelled_plain(value)}"]
    return shlex.join(words)


def build(scenario: Scenario, machines: Machines, kernel_events: bool = False) -> Built:
    """The scenario's system, and its image where QEMU is to run it."""
    built = machines.build(scenario.settings.system, scenario.variant.board)
    if scenario.variant.engine == "qemu":
        trace = kernel_events or wants_trace_image(scenario)
        image.build(built, "trace" if trace else "release")
    return built


def execute(
    file: ScenarioFile,
    variant: Variant,
    machines: Machines,
    seen: Seen | None = None,
    more_kinds: int = 0,
) -> Outcome:
    """Runs it; K5Error where it could not."""
    scenario = file.scenario(variant)
    built = build(scenario, machines, bool(more_kinds))
    started = time.perf_counter()
    ran = _run(scenario, built, machines, seen, more_kinds)
    seconds = time.perf_counter() - started
    report = ""
    repeat = command(file, variant)
    if ran.failures:
        assert ran.judge
        report = Reporter(scenario, ran.judge).text(ran.failures)
        report += f"\nrepeat: {repeat}"
    return Outcome(
        shown(file.path),
        file.label(variant),
        FAILED if ran.failures else PASSED,
        seconds,
        ran.end,
        ran.tick / float(built.meta["tick_hz"]),
        ran.instructions,
        report,
        repeat,
    )


def _run(
    scenario: Scenario, built: Built, machines: Machines, seen: Seen | None, more: int
) -> Ran:
    if scenario.variant.engine == "qemu":
        names = Names(built, Decoder(built), None)
        return QemuRun(scenario, built, names, seen, bool(more)).run()
    warm = machines.get(built, scenario.variant.seed)
    try:
        start = setups.start(scenario, machines, warm)
        return HostedRun(scenario, warm.machine, warm.names, warm.seed, seen, more, start).run()
    except K5Error as problem:
        if any(message.startswith("simulator:") for message in problem.messages):
            machines.drop(warm)  # it may be in any state
        raise


def guarded(file: Path, run: Any) -> Outcome:
    """`run`'s outcome; where it could not run, that is one, too."""
    started = time.perf_counter()
    try:
        outcome: Outcome = run()
        return outcome
    except K5Error as problem:
        seconds = time.perf_counter() - started
        return Outcome(shown(file), "", ERROR, seconds, report="\n".join(problem.messages))
