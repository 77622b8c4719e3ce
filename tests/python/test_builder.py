"""The builder: real compiles of small systems, and what it says when they fail."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from conftest import GOOD, ONE, System
from k5 import blob, builder, image
from k5.elf import ElfFile
from k5.errors import K5Error


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
    assert "extern const unsigned char k5_region_my_buf[];" in header
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
    sizes = [blob.HEADER.size, blob.TASK.size, blob.THREAD.size, blob.ENDPOINT.size]
    assert [*sizes, blob.CAP.size, blob.REGION.size] == [52, 24, 32, 4, 8, 12]


def test_tables_say_what_the_description_says(system: System) -> None:
    built = builder.build(system())
    tables = built.blob()
    header = blob.HEADER.unpack_from(tables)
    assert header[:5] == (0x5359354B, 1, 52, len(tables), built.meta["system_id"])
    assert header[6:10] == (2, 2, 1, 8)
    tasks, threads, endpoints, caps, regions = header[-5:]
    assert tasks == 52
    first = blob.TASK.unpack_from(tables, tasks)
    assert first == (0, 0, 0, 2, 1, 4, 0, 1, 0, 200_000, 20_000_000, 20_000_000)
    second = blob.TASK.unpack_from(tables, tasks + blob.TASK.size)
    assert second[:8] == (2, 1, 4, 2, 1, 4, 1, 1)
    thread = blob.THREAD.unpack_from(tables, threads)
    assert thread[4:] == (200_000, 0, 20_000, 0, 5, 0, 0)
    assert blob.ENDPOINT.unpack_from(tables, endpoints) == (1,)
    assert blob.CAP.unpack_from(tables, caps) == (1, 1, 0, 7)
    found = [blob.REGION.unpack_from(tables, regions + i * 12) for i in range(4)]
    assert [region[2] for region in found] == [5, 3, 5, 3]


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
