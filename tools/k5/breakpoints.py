"""Breakpoints, watchpoints and stops before faults, of a machine: what debuggers stop at.

    machine.break_set(machine.address("foo", "main"), "foo")
    assert machine.run() is Stop.BREAK
    print(machine.hit, machine.registers(machine.hit.thread))

None of them changes what the machine does. A run goes on from where it has stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from k5.errors import K5Error
from k5.stream import Event

ANY_TASK = 255
NO_THREAD = 0xFF
READ, WRITE = 1, 2
_KINDS = {"read": READ, "write": WRITE, "access": READ | WRITE}
_LETTERS = {READ: "read", WRITE: "write", READ | WRITE: "access"}


@dataclass(frozen=True)
class Hit:
    """What the last run stopped at with BREAK or WATCH."""

    thread: int
    pc: int  # BREAK: of the next instruction; WATCH: of the one that did it
    address: int  # WATCH: the first byte accessed
    bytes: int
    access: str  # WATCH: read or write
    value: int  # WATCH: what was read or written
    by_kernel: bool
    fault: Event | None  # BREAK before a fault: as it will be recorded


class Breakpoints:
    """The part of a Machine that is about where it stops."""

    _ffi: Any
    _lib: Any
    _sim: Any

    def _check(self, result: int) -> int:
        raise NotImplementedError

    def task_index(self, task: str) -> int:
        raise NotImplementedError

    def _task(self, task: str | None) -> int:
        return ANY_TASK if task is None else self.task_index(task)

    def break_set(self, address: int, task: str | None = None) -> None:
        """Stops with BREAK before the instruction there, in this task or any."""
        self._check(self._lib.k5sim_break_set(self._sim, self._task(task), address))

    def break_clear(self, address: int, task: str | None = None) -> None:
        """Takes it back."""
        self._check(self._lib.k5sim_break_clear(self._sim, self._task(task), address))

    def watch_set(
        self, address: int, count: int = 4, access: str = "write", task: str | None = None
    ) -> None:
        """Stops with WATCH behind what reads, writes or accesses one of these bytes."""
        kinds, index = _kinds(access), self._task(task)
        self._check(self._lib.k5sim_watch_set(self._sim, index, address, count, kinds))

    def watch_clear(
        self, address: int, count: int = 4, access: str = "write", task: str | None = None
    ) -> None:
        """Takes it back."""
        kinds, index = _kinds(access), self._task(task)
        self._check(self._lib.k5sim_watch_clear(self._sim, index, address, count, kinds))

    def break_faults(self, stop: bool = True) -> None:
        """Stops with BREAK before the fault of an instruction comes to the kernel."""
        self._lib.k5sim_break_faults(self._sim, stop)

    @property
    def hit(self) -> Hit:
        """What the last run stopped at with BREAK or WATCH."""
        raw = self._ffi.new("struct k5sim_hit *")
        self._check(self._lib.k5sim_last_hit(self._sim, raw))
        fault = None
        if raw.is_fault:
            told = raw.fault
            args: Any = tuple(told.arg)
            fault = Event(told.time, told.kind, told.thread, told.code, args)
        access = _LETTERS.get(raw.kinds, "")
        return Hit(raw.thread, raw.pc, raw.address, raw.bytes, access, raw.value,
                   bool(raw.by_kernel), fault)  # fmt: skip

    def set_register(self, thread: int, number: int, value: int) -> None:
        """A register of a thread, as registers() numbers them."""
        self._check(self._lib.k5sim_register_set(self._sim, thread, number, value))

    @property
    def current(self) -> int | None:
        """The thread that is about to execute an instruction, if there is one."""
        size = self._ffi.new("size_t *")
        state = self._ffi.cast("uint8_t *", self._lib.k5sim_kernel_state(self._sim, size))
        return None if state[0] == NO_THREAD else int(state[0])  # its first byte: kernel/state.h


def _kinds(access: str) -> int:
    if access not in _KINDS:
        raise K5Error(f"'{access}' is no kind of access (known: {', '.join(_KINDS)})")
    return _KINDS[access]
