"""What is so at a moment: levels, variables, memories of devices, pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from k5 import png, screen
from k5.errors import K5Error
from k5.paths import BUILD, shown
from k5.scenario.model import State
from k5.scenario.names import Names, Unknown

if TYPE_CHECKING:
    from k5.machine import Machine

# Looks at a machine: what is otherwise than it must be, or nothing.
Look = Callable[["Machine"], list[str]]
NUMBERS = (1, 2, 4, 8)  # bytes of a variable that is one
SCREENS = BUILD / "scenarios"


def said(state: State) -> str:
    """What is expected, for people."""
    value = state.value
    if state.what == "pin":
        value = "high" if value else "low"
    elif state.what == "led":
        value = "on" if value else "off"
    elif state.what == "device":
        return f"{state.subject} at {state.offset:#x} holds {_hex(value)}, {state.moment.said()}"
    elif state.what == "screen":
        return f"{state.subject} shows {shown(value)}, {state.moment.said()}"
    elif isinstance(value, str):
        value = f'"{value}"'
    return f"{state.what} {state.subject} is {value}, {state.moment.said()}"


def look(state: State, names: Names) -> Look:
    """The way to look at it; names.Unknown says what there is not."""
    return _MAKERS[state.what](state, names)


def _pin(state: State, names: Names) -> Look:
    names.pin(state.subject)

    def found(machine: Machine) -> list[str]:
        level = machine.level(state.subject)
        return [] if level == bool(state.value) else [f"it is {'high' if level else 'low'}"]

    return found


def _led(state: State, names: Names) -> Look:
    names.led(state.subject)

    def found(machine: Machine) -> list[str]:
        shines = machine.led(state.subject)
        return [] if shines == bool(state.value) else [f"it is {'on' if shines else 'off'}"]

    return found


# ---- variables


@dataclass(frozen=True)
class _Variable:
    """How a variable's bytes are read as what `is` says."""

    size: int
    each: int  # bytes of a number; 0: text

    def value(self, data: bytes, signed: bool) -> Any:
        if self.each == 0:
            return data.split(b"\0")[0].decode(errors="replace")
        numbers = [
            int.from_bytes(data[at : at + self.each], "little", signed=signed)
            for at in range(0, len(data), self.each)
        ]
        return numbers


def _layout(name: str, size: int, value: Any) -> _Variable:
    if isinstance(value, str):
        if len(value.encode()) > size:
            raise Unknown(f"{name} has {size} bytes; the text needs {len(value.encode())}")
        return _Variable(size, 0)
    count = len(value) if isinstance(value, list) else 1
    each, rest = divmod(size, count)
    if rest or each not in NUMBERS:
        what = f"{count} numbers" if count > 1 else "a number"
        raise Unknown(f"{name} has {size} bytes: it is not {what} of 1, 2, 4 or 8 bytes")
    for number in value if isinstance(value, list) else [value]:
        if not -(1 << (8 * each - 1)) <= number < 1 << 8 * each:
            raise Unknown(f"{name} can never be {number}: it has {each} bytes")
    return _Variable(size, each)


def _memory(state: State, names: Names) -> Look:
    task, address, size = names.variable(state.subject)
    layout = _layout(state.subject, size, state.value)
    wanted = state.value if isinstance(state.value, str) else (
        state.value if isinstance(state.value, list) else [state.value]
    )  # fmt: skip
    signed = not isinstance(wanted, str) and min(wanted) < 0

    def found(machine: Machine) -> list[str]:
        came = layout.value(machine.read(task, address, size), signed)
        if came == wanted:
            return []
        return [f"it is {came[0] if isinstance(came, list) and len(came) == 1 else came!r}"]

    return found


# ---- devices


def _hex(data: bytes) -> str:
    return data[:32].hex(" ") + (" ..." if len(data) > 32 else "")


def _device(state: State, names: Names) -> Look:
    size, first, wanted = names.memory_bytes(state.subject), state.offset, state.value
    if first + len(wanted) > size:
        text = f"device '{state.subject}' has {size:#x} bytes"
        raise Unknown(f"{text}: {len(wanted)} at {first:#x} are not all there")

    def found(machine: Machine) -> list[str]:
        came = machine.device_memory(state.subject)[first : first + len(wanted)]
        if came == wanted:
            return []
        at = next(i for i, pair in enumerate(zip(came, wanted, strict=True)) if pair[0] != pair[1])
        return [f"it holds {_hex(came)}", f"the first difference is at {first + at:#x}"]

    return found


# ---- pictures


def _screen(state: State, names: Names) -> Look:
    names.memory_bytes(state.subject)
    path: Path = state.value
    try:
        reference = png.read(path) if path.is_file() else None
    except K5Error as problem:
        raise Unknown(str(problem)) from None

    def found(machine: Machine) -> list[str]:
        width, height, pixels = screen.display_image(machine, state.subject)
        wrong = _difference(state, reference, width, height, pixels)
        if wrong:
            SCREENS.mkdir(parents=True, exist_ok=True)
            kept = SCREENS / path.name
            png.write(kept, width, height, pixels)
            wrong.append(f"what it shows is in {shown(kept)}; if that is right, copy it there")
        return wrong

    return found


def _difference(
    state: State, reference: tuple[int, int, bytes] | None, width: int, height: int, pixels: bytes
) -> list[str]:
    if reference is None:
        return [f"{shown(state.value)}: no such file"]
    wide, high, wanted = reference
    if (wide, high) != (width, height):
        text = f"the picture has {wide} x {high} pixels, the display {width} x {height}"
        return [f"{shown(state.value)}: {text}"]
    return compare(pixels, wanted, width, state.tolerance, state.differing)


def compare(
    came: bytes, wanted: bytes, width: int, tolerance: int, differing: Fraction
) -> list[str]:
    """What two pictures of three bytes a pixel differ in, by more than is tolerated."""
    if came == wanted:
        return []
    count = len(wanted) // 3
    wrong = [
        pixel
        for pixel in range(count)
        if any(abs(came[3 * pixel + c] - wanted[3 * pixel + c]) > tolerance for c in range(3))
    ]
    if len(wrong) <= differing * count:
        return []
    first = wrong[0]
    x, y = first % width, first // width
    colours = [f"#{data[3 * first : 3 * first + 3].hex()}" for data in (came, wanted)]
    share = 100 * len(wrong) / count
    return [
        f"{len(wrong)} of {count} pixels differ ({share:.2g} %)",
        f"the first is at x {x}, y {y}: {colours[0]}, expected {colours[1]}",
    ]


_MAKERS: dict[str, Callable[[State, Names], Look]] = {
    "pin": _pin,
    "led": _led,
    "memory": _memory,
    "device": _device,
    "screen": _screen,
}
