"""Snapshots in files: a later run goes on from them; files that are none are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from k5 import Machine, builder, snapshotfile
from k5.errors import K5Error
from k5.gui.watch import Watched

SHELL = ROOT / "user" / "examples" / "shell" / "shell.toml"
BOARDS = ("mps2-an505", "virt-rv32")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shell, a command on its way in."""
    path = tmp_path_factory.mktemp("snapshot") / "shell.k5snap"
    with Machine.boot(SHELL) as machine:
        machine.run(until_us=20_000)
        machine.send("usart1", b"uptime\r")
        machine.run(until_us=20_500)
        machine.save(path)
    return path


@pytest.mark.parametrize("board", BOARDS)
def test_run_from_a_file_goes_on_as_the_other_would_have(board: str, tmp_path: Path) -> None:
    path = tmp_path / "demo.k5snap"
    with Machine.boot("demo", board, kernel_events=True) as first:
        first.run(until_us=10_000)
        first.save(path)
        at, seen = first.position, len(first.events())
        first.run()
        with Machine.load(path, first.recorded) as second:
            assert second.position == at and second.events() == []
            second.run()
            assert second.position == first.position
            assert second.snapshot().hash == first.snapshot().hash
            assert second.events() == first.events()[seen:]


def test_devices_and_what_is_on_its_way_are_in_it(saved: Path) -> None:
    with Machine.load(saved) as machine:
        machine.record((1 << 63) - 1)
        machine.run(until_us=60_000)
        assert b"s since the start\r\n" in machine.serial("usart1") or b"k5>" in machine.serial("usart1")
        with Machine.boot(SHELL, device_events=True) as whole:
            whole.run(until_us=20_000)
            whole.send("usart1", b"uptime\r")
            whole.run(until_us=20_500)
            already = len(whole.serial("usart1"))
            whole.run(until_us=60_000)
            assert machine.serial("usart1") == whole.serial("usart1")[already:] != b""


def test_history_begins_at_a_loaded_snapshot(saved: Path) -> None:
    with Machine.load(saved) as machine:
        machine.history_start()
        start = machine.position
        machine.run(until_us=30_000)
        end = machine.snapshot().hash
        machine.goto_us(25_000)
        machine.goto(start)
        machine.run(until_us=30_000)
        assert machine.snapshot().hash == end


def test_lamps_of_a_watched_machine_shine_as_they_did(tmp_path: Path) -> None:
    path = tmp_path / "blinky"
    with Machine.boot("blinky") as machine:
        name = next(iter(machine.periphery.leds))
        while not machine.led(name):
            machine.run(until_tick=machine.now + 1000)
        machine.save(path)
        found = snapshotfile.load(path)
        with Watched(machine.built) as watched:
            assert watched.lamps[name].brightness(watched.now) == 0.0
            found.restore(watched)
            assert watched.lamps[name].brightness(watched.now) == 1.0


def changed(saved: Path, path: Path, **header: object) -> Path:
    """The same with another header, its sum right."""
    line, _, data = saved.read_bytes().partition(b"\n")
    data = bytes(header.pop("data", data))  # type: ignore[call-overload]
    fields: dict[str, Any] = json.loads(line) | header
    fields["sha256"] = snapshotfile._sum(fields, data)
    path.write_bytes(json.dumps(fields).encode() + b"\n" + data)
    return path


def refused(path: Path, text: str) -> None:
    with pytest.raises(K5Error) as caught:
        Machine.load(path).close()
    assert text in str(caught.value) and str(path) in str(caught.value), caught.value


def test_files_that_are_no_whole_snapshot(saved: Path, tmp_path: Path) -> None:
    raw, path = saved.read_bytes(), tmp_path / "other"
    refused(tmp_path, "is a directory")
    refused(path, "no such file")
    for text in (b"", b"\n", b"hello\nworld", b'{"k5": "recording"}\n', b"\xff" * 100, b"[1]\n"):
        path.write_bytes(text)
        refused(path, "is no snapshot")
    header = raw.index(b"\n") + 1
    for size in (header, header + 1, len(raw) // 2, len(raw) - 1):
        path.write_bytes(raw[:size])
        refused(path, "fewer: it was cut off")
    path.write_bytes(raw[: header - 1])
    refused(path, "is no snapshot")
    path.write_bytes(raw + b"x")
    refused(path, "more")
    for place in (header + 5, (header + len(raw)) // 2, len(raw) - 1):
        path.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
        refused(path, "its sum is not that of its contents: the file was changed")
    path.write_bytes(raw.replace(b'"seed": 0', b'"seed": 1', 1))
    refused(path, "the file was changed")


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ({"format": 7}, "has format 7; this version reads 1"),
        ({"seed": "x"}, "its header says seed = 'x'"),
        ({"seed": True}, "its header says seed = True"),
        ({"build": None}, "its header says build = None"),
        ({"build": {}}, "was made with another build"),
        ({"board": "mps2-an505"}, "task shell"),
        ({"data": b"", "bytes": 0}, "simulator: "),
        ({"data": b"\0" * 5000, "bytes": 5000}, "simulator: "),
    ],
)
def test_headers_and_contents_that_are_wrong(
    saved: Path, tmp_path: Path, header: dict[str, object], text: str
) -> None:
    refused(changed(saved, tmp_path / "wrong", **header), text)


def test_snapshot_of_another_build_names_what_is_different(saved: Path, tmp_path: Path) -> None:
    build = json.loads(saved.read_bytes().partition(b"\n")[0])["build"]
    path = changed(saved, tmp_path / "old", build=build | {"the simulator": "0", "task shell": "1"})
    refused(path, "different are the simulator, task shell")
    found = snapshotfile.load(saved)
    with pytest.raises(K5Error, match="is of shell on stm32l5, not of demo on mps2-an505"):
        found.check(builder.build(builder.find("demo")))
    with Machine(builder.build(SHELL), seed=3) as machine:
        with pytest.raises(K5Error, match="is of a run with seed 0, not 3"):
            found.restore(machine)


def test_full_disk_leaves_no_file(tmp_path: Path) -> None:
    with Machine.boot("demo") as machine:
        with pytest.raises(K5Error, match="no such file or directory"):
            machine.save(tmp_path / "nowhere" / "x")
    assert list(tmp_path.iterdir()) == []
