"""What a built system and its board know: tasks, pins, lines, log lines.

Each question either has an answer or raises Unknown, which says what was probably meant.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from k5.builder import Built
from k5.decode import Decoder
from k5.errors import K5Error, suggestion
from k5.scenario import logs
from k5.stream import Event

if TYPE_CHECKING:
    from k5.machine import Machine

REGISTERS_BYTES = 0x1000  # of a device: where names of registers are looked for
MOST_LINES = 10_000  # decoded log lines that are kept
VARIABLE = 1  # the ELF file's kind of symbol


class Unknown(ValueError):
    """What there is not."""


def known(what: str, name: str, names: Iterable[str]) -> str:
    """The name, if it is one of them."""
    listed = list(names)
    if name not in listed:
        hint = suggestion(name, listed) if listed else " (there is none)"
        raise Unknown(f"no {what} '{name}'{hint}")
    return name


class Names:
    """Of one built system; `machine` is there for what only its models know."""

    def __init__(self, built: Built, decoder: Decoder, machine: Machine | None) -> None:
        self.meta: dict[str, Any] = built.meta
        self.board = built.board
        self.decoder = decoder
        self.machine = machine
        self._formats: dict[str, list[str]] = {}
        self._registers: dict[str, dict[str, int]] = {}
        self._pins: dict[int, str] = {}
        self._possible: set[tuple[str, str]] = set()
        self._said: dict[tuple[object, ...], tuple[str, str]] = {}

    # ---- tasks

    @property
    def tasks(self) -> list[str]:
        return [str(task["name"]) for task in self.meta["tasks"]]

    def task(self, name: str) -> str:
        """A task."""
        return known("task", name, self.tasks)

    def threads(self, name: str) -> frozenset[int]:
        """The threads that a task's or a thread's name stands for; "": all."""
        if not name:
            return frozenset(range(len(self.meta["threads"])))
        entries = list(enumerate(self.meta["threads"]))
        found = {i for i, t in entries if t["task"] == name}
        if not found or "." in name:
            found = {i for i, thread in entries if thread["name"] == name}
        if not found:
            names = [*self.tasks, *(str(t["name"]) for _, t in entries if "." in t["name"])]
            known("task or thread", name, names)
        return frozenset(found)

    def thread(self, name: str) -> int:
        """The one thread of that name."""
        names = [str(thread["name"]) for thread in self.meta["threads"]]
        return names.index(known("thread", name, names))

    def places(self, task: str, where: str) -> list[int]:
        """The addresses of a function, or of a line of a task's source."""
        self.task(task)
        assert self.machine
        try:
            return self.machine.places(task, where)
        except K5Error as problem:
            raise Unknown(str(problem)) from None

    def formats(self, task: str) -> list[str]:
        """The formats of a task's log lines."""
        if task not in self._formats:
            elf = self.decoder.elf(task)
            self._formats[task] = [text for _, text in logs.formats(elf)] if elf else []
        return self._formats[task]

    def log(self, text: str, task: str) -> None:
        """Whether some line can contain the text."""
        if (task, text) in self._possible:
            return
        tasks = [task.partition(".")[0]] if task else self.tasks
        lines = [line for name in tasks for line in self.formats(name)]
        if not any(self._can_log(name, text) for name in tasks):
            who = f"task {task} has" if task else "there is"
            raise Unknown(f'{who} no log line that can contain "{text}"' + logs.hint(text, lines))
        self._possible.add((task, text))

    def _can_log(self, task: str, text: str) -> bool:
        elf = self.decoder.elf(task)
        strings = b"\0".join(segment.data for segment in elf.segments) if elf else b""
        return any(logs.can_contain(line, text, strings) for line in self.formats(task))

    def said(self, event: Event) -> tuple[str, str]:
        """Level and text of a log line; they come again and again, and in each run."""
        key = (event.thread, event.code, event.args)
        found = self._said.get(key)
        if found is None:
            line = self.decoder.line(event)
            if len(self._said) >= MOST_LINES:
                self._said.clear()
            found = self._said[key] = (line.level, line.text)
        return found

    def variable(self, name: str) -> tuple[str, int, int]:
        """Task, address and size of TASK.VARIABLE."""
        task, _, variable = name.partition(".")
        elf = self.decoder.elf(self.task(task))
        symbols = {s.name: s for s in elf.symbols if s.kind == VARIABLE} if elf else {}
        symbol = symbols[known(f"variable of task {task}", variable, symbols)]
        return task, symbol.value, symbol.bytes

    # ---- the board

    def _device(self, name: str) -> dict[str, Any]:
        devices = {str(d["name"]): d for d in self.meta.get("devices", []) if d["model"]}
        found: dict[str, Any] = devices[known(f"device of {self.board}", name, devices)]
        return found

    def device(self, name: str) -> int:
        """A device's place on the board."""
        self._device(name)
        assert self.machine
        return self.machine.device_index(name)

    def serial(self, name: str) -> int:
        """The same, of a device with a serial line."""
        device = self._device(name)
        if self.machine is None:  # QEMU
            if device.get("qemu_serial") is None:
                raise Unknown(f"QEMU has no serial line '{name}'")
            return [d["name"] for d in self.meta["devices"] if d["model"]].index(name)
        known(f"device of {self.board} with a serial line:", name, self.machine.serials())
        return self.machine.device_index(name)

    def pin(self, name: str) -> int:
        """A pin's place."""
        assert self.machine
        known(f"pin of {self.board}", name, (p["name"] for p in self.machine.periphery.pins))
        index = self.machine.pin_index(name)
        self._pins[index] = name
        return index

    def pins_asked(self) -> list[tuple[int, str]]:
        """The pins that were asked for: place and name."""
        return list(self._pins.items())

    def _part(self, what: str, parts: dict[str, Any], name: str) -> tuple[int, bool]:
        part = parts[known(f"{what} of {self.board}", name, parts)]
        return self.pin(part["pin"]), part["active"] == "high"

    def led(self, name: str) -> tuple[int, bool]:
        """Its pin, and the level at which it shines."""
        assert self.machine
        return self._part("LED", self.machine.periphery.leds, name)

    def button(self, name: str) -> tuple[int, bool]:
        """Its pin, and the level when it is pressed."""
        assert self.machine
        return self._part("button", self.machine.periphery.buttons, name)

    def line(self, name: str) -> int:
        """The number of an interrupt line: the board's name of it, the system's, or a number."""
        lines = {i["name"]: i["line"] for i in self.meta["interrupts"]}
        lines |= self.meta.get("interrupt_lines", {})
        if name.isdigit():
            if int(name) > 255:
                raise Unknown(f"no interrupt line {name}: they go up to 255")
            return int(name)
        return int(lines[known(f"interrupt of {self.board}", name, lines)])

    def value(self, name: str) -> tuple[str, str]:
        """A device and its quantity, from DEVICE.VALUE."""
        device, _, value = name.partition(".")
        self._device(device)
        assert self.machine
        known(f"value of {device}:", value, self.machine.values(device))
        return device, value

    def register(self, name: str) -> tuple[int, int]:
        """A device's place and a register's offset, from DEVICE.REGISTER."""
        device, _, register = name.partition(".")
        index, offsets = self.device(device), self._offsets(device)
        return index, offsets[known(f"register of {device}:", register, offsets)]

    def _offsets(self, device: str) -> dict[str, int]:
        if device not in self._registers:
            assert self.machine
            index = self.machine.device_index(device)
            named = ((self.machine.register_name(index, o), o) for o in range(REGISTERS_BYTES))
            found: dict[str, int] = {}
            for name, offset in named:
                if not name.startswith("0x"):
                    found.setdefault(name, offset)  # its other bytes have the same name
            self._registers[device] = found
        return self._registers[device]

    def memory_bytes(self, device: str) -> int:
        """The size of a device's own memory."""
        self._device(device)
        assert self.machine
        return len(self.machine.device_memory(device))
