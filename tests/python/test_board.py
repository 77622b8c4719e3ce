"""Boards: mistakes in board.toml are named like those of descriptions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from k5 import board as boards
from k5.board import BOARDS
from k5.boarddevices import Device
from k5.errors import K5Error

TEXT = (BOARDS / "virt-rv32" / "board.toml").read_text()


def load(monkeypatch: pytest.MonkeyPatch, folder: Path, *changes: tuple[str, str]) -> boards.Board:
    """virt-rv32 with other lines."""
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "mine").mkdir()
    (folder / "mine" / "board.toml").write_text(text)
    monkeypatch.setattr(boards, "BOARDS", folder)
    return boards.load("mine")


@pytest.mark.parametrize("name", boards.names())
def test_boards_of_the_tree_load(name: str) -> None:
    board = boards.load(name)
    assert board.mpu_regions == 8
    assert all(line in board.lines() for line in board.interrupts.values())
    assert board.fpu == (board.arch == "armv8m")


def test_devices_and_interrupts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    board = load(
        monkeypatch,
        tmp_path,
        ("alarm = 11", "alarm = 11\nuart = 10"),
        ("[devices.alarm]", '[devices.console]\nbase = 0x1000_0000\nbytes = 256\ninterrupt = "uart"\n\n'
         "[devices.dumb]\nbase = 0x1000\n\n[devices.alarm]"),
    )  # fmt: skip
    assert board.devices["console"] == Device("console", "", 0x1000_0000, 256, (10,))
    assert board.devices["dumb"] == Device("dumb", "", 0x1000, 4096)
    assert board.devices["alarm"].line == 11
    assert (board.lines()[0], board.lines()[-1]) == (1, board.interrupt_lines)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("alarm = 11", "alarm = 0", "alarm = 0 is less than 1"),
        ("alarm = 11", "alarm = 97", "alarm = 97 is more than 96"),
        ("alarm = 11", 'alarm = "11"', "alarm must be an integer"),
        ("base = 0x0010_1000", "base = 0x0010_1004", "device 'alarm' is not on multiples of 32"),
        ("base = 0x0010_1000", "bse = 0x0010_1000", "unknown key 'bse'"),
        ("base = 0x0010_1000", 'base = 0x0010_1000\ninterrupt = "alram"', "unknown interrupt 'alram'"),
        ("interrupt_lines = 96", "interrupt_lines = 0", "interrupt_lines = 0 is less than 1"),
        ("interrupt_lines = 96\n", "", "needs the key 'interrupt_lines'"),
        ('cpu = "rv32"', 'cpu = "cortex-m33"', "cpu 'cortex-m33' is no rv32"),
    ],
)  # fmt: skip
def test_mistake_in_a_board_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(K5Error, match=re.escape(message)) as caught:
        load(monkeypatch, tmp_path, (old, new))
    assert re.search(r"board\.toml:\d+: ", caught.value.messages[0])
