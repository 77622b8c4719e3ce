"""Counting stays in the kernel: QEMU's log, the places of an image, and the clock as a judge."""

from __future__ import annotations

from pathlib import Path

import pytest
from k5 import builder, measure, stays, wcet
from k5.elf import ElfFile
from k5.errors import K5Error
from k5.stays import Stay
from k5.wcet import Found, Worst

ENTRIES = {0x100: stays.TIMER, 0x200: ""}

ARM_LOG = """\
R08=00000000 R09=00000000 R10=00010000 R11=00000004
k5 enter 200
k5 leave 306 120
k5 enter 100
k5 leave 57 57
R08=00000000 R09=00000000 R10=00000000 R11=00000400
k5 enter 200
k5 leave 90 90
k5 enter 100
"""

RISCV_LOG = """\
 mcause   00000008
 x16/a6   00000000 x17/a7   00000005 x18/s2   00000000 x19/s3   00000000
k5 enter 200
k5 leave 98 98
 mcause   80000007
 x16/a6   00000000 x17/a7   00000005 x18/s2   00000000 x19/s3   00000000
k5 enter 200
k5 leave 70 70
 mcause   8000000b
k5 enter 200
k5 leave 71 71
 mcause   00000007
k5 enter 200
k5 leave 72 72
"""


def test_armv8m_log_becomes_stays() -> None:
    found = list(stays.parse(ARM_LOG.splitlines(), "armv8m", ENTRIES))
    assert found == [
        Stay("system call: reply_recv", 306, 120),
        Stay(stays.TIMER, 57, 57),
        Stay(stays.NO_CALL, 90, 90),
    ]  # the last stay has no end: the machine was stopped in it


def test_rv32_log_tells_the_causes_apart() -> None:
    found = list(stays.parse(RISCV_LOG.splitlines(), "rv32", ENTRIES))
    assert [stay.entry for stay in found] == [
        "system call: time", stays.TIMER, stays.INTERRUPT, stays.FAULT,
    ]  # fmt: skip


@pytest.mark.parametrize("board", ["mps2-an505", "virt-rv32"])
def test_plugin_and_clock_count_the_same(board: str) -> None:
    """Two ways that share nothing: QEMU's plugin, and the virtual clock that the task reads."""
    built = builder.build(measure.BENCH / "cost.toml", board)
    lengths = {stay.instructions for stay in stays.of_run(built, 0, 60_000_000)
               if stay.entry == "system call: caps"}  # fmt: skip
    by_clock = measure.instructions(board)["caps"]  # with the instruction that makes the call
    assert max(lengths) + 1 == pytest.approx(by_clock, abs=0.5)


@pytest.mark.parametrize("board", ["mps2-an505", "virt-rv32"])
def test_chip_image_puts_records_into_a_ring(board: str) -> None:
    """An emulator's sink would encode and send each record with interrupts off."""
    file = ElfFile(stays.chip_image(builder.build(measure.BENCH / "cost.toml", board)))
    assert file.section_sizes[".rings"] > 0


def test_board_without_a_sink_that_can_be_replaced_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built = builder.build(measure.BENCH / "cost.toml", "virt-rv32")
    monkeypatch.setattr(stays, "EMULATORS_SINKS", {})
    with pytest.raises(K5Error, match=r"virt-rv32/board\.toml: \[image\] has no sink"):
        stays.chip_image(built)


def worst(longest: int, whole: int, where: str) -> Worst:
    return Worst(3, longest, where, whole, where)


FOUND = {
    "armv8m": Found({"system call: send": worst(1200, 1300, "one"), "timer": worst(1600, 1600, "two"),
                     "boot": worst(9000, 9000, "one")}),
    "rv32": Found({"system call: send": worst(900, 900, "two")}),
}  # fmt: skip


def test_boot_does_not_count_as_time_with_interrupts_off() -> None:
    assert FOUND["armv8m"].interrupts_off == 1600
    assert not FOUND["armv8m"].good
    assert FOUND["rv32"].good
    assert Found().interrupts_off == 0


def test_longest_of_two_runs_keeps_where_each_was() -> None:
    one, other = Worst(2, 100, "a", 900, "a"), Worst(5, 300, "b", 400, "b")
    both = wcet._longer(one, other)
    assert both == Worst(7, 300, "b", 900, "a")
    assert wcet._longer(other, one) == both


def test_tables_have_a_row_an_entry_in_the_order_of_the_calls() -> None:
    assert wcet.ordered(FOUND) == ["system call: send", "timer", "boot"]
    page = wcet.markdown(FOUND)
    assert "| send | 1,200 | 1,300 | 3 | one |" in page
    assert "| timer | not seen |  |  |  |" in page
    assert "**1,600** instructions" in page
    rows = wcet.text(FOUND, False).splitlines()
    assert rows[2].split()[:4] == ["timer", "1,600", "1,600", "not"]
    assert wcet.as_json(FOUND)["armv8m"]["entries"]["send"]["longest"] == 1200


def test_table_goes_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{wcet.BEGIN}\nold\n{wcet.END}\nafter\n")
    wcet.write_page("| new |", page)
    assert page.read_text() == f"before\n{wcet.BEGIN}\n\n| new |\n\n{wcet.END}\nafter\n"
    page.write_text("no marks\n")
    with pytest.raises(K5Error, match="page.md: needs one"):
        wcet.write_page("x", page)


def test_every_kernel_test_runs_on_its_instruction_sets() -> None:
    titles = {arch: [job.title for job in wcet.jobs(arch)] for arch in ("armv8m", "rv32")}
    assert "secure" in titles["armv8m"] and "secure" not in titles["rv32"]
    assert "pmp" in titles["rv32"] and "pmp" not in titles["armv8m"]
    assert sum(title.startswith("chaos --seed") for title in titles["rv32"]) == len(wcet.SEEDS)
