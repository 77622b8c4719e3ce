"""Sessions with people are recorded, and run again exactly: over a pty, over TCP, killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT
from test_serial import LIMIT_S, command, ended, read_until, started

from k5 import Machine, recording


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """So that no test waits for the compiler."""
    Machine.boot(ROOT / "user" / "examples" / "shell" / "shell.toml").close()


def replayed(path: Path, *options: str) -> str:
    """The whole trace of the recording, run again."""
    trace = path.with_suffix(".jsonl")
    done = subprocess.run(
        command("--replay", str(path), "--trace", str(trace), *options),
        capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "came to the end of the recording" in done.stderr
    return trace.read_text()


def type_and_read(client: int | socket.socket, text: bytes) -> None:
    """A command for the shell, until it is echoed."""
    if isinstance(client, socket.socket):
        client.sendall(text)
        read_until(lambda: client.recv(4096), text.strip() + b"\r\n")
    else:
        os.write(client, text)
        read_until(lambda: os.read(client, 4096), text.strip() + b"\r\n")


@pytest.mark.slow
def test_pty_session_runs_again_exactly(tmp_path: Path) -> None:
    link, path, trace = (tmp_path / name for name in ("board", "session.k5rec", "first.jsonl"))
    running, _ = started(
        "--serial", f"usart1=pty:{link}", "--record", str(path), "--trace", str(trace)
    )
    try:
        client = os.open(link, os.O_RDWR | os.O_NOCTTY)
        read_until(lambda: os.read(client, 4096), b"k5> ")
        for text in (b"help\r", b"uptime\r", b"restart worker\r", b"nonsense\r"):
            type_and_read(client, text)
        os.close(client)
    finally:
        ended(running, b"is closed")
    found = recording.load(path)
    assert found.ended and b"restart worker\r" in b"".join(entry.data for entry in found.entries)
    assert replayed(path) == trace.read_text()
    assert '"kind":"SERIAL"' in trace.read_text() and '"ENTER"' in trace.read_text()


@pytest.mark.slow
def test_tcp_session_runs_again_exactly_at_any_pace(tmp_path: Path) -> None:
    path, trace = tmp_path / "session.k5rec", tmp_path / "first.jsonl"
    running, said = started("--serial", "tcp:0", "--record", str(path), "--trace", str(trace))
    try:
        match = re.search(rb"127\.0\.0\.1:(\d+)", said)
        assert match
        for text in (b"uptime\r", b"help\r"):
            with socket.create_connection(("127.0.0.1", int(match[1])), LIMIT_S) as client:
                type_and_read(client, text)
    finally:
        ended(running, b"is gone")
    assert replayed(path) == trace.read_text()
    assert replayed(path, "--speed", "20", "--serial", f"file:{tmp_path / 'out'}") == trace.read_text()
    assert b"uptime\r\n" in (tmp_path / "out").read_bytes()


@pytest.mark.slow
def test_killed_session_leaves_what_was_until_then(tmp_path: Path) -> None:
    path = tmp_path / "session.k5rec"
    running, said = started("--serial", "tcp:0", "--record", str(path))
    match = re.search(rb"127\.0\.0\.1:(\d+)", said)
    assert match
    with socket.create_connection(("127.0.0.1", int(match[1])), LIMIT_S) as client:
        type_and_read(client, b"uptime\r")
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=LIMIT_S)
    found = recording.load(path)
    assert not found.ended and found.entries[0].data == b"uptime\r"
    text = replayed(path)
    assert '"SERIAL"' in text
    done = subprocess.run(
        command("--replay", str(path)), capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert "did not come to its end; its last mark is at tick" in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--record", "a", "--replay", "b"], "--record and --replay exclude each other"),
        (["--replay", "a", "--from", "b"], "--replay and --from exclude each other"),
        (["--from", "/nowhere/a"], "/nowhere/a: no such file or directory"),
        (["--record", "a", "--engine", "qemu"], "--record is for --engine hosted"),
        (["--record", "/nowhere/a"], "/nowhere/a: no such file or directory"),
        (["--replay", "/nowhere/a"], "/nowhere/a: no such file or directory"),
    ],
)
def test_wrong_use_says_what_would_be_right(options: list[str], message: str) -> None:
    done = subprocess.run(
        command(*options), capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 2, done.stderr
    assert message in done.stderr


def test_scenarios_are_not_recorded() -> None:
    path = min((ROOT / "scenarios" / "examples").glob("*.toml"))
    done = subprocess.run(
        [*command()[:3], str(path), "--record", "x"],
        capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"--record is for systems; {path} is a scenario" in done.stderr
