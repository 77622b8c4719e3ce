"""The breakpoints and watchpoints of one client, each put into the machine once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k5.errors import K5Error

if TYPE_CHECKING:
    from k5.machine import Machine

_ACCESS = {"2": "write", "3": "read", "4": "access"}
_WORDS = {"2": "watch", "3": "rwatch", "4": "awatch"}


class Marks:
    """By the protocol's kinds: "0" and "1" are breakpoints, "2" to "4" watchpoints."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._breaks: dict[tuple[int, str | None], set[str]] = {}
        self._watches: set[tuple[int, int, str]] = set()

    def breaks(self) -> set[tuple[int, str | None]]:
        """Address and task (None: any) of each breakpoint."""
        return set(self._breaks)

    def insert_break(self, address: int, task: str | None, kind: str) -> None:
        if (address, task) not in self._breaks:
            self._machine.break_set(address, task)
        self._breaks.setdefault((address, task), set()).add(kind)

    def remove_break(self, address: int, task: str | None, kind: str) -> None:
        kinds = self._breaks.get((address, task))
        if kinds is None or kind not in kinds:
            raise K5Error(f"there is no breakpoint at {address:#010x}")
        kinds.discard(kind)
        if not kinds:
            del self._breaks[address, task]
            self._machine.break_clear(address, task)

    def insert_watch(self, address: int, count: int, kind: str) -> None:
        if (address, count, kind) not in self._watches:
            self._machine.watch_set(address, count, _ACCESS[kind])
            self._watches.add((address, count, kind))

    def remove_watch(self, address: int, count: int, kind: str) -> None:
        if (address, count, kind) not in self._watches:
            raise K5Error(f"there is no such watchpoint at {address:#010x}")
        self._watches.remove((address, count, kind))
        self._machine.watch_clear(address, count, _ACCESS[kind])

    def break_kind(self, pc: int) -> str | None:
        """How the client calls its breakpoint there: swbreak, hwbreak; None: it has none."""
        kinds = self._breaks.get((pc, None), set())
        return "swbreak" if "0" in kinds else "hwbreak" if "1" in kinds else None

    def watched(self, address: int, count: int, access: str) -> tuple[str, int] | None:
        """The client's word for its watchpoint that this access touched, and the first byte."""
        for start, size, kind in sorted(self._watches):
            if _ACCESS[kind] in (access, "access") and start < address + count \
                    and address < start + size:  # fmt: skip
                return _WORDS[kind], max(start, address)
        return None

    def clear(self) -> None:
        """Takes all of them out of the machine."""
        for address, task in self._breaks:
            self._machine.break_clear(address, task)
        for address, count, kind in self._watches:
            self._machine.watch_clear(address, count, _ACCESS[kind])
        self._breaks.clear()
        self._watches.clear()
