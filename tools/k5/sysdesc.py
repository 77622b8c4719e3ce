"""System descriptions: one TOML file a system, loaded and checked.

The schema is documented in docs/system-description.md. What depends on sizes of
compiled code is checked later, by layout.py and taskelf.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from k5 import board as boards
from k5.board import GRAIN, Board
from k5.errors import suggestion
from k5.paths import shown
from k5.schema import Key, Problems, check, spelled
from k5.tomlindex import TomlFile

# An exception frame without floating point, and the word pair that aligns it.
FRAME_BYTES = 32 + 8
# One kernel entry may take 1,500 instructions: a budget below that pays for
# entering the kernel and never for the task's own work.
MIN_BUDGET_INSNS = 2000

MAX_TASKS, MAX_ENDPOINTS, MAX_SLOTS = 32, 64, 1024  # what every engine can hold
MAX_US = 2**31 - 1
RIGHTS = {"send": 1, "recv": 2, "grant": 4}
ACCESS = {"r": 1, "rw": 3, "rx": 5}
POLICIES = {"restart": 0, "hold": 1, "stop": 2}
SEED = "seed"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,30}")


@dataclass(frozen=True)
class Capability:
    name: str
    endpoint: str
    rights: int
    badge: int


@dataclass(frozen=True)
class RegionUse:
    region: str
    access: int


@dataclass(frozen=True)
class Restart:
    policy: str = "restart"
    backoff_us: int = 10_000
    backoff_max_us: int = 1_000_000
    stable_us: int = 1_000_000


@dataclass
class Task:
    """A task as described; it has one thread for now."""

    name: str
    index: int
    sources: list[Path]
    include: list[Path]
    priority: int
    budget_us: int
    cooldown_us: int
    overrun_us: int
    stack: int
    slots: int
    argument: int
    seeded: bool  # the argument is the run's seed
    restart: Restart
    capabilities: list[Capability]
    regions: list[RegionUse]


@dataclass(frozen=True)
class Endpoint:
    name: str
    index: int
    receiver: str


@dataclass(frozen=True)
class Region:
    name: str
    bytes: int
    base: int | None
    device: bool


@dataclass
class System:
    """A checked description, for one board."""

    name: str
    path: Path
    file: TomlFile
    board: Board
    tasks: list[Task]
    endpoints: list[Endpoint]
    regions: list[Region]
    warnings: list[str] = field(default_factory=list)

    def task(self, name: str) -> Task:
        return next(task for task in self.tasks if task.name == name)


@dataclass(frozen=True)
class _Places:
    """What paths of a description are relative to."""

    folder: Path
    arch: str


_TOP = {
    "system": Key(dict, required=True),
    "task": Key(dict, required=True),
    "endpoint": Key(dict),
    "region": Key(dict),
}

_SYSTEM = {"name": Key(str, required=True), "board": Key(str)}
_TASK = {
    "sources": Key(list, required=True, items=str),
    "include": Key(list, items=str),
    "priority": Key(int, required=True, least=0, most=31),
    "budget_us": Key(int, least=0, most=MAX_US),
    "cooldown_us": Key(int, least=0, most=MAX_US),
    "overrun_us": Key(int, least=0, most=MAX_US),
    "stack": Key(int, least=1, most=2**24),
    "slots": Key(int, least=1, most=255),
    "argument": Key(object),
    "restart": Key(dict),
    "capabilities": Key(list, items=dict),
    "regions": Key(list, items=dict),
}
_RESTART = {
    "policy": Key(str, choices=tuple(POLICIES)),
    "backoff_us": Key(int, least=0, most=MAX_US),
    "backoff_max_us": Key(int, least=0, most=MAX_US),
    "stable_us": Key(int, least=0, most=MAX_US),
}
_CAPABILITY = {
    "name": Key(str),
    "endpoint": Key(str, required=True),
    "rights": Key(list, required=True, items=str),
    "badge": Key(int, least=0, most=0xFFFF_FFFF),
}
_USE = {
    "region": Key(str, required=True),
    "access": Key(str, required=True, choices=tuple(ACCESS)),
}
_ENDPOINT = {"receiver": Key(str, required=True)}
_REGION = {
    "bytes": Key(int, required=True, least=1, most=2**32 - 1),
    "base": Key(int, least=0, most=0xFFFF_FFFF),
    "device": Key(bool),
}


def load(path: Path, board: str | None = None) -> System:
    """The description at `path`, for the board it names or for `board`."""
    file = TomlFile(path)
    problems = Problems.of(file)
    top = check(problems, (), file.data, _TOP)
    head = check(problems, ("system",), top.get("system", {}), _SYSTEM)
    if "name" in head and not _NAME.fullmatch(head["name"]):
        problems.error(("system", "name"), f"name = {spelled(head['name'])} is no name")
    regions = _regions(problems, top.get("region", {}))
    endpoints = _endpoints(problems, top.get("endpoint", {}))
    chosen = board or head.get("board")
    places = _Places(path.parent, _arch(chosen))
    tasks = [
        _task(problems, places, name, index, table)
        for index, (name, table) in enumerate(_named(problems, "task", top.get("task", {})))
    ]
    problems.raise_if_any()
    if not chosen:
        problems.error(("system",), "[system] names no board, and none was given by --board")
        problems.raise_if_any()
    asked_at = "" if board else file.where("system", "board")
    system = System(
        name=head["name"],
        path=path,
        file=file,
        board=boards.load(str(chosen), asked_at),
        tasks=tasks,
        endpoints=endpoints,
        regions=regions,
        warnings=problems.warnings,
    )
    _check_counts(problems, system)
    _check_references(problems, system)
    _check_stacks(problems, system)
    _check_times(problems, system)
    _check_regions(problems, system)
    problems.raise_if_any()
    _warn_of_inversions(problems, system)
    return system


def _arch(board: str | None) -> str:
    """What {arch} stands for in paths. A board that is no board is complained about later."""
    return boards.load(board).arch if board in boards.names() else "armv8m"


def _named(problems: Problems, kind: str, tables: dict[str, Any]) -> list[tuple[str, Any]]:
    good = []
    for name, table in tables.items():
        if not _NAME.fullmatch(name):
            problems.error((kind, name), f"{kind} name '{name}': use letters, digits, _ and -")
        else:
            good.append((name, table))
    return good


def _endpoints(problems: Problems, tables: dict[str, Any]) -> list[Endpoint]:
    found = []
    for index, (name, table) in enumerate(_named(problems, "endpoint", tables)):
        data = check(problems, ("endpoint", name), table, _ENDPOINT)
        found.append(Endpoint(name, index, data.get("receiver", "")))
    return found


def _regions(problems: Problems, tables: dict[str, Any]) -> list[Region]:
    found = []
    for name, table in _named(problems, "region", tables):
        where = ("region", name)
        data = check(problems, where, table, _REGION)
        device = data.get("device", False)
        for key in ("bytes", "base"):
            if data.get(key, 0) % GRAIN:
                value = spelled(data[key]) if key == "bytes" else f"{data[key]:#x}"
                problems.error((*where, key), f"{key} = {value} is no multiple of {GRAIN}")
        if device and "base" not in data:
            problems.error(where, f"device region '{name}' needs a base")
        found.append(Region(name, data.get("bytes", GRAIN), data.get("base"), device))
    return found


def _task(problems: Problems, places: _Places, name: str, index: int, table: Any) -> Task:
    where = ("task", name)
    data = check(problems, where, table, _TASK)
    capabilities = _capabilities(problems, where, data.get("capabilities", []))
    budget = data.get("budget_us", 10_000)
    if budget == 0 and data.get("cooldown_us", 0):
        problems.error((*where, "cooldown_us"), "a passive server (budget_us = 0) has no cooldown")
    argument = data.get("argument", 0)
    seeded = argument == SEED
    if not seeded and (
        not isinstance(argument, int)
        or isinstance(argument, bool)
        or not -(2**31) <= argument < 2**32
    ):
        text = f'argument must be a 32-bit integer or "{SEED}", not {spelled(argument)}'
        problems.error((*where, "argument"), text)
        argument = 0
    return Task(
        name=name,
        index=index,
        sources=_paths(problems, places, where, "sources", data),
        include=_paths(problems, places, where, "include", data),
        priority=data.get("priority", 0),
        budget_us=budget,
        cooldown_us=data.get("cooldown_us", 0),
        overrun_us=data.get("overrun_us", 1000),
        stack=_stack(problems, where, data),
        slots=_slots(problems, where, data, len(capabilities)),
        argument=0 if seeded else argument & 0xFFFF_FFFF,
        seeded=seeded,
        restart=_restart(problems, where, data.get("restart", {})),
        capabilities=capabilities,
        regions=_uses(problems, where, data.get("regions", [])),
    )


def _paths(
    problems: Problems, places: _Places, where: tuple[str, str], key: str, data: dict[str, Any]
) -> list[Path]:
    found = []
    if key == "sources" and data.get(key) == []:
        problems.error((*where, key), f"task '{where[1]}' has no sources")
    for index, text in enumerate(data.get(key, [])):
        path = places.folder / text.replace("{arch}", places.arch)
        good = path.is_dir() if key == "include" else path.is_file()
        if not good:
            what = "folder" if key == "include" else "file"
            problems.error((*where, key, index), f"no such {what}: {shown(path)}")
        elif key == "sources" and path.suffix not in (".c", ".S"):
            problems.error((*where, key, index), f'source "{text}" is neither .c nor .S')
        elif path in found:
            problems.error((*where, key, index), f'"{text}" is listed twice')
        found.append(path)
    return found


def _stack(problems: Problems, where: tuple[str, str], data: dict[str, Any]) -> int:
    stack: int = data.get("stack", 1024)
    if stack < FRAME_BYTES:
        text = f"stack = {stack} is too small for an exception frame ({FRAME_BYTES} bytes)"
        problems.error((*where, "stack"), text)
    return -(-stack // 8) * 8  # the stack pointer is 8-byte aligned at exceptions


def _slots(problems: Problems, where: tuple[str, str], data: dict[str, Any], caps: int) -> int:
    slots: int = data.get("slots", max(4, -(-caps // 4) * 4))
    if slots < caps:
        problems.error((*where, "slots"), f"slots = {slots} is less than its {caps} capabilities")
    return slots


def _restart(problems: Problems, where: tuple[str, str], table: dict[str, Any]) -> Restart:
    here = (*where, "restart")
    restart = Restart(**check(problems, here, table, _RESTART))
    if restart.backoff_max_us < restart.backoff_us:
        text = f"backoff_max_us = {restart.backoff_max_us} is less than backoff_us = {restart.backoff_us}"
        if "backoff_max_us" in table:
            problems.error((*here, "backoff_max_us"), text)
        else:
            return Restart(
                restart.policy, restart.backoff_us, restart.backoff_us, restart.stable_us
            )
    return restart


def _capabilities(
    problems: Problems, where: tuple[str, str], tables: list[Any]
) -> list[Capability]:
    found: list[Capability] = []
    for index, table in enumerate(tables):
        here = (*where, "capabilities", index)
        data = check(problems, here, table, _CAPABILITY)
        rights = 0
        for right in data.get("rights", []):
            if right not in RIGHTS:
                problems.error(
                    (*here, "rights"), f"unknown right '{right}'" + suggestion(right, RIGHTS)
                )
            rights |= RIGHTS.get(right, 0)
        if data.get("rights") == []:
            problems.error((*here, "rights"), "a capability without rights is of no use")
        endpoint = data.get("endpoint", "")
        name = data.get("name", endpoint)
        if not _NAME.fullmatch(name) and "endpoint" in data:
            problems.error((*here, "name"), f"name = {spelled(name)} is no name")
        if any(macro(other.name) == macro(name) for other in found):
            problems.error(here, f"task '{where[1]}' has two capabilities named '{name}'")
        found.append(Capability(name, endpoint, rights, data.get("badge", 0)))
    return found


def _uses(problems: Problems, where: tuple[str, str], tables: list[Any]) -> list[RegionUse]:
    found: list[RegionUse] = []
    for index, table in enumerate(tables):
        here = (*where, "regions", index)
        data = check(problems, here, table, _USE)
        name = data.get("region", "")
        if any(use.region == name for use in found):
            problems.error(here, f"task '{where[1]}' lists the region '{name}' twice")
        found.append(RegionUse(name, ACCESS.get(data.get("access", ""), 0)))
    return found


def macro(name: str) -> str:
    """A name as part of a C identifier in capitals."""
    return name.upper().replace("-", "_")


def _check_counts(problems: Problems, system: System) -> None:
    if not system.tasks:
        problems.error(("task",), "a system needs at least one task")
    slots = sum(task.slots for task in system.tasks)
    for what, count, most in (
        ("task", len(system.tasks), MAX_TASKS),
        ("endpoint", len(system.endpoints), MAX_ENDPOINTS),
        ("slot", slots, MAX_SLOTS),
    ):
        if count > most:
            problems.error((), f"{count} {what}s are more than the {most} that a system may have")


def _check_references(problems: Problems, system: System) -> None:
    tasks = [task.name for task in system.tasks]
    endpoints = {endpoint.name: endpoint for endpoint in system.endpoints}
    regions = [region.name for region in system.regions]
    for endpoint in system.endpoints:
        if endpoint.receiver not in tasks:
            text = f"unknown task '{endpoint.receiver}'" + suggestion(endpoint.receiver, tasks)
            problems.error(("endpoint", endpoint.name, "receiver"), text)
    for task in system.tasks:
        for index, cap in enumerate(task.capabilities):
            here = ("task", task.name, "capabilities", index)
            if cap.endpoint not in endpoints:
                text = f"unknown endpoint '{cap.endpoint}'" + suggestion(cap.endpoint, endpoints)
                problems.error((*here, "endpoint"), text)
            elif cap.rights & RIGHTS["recv"] and endpoints[cap.endpoint].receiver != task.name:
                receiver = endpoints[cap.endpoint].receiver
                text = f"only the receiver, '{receiver}', may hold recv on '{cap.endpoint}'"
                problems.error((*here, "rights"), text)
        for index, use in enumerate(task.regions):
            if use.region not in regions:
                text = f"unknown region '{use.region}'" + suggestion(use.region, regions)
                problems.error(("task", task.name, "regions", index, "region"), text)


def _check_stacks(problems: Problems, system: System) -> None:
    board = system.board
    room = board.ram.bytes - board.kernel_ram_bytes
    for task in system.tasks:
        if task.stack > room:
            text = f"stack = {task.stack} is more than the RAM that {board.name} has for tasks"
            problems.error(("task", task.name, "stack"), f"{text}, {room} bytes")


def _check_times(problems: Problems, system: System) -> None:
    board = system.board
    least = MIN_BUDGET_INSNS * board.ticks_per_insn
    for task in system.tasks:
        here = ("task", task.name)
        if task.budget_us and board.ticks(task.budget_us) < least:
            need = -(-least * 1_000_000 // board.tick_hz)
            text = f"budget_us = {task.budget_us} is too small to make progress on {board.name}"
            problems.error((*here, "budget_us"), f"{text}: at least {need}")
        times = {"budget_us": task.budget_us, "overrun_us": task.overrun_us}
        times["cooldown_us"] = task.cooldown_us
        for key in ("backoff_us", "backoff_max_us", "stable_us"):
            times[key] = getattr(task.restart, key)
        for key, value in times.items():
            if board.ticks(value) >= 2**31:
                where = (*here, "restart", key) if key[:4] in ("back", "stab") else (*here, key)
                most = (2**31 - 1) * 1_000_000 // board.tick_hz
                problems.error(
                    where, f"{key} = {value} is more than {board.name} can count: {most}"
                )


def _check_regions(problems: Problems, system: System) -> None:
    board = system.board
    ram_free = board.ram.base + board.kernel_ram_bytes
    fixed = [region for region in system.regions if region.base is not None]
    for region in fixed:
        base = region.base or 0
        end = base + region.bytes
        here = ("region", region.name, "base")
        what = f"region '{region.name}' {base:#010x}-{end - 1:#010x}"
        if region.device:
            hits = [m for m in (board.flash, board.ram) if base < m.end and m.base < end]
            if hits or end > 0xE000_0000:
                problems.error(here, f"{what} is not in the peripheral address space")
        elif base < ram_free or end > board.ram.end:
            text = (
                f"{what} is outside the memory for tasks {ram_free:#010x}-{board.ram.end - 1:#010x}"
            )
            problems.error(here, text)
    for index, one in enumerate(fixed):
        for other in fixed[:index]:
            a, b = one.base or 0, other.base or 0
            if a < b + other.bytes and b < a + one.bytes:
                text = (
                    f"region '{one.name}' at {a:#010x} overlaps region '{other.name}' at {b:#010x}"
                )
                problems.error(("region", one.name), text)
    for task in system.tasks:
        count = 2 + len(task.regions)  # its text and its memory come first
        if count > board.mpu_regions:
            text = f"task '{task.name}' needs {count} MPU regions, {board.name} has {board.mpu_regions}"
            problems.error(("task", task.name, "regions"), text)


def _warn_of_inversions(problems: Problems, system: System) -> None:
    """A call lends its priority, so a passive server has no inversion; others work for themselves."""
    receivers = {endpoint.name: endpoint.receiver for endpoint in system.endpoints}
    for task in system.tasks:
        for index, cap in enumerate(task.capabilities):
            server = system.task(receivers[cap.endpoint])
            if not cap.rights & RIGHTS["send"] or server.budget_us == 0 or server is task:
                continue
            if server.priority < task.priority:
                text = (
                    f"priority inversion: '{task.name}' (priority {task.priority}) calls "
                    f"'{server.name}' (priority {server.priority}), which it can then wait for"
                )
                problems.warn(("task", task.name, "capabilities", index), text)
    for endpoint in system.endpoints:
        server = system.task(endpoint.receiver)
        if not any(
            c.endpoint == endpoint.name and c.rights & RIGHTS["recv"] for c in server.capabilities
        ):
            text = f"'{server.name}' has no capability to receive from '{endpoint.name}'"
            problems.warn(("endpoint", endpoint.name), text)
