"""System descriptions: one TOML file a system, loaded and checked.

The schema is documented in docs/system-description.md. This file knows the keys;
syscheck.py checks what they say of each other. What depends on sizes of compiled
code is checked later, by layout.py, loans.py and taskelf.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from k5 import board as boards
from k5 import drivers, syscheck
from k5.board import MAX_LINE, Board
from k5.boarddevices import GRAIN
from k5.errors import suggestion
from k5.paths import shown
from k5.schema import Key, Problems, check, spelled

from k5.system import (
    ACCESS, BADGED, KINDS, LAST_RESORTS, POLICIES, Capability, Endpoint, Interrupt, Notification,
    Port, Region, RegionUse, Restart, System, Task, Thread, macro, rights_of,
)  # fmt: skip
from k5.tomlindex import TomlFile

# An exception frame without floating point, and the word pair that aligns it.
FRAME_BYTES = 32 + 8
FPU_FRAME_BYTES = 104 + 8
STACK_ALIGN = 8  # the stack pointer's at exceptions

MAX_US = 2**31 - 1
MAX_QUEUE = 64
SEED = "seed"
OWN_PRIORITY = -1  # badge of a thread capability until the threads are known

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,30}")
_C_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Where = tuple[str | int, ...]


@dataclass(frozen=True)
class _Context:
    """What tables of a description are read with."""

    problems: Problems
    file: TomlFile  # paths are relative to where they stand
    arch: str
    board: Board | None  # None: there is no good one, which is complained about later


_TOP = {
    "system": Key(dict, required=True),
    "task": Key(dict, required=True),
    "endpoint": Key(dict),
    "notification": Key(dict),
    "interrupt": Key(dict),
    "port": Key(dict),
    "region": Key(dict),
}
_SYSTEM = {
    "name": Key(str, required=True),
    "board": Key(str),
    "last_resort": Key(str, choices=tuple(LAST_RESORTS)),
    "drivers": Key(list, items=str),
}
_THREAD = {
    "priority": Key(int, required=True, least=0, most=31),
    "budget_us": Key(int, least=0, most=MAX_US),
    "cooldown_us": Key(int, least=0, most=MAX_US),
    "overrun_us": Key(int, least=0, most=MAX_US),
    "stack": Key(int, least=1, most=2**24),
    "argument": Key(object),
    "fpu": Key(bool),
    "start": Key(bool),
}
_EXTRA_THREAD = {**_THREAD, "entry": Key(str)}
_TASK = {
    "sources": Key(list, required=True, items=str),
    "include": Key(list, items=str),
    **_THREAD,
    "slots": Key(int, least=1, most=255),
    "supervisor": Key(str),
    "loan_grace_us": Key(int, least=0, most=MAX_US),
    "restart": Key(dict),
    "capabilities": Key(list, items=dict),
    "regions": Key(list, items=dict),
    "thread": Key(dict),
}
_RESTART = {
    "policy": Key(str, choices=tuple(POLICIES)),
    "backoff_us": Key(int, least=0, most=MAX_US),
    "backoff_max_us": Key(int, least=0, most=MAX_US),
    "stable_us": Key(int, least=0, most=MAX_US),
    "limit": Key(int, least=0, most=255),
}
_CAPABILITY = {
    "name": Key(str),
    **{kind: Key(str) for kind in KINDS},
    "rights": Key(list, required=True, items=str),
    "badge": Key(int, least=0, most=0xFFFF_FFFF),
    "max_priority": Key(int, least=0, most=31),
    "lend": Key(str, choices=("read", "write")),
}
_USE = {
    "region": Key(str, required=True),
    "access": Key(str, required=True, choices=tuple(ACCESS)),
}
_ENDPOINT = {"receiver": Key(str, required=True), "queue": Key(int, least=0, most=MAX_QUEUE)}
_NOTIFICATION = {"receiver": Key(str, required=True), "bound": Key(bool)}
_INTERRUPT = {
    "source": Key(str),
    "line": Key(int, least=0, most=MAX_LINE),
    "notification": Key(str, required=True),
    "bit": Key(int, required=True, least=0, most=31),
}
_PORT = {"name": Key(str)}
_REGION = {
    "bytes": Key(int, least=1, most=2**32 - 1),
    "base": Key(object),
    "device": Key(bool),
    "movable": Key(bool),
    "home": Key(str),
}


def load(path: Path, board: str | None = None) -> System:
    """The description at `path`, for the board it names or for `board`."""
    file = TomlFile(path)
    problems = Problems.of(file)
    head = check(problems, ("system",), file.data.get("system", {}), _SYSTEM)
    if "name" in head and not _NAME.fullmatch(head["name"]):
        problems.error(("system", "name"), f"name = {spelled(head['name'])} is no name")
    chosen = board or head.get("board")
    known = boards.load(chosen) if chosen in boards.names() else None
    if known and head.get("drivers"):
        file = drivers.join(problems, file, head["drivers"], known.name)
    top = check(problems, (), file.data, _TOP)
    context = _Context(problems, file, known.arch if known else "armv8m", known)
    regions = _regions(context, top.get("region", {}))
    endpoints = _endpoints(problems, top.get("endpoint", {}))
    notifications = _notifications(problems, top.get("notification", {}))
    interrupts = _interrupts(context, top.get("interrupt", {}))
    ports = _ports(problems, top.get("port", {}))
    tasks = [
        _task(context, name, index, table)
        for index, (name, table) in enumerate(_named(problems, "task", top.get("task", {})))
    ]
    _default_priorities(tasks)
    problems.raise_if_any()
    if not chosen:
        problems.error(("system",), "[system] names no board, and none was given by --board")
        problems.raise_if_any()
    asked_at = "" if board else file.where("system", "board")
    system = System(
        name=head["name"],
        path=path,
        file=file,
        board=known or boards.load(str(chosen), asked_at),
        last_resort=head.get("last_resort", "policy"),
        tasks=tasks,
        endpoints=endpoints,
        notifications=notifications,
        interrupts=interrupts,
        ports=ports,
        regions=regions,
        warnings=problems.warnings,
    )
    syscheck.check(problems, system)
    return system


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
        found.append(Endpoint(name, index, data.get("receiver", ""), data.get("queue", 0)))
    return found


def _notifications(problems: Problems, tables: dict[str, Any]) -> list[Notification]:
    found = []
    for index, (name, table) in enumerate(_named(problems, "notification", tables)):
        data = check(problems, ("notification", name), table, _NOTIFICATION)
        found.append(Notification(name, index, data.get("receiver", ""), data.get("bound", False)))
    return found


def _interrupts(context: _Context, tables: dict[str, Any]) -> list[Interrupt]:
    problems = context.problems
    found = []
    for index, (name, table) in enumerate(_named(problems, "interrupt", tables)):
        where = ("interrupt", name)
        data = check(problems, where, table, _INTERRUPT)
        line, source = data.get("line", 0), data.get("source", "")
        if ("source" in data) == ("line" in data):
            said = "both" if "source" in data else "neither"
            text = f"interrupt '{name}' needs a source of the board or a line; it names {said}"
            problems.error(where, text)
        elif source and context.board:
            known = context.board.interrupts
            if source not in known:
                text = f"board {context.board.name} has no interrupt '{source}'"
                problems.error((*where, "source"), text + suggestion(source, known))
            line = known.get(source, 0)
        found.append(
            Interrupt(name, index, line, source, data.get("notification", ""), data.get("bit", 0))
        )
    return found


def _ports(problems: Problems, tables: dict[str, Any]) -> list[Port]:
    found: list[Port] = []
    for index, (name, table) in enumerate(_named(problems, "port", tables)):
        where = ("port", name)
        data = check(problems, where, table, _PORT)
        public = data.get("name", name)
        size = len(public.encode())
        if not 1 <= size <= 16:
            text = f"a port's name is 1 to 16 bytes long; {spelled(public)} has {size}"
            problems.error((*where, "name"), text)
        elif "\0" in public:
            problems.error((*where, "name"), "a port's name has no zero bytes")
        double = [port.name for port in found if port.public == public]
        if double:
            text = f"ports '{double[0]}' and '{name}' have the same name, {spelled(public)}"
            problems.error(where, text)
        found.append(Port(name, index, public))
    return found


def _regions(context: _Context, tables: dict[str, Any]) -> list[Region]:
    problems = context.problems
    found = []
    for name, table in _named(problems, "region", tables):
        where = ("region", name)
        data = check(problems, where, table, _REGION)
        device, movable = data.get("device", False), data.get("movable", False)
        table = table if isinstance(table, dict) else {"bytes": None}
        base, size = _region_base(context, where, data)
        if "bytes" not in table and size is None and set(table) <= set(_REGION):
            problems.error(where, f"[region.{name}] needs the key 'bytes'")
        for key, value in (("bytes", data.get("bytes", 0)), ("base", base or 0)):
            if value % GRAIN:
                text = spelled(value) if key == "bytes" else f"{value:#x}"
                problems.error((*where, key), f"{key} = {text} is no multiple of {GRAIN}")
        if device and "base" not in data:
            problems.error(where, f"device region '{name}' needs a base")
        if movable and device:
            problems.error((*where, "movable"), f"device region '{name}' cannot be moved")
        if movable and "home" not in data:
            problems.error(
                where, f"movable region '{name}' needs a home: the task that begins with it"
            )
        if "home" in data and not movable:
            problems.error((*where, "home"), f"region '{name}' has a home but is not movable")
        found.append(
            Region(
                name, data.get("bytes", size or GRAIN), base, device, movable, data.get("home", "")
            )
        )
    return found


def _region_base(
    context: _Context, where: Where, data: dict[str, Any]
) -> tuple[int | None, int | None]:
    """Address, and size as far as the base tells it: that of a device of the board does."""
    base = data.get("base")
    if isinstance(base, str):
        if not data.get("device", False):
            text = f"base = {spelled(base)} is a device of the board: say device = true"
            context.problems.error((*where, "base"), text)
        if context.board is None:
            return 0, GRAIN
        devices = context.board.devices
        if base not in devices:
            text = f"board {context.board.name} has no device '{base}'" + suggestion(base, devices)
            context.problems.error((*where, "base"), text)
            return None, GRAIN
        if devices[base].bytes == 0:
            text = f"device '{base}' has no registers: it is reached by '{devices[base].bus}'"
            context.problems.error((*where, "base"), text)
            return None, GRAIN
        return devices[base].base, devices[base].bytes
    if base is not None and (isinstance(base, bool) or not isinstance(base, int)):
        text = f"base must be an address or a device of the board, not {spelled(base)}"
        context.problems.error((*where, "base"), text)
        return None, None
    if base is not None and not 0 <= base <= 0xFFFF_FFFF:
        context.problems.error((*where, "base"), f"base = {base} is no 32-bit address")
        return None, None
    return base, None


def _task(context: _Context, name: str, index: int, table: Any) -> Task:
    problems = context.problems
    where = ("task", name)
    data = check(problems, where, table, _TASK)
    main = _thread(problems, where, name, name, data)
    extra = [
        _thread(problems, (*where, "thread", short), name, f"{name}.{short}", thread, short)
        for short, thread in _extra_threads(problems, where, data.get("thread", {}))
    ]
    capabilities = _capabilities(problems, where, data.get("capabilities", []))
    _add_own_threads(problems, capabilities, extra)
    return Task(
        name=name,
        index=index,
        sources=_paths(context, where, "sources", data),
        include=_paths(context, where, "include", data),
        slots=_slots(problems, where, data, len(capabilities), len(extra)),
        start=data.get("start", True),
        supervisor=data.get("supervisor", ""),
        loan_grace_us=data.get("loan_grace_us", 10_000),
        restart=_restart(problems, where, data.get("restart", {})),
        threads=[main, *extra],
        capabilities=capabilities,
        regions=_uses(problems, where, data.get("regions", [])),
    )


def _extra_threads(
    problems: Problems, where: Where, tables: dict[str, Any]
) -> list[tuple[str, dict[str, Any]]]:
    """Tables of the threads beside the main thread."""
    found = []
    for short, table in tables.items():
        here = (*where, "thread", short)
        if not _NAME.fullmatch(short):
            problems.error(here, f"thread name '{short}': use letters, digits, _ and -")
            continue
        found.append((short, check(problems, here, table, _EXTRA_THREAD)))
    return found


def _thread(
    problems: Problems, where: Where, task: str, name: str, data: dict[str, Any], short: str = ""
) -> Thread:
    """A thread, from its own table or its task's."""
    budget = data.get("budget_us", 10_000)
    if budget == 0 and data.get("cooldown_us", 0):
        problems.error((*where, "cooldown_us"), "a passive server (budget_us = 0) has no cooldown")
    argument, seeded = _argument(problems, where, data.get("argument", 0))
    entry = data.get("entry", short.replace("-", "_") + "_main") if short else ""
    if short and not _C_NAME.fullmatch(entry):
        problems.error((*where, "entry"), f"entry = {spelled(entry)} is no name of a C function")
    return Thread(
        name=name,
        task=task,
        entry=entry,
        priority=data.get("priority", 0),
        budget_us=budget,
        cooldown_us=data.get("cooldown_us", 0),
        overrun_us=data.get("overrun_us", 1000),
        stack=_stack(problems, where, data, GRAIN if short else STACK_ALIGN),
        argument=argument,
        seeded=seeded,
        fpu=data.get("fpu", False),
        start=data.get("start", True),
    )


def _argument(problems: Problems, where: Where, argument: Any) -> tuple[int, bool]:
    """The argument's word, and whether the run's seed replaces it."""
    if argument == SEED:
        return 0, True
    good = isinstance(argument, int) and not isinstance(argument, bool)
    if not good or not -(2**31) <= argument < 2**32:
        text = f'argument must be a 32-bit integer or "{SEED}", not {spelled(argument)}'
        problems.error((*where, "argument"), text)
        return 0, False
    return argument & 0xFFFF_FFFF, False


def _paths(context: _Context, where: tuple[str, str], key: str, data: dict[str, Any]) -> list[Path]:
    problems = context.problems
    folder = context.file.file_of(*where).path.parent
    found = []
    if key == "sources" and data.get(key) == []:
        problems.error((*where, key), f"task '{where[1]}' has no sources")
    for index, text in enumerate(data.get(key, [])):
        path = folder / text.replace("{arch}", context.arch)
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


def _stack(problems: Problems, where: Where, data: dict[str, Any], align: int) -> int:
    stack: int = data.get("stack", 1024)
    fpu = data.get("fpu", False)
    least = FPU_FRAME_BYTES if fpu else FRAME_BYTES
    if stack < least:
        what = "an exception frame with floating point" if fpu else "an exception frame"
        text = f"stack = {stack} is too small for {what} ({least} bytes)"
        problems.error((*where, "stack"), text)
    return -(-stack // align) * align


def _slots(problems: Problems, where: Where, data: dict[str, Any], caps: int, threads: int) -> int:
    slots: int = data.get("slots", max(4, -(-caps // 4) * 4))
    if slots < caps:
        text = f"slots = {slots} is less than its {caps} capabilities"
        own = f", {threads} of them for its own threads" if threads else ""
        problems.error((*where, "slots"), text + own)
    if slots > 255:
        text = f"its {caps} capabilities are more than the 255 that a table may have"
        problems.error((*where, "capabilities"), text)
    return slots


def _restart(problems: Problems, where: Where, table: dict[str, Any]) -> Restart:
    here = (*where, "restart")
    restart = Restart(**check(problems, here, table, _RESTART))
    if restart.backoff_max_us < restart.backoff_us:
        text = f"backoff_max_us = {restart.backoff_max_us} is less than backoff_us = {restart.backoff_us}"
        if "backoff_max_us" in table:
            problems.error((*here, "backoff_max_us"), text)
        else:
            return replace(restart, backoff_max_us=restart.backoff_us)
    return restart


def _capabilities(
    problems: Problems, where: tuple[str, str], tables: list[Any]
) -> list[Capability]:
    found: list[Capability] = []
    for index, table in enumerate(tables):
        here = (*where, "capabilities", index)
        data = check(problems, here, table, _CAPABILITY)
        kinds = [kind for kind in KINDS if kind in data]
        if len(kinds) != 1:
            if set(table) <= set(_CAPABILITY) or kinds:  # else a misspelt kind is reported
                said = " and ".join(kinds) or "none"
                text = f"a capability names one of {', '.join(KINDS)}; this one names {said}"
                problems.error(here, text)
            continue
        kind = kinds[0]
        name = data.get("name", data[kind].replace(".", "-"))
        if not _NAME.fullmatch(name):
            problems.error((*here, "name"), f"name = {spelled(name)} is no name")
        if any(macro(other.name) == macro(name) for other in found):
            problems.error(here, f"task '{where[1]}' has two capabilities named '{name}'")
        rights = _rights(problems, here, kind, data.get("rights"))
        _check_extras(problems, here, kind, data)
        badge = data.get("max_priority", OWN_PRIORITY) if kind == "thread" else data.get("badge", 0)
        found.append(Capability(name, kind, data[kind], rights, badge, data.get("lend", "")))
    return found


def _rights(problems: Problems, here: Where, kind: str, words: list[str] | None) -> int:
    known = rights_of(kind)
    rights = 0
    for right in words or []:
        if right not in known:
            text = f"unknown right '{right}' for a capability of kind {kind}"
            problems.error((*here, "rights"), text + suggestion(right, known))
        rights |= known.get(right, 0)
    if words == []:
        problems.error((*here, "rights"), "a capability without rights is of no use")
    if kind == "region" and rights and not rights & known["read"]:
        problems.error((*here, "rights"), 'a region cannot be mapped without "read"')
    return rights


def _check_extras(problems: Problems, here: Where, kind: str, data: dict[str, Any]) -> None:
    """Keys that only some kinds have."""
    if "badge" in data and kind not in BADGED:
        problems.error((*here, "badge"), f"a capability of kind {kind} has no badge")
    if "max_priority" in data and kind != "thread":
        text = f"max_priority is for threads, this capability names a kind {kind}"
        problems.error((*here, "max_priority"), text)
    calls = {"endpoint": "send", "port": "connect"}.get(kind)
    if "lend" in data and calls not in data.get("rights", []):
        text = 'lend needs an endpoint with the right "send", or a port with "connect"'
        problems.error((*here, "lend"), f"{text}: loans go out with calls")


def _add_own_threads(
    problems: Problems, capabilities: list[Capability], threads: list[Thread]
) -> None:
    """A task controls its own threads: its start code starts them, and they end by it."""
    known = rights_of("thread")
    for thread in threads:
        name = f"thread-{thread.short}"
        if any(macro(cap.name) == macro(name) for cap in capabilities):
            text = f"the capability '{name}' has the name of the one that controls the thread"
            problems.error(thread.key(), text)
        rights = known["control"] | known["status"]
        capabilities.append(Capability(name, "thread", thread.name, rights, thread.priority))


def _default_priorities(tasks: list[Task]) -> None:
    """A thread capability that names no max_priority may give the thread its own."""
    own = {thread.name: thread.priority for task in tasks for thread in task.threads}
    for task in tasks:
        task.capabilities = [
            replace(cap, badge=own.get(cap.object, 0)) if cap.badge == OWN_PRIORITY else cap
            for cap in task.capabilities
        ]


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
