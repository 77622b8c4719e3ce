"""What the tools accept, the simulator's own check of the boot tables accepts, too."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from conftest import System
from full_system import FULL, SOURCES
from k5 import blob, layout, native, sysdesc
from k5.errors import K5Error
from k5.layout import Need

NUMBERS = [0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 64, 65, 96, 255, 256, 1000, 4096, 9999, 1 << 20]


def with_other_numbers(text: str, dice: random.Random) -> str:
    """A description with a few numbers replaced by ones that are often borders."""

    def replaced(match: re.Match[str]) -> str:
        return match[0] if dice.randrange(40) else str(dice.choice(NUMBERS))

    return re.sub(r"(?<![\w.])\d+(?![\w.])", replaced, text)


def refusal(system: sysdesc.System, tables: bytes) -> str:
    """Why the simulator refuses boot tables; empty: it takes them."""
    ffi, lib = native.load()
    memory: Any = ffi.new("struct k5sim_memory[2]")
    for index, found in enumerate((system.board.flash, system.board.ram)):
        memory[index].base, memory[index].bytes = found.base, found.bytes
        memory[index].writable = index == 1
    cpu = ffi.new("char[]", system.board.cpu.encode())
    board: Any = ffi.new("struct k5sim_board *")
    board.cpu, board.memory, board.memory_count = cpu, memory, 2
    board.mpu_regions, board.ticks_per_insn = system.board.mpu_regions, system.board.ticks_per_insn
    why = ffi.new("char[256]")
    sim = lib.k5sim_open(board, why, 256)
    assert sim != ffi.NULL, ffi.string(why)
    try:
        taken = lib.k5sim_set_system(sim, tables, len(tables)) >= 0
        return "" if taken else str(ffi.string(lib.k5sim_error_text(sim)).decode())
    finally:
        lib.k5sim_close(sim)


@pytest.mark.parametrize("board", ["mps2-an505", "stm32l5", "virt-rv32"])
def test_tables_of_any_description_that_loads_are_taken(system: System, board: str) -> None:
    seed = 20
    dice = random.Random(seed)
    path = system(text=FULL, **SOURCES)
    good = FULL.replace("fpu = true", "fpu = false")
    taken = 0
    for round_ in range(400):
        path.write_text(with_other_numbers(good, dice))
        try:
            loaded = sysdesc.load(path, board)
            needs = {
                task.name: Need(dice.randrange(1, 4000), task.main.stack + dice.randrange(1, 3000))
                for task in loaded.tasks
            }
            place = layout.place(loaded, needs)
        except K5Error:
            continue
        bit = 0 if loaded.board.arch == "rv32" else 1
        entries = {t.name: place.tasks[t.task].text.base | bit for t in loaded.threads}
        assert refusal(loaded, blob.pack(loaded, place, entries)) == "", f"seed {seed}, {round_}"
        taken += 1
    assert taken > 50, "too few of them load to tell anything"


def test_a_wrong_table_is_refused(system: System) -> None:
    loaded = sysdesc.load(system(text=FULL, **SOURCES))
    place = layout.place(loaded, {task.name: Need(512, 600) for task in loaded.tasks})
    entries = {t.name: place.tasks[t.task].text.base | 1 for t in loaded.threads}
    tables = bytearray(blob.pack(loaded, place, entries))
    assert refusal(loaded, bytes(tables)) == ""
    tables[blob.offset_of(tables, "interrupts") + 3] = 32  # the bit
    assert "interrupt 0" in refusal(loaded, bytes(tables))
