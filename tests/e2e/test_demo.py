"""The demo on both engines: the same story, the same kernel events, the same every time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from conftest import ROOT
from k5 import builder, image
from k5.builder import Built
from k5.compare import compare
from k5.decode import Decoder, Line
from k5.elf import ElfFile
from k5.engine import Run
from k5.stream import Event

ENGINES = ("hosted", "qemu")
BOARDS = ("mps2-an505", "stm32l5", "virt-rv32", "sifive-e", "fe310")


def demo(board: str = "mps2-an505") -> Built:
    return builder.build(builder.find("demo"), board)


def run(built: Built, engine: str) -> list[Event]:
    """All events of a whole run."""
    machine = Run(built, engine, kernel_events=True)
    events = list(machine)
    assert machine.end == "halt"
    return events


def lines(built: Built, events: list[Event]) -> list[Line]:
    decoder = Decoder(built)
    return [decoder.line(event) for event in events]


def test_kernel_events_are_equal_on_both_engines() -> None:
    built = demo()
    traces = [run(built, engine) for engine in ENGINES]
    result = compare(Decoder(built), ENGINES, *traces)
    assert result.difference == []
    assert result.events > 150


@pytest.mark.parametrize("engine", ENGINES)
def test_rogue_is_caught_each_time_and_the_others_never_notice(engine: str) -> None:
    built = demo()
    told = lines(built, run(built, engine))
    faults = [line for line in told if line.kind == "FAULT"]
    assert {line.task for line in faults} == {"rogue"}
    kinds = [line.fields["fault"] for line in faults]
    assert kinds == ["DATA", "DATA", "FETCH", "STACK_OVERFLOW"]
    restarts = [line.text for line in told if line.kind == "TASK" and "restarts in" in line.text]
    assert restarts == [
        f"rogue restarts in {ms} ms, generation {n}" for n, ms in enumerate((2, 4, 8, 16), 1)
    ]
    texts = [line.text for line in told if line.kind == "LOG"]
    assert "all answers were right; foo is done" in texts
    assert "tick 6 of 6" in texts
    assert not [text for text in texts if "must not happen" in text]


@pytest.mark.parametrize("engine", ENGINES)
def test_fault_record_says_what_where_and_by_how_much(engine: str) -> None:
    built = demo()
    faults = [line for line in lines(built, run(built, engine)) if line.kind == "FAULT"]
    past_end, kernel, data, overflow = faults
    rogue = next(task for task in built.meta["tasks"] if task["name"] == "rogue")
    ram = next(region for region in rogue["regions"] if region["kind"] == "ram")
    end = ram["base"] + ram["bytes"]

    assert past_end.text == f"store of 1 byte at {end:#010x} in write_past_my_memory()"
    assert past_end.where.startswith("rogue.c:")
    assert past_end.details[0].startswith("0 bytes past the end of rogue.ram ")
    assert past_end.fields["instruction"].startswith("strb ")

    assert kernel.text.startswith("load of 4 bytes at ")
    assert kernel.fields["function"] == "read_the_kernel"
    assert kernel.details[1] == "there is the kernel's RAM"

    assert data.text.startswith("execution of memory at ")
    assert data.fields["function"] == "attempt"  # the caller: where it went is no function
    assert "which it may read and write" in data.details[0]

    assert overflow.text == "the stack is full at an unknown place"
    assert overflow.fields["pc"] is None and overflow.fields["function"] is None
    assert overflow.details[0].endswith(" 512 bytes")


def test_fault_line_points_at_the_source_that_did_it() -> None:
    built = demo()
    fault = next(line for line in lines(built, run(built, "hosted")) if line.kind == "FAULT")
    file = ROOT / fault.fields["file"]
    assert "*end = 42;" in file.read_text().splitlines()[fault.fields["line"] - 1]


def trace_file(path: Path, engine: str) -> bytes:
    """The JSON lines that `./k5 demo --trace` writes."""
    command = [ROOT / "k5", "demo", "--engine", engine, "--trace", path]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_same_run_gives_the_same_trace_also_under_load(engine: str, tmp_path: Path) -> None:
    calm = [trace_file(tmp_path / f"calm{i}", engine) for i in range(2)]
    load = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4)]
    try:
        busy = [trace_file(tmp_path / f"busy{i}", engine) for i in range(2)]
    finally:
        for process in load:
            process.kill()
            process.wait()
    assert len(calm[0].splitlines()) > 150
    assert {*calm, *busy} == {calm[0]}


def test_trace_is_json_lines_of_all_events(tmp_path: Path) -> None:
    records = [json.loads(line) for line in trace_file(tmp_path / "t", "hosted").splitlines()]
    kinds = {record["kind"] for record in records}
    assert {"BOOT", "LOG", "FAULT", "TASK", "HALT", "ENTER", "RESULT", "SWITCH"} <= kinds
    times = [record["time"] for record in records]
    assert times == sorted(times)
    assert len(records) == len(run(demo(), "hosted"))


@pytest.mark.slow
@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("variant", ["release", "trace"])
def test_image_holds_byte_for_byte_the_tasks_that_hosted_runs(board: str, variant: str) -> None:
    """The hosted machine's flash, read back after the run, against the image."""
    from k5 import Machine

    built = demo(board)
    elf = ElfFile(image.build(built, variant).elf)
    with Machine(built) as machine:
        machine.run()
        for task in built.meta["tasks"]:
            text = next(region for region in task["regions"] if region["kind"] == "text")
            size = built.elf(task["name"]).with_suffix(".bin").stat().st_size
            hosted = machine.read(task["name"], text["base"], size)
            assert size > 100
            assert elf.bytes_at(text["base"], size) == hosted


@pytest.mark.parametrize("board", ["stm32l5", "fe310"])
def test_chip_binary_holds_byte_for_byte_the_tasks_that_hosted_runs(board: str) -> None:
    """The same for the file that goes into a chip."""
    from k5 import Machine

    built = demo(board)
    made = image.build(built, "release")
    flash = made.elf.with_suffix(".bin").read_bytes()
    base = built.meta["memory"]["flash"]["base"]
    with Machine(built) as machine:
        for task in built.meta["tasks"]:
            text = next(region for region in task["regions"] if region["kind"] == "text")
            size = built.elf(task["name"]).with_suffix(".bin").stat().st_size
            at = text["base"] - base
            assert flash[at : at + size] == machine.read(task["name"], text["base"], size)


def test_demo_tells_the_same_story_on_the_chips_memory_map() -> None:
    """Addresses and times differ between boards; what the tasks say does not."""
    told = []
    for board in BOARDS:
        built = demo(board)
        found = lines(built, run(built, "hosted"))
        told.append(sorted((line.task, line.text) for line in found if line.kind == "LOG"))
    assert len(told[0]) > 20
    assert all(story == told[0] for story in told)


def test_captured_stream_decodes_to_what_the_run_printed(tmp_path: Path) -> None:
    """A board's serial bytes, through `./k5 logs`."""
    from k5.stream import encode

    built = demo()
    events = list(Run(built, "hosted"))
    path = tmp_path / "capture"
    path.write_bytes(b"".join(encode(event) for event in events))
    command = [ROOT / "k5", "logs", path, "--system", "demo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    printed = subprocess.run(
        [ROOT / "k5", "demo"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == printed.stdout
    path.write_bytes(path.read_bytes()[5:])
    broken = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert broken.returncode == 1
    assert "damaged" in broken.stderr


def test_live_stream_is_decoded_as_it_comes() -> None:
    """A serial device, played by a pseudo terminal; unplugging it ends the command."""
    from k5.stream import encode

    built = demo()
    events = list(Run(built, "hosted"))
    try:
        board, device = os.openpty()
    except OSError:
        pytest.skip("this machine has no pseudo terminals")
    command = [ROOT / "k5", "logs", os.ttyname(device), "--system", "demo"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        # The line discipline is set to raw when the command has opened the device.
        while termios.tcgetattr(device)[3] & termios.ICANON:
            assert process.poll() is None
            time.sleep(0.01)
        os.write(board, b"".join(encode(event) for event in events[:5]))
        first = process.stdout.readline()
        os.close(device)
        os.close(board)
        rest = process.stdout.read()
    assert process.returncode == 0
    assert "K5 starts" in first
    assert len(rest.splitlines()) >= 4
