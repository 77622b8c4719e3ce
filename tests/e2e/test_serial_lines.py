"""Serial lines and lamps of tasks: the same sources, hosted and on QEMU."""

from __future__ import annotations

from pathlib import Path

import pytest
from k5 import builder
from k5.decode import Decoder
from k5.engine import Run
from k5.errors import K5Error
from k5.machine import SERIAL, Machine, Stop

SYSTEMS = Path(__file__).resolve().parents[1] / "arch" / "qemu"
LINES = {"echo_mps2.toml": "uart1", "echo_virt.toml": "uart0", "echo_sifive.toml": "uart1"}
LAMPS = {
    "echo_mps2.toml": {"green": False, "orange": True},
    "echo_virt.toml": {},
    "echo_sifive.toml": {"green": False, "blue": True, "red": False},
}


TEXT = b"K5, please answer. And no more."
LOG = ["18 characters, the last one was .", "the lamps are 2"]
ANSWER = b"hello\nK5, PLEASE ANSWER."


@pytest.mark.parametrize("system", LINES)
def test_echo_by_interrupts_on_qemu(system: str) -> None:
    built = builder.build(SYSTEMS / system)
    run = Run(built, "qemu", received={LINES[system]: TEXT})
    decoder = Decoder(built)
    texts = [entry.text for entry in map(decoder.line, run) if entry.kind in ("LOG", "FAULT")]
    assert (texts, run.end, run.sent[LINES[system]]) == (LOG, "halt", ANSWER)


@pytest.mark.parametrize("system", LINES)
def test_echo_by_interrupts_hosted(system: str) -> None:
    with Machine.boot(SYSTEMS / system, device_events=True) as machine:
        line = LINES[system]
        assert machine.serials() == [line]
        while machine.serial(line) != b"hello\n":
            assert machine.run(until_us=10_000, stop_kinds=1 << SERIAL) is Stop.EVENT
        greeted = machine.now_us
        assert machine.send(line, TEXT) == len(TEXT)
        machine.run_until_log("the last one was .")
        # 18 characters of 10 bits at 115,200 baud, and some instructions.
        assert machine.now_us - greeted == pytest.approx(18 * 86.8, rel=0.01)
        assert machine.run() is Stop.HALT
        assert [entry.text for entry in machine.lines() if entry.kind == "LOG"] == LOG
        assert machine.serial(line) == ANSWER
        assert machine.guest_errors() == []
        assert {name: machine.led(name) for name in LAMPS[system]} == LAMPS[system]


def test_qemu_names_its_lines() -> None:
    run = Run(builder.build(SYSTEMS / "echo_mps2.toml"), "qemu", received={"uart2": b"x"})
    with pytest.raises(K5Error, match="QEMU has no serial line 'uart2'"):
        list(run)
