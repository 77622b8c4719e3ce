"""Snapshots of a machine, and where it is: to go back, to compare, to go on elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from k5.errors import K5Error

if TYPE_CHECKING:
    from k5.machine import Machine, Stop
    from k5.stream import Event

FOR_EVER = (1 << 64) - 1
_WHERE_BYTES = 160


@dataclass(frozen=True, order=True)
class Position:
    """Where a run is: finer than a tick. See struct k5sim_position."""

    now: int  # ticks since boot
    instructions: int  # executed since boot
    actions: int  # what else has happened: entries into the kernel, events of devices


class Snapshot:
    """The whole machine at one instruction. Belongs to the machine that it was taken of."""

    def __init__(self, machine: Snapshots, raw: Any) -> None:
        self._machine = machine
        self.raw = raw
        self.events = len(machine.history)

    @property
    def position(self) -> Position:
        """Where the machine was."""
        out = self._machine._ffi.new("struct k5sim_position *")
        self._machine._lib.k5sim_snapshot_position(self.raw, out)
        return Position(out.now, out.instructions, out.actions)

    @property
    def hash(self) -> int:
        """Equal for machines that would go on alike, also in another process."""
        return int(self._machine._lib.k5sim_snapshot_hash(self.raw))

    def difference(self, other: Snapshot) -> str | None:
        """The first thing in which they differ; None: the machines would go on alike."""
        where = self._machine._ffi.new(f"char[{_WHERE_BYTES}]")
        same = self._machine._lib.k5sim_snapshot_same(self.raw, other.raw, where, _WHERE_BYTES)
        return None if same else str(self._machine._ffi.string(where).decode())

    def kernel_state(self) -> bytes:
        """The kernel's state then; see Machine.kernel_state()."""
        size = self._machine._ffi.new("size_t *")
        state = self._machine._lib.k5sim_snapshot_kernel(self.raw, size)
        return bytes(self._machine._ffi.buffer(state, size[0]))

    def read(self, address: int, count: int) -> bytes:
        """Physical memory then."""
        out = self._machine._ffi.new("uint8_t[]", max(count, 1))
        sim, lib = self._machine._sim, self._machine._lib
        self._machine._check(lib.k5sim_snapshot_read(sim, self.raw, address, out, count))
        return bytes(self._machine._ffi.buffer(out, count))

    def packed(self) -> bytes:
        """As plain bytes: for a machine of the same build, see Machine.unpack()."""
        lib, sim = self._machine._lib, self._machine._sim
        ffi = self._machine._ffi
        size = self._machine._check(lib.k5sim_snapshot_pack(sim, self.raw, ffi.NULL, 0))
        out = ffi.new("uint8_t[]", size)
        self._machine._check(lib.k5sim_snapshot_pack(sim, self.raw, out, size))
        return bytes(ffi.buffer(out, size))


class Snapshots:
    """The part of a Machine that is about its snapshots and its position."""

    _ffi: Any
    _lib: Any
    _sim: Any
    history: list[Event]

    def _check(self, result: int) -> int:
        raise NotImplementedError

    def _drain(self) -> None:
        raise NotImplementedError

    def _stopped(self, stop: int) -> Stop:
        raise NotImplementedError

    @property
    def position(self) -> Position:
        """Where the machine is."""
        out = self._ffi.new("struct k5sim_position *")
        self._lib.k5sim_position(self._sim, out)
        return Position(out.now, out.instructions, out.actions)

    def snapshot(self) -> Snapshot:
        """The whole machine as it is now."""
        self._drain()
        raw = self._lib.k5sim_snapshot_take(self._sim, self._ffi.NULL)
        return self._owned(raw)

    def retake(self, snapshot: Snapshot) -> None:
        """The snapshot is of the machine as it is now: less work than a new one."""
        self._drain()
        if self._lib.k5sim_snapshot_take(self._sim, snapshot.raw) == self._ffi.NULL:
            raise K5Error(self._error_text())
        snapshot.events = len(self.history)

    def _owned(self, raw: Any) -> Snapshot:
        if raw == self._ffi.NULL:
            raise K5Error(self._error_text())
        return Snapshot(self, self._ffi.gc(raw, self._free))

    def _free(self, raw: Any) -> None:
        if self._sim is not None:  # else it went with its machine
            self._lib.k5sim_snapshot_free(raw)

    def _error_text(self) -> str:
        text: str = self._ffi.string(self._lib.k5sim_error_text(self._sim)).decode()
        return f"simulator: {text}"

    def restore(self, snapshot: Snapshot) -> None:
        """The machine is again what it was then, and its history of events as long."""
        self._check(self._lib.k5sim_snapshot_restore(self._sim, snapshot.raw))
        del self.history[snapshot.events :]

    def unpack(self, data: bytes) -> Snapshot:
        """What packed() made, in a machine of the same build that was just booted."""
        return self._owned(self._lib.k5sim_snapshot_unpack(self._sim, data, len(data)))

    def save(self, path: str | Path) -> None:
        """The machine as it is now, to a file that a later run of the same build loads."""
        from k5 import snapshotfile

        snapshotfile.save(self._machine(), Path(path))

    def _machine(self) -> Machine:
        raise NotImplementedError

    def step(self, count: int = 1, *, until_tick: int = FOR_EVER, stop_kinds: int = 0) -> Stop:
        """Runs `count` instructions: POSITION, with the next one about to be executed. An IT block
        (Arm) is one step."""
        end = self.position.instructions + count
        while True:
            left = end - self.position.instructions
            stop = self._stopped(self._lib.k5sim_step(self._sim, left, until_tick, stop_kinds))
            if stop is not stop.FULL:
                return stop

    def run_to(self, position: Position, stop_kinds: int = 0) -> Stop:
        """Runs to a position that lies ahead on this very run: POSITION."""
        goal = self._ffi.new("struct k5sim_position *")
        goal.now, goal.instructions, goal.actions = (
            position.now,
            position.instructions,
            position.actions,
        )
        while True:
            stop = self._stopped(self._lib.k5sim_run_to(self._sim, goal, stop_kinds))
            if stop is not stop.FULL:
                return stop
