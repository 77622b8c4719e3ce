"""One client's packets: what it asks, and what it is told.

A packet that cannot be understood gets an error, one that is not known an empty answer, as
the protocol wants it. Nothing that a client sends ends in anything else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from k5.errors import K5Error
from k5.gdbserver import registers, replies
from k5.gdbserver.marks import Marks
from k5.gdbserver.memory import Memory
from k5.gdbserver.monitor import Monitor
from k5.gdbserver.motion import Motion, Stopped
from k5.gdbserver.packets import MOST_BYTES, number
from k5.gdbserver.reverse import Reverse
from k5.gdbserver.threads import Threads, thread_of, tid_of

if TYPE_CHECKING:
    from k5.decode import Line
    from k5.machine import Machine

OK, UNKNOWN = b"OK", b""
ERROR, NO_ACCESS = b"E16", b"E0d"  # EINVAL, EACCES
MOST_MEMORY = MOST_BYTES // 2 - 16
SUPPORTED = (
    f"PacketSize={MOST_BYTES:x};QStartNoAckMode+;qXfer:features:read+;qXfer:threads:read+;"
    "vContSupported+;swbreak+;hwbreak+;ReverseStep+;ReverseContinue+"
)
Handler = Callable[[str], bytes | None]


class Session:
    """`send` takes the contents of packets; `interrupted` says whether the client wants the
    machine to stop. `ended` says why no more packets are wanted: "detached" or "killed"."""

    def __init__(
        self, machine: Machine, send: Callable[[bytes], None], interrupted: Callable[[], bool]
    ) -> None:
        self.machine = machine
        self.threads = Threads(machine)
        self.memory = Memory(machine)
        self.motion = Motion(machine, interrupted, self._tell)
        self.marks = Marks(machine)
        self.ended = ""
        self.no_acks = False
        self._send = send
        self._reverse = Reverse(self.motion, self.marks.breaks)
        self._monitor = Monitor(self)
        self._registers = registers.of(machine.built.meta)
        self._tells_kinds = False  # the client wants to know what kind a breakpoint is of
        self._thread = machine.current or 0
        self._stopped = Stopped("step", machine.current)
        self._letters: dict[str, Handler] = {
            "?": self._why, "g": self._read_registers, "G": self._write_registers,
            "p": self._read_register, "P": self._write_register, "m": self._read_memory,
            "M": self._write_memory, "Z": self._insert, "z": self._remove, "H": self._select,
            "T": self._is_alive, "c": self._continue, "C": self._continue, "s": self._step,
            "S": self._step, "b": self._backwards, "D": self._detach, "k": self._kill,
            "q": self._query, "Q": self._set, "v": self._verbose,
        }  # fmt: skip

    @property
    def task(self) -> str:
        """The task of the selected thread: through its eyes memory is seen."""
        return self.threads.task(self._thread)

    def close(self) -> None:
        """The client is gone: its marks go, too."""
        self.marks.clear()

    def stands(self, stopped: Stopped) -> None:
        """The machine was moved, and stands."""
        self._stopped = stopped
        thread = stopped.thread if stopped.thread is not None else self.machine.current
        if thread is not None and self.threads.exists(thread):
            self._thread = thread

    def break_set(self, address: int, task: str | None) -> None:
        """A breakpoint that GDB does not know of."""
        self.marks.insert_break(address, task, "monitor")

    def break_clear(self, address: int, task: str | None) -> None:
        """Takes it back."""
        self.marks.remove_break(address, task, "monitor")

    # ---- in and out

    def handle(self, data: bytes) -> None:
        """One packet. What it brings about is sent."""
        try:
            answer = self._answer(data)
        except (ValueError, K5Error):
            answer = ERROR
        if answer is not None:
            self._send(answer)

    def _answer(self, data: bytes) -> bytes | None:
        if data[:1] == b"X":
            return self._write_binary(data[1:])
        text = data.decode("latin-1")
        handler = self._letters.get(text[:1])
        return handler(text[1:]) if handler else UNKNOWN

    def _tell(self, line: Line) -> None:
        self._console(line.human() + "\n")

    def _console(self, text: str) -> None:
        data = text.encode(errors="replace")
        for at in range(0, len(data), MOST_MEMORY):
            self._send(b"O" + data[at : at + MOST_MEMORY].hex().encode())

    # ---- threads and registers

    def _thread_id(self, text: str) -> int | None:
        """A thread; None for "any" and "all"."""
        if text == "-1":
            return None
        tid = number(text)
        if tid == 0:
            return None
        if not self.threads.exists(thread_of(tid)):
            raise ValueError(f"no thread {tid}")
        return thread_of(tid)

    def _select(self, text: str) -> bytes:
        thread = self._thread_id(text[1:])
        if text[0] == "g" and thread is not None:
            self._thread = thread
        return OK

    def _is_alive(self, text: str) -> bytes:
        self._thread_id(text)
        return OK

    def _read_registers(self, text: str) -> bytes:
        values = self.machine.registers(self._thread)
        return "".join(registers.word_hex(value) for value in values).encode()

    def _write_registers(self, text: str) -> bytes:
        words = [registers.word_of(text[at : at + 8]) for at in range(0, len(text), 8)]
        if len(words) != self._registers.count:
            return ERROR
        before = self.machine.registers(self._thread)
        for place, (old, new) in enumerate(zip(before, words, strict=True)):
            if old != new:
                self.machine.set_register(self._thread, place, new)
        return OK

    def _read_register(self, text: str) -> bytes:
        place = number(text)
        if place >= self._registers.count:
            return ERROR
        return registers.word_hex(self.machine.registers(self._thread)[place]).encode()

    def _write_register(self, text: str) -> bytes:
        name, _, value = text.partition("=")
        place = number(name)
        if place >= self._registers.count:
            return ERROR
        self.machine.set_register(self._thread, place, registers.word_of(value))
        return OK

    # ---- memory

    @staticmethod
    def _range(text: str) -> tuple[int, int]:
        address, comma, count = text.partition(",")
        found = number(address), number(count)
        if not comma or found[0] >= 1 << 32:
            raise ValueError("no range of addresses")
        return found

    def _read_memory(self, text: str) -> bytes:
        address, count = self._range(text)
        data = self.memory.read(self.task, address, min(count, MOST_MEMORY))
        return data.hex().encode() if data or count == 0 else NO_ACCESS

    def _write(self, place: str, data: bytes) -> bytes:
        address, count = self._range(place)
        if count != len(data):
            return ERROR
        if count and not self.memory.write(self.task, address, data):
            return NO_ACCESS
        return OK

    def _write_memory(self, text: str) -> bytes:
        place, _, data = text.partition(":")
        return self._write(place, bytes.fromhex(data))

    def _write_binary(self, data: bytes) -> bytes:
        place, _, contents = data.partition(b":")
        return self._write(place.decode("ascii"), contents)

    # ---- breakpoints

    def _mark(self, text: str) -> tuple[str, int, int]:
        kind, place, size = text.split(";")[0].split(",")
        if kind not in ("0", "1", "2", "3", "4"):
            raise ValueError(f"no kind of mark {kind}")
        address, count = number(place), number(size)
        if address >= 1 << 32 or not 0 < count <= 1 << 20:
            raise ValueError("no place for a mark")
        return kind, address, count

    def _insert(self, text: str) -> bytes:
        kind, address, count = self._mark(text)
        if kind in "01":
            self.marks.insert_break(address, None, kind)
        else:
            self.marks.insert_watch(address, count, kind)
        return OK

    def _remove(self, text: str) -> bytes:
        kind, address, count = self._mark(text)
        if kind in "01":
            self.marks.remove_break(address, None, kind)
        else:
            self.marks.remove_watch(address, count, kind)
        return OK

    # ---- moving

    def _stop(self, stopped: Stopped) -> bytes:
        self.stands(stopped)
        said = replies.said(stopped)
        if said:
            self._console(said)
        return self._why("")

    def _why(self, text: str) -> bytes:
        return replies.stop_reply(
            self._stopped, tid_of(self._thread), self.marks, self._tells_kinds
        )

    def _continue(self, text: str) -> bytes:
        return self._stop(self.motion.go())

    def _step(self, text: str) -> bytes:
        return self._stop(self.motion.step(self._thread))

    def _backwards(self, text: str) -> bytes:
        if text == "c":
            return self._stop(self._reverse.go())
        if text == "s":
            return self._stop(self._reverse.step(self._thread))
        return UNKNOWN

    def _resume(self, text: str) -> bytes:
        """vCont: all threads run, but a step is over when its thread has done it."""
        for action in text.split(";"):
            what, _, thread = action.partition(":")
            one = self._thread_id(thread) if thread else None
            if what[:1] in ("s", "S"):
                return self._stop(self.motion.step(self._thread if one is None else one))
            if what[:1] == "r":
                first, last = (number(word) for word in what[1:].split(","))
                thread_number = self._thread if one is None else one
                pc = self._registers.pc
                return self._stop(self.motion.step_range(thread_number, first, last, pc))
            if what[:1] not in ("c", "C"):
                return ERROR
        return self._stop(self.motion.go())

    # ---- the rest

    def _detach(self, text: str) -> bytes:
        self.ended = "detached"
        return OK

    def _kill(self, text: str) -> None:
        self.ended = "killed"

    def _verbose(self, text: str) -> bytes | None:
        if text == "Cont?":
            return b"vCont;c;C;s;S;r"
        if text.startswith("Cont;"):
            return self._resume(text[5:])
        if text.startswith("Kill;"):
            self.ended = "killed"
            return OK
        return UNKNOWN

    def _set(self, text: str) -> bytes:
        if text == "StartNoAckMode":
            self.no_acks = True
            return OK
        return UNKNOWN

    def _query(self, text: str) -> bytes:
        name, _, rest = text.partition(":")
        if name == "Supported":
            features = rest.split(";")
            self._tells_kinds = "swbreak+" in features or "hwbreak+" in features
            return SUPPORTED.encode()
        if name == "Xfer":
            return self._transfer(rest)
        if text.startswith("Rcmd,"):
            for line in self._monitor.run(bytes.fromhex(text[5:]).decode(errors="replace")):
                self._console(line + "\n")
            return OK
        if text.startswith("ThreadExtraInfo,"):
            thread = self._thread_id(text[16:])
            return self.threads.doing(thread or 0).encode().hex().encode()
        if text == "fThreadInfo":
            return b"m" + ",".join(f"{tid_of(t):x}" for t in range(self.threads.count)).encode()
        fixed = {"sThreadInfo": b"l", "Attached": b"1", "C": f"QC{tid_of(self._thread):x}".encode()}
        return fixed.get(name, UNKNOWN)

    def _transfer(self, text: str) -> bytes:
        kind, action, annex, place = text.split(":")
        start, count = (number(word) for word in place.split(","))
        if action != "read":
            return ERROR
        if kind == "features" and annex == "target.xml":
            data = self._registers.xml().encode()
        elif kind == "threads" and not annex:
            data = self.threads.xml().encode()
        else:
            return b"E00" if kind in ("features", "threads") else UNKNOWN
        piece = data[start : start + min(count, MOST_MEMORY)]
        return (b"l" if start + len(piece) >= len(data) else b"m") + piece
