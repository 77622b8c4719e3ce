"""The example systems on QEMU: the same sources of drivers and clients, other hardware.

What they do hosted is in scenarios/examples; on QEMU serial input has no certain time.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from k5 import builder
from k5.decode import Decoder
from k5.engine import Run

EXAMPLES = Path(__file__).resolve().parents[2] / "user" / "examples"
LINES = {"mps2-an505": "uart1", "virt-rv32": "uart0"}

# What comes before the driver is ready is lost: the first line is not counted on.
COMMANDS = b"\r\r" + b" " * 20 + b"\x15ps\rhelq\bp\rrestart worker\ruptime\r"


@pytest.mark.parametrize("board", LINES)
def test_shell_answers_on_qemu(board: str) -> None:
    built = builder.build(EXAMPLES / "shell" / "shell.toml", board)
    line = LINES[board]
    run = Run(built, "qemu", until_us=2_000_000, received={line: COMMANDS})
    entries = list(map(Decoder(built).line, run))
    assert [entry.human() for entry in entries if entry.kind == "FAULT"] == []
    assert any("worker runs again" in entry.text for entry in entries)
    said = run.sent[line].decode()
    at = 0
    for part in (
        "ps\r\n", "worker      ready              0 ", "helq\b \bp\r\n", "uptime        the time",
        "worker begins anew\r\n", "k5> uptime\r\nup ",
    ):  # fmt: skip
        assert part in said[at:]
        at = said.index(part, at)


def test_blinky_blinks_on_qemu_at_its_pace() -> None:
    built = builder.build(EXAMPLES / "blinky" / "blinky.toml", "mps2-an505")
    entries = map(Decoder(built).line, Run(built, "qemu", until_us=2_000_000))
    times = [entry.seconds for entry in entries if entry.text.startswith("light ")]
    assert len(times) == 7
    assert [b - a for a, b in zip(times, times[1:])] == pytest.approx([0.25] * 6, abs=0.0005)
