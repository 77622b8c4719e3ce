"""The simulator's own events (enum k5sim_event_kind of sim/k5sim.h) with names resolved.

They lie beside the kernel's: what happens at pins, on serial lines, between a
task and a device, and to the machine as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from k5.stream import Event

FIRST_KIND = 48  # the kernel's kinds lie below
CLASS = "device"
MISUSE_WRITE = 256
KINDS = {
    48: "PIN", 49: "SERIAL", 50: "STORM", 51: "RESET", 52: "UNCLOCKED", 54: "VALUE",
    56: "LINE", 57: "READ", 58: "WRITE", 59: "MISUSE", 60: "UNMODELLED",
}  # fmt: skip
# What every run records and shows: storms, resets, mistakes with devices (each the first time).
NOTABLE = (50, 51, 52, 59, 60)
DRIVERS = ("pull", "chip", "outside")
SERIAL_ERRORS = {1: "framing", 2: "parity", 4: "noise", 8: "break", 16: "lost"}
RESETS = ("power", "pin", "watchdog")
ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 13: "\\r", 27: "\\e", 92: "\\\\"}

Told = tuple[str, dict[str, Any]]


def character(code: int) -> str:
    """A character of a serial line as C would spell it."""
    if code in ESCAPES:
        return ESCAPES[code]
    return chr(code) if 32 <= code < 127 else f"\\x{code:02x}"


def _signed(word: int) -> int:
    return word - 2**32 if word & 0x8000_0000 else word


def _entry(names: tuple[str, ...], index: int) -> str:
    return names[index] if index < len(names) else str(index)


class Describer:
    """Text and fields of the simulator's events, for the board of one built system."""

    def __init__(self, meta: dict[str, Any]) -> None:
        # As the simulator gets them: what has no model is not there.
        self.devices = [str(e["name"]) for e in meta.get("devices", []) if e["model"]]
        pins = meta.get("pins", [])
        self.pins = [str(pin["name"]) for pin in pins if pin["device"] in self.devices]
        self.interrupts = {entry["line"]: entry["name"] for entry in meta["interrupts"]}
        self.tick_hz = int(meta["tick_hz"])
        # What only a loaded simulator knows: the names of registers and of outside values.
        self.register_name: Callable[[int, int], str] = lambda device, offset: hex(offset)
        self.value_names: Callable[[str], list[str]] = lambda device: []

    def describe(self, event: Event) -> Told:
        """What an event says, for people and as fields."""
        found = getattr(self, f"_{KINDS.get(event.kind, '').lower()}", None)
        if found is None:
            return " ".join([f"code={event.code:#x}", *(f"{word:#x}" for word in event.args)]), {}
        told: Told = found(event)
        return told

    def _device(self, index: int) -> str:
        return self.devices[index] if index < len(self.devices) else f"device{index}"

    def _register(self, event: Event) -> dict[str, Any]:
        """The fields of an access."""
        offset = event.args[0]
        register = self.register_name(event.code, offset)
        return {"device": self._device(event.code), "offset": offset, "register": register}

    @staticmethod
    def _place(fields: dict[str, Any]) -> str:
        """`uart1.CR1`; the offset, where the register has no known name."""
        return f"{fields['device']}.{fields['register']}"

    def _pin(self, event: Event) -> Told:
        name = self.pins[event.code] if event.code < len(self.pins) else f"pin{event.code}"
        driver = _entry(DRIVERS, event.args[1])
        high = event.args[0] & 1
        fields = {"pin": name, "high": high, "driver": driver}
        by = "nobody drives it" if driver == "pull" else f"by the {driver}"
        return f"{name} is {'high' if high else 'low'}, {by}", fields

    def _serial(self, event: Event) -> Told:
        code, inwards, flags, ticks, bits = event.args[:5]
        errors = [name for bit, name in SERIAL_ERRORS.items() if flags & bit]
        fields: dict[str, Any] = {
            "device": self._device(event.code),
            "direction": "rx" if inwards else "tx",
            "byte": code,
            "errors": errors,
        }
        if ticks and bits:
            fields |= {"frame_ns": round(ticks * 1e9 / self.tick_hz), "bits": bits}
        way = "receives" if inwards else "sends"
        damage = f" ({', '.join(errors)})" if errors else ""
        return f"{fields['device']} {way} '{character(code)}'{damage}", fields

    def _storm(self, event: Event) -> Told:
        line, count = event.code, event.args[0]
        name = self.interrupts.get(line)
        text = f"line {line}{f' ({name})' if name else ''} has fired {count} times without going down"
        return text, {"line": line, "count": count}

    def _reset(self, event: Event) -> Told:
        cause = _entry(RESETS, event.code)
        fields = {"cause": cause}
        if cause == "watchdog":
            fields["device"] = self._device(event.args[0])
            return f"the watchdog {fields['device']} resets the chip", fields
        return f"the chip is reset ({cause})", fields

    def _value(self, event: Event) -> Told:
        index, value = event.args[0], _signed(event.args[1])
        device = self._device(event.code)
        names = self.value_names(device)
        name = names[index] if index < len(names) else f"value{index}"
        return f"{device}: {name} is {value}", {"device": device, "input": name, "value": value}

    def _line(self, event: Event) -> Told:
        line, raised = event.args[0], event.args[1] & 1
        fields = {"device": self._device(event.code), "line": line, "raised": raised}
        return f"{fields['device']} {'raises' if raised else 'lowers'} line {line}", fields

    def _read(self, event: Event) -> Told:
        fields = self._register(event) | {"value": event.args[1]}
        return f"{self._place(fields)} reads {event.args[1]:#x}", fields

    def _write(self, event: Event) -> Told:
        written, now = event.args[1:3]
        fields = self._register(event) | {"value": written, "now": now}
        then = f", is {now:#x}" if now != written else ""
        return f"{self._place(fields)} = {written:#x}{then}", fields

    def _misuse(self, event: Event) -> Told:
        value, how = event.args[1:3]
        size = how & ~MISUSE_WRITE
        way = "write" if how & MISUSE_WRITE else "read"
        fields = self._register(event) | {"value": value, "bytes": size, "access": way}
        return f"bad {way} of {size} bytes at {self._place(fields)}", fields

    def _unmodelled(self, event: Event) -> Told:
        written, bits = event.args[1:3]
        fields = self._register(event) | {"value": written, "bits": bits}
        return f"{self._place(fields)} = {written:#x}: bits {bits:#x} are not modelled", fields

    def _unclocked(self, event: Event) -> Told:
        way = "write" if event.args[2] & 1 else "read"
        fields = self._register(event) | {"value": event.args[1], "access": way}
        return f"{way} of {self._place(fields)}, whose clock is off", fields
