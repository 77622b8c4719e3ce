"""A board's peripherals, and what connects them: devices, wires, pins, LEDs, buttons."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from k5.errors import suggestion
from k5.schema import Key, Problems, check, spelled

GRAIN = 32  # bytes: the MPU's, and a loan's
DEVICE_BYTES = 0x1000  # of a device that does not say
MAX_SIGNAL, MAX_INPUT, MAX_LINES = 31, 255, 32
MAX_DEVICES, MAX_WIRES, MAX_PINS = 64, 256, 256  # of those that the hosted engine has
MAX_NAME = 31  # bytes, of a device or pin
PADS = 16  # of a port whose pins are named by its key `pads`
PULLS = {"up": 1, "down": 0, "none": -1}
COLOURS = ("red", "green", "blue", "yellow", "orange", "white")


@dataclass(frozen=True)
class Gate:
    """A bit of another device's register."""

    device: str
    offset: int
    bit: int


@dataclass(frozen=True)
class Device:
    """A peripheral that a description can give to a task, or another chip on the board."""

    name: str
    model: str  # what the hosted engine has there; empty: nothing
    base: int
    bytes: int
    lines: tuple[int, ...] = ()  # of its interrupts
    parameter: int = 0
    bus: str = ""  # the device that it hangs on
    clock: Gate | None = None
    reset: Gate | None = None
    pads: str = ""  # "PA": its signals 0 to 15 are pins PA0 to PA15
    qemu_serial: int | None = None  # the number of its -serial option

    @property
    def line(self) -> int | None:
        """Of its first interrupt."""
        return self.lines[0] if self.lines else None


@dataclass(frozen=True)
class Wire:
    """An output signal that is an input of another device."""

    source: str
    signal: int
    target: str
    target_signal: int


@dataclass(frozen=True)
class Pin:
    """A pad that the outside knows by a name."""

    name: str
    device: str
    signal: int
    pull: int  # on the board: 1 up, 0 down, -1 none


@dataclass(frozen=True)
class Part:
    """An LED or a button at a pin."""

    name: str
    pin: str
    active: str  # "high" or "low"
    colour: str = ""


@dataclass(frozen=True)
class Periphery:
    """All of that, of one board."""

    devices: dict[str, Device] = field(default_factory=dict)
    wires: list[Wire] = field(default_factory=list)
    pins: dict[str, Pin] = field(default_factory=dict)
    leds: dict[str, Part] = field(default_factory=dict)
    buttons: dict[str, Part] = field(default_factory=dict)


_DEVICE_KEYS = {
    "model": Key(str),
    "base": Key(int, least=0, most=0xFFFF_FFFF),
    "bytes": Key(int, least=GRAIN, most=0x1000_0000),
    "interrupt": Key(str),
    "interrupts": Key(list, items=str),
    "parameter": Key(int, least=0, most=0xFFFF_FFFF),
    "bus": Key(str),
    "clock": Key(dict),
    "reset": Key(dict),
    "pads": Key(str),
    "qemu_serial": Key(int, least=0, most=15),
}
_GATE_KEYS = {
    "device": Key(str, required=True),
    "offset": Key(int, required=True, least=0, most=0xFFFF),
    "bit": Key(int, required=True, least=0, most=31),
}
_WIRE_KEYS = {
    "from": Key(str, required=True),
    "to": Key(str, required=True),
    "count": Key(int, least=1, most=32),
}
_PIN_KEYS = {"at": Key(str, required=True), "pull": Key(str, choices=tuple(PULLS))}
_PART_KEYS = {
    "pin": Key(str, required=True),
    "active": Key(str, required=True, choices=("high", "low")),
}
_LED_KEYS = _PART_KEYS | {"colour": Key(str, required=True, choices=COLOURS)}
_SIGNAL = re.compile(r"([A-Za-z][\w-]*)\.(\d+)")


def load(problems: Problems, data: dict[str, Any], interrupts: dict[str, int]) -> Periphery:
    """From a board's tables; what is wrong with them is in `problems`."""
    devices = _devices(problems, data.get("devices", {}), interrupts)
    wires = _wires(problems, data.get("wires", []), devices)
    pins = _pins(problems, data.get("pins", {}), devices)
    leds = _parts(problems, "leds", data.get("leds", {}), _LED_KEYS, pins)
    buttons = _parts(problems, "buttons", data.get("buttons", {}), _PART_KEYS, pins)
    found = Periphery(devices, wires, pins, leds, buttons)
    _check_counts(problems, data, found)
    return found


def _check_counts(problems: Problems, data: dict[str, Any], found: Periphery) -> None:
    modelled = {name for name, device in found.devices.items() if device.model}
    counts = (
        ("devices", MAX_DEVICES, len(modelled)),
        ("wires", MAX_WIRES, sum({w.source, w.target} <= modelled for w in found.wires)),
        ("pins", MAX_PINS, sum(pin.device in modelled for pin in found.pins.values())),
    )
    for key, most, count in counts:
        if count > most:
            problems.error((key if key in data else "devices",), f"{count} {key}, at most {most}")


def _check_name(problems: Problems, where: tuple[str | int, ...], what: str) -> None:
    name = str(where[-1])
    if len(name.encode()) > MAX_NAME:
        problems.error(where, f"the name of {what} '{name}' is longer than {MAX_NAME} bytes")


def _devices(
    problems: Problems, tables: dict[str, Any], interrupts: dict[str, int]
) -> dict[str, Device]:
    """A device's table, or its base alone; its interrupt is the one of the same name."""
    found = {}
    for name, table in tables.items():
        where = ("devices", name)
        _check_name(problems, where, "device")
        whole = {"base": table} if isinstance(table, int) else table
        data = check(problems, where, whole, _DEVICE_KEYS)
        if "base" not in data and "bus" not in data:
            problems.error(where, f"device '{name}' needs the key 'base', or a 'bus' that it is on")
        base = data.get("base", 0)
        size = data.get("bytes", DEVICE_BYTES if base else 0)
        if base % GRAIN or size % GRAIN:
            problems.error(where, f"device '{name}' is not on multiples of {GRAIN}")
        found[name] = Device(
            name,
            data.get("model", ""),
            base,
            size,
            _lines(problems, where, data, interrupts),
            data.get("parameter", 0),
            data.get("bus", ""),
            _gate(problems, (*where, "clock"), data.get("clock")),
            _gate(problems, (*where, "reset"), data.get("reset")),
            data.get("pads", ""),
            data.get("qemu_serial"),
        )
    _check_relations(problems, found)
    return found


def _lines(
    problems: Problems,
    where: tuple[str | int, ...],
    data: dict[str, Any],
    interrupts: dict[str, int],
) -> tuple[int, ...]:
    if "interrupt" in data and "interrupts" in data:
        problems.error((*where, "interrupt"), "either 'interrupt' or 'interrupts', not both")
    key = "interrupts" if "interrupts" in data else "interrupt"
    names = data.get(key, [])
    names = [names] if isinstance(names, str) else names
    if key not in data and where[-1] in interrupts:
        names = [str(where[-1])]
    if len(names) > MAX_LINES:
        problems.error((*where, key), f"{len(names)} interrupts, at most {MAX_LINES}")
    for name in names:
        if name not in interrupts:
            text = f"unknown interrupt '{name}'" + suggestion(name, interrupts)
            problems.error((*where, key), text)
    return tuple(interrupts[name] for name in names if name in interrupts)


def _gate(problems: Problems, where: tuple[str | int, ...], table: Any) -> Gate | None:
    if table is None:
        return None
    data = check(problems, where, table, _GATE_KEYS)
    return Gate(data.get("device", ""), data.get("offset", 0), data.get("bit", 0))


def _check_relations(problems: Problems, devices: dict[str, Device]) -> None:
    for name, device in devices.items():
        named = {"bus": device.bus}
        named |= {"clock": device.clock.device} if device.clock else {}
        named |= {"reset": device.reset.device} if device.reset else {}
        for key, other in named.items():
            if other and (other not in devices or other == name):
                text = f"unknown device '{other}'" + suggestion(other, set(devices) - {name})
                problems.error(("devices", name, key), text)


def _signal(
    problems: Problems,
    where: tuple[str | int, ...],
    text: Any,
    devices: dict[str, Device],
    most: int,
) -> tuple[str, int] | None:
    """`gpioa.5`: a device and the number of its signal."""
    match = _SIGNAL.fullmatch(text) if isinstance(text, str) else None
    if not match:
        problems.error(where, f"{spelled(text)} is no signal; write \"device.number\"")
        return None
    if match[1] not in devices:
        problems.error(where, f"unknown device '{match[1]}'" + suggestion(match[1], devices))
        return None
    if int(match[2]) > most:
        problems.error(where, f"signal {match[2]} of '{match[1]}' is more than {most}")
        return None
    return match[1], int(match[2])


def _wires(problems: Problems, tables: list[Any], devices: dict[str, Device]) -> list[Wire]:
    wires: list[Wire] = []
    for index, table in enumerate(tables):
        where = ("wires", index)
        data = check(problems, where, table, _WIRE_KEYS)
        count = data.get("count", 1)
        ends = [
            _signal(problems, (*where, key), data[key], devices, most - count + 1)
            for key, most in (("from", MAX_SIGNAL), ("to", MAX_INPUT))
            if key in data
        ]
        if len(ends) == 2 and ends[0] and ends[1]:
            (source, first), (target, second) = ends[0], ends[1]
            wires += [Wire(source, first + k, target, second + k) for k in range(count)]
    return wires


def _pads(problems: Problems, devices: dict[str, Device]) -> dict[str, Pin]:
    """The pins of ports that name all of theirs."""
    pins: dict[str, Pin] = {}
    for device in devices.values():
        names = [f"{device.pads}{k}" for k in range(PADS if device.pads else 0)]
        if names and names[0] in pins:
            text = f"pads '{device.pads}' are those of device '{pins[names[0]].device}'"
            problems.error(("devices", device.name, "pads"), text)
        pins |= {name: Pin(name, device.name, k, PULLS["none"]) for k, name in enumerate(names)}
    return pins


def _pins(problems: Problems, tables: dict[str, Any], devices: dict[str, Device]) -> dict[str, Pin]:
    pins = _pads(problems, devices)
    for name, table in tables.items():
        where = ("pins", name)
        _check_name(problems, where, "pin")
        data = check(problems, where, {"at": table} if isinstance(table, str) else table, _PIN_KEYS)
        at = data.get("at")
        found = _signal(problems, where, at, devices, MAX_SIGNAL) if at is not None else None
        if found and devices[found[0]].pads and found[1] >= PADS:
            problems.error(where, f"signal {found[1]} of '{found[0]}' is more than {PADS - 1}")
        elif found:
            pins[name] = Pin(name, *found, PULLS[data.get("pull", "none")])
    return pins


def _parts(
    problems: Problems,
    kind: str,
    tables: dict[str, Any],
    keys: dict[str, Key],
    pins: dict[str, Pin],
) -> dict[str, Part]:
    parts = {}
    for name, table in tables.items():
        data = check(problems, (kind, name), table, keys)
        pin = data.get("pin", "")
        if pin and pin not in pins:
            text = f"unknown pin '{pin}'" + suggestion(pin, pins)
            problems.error((kind, name, "pin"), text)
        parts[name] = Part(name, pin, data.get("active", "high"), data.get("colour", ""))
    return parts
