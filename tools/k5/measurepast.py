"""The measurements behind `./k5 bench` that are about a run's past."""

from __future__ import annotations

import random
import statistics
import time

from k5 import builder
from k5.machine import FOR_EVER, Machine, Stop
from k5.measure import BENCH

INSTRUCTIONS = 10_000_000
REVERSE_STEPS = 100
ROUNDS, RUN, REPEATS = 2_000, 20, 9  # of snapshots; instructions between two


def _run(machine: Machine, instructions: int) -> None:
    """So many instructions, nothing recorded."""
    machine.record(0)
    while machine.instructions < instructions:
        stop = machine.step(instructions - machine.instructions, until_tick=FOR_EVER)
        assert stop is Stop.POSITION, stop


def reverse_step_s() -> float:
    """The slowest of a hundred steps back, each from somewhere in a run of 10 million
    instructions: call and reply, and nothing but that."""
    choose, times = random.Random(0), []
    with Machine(builder.build(BENCH / "ipc.toml")) as machine:
        machine.history_start()
        _run(machine, INSTRUCTIONS)
        for _ in range(REVERSE_STEPS):
            machine.goto_instruction(choose.randrange(1, INSTRUCTIONS))
            started = time.perf_counter()
            machine.reverse_step()
            times.append(time.perf_counter() - started)
    return max(times)


def _loop(machine: Machine, snapshots: bool) -> float:
    """Seconds of many rounds of two short runs, with or without a snapshot taken and restored."""
    lib, sim = machine._lib, machine._sim
    kept = machine.snapshot().raw
    started = time.perf_counter()
    for _ in range(ROUNDS):
        lib.k5sim_step(sim, RUN, FOR_EVER, 0)
        if snapshots:
            lib.k5sim_snapshot_take(sim, kept)
        lib.k5sim_step(sim, RUN, FOR_EVER, 0)
        if snapshots:
            lib.k5sim_snapshot_restore(sim, kept)
    return time.perf_counter() - started


def snapshot_us() -> float:
    """A snapshot of the demo and the way back, together, each after it has run."""
    times = []
    with Machine.boot("user/demo/demo.toml") as machine:
        machine.record(0)
        machine.run(until_us=9_000)
        here = machine.snapshot()
        for _ in range(REPEATS):
            bare = _loop(machine, False)
            machine.restore(here)
            times.append(_loop(machine, True) - bare)
            machine.restore(here)
    return statistics.median(times) / ROUNDS * 1e6
