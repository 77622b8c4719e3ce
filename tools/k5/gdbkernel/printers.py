"""Pretty-printers for the native kernel's objects; for GDB to source, not to import elsewhere.

`print $k5()->thread[1]`, `print *thread` in a frame of the kernel, and the commands
k5-threads, k5-tasks, k5-caps TASK, k5-queues. Names come from the system that is run
(K5_GDB_META), words for states from the kernel's own enumerations.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import gdb

NOBODY = 0xFF
NO_SLOT = 0xFFFF
AT_ENDPOINT = ("SENDING", "CALLING", "FAULTED", "RECEIVING")


def _meta() -> dict[str, Any]:
    path = os.environ.get("K5_GDB_META", "")
    try:
        with open(path) as file:
            found: dict[str, Any] = json.load(file)
    except (OSError, ValueError):
        return {}
    return found


META = _meta()


def _named(table: str, index: int) -> str:
    rows = META.get(table, [])
    return str(rows[index]["name"]) if index < len(rows) else f"{table[:-1]} {index}"


def thread_name(index: int) -> str:
    """TASK/THREAD, as GDB's threads of the tasks are called."""
    rows = META.get("threads", [])
    if index == NOBODY:
        return "nobody"
    if index >= len(rows):
        return f"thread {index}"
    task, name = str(rows[index]["task"]), str(rows[index]["name"])
    return f"{task}/{'main' if name == task else name.removeprefix(task + '.')}"


def word(enum: str, value: int, prefix: str) -> str:
    """What an enumeration of the kernel calls a number."""
    try:
        fields = gdb.lookup_type(f"enum {enum}").fields()
    except gdb.error:
        return str(value)
    found = (field.name for field in fields if field.enumval == value)
    return str(next(found, value)).removeprefix(prefix)


def state() -> Any:
    """The kernel's state of the machine that the selected host thread runs; gdb.error: of none."""
    pointer = gdb.parse_and_eval("hostport_state")
    if int(pointer) == 0:
        raise gdb.GdbError("this host thread has run no machine yet")
    return pointer.dereference()


def _index(value: Any, field: str) -> int | None:
    """Where an object stands in the kernel's state; None: it is a copy."""
    if value.address is None:
        return None
    try:
        first = state()[field][0].address
    except gdb.error:
        return None
    offset, size = int(value.address) - int(first), value.type.sizeof
    inside = 0 <= offset < size * (state()[field].type.range()[1] + 1) and offset % size == 0
    return offset // size if inside else None


class Object:
    """A printer of one kind of object: a line of text, and its fields below."""

    field = ""  # in struct kernel_state
    hidden = ("reserved", "padding")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.index = _index(value, self.field)

    def byte(self, name: str) -> int:
        return int(self.value[name])

    def children(self) -> Iterator[tuple[str, Any]]:
        for field in self.value.type.fields():
            if field.name and field.name not in self.hidden:
                yield field.name, self.value[field.name]

    def to_string(self) -> str:
        return self.text()

    def text(self) -> str:
        raise NotImplementedError


class Thread(Object):
    """struct thread"""

    field = "thread"

    def text(self) -> str:
        name = "thread" if self.index is None else thread_name(self.index)
        doing = word("k5_thread_state", self.byte("state"), "K5_THREAD_")
        text = f"{name} {doing}"
        if doing in AT_ENDPOINT:
            text += f" at {_named('endpoints', self.byte('endpoint'))}"
        elif doing == "AWAITING":
            text += f" {thread_name(self.byte('holder'))}"
        elif doing == "SLEEPING":
            text += f" until tick {int(self.value['wake_at'])}"
        return f"{text}, priority {self.byte('effective')}"


class Task(Object):
    """struct task"""

    field = "task"

    def text(self) -> str:
        name = "task" if self.index is None else _named("tasks", self.index)
        doing = word("k5_task_state", self.byte("state"), "K5_TASK_")
        return f"{name} {doing}, generation {self.byte('generation')}, " \
               f"{self.byte('region_count')} regions"  # fmt: skip


class Cap(Object):
    """struct cap"""

    field = "slot"
    tables = {"ENDPOINT": "endpoints", "NOTIFICATION": "notifications", "TASK": "tasks",
              "INTERRUPT": "interrupts", "PORT": "ports", "THREAD": "threads"}  # fmt: skip

    def text(self) -> str:
        kind = word("k5_kind", self.byte("kind"), "K5_KIND_")
        if kind == "NONE":
            return "empty slot"
        number = self.byte("object")
        name = _named(self.tables[kind], number) if kind in self.tables else str(number)
        return f"{kind.lower()} {name}, rights {self.byte('rights'):#x}, " \
               f"badge {self.byte('badge'):#x}, generation {self.byte('generation')}"  # fmt: skip


class Endpoint(Object):
    """struct endpoint"""

    field = "endpoint"

    def text(self) -> str:
        name = "endpoint" if self.index is None else _named("endpoints", self.index)
        receiver = thread_name(self.byte("receiver"))
        waits = "is waiting" if self.byte("waiting") else "is busy"
        return f"{name}: {receiver} {waits}, senders: {_queue(self.value['queue'])}"


class Notification(Object):
    """struct notification"""

    field = "notification"

    def text(self) -> str:
        name = "notification" if self.index is None else _named("notifications", self.index)
        waits = "is waiting" if self.byte("waiting") else "is not waiting"
        return f"{name}: bits {self.byte('bits'):#x}, {thread_name(self.byte('receiver'))} {waits}"


def _queue(queue: Any) -> str:
    """The threads of a struct thread_queue."""
    names: list[str] = []
    thread = int(queue["head"])
    while thread != NOBODY and len(names) < 256:
        names.append(thread_name(thread))
        thread = int(state()["thread"][thread]["next"])
    return ", ".join(names) or "nobody"


class Queue:
    """struct thread_queue"""

    def __init__(self, value: Any) -> None:
        self.value = value

    def to_string(self) -> str:
        try:
            return _queue(self.value)
        except gdb.error:
            return f"from {int(self.value['head'])} to {int(self.value['tail'])}"


PRINTERS: dict[str, Any] = {
    "thread": Thread, "task": Task, "cap": Cap, "endpoint": Endpoint,
    "notification": Notification, "thread_queue": Queue,
}  # fmt: skip


def lookup(value: Any) -> Any:
    """The printer for a value of the kernel's; None: it has none."""
    made = PRINTERS.get(value.type.unqualified().strip_typedefs().tag or "")
    return made(value) if made else None


class State(gdb.Function):  # type: ignore[misc]
    """$k5(): the kernel's state of the machine that this host thread runs."""

    def __init__(self) -> None:
        super().__init__("k5")

    def invoke(self) -> Any:
        return state().address


class _Command(gdb.Command):  # type: ignore[misc]
    def __init__(self, name: str) -> None:
        super().__init__(name, gdb.COMMAND_DATA)


class Threads(_Command):
    """The threads of all tasks, and what they are doing."""

    def invoke(self, argument: str, from_tty: bool) -> None:
        kernel = state()
        for index in range(len(META.get("threads", []))):
            mark = "*" if index == int(kernel["current"]) else " "
            gdb.write(f"{mark} {Thread(kernel['thread'][index]).text()}\n")


class Tasks(_Command):
    """All tasks."""

    def invoke(self, argument: str, from_tty: bool) -> None:
        for index in range(len(META.get("tasks", []))):
            gdb.write(f"  {Task(state()['task'][index]).text()}\n")


class Caps(_Command):
    """k5-caps TASK: what is in its capability table."""

    def invoke(self, argument: str, from_tty: bool) -> None:
        names = [str(task["name"]) for task in META.get("tasks", [])]
        if argument not in names:
            raise gdb.GdbError(f"no task '{argument}' (known: {', '.join(names)})")
        threads = [str(thread["task"]) for thread in META["threads"]]
        row = state()["thread"][threads.index(argument)]
        first = int(row["slot_base"])
        for place in range(first, first + int(row["slot_count"])):
            gdb.write(f"  {place - first}: {Cap(state()['slot'][place]).text()}\n")


class Queues(_Command):
    """Who is ready, and who waits at which endpoint or notification."""

    def invoke(self, argument: str, from_tty: bool) -> None:
        kernel = state()
        for priority in range(kernel["queue"].type.range()[1], -1, -1):
            ready = _queue(kernel["queue"][priority])
            if ready != "nobody":
                gdb.write(f"  ready at priority {priority}: {ready}\n")
        for index in range(len(META.get("endpoints", []))):
            gdb.write(f"  {Endpoint(kernel['endpoint'][index]).text()}\n")
        for index in range(len(META.get("notifications", []))):
            gdb.write(f"  {Notification(kernel['notification'][index]).text()}\n")


State()
Threads("k5-threads")
Tasks("k5-tasks")
Caps("k5-caps")
Queues("k5-queues")
gdb.pretty_printers.append(lookup)
