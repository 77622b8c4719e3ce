"""k5_board.h: what a task's code may know of its board, from board.toml.

A pin is one word: the base address of its device, plus its number there. So every pin of
a board has a different one, and a driver finds its register by it.
"""

from __future__ import annotations

from collections.abc import Mapping

from k5.board import Board
from k5.boarddevices import Part, Pin
from k5.system import macro


def text(board: Board) -> str:
    """The header of a board."""
    periphery = board.periphery
    out = [
        f"/* Made from {board.path.name} of {board.name}: do not edit. */",
        "#pragma once",
        "",
        f'#define K5_BOARD_NAME "{board.name}"',
        f"#define K5_TICK_HZ {board.tick_hz}u",
        "",
    ]
    out += [f"#define PIN_{macro(pin.name)} {_word(board, pin)}" for pin in periphery.pins.values()]
    out += _parts(board, "LED", periphery.leds)
    out += _parts(board, "BUTTON", periphery.buttons)
    return "\n".join([*out, ""])


def _parts(board: Board, kind: str, parts: Mapping[str, Part]) -> list[str]:
    """LEDs or buttons: by name, and all of them as X(NAME, pin, active level)."""
    out = [""]
    for part in parts.values():
        name = f"{kind}_{macro(part.name)}"
        pin = board.periphery.pins[part.pin]
        out.append(f"#define {name}_PIN {_word(board, pin)}")
        out.append(f"#define {name}_ACTIVE {int(part.active == 'high')}u")
    names = [macro(part.name) for part in parts.values()]
    listed = [f" X({name}, {kind}_{name}_PIN, {kind}_{name}_ACTIVE)" for name in names]
    return [*out, f"#define K5_{kind}S(X){''.join(listed)}"]


def _word(board: Board, pin: Pin) -> str:
    return f"{board.devices[pin.device].base + pin.signal:#010x}u"
