"""A simulated machine for scripts and tests.

    from k5 import Machine

    with Machine.boot("user/demo/demo.toml") as machine:
        line = machine.run_until_log("bar says")
        print(line.human(), machine.now_us)
        print(machine.read("foo", "work_done", 4))

Everything is exact and repeatable: the same system and the same calls give the
same events, whatever the host does.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from k5 import blob, builder, native
from k5.breakpoints import Breakpoints
from k5.builder import Built
from k5.decode import Decoder, Line
from k5.elf import ElfFile
from k5.errors import FAILED, K5Error
from k5.faultmodels import Faults
from k5.forcing import Forcing
from k5.outside import Outside, Periphery, find
from k5.past import Past
from k5.snapshots import Snapshots
from k5.stream import Event
from k5.triggers import Triggers

if TYPE_CHECKING:
    from k5.recording import Recorder

LOG_KIND = 2
LOG_KINDS = (1 << 16) - 1  # of class log: what is recorded unless more is asked for
DEFAULT_LIMIT_US = 10_000_000
EVENT_BATCH = 4096
FOR_EVER = (1 << 64) - 1
ALL_KINDS = (1 << 48) - 1  # the kernel's; the simulator's own lie behind: enum k5sim_event_kind
PIN, SERIAL, STORM, RESET, UNCLOCKED, VALUE = 48, 49, 50, 51, 52, 54
LINE, DEVICE_READ, DEVICE_WRITE, MISUSE, UNMODELLED = 56, 57, 58, 59, 60
DEVICE_KINDS = sum(1 << kind for kind in (UNCLOCKED, *range(LINE, UNMODELLED + 1)))
BOARD_KINDS = sum(1 << kind for kind in (PIN, SERIAL, STORM, RESET, VALUE))


class Stop(enum.IntEnum):
    """Why a machine stopped running; see enum k5sim_stop."""

    TIME = 1
    EVENT = 2
    FULL = 3
    HALT = 4
    PANIC = 5
    ENGINE = 6
    POSITION = 7
    BREAK = 8
    WATCH = 9


@dataclass(frozen=True)
class DeviceEvent:
    """What happened between a task and a device, or to a device's interrupt line."""

    time: int  # tick
    what: str  # read, write, misuse (no such register, or not its size), unmodelled, unclocked,
    # raised, lowered
    device: str
    register: str  # its name; the offset, if there is none; the line's number
    value: int


class Machine(Outside, Snapshots, Past, Forcing, Breakpoints, Faults, Triggers):
    """A booted system. Close it, or use it in a `with` statement."""

    def __init__(self, built: Built, seed: int = 0, kinds: int | None = None) -> None:
        self.built = built
        self.decoder = Decoder(built)
        self.history: list[Event] = []
        self._ffi, self._lib = native.load()
        self.periphery = Periphery(self._ffi, built.meta)
        self._sent: dict[int, bytearray] = {}
        self._batch = self._ffi.new("struct k5sim_event[]", EVENT_BATCH)
        self._sim = self._open()
        try:
            self._load(seed)
            self.record(LOG_KINDS if kinds is None else kinds)
            self._check(self._lib.k5sim_boot(self._sim))
        except BaseException:
            self.close()
            raise

    @classmethod
    def boot(
        cls,
        system: str | Path,
        board: str | None = None,
        *,
        seed: int = 0,
        kernel_events: bool = False,
        device_events: bool = False,
    ) -> Machine:
        """Builds the system, if need be, and boots it.

        `kernel_events` records every system call, result and switch as well, `device_events` what
        tasks do with devices, and what pins and serial lines do; `seed` is the argument of the threads whose description says
        argument = "seed".
        """
        built = builder.build(builder.find(str(system)), board)
        kinds = ALL_KINDS if kernel_events else LOG_KINDS
        return cls(built, seed, kinds | DEVICE_KINDS | BOARD_KINDS if device_events else kinds)

    @classmethod
    def load(cls, path: str | Path, kinds: int | None = None) -> Machine:
        """The machine that save() has written, in a build that is still the same."""
        from k5 import snapshotfile

        saved = snapshotfile.load(Path(path))
        machine = cls(saved.built(), saved.seed, kinds)
        try:
            saved.restore(machine)
        except BaseException:
            machine.close()
            raise
        return machine

    def record(self, kinds: int) -> None:
        """Which kinds of events are recorded from now on: a bit each."""
        self.recorded = kinds
        self._lib.k5sim_record(self._sim, kinds)

    def reboot(self, seed: int = 0, kinds: int | None = None) -> None:
        """Back to power-on, with flash as it was loaded: as a new machine, but at once."""
        if seed != self._seed:
            raise K5Error(f"this machine was loaded with seed {self._seed}, not {seed}")
        if kinds is not None:
            self.record(kinds)
        self.history, self.stopped, self.replaying = [], None, False
        self._sent.clear()
        self._check(self._lib.k5sim_boot(self._sim))

    def _open(self) -> Any:
        meta, ffi = self.built.meta, self._ffi
        memory = ffi.new("struct k5sim_memory[2]")
        for index, name in enumerate(("flash", "ram")):
            memory[index].base = meta["memory"][name]["base"]
            memory[index].bytes = meta["memory"][name]["bytes"]
            memory[index].writable = name == "ram"
        cpu = ffi.new("char[]", meta["cpu"].encode())
        board = ffi.new("struct k5sim_board *")
        board.cpu, board.memory, board.memory_count = cpu, memory, 2
        board.mpu_regions, board.ticks_per_insn = meta["mpu_regions"], meta["ticks_per_insn"]
        self.periphery.fill(board)
        why = ffi.new("char[256]")
        sim = self._lib.k5sim_open(board, why, 256)
        if sim == ffi.NULL:
            raise K5Error(f"the simulator does not start: {ffi.string(why).decode()}")
        return sim

    def _load(self, seed: int) -> None:
        self._seed = seed
        tables = self.built.blob()
        for thread, argument in self.built.arguments(seed).items():
            tables = blob.with_argument(tables, thread, argument)
        self._check(self._lib.k5sim_set_system(self._sim, tables, len(tables)))
        for index, task in enumerate(self.built.meta["tasks"]):
            path = str(self.built.elf(task["name"])).encode()
            self._check(self._lib.k5sim_add_task(self._sim, index, path))

    def _check(self, result: int) -> int:
        if result < 0:
            raise K5Error(self._error_text())
        return result

    def _machine(self) -> Machine:
        return self

    def close(self) -> None:
        """Frees the machine; it cannot be used afterwards."""
        if self._sim is not None:
            self._lib.k5sim_close(self._sim)
            self._sim = None

    def __enter__(self) -> Machine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ---- time

    @property
    def now(self) -> int:
        """Ticks since boot."""
        return int(self._lib.k5sim_now(self._sim))

    @property
    def now_us(self) -> float:
        """Microseconds since boot."""
        return self.now * 1e6 / float(self.built.meta["tick_hz"])

    @property
    def instructions(self) -> int:
        """Guest instructions executed since boot."""
        return int(self._lib.k5sim_instructions(self._sim))

    def ticks(self, us: float) -> int:
        """Microseconds in ticks."""
        return int(us * self.built.meta["tick_hz"] // 1_000_000)

    # ---- running

    def _run(self, until: int, stop_kinds: int) -> Stop:
        """One run of the library, its events taken."""
        return self._stopped(self._lib.k5sim_run(self._sim, until, stop_kinds))

    def _stopped(self, stop: int) -> Stop:
        """After each run of the library: its events are taken."""
        self._drain()
        if self.recorder is not None:
            self.recorder.flush()
        if stop == Stop.ENGINE:
            raise K5Error(self._error_text())
        return Stop(stop)

    def _drain(self) -> None:
        while True:
            count = int(self._lib.k5sim_take_events(self._sim, self._batch, EVENT_BATCH))
            self._taken(self._batch, count)
            if count < EVENT_BATCH:
                return

    def _taken(self, batch: Any, count: int) -> None:
        """The first `count` of these events have come out of the ring."""
        for i in range(count):
            raw = batch[i]
            args: Any = tuple(raw.arg)
            if raw.kind == SERIAL and args[1] == 0:
                self._sent.setdefault(raw.code, bytearray()).append(args[0] & 0xFF)
            self.history.append(Event(raw.time, raw.kind, raw.thread, raw.code, args))

    def idle_until(self, tick: int) -> None:
        """Time passes in a machine that has halted, so that something can happen to it later."""
        self._check(self._lib.k5sim_idle_until(self._sim, tick))

    def run(
        self,
        *,
        until_us: float | None = None,
        until_tick: int | None = None,
        stop_kinds: int = 0,
    ) -> Stop:
        """Runs to a time (default: 10 virtual seconds from now) or an event of some kinds."""
        if until_tick is None:
            limit = self.now_us + DEFAULT_LIMIT_US if until_us is None else until_us
            until_tick = self.ticks(limit)
        while True:
            stop = self._run(until_tick, stop_kinds)
            if stop is not Stop.FULL:
                return stop

    def run_until_log(self, text: str, limit_us: float = DEFAULT_LIMIT_US) -> Line:
        """Runs until a log line contains `text`; K5Error if none does in `limit_us` from now."""
        limit = self.now + self.ticks(limit_us)
        while True:
            seen = len(self.history)
            stop = self._run(limit, 1 << LOG_KIND)
            for event in self.history[seen:]:
                if event.kind == LOG_KIND:
                    line = self.decoder.line(event)
                    if text in line.text:
                        return line
            if stop not in (Stop.EVENT, Stop.FULL):
                why = f"the machine stopped ({stop.name.lower()}) at {self.now_us:.0f} us"
                raise K5Error(f"no log line with {text!r}: {why}", status=FAILED)

    def stream(self, until_tick: int, slice_ticks: int | None = None) -> Iterator[Event]:
        """Runs and yields events as they come; `stopped` then says why it ended."""
        slice_ticks = slice_ticks or int(self.built.meta["tick_hz"])
        while True:
            yield from self.take()
            target = min(self.now + slice_ticks, until_tick)
            stop = self._run(target, 0)
            if stop is Stop.FULL or (stop is Stop.TIME and target < until_tick):
                continue
            yield from self.take()
            self.stopped = stop
            return

    def run_and_drop(self, stop_kinds: int) -> Stop:
        """One run of the library that takes its events out of the ring and drops them, for
        measurements: making Python objects of them would cost more than the run."""
        stop = Stop(self._lib.k5sim_run(self._sim, FOR_EVER, stop_kinds))
        while self._lib.k5sim_take_events(self._sim, self._batch, EVENT_BATCH) == EVENT_BATCH:
            pass
        return stop

    @property
    def seed(self) -> int:
        """The argument of the threads that ask for it."""
        return self._seed

    recorded = LOG_KINDS
    stopped: Stop | None = None
    recorder: Recorder | None = None  # writes down what comes from outside
    replaying = False  # what comes from outside is a recording's

    # ---- what happened

    def take(self) -> list[Event]:
        """Events since the last take(); they leave the history."""
        self._drain()
        events, self.history = self.history, []
        return events

    def events(self) -> list[Event]:
        """All recorded events that were not taken."""
        self._drain()
        return list(self.history)

    def lines(self) -> list[Line]:
        """Those of the kernel, decoded."""
        return [self.decoder.line(e) for e in self.events() if 1 << e.kind & ALL_KINDS]

    def device_events(self) -> list[DeviceEvent]:
        """Those of devices that were not taken; for machines booted with device_events=True."""
        return [self._device_event(e) for e in self.events() if 1 << e.kind & DEVICE_KINDS]

    def _device_event(self, event: Event) -> DeviceEvent:
        name = self.devices[event.code]["name"]
        if event.kind == LINE:
            what = "raised" if event.args[1] else "lowered"
            return DeviceEvent(event.time, what, name, str(event.args[0]), event.args[1])
        words = {
            DEVICE_READ: "read",
            DEVICE_WRITE: "write",
            MISUSE: "misuse",
            UNMODELLED: "unmodelled",
            UNCLOCKED: "unclocked",
        }
        offset, value = event.args[:2]
        register = self.register_name(event.code, offset)
        return DeviceEvent(event.time, words[event.kind], name, register, value)

    def serial(self, name: str, start: int = 0) -> bytes:
        """What the chip has sent on a serial line since boot, from the start-th character on; for
        machines that record SERIAL (device_events=True)."""
        return bytes(self._sent.get(self.device_index(name), b"")[start:])

    # ---- looking inside

    def address(self, task: str, symbol: str) -> int:
        """The address of a task's symbol."""
        return self._elf(task).value(symbol)

    def _elf(self, task: str) -> ElfFile:
        self.task_index(task)
        elf = self.decoder.elf(task)
        if elf is None:
            raise K5Error(f"the ELF file of task '{task}' is gone")
        return elf

    def task_index(self, task: str) -> int:
        """A task's number."""
        return find("task", task, (entry["name"] for entry in self.built.meta["tasks"]))

    def read(self, task: str, where: int | str, count: int) -> bytes:
        """Memory as a task names it: by address, or by the name of a variable."""
        address = self.address(task, where) if isinstance(where, str) else where
        self.task_index(task)
        out = self._ffi.new("uint8_t[]", max(count, 1))
        self._check(self._lib.k5sim_read(self._sim, address, out, count))
        return bytes(self._ffi.buffer(out, count))

    def read_word(self, task: str, where: int | str) -> int:
        """A 32-bit word."""
        return int.from_bytes(self.read(task, where, 4), "little")

    def write(self, task: str, where: int | str, data: bytes) -> None:
        """Writes memory, whatever the MPU says."""
        address = self.address(task, where) if isinstance(where, str) else where
        self.task_index(task)
        self._check(self._lib.k5sim_write(self._sim, address, data, len(data)))

    def access(self, task: str, address: int, count: int = 1) -> str:
        """What a task may do with a range: some of "rwx"."""
        found = self._lib.k5sim_access(self._sim, self.task_index(task), address, count)
        return "".join(letter for bit, letter in enumerate("rwx") if found & 1 << bit)

    def registers(self, thread: int) -> list[int]:
        """Of a thread as it will go on: r0 to r15, xPSR; on RV32 x0 to x31, pc."""
        count = 17 if self.built.meta["cpu"].startswith("cortex") else 33
        out = self._ffi.new("uint32_t[]", count)
        self._check(self._lib.k5sim_registers(self._sim, thread, out))
        return list(out)

    def invariants(self) -> str | None:
        """The kernel's own check: None, or the name of what is violated."""
        found = self._lib.k5sim_invariants(self._sim)
        return None if found == self._ffi.NULL else self._ffi.string(found).decode()

    def kernel_state(self) -> bytes:
        """The whole kernel state, for comparing runs."""
        size = self._ffi.new("size_t *")
        state = self._lib.k5sim_kernel_state(self._sim, size)
        return bytes(self._ffi.buffer(state, size[0]))
