"""The past of a machine, in Python: going there, coming back, what was given."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from conftest import ROOT
from k5 import Machine
from k5.errors import K5Error
from k5.journal import Entry
from k5.machine import Stop
from k5.snapshots import Position

BOARDS = ("mps2-an505", pytest.param("virt-rv32", marks=pytest.mark.slow))


@pytest.fixture(params=BOARDS)
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """The demo, 20 ms of it behind it."""
    with Machine.boot("demo", request.param, kernel_events=True) as found:
        found.history_start(10_000)
        found.run(until_us=20_000)
        yield found


def test_examples_of_the_page_run() -> None:
    text = (ROOT / "docs" / "past.md").read_text()
    first = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]
    done = subprocess.run(
        [sys.executable, "-c", first], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tools")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_places_are_gone_to_by_position_tick_time_and_instruction(machine: Machine) -> None:
    first, last = machine.span
    assert (first.now, last) == (0, machine.position)
    machine.goto_us(10_000)
    assert machine.now_us == pytest.approx(10_000, abs=1)
    middle = machine.position
    machine.goto(first)
    assert machine.position == first
    machine.goto_tick(middle.now)
    assert machine.position == middle
    machine.goto_instruction(12_345)
    assert 12_341 <= machine.instructions <= 12_345
    machine.goto(last)
    assert machine.position == last
    assert first in machine.points() and len(machine.points()) > 10


def test_steps_back_undo_steps(machine: Machine) -> None:
    machine.goto_us(7_000)
    hashes = []
    for _ in range(50):
        hashes.append((machine.instructions, machine.snapshot().hash))
        assert machine.step() is Stop.POSITION
    for instructions, hash_ in reversed(hashes):
        machine.reverse_step()
        if machine.instructions == instructions:  # in an IT block it goes back to its beginning
            assert machine.snapshot().hash == hash_
    machine.goto_instruction(hashes[0][0])
    machine.reverse_step(10**9)
    assert machine.instructions == 0


def test_future_repeats_itself_until_the_outside_does_something_else(machine: Machine) -> None:
    end = machine.snapshot().hash
    machine.goto_us(5_000)
    machine.run(until_us=20_000)
    assert machine.snapshot().hash == end
    machine.goto_us(5_000)
    machine.kill("bar")
    assert machine.span[1] > machine.points()[-1]
    assert [entry.what for entry in machine.journal()] == ["kill"]
    machine.run(until_us=20_000)
    assert machine.snapshot().hash != end


def test_excursion_ends_where_it_began(machine: Machine) -> None:
    before = machine.position, machine.events(), machine.recorded, machine.snapshot().hash
    with machine.excursion():
        machine.goto_us(3_000)
        assert machine.events() == []
        machine.record(0)
    assert before == (
        machine.position, machine.events(), machine.recorded, machine.snapshot().hash
    )  # fmt: skip
    with pytest.raises(ZeroDivisionError), machine.excursion():
        machine.goto_us(1_000)
        raise ZeroDivisionError
    assert machine.position == before[0]


def test_journal_says_what_came_by_the_board_s_names() -> None:
    with Machine.boot("shell") as machine:
        machine.history_start()
        button = next(iter(machine.periphery.buttons))
        machine.run(until_us=1_000)
        machine.press(button)
        machine.send("usart1", b"x" * 100)
        machine.serial_speed("usart1", 9600)
        machine.serial_damage("usart1", "parity")
        machine.force_line(61, True)
        machine.write("shell", machine.built.meta["memory"]["ram"]["base"] + 0x4000, b"\1\2\3")
        machine.kill("worker", 0xFFFF_FFFF)
        machine.reset("pin")
        found = machine.journal()
        assert [(e.what, e.name, e.value, len(e.data)) for e in found] == [
            ("pin", machine.periphery.buttons[button]["pin"], found[0].value, 0),
            ("serial", "usart1", 0, 64),
            ("serial", "usart1", 0, 36),
            ("speed", "usart1", 9600, 0),
            ("damage", "usart1", 2, 0),
            ("line", "61", 1, 0),
            ("write", found[6].name, 0, 3),
            ("kill", "worker", 0xFFFF_FFFF, 0),
            ("reset", "pin", 0, 0),
        ]
        actions = [entry.position.actions for entry in found]
        assert actions == sorted(set(actions))
        assert machine.journal(7) == found[7:] and machine.journal_count == 9
        machine.run(until_us=20_000)
        hash_, position = machine.snapshot().hash, machine.position
    with Machine.boot("shell") as other:
        other.play(found)
        other.run_to(position)
        assert (other.position, other.snapshot().hash) == (position, hash_)


def test_a_write_that_is_no_place_in_memory_is_no_entry(machine: Machine) -> None:
    with pytest.raises(K5Error, match="not in one memory"):
        machine.write("foo", 0x10, b"x")
    assert machine.journal() == []


def test_what_cannot_be_done_says_why() -> None:
    with Machine.boot("demo") as machine:
        with pytest.raises(K5Error, match="this machine has no history"):
            machine.goto_us(1)
        assert machine.points() == []
        machine.run(until_us=100)
        machine.history_start()
        with pytest.raises(K5Error, match="has a history already"):
            machine.history_start()
        with pytest.raises(K5Error, match="before the machine's history"):
            machine.goto_us(10)
        with pytest.raises(K5Error, match="just booted"):
            machine.play([Entry(Position(1, 1, 1), "reset", "pin")])
        machine.history_stop()
        with pytest.raises(K5Error, match="this machine has no history"):
            machine.reverse_step()


def test_reboot_begins_a_new_past(machine: Machine) -> None:
    machine.kill("bar")
    machine.reboot()
    assert machine.journal() == [] and machine.span[1].now == 0
    machine.run(until_us=1_000)
    machine.goto_us(500)
    assert machine.now_us == pytest.approx(500, abs=1)
