"""Runs a flash image under QEMU and yields its events.

    with qemu.run(image.elf, image.shim, board) as machine:
        for event in machine.events(until_tick=20_000_000):
            ...
    machine.end   # "halt", "panic", "time", "count"; or "left", if the loop was left early

With icount (the default) a run is a pure function of image and shift: virtual time
is counted in instructions, 2^shift nanoseconds each, and sleeping costs no host
time. Without, guest time follows the host's clock: only to measure speed.

The event stream goes to a file, which always has room: a full pipe would make the guest
wait, and its time would depend on the reader. So do the serial lines of tasks; what they
receive comes from a file, too, as fast as they take it: at no certain virtual time.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from k5.board import Board
from k5.elf import ElfFile
from k5.errors import FAILED, K5Error
from k5.paths import shown
from k5.stream import Damage, Decoder, Event

POLL_S = 0.0005
NO_LINE = -1
STREAM = "stream"  # the file; arch/rv32/soc/sink_semihosting.c opens it by this name
KINDS_OF_END = {0: "halt", 1: "panic"}


class Machine:
    """A running QEMU; made by run()."""

    def __init__(
        self, command: list[str], folder: Path, host_limit_s: float, talks: tuple[int, bytes] | None
    ) -> None:
        self.end = "left"
        self._heard = False  # anything from the guest
        self._limit_s = host_limit_s
        self._folder = folder
        self._stream = folder / STREAM
        self._errors = folder / "stderr"
        self._stream.touch()
        number, data = talks or (NO_LINE, b"")
        (folder / "input").write_bytes(data)
        with (
            (folder / "input").open("rb") as source,
            (folder / f"serial{number}").open("wb") as sent,
            self._errors.open("wb") as errors,
        ):
            self._process = subprocess.Popen(
                command, stdin=source, stdout=sent, stderr=errors, cwd=folder
            )

    def events(self, until_tick: int | None = None, most: int | None = None) -> Iterator[Event]:
        """The records in order, until the machine ends, passes a tick, or has sent enough.

        Records later than `until_tick` are left out, so what comes does not depend on when the
        process was stopped. A machine that falls silent ends with an error after the host limit.
        """
        decoder = Decoder()
        count = 0
        for data in self._bytes():
            for event in decoder.feed(data):
                if isinstance(event, Damage):
                    raise K5Error(f"QEMU: {event}", status=FAILED)
                if until_tick is not None and event.time > until_tick:
                    self._finish("time")
                    return
                yield event
                count += 1
                if count == most:
                    self._finish("count")
                    return
        for damage in decoder.close():
            raise K5Error(f"QEMU: {damage}", status=FAILED)
        self._ended()

    def sent(self, number: int) -> bytes:
        """What the guest has sent on its serial line `number` so far."""
        path = self._folder / f"serial{number}"
        return path.read_bytes() if path.exists() else b""

    def close(self) -> None:
        """Stops the process, if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def _finish(self, end: str) -> None:
        self.end = end
        self.close()

    def _bytes(self) -> Iterator[bytes]:
        """What the kernel sends, until the process has ended."""
        silent_since = time.monotonic()
        with self._stream.open("rb", buffering=0) as file:
            while True:
                ended = self._process.poll() is not None  # before the read: nothing comes after
                data = file.read(1 << 20)
                if data:
                    silent_since = time.monotonic()
                    self._heard = True
                    yield data
                elif ended:
                    return
                elif time.monotonic() - silent_since > self._limit_s:
                    self.close()
                    text = f"QEMU: no event for {self._limit_s:g} s of host time, given up"
                    raise K5Error(text, status=FAILED)
                else:
                    time.sleep(POLL_S)

    def _ended(self) -> None:
        code = self._process.wait()
        if code not in KINDS_OF_END or not self._heard:
            how = f"exit code {code}" if code >= 0 else f"signal {-code}"
            raise K5Error(f"QEMU ended with {how}: {self._said()}")
        self.end = KINDS_OF_END[code]

    def _said(self) -> str:
        lines = self._errors.read_text(errors="replace").splitlines()
        useful = [line.strip() for line in lines if line.strip() and "warning:" not in line]
        return "; ".join(useful[:3]) or "it said nothing"


@contextmanager
def run(
    image: Path,
    shim: Path | None,
    board: Board,
    *,
    icount: bool = True,
    shift: int | None = None,
    words: Mapping[int, int] | None = None,
    host_limit_s: float = 20.0,
    serial: Mapping[int, bytes] | None = None,
    options: Sequence[str] = (),
) -> Iterator[Machine]:
    """Starts the image. `shift` replaces the board's icount_shift; `words` are addresses in flash
    and what to put there (for a run's seed); `host_limit_s` bounds silence, not the run;
    `serial` is what comes in on serial lines that tasks use; `options` are more of QEMU's own."""
    program = _program(board)
    with tempfile.TemporaryDirectory(prefix="k5-qemu-") as name:
        folder = Path(name)
        if words:
            image = _patched(image, words, folder / "image.elf")
        command = [*_leash(), program, *_arguments(image, shim, board)]
        talks = _talking_line(serial or {})
        command += _serial_lines(board, folder, talks[0] if talks else NO_LINE)
        if icount:
            used = board.qemu.get("icount_shift", 6) if shift is None else shift
            command += ["-icount", f"shift={used},sleep=off"]
        command += options
        machine = Machine(command, folder, host_limit_s, talks)
        try:
            yield machine
        finally:
            machine.close()


def _program(board: Board) -> str:
    if "machine" not in board.qemu:
        raise K5Error(f"{shown(board.path)}: QEMU has no board '{board.name}': no [qemu] machine")
    program = str(board.qemu.get("program", "qemu-system-arm"))
    found = shutil.which(program)
    if found is None:
        raise K5Error(f"{program} is missing: `./k5 doctor` says what to install")
    return found


def _leash() -> list[str]:
    """Where there is setpriv (util-linux), QEMU dies with us, however we die: a guest that never
    ends would use a processor for ever."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


def _talking_line(serial: Mapping[int, bytes]) -> tuple[int, bytes] | None:
    """The one line on which something comes in: QEMU's standard input and output."""
    talking = [(number, data) for number, data in serial.items() if data]
    if len(talking) > 1:
        raise K5Error("QEMU takes input on one serial line at a time")
    return talking[0] if talking else None


def _serial_lines(board: Board, folder: Path, talking: int) -> list[str]:
    """Where the event stream and the tasks' lines go; QEMU numbers them by their order."""
    stream = f"file,id=stream,path={folder / STREAM}"
    by_call = board.qemu.get("stream") == "semihosting"  # to the file STREAM where it is started
    options = [] if by_call else ["-chardev", stream]
    used = {d.qemu_serial for d in board.devices.values() if d.qemu_serial is not None}
    for number in range(max(used, default=0) + 1):
        if number not in used:
            options += ["-serial", "null" if number or by_call else "chardev:stream"]
            continue
        path = folder / f"serial{number}"
        line = "stdio,signal=off" if number == talking else f"file,path={path}"
        options += ["-chardev", f"{line},id=serial{number}", "-serial", f"chardev:serial{number}"]
    return options


def _arguments(image: Path, shim: Path | None, board: Board) -> list[str]:
    for file in (image, *([shim] if shim else [])):
        if not file.exists():
            raise K5Error(f"{shown(file)}: no such file: build the image first")
        if "," in str(file):
            raise K5Error(f"{shown(file)}: QEMU takes no file name with a comma")
    arguments = ["-M", board.qemu["machine"], *board.qemu.get("options", []), "-nodefaults", "-display", "none", "-monitor", "none"]
    arguments += ["-semihosting-config", "enable=on,target=native"]
    if shim:
        loader = f"loader,file={image.absolute()}"
        return [*arguments, "-kernel", str(shim.absolute()), "-device", loader]
    return [*arguments, "-kernel", str(image.absolute())]


def _patched(image: Path, words: Mapping[int, int], target: Path) -> Path:
    """A copy of the image with some words replaced."""
    elf = ElfFile(image)
    data = bytearray(elf.raw)
    for address, word in words.items():
        struct.pack_into("<I", data, elf.offset_of(address, 4), word & 0xFFFF_FFFF)
    target.write_bytes(data)
    return target
