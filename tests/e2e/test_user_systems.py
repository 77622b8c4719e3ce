"""Conformance and abuse: tasks that test the kernel, on both engines.

Each system of user/ with verdicts ends by itself; its log says PASS, FAIL and
END (user/conformance/verdict.h). Where nothing depends on time or on the chip (the first
comment of a description says so), the kernel's events must be the same on both engines.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from k5 import board as boards  # noqa: E402
from k5 import builder, conformance  # noqa: E402
from k5.compare import compare  # noqa: E402
from k5.conformance import Column, Suite  # noqa: E402
from k5.decode import Decoder  # noqa: E402
from k5.engine import Run  # noqa: E402

# chaos never ends: tests/e2e/test_chaos.py. The suites with named tests: `./k5 test conformance`.
SUITES = [
    suite
    for folder in (conformance.FOLDER, ROOT / "user" / "abuse")
    for suite in conformance.suites(folder)
    if not suite.named_tests and suite.name != "chaos"
]
ENGINES = ("hosted", "qemu")
PLACES = [
    ("hosted", "mps2-an505"),
    pytest.param("hosted", "stm32l5", marks=pytest.mark.slow),
    ("qemu", "mps2-an505"),
    ("hosted", "virt-rv32"),
    ("qemu", "virt-rv32"),
]
SMALL_PLACES = [
    pytest.param("qemu", "sifive-e", marks=pytest.mark.slow),
    pytest.param("hosted", "fe310", marks=pytest.mark.slow),
]
# On sifive_e with icount, QEMU 7.2 lets virtual time jump at accesses to devices (docs/rv32.md):
# what these two do before a point in time is then not done in time.
NOT_ON = {"sifive-e": ("inherit", "queue")}
LIMIT_US = 10_000_000


def run(built: builder.Built, engine: str) -> tuple[list[object], str]:
    """All events of a run, the kernel's too, and how it ended."""
    machine = Run(built, engine, 0, LIMIT_US, True)
    events = list(machine)
    return events, machine.end


@pytest.mark.parametrize(("engine", "board"), [*PLACES, *SMALL_PLACES])
@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_every_verdict_is_pass(suite: Suite, engine: str, board: str) -> None:
    if not suite.runs_on(Column(boards.load(board).arch, engine)):
        pytest.skip("code of another instruction set")
    if engine == "qemu" and suite.name in NOT_ON.get(board, ()):
        pytest.skip("virtual time jumps there")
    built = builder.build(suite.path, board)
    decoder = Decoder(built)
    events, end = run(built, engine)
    texts = [decoder.line(event).text for event in events if decoder.kind(event) == "LOG"]
    verdict = conformance.read_system(texts, end)
    assert verdict.messages == []


@pytest.mark.parametrize("board", ["mps2-an505", "virt-rv32"])
@pytest.mark.parametrize("suite", [s for s in SUITES if s.compared], ids=lambda suite: suite.name)
def test_engines_agree(suite: Suite, board: str) -> None:
    built = builder.build(suite.path, board)
    runs = [run(built, engine)[0] for engine in ENGINES]
    result = compare(Decoder(built), ENGINES, runs[0], runs[1])
    assert result.difference == []
    assert result.events > 10


# What user/abuse/ARCH/crimes.c does, in order, and what it must be called.
CRIMES_ARMV8M = {
    "load from address 0": "DATA",
    "load the kernel's memory": "DATA",
    "store to the kernel's memory": "DATA",
    "load the kernel's code": "DATA",
    "store to the kernel's code": "DATA",
    "store to its own code": "DATA",
    "store one byte past its end": "DATA",
    "store one byte before its start": "DATA",
    "load one byte past its end": "DATA",
    "store a word across its end": "DATA",
    "store multiple across its end": "DATA",
    "load multiple across its end": "DATA",
    "load where nothing is": "DATA",
    "load a system control register": "BUS",
    "store to a system control register": "BUS",
    "execute its data": "FETCH",
    "execute its stack": "FETCH",
    "jump to address 0": "FETCH",
    "jump into the kernel": "FETCH",
    "jump to an even address": "STATE",
    "undefined instruction": "UNDEFINED",
    "breakpoint": "BREAKPOINT",
    "semihosting": "BREAKPOINT",
    "divide by zero": "DIVIDE",
    "unaligned double load": "UNALIGNED",
    "unaligned exclusive load": "UNALIGNED",
    "floating point without the right to it": "COPROCESSOR",
    "push past the end of its stack": "STACK_OVERFLOW",
    "system call with the stack elsewhere": "STACK_OVERFLOW",
    "system call with no room on the stack": "STACK_OVERFLOW",
    "first unused system-call number": "SYSCALL",
    "system-call number 256": "SYSCALL",
    "system-call number with the sign bit": "SYSCALL",
    "highest system-call number": "SYSCALL",
    "panic": "PANIC",
}
CRIMES_RV32 = {
    "load from address 0": "DATA",
    "load the kernel's memory": "DATA",
    "store to the kernel's memory": "DATA",
    "load the kernel's code": "DATA",
    "store to the kernel's code": "DATA",
    "store to its own code": "DATA",
    "store one byte past its end": "DATA",
    "store one byte before its start": "DATA",
    "load one byte past its end": "DATA",
    "reserve a word past its end": "DATA",
    "load where nothing is": "DATA",
    "load an interrupt register": "DATA",
    "store to the timer": "DATA",
    "execute its data": "FETCH",
    "execute its stack": "FETCH",
    "jump to address 0": "FETCH",
    "jump into the kernel": "FETCH",
    "undefined instruction": "UNDEFINED",
    "undefined short instruction": "UNDEFINED",
    "breakpoint": "BREAKPOINT",
    "semihosting": "BREAKPOINT",
    "read mstatus": "UNDEFINED",
    "write mscratch": "UNDEFINED",
    "write pmpcfg0": "UNDEFINED",
    "read the cycle counter": "UNDEFINED",
    "read the time": "UNDEFINED",
    "return from a trap": "UNDEFINED",
    "wait for an interrupt": "UNDEFINED",
    "unaligned reservation": "UNALIGNED",
    "floating point without the right to it": "COPROCESSOR",
    "short floating-point load": "COPROCESSOR",
    "push past the end of its stack": "STACK_OVERFLOW",
    "first unused system-call number": "SYSCALL",
    "system-call number 256": "SYSCALL",
    "system-call number with the sign bit": "SYSCALL",
    "highest system-call number": "SYSCALL",
    "panic": "PANIC",
}


@pytest.mark.parametrize(("engine", "board"), PLACES)
def test_each_crime_is_called_by_its_name(engine: str, board: str) -> None:
    built = builder.build(ROOT / "user" / "abuse" / "abuse.toml", board)
    decoder = Decoder(built)
    names = {value: name for name, value in fault_kinds().items()}
    found: dict[str, str] = {}
    crime = ""
    for event in run(built, engine)[0]:
        text = decoder.line(event).text
        if decoder.kind(event) == "LOG" and text.startswith("now: "):
            crime = text.removeprefix("now: ")
        elif decoder.kind(event) == "FAULT":
            assert decoder.thread_name(event.thread) == "abuser"
            found[crime] = names[event.code]
    assert found == (CRIMES_RV32 if built.meta["arch"] == "rv32" else CRIMES_ARMV8M)


def fault_kinds() -> dict[str, int]:
    """Numbers of fault kinds, from the description of the ABI."""
    description = tomllib.loads((ROOT / "abi" / "syscalls.toml").read_text())
    return {fault["name"]: fault["value"] for fault in description["fault"]}
