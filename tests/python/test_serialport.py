"""Serial lines to the world: real pseudo-terminals, real sockets, real files."""

from __future__ import annotations

import os
import re
import socket
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from k5.errors import K5Error
from k5.serialport import spec
from k5.serialport.end import MOST_KEPT, End
from k5.serialport.link import Link
from k5.serialport.stdio import Escape, StdioEnd

LIMIT_S = 5.0


class Said(list[str]):
    """What an end told the person."""

    def all(self) -> str:
        return "\n".join(self)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def opened(said: Said) -> Iterator[Callable[[str], End]]:
    """Opens ends by what --serial says, and closes them afterwards."""
    ends: list[End] = []

    def make(text: str) -> End:
        end = spec.parse(text).end("uart1", said.append)
        ends.append(end)
        end.open()
        return end

    yield make
    for end in ends:
        end.close()


def until(what: Callable[[], object]) -> None:
    """Waits until it is true."""
    end = time.monotonic() + LIMIT_S
    while not what():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


def gathered(end: End, count: int) -> bytes:
    """So many bytes from outside."""
    data = b""

    def enough() -> bool:
        nonlocal data
        end.tend()
        data += end.read()
        return len(data) >= count

    until(enough)
    return data


def connected(end: End) -> socket.socket:
    port: int = end.port  # type: ignore[attr-defined]
    return socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S)


def received(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = client.recv(count - len(data))
        assert more, f"closed after {data!r}"
        data += more
    return data


# ---- --serial


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("uart1=stdoi", "'stdoi' is no way to connect a serial line (did you mean 'stdio'?)"),
        ("tcp:70000", "port 70000 is more than 65535"),
        ("tcp:http", "'http' is no port"),
        ("tcp:-1", "'-1' is no port"),
        ("tcp:", "'' is no port"),
        ("tcp:0.0.0.0:5000", "loopback interface alone: write tcp:PORT"),
        ("file:", "which file? write file:PATH"),
        ("pty:", "which link? write pty:PATH, or pty alone"),
        ("stdio:x", "stdio takes nothing behind a colon"),
    ],
)
def test_wrong_option_is_named_and_what_would_be_right(text: str, message: str) -> None:
    with pytest.raises(K5Error, match=re.escape(message)) as caught:
        spec.parse(text)
    assert str(caught.value).startswith(f"--serial {text}: ")
    assert caught.value.status == 2


def test_path_may_hold_an_equals_sign() -> None:
    assert spec.parse("file:a=b").name == ""
    assert spec.parse("uart1=file:a=b") == spec.Spec("uart1", "file", "a=b", "uart1=file:a=b")


def assigned(*texts: str, lines: tuple[str, ...] = ("uart0", "uart1"), used: int = 1) -> list[str]:
    specs = [spec.parse(text) for text in texts]
    return list(spec.assign(specs, list(lines), list(lines[:used])))


def test_line_without_a_name_is_the_one_that_tasks_use() -> None:
    assert assigned("stdio") == ["uart0"]
    assert assigned("uart1=pty", "stdio", used=1) == ["uart1", "uart0"]


@pytest.mark.parametrize(
    ("texts", "used", "message"),
    [
        (["stdio"], 2, "which line? write NAME=stdio (uart0 or uart1)"),
        (["stdio"], 0, "no task of this system uses a serial line (uart0, uart1)"),
        (["uart2=pty"], 1, "no serial line 'uart2' (did you mean 'uart1'?)"),
        (["uart1=pty", "uart1=none"], 1, "uart1 is connected already (uart1=pty)"),
        (["uart0=stdio", "uart1=stdio"], 2, "another line is on stdio already"),
    ],
)
def test_ambiguous_or_unknown_line(texts: list[str], used: int, message: str) -> None:
    with pytest.raises(K5Error, match=re.escape(message)):
        assigned(*texts, used=used)


def test_board_without_a_serial_line_says_so() -> None:
    with pytest.raises(K5Error, match="has no serial line for tasks"):
        assigned("pty", lines=())


# ---- pty


def test_pty_carries_bytes_both_ways_unchanged(opened: Callable[[str], End], said: Said) -> None:
    end = opened("pty")
    client = os.open(end.name, os.O_RDWR | os.O_NOCTTY)  # type: ignore[attr-defined]
    every = bytes(range(256))
    try:
        os.write(client, every)
        assert gathered(end, 256) == every
        end.write(every)
        got = b""
        while len(got) < 256:
            got += os.read(client, 256)
        assert got == every
        assert not termios.tcgetattr(client)[3] & termios.ECHO
    finally:
        os.close(client)
    assert end.name in said[0]  # type: ignore[attr-defined]


def test_pty_keeps_what_is_sent_while_it_is_closed(
    opened: Callable[[str], End], said: Said
) -> None:
    end = opened("pty")
    end.write(b"before anyone came\n")
    name: str = end.name  # type: ignore[attr-defined]
    for round_ in range(2):
        client = os.open(name, os.O_RDWR | os.O_NOCTTY)
        end.tend()
        expected = b"before anyone came\n" if round_ == 0 else b"in between\n"
        assert os.read(client, 100) == expected
        os.write(client, b"bye")
        os.close(client)  # what it wrote last still arrives
        assert gathered(end, 3) == b"bye"
        end.write(b"in between\n")
    news = [line for line in said if "open" in line or "closed" in line]
    assert "18 kept bytes" not in said.all() and "19 kept bytes go there" in said.all()
    assert sum("is closed" in line for line in news) == 2


def test_closed_pty_is_nothing_to_wait_for(opened: Callable[[str], End]) -> None:
    """Else the loop around it would spin."""
    end = opened("pty")
    assert end.read_files() == []
    client = os.open(end.name, os.O_RDWR | os.O_NOCTTY)  # type: ignore[attr-defined]
    end.tend()
    assert len(end.read_files()) == 1
    os.close(client)
    end.tend()
    assert end.read_files() == []


def test_pty_link_is_made_replaced_and_removed(
    opened: Callable[[str], End], tmp_path: Path
) -> None:
    link = tmp_path / "board"
    link.symlink_to("/dev/pts/99999")  # of a run that was killed
    end = opened(f"pty:{link}")
    assert os.readlink(link) == end.name  # type: ignore[attr-defined]
    end.close()
    assert not link.is_symlink()


def test_pty_link_never_replaces_a_file(opened: Callable[[str], End], tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("mine")
    with pytest.raises(K5Error, match="precious exists and is no symbolic link"):
        opened(f"pty:{path}")
    assert path.read_text() == "mine"


# ---- tcp


def test_tcp_carries_bytes_both_ways(opened: Callable[[str], End], said: Said) -> None:
    end = opened("tcp:0")
    with connected(end) as client:
        client.sendall(bytes(range(256)))
        assert gathered(end, 256) == bytes(range(256))
        end.write(b"answer")
        assert received(client, 6) == b"answer"
    assert "is connected" in said.all()


def test_tcp_is_on_loopback_alone(opened: Callable[[str], End]) -> None:
    end = opened("tcp:0")
    assert end._listener.getsockname()[0] == "127.0.0.1"  # type: ignore[attr-defined]


def test_port_in_use_is_named(opened: Callable[[str], End]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(K5Error, match=f"port {port} is in use; name another, or tcp:0"):
            opened(f"tcp:{port}")


def test_second_client_is_refused_with_a_line(opened: Callable[[str], End], said: Said) -> None:
    end = opened("tcp:0")
    with connected(end) as first:
        gathered(end, 0)
        with connected(end) as second:
            until(lambda: (end.read(), "is refused" in said.all())[1])
            told = b"".join(iter(lambda: second.recv(200), b""))
            assert re.fullmatch(rb"K5: serial line uart1=tcp:0 is taken by [\d.:]+; .*\r\n", told)
        end.write(b"still here")
        assert received(first, 10) == b"still here"


def test_vanished_client_loses_nothing_for_the_next(
    opened: Callable[[str], End], said: Said
) -> None:
    end = opened("tcp:0")
    client = connected(end)
    client.sendall(b"last words")
    client.close()
    assert gathered(end, 10) == b"last words"
    until(lambda: (end.read(), "is gone (closed)" in said.all())[1])
    end.write(b"kept")
    with connected(end) as following:
        gathered(end, 0)
        end.tend()
        assert received(following, 4) == b"kept"


def test_next_client_right_behind_the_last_is_welcome(opened: Callable[[str], End]) -> None:
    """Both its coming and the other's going are seen in the same look."""
    end = opened("tcp:0")
    first = connected(end)
    gathered(end, 0)
    first.sendall(b"x" * 10_000)
    first.close()
    with connected(end) as second:
        assert gathered(end, 10_000) == b"x" * 10_000
        end.write(b"hello")
        assert received(second, 5) == b"hello"


def test_client_that_resets_is_no_error(opened: Callable[[str], End], said: Said) -> None:
    end = opened("tcp:0")
    client = connected(end)
    gathered(end, 0)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    until(lambda: (end.write(b"x"), "is gone (" in said.all())[1])
    assert end.read() == b""


def test_slow_client_gets_everything_at_the_end(opened: Callable[[str], End]) -> None:
    end = opened("tcp:0")
    much = os.urandom(1 << 17)
    with connected(end) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        gathered(end, 0)
        end.write(much)
        got = bytearray()
        while len(got) < len(much):
            end.tend()
            got += client.recv(1 << 16)
        assert bytes(got) == much


def test_what_nobody_reads_is_bounded_and_said(opened: Callable[[str], End], said: Said) -> None:
    end = opened("tcp:0")
    end.write(b"a" * MOST_KEPT)
    end.write(b"b" * 10)
    assert f"only the last {MOST_KEPT} bytes are kept" in said.all()
    end.finish()
    assert f"{MOST_KEPT + 10} bytes were never read by anyone" in said[-1]


# ---- file, none, stdio


def test_file_holds_what_was_sent(opened: Callable[[str], End], tmp_path: Path) -> None:
    end = opened(f"file:{tmp_path / 'out'}")
    end.write(b"one\r\n")
    end.write(b"\0two")
    end.close()
    assert (tmp_path / "out").read_bytes() == b"one\r\n\0two"


def test_file_that_cannot_be_written_is_named(opened: Callable[[str], End], tmp_path: Path) -> None:
    with pytest.raises(K5Error, match=f"{tmp_path}: is a directory"):
        opened(f"file:{tmp_path}")


def test_full_disk_ends_the_run_with_its_name(opened: Callable[[str], End]) -> None:
    end = opened("file:/dev/full")
    with pytest.raises(K5Error, match="/dev/full: no space left on device") as caught:
        end.write(b"x")
    assert caught.value.status == 1


def test_escape_takes_commands_out_of_what_is_typed() -> None:
    escape = Escape()
    assert escape.typed(b"ls\x01xrest") == (b"lsrest", "x")
    assert escape.typed(b"\x01") == (b"", "")
    assert escape.typed(b"\x01a") == (b"\x01a", "")
    assert escape.typed(b"\x01H") == (b"", "h")


@pytest.fixture
def terminal(said: Said) -> Iterator[tuple[StdioEnd, int]]:
    """A stdio end on a real terminal; and that terminal's other side."""
    master, slave = os.openpty()
    end = StdioEnd("uart1=stdio", said.append, (slave, slave))
    yield end, master
    end.close()
    for file in (master, slave):
        os.close(file)


def test_terminal_is_raw_and_put_back(terminal: tuple[StdioEnd, int], said: Said) -> None:
    end, master = terminal
    before = termios.tcgetattr(master)
    end.open()
    os.write(master, b"\x03\r\x01")  # Ctrl-C and Enter go to the board
    until(lambda: end.read_files())
    assert gathered(end, 2) == b"\x03\r"
    os.write(master, b"x")
    until(lambda: (end.read(), end.over)[1])
    end.close()
    assert termios.tcgetattr(master)[:4] == before[:4]
    assert "Ctrl-A x ends the run" in said[0]


def test_piped_input_has_no_commands_and_ends_quietly(said: Said) -> None:
    reader, writer = os.pipe()
    out, sink = os.pipe()
    end = StdioEnd("uart1=stdio", said.append, (reader, sink))
    end.open()
    os.write(writer, b"a\x01x")
    os.close(writer)
    assert gathered(end, 3) == b"a\x01x"
    assert (end.read(), end.read_files(), end.over) == (b"", [], False)
    end.write(b"out")
    assert os.read(out, 10) == b"out"
    os.close(out)
    end.write(b"nobody")
    assert end.over and "the reader of stdout is gone" in said.all()
    os.close(reader), os.close(sink)


# ---- the link


class Board:
    """The machine's side: a line that takes four bytes at a time."""

    replaying = False

    def __init__(self) -> None:
        self.now = 7
        self.out, self.got, self.room = b"", b"", 4

    def serial(self, name: str, start: int = 0) -> bytes:
        return self.out[start:]

    def send(self, name: str, data: bytes) -> int:
        taken = data[: self.room]
        self.got += taken
        return len(taken)


def test_link_keeps_what_the_board_has_no_room_for(opened: Callable[[str], End]) -> None:
    from k5.stimulus import Stimuli, Stimulus

    board, end = Board(), opened("tcp:0")
    stimuli = Stimuli(board)  # type: ignore[arg-type]
    stimuli.record = []
    link = Link(stimuli, "uart1", end)
    with connected(end) as client:
        client.sendall(b"0123456789")
        board.out = b"hello"
        until(lambda: (link.carry(), board.got)[1])
        assert received(client, 5) == b"hello"
        assert board.got == b"0123" and link.read_files() == []
        board.room = 100
        link.carry()
        assert board.got == b"0123456789"
        board.out += b" again"
        link.carry()
        assert received(client, 6) == b" again"
    assert stimuli.record == [
        Stimulus(7, "serial", "uart1", b"0123"),
        Stimulus(7, "serial", "uart1", b"456789"),
    ]
