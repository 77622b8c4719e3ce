"""What happens to machines from the outside: faults, resets, lines, and names that are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from k5.errors import K5Error
from k5.machine import LOG_KINDS, RESET, Machine, Stop

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "user" / "demo" / "demo.toml"
CONFORMANCE = ROOT / "user" / "conformance"
INTERRUPT = CONFORMANCE / "suite_interrupt.toml"


@pytest.fixture(params=["mps2-an505", "virt-rv32"])
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    with Machine.boot(DEMO, request.param) as machine:
        yield machine


def kinds(machine: Machine, *wanted: str) -> list[tuple[str, str]]:
    return [(line.kind, line.task) for line in machine.lines() if line.kind in wanted]


def test_killed_task_is_restarted_and_its_caller_told(machine: Machine) -> None:
    machine.run_until_log("bar says 1 + 1")
    machine.kill("bar", code=0xDEAD)
    assert machine.invariants() is None
    faults = [line for line in machine.lines() if line.kind == "FAULT" and line.task == "bar"]
    assert [line.seconds * 1e6 for line in faults] == [pytest.approx(machine.now_us)]
    machine.run(until_us=machine.now_us + 20_000)
    assert machine.invariants() is None
    assert ("TASK", "bar") in kinds(machine, "TASK")
    hellos = [line for line in machine.lines() if line.text == "hello, I am bar, at your service"]
    assert len(hellos) == 2
    assert kinds(machine, "PANIC") == []


def test_killing_at_any_instruction_never_violates_the_kernel(machine: Machine) -> None:
    for tick in range(40, 2000, 97):
        machine.reboot()
        machine.run(until_tick=tick)
        machine.kill("foo")
        assert machine.invariants() is None
        machine.run(until_tick=tick + 5000)
        assert machine.invariants() is None


@pytest.mark.parametrize("suite", ["suite_memory", "suite_object", "suite_task"])
def test_killing_lenders_and_borrowers_never_violates_the_kernel(suite: str) -> None:
    """Each task in turn, at ticks all over the run: in calls, loans, moves, and when it is down."""
    with Machine.boot(CONFORMANCE / f"{suite}.toml") as machine:
        machine.run()
        end, tasks = machine.now, [task["name"] for task in machine.built.meta["tasks"]]
        killed = 0
        for k in range(40):
            machine.reboot()
            machine.run(until_tick=end * k // 40 + k * k)
            for task in (tasks[k % len(tasks)], tasks[k // 2 % len(tasks)]):
                try:
                    machine.kill(task)
                    killed += 1
                except K5Error as problem:
                    assert "does not run" in str(problem)
                assert machine.invariants() is None
            assert machine.run(until_tick=machine.now + 20_000) is not Stop.PANIC
            assert machine.invariants() is None
        assert killed > 20


def test_who_is_down_cannot_be_killed_again(machine: Machine) -> None:
    machine.run_until_log("bar says 1 + 1")
    machine.kill("bar")
    with pytest.raises(K5Error, match="task 1 does not run"):
        machine.kill("bar")


@pytest.mark.parametrize(("why", "number"), [("power", 0), ("pin", 1), ("watchdog", 2)])
def test_reset_boots_anew_and_time_goes_on(machine: Machine, why: str, number: int) -> None:
    machine.run_until_log("bar says 1 + 1")
    at = machine.now
    machine.record(LOG_KINDS | 1 << RESET)
    machine.reset(why)
    machine.run_until_log("bar says 1 + 1")
    assert machine.now == 2 * at
    resets = [event for event in machine.events() if event.kind == RESET]
    assert [(event.time, event.code) for event in resets] == [(at, number)]
    assert len(kinds(machine, "BOOT")) == 2
    assert machine.invariants() is None


def test_run_stops_at_a_reset(machine: Machine) -> None:
    machine.run(until_us=1000)
    machine.record(LOG_KINDS | 1 << RESET)
    machine.reset("pin")
    assert machine.now_us == 1000
    assert machine.run(until_us=2000) is Stop.TIME
    assert machine.now_us == 2000


def test_reset_after_the_end_begins_again(machine: Machine) -> None:
    assert machine.run() is Stop.HALT
    end = machine.now
    machine.idle_until(end + 500)
    assert machine.now == end + 500
    machine.reset("pin")
    assert machine.run() is Stop.HALT
    assert machine.now == end + 500 + end


def test_reboot_gives_the_same_run(machine: Machine) -> None:
    machine.run()
    first = machine.take()
    for task in ("foo", "rogue"):
        machine.write(task, machine.built.meta["tasks"][0]["regions"][1]["base"], b"scribble")
    machine.reboot()
    assert machine.now == 0
    machine.run()
    assert machine.take() == first
    with pytest.raises(K5Error, match="loaded with seed 0, not 1"):
        machine.reboot(seed=1)


def test_busy_machine_is_not_idle(machine: Machine) -> None:
    machine.run(until_us=100)
    with pytest.raises(K5Error, match="not idle until tick 999999"):
        machine.idle_until(999_999)


def test_wrong_names_say_what_is_right(machine: Machine) -> None:
    for call, message in (
        (lambda: machine.kill("fooo"), r"no task 'fooo' \(did you mean 'foo'\?\)"),
        (lambda: machine.press("usre"), "no button 'usre'"),
        (lambda: machine.led("rde"), "no LED 'rde'"),
        (lambda: machine.drive("PA99", True), "no pin 'PA99'"),
        (lambda: machine.send("alram", b"x"), r"no device 'alram' \(did you mean 'alarm'\?\)"),
        (lambda: machine.send("alarm", b"x"), "device 'alarm' has no serial line"),
        (lambda: machine.set_value("alarm", "heat", 1), "no value of alarm 'heat'"),
        (lambda: machine.device_memory("alarm"), "device 'alarm' has no memory of its own"),
        (lambda: machine.peek("alarm", 0x998), "device 'alarm' has no register at 0x998"),
        (lambda: machine.force_line(256, True), "no interrupt line 256"),
        (lambda: machine.reset("brownout"), "no reset 'brownout'"),
        (lambda: machine.serial_damage("alarm", "smoke"), "no serial error 'smoke'"),
    ):
        with pytest.raises(K5Error, match=message):
            call()


def test_forced_line_fires_while_it_is_unmasked() -> None:
    with Machine.boot(INTERRUPT, device_events=True) as machine:
        line = machine.devices[machine.device_index("alarm")]["lines"][0]
        machine.run(until_us=100)
        assert machine.line_state(line) == (False, True)
        machine.force_line(line, True)
        assert machine.line_state(line) == (True, True)
        machine.force_line(line, False)
        assert machine.line_state(line) == (False, True)


def test_peek_has_no_side_effects() -> None:
    with Machine.boot(INTERRUPT, "virt-rv32") as machine:
        machine.run(until_us=100)
        low, high = machine.peek("alarm", 0), machine.peek("alarm", 4)
        assert (low, high) == (100_000, 0)
        machine.run(until_us=200)
        assert machine.peek("alarm", 0) == 200_000
