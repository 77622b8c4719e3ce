"""Whatever is forced, and wherever: what is offered is taken, and the kernel's invariants hold."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from conftest import ROOT
from k5.errors import K5Error
from k5.forcing import LATE, LINE, PREEMPT, TIMER, Force, Wanted
from k5.machine import Machine, Stop

FOR_EVER = (1 << 64) - 1
ROUNDS = 1500
# What comes in each of them, on two boards: one an instruction set.
SYSTEMS = [
    ("user/demo/demo.toml", "mps2-an505", {TIMER}),
    ("user/demo/demo.toml", "virt-rv32", {TIMER}),
    ("user/abuse/chaos.toml", "mps2-an505", {TIMER, PREEMPT}),
    ("user/abuse/chaos.toml", "virt-rv32", {TIMER, PREEMPT}),
    ("user/examples/blinky/blinky.toml", "stm32l5", {LINE}),
    ("user/examples/blinky/blinky.toml", "fe310", {LINE}),
]


def at(machine: Machine) -> tuple[int, int, bytes]:
    return machine.now, machine.instructions, machine.kernel_state()


@pytest.mark.parametrize(("path", "board", "expected"), SYSTEMS)
def test_anything_anywhere(path: str, board: str, expected: set[int]) -> None:
    source = random.Random(f"{path} {board}")
    came: Counter[int] = Counter()
    with Machine.boot(ROOT / path, board, seed=1) as machine:
        lines = [int(i["line"]) for i in machine.built.meta["interrupts"]][:8]
        wanted = Wanted(machine, True, FOR_EVER, lines)
        for _ in range(ROUNDS):
            stop = machine.step(source.randrange(200), until_tick=FOR_EVER)
            if stop is not Stop.POSITION:
                assert stop is Stop.HALT
                machine.reboot(1)
                continue
            forces = machine.forces(wanted)
            if not forces:
                continue
            force = source.choice(forces)
            now, instructions, _ = at(machine)
            machine.force(force)
            assert (machine.now, machine.instructions) == (now, instructions)
            assert machine.invariants() is None
            came[force.kind] += 1
    assert expected <= came.keys()


@pytest.mark.parametrize("board", ["mps2-an505", "virt-rv32"])
def test_what_is_refused_changes_nothing(board: str) -> None:
    source = random.Random(board)
    with Machine.boot(ROOT / "user" / "abuse" / "chaos.toml", board, seed=2) as machine:
        threads = len(machine.built.meta["threads"])
        refused = 0
        for _ in range(ROUNDS):
            assert machine.step(source.randrange(100)) is Stop.POSITION
            before = at(machine)
            kind = source.choice([0, PREEMPT, TIMER, LINE, LATE, 77])
            where = source.choice([source.randrange(threads), 255, 1 << 31, (1 << 32) - 1])
            try:
                machine.force(Force(kind, where))
            except K5Error as problem:
                assert problem.messages[0].startswith("simulator: ")
                assert at(machine) == before
                refused += 1
        assert refused > ROUNDS // 4
