"""Recordings: what came from outside, written down and done again; and files that are none."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from k5 import Machine, builder, journal, recording
from k5.errors import K5Error
from k5.machine import Stop
from k5.paths import ROOT
from k5.recording import Recorder, Recording
from k5.snapshots import Position

SHELL = ROOT / "user" / "examples" / "shell" / "shell.toml"
SESSION = 40  # things from outside


def session(path: Path, seed: int) -> Machine:
    """A machine to which much has come, and its recording in `path`."""
    choose = random.Random(seed)
    machine = Machine.boot(SHELL, kernel_events=True, device_events=True)
    recorder = Recorder(path, machine)
    button = next(iter(machine.periphery.buttons))
    gives: list[Callable[[], object]] = [
        lambda: machine.send("usart1", b"uptime\r" * choose.randrange(1, 30)),
        lambda: machine.press(button),
        lambda: machine.release(button),
        lambda: machine.kill("worker", choose.randrange(1 << 32)),
        lambda: machine.force_line(choose.randrange(100), choose.random() < 0.5),
        lambda: machine.serial_damage("usart1", "parity"),
        lambda: machine.serial_speed("usart1", choose.choice((0, 9600, 115200))),
        lambda: machine.reset(choose.choice(("pin", "power"))),
    ]
    for _ in range(SESSION):
        machine.run(until_tick=machine.now + choose.randrange(100_000))
        try:
            choose.choice(gives)()
        except K5Error as problem:  # of a task that does not run
            assert "does not run" in str(problem)
    machine.run(until_tick=machine.now + 100_000)
    recorder.finish()
    return machine


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "one.k5rec"
    session(path, 0).close()
    return path


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 4))]
)
def test_what_was_recorded_runs_again_exactly(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "session"
    with session(path, seed) as first:
        found = recording.load(path)
        assert found.ended and found.end == first.position
        assert found.entries == first.journal() and len(found.entries) > SESSION / 2
        with Machine(found.built(), found.seed, (1 << 64) - 1) as again:
            again.record((1 << 48) - 1)
            first_events = [e for e in first.events() if 1 << e.kind & (1 << 48) - 1]
            found.play(again)
            again.run(until_tick=found.end.now)
            assert again.position == found.end
            assert again.snapshot().hash == first.snapshot().hash
            assert [e for e in again.events() if e.kind < 48] == first_events


def test_clicks_and_keys_of_a_window_run_again_exactly(tmp_path: Path) -> None:
    """A session as the window has it, at a pace, with a halt and a reset by its person."""
    from k5.gui.session import Session
    from k5.pace import Pace

    path, clock = tmp_path / "window", [0.0]
    built = builder.build(SHELL)
    pace = Pace(int(built.meta["tick_hz"]), 1.0, lambda: clock[0])
    session = Session(built, 0, pace, traced=True, clock=lambda: clock[0])
    recorder = Recorder(path, session.machine)
    events = []
    button = session.view.buttons[0].name
    for frame in range(60):
        clock[0] += 0.003
        session.frame(1.0)
        if frame % 10 == 3:
            session.press(button, frame % 20 == 3)
        elif frame % 10 == 6:
            session.type(0, b"uptime\r")
        elif frame == 40:
            session.reset()
        elif frame == 50:
            session.step_instruction()
        events += session.take()
    recorder.finish()
    events += session.take()
    end, hash_ = session.machine.position, session.machine.snapshot().hash
    session.close()
    found = recording.load(path)
    assert {"pin", "serial", "reset"} <= {entry.what for entry in found.entries}
    with Machine(built, kinds=(1 << 64) - 1) as again:
        found.play(again)
        again.run(until_tick=end.now)
        assert (again.position, again.snapshot().hash) == (end, hash_)
        assert again.events() == events


def test_session_that_ends_right_behind_a_click_runs_again_to_there(tmp_path: Path) -> None:
    """What would follow from the click at the same tick is not in the session, nor in the replay."""
    path = tmp_path / "short"
    with Machine.boot(SHELL, kernel_events=True, device_events=True) as first:
        recorder = Recorder(path, first)
        first.run(until_us=1_000)
        first.force_line(61, True)
        first.reset("pin")
        recorder.finish()
        found = recording.load(path)
        assert found.end == first.position
        with Machine(found.built(), kinds=first.recorded) as again:
            found.play(again, ends=True)
            for until_us in (300, 1_000, 1_000, 50_000):
                stop = again.run(until_us=until_us)
            assert stop is Stop.POSITION
            assert (again.position, again.events()) == (first.position, first.events())


def test_stimuli_have_no_effect_while_a_recording_plays(made: Path) -> None:
    from k5.stimulus import Stimuli

    found = recording.load(made)
    with Machine(found.built()) as machine:
        found.play(machine)
        stimuli = Stimuli(machine)
        assert stimuli.send("usart1", b"reset\r") == 6
        stimuli.do("reset", "power")
        machine.run(until_tick=found.end.now)
        assert machine.position == found.end


def summed(rows: list[dict[str, object]]) -> str:
    """Lines with right sums."""
    text, last = "", recording.FIRST_SUM
    for row in rows:
        body = json.dumps(row, separators=(",", ":"))
        last = recording.line_sum(last, body)
        text += f'{body[:-1]},"sum":"{last}"}}\n'
    return text


def rows_of(path: Path) -> list[dict[str, object]]:
    found = [json.loads(line) for line in path.read_text().splitlines()]
    for row in found:
        del row["sum"]
    return found


def refused(path: Path, text: str) -> None:
    with pytest.raises(K5Error) as caught:
        recording.load(path)
    assert text in str(caught.value), caught.value


def test_own_sums_are_right(made: Path) -> None:
    assert summed(rows_of(made)) == made.read_text()


def test_files_that_are_no_whole_recording(made: Path, tmp_path: Path) -> None:
    path, text = tmp_path / "other", made.read_text()
    lines = text.splitlines(keepends=True)
    refused(tmp_path, "is a directory")
    refused(path, "no such file")
    path.write_bytes(b"")
    refused(path, "is empty")
    path.write_bytes(b"\xff\xfe\x00")
    refused(path, "not a text file")
    path.write_text("hello\n")
    refused(path, ":1: 'hello' is no recording")
    path.write_text(text[:-10])
    refused(path, f":{len(lines)}: the line has no end: the file was cut off")
    path.write_text(text.replace("usart1", "usart2", 1))
    number = next(i for i, line in enumerate(lines, 1) if "usart1" in line)
    refused(path, f":{number}: its sum is not that of the lines up to here: the file was edited")
    path.write_text("".join(lines[:3] + lines[4:]))
    refused(path, ":4: its sum is not that of the lines up to here")
    path.write_text("".join([*lines[:2], "x\n", *lines[2:]]))
    refused(path, ":3: 'x' is no line of a recording")


def test_session_that_was_killed_ends_with_its_last_mark(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "killed"
    lines = made.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    found = recording.load(path)
    assert not found.ended and found.end == recording.load(made).end
    path.write_text("".join(lines[:2]))
    assert recording.load(path).end == recording.load(path).entries[-1].position


@pytest.mark.parametrize(
    ("changes", "line", "text"),
    [
        ({"k5": "trace"}, 1, "is no recording"),
        ({"format": 99}, 1, "has format 99; this version reads 1"),
        ({"seed": "x"}, 1, "'seed' is 'x'; it must be a number"),
        ({"board": None}, 1, "'board' is missing; it must be a text"),
        ({"tick": -1}, 3, "position [-1, "),
        ({"tick": True}, 3, "'tick' is True; it must be a number"),
        ({"tick": 0}, 5, "it must not go back"),
        ({"what": "serial", "data": "\u1234"}, 3, "are no bytes"),
        ({"what": "write", "data": "abc"}, 3, "are no bytes"),
        ({"what": "end"}, 3, "comes behind the end"),
    ],
)
def test_lines_that_are_wrong(
    made: Path, tmp_path: Path, changes: dict[str, object], line: int, text: str
) -> None:
    rows = rows_of(made)
    rows[line - 1] |= changes
    path = tmp_path / "wrong"
    path.write_text(summed(rows))
    refused(path, text)
    refused(path, f":{line + (changes.get('what') == 'end')}: ")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"what": "telepathy"}, "unknown input 'telepathy'"),
        ({"what": "pin", "name": "PQ77"}, "no pin 'PQ77'"),
        ({"what": "serial", "name": "usart9", "data": "x"}, "no device 'usart9'"),
        ({"what": "kill", "name": "nobody"}, "no task 'nobody'"),
        ({"what": "line", "name": "many"}, "'many' is no interrupt line"),
        ({"what": "value", "name": "usart1", "field": "joy"}, "no value of usart1 'joy'"),
        ({"what": "serial", "name": "usart1", "data": "x" * 65}, "65 bytes are more than the 64"),
        ({"what": "reset", "name": "fate"}, "no reset 'fate'"),
        ({"what": "line", "name": "5", "value": 1 << 31}, "is no value of 'line': from -2147483648"),
        ({"what": "kill", "name": "worker", "value": -1}, "-1 is no value of 'kill': from 0"),
        ({"what": "idle", "value": 1 << 64}, "is no value of 'idle'"),
        ({"what": "memory", "name": "flash", "field": "x", "data": "00"}, "'x' is no number"),
        ({"what": "write", "name": "0x1ffffffff", "data": "00"}, "is no address: from 0 to"),
    ],
)
def test_entries_that_this_board_has_not(
    made: Path, tmp_path: Path, changes: dict[str, object], text: str
) -> None:
    rows = rows_of(made)
    number = next(i for i, row in enumerate(rows) if row.get("what") not in (None, "mark"))
    rows[number] = {k: rows[number][k] for k in ("tick", "instruction", "action")} | changes
    path = tmp_path / "wrong"
    path.write_text(summed(rows))
    found = recording.load(path)
    with Machine(found.built()) as machine, pytest.raises(K5Error) as caught:
        found.play(machine)
    assert f":{number + 1}: " in str(caught.value) and text in str(caught.value)


def changed(found: Recording, **changes: object) -> Recording:
    return Recording(**(vars(found) | changes))


def test_recordings_of_something_else(made: Path) -> None:
    found = recording.load(made)
    built = builder.build(SHELL)
    build = found.build | {"the simulator": "0123"}
    with pytest.raises(K5Error, match=r":1: .* another build, .* different are the simulator$"):
        changed(found, build=build).check(built)
    build = found.build | {"task worker": "0123", "task gone": "4567"}
    with pytest.raises(K5Error, match=r"task worker, task gone \(which is gone\)"):
        changed(found, build=build).check(built)
    with pytest.raises(K5Error, match="is of other on stm32l5, not of shell on stm32l5"):
        changed(found, system="other").check(built)
    with Machine(built, seed=5) as machine:
        with pytest.raises(K5Error, match="is of a run with seed 0, not 5"):
            found.play(machine)


def test_journal_that_is_not_of_this_run(made: Path) -> None:
    """Right in form, and nothing that has ever happened."""
    found = recording.load(made)
    entry = journal.Entry(Position(5_000, 17, 999_999), "reset", "pin")
    with Machine(found.built()) as machine:
        changed(found, entries=[entry], lines=[2]).play(machine)
        with pytest.raises(K5Error, match="entry 0 of the journal, at tick 5000"):
            machine.run(until_us=1_000)


def test_disk_that_is_full_says_so(made: Path) -> None:
    with Machine.boot(SHELL) as machine, pytest.raises(K5Error, match="/dev/full: no space left"):
        Recorder(Path("/dev/full"), machine)
