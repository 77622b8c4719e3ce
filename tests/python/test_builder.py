"""The builder: real compiles of small systems, and what it says when they fail."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path
from typing import Any

import pytest
from conftest import GOOD, ONE, System
from full_system import FULL, SOURCES
from k5 import blob, builder, image
from k5.elf import ElfFile
from k5.errors import K5Error
from k5.paths import ROOT


def test_tasks_lie_where_the_layout_says(system: System) -> None:
    built = builder.build(system())
    for task in built.meta["tasks"]:
        elf = ElfFile(built.elf(task["name"]))
        text = next(region for region in task["regions"] if region["kind"] == "text")
        assert elf.segments[0].vaddr == text["base"]
        assert text["base"] <= elf.entry < text["base"] + text["bytes"]
        assert elf.value("task_ram_base") == task["stack"]["base"]


def test_second_build_does_nothing(system: System) -> None:
    path = system()
    built = builder.build(path)
    before = {p: os.stat(p).st_mtime_ns for p in built.folder.rglob("*")}
    builder.build(path)
    assert {p: os.stat(p).st_mtime_ns for p in built.folder.rglob("*")} == before


def test_changed_source_is_built_again(system: System) -> None:
    first = builder.build(system()).meta["system_id"]
    changed = builder.build(system(one=ONE.replace("0x11223344", "0x11223345")))
    assert changed.meta["system_id"] != first


def test_changed_log_text_changes_the_system_id(system: System) -> None:
    """A log captured before the change must not be decoded with the new texts unnoticed."""
    first = builder.build(system()).meta["system_id"]
    assert builder.build(system(one=ONE.replace("asks", "begs"))).meta["system_id"] != first


def test_same_system_elsewhere_gives_the_same_bytes(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = builder.build(system())
    there = tmp_path / "another" / "place"
    there.mkdir(parents=True)
    for name in ("small.toml", "one.c", "two.c"):
        (there / name).write_bytes((tmp_path / name).read_bytes())
    monkeypatch.setattr(builder, "BUILD", there / "build")
    again = builder.build(there / "small.toml")
    assert again.blob() == here.blob()
    for task in ("one", "two"):
        assert again.elf(task).read_bytes() == here.elf(task).read_bytes()


def test_compile_error_shows_the_compilers_message_then_the_task(system: System) -> None:
    path = system(one=ONE.replace("uint32_t seen;", "uint32_t seen = ;"))
    with pytest.raises(K5Error) as caught:
        builder.build(path)
    first, last = caught.value.messages
    assert "one.c:6:17: error:" in first
    assert last == "task 'one' does not build"
    assert caught.value.status == 1


def test_link_error_names_the_task(system: System) -> None:
    path = system(one=ONE.replace("k5_panic(1)", "no_such_function()").replace(
        "int main", "void no_such_function(void);\nint main"))  # fmt: skip
    with pytest.raises(K5Error) as caught:
        builder.build(path)
    assert "undefined reference to `no_such_function'" in caught.value.messages[0]
    assert caught.value.messages[-1] == "task 'one' does not build"


def test_task_larger_than_the_flash_is_an_error(system: System) -> None:
    path = system(one=ONE.replace("uint32_t seen;", "uint32_t seen;\nconst char big[600000] = {1};")
                  .replace("seen = argument;", "seen = argument + (uint32_t)((volatile const char *)big)[argument];"))  # fmt: skip
    with pytest.raises(K5Error) as caught:
        builder.build(path, "stm32l5")
    assert "do not fit its text region" in caught.value.messages[0]


def test_header_names_capabilities_and_regions(system: System) -> None:
    text = GOOD.replace(
        "stack = 512\n", 'stack = 512\nregions = [{ region = "my-buf", access = "r" }]\n', 1
    )
    path = system(text=text + "\n[region.my-buf]\nbytes = 64\n")
    built = builder.build(path)
    header = (built.folder / "gen" / "one" / "k5_task.h").read_text()
    assert "#define CAP_TWO 0x00010000u" in header
    assert "extern const unsigned char k5_region_my_buf[] __attribute__((aligned(32)));" in header
    assert "#define REGION_MY_BUF_BYTES 64u" in header


def test_region_symbol_is_the_regions_address(system: System) -> None:
    text = GOOD.replace(
        "stack = 512\n", 'stack = 512\nregions = [{ region = "buf", access = "rw" }]\n', 1
    )
    code = ONE.replace("seen = argument;", "seen = argument;\n    REGION_BUF[0] = 1;")
    built = builder.build(system(text=text + "\n[region.buf]\nbytes = 64\n", one=code))
    placed = next(region for region in built.meta["regions"] if region["name"] == "buf")
    assert ElfFile(built.elf("one")).value("k5_region_buf") == placed["base"]


def test_tables_have_the_sizes_that_the_kernel_asserts() -> None:
    text = (ROOT / "kernel" / "system.h").read_text()
    sizes = dict(re.findall(r"sizeof\(struct sys_(\w+)\) == (\d+)", text))
    rows_ = {
        "header": blob.HEADER, "task": blob.TASK, "thread": blob.THREAD, "endpoint": blob.ENDPOINT,
        "notification": blob.NOTIFICATION, "interrupt": blob.INTERRUPT, "port": blob.PORT,
        "cap": blob.CAP, "region": blob.REGION,
    }  # fmt: skip
    assert {name: str(row.size) for name, row in rows_.items()} == sizes


def test_tables_say_what_the_description_says(system: System) -> None:
    built = builder.build(system())
    tables = built.blob()
    header = blob.HEADER.unpack_from(tables)
    assert header[:5] == (0x5359354B, 2, 80, len(tables), built.meta["system_id"])
    assert header[6:14] == (2, 2, 1, 8, 0, 0, 0, 0)
    assert header[14:20] == (2, 4, 8, 0, 0, 2000)
    tasks, threads, endpoints, caps, regions = header[-9:-4]
    assert tasks == 80
    assert header[-4:] == (len(tables),) * 4
    first = blob.TASK.unpack_from(tables, tasks)
    assert first == (
        0, 0, 0, 2, 1, 4, 0, 1, 0, 200_000, 20_000_000, 20_000_000, 200_000, 0xFF, 0, 0,
    )  # fmt: skip
    second = blob.TASK.unpack_from(tables, tasks + blob.TASK.size)
    assert second[:8] == (2, 1, 4, 2, 1, 4, 1, 1)
    thread = blob.THREAD.unpack_from(tables, threads)
    assert thread[4:] == (200_000, 0, 20_000, 0, 5, 0, 0xFF)
    assert blob.ENDPOINT.unpack_from(tables, endpoints) == (1, 0, 0)
    assert blob.CAP.unpack_from(tables, caps) == (1, 1, 0, 7)
    found = [blob.REGION.unpack_from(tables, regions + i * 12) for i in range(4)]
    assert [region[2] for region in found] == [5, 3, 5, 3]


def rows(tables: bytes, table: str, row: struct.Struct, count: int) -> list[tuple[Any, ...]]:
    """The rows of one of the boot tables."""
    at = blob.offset_of(tables, table)
    return [row.unpack_from(tables, at + i * row.size) for i in range(count)]


def test_tables_of_every_kind_of_object(system: System) -> None:
    built = builder.build(system(text=FULL, **SOURCES))
    tables = built.blob()
    header = blob.HEADER.unpack_from(tables)
    assert header[6:20] == (3, 5, 2, 8, 1, 1, 1, 2, 17, 9, 20, 4, 1, 2000)

    boss, worker, idle = rows(tables, "tasks", blob.TASK, 3)
    assert (boss[13:], worker[12:], idle[13:]) == ((0xFF, 0, 0), (10_000, 0, 3, 0), (0xFF, 0, 1))
    assert worker[:8] == (2, 5, 8, 5, 8, 8, 1, 3)
    threads = rows(tables, "threads", blob.THREAD, 5)
    assert [t[7:] for t in threads] == [
        (0, 20, 0, 0xFF), (1, 10, 0, 0), (1, 9, 3, 0xFF), (1, 11, 2, 0xFF), (2, 1, 0, 0xFF),
    ]  # fmt: skip
    assert threads[2][2] - threads[2][1] == 320
    assert threads[2][3] == 7

    assert rows(tables, "endpoints", blob.ENDPOINT, 2) == [(0, 0, 0), (2, 4, 0)]
    assert rows(tables, "notifications", blob.NOTIFICATION, 1) == [(1,)]
    assert rows(tables, "interrupts", blob.INTERRUPT, 1) == [(9, 0, 3)]
    assert rows(tables, "ports", blob.PORT, 1) == [(b"time of day".ljust(16, b"\0"),)]
    frame, data = rows(tables, "objects", blob.REGION, 2)
    base = {region["name"]: region["base"] for region in built.meta["regions"]}
    assert frame == (base["frame"], 1024, 3, blob.REGION_MOVABLE, 8 + 4)
    assert data == (base["board-data"], 64, 3, blob.REGION_SHARED, 0)

    caps = rows(tables, "caps", blob.CAP, 17)
    assert caps[:5] == [(1, 2, 0, 0), (6, 7, 1, 0), (7, 1, 2, 12), (7, 2, 3, 11), (6, 1, 2, 0)]
    assert caps[5:9] == [(1, 3, 1, 0), (2, 2, 0, 0), (4, 1, 0, 0), (5, 1, 0, 0)]
    assert caps[9:13] == [(3, 7, 0, 0), (3, 1, 1, 0), (7, 3, 2, 9), (7, 3, 3, 11)]
    assert caps[13:] == [(1, 5, 1, 3), (2, 1, 0, 0xF0), (5, 2, 0, 9), (3, 3, 1, 0)]


def test_queues_take_their_places_one_after_another(system: System) -> None:
    more = '\n[endpoint.more]\nreceiver = "boss"\nqueue = 64\n'
    built = builder.build(system(text=FULL + more, **SOURCES))
    assert rows(built.blob(), "endpoints", blob.ENDPOINT, 3)[2] == (0, 64, 4)
    assert "#define CFG_MESSAGES 68" in image.config(built.meta)


def test_region_that_two_tasks_have_is_shared(system: System) -> None:
    uses = 'stack = 512\nregions = [{ region = "both", access = "r" }, { region = "mine", access = "rw" }]\n'
    text = GOOD.replace("stack = 512\n", uses, 1).replace(
        "budget_us = 0\n", 'budget_us = 0\nregions = [{ region = "both", access = "rw" }]\n'
    )
    regions = "\n[region.both]\nbytes = 64\n\n[region.mine]\nbytes = 64\n"
    built = builder.build(system(text=text + regions))
    flags = [(r[2], r[3]) for r in rows(built.blob(), "regions", blob.REGION, 7)]
    assert sorted(flags) == [(1, 2), (3, 0), (3, 0), (3, 0), (3, 2), (5, 0), (5, 0)]


def test_configuration_of_an_image_has_exact_numbers(system: System) -> None:
    config = image.config(builder.build(system(text=FULL, **SOURCES)).meta)
    found = dict(re.findall(r"#define CFG_(\w+) (\d+)", config))
    assert found == {
        "TASKS": "3", "THREADS": "5", "FPU_THREADS": "1", "ENDPOINTS": "2", "NOTIFICATIONS": "1",
        "INTERRUPTS": "1", "PORTS": "1", "OBJECTS": "2", "SLOTS": "20", "MESSAGES": "4",
    }  # fmt: skip


def test_threads_begin_at_functions_of_their_tasks_file(system: System) -> None:
    built = builder.build(system(text=FULL, **SOURCES))
    elf = ElfFile(built.elf("worker"))
    entries = {thread["name"]: thread["entry"] for thread in built.meta["threads"]}
    assert entries["worker"] == elf.entry
    assert entries["worker.helper"] == elf.value("k5_thread_helper")
    assert entries["worker.late-one"] == elf.value("k5_thread_late_one")
    assert all(entry & 1 for entry in entries.values())
    assert elf.value("helper_main") and elf.value("late_start")


def test_function_of_a_thread_that_is_missing_is_named_with_the_threads_line(
    system: System,
) -> None:
    path = system(('priority = 11\nentry = "late_start"', "priority = 11"), text=FULL, **SOURCES)
    line = path.read_text().split("[task.worker.thread.late-one]")[0].count("\n") + 1
    with pytest.raises(K5Error) as caught:
        builder.build(path)
    assert f"small.toml:{line}: undefined reference to `late_one_main'" in caught.value.messages[0]
    assert caught.value.messages[-1] == "task 'worker' does not build"


def test_only_the_main_thread_is_started_by_the_kernel(system: System) -> None:
    """The others would run before their task's data is there."""
    built = builder.build(system(text=FULL, **SOURCES))
    source = (built.folder / "gen" / "worker" / "k5_threads.c").read_text()
    assert re.findall(r"thread_start\((\w+)\)", source) == ["CAP_THREAD_HELPER"]
    assert not (built.folder / "gen" / "boss" / "k5_threads.c").exists()


@pytest.mark.parametrize(("fpu", "used"), [("true", True), ("false", False)])
def test_floating_point_is_in_hardware_for_threads_with_the_fpu(
    system: System, fpu: str, used: bool
) -> None:
    built = builder.build(system(("fpu = true", f"fpu = {fpu}"), text=FULL, **SOURCES))
    elf = ElfFile(built.elf("worker"))
    start = elf.value("helper_main") & ~1
    code = elf.bytes_at(start, 16)
    assert code is not None
    halfwords = struct.unpack("<8H", code)
    assert any(half & 0xEF00 == 0xEE00 for half in halfwords) == used  # a coprocessor's opcode


def test_header_names_tasks_threads_and_regions_of_capabilities(system: System) -> None:
    built = builder.build(system(text=FULL, **SOURCES))
    header = (built.folder / "gen" / "worker" / "k5_task.h").read_text()
    for line in (
        "#define CAP_TICK 0x00010002u",
        "#define CAP_THREAD_HELPER 0x00010006u",
        "#define TASK_ID_IDLE 2u",
        "extern unsigned char k5_region_frame[] __attribute__((aligned(32)));",
        "extern const unsigned char k5_region_board_data[] __attribute__((aligned(32)));",
        "#define REGION_FRAME_BYTES 1024u",
    ):
        assert line in header.splitlines()


def test_argument_of_a_thread_can_be_replaced(system: System) -> None:
    built = builder.build(system())
    tables = blob.with_argument(built.blob(), 1, 0xCAFE)
    offset = blob.thread_argument_offset(tables, 1)
    assert struct.unpack_from("<I", tables, offset)[0] == 0xCAFE
    assert len(tables) == len(built.blob())
    assert sum(a != b for a, b in zip(tables, built.blob(), strict=True)) == 2


def test_warnings_of_a_description_do_not_stop_the_build(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    builder.build(system(("priority = 6\nbudget_us = 0", "priority = 4")))
    assert "priority inversion" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("board", ["mps2-an505", "stm32l5"])
@pytest.mark.parametrize("variant", ["release", "trace"])
def test_image_holds_the_tasks_bytes_at_their_addresses(
    system: System, board: str, variant: str
) -> None:
    built = builder.build(system(), board)
    made = image.build(built, variant)
    elf = ElfFile(made.elf)
    for task in built.meta["tasks"]:
        data = built.elf(task["name"]).with_suffix(".bin").read_bytes()
        text = next(region for region in task["regions"] if region["kind"] == "text")
        assert elf.bytes_at(text["base"], len(data)) == data
    tables = built.blob()
    assert elf.bytes_at(elf.value("k5_system"), len(tables)) == tables


@pytest.mark.slow
def test_chip_image_comes_in_three_formats_with_the_same_bytes(system: System) -> None:
    built = builder.build(system(), "stm32l5")
    made = image.build(built, "release")
    assert [path.suffix for path in made.files] == [".elf", ".bin", ".hex"]
    elf = ElfFile(made.elf)
    raw = made.elf.with_suffix(".bin").read_bytes()
    base = built.meta["memory"]["flash"]["base"]
    names = [
        ".text",
        ".system",
        ".data",
        *(f".task.{task['name']}" for task in built.meta["tasks"]),
    ]
    loaded = {name: elf.sections[name] for name in names if name in elf.sections}
    assert len(loaded) >= 2 + len(built.meta["tasks"])
    for name, section in loaded.items():
        load = elf.value("kernel_data_load") if name == ".data" else section.address
        assert raw[load - base : load - base + len(section.data)] == section.data, name
    records = made.elf.with_suffix(".hex").read_text().split()
    total = sum(int(r[1:3], 16) for r in records if r[7:9] == "00")
    assert total == sum(len(section.data) for section in loaded.values())


def test_unknown_system_suggests_the_nearest() -> None:
    with pytest.raises(K5Error, match=r"no system 'dmeo' \(did you mean 'demo'\?\)"):
        builder.find("dmeo")
