"""Declared loans: who has no region to spare is told before anything runs."""

from __future__ import annotations

import dataclasses

import pytest
from conftest import GOOD, System
from k5 import layout, loans, sysdesc
from k5.errors import K5Error
from k5.layout import Need

LENT = ("badge = 7 }", 'badge = 7, lend = "{}" }}')
NEEDS = {"one": Need(512, 600), "two": Need(512, 600)}


def said(
    system: System,
    lend: str,
    board: str | None = None,
    one: int = 0,
    two: int = 0,
    needs: dict[str, Need] = NEEDS,
) -> list[str]:
    """What is said of a loan from one to two, which have so many more regions."""
    text = GOOD.replace(LENT[0], LENT[1].format(lend))
    for name, count in (("one", one), ("two", two)):
        uses = ", ".join(f'{{ region = "{name}{i}", access = "r" }}' for i in range(count))
        text = text.replace(
            f'sources = ["{name}.c"]', f'sources = ["{name}.c"]\nregions = [{uses}]'
        )
        text += "".join(f"\n[region.{name}{i}]\nbytes = 4096\n" for i in range(count))
    loaded = sysdesc.load(system(text=text), board)
    return loans.check(loaded, layout.place(loaded, needs))


@pytest.mark.parametrize(
    ("lend", "spare", "text"),
    [
        ("write", 1, ""),
        ("write", 0, "'one' -> 'two' (two) lends (lend = \"write\"), but has no MPU regions to spare"),
        ("read", 2, ""),
        ("read", 1, "but has 1 MPU region to spare itself: lending from the middle of a region can need 2"),
        ("read", 0, "but has no MPU regions to spare itself"),
    ],
)  # fmt: skip
def test_lender_without_spare_regions(system: System, lend: str, spare: int, text: str) -> None:
    warnings = said(system, lend, one=6 - spare)
    assert len(warnings) == (1 if text else 0)
    assert text in "".join(warnings)
    assert all("small.toml:11: " in warning for warning in warnings)


def test_borrower_without_a_spare_region_is_an_error(system: System) -> None:
    assert said(system, "read", two=5) == []
    with pytest.raises(K5Error) as caught:
        said(system, "read", two=6)
    message = caught.value.messages[0]
    assert "small.toml:11: 'one' -> 'two' (two) lends" in message
    assert "'two' has no MPU regions to spare: every such call would get E_REGIONS" in message


def test_what_is_not_declared_is_not_checked(system: System) -> None:
    text = GOOD.replace("budget_us = 0\n", "budget_us = 0\nregions = [{}]\n".format(
        ", ".join(f'{{ region = "r{i}", access = "r" }}' for i in range(6))))  # fmt: skip
    text += "".join(f"\n[region.r{i}]\nbytes = 64\n" for i in range(6))
    loaded = sysdesc.load(system(text=text))
    assert loans.check(loaded, layout.place(loaded, NEEDS)) == []


def test_pmp_counts_entries_not_regions(system: System) -> None:
    assert said(system, "write", "virt-rv32", one=3, two=4) == []
    warnings = said(system, "write", "virt-rv32", one=4, two=5)
    assert ["2 PMP entries to spare itself" in warnings[1], "has 1 PMP entry to spare: ranges that "
            "are no power of two need 2" in warnings[0]] == [True, True]  # fmt: skip
    with pytest.raises(K5Error, match="has no PMP entries to spare"):
        said(system, "write", "virt-rv32", two=6)


def test_region_that_is_no_power_of_two_leaves_less_to_spare(system: System) -> None:
    needs = {**NEEDS, "one": Need(512, 3 * 4096)}
    loaded = sysdesc.load(system(), "virt-rv32")
    place = layout.place(loaded, needs)
    assert (loans.spare(loaded, place, "one"), loans.spare(loaded, place, "two")) == (5, 6)
    loaded.board = dataclasses.replace(loaded.board, mpu_regions=4)
    assert loans.spare(loaded, place, "one") == 1
