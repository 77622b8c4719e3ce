"""Anything from the outside, at any tick, against running systems: it repeats itself byte for byte.

K5_SEED chooses another run; a failure prints how to repeat it.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from k5.errors import K5Error
from k5.machine import Machine, Stop
from k5.outside import RESETS, SERIAL_ERRORS
from k5.stream import Event

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "user" / "demo" / "demo.toml"
INTERRUPT = ROOT / "user" / "conformance" / "suite_interrupt.toml"
SEED = int(os.environ.get("K5_SEED", "1"), 0)
STEPS = 250
SYSTEMS = [(DEMO, "mps2-an505"), (DEMO, "virt-rv32"), (DEMO, "stm32l5"), (INTERRUPT, "mps2-an505")]


class Outside:
    """What may happen to a machine, by chance."""

    def __init__(self, machine: Machine, seed: int) -> None:
        self.machine = machine
        self.chance = random.Random(seed)
        self.pins = [pin["name"] for pin in machine.periphery.pins]
        self.serials = machine.serials()
        self.devices = [entry["name"] for entry in machine.devices]
        self.tasks = [entry["name"] for entry in machine.built.meta["tasks"]]
        self.values = [(name, value) for name in self.devices for value in machine.values(name)]
        self.done: dict[str, int] = {}

    def act(self) -> None:
        """One thing, at this tick."""
        ways = [self.force, self.send, self.damage, self.speed, self.drive, self.set, self.peek]
        rare = [self.kill, self.reset]
        way = self.chance.choice(rare if self.chance.random() < 0.05 else ways)
        self.done[way.__name__] = self.done.get(way.__name__, 0) + 1
        way()

    def force(self) -> None:
        self.machine.force_line(self.chance.randrange(128), self.chance.random() < 0.3)

    def send(self) -> None:
        data = self.chance.randbytes(self.chance.randrange(1, 6))
        if self.serials:
            self.machine.send(self.chance.choice(self.serials), data)

    def damage(self) -> None:
        errors = self.chance.sample(sorted(SERIAL_ERRORS), 2)
        if self.serials:
            self.machine.serial_damage(self.chance.choice(self.serials), *errors)

    def speed(self) -> None:
        baud = self.chance.choice((0, 9600, 115_200, 1_000_000))
        if self.serials:
            self.machine.serial_speed(self.chance.choice(self.serials), baud)

    def drive(self) -> None:
        level = self.chance.choice((True, False, None))
        if self.pins:
            self.machine.drive(self.chance.choice(self.pins), level)

    def set(self) -> None:
        value = self.chance.randrange(-50_000, 50_000)
        if self.values:
            self.machine.set_value(*self.chance.choice(self.values), value)

    def peek(self) -> None:
        """Looks change nothing."""
        for name in self.devices:
            try:
                self.machine.peek(name, 4 * self.chance.randrange(16))
            except K5Error as problem:
                assert "has no register at" in str(problem)

    def kill(self) -> None:
        try:
            self.machine.kill(self.chance.choice(self.tasks), self.chance.randrange(1000))
        except K5Error as problem:
            assert "does not run" in str(problem)

    def reset(self) -> None:
        self.machine.reset(self.chance.choice(sorted(RESETS)))


def run(system: Path, board: str, seed: int, pieces: int = 1) -> tuple[list[Event], dict[str, int]]:
    """All that happens in a random run, its time let pass in so many pieces."""
    with Machine.boot(system, board, kernel_events=True, device_events=True) as machine:
        outside = Outside(machine, seed)
        taken: list[Event] = []
        for _ in range(STEPS):
            end = machine.now + outside.chance.choice((0, 1, 2, 17, 300, 5000))
            for piece in range(pieces):
                until = machine.now + (end - machine.now) // (pieces - piece)
                stop = machine.run(until_tick=until)
                assert stop in (Stop.TIME, Stop.HALT)
                if stop is Stop.HALT:
                    break
            if machine.now < end:
                machine.idle_until(end)
            outside.act()
            assert machine.invariants() is None
            taken += machine.take()
        return taken, outside.done


@pytest.mark.parametrize(("system", "board"), SYSTEMS)
def test_random_outside_repeats_itself(system: Path, board: str) -> None:
    again = f"K5_SEED={SEED} repeats it"
    first, done = run(system, board, SEED)
    assert done["kill"] and done["reset"] and done["force"], again
    assert len(first) > 200, again
    assert [event.time for event in first] == sorted(event.time for event in first), again
    assert run(system, board, SEED)[0] == first, again
    assert run(system, board, SEED, pieces=3)[0] == first, f"in pieces; {again}"
    assert run(system, board, SEED + 1)[0] != first, again
