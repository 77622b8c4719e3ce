"""Instructions in fault records: what they do to memory, on RV32."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from k5 import builder, source  # noqa: E402
from k5.elf import ElfFile  # noqa: E402


@pytest.mark.parametrize(
    ("mnemonic", "found"),
    [
        ("lb", ("load", 1)),
        ("lbu", ("load", 1)),
        ("lhu", ("load", 2)),
        ("lw", ("load", 4)),
        ("c.lwsp", ("load", 4)),
        ("sb", ("store", 1)),
        ("sh", ("store", 2)),
        ("sw", ("store", 4)),
        ("c.sw", ("store", 4)),
        ("flw", ("load", 4)),
        ("fsd", ("store", 8)),
        ("lr.w", ("load", 4)),
        ("sc.w.rl", ("store", 4)),
        ("amoadd.w", ("exchange", 4)),
        ("amoswap.w.aqrl", ("exchange", 4)),
        ("add", None),
        ("lui", None),
        ("sll", None),
        ("slt", None),
        ("sub", None),
        ("ebreak", None),
    ],
)
def test_what_an_instruction_of_riscv_does(mnemonic: str, found: tuple[str, int] | None) -> None:
    assert source.access_riscv(mnemonic) == found


def test_instruction_and_place_in_a_task_of_rv32() -> None:
    built = builder.build(ROOT / "user" / "demo" / "demo.toml", "virt-rv32")
    elf = ElfFile(built.elf("foo"))
    assert source.instruction(elf, elf.entry) in ("andi sp,sp,-16", "and sp,sp,-16")
    place = source.place(built.elf("foo"), elf.value("main"))
    assert place is not None
    assert (place.function, place.file) == ("main", "user/demo/foo.c")
