"""What a run tells of devices at its end: mistakes of tasks, and interrupts that nobody took."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from k5.decode import Decoder

if TYPE_CHECKING:
    from k5.machine import Machine
    from k5.outside import GuestError

WORDS = {
    "misuse": "there is no such register, or not of that size",
    "unmodelled": "the model does not know those bits",
    "unclocked": "the device has no clock",
}


def said(error: GuestError, decoder: Decoder, shown: Callable[[int], str]) -> str:
    """One mistake; `shown` writes a tick."""
    often = f"{error.count} times, first at" if error.count > 1 else "at"
    return (
        f"{decoder.thread_name(error.thread)} accessed {error.device}.{error.register}: "
        f"{WORDS[error.what]} ({often} {shown(error.time)}, pc {error.pc:#010x}, "
        f"value {error.value:#x})"
    )


def line_name(line: int, machine: Machine) -> str:
    """`usart1 (61)`."""
    named: dict[str, int] = machine.built.meta.get("interrupt_lines", {})
    names = [name for name, number in named.items() if number == line]
    return f"{names[0]} ({line})" if names else str(line)


def summary(machine: Machine, decoder: Decoder) -> list[str]:
    """Everything of the kind, a line each."""
    hz = float(machine.built.meta["tick_hz"])
    lines = [said(e, decoder, lambda tick: f"{tick / hz:.6f} s") for e in machine.guest_errors()]
    for interrupt in machine.built.meta["interrupts"]:
        raised, masked = machine.line_state(interrupt["line"])
        if raised and masked:
            name = line_name(interrupt["line"], machine)
            lines.append(f"interrupt line {name} is up, and its driver has not acknowledged it")
    return lines
