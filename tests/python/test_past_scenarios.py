"""The past of every scenario of the tree: whatever it goes back to, it goes on as it was."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from k5 import Machine
from k5.scenario import setups
from k5.scenario.load import ScenarioFile, find
from k5.scenario.run import HostedRun
from k5.scenario.warm import Machines
from k5.snapshots import Position
from k5.stream import Event

PLACES = 4  # that each scenario is taken back to
WINDOW = 20_000  # instructions, of which each event is compared
MARKS = 100  # places at which the uninterrupted run is looked at
LONGEST = 50_000_000  # instructions that are run a second time as a whole
EVERYTHING = (1 << 64) - 1


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    """Warm ones for all."""
    found = Machines()
    yield found
    found.close()


def run_whole(path: Path, machines: Machines) -> tuple[Machine, dict[Position, int]] | None:
    """The scenario's first run, with a history; and hashes of the machine on its way."""
    file = ScenarioFile(path)
    variant = next((v for v in file.variants() if v.engine == "hosted"), None)
    if variant is None:
        return None
    scenario = file.scenario(variant)
    warm = machines.get(machines.build(scenario.settings.system, variant.board), variant.seed)
    start = setups.start(scenario, machines, warm)
    run = HostedRun(scenario, warm.machine, warm.names, warm.seed, start=start)
    run.begin()
    warm.machine.history_start()
    hashes = {warm.machine.position: warm.machine.snapshot().hash}
    while not run.turn():
        if len(hashes) < MARKS:
            hashes[warm.machine.position] = warm.machine.snapshot().hash
    hashes[warm.machine.position] = warm.machine.snapshot().hash
    run.leave()
    return warm.machine, hashes


def window(machine: Machine, count: int) -> tuple[list[Event], Position, int]:
    """All that happens in that many instructions, and what the machine is then."""
    machine.take()
    machine.record(EVERYTHING)
    machine.step(count, until_tick=machine.span[1].now)
    return machine.take(), machine.position, machine.snapshot().hash


@pytest.mark.slow
@pytest.mark.parametrize("path", find(ROOT / "scenarios"), ids=lambda path: path.stem)
def test_going_back_and_on_again_is_the_run_as_it_was(path: Path, machines: Machines) -> None:
    whole = run_whole(path, machines)
    if whole is None:
        pytest.skip("for QEMU alone")
    machine, hashes = whole
    choose = random.Random(path.stem)
    first, last = machine.span
    try:
        for position in choose.sample(sorted(hashes), min(PLACES, len(hashes))):
            machine.record(0)
            machine.goto(position)
            assert (machine.position, machine.snapshot().hash) == (position, hashes[position])
        for _ in range(PLACES):
            machine.record(0)
            most = max(first.instructions, last.instructions - WINDOW)
            machine.goto_instruction(choose.randint(first.instructions, most))
            at = machine.position
            found = window(machine, WINDOW)
            machine.goto(max(first, min(machine.points())))
            machine.goto(at)
            assert window(machine, WINDOW) == found
        if last.instructions - first.instructions < LONGEST:
            machine.record(0)
            machine.goto(first)
            machine.run_to(last)
            assert (machine.position, machine.snapshot().hash) == (last, hashes[last])
    finally:
        machine.history_stop()
