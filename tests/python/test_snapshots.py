"""Snapshots: whoever goes back is where it was, and does again what it did."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from k5.errors import K5Error
from k5.machine import Machine, Stop
from k5.paths import ROOT

SYSTEMS = [
    ("user/demo/demo.toml", "mps2-an505", 35_000),
    ("user/demo/demo.toml", "stm32l5", 20_000),
    ("user/demo/demo.toml", "virt-rv32", 35_000),
    ("user/examples/blinky/blinky.toml", None, 60_000),
    ("user/examples/logger/logger.toml", None, 20_000),  # device memory, I2C
    ("user/examples/picture/picture.toml", None, 60_000),  # loans, a display
    ("user/examples/shell/shell.toml", None, 60_000),
    ("user/examples/watchdog/watchdog.toml", None, 60_000),  # resets
    ("user/conformance/suite_fpu.toml", None, 3_000_000),
    ("user/conformance/suite_memory.toml", None, 20_000),
    ("user/conformance/suite_task.toml", None, 20_000),
]


@contextmanager
def booted(system: str, board: str | None = None) -> Iterator[Machine]:
    with Machine.boot(ROOT / system, board, kernel_events=True, device_events=True) as machine:
        yield machine


@pytest.mark.parametrize(("system", "board", "until_us"), SYSTEMS)
def test_going_back_changes_nothing(system: str, board: str | None, until_us: int) -> None:
    chance = random.Random(f"{system} {board}")
    with booted(system, board) as machine:
        start = machine.snapshot()
        machine.run(until_us=until_us)
        events, end, state = list(machine.history), machine.position, machine.snapshot().hash

        for _ in range(6):
            machine.restore(start)
            stop = machine.step(chance.randrange(end.instructions))
            there = machine.snapshot()
            assert stop is Stop.POSITION
            machine.run(until_us=chance.uniform(0, until_us))  # some other time
            machine.restore(there)
            assert machine.position == there.position
            assert machine.snapshot().difference(there) is None
            machine.run(until_us=until_us)
            assert (machine.history, machine.position) == (events, end)
            assert machine.snapshot().hash == state

            machine.restore(start)
            assert machine.run_to(there.position) is Stop.POSITION
            assert machine.position == there.position
            assert machine.snapshot().difference(there) is None


def test_a_step_is_one_instruction() -> None:
    with booted("user/demo/demo.toml") as machine:
        for count in range(1, 300):
            machine.step()
            assert machine.position.instructions >= count
        assert machine.position.instructions < 300 + 3 * 300  # an IT block is one step
        assert machine.step(1000, until_tick=machine.now + 10) is Stop.TIME


@pytest.mark.parametrize("system", ["user/demo/demo.toml", "user/conformance/suite_fpu.toml"])
def test_another_machine_of_the_same_build_goes_on_from_bytes(system: str) -> None:
    with booted(system) as machine, booted(system) as other:
        machine.run(until_us=9_000)
        there = machine.snapshot()
        data = there.packed()
        seen = len(machine.history)
        machine.run(until_us=30_000)

        again = other.unpack(data)
        assert again.hash == there.hash
        other.restore(again)
        assert other.position == there.position
        other.run(until_us=30_000)
        assert other.history == machine.history[seen:]
        assert other.snapshot().hash == machine.snapshot().hash


def test_bytes_that_are_no_snapshot_are_refused() -> None:
    with booted("user/demo/demo.toml") as machine:
        machine.run(until_us=1_000)
        data = machine.snapshot().packed()
        before = machine.snapshot()
        chance = random.Random(1)
        cut = [data[:length] for length in (0, 1, 23, 24, len(data) // 2, len(data) - 1)]
        for bad in [*cut, data + b"\0", bytes(len(data)), b"x" + data[1:]]:
            with pytest.raises(K5Error, match="no snapshot of such a machine"):
                machine.unpack(bad)
        for _ in range(200):  # edited headers: refused or not, nothing breaks
            at = chance.randrange(24)
            edited = data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
            with pytest.raises(K5Error, match="no snapshot of such a machine"):
                machine.unpack(edited)
        assert machine.snapshot().difference(before) is None


def test_a_difference_has_a_name() -> None:
    with booted("user/demo/demo.toml") as machine:
        machine.run(until_us=1_000)
        before = machine.snapshot()
        address = machine.address("foo", "work_done")
        machine.write("foo", address, b"\x55")
        assert machine.snapshot().difference(before) == f"memory 0x{address:08x}"
        assert before.read(address, 1) != b"\x55"
        assert machine.snapshot().hash != before.hash
        machine.restore(before)
        machine.step()
        assert str(machine.snapshot().difference(before)).startswith("register")
        machine.restore(before)
        machine.send(machine.serials()[0], b"x")
        assert "serial line" in str(machine.snapshot().difference(before)) or "timers" in str(
            machine.snapshot().difference(before)
        )


def test_flash_that_was_written_comes_back() -> None:
    with booted("user/demo/demo.toml") as machine:
        machine.run(until_us=1_000)
        address = machine.address("foo", "main") & ~1
        code = machine.read("foo", address, 8)
        before = machine.snapshot()
        machine.write("foo", address, b"\0" * 8)
        machine.restore(before)
        assert machine.read("foo", address, 8) == code
        machine.run(until_us=40_000)
        assert any("all answers were right" in line.text for line in machine.lines())


def test_another_machines_snapshot_is_refused() -> None:
    with booted("user/demo/demo.toml") as machine, booted("user/demo/demo.toml") as other:
        with pytest.raises(K5Error, match="another machine's"):
            machine.restore(other.snapshot())
