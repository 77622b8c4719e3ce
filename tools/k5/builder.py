"""Builds a system: build/systems/NAME/BOARD/ from a description (see home()).

    gen/TASK/k5_task.h   the task's capabilities and regions
    gen/k5_board.h       the board's pins, LEDs, buttons and clock
    gen/TASK/k5_threads.c   starts its other threads, where it has some
    size/TASK.elf        first link, with room to spare: says what the task needs
    tasks/TASK.elf       final, at its address; TASK.bin is what goes into flash
    system.bin           boot tables (kernel/system.h)
    system.json          all that tools need to run, decode and show the system
    image/, image-trace/ kernel and tasks for flash (tools/k5/image.py)

system.json: name, board, description, system_id, tick_hz, ticks_per_insn, cpu, arch,
mpu_regions, memory, kernel, devices (of the board), last_resort, tasks (elf, regions,
spare_regions, stack, capabilities, restart, supervisor), threads (task, entry, stack,
priority, times), endpoints, notifications, interrupts, ports, regions, objects (what
capabilities of kind region name), warnings. All lists are in the kernel's order.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from k5 import arch as archs
from k5 import blob, boardheader, drivers, layout, loans, ninja, stamp, sysdesc, taskelf
from k5.boarddevices import GRAIN
from k5.console import Progress, progress, warning
from k5.elf import ElfFile
from k5.errors import K5Error, suggestion
from k5.layout import Layout, Need, Placed, TaskPlace
from k5.paths import BOARDS, BUILD, ROOT, shown, write_if_changed
from k5.system import CPTR_FIRST, System, Task, Thread, macro, rights_of

LIBK5 = ROOT / "user" / "libk5"
LINKER_SCRIPT = LIBK5 / "task.ld"
ABI = ROOT / "abi"
THREADS_C = "k5_threads.c"

C_FLAGS = [
    "-std=c11", "-O2", "-g", "-ffreestanding", "-fno-builtin",
    "-fno-tree-loop-distribute-patterns", "-fomit-frame-pointer",
    "-ffunction-sections", "-fdata-sections", "-fno-common", "-Wall", "-Wextra",
]  # fmt: skip
# The tree's own tasks hold to the house rules; a user's may still be in the making.
STRICT_FLAGS = ["-Werror", "-Wconversion", "-Wshadow", "-Wundef", "-Wstrict-prototypes"]


@dataclass(frozen=True)
class Built:
    """A built system."""

    folder: Path
    meta: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.meta["name"])

    @property
    def board(self) -> str:
        return str(self.meta["board"])

    def elf(self, task: str) -> Path:
        """The final ELF file of a task."""
        return self.folder / "tasks" / f"{task}.elf"

    def blob(self) -> bytes:
        """The boot tables."""
        return (self.folder / "system.bin").read_bytes()

    def arguments(self, seed: int) -> dict[int, int]:
        """The threads that take the run's seed as their argument."""
        return {i: seed for i, thread in enumerate(self.meta["threads"]) if thread["seeded"]}


def find(name: str) -> Path:
    """A description by path, or by the name of a system of the tree."""
    path = Path(name)
    if path.suffix == ".toml" or path.exists():
        return path
    known = systems()
    if name in known:
        return known[name]
    raise K5Error(f"no system '{name}'" + suggestion(name, known))


def systems() -> dict[str, Path]:
    """The systems of the tree by their names."""
    return {found.stem: found for found in _known()}


def _known() -> list[Path]:
    """Descriptions in user/ and systems/, which `find` knows by name."""
    found: list[Path] = []
    for folder in ("user", "systems"):
        found += sorted((ROOT / folder).rglob("*.toml"))
    return [path for path in found if drivers.FOLDER not in path.parents]


def build(path: Path, board: str | None = None, folder: Path | None = None) -> Built:
    """Checks and builds what is not current. `folder` replaces home()/NAME/BOARD."""
    target = folder or _folder(path, board)
    key = [str(path.absolute()), board]
    if target and stamp.is_fresh(target / "stamp.json", key):
        return load(target)
    system = sysdesc.load(path, board)
    for message in system.warnings:
        warning(message)
    target = folder or home(path) / system.name / system.board.name
    target.mkdir(parents=True, exist_ok=True)
    with locked(target), progress(f"building {system.name} for {system.board.name}") as shown_:
        if not stamp.is_fresh(target / "stamp.json", key):
            _Job(system, target, shown_).run()
            stamp.write(target / "stamp.json", key, _inputs(system, target))
    return load(target)


def load(folder: Path) -> Built:
    """A system that was built before."""
    path = folder / "system.json"
    try:
        return Built(folder, json.loads(path.read_text()))
    except FileNotFoundError:
        raise K5Error(f"{shown(path)}: no such file: build the system first") from None


def _folder(path: Path, board: str | None) -> Path | None:
    """Where a good description is built; None lets the checker say what is wrong."""
    try:
        head = tomllib.loads(path.read_text())["system"]
        name, board = head["name"], board or head["board"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return home(path) / str(name) / str(board)


def home(path: Path) -> Path:
    """Below which folder a description is built: that of the tree, or for others one beside it."""
    absolute = path.absolute()
    if ROOT in absolute.parents or "K5_BUILD_DIR" in os.environ:
        return BUILD / "systems"
    return absolute.parent / "build"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One build of a folder at a time; a second one waits and then finds it done."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _inputs(system: System, target: Path) -> list[Path]:
    tools = [p for p in (ROOT / "tools" / "k5").glob("*.py") if p.name in _TOOLS]
    results = [target / "system.bin", target / "system.json"]
    results += [target / "tasks" / f"{task.name}.elf" for task in system.tasks]
    return [
        *(path.absolute() for path in system.file.paths()),
        BOARDS / system.board.name / "board.toml",
        LINKER_SCRIPT,
        *tools,
        *results,
        *ninja.dependencies(target / "obj"),
    ]


_TOOLS = {
    f"{name}.py"
    for name in (
        "arch", "blob", "board", "boarddevices", "boardheader", "builder", "drivers", "edges",
        "layout", "loans", "ninja", "schema",
        "syscheck", "sysdesc", "system", "taskelf",
    )
}  # fmt: skip


class _Job:
    """One build of one system."""

    def __init__(self, system: System, target: Path, shown_: Progress) -> None:
        self.system = system
        self.target = target
        self.shown = shown_
        self.arch = archs.of(system.board.arch)
        self.gcc = archs.tool(self.arch, "gcc")

    def run(self) -> None:
        write_if_changed(self.target / "gen" / "k5_board.h", boardheader.text(self.system.board))
        for task in self.system.tasks:
            header = self.target / "gen" / task.name / "k5_task.h"
            write_if_changed(header, task_header(self.system, task))
            if task.extra:
                write_if_changed(header.with_name(THREADS_C), threads_source(self.system, task))
        said = self._compile()
        place = layout.place(self.system, self._needs())
        for message in loans.check(self.system, place):
            warning(message)
            self.system.warnings.append(message)
        self._link(place)
        self._tables(place)
        if said:
            warning(said)

    def _object(self, owner: str, source: Path) -> Path:
        name = str(source.absolute()).removeprefix(str(ROOT)).strip("/").replace("/", "_")
        return self.target / "obj" / owner / f"{name}.o"

    def _compile(self) -> str:
        file = ninja.NinjaFile(self.target / "compile.ninja")
        folder = self.system.path.parent.absolute()
        maps = [f"-ffile-prefix-map={ROOT}=.", f"-ffile-prefix-map={folder}=."]
        flags = shlex.join([*C_FLAGS, *maps[: 1 if ROOT in folder.parents else 2]])
        command = f"{self.gcc} {flags} $flags -MMD -MF $out.d -c $in -o $out"
        file.rule("cc", command, "compiling $in", depfile=True)
        file.rule(
            "link", f"{self.gcc} {self._link_flags()} $flags $in -lgcc -o $out", "sizing $out"
        )
        for source in self._library():
            file.edge("cc", self._object("libk5", source), [source], owner="libk5",
                      variables={"flags": self._flags(source, [], self._cpu())})  # fmt: skip
        for task in self.system.tasks:
            extra = [self.target / "gen" / task.name, self.target / "gen", *task.include]
            owner = f"task '{task.name}'"
            for source in self._sources(task):
                flags = self._flags(source, extra, self._cpu(task.fpu))
                file.edge("cc", self._object(task.name, source), [source], owner=owner,
                          variables={"flags": flags})  # fmt: skip
            file.edge("link", self.target / "size" / f"{task.name}.elf", self._objects(task),
                      needs=[LINKER_SCRIPT], owner=owner,
                      variables={"flags": self._roomy(task)})  # fmt: skip
        return file.run(self.shown)

    def _library(self) -> list[Path]:
        return [*sorted((LIBK5 / self.arch.name).glob("*.S")), *sorted(LIBK5.glob("*.c"))]

    def _sources(self, task: Task) -> list[Path]:
        """Its own, and what is made for it."""
        made = self.target / "gen" / task.name / THREADS_C
        return [*task.sources, *([made] if task.extra else [])]

    def _objects(self, task: Task) -> list[Path]:
        """The start code first: the entry is at the start of the text."""
        return [self._object("libk5", s) for s in self._library()] + [
            self._object(task.name, s) for s in self._sources(task)
        ]

    def _cpu(self, fpu: bool = False) -> list[str]:
        return self.arch.flags(self.system.board.cpu, fpu)

    def _flags(self, source: Path, extra: list[Path], cpu: list[str]) -> str:
        folders = [source.parent, *extra, ABI, LIBK5, LIBK5 / self.arch.name, drivers.INCLUDE]
        strict = STRICT_FLAGS if ROOT / "user" in source.absolute().parents else []
        return shlex.join([*cpu, *strict, *(f"-I{ninja.short(folder)}" for folder in folders)])

    def _link_flags(self) -> str:
        script = ninja.short(LINKER_SCRIPT)
        options = ["--gc-sections", "--orphan-handling=error", "--fatal-warnings"]
        return shlex.join(["-nostdlib", "-T", script, *(f"-Wl,{o}" for o in options)])

    def _task_link_flags(self, task: Task, values: dict[str, int]) -> str:
        """Symbols, and what its threads need."""
        flags = [f"-Wl,--defsym={name}={value:#x}" for name, value in values.items()]
        if task.extra:
            flags.append("-Wl,--wrap=main")
            flags += [f"-Wl,--undefined={trampoline(thread)}" for thread in task.extra]
        return " ".join([*self._cpu(task.fpu), *flags])

    def _region_symbols(self, place: Layout | None) -> dict[str, int]:
        """Bases of the description's regions, which tasks name as arrays."""
        return {
            f"k5_region_{region.name.replace('-', '_')}": (
                place.regions[region.name].base if place else region.base or 0x2000_0000
            )
            for region in self.system.regions
        }

    def _roomy(self, task: Task) -> str:
        board = self.system.board
        values = {
            "task_text_base": board.flash.base,
            "task_text_size": board.flash.bytes,
            "task_ram_base": board.ram.base,
            "task_ram_size": board.ram.bytes,
            "task_stack_size": task.main.stack,
        }
        return self._task_link_flags(task, values | self._region_symbols(None))

    def _needs(self) -> dict[str, Need]:
        needs = {}
        for task in self.system.tasks:
            elf = ElfFile(self.target / "size" / f"{task.name}.elf")
            needs[task.name] = Need(elf.value("task_text_used"), elf.value("task_ram_used"))
        return needs

    def _link(self, place: Layout) -> None:
        file = ninja.NinjaFile(self.target / "link.ninja")
        file.rule(
            "link", f"{self.gcc} {self._link_flags()} $flags $in -lgcc -o $out", "linking $out"
        )
        file.rule("bin", f"{archs.tool(self.arch, 'objcopy')} -O binary $in $out", "making $out")
        for task in self.system.tasks:
            at = place.tasks[task.name]
            values = {
                "task_text_base": at.text.base,
                "task_text_size": at.text.bytes,
                "task_ram_base": at.ram.base,
                "task_ram_size": at.ram.bytes,
                "task_stack_size": task.main.stack,
            }
            elf = self.target / "tasks" / f"{task.name}.elf"
            flags = self._task_link_flags(task, values | self._region_symbols(place))
            file.edge("link", elf, self._objects(task), needs=[LINKER_SCRIPT],
                      owner=f"task '{task.name}'", variables={"flags": flags})  # fmt: skip
            file.edge("bin", elf.with_suffix(".bin"), [elf], owner=f"task '{task.name}'")
        file.run(self.shown)

    def _tables(self, place: Layout) -> None:
        """Boot tables and system.json; the id is a hash of all that a log's meaning rests on."""
        system = self.system
        entries = {}
        digest = hashlib.sha256()
        for task in system.tasks:
            path = self.target / "tasks" / f"{task.name}.elf"
            elf = taskelf.check(path, task.name, place.tasks[task.name], self.arch)
            entries[task.name] = elf.entry
            entries |= {thread.name: elf.value(trampoline(thread)) for thread in task.extra}
            digest.update(path.with_suffix(".bin").read_bytes())
            if ".k5log" in elf.sections:
                digest.update(elf.sections[".k5log"].data)
        tables = blob.pack(system, place, entries)
        digest.update(tables)
        system_id = int.from_bytes(digest.digest()[:4], "little")
        write_if_changed(self.target / "system.bin", blob.with_system_id(tables, system_id))
        text = json.dumps(describe(system, place, system_id, entries), indent=1) + "\n"
        write_if_changed(self.target / "system.json", text)


def task_header(system: System, task: Task) -> str:
    """k5_task.h: what the task's code may name."""
    out = [
        f"/* Made from {system.path.name} for task {task.name}: do not edit. */",
        "#pragma once",
        "",
        f'#define K5_TASK_NAME "{task.name}"',
    ]
    for slot, cap in enumerate(task.capabilities):
        out.append(f"#define CAP_{macro(cap.name)} {CPTR_FIRST | slot:#010x}u")
    listed = [f' X("{cap.name}", CAP_{macro(cap.name)})' for cap in task.capabilities]
    out.append(f"#define K5_CAPABILITIES(X){''.join(listed)}")
    out.append("")
    for other in system.tasks:
        out.append(f"#define TASK_ID_{macro(other.name)} {other.index}u")
    sizes = {region.name: region.bytes for region in system.regions}
    for region, access in _regions_named(task).items():
        name = region.replace("-", "_")
        const = "" if access & layout.WRITE else "const "
        out += [
            "",
            # Aligned, or a compiler that may not load unaligned words takes registers apart.
            f"extern {const}unsigned char k5_region_{name}[] __attribute__((aligned({GRAIN})));",
            f"#define REGION_{macro(region)} k5_region_{name}",
            f"#define REGION_{macro(region)}_BYTES {sizes[region]}u",
        ]
    return "\n".join(out) + "\n"


def _regions_named(task: Task) -> dict[str, int]:
    """The regions that a task has, or may map, with the access that it can get."""
    found = {use.region: use.access for use in task.regions}
    for cap in task.capabilities:
        if cap.kind == "region":
            found[cap.object] = found.get(cap.object, 0) | cap.rights & (layout.READ | layout.WRITE)
    return found


def trampoline(thread: Thread) -> str:
    """The symbol at which a thread beside the main thread begins."""
    return f"k5_thread_{thread.short.replace('-', '_')}"


def threads_source(system: System, task: Task) -> str:
    """k5_threads.c: starts the threads when the data is there, and ends those that return."""
    out = [
        f"/* Made from {system.path.name} for task {task.name}: do not edit.",
        " *",
        " * The kernel starts the main thread alone: no other may run before _start has made the",
        " * task's data. It is linked with --wrap=main, so _start calls __wrap_main.",
        " */",
        '#include "k5_syscall.h"',
        '#include "k5_task.h"',
        "",
        "int __wrap_main(uint32_t argument);",
        "int __real_main(uint32_t argument);",
    ]
    for thread in task.extra:
        out += [
            "",
            f"void {thread.entry}(uint32_t argument);",
            f"void {trampoline(thread)}(uint32_t argument);",
        ]
    out += ["", "int __wrap_main(uint32_t argument)", "{"]
    for thread in task.extra:
        if thread.start:
            out.append(
                f"    (void)k5_sys_thread_start({_own(thread)}); /* it is off: cannot fail */"
            )
    out += ["    return __real_main(argument);", "}"]
    for thread in task.extra:
        # Where there is no such function, the linker names the place that asks for it.
        line = system.file.line(*thread.key())
        path = system.file.file_of(*thread.key()).path
        out += [
            "",
            f"void {trampoline(thread)}(uint32_t argument)",
            "{",
            f"#line {line} {json.dumps(str(path.absolute()))}",
            f"    {thread.entry}(argument);",
            "    for (;;) { /* a part at a time, until it does not return */",
            f"        (void)k5_sys_thread_stop({_own(thread)});",
            "    }",
            "}",
        ]
    return "\n".join([*out, ""])


def _own(thread: Thread) -> str:
    """The macro of the capability by which a task controls one of its threads."""
    return f"CAP_THREAD_{macro(thread.short)}"


def describe(
    system: System, place: Layout, system_id: int, entries: dict[str, int]
) -> dict[str, Any]:
    """system.json."""
    board = system.board
    return {
        "name": system.name,
        "board": board.name,
        "description": shown(system.path),
        "system_id": system_id,
        "cpu": board.cpu,
        "arch": board.arch,
        "tick_hz": board.tick_hz,
        "ticks_per_insn": board.ticks_per_insn,
        "mpu_regions": board.mpu_regions,
        "region_align": place.align,
        "memory": {
            "flash": {"base": board.flash.base, "bytes": board.flash.bytes},
            "ram": {"base": board.ram.base, "bytes": board.ram.bytes},
        },
        "kernel": {
            "flash": {"base": board.flash.base, "bytes": board.kernel_flash_bytes},
            "ram": {"base": board.ram.base, "bytes": board.kernel_ram_bytes},
        },
        "devices": [asdict(device) for device in board.devices.values()],
        "wires": [asdict(wire) for wire in board.periphery.wires],
        "pins": [asdict(pin) for pin in board.periphery.pins.values()],
        "leds": [asdict(led) for led in board.periphery.leds.values()],
        "buttons": [asdict(button) for button in board.periphery.buttons.values()],
        "interrupt_lines": board.interrupts,
        "last_resort": system.last_resort,
        "used": {"flash": place.flash_used, "ram": place.ram_used},
        "tasks": [
            _describe_task(system, task, place.tasks[task.name], entries[task.name])
            for task in system.tasks
        ],
        "threads": [
            _describe_thread(system, thread, place, entries[thread.name])
            for thread in system.threads
        ],
        "endpoints": [
            {"name": e.name, "receiver": e.receiver, "queue": e.queue} for e in system.endpoints
        ],
        "notifications": [
            {"name": n.name, "receiver": n.receiver, "bound": n.bound} for n in system.notifications
        ],
        "interrupts": [
            {
                "name": i.name,
                "line": i.line,
                "source": i.source,
                "notification": i.notification,
                "bit": i.bit,
            }
            for i in system.interrupts
        ],
        "ports": [{"name": p.name, "public": p.public} for p in system.ports],
        "regions": [_describe_region(system, r) for r in place.regions.values()],
        "objects": system.names("region"),
        "warnings": system.warnings,
    }


def _describe_thread(system: System, thread: Thread, place: Layout, entry: int) -> dict[str, Any]:
    base, top = place.tasks[thread.task].stack(thread)
    return {
        "name": thread.name,
        "task": thread.task,
        "entry": entry,
        "function": thread.entry or "main",
        "stack": {"base": base, "top": top},
        "priority": thread.priority,
        "budget_us": thread.budget_us,
        "cooldown_us": thread.cooldown_us,
        "overrun_us": thread.overrun_us,
        "argument": thread.argument,
        "seeded": thread.seeded,
        "fpu": thread.fpu,
        "start": thread.start,
    }


def _describe_region(system: System, region: Placed) -> dict[str, Any]:
    described = next(each for each in system.regions if each.name == region.name)
    return {
        "name": region.name,
        "base": region.base,
        "bytes": region.bytes,
        "kind": region.kind,
        "movable": described.movable,
        "home": described.home,
    }


def _describe_task(system: System, task: Task, place: TaskPlace, entry: int) -> dict[str, Any]:
    base, top = place.stack(task.main)
    used = layout.entries(system.board, place.regions())
    return {
        "name": task.name,
        "elf": f"tasks/{task.name}.elf",
        "entry": entry,
        "slots": task.slots,
        "start": task.start,
        "supervisor": task.supervisor,
        "loan_grace_us": task.loan_grace_us,
        "stack": {"base": base, "top": top},
        "spare_regions": system.board.mpu_regions - used,
        "regions": [
            {"name": r.name, "base": r.base, "bytes": r.bytes, "access": r.access, "kind": r.kind}
            for r in place.regions()
        ],
        "capabilities": [
            {
                "slot": slot,
                "name": cap.name,
                "cptr": CPTR_FIRST | slot,
                "kind": cap.kind,
                "object": cap.object,
                "rights": [name for name, bit in rights_of(cap.kind).items() if cap.rights & bit],
                "badge": cap.badge,
                "lend": cap.lend,
            }
            for slot, cap in enumerate(task.capabilities)
        ],
        "restart": vars(task.restart),
    }
