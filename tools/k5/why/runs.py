"""Machines with a past: a run of a system, a scenario or a recording, up to some time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from k5 import builder, recording
from k5.console import progress
from k5.engine import DEFAULT_LIMIT_US
from k5.errors import K5Error
from k5.machine import Machine, Stop
from k5.paths import shown
from k5.scenario.load import ScenarioFile, is_scenario

SLICE_TICKS = 20_000_000  # between two signs of life


@dataclass(frozen=True)
class Choice:
    """What the command line says of the run."""

    at_us: int | None = None  # or to its end
    instruction: int | None = None
    board: str | None = None
    seed: int | None = None
    values: tuple[tuple[str, str], ...] = ()  # of a scenario's parameters


@contextmanager
def opened(name: str, choice: Choice) -> Iterator[Machine]:
    """The machine at the time that was chosen, its history behind it."""
    path = builder.find(name)
    if recording.is_recording(path):
        run = _of_recording(path, choice)
    elif is_scenario(path):
        run = _of_scenario(path, choice)
    else:
        run = _of_system(path, choice)
    with run as machine:
        _settle(machine, choice)
        yield machine


def _settle(machine: Machine, choice: Choice) -> None:
    """To the place that was chosen, which must have come."""
    last = machine.span[1]
    if choice.at_us is not None:
        tick = machine.ticks(choice.at_us)
        if tick > last.now:
            raise K5Error(f"--at {choice.at_us / 1e6:g}s: the run ended at {_time(machine)} s")
        machine.goto_tick(tick)
    if choice.instruction is not None:
        if choice.instruction > last.instructions:
            text = f"--instruction {choice.instruction}: the run ended at {last.instructions}"
            raise K5Error(text)
        machine.goto_instruction(choice.instruction)


def _time(machine: Machine) -> str:
    return f"{machine.now_us / 1e6:.6f}"


def _run(machine: Machine, until_tick: int) -> None:
    """Runs there, or as far as it goes."""
    machine.record(0)
    with progress("running") as bar:
        stop = Stop.TIME
        while stop is Stop.TIME and machine.now < until_tick:
            bar.update("running", machine.now, until_tick)
            stop = machine.run(until_tick=min(machine.now + SLICE_TICKS, until_tick))


@contextmanager
def _of_system(path: Path, choice: Choice) -> Iterator[Machine]:
    if choice.values:
        raise K5Error(f"--set is for scenarios; {shown(path)} is a system")
    with Machine(builder.build(path, choice.board), choice.seed or 0) as machine:
        machine.history_start()
        limit = DEFAULT_LIMIT_US if choice.at_us is None else choice.at_us
        _run(machine, machine.ticks(limit))
        if choice.at_us is not None and machine.now < machine.ticks(limit):
            machine.idle_until(machine.ticks(limit))  # it has halted: nothing will happen any more
        yield machine


@contextmanager
def _of_recording(path: Path, choice: Choice) -> Iterator[Machine]:
    if choice.board or choice.seed is not None or choice.values:
        raise K5Error(f"{shown(path)} is a recording: it has its board, seed and all else")
    found = recording.load(path)
    with Machine(found.built(), found.seed) as machine:
        machine.history_start()
        found.play(machine)
        machine.record(0)
        machine.run_to(found.end)
        yield machine


@contextmanager
def _of_scenario(path: Path, choice: Choice) -> Iterator[Machine]:
    from k5.scenario import setups
    from k5.scenario.run import HostedRun
    from k5.scenario.warm import Machines

    file = ScenarioFile(path)
    variants = file.chosen(choice.board, "hosted", choice.seed, dict(choice.values))
    if len(variants) > 1:
        text = f"{shown(path)} stands for {len(variants)} runs, and this is about one"
        raise K5Error(text, "choose it with --board, --seed, --set NAME=VALUE")
    scenario, machines = file.scenario(variants[0]), Machines()
    try:
        built = machines.build(scenario.settings.system, variants[0].board)
        warm = machines.get(built, variants[0].seed)
        warm.machine.history_start()
        start = setups.start(scenario, machines, warm)
        HostedRun(scenario, warm.machine, warm.names, warm.seed, start=start).run()
        yield warm.machine
    finally:
        machines.close()
