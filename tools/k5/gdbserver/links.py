"""Ways to a client: a TCP connection of the loopback interface, or this process's own pipes."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket

from k5.errors import K5Error
from k5.gdbserver.packets import frame

LOOPBACK = "127.0.0.1"
CHUNK = 1 << 16
SEND_S = 10.0  # so long a client may take to read what is sent


class Gone(Exception):
    """The client is not there any more."""


class SocketLink:
    """A connected client."""

    def __init__(self, connection: socket.socket, who: str) -> None:
        self.who = who
        self._socket = connection
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(SEND_S)

    def fileno(self) -> int:
        return self._socket.fileno()

    def read(self) -> bytes:
        """What has come; call it when there is something."""
        try:
            data = self._socket.recv(CHUNK)
        except OSError as problem:
            raise Gone((problem.strerror or "lost").lower()) from None
        if not data:
            raise Gone("closed")
        return data

    def write(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as problem:
            raise Gone((problem.strerror or "it does not read").lower()) from None

    def close(self) -> None:
        self._socket.close()


class PipeLink:
    """Standard input and output, for `target remote | ./k5 debug FILE --stdio`."""

    who = "stdio"

    def __init__(self, read_file: int = 0, write_file: int = 1) -> None:
        self._read, self._write = read_file, write_file

    def fileno(self) -> int:
        return self._read

    def read(self) -> bytes:
        data = os.read(self._read, CHUNK)
        if not data:
            raise Gone("closed")
        return data

    def write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._write, data) :]
        except OSError as problem:
            raise Gone((problem.strerror or "lost").lower()) from None

    def close(self) -> None:
        """The process's own."""


Link = SocketLink | PipeLink


class Listener:
    """Lets one client in at a time."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((LOOPBACK, port))
            self._socket.listen()
        except (OSError, OverflowError) as problem:
            self._socket.close()
            raise K5Error(f"--port {port}: {_refusal(port, problem)}") from None
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]

    def fileno(self) -> int:
        return self._socket.fileno()

    def accept(self) -> SocketLink | None:
        """A client that waits, if one does."""
        try:
            connection, (host, port) = self._socket.accept()
        except OSError:  # nobody, or it went away before it was accepted
            return None
        return SocketLink(connection, f"{host}:{port}")

    def refuse(self, taken_by: str) -> str | None:
        """Sends one that waits away; who it was."""
        other = self.accept()
        if other is None:
            return None
        with contextlib.suppress(Gone):
            other.write(frame(f"E.K5: {taken_by} is debugging this machine already".encode()))
        other.close()
        return other.who

    def close(self) -> None:
        self._socket.close()


def _refusal(port: int, problem: OSError | OverflowError) -> str:
    number = problem.errno if isinstance(problem, OSError) else None
    if number == errno.EADDRINUSE:
        return "the port is in use; name another, or 0 for any that is free"
    if number == errno.EACCES:
        return "the port needs root; name one from 1024 on"
    if isinstance(problem, OverflowError):
        return f"{port} is no port: they go up to 65535"
    return (problem.strerror or "cannot listen").lower()


def ready(files: list[Link | Listener], timeout: float | None) -> list[Link | Listener]:
    """Those at which something waits."""
    try:
        return select.select(files, [], [], timeout)[0]
    except (OSError, ValueError):  # one was closed
        return []
