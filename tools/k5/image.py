"""Builds flash images: the kernel for this system, its boot tables, the tasks' bytes.

The tasks go in as they are (objcopy -O binary of their ELF files), so an image
holds exactly what --engine hosted runs. Two variants: `release`, and `trace`,
which differs only in emitting kernel events.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from k5 import arch as archs
from k5 import blob, ninja, stamp
from k5 import board as boards
from k5.board import Board
from k5.builder import ABI, STRICT_FLAGS, Built, locked
from k5.console import Progress, progress
from k5.elf import ElfFile
from k5.errors import K5Error
from k5.paths import BUILD, ROOT, shown, write_if_changed

VARIANTS = {"release": "image", "trace": "image-trace"}
ARCH = ROOT / "arch"
COMMON = ARCH / "common"
C_FLAGS = [
    "-std=c11", "-g", "-ffreestanding", "-fno-builtin", "-fno-tree-loop-distribute-patterns",
    "-fno-common", "-ffunction-sections", "-fdata-sections", "-Wall", "-Wextra",
    "-Wmissing-prototypes", *STRICT_FLAGS, f"-ffile-prefix-map={ROOT}=.",
]  # fmt: skip
# The whole kernel is compiled as one, on Armv8-M for size, but the fast path for speed. memory.c holds what the
# compiler itself calls (memset), which link-time optimization must not remove.
# The -fno- flags turn off what gcc 12 does for speed even at -Os: together 330 bytes.
SMALL = [
    "-Os", "-flto", "-fno-expensive-optimizations", "-fno-tree-fre", "-fno-tree-ter",
    "-fno-schedule-insns2", "-fno-if-conversion", "-fira-algorithm=priority",
]  # fmt: skip
# Chips with RV32 have more flash, and no instructions that move many registers at once: there time
# with interrupts off is what is short.
FAST = [
    "-O2", "-flto", "-falign-functions=4", "-falign-jumps=1", "-falign-loops=1", "-falign-labels=1",
]  # fmt: skip
USUAL = {"armv8m": SMALL, "rv32": FAST}
# Registers that the kernel keeps for itself: arch/armv8m/port_types.h.
FIXED: dict[str, list[str]] = {"armv8m": ["-ffixed-r9"], "rv32": []}
FLAGS_OF = {
    "fastpath.c": ["-O2", "-flto", "-fira-algorithm=priority", "-fno-tree-pre", "-fno-gcse"],
    "memory.c": ["-Os"],
}


@dataclass(frozen=True)
class Image:
    """A built image."""

    elf: Path
    files: list[Path]
    shim: Path | None


def board_of(built: Built) -> Board:
    """The built system's board; an error where it has no images."""
    board = boards.load(built.board)
    if not board.image:
        raise K5Error(f"{shown(board.path)}: board '{board.name}' has no [image]")
    return board


def build(built: Built, variant: str) -> Image:
    """The image of a built system, current."""
    board = board_of(built)
    folder = built.folder / VARIANTS[variant]
    mark, key = folder / "stamp.json", [variant, [str(path) for path in _sources(board)]]
    files = [folder / f"image.{ending}" for ending in board.image.get("formats", ["elf"])]
    if not stamp.is_fresh(mark, key):
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder), progress(f"building the image for {board.name}") as shown_:
            _build(built, board, folder, variant, shown_)
            stamp.write(mark, key, _inputs(built, board, folder, files))
    return Image(folder / "image.elf", files, _shim(board))


def _sources(board: Board) -> list[Path]:
    port = ARCH / board.arch
    found = [*sorted((ROOT / "kernel").glob("*.c")), *sorted(port.glob("*.S"))]
    found += [*sorted(port.glob("*.c")), *sorted(COMMON.glob("*.c"))]
    return found + [ROOT / name for name in board.image["sources"]]


def _inputs(built: Built, board: Board, folder: Path, files: list[Path]) -> list[Path]:
    tasks = [built.elf(task["name"]).with_suffix(".bin") for task in built.meta["tasks"]]
    fixed = [board.path, ROOT / board.image["linker"], Path(__file__), built.folder / "system.bin"]
    return [*fixed, *tasks, *files, *_sources(board), *ninja.dependencies(folder / "obj")]


def _build(built: Built, board: Board, folder: Path, variant: str, shown_: Progress) -> None:
    write_if_changed(folder / "k5_config.h", config(built.meta))
    write_if_changed(folder / "image_tasks.S", tasks_source(built))
    write_if_changed(folder / "image_tasks.ld", tasks_script(built))
    arch = archs.of(board.arch)
    gcc, objcopy = archs.tool(arch, "gcc"), archs.tool(arch, "objcopy")
    include = [ROOT, ABI, ARCH / board.arch, COMMON / variant, folder]
    flags = shlex.join(
        [
            *arch.flags(board.cpu),
            *FIXED[board.arch],
            *C_FLAGS,
            *(f"-I{ninja.short(path)}" for path in include),
            f"-D{arch.lines_macro}={board.interrupt_lines}u",
            *board.image.get("cflags", []),
        ]
    )
    file = ninja.NinjaFile(folder / "image.ninja")
    file.rule("cc", f"{gcc} {flags} $flags -MMD -MF $out.d -c $in -o $out",
              "compiling $in", depfile=True)  # fmt: skip
    file.rule(
        "link",
        f"{gcc} {_link_flags(built, board, folder)} $in -lgcc -o $out",
        "linking $out",
    )
    file.rule("bin", f"{objcopy} -O binary --gap-fill 0xff $in $out", "making $out")
    file.rule("hex", f"{objcopy} -O ihex $in $out", "making $out")
    objects = []
    for source in _sources(board):
        out = folder / "obj" / f"{source.parent.name}_{source.name}.o"
        speed = {"flags": shlex.join(FLAGS_OF.get(source.name, USUAL[board.arch]))}
        file.edge("cc", out, [source], owner="the kernel", variables=speed)
        objects.append(out)
    parts = [built.folder / "system.bin"]
    parts += [built.elf(task["name"]).with_suffix(".bin") for task in built.meta["tasks"]]
    out = folder / "obj" / "image_tasks.o"
    file.edge("cc", out, [folder / "image_tasks.S"], needs=parts, owner="the image",
              variables={"flags": ""})  # fmt: skip
    elf = folder / "image.elf"
    file.edge(
        "link",
        elf,
        [*objects, out],
        needs=[ROOT / board.image["linker"], folder / "image_tasks.ld"],
        owner="the image",
    )
    for ending in board.image.get("formats", ["elf"]):
        if ending != "elf":
            file.edge(ending, elf.with_suffix(f".{ending}"), [elf], owner="the image")
    file.run(shown_)


def config(meta: dict[str, Any]) -> str:
    """k5_config.h: this system's exact numbers."""
    counts = {
        "TASKS": len(meta["tasks"]),
        "THREADS": len(meta["threads"]),
        "FPU_THREADS": sum(thread["fpu"] for thread in meta["threads"]),
        "ENDPOINTS": len(meta["endpoints"]),
        "NOTIFICATIONS": len(meta["notifications"]),
        "INTERRUPTS": len(meta["interrupts"]),
        "PORTS": len(meta["ports"]),
        "OBJECTS": len(meta["objects"]),
        "SLOTS": sum(task["slots"] for task in meta["tasks"]),
        "MESSAGES": sum(endpoint["queue"] for endpoint in meta["endpoints"]),
    }
    lines = [f"/* Made for system {meta['name']}: do not edit. */", "#pragma once", ""]
    lines += [f"#define CFG_{name} {count}" for name, count in counts.items()]
    return "\n".join([*lines, ""])


def tasks_source(built: Built) -> str:
    """image_tasks.S: boot tables and tasks as bytes."""
    out = [
        f"/* Made for system {built.name}: do not edit. */",
        '    .section .k5_system, "a", %progbits',
        "    .balign 8",
        "    .global k5_system",
        "k5_system:",
        f'    .incbin "{ninja.short(built.folder / "system.bin")}"',
    ]
    for name in blob.TABLES:
        symbol, offset = f"k5_system_{name}", blob.offset_of(built.blob(), name)
        out += [f"    .global {symbol}", f"    .set {symbol}, k5_system + {offset}"]
    for task in built.meta["tasks"]:
        path = ninja.short(built.elf(task["name"]).with_suffix(".bin"))
        out += [f'    .section .task.{task["name"]}, "a", %progbits', f'    .incbin "{path}"']
    return "\n".join(out) + "\n"


def tasks_script(built: Built) -> str:
    """image_tasks.ld, which the linker script includes: each task's bytes at their address."""
    lines = {}
    for task in built.meta["tasks"]:
        text = next(region for region in task["regions"] if region["kind"] == "text")
        section = f".task.{task['name']}"
        lines[text["base"]] = f"{section} {text['base']:#x} : {{ KEEP(*({section})) }}\n"
    return "".join(line for _, line in sorted(lines.items()))


def _link_flags(built: Built, board: Board, folder: Path) -> str:
    kernel = built.meta["kernel"]
    symbols = {
        "kernel_flash_base": kernel["flash"]["base"],
        "kernel_flash_size": kernel["flash"]["bytes"],
        "kernel_ram_base": kernel["ram"]["base"],
        "kernel_ram_size": kernel["ram"]["bytes"],
    }
    options = ["--gc-sections", "--fatal-warnings", "--build-id=none"]
    options += [f"--defsym={name}={value:#x}" for name, value in symbols.items()]
    return shlex.join(
        [
            *archs.of(board.arch).flags(board.cpu), *FIXED[board.arch], *C_FLAGS,
            *USUAL[board.arch], "-fno-function-sections", "-nostdlib", "-nostartfiles", "-static",
            "-T", board.image["linker"], f"-L{ninja.short(folder)}",
            *(f"-Wl,{option}" for option in options),
        ]
    )  # fmt: skip


def _shim(board: Board) -> Path | None:
    """The Secure program that a QEMU machine starts with; the same for all systems."""
    sources = [ROOT / name for name in board.qemu.get("shim_sources", [])]
    if not sources:
        return None
    folder = BUILD / "boards" / board.name
    elf, script = folder / "shim.elf", ROOT / board.qemu["shim_linker"]
    mark, key = folder / "stamp.json", [str(path) for path in sources]
    if stamp.is_fresh(mark, key):
        return elf
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        file = ninja.NinjaFile(folder / "shim.ninja")
        arch = archs.of(board.arch)
        gcc = archs.tool(arch, "gcc")
        cpu = [*arch.flags(board.cpu), "-mcmse"]
        include = [f"-I{ninja.short(path)}" for path in (ROOT, ARCH / board.arch)]
        flags = shlex.join([*cpu, *C_FLAGS, "-Os", *include])
        link = shlex.join(
            [*cpu, "-nostdlib", "-nostartfiles", "-static", "-Wl,--gc-sections",
             "-Wl,--build-id=none", "-T", ninja.short(script),
             f"-Wl,--defsym=image_vectors={board.flash.base:#x}"]
        )  # fmt: skip
        file.rule("cc", f"{gcc} {flags} -MMD -MF $out.d -c $in -o $out", "compiling $in", True)
        file.rule("link", f"{gcc} {link} $in -lgcc -o $out", "linking $out")
        objects = [folder / "obj" / f"{source.name}.o" for source in sources]
        for source, out in zip(sources, objects, strict=True):
            file.edge("cc", out, [source], owner="the shim")
        file.edge("link", elf, objects, needs=[script], owner="the shim")
        file.run()
        inputs = [*sources, script, board.path, elf, *ninja.dependencies(folder / "obj")]
        stamp.write(mark, key, inputs)
    return elf


def sizes(built: Built, image: Image) -> dict[str, Any]:
    """The size table: kernel by section, tables, each task's flash and RAM."""
    sections = ElfFile(image.elf).section_sizes
    kernel_ram = sum(sections.get(name, 0) for name in (".stacks", ".data", ".bss"))
    tasks = []
    for task in built.meta["tasks"]:
        text = built.elf(task["name"]).with_suffix(".bin").stat().st_size
        used = ElfFile(built.elf(task["name"])).value("task_ram_used")
        tasks.append({"name": task["name"], "flash": text, "ram": used})
    return {
        "kernel": {
            "text": sections.get(".text", 0),
            "data": sections.get(".data", 0),
            "ram": kernel_ram,
            "rings": sections.get(".rings", 0),
        },
        "tables": sections.get(".system", 0),
        "tasks": tasks,
        "flash": sections.get(".text", 0) + sections.get(".data", 0) + sections.get(".system", 0)
        + sum(task["flash"] for task in tasks),
        "ram": kernel_ram + sections.get(".rings", 0) + sum(task["ram"] for task in tasks),
    }  # fmt: skip


def size_table(table: dict[str, Any]) -> str:
    """The table for people."""
    kernel = table["kernel"]
    rows = [("kernel", kernel["text"] + kernel["data"], kernel["ram"])]
    if kernel["rings"]:
        rows.append(("log rings", 0, kernel["rings"]))
    rows.append(("boot tables", table["tables"], 0))
    rows += [(f"task {task['name']}", task["flash"], task["ram"]) for task in table["tasks"]]
    rows.append(("all", table["flash"], table["ram"]))
    lines = [f"{'':20} {'flash':>8} {'RAM':>8}"]
    lines += [f"{name:20} {flash:8} {ram:8}" for name, flash, ram in rows]
    return "\n".join(lines)
