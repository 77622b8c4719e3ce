"""The Python binding: booting, running, looking inside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ONE, ROOT, System
from k5 import Machine, builder
from k5.errors import K5Error
from k5.machine import Stop


def test_ten_lines_boot_a_machine_run_it_and_read_memory(tmp_path: Path) -> None:
    """The example of docs/python.md, word for word."""
    text = (ROOT / "docs" / "python.md").read_text()
    code = text.split("```python\n", 1)[1].split("```", 1)[0]
    assert len(code.strip().splitlines()) <= 10
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    expected = text.split("prints\n\n```text\n", 1)[1].split("```", 1)[0]
    assert done.stdout == expected


def test_log_line_and_memory(system: System) -> None:
    with Machine.boot(system()) as machine:
        line = machine.run_until_log("one got")
        assert line.text == "one got 7 from two"
        assert (line.task, line.where, line.level) == ("one", "one.c:17", "INFO")
        assert machine.read("one", "answer", 4) == bytes.fromhex("44332211")
        assert machine.read_word("one", machine.address("one", "answer")) == 0x11223344
        assert machine.instructions > 0
        assert machine.now_us * 20 == machine.now


def test_run_ends_when_nothing_will_happen(system: System) -> None:
    with Machine.boot(system()) as machine:
        assert machine.run() is Stop.HALT
        assert [line.kind for line in machine.lines()] == ["BOOT", "LOG", "LOG", "HALT"]


def test_run_stops_at_the_time_asked_for(system: System) -> None:
    endless = ONE.replace("k5_sleep_forever();", "for (;;) {\n    }")
    with Machine.boot(system(one=endless)) as machine:
        assert machine.run(until_us=1000) is Stop.TIME
        assert machine.now == 20_000
        assert machine.run(until_tick=20_001) is Stop.TIME
        assert machine.now == 20_001


def test_log_line_that_never_comes_is_an_error(system: System) -> None:
    with Machine.boot(system()) as machine, pytest.raises(
        K5Error, match="no log line with 'never'"
    ):
        machine.run_until_log("never")


def test_seed_reaches_the_task_that_asks_for_it(system: System) -> None:
    path = system(("priority = 5", 'priority = 5\nargument = "seed"'))
    texts = []
    for seed in (0, 41):
        with Machine.boot(path, seed=seed) as machine:
            machine.run()
            texts.append([line.text for line in machine.lines() if line.kind == "LOG"])
            assert machine.read_word("one", "seen") == seed
    assert texts == [
        ["one asks with 0", "one got 7 from two"],
        ["one asks with 41", "one got 48 from two"],
    ]


def test_fixed_argument_is_not_the_seed(system: System) -> None:
    with Machine.boot(system(("priority = 5", "priority = 5\nargument = -2")), seed=9) as machine:
        machine.run()
        assert machine.read_word("one", "seen") == 0xFFFFFFFE


def test_access_is_what_the_regions_say_to_the_byte(system: System) -> None:
    with Machine.boot(system()) as machine:
        task = machine.built.meta["tasks"][0]
        text, ram = task["regions"]
        end = ram["base"] + ram["bytes"]
        assert machine.access("one", ram["base"], ram["bytes"]) == "rw"
        assert machine.access("one", end - 1) == "rw"
        assert machine.access("one", end - 1, 2) == ""
        assert machine.access("one", end) == ""
        assert machine.access("one", text["base"], 4) == "rx"
        assert machine.access("two", ram["base"], 4) == ""


def test_registers_invariants_and_kernel_state(system: System) -> None:
    with Machine.boot(system()) as machine:
        machine.run_until_log("one asks")
        ram = machine.built.meta["tasks"][0]["stack"]
        registers = machine.registers(0)
        assert len(registers) == 17
        assert ram["base"] <= registers[13] <= ram["top"]
        assert machine.invariants() is None
        assert len(machine.kernel_state()) > 1000
        with pytest.raises(K5Error):
            machine.registers(99)


def test_written_memory_is_what_the_task_reads(system: System) -> None:
    reading = ONE.replace("message.word[0], ", "answer, ")
    with Machine.boot(system(one=reading)) as machine:
        machine.run_until_log("one asks")
        machine.write("one", "answer", (99).to_bytes(4, "little"))
        assert machine.run_until_log("one got").text == "one got 99 from two"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.read("onee", 0x28204000, 4), "no task 'onee' (did you mean 'one'?)"),
        (lambda m: m.read("one", "no_such_symbol", 4), "no symbol 'no_such_symbol'"),
        (lambda m: m.read("one", 0x10, 4), "0x"),
        (lambda m: m.write("one", 0xFFFFFFFF, b"x"), "0x"),
    ],
)
def test_wrong_use_is_one_clear_error(system: System, call: object, message: str) -> None:
    with Machine.boot(system()) as machine, pytest.raises(K5Error) as caught:
        call(machine)  # type: ignore[operator]
    assert message in str(caught.value)


def test_two_machines_do_not_disturb_each_other(system: System) -> None:
    path = system()
    with Machine.boot(path) as alone:
        alone.run()
        wanted = alone.events()
    with Machine.boot(path) as one, Machine.boot(path) as two:
        one.run_until_log("one asks")
        two.run()
        one.run()
        assert one.events() == wanted
        assert two.events() == wanted


def test_kernel_events_are_recorded_when_asked_for(system: System) -> None:
    path = system()
    with Machine.boot(path, kernel_events=True) as machine:
        machine.run()
        kinds = {line.kind for line in machine.lines()}
    assert {"ENTER", "RESULT", "SWITCH", "LOG", "BOOT", "HALT"} <= kinds


def test_slices_do_not_change_a_run(system: System) -> None:
    path = system()
    with Machine.boot(path, kernel_events=True) as machine:
        machine.run()
        wanted = machine.events()
    with Machine.boot(path, kernel_events=True) as machine:
        found = list(machine.stream(until_tick=10_000_000, slice_ticks=7))
    assert found == wanted


def test_damaged_task_file_is_refused(system: System) -> None:
    built = builder.build(system())
    path = built.elf("one")
    data = bytearray(path.read_bytes())
    data[18] = 243
    path.write_bytes(data)
    with pytest.raises(K5Error, match=r"one\.elf"):
        Machine(built)
