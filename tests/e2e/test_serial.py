"""A shell on a serial line, reached from outside: terminal, pipe, pty, TCP, file."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT

SHELL = ROOT / "user" / "examples" / "shell" / "shell.toml"
LIMIT_S = 60.0


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """So that no test waits for the compiler."""
    from k5 import Machine

    Machine.boot(SHELL).close()


def command(*options: str) -> list[str]:
    return [sys.executable, str(ROOT / "k5"), "run", str(SHELL), *options]


def read_until(read: Callable[[], bytes], text: bytes) -> bytes:
    """All that comes until `text` has come."""
    end, got = time.monotonic() + LIMIT_S, b""
    while text not in got:
        assert time.monotonic() < end, got
        got += read()
    return got


def started(*options: str) -> tuple[subprocess.Popen[bytes], bytes]:
    """The command, and what it said until its serial line was open."""
    running = subprocess.Popen(command(*options), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stderr
    file = running.stderr.fileno()
    return running, read_until(lambda: os.read(file, 4096), b"serial usart1")


def ended(running: subprocess.Popen[bytes], after: bytes) -> str:
    """Ends it as Ctrl-C does, when it has said `after`; returns the rest of what it said."""
    assert running.stderr
    file = running.stderr.fileno()
    try:
        said = read_until(lambda: os.read(file, 4096), after)
    finally:
        running.send_signal(signal.SIGINT)
        _, rest = running.communicate(timeout=LIMIT_S)
    assert running.returncode == 0
    return (said + rest).decode()


def test_stdio_on_a_terminal_until_ctrl_a_x() -> None:
    pid, master = pty.fork()
    if pid == 0:
        os.execv(sys.executable, command("--serial", "stdio"))
    said = read_until(lambda: os.read(master, 4096), b"k5> ")
    assert b"Ctrl-A x ends the run" in said
    os.write(master, b"uptime\r")
    answer = read_until(lambda: os.read(master, 4096), b"k5> ")
    assert re.match(rb"uptime\r+\n", answer)  # the shell's echo alone, not the terminal's too
    os.write(master, b"\x01x")
    read_until(lambda: os.read(master, 4096), b"ended from outside")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(master)


def test_pipe_carries_the_serial_line_alone_and_the_log_is_apart(tmp_path: Path) -> None:
    options = ["--serial", "stdio", "--log", str(tmp_path / "log")]
    done = subprocess.run(
        command(*options, "--speed", "max", "--until", "3s"), input=b"help\r", capture_output=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    assert "k5> help\r\n" in text and text.endswith("k5> ")
    assert "INFO" not in text and "INFO" not in done.stderr.decode()
    assert "worked 1 times" in (tmp_path / "log").read_text()


def test_log_goes_to_stderr_while_stdout_is_the_serial_line() -> None:
    options = ["--serial", "stdio", "--speed", "max", "--until", "100ms"]
    done = subprocess.run(
        command(*options), stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S,
        check=False,
    )  # fmt: skip
    assert "worked 1 times" in done.stderr.decode()
    assert "worked" not in done.stdout.decode() and "k5> " in done.stdout.decode()


def test_pty_is_a_shell_for_a_terminal_program(tmp_path: Path) -> None:
    link = tmp_path / "board"
    running, said = started("--serial", f"usart1=pty:{link}")
    try:
        assert re.search(rb"-> /dev/pts/\d+", said)
        client = os.open(link, os.O_RDWR | os.O_NOCTTY)
        read_until(lambda: os.read(client, 4096), b"k5> ")  # kept until somebody came
        os.write(client, b"help\r")
        read_until(lambda: os.read(client, 4096), b"uptime")
        os.close(client)
    finally:
        said_last = ended(running, b"is closed")
    assert "is open" in said_last and "is closed" in said_last
    assert not link.is_symlink()


def test_tcp_serves_one_client_after_the_other() -> None:
    running, said = started("--serial", "tcp:0")
    try:
        match = re.search(rb"127\.0\.0\.1:(\d+)", said)
        assert match
        place = ("127.0.0.1", int(match[1]))
        with socket.create_connection(place, LIMIT_S) as first:
            read_until(lambda: first.recv(4096), b"k5> ")
            first.sendall(b"uptime\r")
            read_until(lambda: first.recv(4096), b"k5> ")
            with socket.create_connection(place, LIMIT_S) as second:
                assert b"is taken by" in read_until(lambda: second.recv(4096), b"\r\n")
        with socket.create_connection(place, LIMIT_S) as third:
            third.sendall(b"uptime\r")
            read_until(lambda: third.recv(4096), b"k5> ")
    finally:
        said_last = ended(running, b"is gone")
    assert "is refused" in said_last and "ended from outside" in said_last


def test_port_in_use_ends_the_command_with_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = subprocess.run(
            command("--serial", f"tcp:{port}"), capture_output=True, timeout=LIMIT_S, check=False
        )
    assert done.returncode == 2
    assert f"port {port} is in use" in done.stderr.decode()


def test_file_runs_free_of_the_wall_clock(tmp_path: Path) -> None:
    before = time.monotonic()
    done = subprocess.run(
        command("--serial", f"file:{tmp_path / 'out'}", "--until", "30s"),
        capture_output=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - before < 25
    assert (tmp_path / "out").read_bytes().endswith(b"k5> ")


def test_realtime_takes_as_long_as_it_says() -> None:
    for options, seconds in ((["--realtime"], 1.0), (["--speed", "2"], 0.5)):
        before = time.monotonic()
        done = subprocess.run(
            command(*options, "--until", "1s"), capture_output=True, timeout=LIMIT_S, check=False
        )
        assert done.returncode == 0, done.stderr
        assert time.monotonic() - before >= seconds
        assert b"1.000000 s of virtual time" in done.stderr


def test_pace_changes_nothing_in_a_run(tmp_path: Path) -> None:
    traces = []
    for name, options in (("free", []), ("paced", ["--speed", "5"])):
        trace = tmp_path / f"{name}.jsonl"
        words = command(*options, "--until", "700ms", "--trace", str(trace))
        done = subprocess.run(words, capture_output=True, timeout=LIMIT_S, check=False)
        assert done.returncode == 0, done.stderr
        traces.append(trace.read_text())
    assert traces[0] == traces[1]
    assert '"ENTER"' in traces[0]


def test_scenario_is_alone_with_its_stimuli() -> None:
    path = min((ROOT / "scenarios" / "examples").glob("*.toml"))
    for option in (["--gui"], ["--serial", "pty"]):
        words = [sys.executable, str(ROOT / "k5"), "run", str(path), *option]
        done = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        assert done.returncode == 2
        assert f"{option[0]} is for systems; {path} is a scenario" in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--serial", "uart9=pty"], "no serial line 'uart9'"),
        (["--serial", "telnet"], "'telnet' is no way to connect a serial line"),
        (["--speed", "0"], "--speed: '0' is no speed; write a number from 0.001 to 1000, or max"),
        (["--realtime", "--speed", "max"], "contradict each other"),
        (["--serial", "pty", "--engine", "qemu"], "--serial is for --engine hosted"),
    ],
)
def test_wrong_use_says_what_would_be_right(options: list[str], message: str) -> None:
    done = subprocess.run(
        command(*options), capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
