"""Fault models by name, on real machines of both instruction sets; and names that there are not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from k5 import kernelfields
from k5.errors import K5Error
from k5.faultmodels import MODELS, BadFault, Fault, Raw, read
from k5.machine import Machine

SYSTEM = "user/demo/demo.toml"
BOARDS = ["mps2-an505", "virt-rv32"]
REGISTER = {"mps2-an505": ("r3", 3), "virt-rv32": ("t0", 5)}
PC = {"mps2-an505": 15, "virt-rv32": 32}


@pytest.fixture(params=BOARDS)
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    with Machine.boot(SYSTEM, request.param) as booted:
        booted.run(until_us=100)
        yield booted


def board(machine: Machine) -> str:
    return str(machine.built.meta["board"])


# ---- what they do


def test_register_of_a_thread_or_of_whoever_runs(machine: Machine) -> None:
    name, number = REGISTER[board(machine)]
    before = [machine.registers(thread) for thread in range(2)]
    assert machine.inject(Fault("register", thread="bar", place=name, mask=0x81))
    assert machine.registers(0) == before[0]
    assert machine.registers(1)[number] == before[1][number] ^ 0x81
    assert machine.current == 0  # foo works
    assert machine.inject(Fault("register", place=name, mask=2))
    assert machine.registers(0)[number] == before[0][number] ^ 2


def test_memory_by_variable_offset_and_address(machine: Machine) -> None:
    address = machine.address("foo", "answer.1")
    assert machine.inject(Fault("memory", place="foo.answer.1", mask=0x80))
    assert machine.inject(Fault("memory", place="foo.answer.1+5", mask=0x0102))
    assert machine.inject(Fault("memory", place=hex(address + 8), mask=1 << 31))
    assert machine.read("foo", address, 12) == bytes([0x80, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0x80])
    assert machine.inject(Fault("memory-stuck", place="foo.work_done", mask=0xFF, value=1))
    machine.run(until_us=300)
    assert machine.read_word("foo", "work_done") & 0xFF == 0xFF
    machine.faults_end()


def test_region_by_name_and_number(machine: Machine) -> None:
    regions = machine.regions("rogue")
    ram = next(r for r in regions if r.access == "rw")
    place = regions.index(ram)
    assert machine.inject(Fault("region-widen", task="rogue", place="ram", value=32))
    assert machine.regions("rogue")[place].bytes == ram.bytes + 32
    assert machine.access("rogue", ram.base + ram.bytes, 32) == "rw"
    assert machine.inject(Fault("region-drop", task="rogue", place=str(place)))
    assert machine.regions("rogue")[place].bytes == 0
    with pytest.raises(K5Error, match="region 'ram' of task rogue is not in its protection unit"):
        machine.inject(Fault("region-drop", task="rogue", place="ram"))
    machine.faults_end()
    assert machine.regions("rogue") == regions


def test_kernel_field_and_bits_of_its_upper_half(machine: Machine) -> None:
    field = kernelfields.find(machine, "thread[foo].consumed")
    before = machine.kernel_state()
    assert machine.inject(Fault("kernel", place="thread[foo].consumed", mask=1 << 40))
    after = machine.kernel_state()
    differ = [at for at in range(len(before)) if before[at] != after[at]]
    assert differ == [field.offset + 5]
    assert field.task == 0


def test_skip_and_opcode_wait_for_the_next_instruction(machine: Machine) -> None:
    thread = machine.current
    assert thread is not None
    before = machine.registers(thread)
    assert machine.inject(Fault("skip"))
    machine.step()
    after = machine.registers(thread)
    pc = PC[board(machine)]
    assert after[pc] - before[pc] in (2, 4)
    before[pc] = after[pc]
    assert after == before


def test_lines_timer_and_power(machine: Machine) -> None:
    assert machine.inject(Fault("line-late", place="7", ns=1_000_000))
    assert not machine.inject(Fault("line-late", place="7", ns=1_000_000))
    assert machine.inject(Fault("line-stuck", place="7", value=1))
    assert machine.line_state(7)[0]
    assert machine.inject(Fault("timer-jitter", ns=5_000, value=3))
    now = machine.now
    assert machine.inject(Fault("power"))
    assert machine.now == now
    machine.run_until_log("hello, I am foo")


def test_nobody_runs_and_nothing_happens(machine: Machine) -> None:
    machine.run()
    assert machine.current is None
    assert not machine.inject(Fault("skip"))
    assert not machine.inject(Fault("register", place="sp", mask=4))


# ---- names that there are not


BAD = [
    (Fault("register", thread="brr", place="sp", mask=1), "no task or thread 'brr' (did you mean"),
    (Fault("register", thread="bar", place="q1", mask=1), "no register of "),
    (Fault("register", thread="bar", place="sp", mask=1 << 32), "bit 32: sp has bits 0 to 31"),
    (Fault("memory", place="bar.txet", mask=1), "no variable of task bar 'txet' (did you mean 'text'?)"),
    (Fault("memory", place="foo.work_done", mask=1 << 32), "foo.work_done has bits 0 to 31"),
    (Fault("memory", place="foo.work_done+4", mask=1), "offset 4: foo.work_done has 4 bytes"),
    (Fault("memory", place="0x10", mask=1), "0x00000010 is in no memory of the board"),
    (Fault("memory", place="bar.text", mask=0x1_0000_0001), "bits of one word at a time"),
    (Fault("region-drop", task="bra", place="ram"), "no task 'bra' (did you mean 'bar'?)"),
    (Fault("region-drop", task="bar", place="stack"), "no region 'stack' of task bar (known: ram, text)"),
    (Fault("region-drop", task="bar", place="7"), "there is no region 7"),
    (Fault("region-shift", task="bar", place="ram", value=1), "bytes: regions of this protection unit"),
    (Fault("kernel", place="thread[foo].budget_lfet", mask=1), "no field 'thread[foo].budget_lfet' (did you"),
    (Fault("kernel", place="thread[fo].state", mask=1), "no thread 'fo' (did you mean 'foo'?)"),
    (Fault("kernel", place="task[bar].region[8].base", mask=1), "'8' is no number from 0 to 7"),
    (Fault("kernel", place="thread[foo].state", mask=0x100), "bit 8: thread[foo].state has bits 0 to 7"),
    (Fault("message", thread="nobody", place="0", mask=1), "no task or thread 'nobody'"),
    (Fault("line-drop", place="urat0"), "no interrupt of "),
    (Fault("line-drop", place="256"), "no interrupt line 256"),
    (Fault("pin-stuck", place="LED99", value=1), "no pin of "),
    (Fault("value", place="nobody.x", value=1), "no device of "),
    (Fault("line-late", place="7", ns=1 << 60), "are more ticks than 31 bits hold"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "message"), BAD)
def test_what_there_is_not_is_an_error(machine: Machine, fault: Fault, message: str) -> None:
    before = machine.snapshot()
    with pytest.raises(K5Error) as caught:
        machine.inject(fault)
    assert message in str(caught.value)
    assert before.difference(machine.snapshot()) is None


def test_unknown_models_are_errors() -> None:
    with pytest.raises(K5Error, match=r"no fault model 'opcod' \(did you mean 'opcode'\?\)"):
        Fault("opcod")
    with pytest.raises(BadFault) as caught:
        read({"model": "line-late", "line": "x", "late": "5", "bit": 1})
    assert [key for key, _ in caught.value.problems] == ["bit", "late"]


def test_raw_faults_are_taken_as_they_are(machine: Machine) -> None:
    with pytest.raises(K5Error, match="there is no kind of fault 99"):
        machine.inject(Raw(99))


# ---- words


def test_each_model_says_what_it_does() -> None:
    tables = {
        "register": ({"register": "r3", "bit": 7}, "bit 7 of r3 of whoever runs flips"),
        "register-stuck": (
            {"thread": "bar", "register": "r3", "bits": [1, 0], "level": "high"},
            "bits 0, 1 of r3 of bar stick at high",
        ),
        "memory": ({"memory": "a.b", "offset": 4, "mask": 8}, "bit 3 of a.b+4 flips"),
        "memory-stuck": ({"memory": "a.b", "bit": 0, "level": 0}, "bit 0 of a.b sticks at low"),
        "skip": ({}, "the next instruction is skipped"),
        "opcode": ({"bit": 5}, "bit 5 of the next instruction flips, once"),
        "region-drop": ({"task": "a", "region": 1}, "region 1 of a is dropped"),
        "region-shift": (
            {"task": "a", "region": "ram", "bytes": -32},
            "ram of a shifts by -32 bytes",
        ),
        "region-widen": (
            {"task": "a", "region": 0, "bytes": 64},
            "region 0 of a widens by 64 bytes",
        ),
        "kernel": ({"field": "current", "bit": 1}, "bit 1 of the kernel's current flips"),
        "message": (
            {"thread": "a", "word": "info", "bit": 2},
            "word info of the message of a flips",
        ),
        "line-drop": ({"line": "x"}, "the next interrupt of x is lost"),
        "line-double": ({"line": "x"}, "the next interrupt of x comes twice"),
        "line-spurious": ({"line": 9}, "an interrupt of 9 that nobody asked for"),
        "line-late": ({"line": "x", "late": "20us"}, "the next interrupt of x is 20 us late"),
        "line-stuck": ({"line": "x", "level": "low"}, "x sticks at low"),
        "pin-stuck": ({"pin": "PA0", "level": "high"}, "pin PA0 sticks at high"),
        "value": ({"set": "i2c1.nack", "value": 1}, "i2c1.nack becomes 1"),
        "timer-jitter": ({"most": "5us", "seed": 7}, "the kernel's timer is up to 5 us late"),
        "power": ({}, "the supply fails and comes back"),
    }
    assert set(tables) == set(MODELS)
    for model, (table, said) in tables.items():
        assert said in read({"model": model, **table}).describe()


def test_models_are_those_of_the_library() -> None:
    header = (Path(__file__).parents[2] / "sim" / "k5sim_fault.h").read_text()
    assert len(MODELS) == header.count("K5SIM_FAULT_")
    for name, model in MODELS.items():
        assert f"K5SIM_FAULT_{name.upper().replace('-', '_')}" in header
        assert model.kind in range(1, len(MODELS) + 1)


def test_fields_have_names_both_ways(machine: Machine) -> None:
    for name in ("current", "thread[bar].reg[3]", "task[bar].region[1].base", "slot[3].rights",
                 "queue[31].tail", "thread[foo].context.rv32.s[11]", "unmasked[0]"):  # fmt: skip
        field = kernelfields.find(machine, name)
        found = kernelfields.name_at(machine, field.offset)
        assert found == name or "context" in name  # a union
    assert kernelfields.name_at(machine, 1 << 30) is None
