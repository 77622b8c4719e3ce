"""Runs many variants on all cores, in processes that stay warm.

Systems are built here first, once each. A process takes the next job of the system that
it ran last, if there is one. One that dies, or hangs, fails its job alone.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from k5 import native
from k5.errors import K5Error
from k5.paths import ROOT, shown
from k5.scenario import execute, setups
from k5.scenario.execute import ERROR, Outcome
from k5.scenario.load import ScenarioFile
from k5.scenario.model import Scenario, Variant
from k5.scenario.warm import Machines

GRACE_S = 10.0  # beyond a scenario's own limit, which its process sees to
Note = Callable[[str], None]
Wanted = Callable[[ScenarioFile, Variant], bool]


@dataclass(frozen=True)
class Job:
    """A variant that can run: its system is built."""

    number: int
    file: ScenarioFile
    variant: Variant
    system: str  # jobs of the same one are best run by the same process
    limit_s: float

    def line(self) -> bytes:
        v = self.variant
        job = {"file": str(self.file.path), "board": v.board, "engine": v.engine, "seed": v.seed,
               "parameters": v.parameters}  # fmt: skip
        return json.dumps(job).encode() + b"\n"

    def error(self, text: str) -> Outcome:
        """Its outcome where it could not run."""
        return Outcome(shown(self.file.path), self.file.label(self.variant), ERROR, report=text,
                       command=execute.command(self.file, self.variant))  # fmt: skip


class _Worker:
    """A process, and the job that it has."""

    def __init__(self) -> None:
        tools = str(ROOT / "tools")
        path = os.pathsep.join(filter(None, [tools, os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "k5.scenario.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
        assert self.process.stdin and self.process.stdout
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        os.set_blocking(self.stdout.fileno(), False)
        self.pending = b""
        self.job: Job | None = None
        self.system = ""
        self.until = 0.0

    def give(self, job: Job) -> None:
        self.job, self.system = job, job.system
        self.until = time.monotonic() + job.limit_s + GRACE_S
        try:
            self.stdin.write(job.line())
            self.stdin.flush()
        except BrokenPipeError:
            pass  # it has died; reading says so

    def answer(self) -> Outcome | None:
        """What it has to say, if that is complete; K5Error if it is gone."""
        try:
            data = os.read(self.stdout.fileno(), 1 << 20)
        except BlockingIOError:
            return None
        if not data:
            code = self.process.wait()
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise K5Error(f"the process that ran it ended with {how}")
        self.pending += data
        line, end, rest = self.pending.partition(b"\n")
        if not end:
            return None
        self.pending = rest
        return Outcome(**json.loads(line))

    def close(self) -> None:
        """Ends it, whatever it does."""
        self.process.kill()
        self.process.wait()
        self.stdin.close()
        self.stdout.close()


def jobs(files: Iterable[ScenarioFile], note: Note, wanted: Wanted) -> Iterator[Job | Outcome]:
    """The wanted variants, with their systems built; outcomes of those that cannot run."""
    number = 0
    machines = Machines()
    for file in files:
        variants = [variant for variant in file.variants() if wanted(file, variant)]
        if not variants:
            continue
        try:
            file.check()
        except K5Error as problem:
            yield Outcome(shown(file.path), "", ERROR, report="\n".join(problem.messages))
            continue
        scenarios: dict[object, Scenario] = {}
        for variant in variants:
            note(f"building for {shown(file.path)}")
            # Seeds do not change the scenario.
            key = replace(variant, seed=0)
            yield _job(number, file, variant, scenarios, key, machines)
            number += 1


def _job(
    number: int,
    file: ScenarioFile,
    variant: Variant,
    scenarios: dict[object, Scenario],
    key: object,
    machines: Machines,
) -> Job | Outcome:
    job = Job(number, file, variant, "", 0.0)
    try:
        if key not in scenarios:
            scenarios[key] = file.scenario(variant)
            execute.build(scenarios[key], machines)
    except K5Error as problem:
        return job.error("\n".join(problem.messages))
    scenario = scenarios[key]
    system = f"{scenario.settings.system} {variant.board}"
    return replace(job, system=system, limit_s=setups.host_limit_s(scenario))


def run(
    files: Iterable[ScenarioFile],
    note: Note,
    wanted: Wanted = lambda file, variant: True,
    processes: int | None = None,
) -> list[Outcome]:
    """The wanted variants of the files, in their order."""
    native.load()  # current before processes want it at the same time
    found = list(jobs(files, note, wanted))
    waiting = [job for job in found if isinstance(job, Job)]
    outcomes: dict[int, Outcome] = {}
    if waiting:
        count = min(processes or os.cpu_count() or 2, len(waiting))
        for job, outcome in _run(waiting, count):
            outcomes[job.number] = outcome
            note(f"{len(outcomes)} of {len(waiting)} scenarios")
    return [outcomes[job.number] if isinstance(job, Job) else job for job in found]


def _run(waiting: list[Job], count: int) -> Iterator[tuple[Job, Outcome]]:
    """The jobs and their outcomes, as they come."""
    left = list(waiting)
    workers: list[_Worker] = []
    selector = selectors.DefaultSelector()

    def start() -> None:
        worker = _Worker()
        workers.append(worker)
        selector.register(worker.stdout, selectors.EVENT_READ, worker)
        worker.give(_next(left, worker.system))

    def stop(worker: _Worker) -> None:
        workers.remove(worker)
        selector.unregister(worker.stdout)
        worker.close()

    try:
        for _ in range(count):
            start()
        while workers:
            ready = {key.data for key, _ in selector.select(timeout=1.0)}
            for worker in list(workers):
                assert worker.job
                job, outcome = worker.job, _heard(worker, worker in ready)
                if outcome is None:
                    continue
                yield job, outcome
                dead = worker.process.poll() is not None
                if dead or not left:
                    stop(worker)
                    if left:
                        start()
                else:
                    worker.give(_next(left, worker.system))
    finally:
        for worker in list(workers):
            stop(worker)
        selector.close()


def _heard(worker: _Worker, ready: bool) -> Outcome | None:
    """Its job's outcome, if it is over in some way."""
    assert worker.job
    try:
        outcome = worker.answer() if ready else None
    except K5Error as problem:
        return worker.job.error(str(problem))
    if outcome is None and time.monotonic() > worker.until:
        worker.process.kill()
        worker.process.wait()
        return worker.job.error(f"it hung: stopped after {worker.job.limit_s + GRACE_S:g} s")
    if outcome is not None and outcome.status == ERROR:
        # A worker does not know which of the file's variants it was given.
        return worker.job.error(outcome.report)
    return outcome


def _next(left: list[Job], system: str) -> Job:
    """Takes a job: of the same system, if there is one."""
    for index, job in enumerate(left):
        if job.system == system:
            return left.pop(index)
    return left.pop(0)


def load(paths: Iterable[Path]) -> tuple[list[ScenarioFile], list[Outcome]]:
    """The files, and the outcomes of those that cannot be read."""
    files, bad = [], []
    for path in paths:
        try:
            files.append(ScenarioFile(path))
        except K5Error as problem:
            bad.append(Outcome(shown(path), "", ERROR, report="\n".join(problem.messages)))
    return files, bad
