"""A display's pixels, as its model holds them, for pictures and comparisons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from k5.errors import K5Error, suggestion

if TYPE_CHECKING:
    from k5.machine import Machine


@dataclass(frozen=True)
class Panel:
    """What a display's memory holds: rows from the top, RGB565, low byte first; behind them a
    byte each: is it on and awake, does it invert."""

    width: int
    height: int

    @property
    def bytes(self) -> int:
        """Of the pixels."""
        return self.width * self.height * 2


PANELS = {"st7735": Panel(128, 160)}  # by model

_RED = bytes(((high >> 3) * 255 + 15) // 31 for high in range(256))
_BLUE = bytes(((low & 31) * 255 + 15) // 31 for low in range(256))
_GREEN_HIGH = bytes((high & 7) << 3 for high in range(256))
_GREEN_LOW = bytes(low >> 5 for low in range(256))
_GREEN = bytes(((green & 63) * 255 + 31) // 63 for green in range(256))
_INVERTED = bytes(255 - level for level in range(256))


def displays(machine: Machine) -> list[str]:
    """The board's displays by their names."""
    return [str(entry["name"]) for entry in machine.devices if entry["model"] in PANELS]


def panel(machine: Machine, device: str) -> Panel:
    """The size of a display; K5Error if there is none of that name."""
    for entry in machine.devices:
        if entry["name"] == device and entry["model"] in PANELS:
            return PANELS[entry["model"]]
    known = displays(machine)
    board = machine.built.board
    if not known:
        raise K5Error(f"board {board} has no display '{device}', and no other")
    raise K5Error(f"board {board} has no display '{device}'" + suggestion(device, known))


def display_image(machine: Machine, device: str) -> tuple[int, int, bytes]:
    """What a display shows: width, height, three bytes (red, green, blue) a pixel."""
    size = panel(machine, device)
    return size.width, size.height, shown(size, machine.device_memory(device))


def shown(size: Panel, memory: bytes) -> bytes:
    """The same, from the device's memory: black while the display is off or asleep."""
    on, inverted = memory[size.bytes : size.bytes + 2]
    if not on:
        return bytes(size.width * size.height * 3)
    rgb = rgb_of_565(memory[: size.bytes])
    return rgb.translate(_INVERTED) if inverted else rgb


def rgb_of_565(raw: bytes) -> bytes:
    """RGB565, low byte first, as three bytes a pixel; full scale is 255."""
    low, high = raw[0::2], raw[1::2]
    out = bytearray(len(high) * 3)
    out[0::3] = high.translate(_RED)
    out[2::3] = low.translate(_BLUE)
    # Both parts of green side by side: one large number each, so that no loop touches a pixel.
    upper = int.from_bytes(high.translate(_GREEN_HIGH), "little")
    lower = int.from_bytes(low.translate(_GREEN_LOW), "little")
    out[1::3] = (upper | lower).to_bytes(len(high), "little").translate(_GREEN)
    return bytes(out)
