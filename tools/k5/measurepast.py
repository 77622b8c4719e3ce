"""The measurements behind `./k5 bench` that are about a run's past."""

from __future__ import annotations

import random
import time

from k5 import builder
from k5.machine import FOR_EVER, Machine, Stop
from k5.measure import BENCH

INSTRUCTIONS = 10_000_000
REVERSE_STEPS = 100


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
