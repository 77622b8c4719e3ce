"""Layout: nothing overlaps, regions end where the hardware can end them."""

from __future__ import annotations

import dataclasses
import random

import pytest
from conftest import GOOD, System
from k5 import layout, sysdesc
from k5.errors import K5Error
from k5.layout import Need


def two_tasks(system: System, **sizes: int) -> sysdesc.System:
    """GOOD on a board with other sizes."""
    loaded = sysdesc.load(system())
    board = loaded.board
    memory = {
        name: dataclasses.replace(getattr(board, name), bytes=sizes[name])
        for name in ("flash", "ram")
        if name in sizes
    }
    loaded.board = dataclasses.replace(board, **memory)
    return loaded


def spans(place: layout.Layout) -> list[tuple[int, int]]:
    found = [(r.base, r.end) for task in place.tasks.values() for r in (task.text, task.ram)]
    return sorted(found + [(r.base, r.end) for r in place.regions.values()])


def test_regions_lie_on_the_boards_alignment(system: System) -> None:
    loaded = two_tasks(system)
    place = layout.place(loaded, {"one": Need(1025, 600), "two": Need(10, 1024)})
    assert place.align == 1024
    one, two = place.tasks["one"], place.tasks["two"]
    assert (one.text.bytes, one.ram.bytes, two.text.bytes, two.ram.bytes) == (
        2048,
        1024,
        1024,
        1024,
    )
    assert one.text.base == loaded.board.flash.base + loaded.board.kernel_flash_bytes
    assert two.text.base == one.text.end


def test_stack_is_at_the_bottom_of_the_ram_region(system: System) -> None:
    one = layout.place(two_tasks(system), {"one": Need(1, 600), "two": Need(1, 600)}).tasks["one"]
    assert (one.stack_base, one.stack_top) == (one.ram.base, one.ram.base + 512)


def test_small_memory_is_packed_to_the_grain(system: System) -> None:
    loaded = two_tasks(system, ram=16384 + 2048 - 32)
    place = layout.place(loaded, {"one": Need(1, 1000), "two": Need(1, 990)})
    assert place.align == 32
    assert place.tasks["one"].ram.bytes == 1024
    assert place.tasks["two"].ram.bytes == 992
    assert place.tasks["two"].ram.end == loaded.board.ram.end


@pytest.mark.parametrize(("memory", "name"), [("flash", "flash"), ("ram", "RAM")])
def test_full_memory_names_task_and_sizes(system: System, memory: str, name: str) -> None:
    reserved = {"flash": 32768, "ram": 16384}[memory]
    loaded = two_tasks(system, **{memory: reserved + 1024})
    needs = {"one": Need(512, 512), "two": Need(600, 600)}
    with pytest.raises(K5Error, match=rf"'two' needs 608 bytes of {name}; 512 of 1024 are left"):
        layout.place(loaded, needs)


def test_one_byte_less_than_full_still_fits(system: System) -> None:
    loaded = two_tasks(system, ram=16384 + 1024)
    place = layout.place(loaded, {"one": Need(1, 512), "two": Need(1, 512)})
    assert place.tasks["two"].ram.end == loaded.board.ram.end


def test_tasks_are_placed_around_fixed_regions(system: System) -> None:
    text = GOOD + "\n[region.fixed]\nbytes = 64\nbase = 0x28204400\n"
    loaded = sysdesc.load(system(text=text))
    place = layout.place(loaded, {"one": Need(1, 1024), "two": Need(1, 1024)})
    assert place.tasks["one"].ram.base == 0x28204000
    assert place.tasks["two"].ram.base == 0x28204800


def test_random_layouts_never_overlap_or_leave_memory(system: System) -> None:
    seed = 20260101
    random_ = random.Random(seed)
    text = GOOD + "".join(f"\n[region.r{i}]\nbytes = {32 << i}\n" for i in range(4))
    loaded = sysdesc.load(system(text=text))
    full = loaded.board
    placed = 0
    for round_ in range(300):
        ram = dataclasses.replace(full.ram, bytes=16384 + 1024 * random_.randrange(1, 12))
        loaded.board = dataclasses.replace(full, ram=ram)
        sizes = [random_.randrange(1, 5000) for _ in range(4)]
        needs = {"one": Need(sizes[0], sizes[1] + 512), "two": Need(sizes[2], sizes[3] + 512)}
        try:
            place = layout.place(loaded, needs)
        except K5Error:
            continue
        placed += 1
        found = spans(place)
        context = f"seed {seed}, round {round_}, sizes {sizes}, ram {ram.bytes}"
        for (_, end), (base, _) in zip(found, found[1:], strict=False):
            assert end <= base, context
        for base, end in found:
            inside = [m for m in (full.flash, ram) if m.base <= base and end <= m.end]
            assert inside and base % 32 == 0 and end % 32 == 0, context
        for name, need in needs.items():
            assert place.tasks[name].text.bytes >= need.text_bytes, context
            assert place.tasks[name].ram.bytes >= need.ram_bytes, context
    assert placed > 30, "the sizes leave too few layouts to look at"


def pieces(*ranges: tuple[int, int]) -> list[layout.Placed]:
    return [layout.Placed("r", base, size, layout.READ, "shared") for base, size in ranges]


@pytest.mark.parametrize(
    ("ranges", "entries"),
    [  # as in tests/arch/rv32/test_pmp.c
        ([(0x8000_0000, 8)], 1),
        ([(0x8000_0400, 0x400)], 1),
        ([(0x8000_0000, 96)], 2),
        ([(0x8000_0020, 64)], 2),
        ([(0x8000_0020, 96), (0x8000_0080, 96), (0x8000_0100, 96)], 5),
        ([(0x8000_0000, 64), (0x8000_0040, 96)], 3),
        ([(0, 96), (96, 32)], 2),
    ],
)
def test_pmp_entries_of_regions(ranges: list[tuple[int, int]], entries: int) -> None:
    assert layout.pmp_entries(pieces(*ranges)) == entries


def test_too_many_pmp_entries_are_refused_by_the_tasks_name(system: System) -> None:
    loaded = two_tasks(system)
    loaded.board = dataclasses.replace(loaded.board, arch="rv32", mpu_regions=3)
    needs = {"one": Need(3000, 3000), "two": Need(1, 600)}  # 3 KiB each: no powers of two
    with pytest.raises(K5Error, match="task 'one' needs 4 PMP entries .* there are 3"):
        layout.place(loaded, needs)
    loaded.board = dataclasses.replace(loaded.board, mpu_regions=4)
    assert layout.place(loaded, needs).align == loaded.board.region_align
