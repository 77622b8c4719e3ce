"""What happens to a machine from the outside: pins, serial lines, quantities, faults, resets.

Everything happens at the machine's present tick, before its next instruction. Names are those of
the board (boards/NAME/board.toml).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from k5.boarddevices import PULLS
from k5.builder import Built
from k5.errors import K5Error, suggestion

MISUSE, UNMODELLED, UNCLOCKED = 59, 60, 52
GUEST_ERROR_WORDS = {MISUSE: "misuse", UNMODELLED: "unmodelled", UNCLOCKED: "unclocked"}
RESETS = {"power": 0, "pin": 1, "watchdog": 2}
SERIAL_ERRORS = {"framing": 1, "parity": 2, "noise": 4, "break": 8}
_GUEST_ERRORS = 256


@dataclass(frozen=True)
class GuestError:
    """What tasks did to a register that the chip would not forgive, or its model cannot do."""

    what: str  # misuse (no such register, or not its size), unmodelled, unclocked
    device: str
    register: str  # its name, or the offset
    count: int
    time: int  # tick of the first, and who it was:
    thread: int
    pc: int
    value: int


def find(what: str, name: str, names: Iterable[str]) -> int:
    """The place of a name; K5Error with a suggestion if there is none."""
    known = list(names)
    if name not in known:
        raise K5Error(f"no {what} '{name}'" + suggestion(name, known))
    return known.index(name)


class Periphery:
    """The board of a build as the library takes it: keeps what its pointers point to alive."""

    def __init__(self, ffi: Any, meta: dict[str, Any]) -> None:
        self._ffi = ffi
        self._texts: dict[str, Any] = {}
        self.devices = [entry for entry in meta.get("devices", []) if entry["model"]]
        names = {entry["name"] for entry in self.devices}
        self.pins = [pin for pin in meta.get("pins", []) if pin["device"] in names]
        self.wires = [w for w in meta.get("wires", []) if {w["source"], w["target"]} <= names]
        self.leds = {led["name"]: led for led in meta.get("leds", [])}
        self.buttons = {button["name"]: button for button in meta.get("buttons", [])}

    def fill(self, board: Any) -> None:
        """Puts it into a struct k5sim_board."""
        ffi = self._ffi
        self._device_rows = ffi.new("struct k5sim_device[]", max(len(self.devices), 1))
        for row, entry in zip(self._device_rows, self.devices, strict=False):
            self._fill_device(row, entry)
        self._wire_rows = ffi.new("struct k5sim_wire[]", max(len(self.wires), 1))
        for row, wire in zip(self._wire_rows, self.wires, strict=False):
            row.to, row.from_signal = self._text(wire["target"]), wire["signal"]
            setattr(row, "from", self._text(wire["source"]))
            row.to_signal = wire["target_signal"]
        self._pin_rows = ffi.new("struct k5sim_pin[]", max(len(self.pins), 1))
        for row, pin in zip(self._pin_rows, self.pins, strict=False):
            row.name, row.device = self._text(pin["name"]), self._text(pin["device"])
            row.signal, row.pull = pin["signal"], pin["pull"]
        board.device, board.device_count = self._device_rows, len(self.devices)
        board.wire, board.wire_count = self._wire_rows, len(self.wires)
        board.pin, board.pin_count = self._pin_rows, len(self.pins)

    def _text(self, text: str) -> Any:
        if text not in self._texts:
            self._texts[text] = self._ffi.new("char[]", text.encode())
        return self._texts[text]

    def _fill_device(self, row: Any, entry: dict[str, Any]) -> None:
        row.model, row.name = self._text(entry["model"]), self._text(entry["name"])
        row.base, row.parameter = entry["base"], entry["parameter"]
        row.line_count = len(entry["lines"])
        for k, line in enumerate(entry["lines"]):
            row.line[k] = line
        if entry["bus"]:
            row.bus = self._text(entry["bus"])
        for gate, bit in ((row.clock, entry["clock"]), (row.reset, entry["reset"])):
            if bit:
                gate.device, gate.offset = self._text(bit["device"]), bit["offset"]
                gate.bit = bit["bit"]


class Outside:
    """The part of a Machine that is about its outside."""

    _ffi: Any
    _lib: Any
    _sim: Any
    built: Built
    periphery: Periphery

    def _check(self, result: int) -> int:
        raise NotImplementedError

    # ---- names

    @property
    def devices(self) -> list[dict[str, Any]]:
        """The board's devices that have a model, in the order of events' codes."""
        return self.periphery.devices

    def device_index(self, name: str) -> int:
        """A device's place."""
        return find("device", name, (entry["name"] for entry in self.devices))

    def pin_index(self, name: str) -> int:
        """A pin's place."""
        return find("pin", name, (pin["name"] for pin in self.periphery.pins))

    def serials(self) -> list[str]:
        """The devices with a serial line."""
        return [
            entry["name"]
            for index, entry in enumerate(self.devices)
            if self._lib.k5sim_serial_send(self._sim, index, b"", 0) >= 0
        ]

    # ---- pins

    def drive(self, pin: str, level: bool | None) -> None:
        """Drives a pin; None lets go of it."""
        to = -1 if level is None else int(level)
        self._check(self._lib.k5sim_pin_drive(self._sim, self.pin_index(pin), to))

    def level(self, pin: str) -> bool:
        """What is at a pin, whoever drives it."""
        return bool(self._check(self._lib.k5sim_pin_level(self._sim, self.pin_index(pin))))

    def _part(self, what: str, name: str, parts: dict[str, Any]) -> dict[str, Any]:
        find(what, name, parts)
        part: dict[str, Any] = parts[name]
        return part

    def press(self, button: str) -> None:
        """Pushes a button and keeps it down."""
        part = self._part("button", button, self.periphery.buttons)
        self.drive(part["pin"], part["active"] == "high")

    def release(self, button: str) -> None:
        """Lets go of a button: the board's pull decides, or where there is none, the other level."""
        part = self._part("button", button, self.periphery.buttons)
        pin = self.periphery.pins[self.pin_index(part["pin"])]
        open_ = pin["pull"] != PULLS["none"]
        self.drive(part["pin"], None if open_ else part["active"] == "low")

    def led(self, name: str) -> bool:
        """Does it shine?"""
        part = self._part("LED", name, self.periphery.leds)
        lit: bool = part["active"] == "high"
        return self.level(part["pin"]) == lit

    def force_line(self, line: int, raised: bool) -> None:
        """Holds an interrupt line up, or no longer, whatever its devices say."""
        self._check(self._lib.k5sim_line_force(self._sim, line, raised))

    def line_state(self, line: int) -> tuple[bool, bool]:
        """Is it raised; does the kernel have it masked?"""
        state = self._check(self._lib.k5sim_line_state(self._sim, line))
        return bool(state & 1), bool(state & 2)

    # ---- serial lines

    def send(self, serial: str, data: bytes) -> int:
        """Characters onto a serial line; how many it took (at most 4,096 wait there)."""
        index = self.device_index(serial)
        return self._check(self._lib.k5sim_serial_send(self._sim, index, data, len(data)))

    def serial_speed(self, serial: str, baud: int) -> None:
        """The speed of what is sent there; 0: the chip's own."""
        index = self.device_index(serial)
        self._check(self._lib.k5sim_serial_speed(self._sim, index, baud))

    def serial_damage(self, serial: str, *errors: str) -> None:
        """How the next character sent there is damaged: "framing", "parity", "noise", "break"."""
        bits = 0
        for error in errors:
            find("serial error", error, SERIAL_ERRORS)
            bits |= SERIAL_ERRORS[error]
        index = self.device_index(serial)
        self._check(self._lib.k5sim_serial_damage(self._sim, index, bits))

    # ---- devices

    def values(self, device: str) -> list[str]:
        """The quantities that a device takes from the outside."""
        index = self.device_index(device)
        names: list[str] = []
        while (name := self._lib.k5sim_value_name(self._sim, index, len(names))) != self._ffi.NULL:
            names.append(self._ffi.string(name).decode())
        return names

    def set_value(self, device: str, value: str, to: int) -> None:
        """Sets one of them: a temperature, an error to come."""
        place = find(f"value of {device}", value, self.values(device))
        index = self.device_index(device)
        self._check(self._lib.k5sim_value_set(self._sim, index, place, to))

    def _memory(self, device: str) -> Any:
        count = self._ffi.new("uint32_t *")
        memory = self._lib.k5sim_device_memory(self._sim, self.device_index(device), count)
        if memory == self._ffi.NULL:
            raise K5Error(f"device '{device}' has no memory of its own")
        return self._ffi.buffer(memory, count[0])

    def device_memory(self, device: str) -> bytes:
        """A device's own memory: a display's pixels, what is in a flash."""
        return bytes(self._memory(device))

    def set_device_memory(self, device: str, offset: int, data: bytes) -> None:
        """Changes it."""
        size = len(self._memory(device))
        if offset < 0 or offset + len(data) > size:
            text = f"{offset} + {len(data)} is outside the {size} bytes of '{device}'"
            raise K5Error(text)
        index = self.device_index(device)
        write = self._lib.k5sim_device_memory_write
        self._check(write(self._sim, index, offset, data, len(data)))

    def peek(self, device: str, offset: int) -> int:
        """A register as a task would read it, without side effects."""
        out = self._ffi.new("uint32_t *")
        self._check(self._lib.k5sim_device_peek(self._sim, self.device_index(device), offset, out))
        return int(out[0])

    def register_name(self, device: int, offset: int) -> str:
        """A register's name; its offset, if there is none."""
        found = self._lib.k5sim_device_register(self._sim, device, offset)
        if found == self._ffi.NULL:
            return hex(offset)
        name: str = self._ffi.string(found).decode()
        return name

    def guest_errors(self) -> list[GuestError]:
        """What tasks did wrong with devices, in the order of the first time."""
        out = self._ffi.new("struct k5sim_guest_error[]", _GUEST_ERRORS)
        count = self._lib.k5sim_guest_errors(self._sim, out, _GUEST_ERRORS)
        return [
            GuestError(
                GUEST_ERROR_WORDS[e.kind],
                self.devices[e.device]["name"],
                self.register_name(e.device, e.offset),
                e.count,
                e.time,
                e.thread,
                e.pc,
                e.value,
            )
            for e in out[0 : min(count, _GUEST_ERRORS)]
        ]

    # ---- tasks, the MCU

    def kill(self, task: str, code: int = 0) -> None:
        """A fault in a task, as if its main thread had committed it."""
        index = find("task", task, (entry["name"] for entry in self.built.meta["tasks"]))
        self._check(self._lib.k5sim_task_kill(self._sim, index, code))

    def reset(self, why: str = "pin") -> None:
        """Starts the MCU anew: "power", "pin" or "watchdog". Time goes on, flash stays."""
        find("reset", why, RESETS)
        self._check(self._lib.k5sim_reset(self._sim, RESETS[why]))
