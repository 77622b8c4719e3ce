"""An application made by `./k5 new`: complete, and it builds for every board."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from k5 import board as boards
from k5 import builder
from k5.commands import new
from k5.errors import K5Error
from k5.machine import Machine, Stop


@pytest.mark.parametrize("board", boards.names())
def test_made_application_runs(board: str, tmp_path: Path) -> None:
    new.make("thermostat", board, tmp_path)
    system = tmp_path / "thermostat" / "thermostat.toml"
    built = builder.build(system)
    assert built.board == board
    assert built.folder == tmp_path / "thermostat" / "build" / "thermostat" / board
    with Machine(built) as machine:
        assert machine.run_until_log("1 + ... + 5 = 15").task == "app"
        assert machine.run() is Stop.HALT


def test_no_placeholder_is_left(tmp_path: Path) -> None:
    made = new.make("thermostat", "virt-rv32", tmp_path)
    names = {str(path.relative_to(tmp_path / "thermostat")) for path in made}
    assert {"k5", "thermostat.toml", ".gitignore", ".vscode/launch.json", "README.md"} <= names
    for path in made:
        text = path.read_text()
        assert not re.search("@[A-Z]+@", text), path
        if path.suffix == ".json":
            json.loads(text)
    assert (tmp_path / "thermostat" / "k5").stat().st_mode & 0o100


@pytest.mark.parametrize("name", ["", "9lives", "a b", "a/b", "../up", "x" * 32])
def test_names_that_are_none(name: str, tmp_path: Path) -> None:
    with pytest.raises(K5Error, match="is no name for an application"):
        new.make(name, "virt-rv32", tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "note").write_text("keep")
    with pytest.raises(K5Error, match="is not an empty folder"):
        new.make("mine", "virt-rv32", tmp_path)
    (tmp_path / "file").write_text("keep")
    with pytest.raises(K5Error, match="is not an empty folder"):
        new.make("file", "virt-rv32", tmp_path)
    assert (tmp_path / "file").read_text() == "keep"
    with pytest.raises(K5Error, match="unknown board 'vrit'"):
        new.make("other", "vrit", tmp_path)
    assert not (tmp_path / "other").exists()


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(K5Error, match="not a directory"):
        new.make("app", "virt-rv32", tmp_path / "file")
