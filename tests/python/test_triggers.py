"""Where a machine comes to: instructions, functions, lines; and faults of scenarios there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from k5.errors import K5Error
from k5.faultmodels import Fault
from k5.machine import Machine
from k5.scenario.execute import Outcome, execute
from k5.scenario.load import ScenarioFile
from k5.scenario.warm import Machines

SYSTEM = "user/demo/demo.toml"
BOARDS = ["mps2-an505", "virt-rv32"]
PC = {"armv8m": 15, "rv32": 32}


@pytest.fixture(params=BOARDS)
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    with Machine.boot(SYSTEM, request.param) as booted:
        yield booted


def pc_of(machine: Machine, thread: int) -> int:
    return machine.registers(thread)[PC[machine.built.meta["arch"]]]


def line_of(name: str, text: str) -> int:
    """The line of a source of the demo that has the text."""
    lines = (ROOT / "user" / "demo" / name).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


# ---- in Python


def test_instruction_is_come_to_exactly(machine: Machine) -> None:
    for count in (0, 1, 2, 100, 12_345):
        machine.run_to_instruction(count)
        assert machine.instructions in range(count, count + 5)  # an IT block is one step
    with pytest.raises(K5Error, match="instruction 5 is over: 12"):
        machine.run_to_instruction(5)
    with pytest.raises(K5Error, match=r"never comes: the machine stopped \(halt\)"):
        machine.run_to_instruction(1 << 40)


def test_function_is_reached_the_nth_time(machine: Machine) -> None:
    machine.run_until_reached("foo", "memcmp")
    assert machine.current == 0
    assert pc_of(machine, 0) == machine.address("foo", "memcmp") & ~1
    before = machine.instructions
    machine.run_to_instruction(before + 1)  # it stood before the first one
    with pytest.raises(K5Error, match="memcmp of task foo was reached 0 times of 1"):
        machine.run_until_reached("foo", "memcmp")


def test_line_is_reached_the_nth_time(machine: Machine) -> None:
    line = f"bar.c:{line_of('bar.c', 'uint32_t sum =')}"
    machine.run_until_reached("bar", line, nth=3)
    events = machine.take()
    answers = [e for e in events if machine.decoder.line(e).text.startswith("caller 1 wants")]
    assert len(answers) == 2  # it is about to begin the third
    assert machine.current == 1


def test_places_that_there_are_not(machine: Machine) -> None:
    wrong = {
        ("foo", "wrok"): "task foo has no function 'wrok'",
        ("foo", "fo.c:3"): "task foo has no file 'fo.c' (did you mean 'foo.c'?)",
        ("foo", "foo.c:1"): "foo.c:1: no code of task foo is there; the next is line",
        ("fo", "main"): "no task 'fo' (did you mean 'foo'?)",
    }
    for (task, where), message in wrong.items():
        with pytest.raises(K5Error) as caught:
            machine.places(task, where)
        assert message in str(caught.value)


def test_window_is_walked_whatever_is_done_at_each_instruction(machine: Machine) -> None:
    machine.run_to_instruction(2_000)
    seen = []
    for position in machine.each_instruction(30):
        seen.append(position.instructions)
        machine.inject(Fault("power"))
        machine.run(until_us=machine.now_us + 50)
    with Machine.boot(SYSTEM, machine.built.meta["board"]) as twin:
        twin.run_to_instruction(2_000)
        steps = []
        while twin.instructions < 2_030:
            steps.append(twin.instructions)
            twin.step()
        assert steps == seen
        assert twin.position == machine.position


# ---- in scenarios


def ran(folder: Path, text: str, seed: int = 0, board: str = "mps2-an505") -> Outcome:
    path = folder / "a.toml"
    path.write_text(f'[scenario]\nsystem = "{ROOT / SYSTEM}"\nuntil = "70ms"\n{text}')
    file = ScenarioFile(path)
    machines = Machines()
    try:
        return execute(file, file.chosen(board, None, seed, {})[0], machines)
    finally:
        machines.close()


FLIP = '[[fault]]\nname = "f"\nmodel = "memory"\nmemory = "foo.answer.1"\nbit = 1\n'
EXPECT = '[[expect]]\nlog = "bar garbled the text"\nafter = { do = "f" }\n'


@pytest.mark.parametrize("board", BOARDS)
def test_fault_of_a_scenario_comes_where_a_task_is(tmp_path: Path, board: str) -> None:
    here = FLIP + 'reached = { task = "foo", function = "memcmp" }\n' + EXPECT
    assert ran(tmp_path, here, board=board).status == "passed"
    later = FLIP + 'reached = { task = "foo", function = "memcmp", nth = 2 }\n' + EXPECT
    outcome = ran(tmp_path, later, board=board)
    assert outcome.status == "failed"
    assert "task foo came there 1 times" in outcome.report


def test_seed_chooses_the_instruction(tmp_path: Path) -> None:
    text = (
        '[[fault]]\nname = "f"\nmodel = "skip"\nat_instruction = [10_000, 90_000]\n'
        '[[expect]]\ndo = "f"\n[[never]]\nlog = "zz"\nregex = true\n'
    )
    assert ran(tmp_path, text).status == "passed"
    assert ran(tmp_path, text, seed=1).status == "passed"


def test_fault_that_does_nothing_fails(tmp_path: Path) -> None:
    text = (
        '[[fault]]\nmodel = "message"\nthread = "foo"\nword = 0\nbit = 1\nat = "2ms"\n'
        '[[expect]]\nlog = "all answers were right"\n'
    )
    outcome = ran(tmp_path, text)
    assert outcome.status == "failed"
    assert "fault: bit 1 of word 0 of the message of foo flips" in outcome.report
    assert "it changed nothing, at instruction" in outcome.report


def test_lasting_fault_ends(tmp_path: Path) -> None:
    text = (
        '[[fault]]\nname = "f"\nmodel = "region-drop"\ntask = "bar"\nregion = "ram"\nat = "1ms"\n'
        'for = "12ms"\n[[expect]]\nfault = "any"\ntask = "bar"\nafter = { do = "f" }\n'
        '[[never]]\nfault = "any"\ntask = "bar"\nafter = "20ms"\n'
        '[[expect]]\nlog = "hello, I am bar"\nafter = "10ms"\n'
    )
    outcome = ran(tmp_path, text)
    assert outcome.status == "passed", outcome.report


def test_names_are_checked_before_anything_runs(tmp_path: Path) -> None:
    wrong = {
        'model = "register"\nthread = "fo"\nregister = "r1"\nbit = 1\nat = "1ms"':
            "a.toml:5: no task or thread 'fo' (did you mean 'foo'?)",
        'model = "kernel"\nfield = "thread[foo].staet"\nbit = 1\nat = "1ms"':
            "a.toml:5: the kernel has no field 'thread[foo].staet'",
        'model = "power"\nreached = { task = "foo", function = "mian" }':
            "a.toml:6: task foo has no function 'mian' (did you mean 'main'?)",
        'model = "power"\nreached = { task = "foo", line = "foo.c:1" }':
            "a.toml:6: foo.c:1: no code of task foo is there",
    }  # fmt: skip
    for table, message in wrong.items():
        with pytest.raises(K5Error) as caught:
            ran(tmp_path, f'[[fault]]\n{table}\n[[expect]]\nlog = "all answers were right"\n')
        assert message in str(caught.value).replace(f"{tmp_path}/", "")


def test_qemu_takes_no_faults(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(
        f'[scenario]\nsystem = "{ROOT / SYSTEM}"\nuntil = "40ms"\nengines = ["qemu"]\n'
        '[[fault]]\nmodel = "skip"\nat = "1ms"\n[[expect]]\nlog = "hello, I am foo"\n'
    )
    with pytest.raises(K5Error) as caught:
        ScenarioFile(path).check()
    assert "a.toml:5: QEMU cannot do this: stimulus: fault: the next instruction is skipped" in str(
        caught.value
    )
