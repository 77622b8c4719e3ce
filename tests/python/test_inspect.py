"""inspect: what a reader and a program learn of a system."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import System
from full_system import FULL, SOURCES
from k5 import builder, graph
from k5.cli import main
from k5.commands import inspect
from k5.errors import K5Error


@pytest.fixture
def meta(system: System) -> dict[str, Any]:
    return builder.build(system(text=FULL, **SOURCES)).meta


def test_text_names_threads_objects_and_holders(meta: dict[str, Any]) -> None:
    lines = [line.strip() for line in inspect.text(meta).splitlines()]
    for line in (
        "thread worker.helper: priority 9, budget 10000 us, stack 320 bytes, FPU",
        "thread worker.late-one: priority 11, budget 5000 us, cooldown 20000 us, stack 1024 bytes, "
        "does not start by itself",
        "8 slots, on a fault: supervisor at faults, else restart, back-off 10000 to 1000000 us, "
        "at most 3 in a row",
        "cap  2 0x00010002 helper       -> thread worker.helper (control, up to priority 12)",
        "cap  0 0x00010000 work         -> endpoint work (send, grant, badge 3, lends for writing)",
        "cap  6 0x00010006 thread-helper -> thread worker.helper (control, status, up to priority 9)",
        "task idle (does not start by itself)",
        "endpoint faults: nobody -> boss",
        "faults of worker (last resort: halt)",
        "endpoint work: worker, idle -> worker.helper, queue of 4",
        "notification events: idle -> worker, bound",
        "interrupt tick: line 9 -> events bit 3, acknowledged by worker",
        'port public "time of day": idle connects, worker listens',
        "region frame: mapped by worker, moves, home worker",
        "region board-data: mapped by worker, idle",
        "loan: idle lends through work for writing",
    ):
        assert line in lines


def test_spare_regions_are_what_the_hardware_has_left(meta: dict[str, Any]) -> None:
    for task in meta["tasks"]:
        assert task["spare_regions"] == 8 - len(task["regions"])
    assert "3 MPU regions to spare, for loans and mapped regions" in inspect.text(meta)


def test_memory_map_has_no_overlaps_and_all_stacks(meta: dict[str, Any]) -> None:
    rows = inspect.rows_of(meta, "ram")
    for (base, size, _), (after, _, _) in zip(rows, rows[1:], strict=False):
        assert base + size == after
    assert {"worker.helper.stack", "worker.late-one.stack", "frame"} <= {row[2] for row in rows}


def test_json_is_the_whole_description(system: System, capsys: pytest.CaptureFixture[str]) -> None:
    path = system(text=FULL, **SOURCES)
    assert main(["inspect", str(path), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["objects"] == ["frame", "board-data"]
    assert data["interrupts"] == [
        {"name": "tick", "line": 9, "source": "", "notification": "events", "bit": 3}
    ]
    assert data["last_resort"] == "halt"
    assert [device["name"] for device in data["devices"]] == ["alarm", "uart1", "fpgaio"]
    assert {"name", "model", "base", "bytes", "lines"} <= set(data["devices"][0])
    assert data["tasks"][1]["supervisor"] == "faults"


def test_picture_has_a_node_for_each_object_and_an_edge_for_each_capability(
    meta: dict[str, Any],
) -> None:
    text = graph.dot(meta)
    nodes = set(re.findall(r'^  ("[^"]+") \[shape', text, re.MULTILINE))
    edges = re.findall(r'^  ("[^"]+") -> ("[^"]+") \[label="([^"]*)"', text, re.MULTILINE)
    assert nodes == {
        '"task boss"', '"task worker"', '"task idle"', '"endpoint faults"', '"endpoint work"',
        '"notification events"', '"interrupt tick"', '"port public"', '"region frame"',
        '"region board-data"', '"region regs"',
    }  # fmt: skip
    assert all(end in nodes for edge in edges for end in edge[:2])
    for edge in (
        ('"endpoint faults"', '"task boss"', "recv"),
        ('"task boss"', '"task worker"', "control"),  # its thread stands in the task's box
        ('"task idle"', '"endpoint work"', "send, grant, badge 3, lends memory"),
        ('"notification events"', '"task worker"', "wait"),
        ('"interrupt tick"', '"task worker"', "ack"),
        ('"interrupt tick"', '"notification events"', "bit 3"),
        ('"task idle"', '"port public"', "connect, badge 9"),
        ('"task worker"', '"region regs"', "rw"),
        ('"task worker"', '"endpoint faults"', "faults"),
    ):
        assert edge in edges
    assert len(edges) == 15 + 1 + 1 + 1  # described capabilities, device, interrupt, supervisor
    assert "helper: priority 9, 10000 us" in text
    assert "movable, home worker" in text


@pytest.mark.skipif(not shutil.which("dot"), reason="no Graphviz")
def test_graphviz_draws_it(meta: dict[str, Any], tmp_path: Path) -> None:
    graph.draw(meta, tmp_path / "full.svg")
    assert "time of day" in (tmp_path / "full.svg").read_text()


def test_picture_of_an_unknown_kind_is_refused(meta: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(K5Error, match=r"\.dot, \.svg"):
        graph.draw(meta, tmp_path / "full.gif")
