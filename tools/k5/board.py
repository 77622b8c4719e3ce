"""Boards: data in boards/NAME/board.toml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from k5 import arch as archs
from k5 import boarddevices
from k5.boarddevices import GRAIN, Device, Periphery
from k5.errors import K5Error, suggestion
from k5.paths import BOARDS
from k5.schema import Key, Problems, check
from k5.tomlindex import TomlFile

MAX_LINE = 255  # the hosted port's: HOSTPORT_LINES


@dataclass(frozen=True)
class Memory:
    """One memory of the board."""

    base: int
    bytes: int

    @property
    def end(self) -> int:
        return self.base + self.bytes


@dataclass(frozen=True)
class Board:
    """What the tools need to know of a board."""

    name: str
    title: str
    path: Path
    cpu: str
    arch: str
    chips: list[str]
    tick_hz: int
    ticks_per_insn: int
    mpu_regions: int
    flash: Memory
    ram: Memory
    kernel_flash_bytes: int
    kernel_ram_bytes: int
    region_align: int
    fpu: bool
    interrupt_lines: int
    interrupts: dict[str, int]
    periphery: Periphery
    image: dict[str, Any]
    qemu: dict[str, Any]

    @property
    def devices(self) -> dict[str, Device]:
        """Its peripherals and other chips, by name."""
        return self.periphery.devices

    def lines(self) -> range:
        """The numbers of the interrupt controller's lines."""
        first = archs.of(self.arch).first_line
        return range(first, first + self.interrupt_lines)

    def ticks(self, us: int) -> int:
        """Microseconds in ticks, rounded up: a time-out never comes early."""
        return -(-us * self.tick_hz // 1_000_000)


_MEMORY_KEYS = {
    "base": Key(int, required=True, least=0, most=0xFFFF_FFFF),
    "bytes": Key(int, required=True, least=1024, most=0x1_0000_0000),
}
_KEYS = {
    "name": Key(str, required=True),
    "title": Key(str, required=True),
    "cpu": Key(str, required=True, choices=archs.CPUS),
    "arch": Key(str, required=True, choices=tuple(archs.ARCHS)),
    "chips": Key(list, items=str),
    "tick_hz": Key(int, required=True, least=1000, most=1_000_000_000),
    "ticks_per_insn": Key(int, required=True, least=1, most=1000),
    "mpu_regions": Key(int, required=True, least=3, most=16),
    "memory": Key(dict, required=True),
    "kernel_flash_bytes": Key(int, required=True, least=GRAIN),
    "kernel_ram_bytes": Key(int, required=True, least=GRAIN),
    "region_align": Key(int, required=True, least=GRAIN),
    "priority_bits": Key(int, least=1, most=8),
    "fpu": Key(bool),
    "interrupt_lines": Key(int, required=True, least=1, most=MAX_LINE),
    "interrupts": Key(dict),
    "devices": Key(dict),
    "wires": Key(list, items=dict),
    "pins": Key(dict),
    "leds": Key(dict),
    "buttons": Key(dict),
    "image": Key(dict),
    "qemu": Key(dict),
}

def names() -> list[str]:
    """All boards of the tree."""
    return sorted(path.parent.name for path in BOARDS.glob("*/board.toml"))


def load(name: str, asked_at: str = "") -> Board:
    """The board of that name; `asked_at` is the FILE:LINE that names it."""
    path = BOARDS / name / "board.toml"
    if name not in names():
        place = f"{asked_at}: " if asked_at else ""
        raise K5Error(f"{place}unknown board '{name}'" + suggestion(name, names()))
    file = TomlFile(path)
    problems = Problems.of(file)
    data = check(problems, (), file.data, _KEYS)
    memory_keys = {"flash": Key(dict, required=True), "ram": Key(dict, required=True)}
    memory = check(problems, ("memory",), data.get("memory", {}), memory_keys)
    parts = {
        part: check(problems, ("memory", part), memory.get(part, {}), _MEMORY_KEYS)
        for part in memory_keys
    }
    problems.raise_if_any()
    if data["cpu"] not in archs.of(data["arch"]).cpus:
        problems.error(("cpu",), f"cpu '{data['cpu']}' is no {data['arch']}")
    _check_memory(problems, data, parts)
    first = archs.of(data["arch"]).first_line
    line = Key(int, required=True, least=first, most=first + data["interrupt_lines"] - 1)
    named = data.get("interrupts", {})
    interrupts = check(problems, ("interrupts",), named, dict.fromkeys(named, line))
    periphery = boarddevices.load(problems, data, interrupts)
    problems.raise_if_any()
    return Board(
        name=name,
        title=data["title"],
        path=path,
        cpu=data["cpu"],
        arch=data["arch"],
        chips=data.get("chips", []),
        tick_hz=data["tick_hz"],
        ticks_per_insn=data["ticks_per_insn"],
        mpu_regions=min(data["mpu_regions"], 8),  # CFG_MPU_REGIONS: the smallest chip's count
        flash=Memory(**parts["flash"]),
        ram=Memory(**parts["ram"]),
        kernel_flash_bytes=data["kernel_flash_bytes"],
        kernel_ram_bytes=data["kernel_ram_bytes"],
        region_align=data["region_align"],
        fpu=data.get("fpu", False),
        interrupt_lines=data["interrupt_lines"],
        interrupts=interrupts,
        periphery=periphery,
        image=data.get("image", {}),
        qemu=data.get("qemu", {}),
    )


def _check_memory(
    problems: Problems, data: dict[str, Any], parts: dict[str, dict[str, int]]
) -> None:
    for part, reserve in (("flash", "kernel_flash_bytes"), ("ram", "kernel_ram_bytes")):
        memory = parts[part]
        if memory["base"] % 1024 or memory["bytes"] % 1024:
            problems.error(("memory", part), f"memory.{part} is not on a 1 KiB border")
        if memory["base"] + memory["bytes"] > 0x1_0000_0000:
            problems.error(("memory", part), f"memory.{part} leaves the address space")
        if data[reserve] >= memory["bytes"]:
            problems.error((reserve,), f"{reserve} = {data[reserve]} leaves no {part} for tasks")
        if data[reserve] % GRAIN:
            problems.error((reserve,), f"{reserve} = {data[reserve]} is no multiple of {GRAIN}")
    if data["region_align"] % GRAIN:
        problems.error(
            ("region_align",), f"region_align = {data['region_align']} is no multiple of {GRAIN}"
        )
