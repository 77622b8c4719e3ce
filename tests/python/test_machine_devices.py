"""Machine and the board's devices: what a script sees of them."""

from __future__ import annotations

import pytest

from k5 import Machine

SYSTEM = "tests/arch/qemu/irq.toml"


@pytest.mark.parametrize(
    ("board", "register"), [("mps2-an505", "RELOAD"), ("virt-rv32", "ALARM_LOW")]
)
def test_accesses_and_lines_come_with_names(board: str, register: str) -> None:
    with Machine.boot(SYSTEM, board, device_events=True) as machine:
        machine.run(until_us=10_000)
        events = machine.device_events()
        assert {event.device for event in events} == {"alarm"}
        assert any(e.what == "write" and e.register == register for e in events)
        line = str(machine.devices[0]["lines"][0])
        levels = [e.what for e in events if e.what in ("raised", "lowered")]
        assert levels[:2] == ["raised", "lowered"]
        assert all(e.register == line for e in events if e.what in ("raised", "lowered"))
        assert not [e for e in events if e.what == "misuse"]
        assert [e.time for e in events] == sorted(e.time for e in events)
        assert "DEVICE" not in " ".join(entry.kind for entry in machine.lines())


def test_devices_are_not_recorded_unless_asked_for() -> None:
    with Machine.boot(SYSTEM, kernel_events=True) as machine:
        machine.run(until_us=10_000)
        assert machine.device_events() == []
        assert machine.lines()
