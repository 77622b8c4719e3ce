"""Breakpoints and watchpoints from Python: where they stop, and that nothing else shows."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from k5 import Machine, builder
from k5.errors import K5Error
from k5.machine import ALL_KINDS, BOARD_KINDS, DEVICE_KINDS, Stop
from k5.stream import Event

KINDS = ALL_KINDS | DEVICE_KINDS | BOARD_KINDS
SYSTEMS = (("demo", None), ("demo", "virt-rv32"), ("blinky", None), ("logger", None))
LENGTH_US = 30_000
BREAKS, INSTRUCTIONS = 4, 10  # of each task: functions, and places that may be none
MOST_STOPS = 2000


@pytest.fixture
def machine() -> Iterator[Machine]:
    with Machine.boot("demo") as made:
        yield made


def test_a_breakpoint_stops_and_the_next_run_goes_on(machine: Machine) -> None:
    place = machine.address("bar", "main") & ~1
    machine.break_set(place, "bar")
    assert machine.run() is Stop.BREAK
    assert (machine.hit.thread, machine.hit.pc, machine.current) == (1, place, 1)
    assert machine.registers(1)[15] == place
    assert machine.run() is Stop.HALT
    machine.break_clear(place, "bar")
    with pytest.raises(K5Error, match="no breakpoint"):
        machine.break_clear(place, "bar")


def test_a_watchpoint_tells_who_wrote_what(machine: Machine) -> None:
    place = machine.address("foo", "work_done")
    machine.watch_set(place, 4, "write", "foo")
    values = []
    for _ in range(3):
        assert machine.run() is Stop.WATCH
        assert (machine.hit.thread, machine.hit.access, machine.hit.address) == (0, "write", place)
        values.append(machine.hit.value)
    assert values[1:] == [1, 2] or values == [0, 1, 2]
    machine.watch_clear(place, 4, "write", "foo")


def test_faults_stop_before_they_are_delivered(machine: Machine) -> None:
    machine.break_faults()
    assert machine.run() is Stop.BREAK
    fault = machine.hit.fault
    assert fault and machine.decoder.line(fault).task == "rogue"
    machine.take()
    assert machine.run(stop_kinds=1 << fault.kind) is Stop.EVENT
    assert fault in machine.take()


def test_what_cannot_be_watched(machine: Machine) -> None:
    with pytest.raises(K5Error, match="'looks' is no kind of access"):
        machine.watch_set(0, 4, "looks")
    with pytest.raises(K5Error, match="no task 'bra'"):
        machine.break_set(0x208000, "bra")
    with pytest.raises(K5Error, match="is odd"):
        machine.break_set(0x208001)
    with pytest.raises(K5Error, match="is in no memory"):
        machine.break_set(0x10)
    with pytest.raises(K5Error, match="there is no register 17"):
        machine.set_register(0, 17, 0)


# ---- nothing else shows


def _mark(machine: Machine, chance: random.Random) -> None:
    """Breakpoints in each task, and watchpoints in each of its regions."""
    for task in machine.built.meta["tasks"]:
        elf = machine.decoder.elf(task["name"])
        assert elf
        functions = sorted({s.value & ~1 for s in elf.symbols if s.kind == 2})
        text = task["regions"][0]
        places = chance.sample(functions, min(len(functions), BREAKS))
        places += [text["base"] + 2 * chance.randrange(text["bytes"] // 2)
                   for _ in range(INSTRUCTIONS)]  # fmt: skip
        for place in places:
            machine.break_set(place)
        for region in task["regions"]:
            start = region["base"] + chance.randrange(region["bytes"] - 16)
            machine.watch_set(start, 16, chance.choice(("read", "write", "access")))


def _left(machine: Machine) -> tuple[list[Event], int, object]:
    return machine.take(), machine.snapshot().hash, machine.position


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("name", "board"), SYSTEMS)
def test_a_run_with_marks_is_the_run_without(name: str, board: str | None, seed: int) -> None:
    built, chance = builder.build(builder.find(name), board), random.Random(seed)
    with Machine(built, kinds=KINDS) as plain:
        plain.run(until_us=LENGTH_US)
        expected = _left(plain)
    with Machine(built, kinds=KINDS) as machine:
        _mark(machine, chance)
        machine.break_faults(seed == 0)
        end, stops, stop = machine.ticks(LENGTH_US), 0, Stop.BREAK
        while stop in (Stop.BREAK, Stop.WATCH, Stop.POSITION) and stops < MOST_STOPS:
            if chance.random() < 0.3:
                stop = machine.step(chance.randrange(1, 50), until_tick=end)
            else:
                stop = machine.run(until_tick=end)
            stops += 1
        while stop in (Stop.BREAK, Stop.WATCH, Stop.POSITION):  # enough: the rest in large steps
            stop = machine.step(100_000, until_tick=end)
        assert _left(machine) == expected
        assert stops > 5
