"""Memory as a task sees it through its MPU or PMP, or as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k5 import faults
from k5.errors import K5Error

if TYPE_CHECKING:
    from k5.machine import Machine

_GRAIN = 4  # rights never end inside a word
END = 1 << 32


class Memory:
    """Of one machine. `physical`: whatever the tasks' rights are."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.physical = False
        self._any: str = machine.built.meta["tasks"][0]["name"]

    def read(self, task: str, address: int, count: int) -> bytes:
        """As much as there is from there on; nothing: not even the first byte can be read."""
        count = self._allowed(task, address, min(count, END - address), "r")
        data = bytearray()
        while len(data) < count:
            piece = self._piece(address + len(data), count - len(data))
            if not piece:
                break
            data += piece
        return bytes(data)

    def write(self, task: str, address: int, data: bytes) -> bool:
        """False: the task may not, or there is no memory."""
        end = address + len(data)
        if end > END or self._allowed(task, address, len(data), "w") < len(data):
            return False
        if any(not self._in_memory(at) for at in {address, max(end - 1, address)}):
            return False
        try:
            self._machine.write(task, address, data)
        except K5Error:
            return False
        return True

    def explain(self, task: str, address: int, count: int = 1) -> str:
        """What a task may do with a range, and what is there."""
        rights = self._machine.access(task, address, count) or "nothing"
        meta = self._machine.built.meta
        entry = meta["tasks"][self._machine.task_index(task)]
        words = {"r": "read", "w": "write", "x": "execute"}
        said = " and ".join(words.get(letter, letter) for letter in rights)
        more = ""
        if rights == "nothing":
            said, more = "do nothing", f" ({faults.miss(entry, address, count, 0)})"
        where = faults.owner(meta, task, address)
        return f"{task} may {said} at {address:#010x}{more}; there is {where}"

    def _allowed(self, task: str, address: int, count: int, right: str) -> int:
        """How many bytes from there on the task has the right for."""
        if self.physical or count <= 0:
            return max(count, 0)
        if right in self._machine.access(task, address, count):
            return count
        good = 0
        while good < count:
            step = min(_GRAIN - (address + good) % _GRAIN, count - good)
            if right not in self._machine.access(task, address + good, step):
                break
            good += step
        return good

    def _in_memory(self, address: int) -> bool:
        return any(
            memory["base"] <= address < memory["base"] + memory["bytes"]
            for memory in self._machine.built.meta["memory"].values()
        )

    def _piece(self, address: int, count: int) -> bytes:
        """Of one memory, or a device's register, which is looked at without side effects."""
        for memory in self._machine.built.meta["memory"].values():
            left = memory["base"] + memory["bytes"] - address
            if memory["base"] <= address and left > 0:
                return self._machine.read(self._any, address, min(count, left))
        return self._register(address, count)

    def _register(self, address: int, count: int) -> bytes:
        for device in self._machine.devices:
            offset = address - device["base"]
            if device["base"] and 0 <= offset < device["bytes"]:
                return self._peeked(device["name"], offset)[:count]
        return b""

    def _peeked(self, device: str, offset: int) -> bytes:
        word = offset & ~3
        try:
            return self._machine.peek(device, word).to_bytes(4, "little")[offset - word :]
        except K5Error:
            return b"\0"  # no register, as a task would read it
