"""Layout: nothing overlaps, regions end where the hardware can end them."""

from __future__ import annotations

import dataclasses
import random

import pytest
from conftest import GOOD, System
from full_system import FULL, SOURCES
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
    loaded = two_tasks(system)
    one = layout.place(loaded, {"one": Need(1, 600), "two": Need(1, 600)}).tasks["one"]
    assert one.stack(loaded.task("one").main) == (one.ram.base, one.ram.base + 512)


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


def test_nothing_lies_right_below_a_threads_stack(system: System) -> None:
    loaded = sysdesc.load(system(text=FULL, **SOURCES))
    needs = {name: Need(512, 900) for name in ("boss", "worker", "idle")}
    for ram in (loaded.board.ram.bytes, 16384 + 8192):
        memory = dataclasses.replace(loaded.board.ram, bytes=ram)
        loaded.board = dataclasses.replace(loaded.board, ram=memory)
        place = layout.place(loaded, needs)
        assert place.align == (1024 if ram > 65536 else 32)
        ends = [r.end for task in place.tasks.values() for r in task.regions()]
        ends += [r.end for r in place.regions.values()]
        worker = place.tasks["worker"]
        assert len(worker.stacks) == 2
        for stack in worker.stacks.values():
            assert stack.kind == "stack" and stack.access == layout.READ | layout.WRITE
            assert not any(stack.base - 32 < end <= stack.base for end in ends)
        helper = loaded.thread("worker.helper")
        base = worker.stacks["worker.helper"].base
        assert worker.stack(helper) == (base, base + 320)


def test_without_a_stack_limit_nothing_lies_right_below_a_main_stack(system: System) -> None:
    loaded = sysdesc.load(system(text=GOOD + "\n[region.below]\nbytes = 1024\n"), "virt-rv32")
    place = layout.place(loaded, {"one": Need(1, 600), "two": Need(1, 600)})
    ends = [task.ram.end for task in place.tasks.values()] + [place.regions["below"].end]
    for task in place.tasks.values():
        assert not any(task.ram.base - 32 < end <= task.ram.base for end in ends)


def test_powers_of_two_lie_on_multiples_of_themselves_on_rv32(system: System) -> None:
    loaded = sysdesc.load(system(), "virt-rv32")
    place = layout.place(loaded, {"one": Need(1, 4097), "two": Need(1, 16384)})
    one, two = place.tasks["one"].ram, place.tasks["two"].ram
    assert (one.bytes, one.base % 8192, two.bytes, two.base % 16384) == (8192, 0, 16384, 0)
    assert layout.pmp_entries(place.tasks["two"].regions()) == 2


def test_tight_memory_gives_up_multiples_before_coarse_starts(system: System) -> None:
    loaded = sysdesc.load(system(), "virt-rv32")
    ram = dataclasses.replace(loaded.board.ram, bytes=16384 + 4 * 4096 + 4096)
    loaded.board = dataclasses.replace(loaded.board, ram=ram)
    place = layout.place(loaded, {"one": Need(1, 4096), "two": Need(1, 8192)})
    assert place.align == 4096
    assert place.tasks["two"].ram.base % 8192 == 4096


def pieces(*ranges: tuple[int, int]) -> list[layout.Placed]:
    return [layout.Placed("r", base, size, layout.READ, "shared") for base, size in ranges]


@pytest.mark.parametrize(
    ("ranges", "entries"),
    [
        ([(0x8000_0000, 8)], 1),
        ([(0x8000_0400, 0x400)], 1),
        ([(0x8000_0000, 96)], 2),
        ([(0x8000_0020, 64)], 2),
        ([(0x8000_0020, 96), (0x8000_0080, 96), (0x8000_0100, 96)], 6),
        ([(0x8000_0000, 64), (0x8000_0040, 96)], 3),
        ([(0, 96), (96, 32)], 3),
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
