"""From events to lines for people and for machines; the same for every engine.

A decoder knows one built system: its tasks, threads and the texts in their ELF
files. It keeps no state between events, so a line depends on its event alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from k5 import abi, assertions, faults, logtext
from k5.builder import Built
from k5.console import paint
from k5.elf import ElfFile
from k5.errors import K5Error
from k5.stream import Event
from k5.tracing import simulator

_ENCODER = json.JSONEncoder(separators=(",", ":"))  # one for all: making it takes longer than a line
NOBODY = 0xFF
HALT_LAST_RESORT = 1  # code of a HALT event; 0: idle for ever
CAP_NAMES = ("cptr", "port", "endpoint")  # arguments that are capabilities
EPITAPH_HALT = 1  # code of an EPITAPH event; 0: the tasks' own policies
# What a PANIC's name may be other than a file's: what an image records (arch/common/event.h).
IMAGE_ASSERTION, IMAGE_FAULT = "assertion", "kernel fault"
LEVEL_STYLES = {
    "ERROR": "bold red", "WARN": "yellow", "INFO": "green", "DEBUG": "blue", "TRACE": "dim",
    "FAULT": "bold red", "TASK": "magenta", "BOOT": "cyan", "HALT": "cyan", "PANIC": "bold red",
    "LOST": "bold red", "EPITAPH": "bold red", "STORM": "bold red", "RESET": "cyan",
    "MISUSE": "yellow", "UNMODELLED": "yellow", "UNCLOCKED": "yellow",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A decoded event."""

    event: Event
    seconds: float
    kind: str  # event name: LOG, FAULT, ...
    task: str  # or `-`
    name: str  # of the thread: the task's, or TASK.THREAD
    level: str  # log level, else the kind
    where: str  # FILE:LINE, where known
    text: str
    details: list[str] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    name_width: int = 8  # of the column with the task's name

    @property
    def ns(self) -> int:
        """When it happened, in nanoseconds of virtual time."""
        return round(self.seconds * 1e9)

    def human(self, colour: bool = False) -> str:
        """One line of text, with more lines for a fault's details."""
        style = LEVEL_STYLES.get(self.level, "dim")
        place = f"{self.where:14} " if self.where else ""
        head = f"{self.seconds:12.6f}  {self.name:{self.name_width}} "
        text = paint(f"{self.level:5}", style, colour) + f"  {place}{self.text}"
        more = [f"{'':{len(head)}}{paint('|', style, colour)}      {d}" for d in self.details]
        return "\n".join([head + text, *more])

    def json(self) -> str:
        """One line of JSON."""
        data: dict[str, Any] = {
            "time": self.event.time,
            "seconds": self.seconds,
            "kind": self.kind,
            "task": self.task,
            "name": self.name,
            "thread": None if self.event.thread == NOBODY else self.event.thread,
            "code": self.event.code,
            "args": list(self.event.args),
        }
        if self.where:
            data["where"] = self.where
        data["text"] = self.text
        return _ENCODER.encode(data | self.fields)


class Decoder:
    """Decodes the events of one built system."""

    def __init__(self, built: Built) -> None:
        self.meta = built.meta
        self.folder = built.folder
        self.abi = _abi()
        self.events = {entry["value"]: entry for entry in self.abi["event"]}
        self.errors = abi.names(self.abi, "error")
        self.calls = abi.names(self.abi, "syscall")
        self.arguments = {call["number"]: call["args"] for call in self.abi["syscall"]}
        self.results = {call["number"]: call["results"] for call in self.abi["syscall"]}
        self.rights = abi.rights(self.abi)
        self.message_kinds = abi.names(self.abi, "message_kind")
        self.message_flags = abi.names(self.abi, "message_flag")
        self.levels = abi.names(self.abi, "log_level")
        self.faults = abi.names(self.abi, "fault")
        self.states = abi.names(self.abi, "task_state")
        self.name_width = max(8, *(len(thread["name"]) for thread in built.meta["threads"]))
        self.simulator = simulator.Describer(built.meta)
        self._tasks: dict[str, dict[str, Any]] = {t["name"]: t for t in built.meta["tasks"]}
        self._elf: dict[Path, ElfFile | None] = {}

    def elf(self, task: str) -> ElfFile | None:
        """The ELF file of a task, read once; None where it is gone."""
        return self._file(self.folder / "tasks" / f"{task}.elf")

    def _file(self, path: Path) -> ElfFile | None:
        if path not in self._elf:
            try:
                self._elf[path] = ElfFile(path)
            except K5Error:
                self._elf[path] = None
        return self._elf[path]

    def kind(self, event: Event) -> str:
        """The name of an event's kind."""
        entry = self.events.get(event.kind)
        if entry is None:
            return simulator.KINDS.get(event.kind, f"EVENT{event.kind}")
        return str(entry["name"])

    def event_class(self, event: Event) -> str:
        """log, kernel, timed or device; an unknown event is class log, so that it is seen."""
        entry = self.events.get(event.kind)
        if entry is None:
            return simulator.CLASS if event.kind in simulator.KINDS else "log"
        return str(entry["class"])

    def thread_name(self, thread: int) -> str:
        """A thread by its name."""
        threads = self.meta["threads"]
        if thread == NOBODY:
            return "-"
        return str(threads[thread]["name"]) if thread < len(threads) else f"thread{thread}"

    def task_name(self, thread: int) -> str:
        """The name of a thread's task; what no thread made is nobody's."""
        task = self.task(thread)
        return str(task["name"]) if task else self.thread_name(thread)

    def cap_name(self, thread: int, cptr: int) -> str:
        """A capability of the description by its name there, others by number."""
        cap = self._cap(thread, cptr)
        return str(cap["name"]) if cap else f"{cptr:#x}"

    def _cap(self, thread: int, cptr: int) -> dict[str, Any] | None:
        """A capability as the description gave it to the thread's task."""
        task = self.task(thread)
        found = (cap for cap in (task["capabilities"] if task else ()) if cap["cptr"] == cptr)
        return next(found, None)

    def _object(self, event: Event) -> dict[str, str]:
        """Of a call whose first argument is a capability of the description: what it stands for,
        and who receives from it."""
        names = self.arguments.get(event.code, [])
        cap = self._cap(event.thread, event.args[0]) if names and names[0] in CAP_NAMES else None
        if cap is None:
            return {}
        fields = {"object": f"{cap['kind']} {cap['object']}"}
        for entry in self.meta.get(f"{cap['kind']}s", []):
            if entry["name"] == cap["object"] and "receiver" in entry:
                fields["receiver"] = entry["receiver"]
        return fields

    def _info(self, info: int) -> str:
        """An info word: label, flags and kind."""
        kind = self.message_kinds.get(info & 0xFF, f"kind {info & 0xFF}")
        flags = [self.message_flags.get(1 << bit, f"{1 << bit:#x}")
                 for bit in range(8, 16) if info & 1 << bit]  # fmt: skip
        label = f" {info >> 16:#x}" if info >> 16 else ""
        return " ".join([kind, *flags]) + label

    def _word(self, event: Event, name: str, word: int) -> str:
        """An argument or result, by what the ABI calls it."""
        if name in CAP_NAMES:
            return self.cap_name(event.thread, word)
        if name == "info":
            return self._info(word)
        if name in ("rights", "access"):
            return self._rights(event, word)
        if name == "flags":
            return " ".join(text for bit, text in self.message_flags.items() if word & bit) or "0"
        return f"{word:#x}"

    def _rights(self, event: Event, word: int) -> str:
        """Rights by the kind of the capability that they are asked of, which is the call's first
        argument; of one that the description does not know, as a number."""
        task = self.task(event.thread)
        caps = task["capabilities"] if task else []
        kind = next((cap["kind"] for cap in caps if cap["cptr"] == event.args[0]), "")
        names = {bit: right for right, bit in self.rights.get(kind.upper(), {}).items()}
        if not names or word & ~sum(names):
            return f"{word:#x}"
        return " ".join(text for bit, text in names.items() if word & bit) or "0"

    def _listed(self, kind: str, index: int) -> str:
        """An object of the description by its number."""
        entries = self.meta[f"{kind}s"]
        return str(entries[index]["name"]) if index < len(entries) else f"{kind} {index}"

    def task(self, thread: int) -> dict[str, Any] | None:
        """The task of a thread."""
        threads = self.meta["threads"]
        if thread >= len(threads):
            return None
        return self._tasks[threads[thread]["task"]]

    def line(self, event: Event) -> Line:
        """The decoded event."""
        kind = self.kind(event)
        if event.kind >= simulator.FIRST_KIND:
            text, fields = self.simulator.describe(event)
            return self._make(event, kind, text, fields=fields)
        decode = getattr(self, f"_{kind.lower()}", None)
        if decode is None:
            return self._make(event, kind, self._generic(event))
        made: Line = decode(event)
        return made

    def _make(self, event: Event, level: str, text: str, **more: Any) -> Line:
        return Line(
            event=event,
            seconds=event.time / self.meta["tick_hz"],
            kind=self.kind(event),
            task=self.task_name(event.thread),
            name=self.thread_name(event.thread),
            level=level,
            where=more.get("where", ""),
            text=text,
            details=more.get("details", []),
            fields=more.get("fields", {}),
            name_width=self.name_width,
        )

    def _generic(self, event: Event) -> str:
        entry = self.events.get(event.kind)
        names = entry["args"] if entry else []
        words = [f"{name}={value:#x}" for name, value in zip(names, event.args, strict=False)]
        return " ".join([f"code={event.code:#x}", *words])

    def _boot(self, event: Event) -> Line:
        text = f"K5 starts: {self.meta['name']} on {self.meta['board']}"
        if event.args[1] != self.meta["system_id"]:
            text += (
                f"; it is system {event.args[1]:#010x}, but this build is "
                f"{self.meta['system_id']:#010x}: names and texts may be wrong"
            )
        threads = [
            {
                "name": thread["name"],
                "task": thread["task"],
                "priority": thread["priority"],
                "passive": thread["budget_us"] == 0,
                "starts": thread["start"] and self._tasks[thread["task"]]["start"],
            }
            for thread in self.meta["threads"]
        ]
        fields = {"system": self.meta["name"], "board": self.meta["board"], "threads": threads}
        return self._make(event, "BOOT", text, fields=fields)

    def _log(self, event: Event) -> Line:
        level = self.levels.get(event.code & 0xFF, "?")
        task = self.task(event.thread)
        elf = self.elf(task["name"]) if task else None
        found = logtext.lookup(elf, event.args[0]) if elf else None
        count = min(event.code >> 8, 5)
        words = event.args[1 : 1 + count]
        if not elf or not found:
            shown = " ".join(f"{word:#x}" for word in words)
            text = f"log line {event.args[0]:#x} is not in the ELF file: {shown}".rstrip(": ")
            return self._make(event, level, text)
        where, template = found
        fields = {"level": level}
        text = logtext.render(elf, template, words)
        return self._make(event, level, text, where=where, fields=fields)

    def _fault(self, event: Event) -> Line:
        name = self.faults.get(event.code, f"fault {event.code}")
        task = self.task(event.thread)
        if task is None:
            return self._make(event, "FAULT", name + " " + self._generic(event))
        found = faults.record(name, event.args)
        thread = self.meta["threads"][event.thread]
        fields = faults.explain(self.meta, thread, task, found, self.elf(task["name"]))
        where = f"{fields['relation']} {fields['function']}()" if fields["function"] else ""
        if not where:
            where = "at an unknown place" if found.pc is None else "in no known function"
        file = (fields["file"] or "").rsplit("/", 1)[-1]
        line = f"{file}:{fields['line']}" if file else ""
        return self._make(event, "FAULT", f"{fields['what']} {where}", where=line,
                          details=fault_details(fields), fields=fields)  # fmt: skip

    def _task(self, event: Event) -> Line:
        state = self.states.get(event.code, f"state {event.code}")
        task, generation, delay = event.args[:3]
        name = self._listed("task", task)
        ms = delay * 1000 / self.meta["tick_hz"]
        text = {
            "READY": f"{name} runs again, generation {generation}",
            "BACKOFF": f"{name} restarts in {ms:g} ms, generation {generation}",
            "HELD": f"{name} is held where it was",
            "STOPPED": f"{name} is stopped",
        }.get(state, f"{name}: {state}")
        return self._make(event, "TASK", text, fields={"state": state})

    def _panic(self, event: Event) -> Line:
        raw = b"".join(word.to_bytes(4, "little") for word in event.args)
        name = raw.split(b"\0")[0].decode(errors="replace")
        pc, status = event.args[4:]
        if name == IMAGE_FAULT:
            text = f"the kernel itself faulted: exception {event.code}, pc {pc:#010x}, status {status:#010x}"
            return self._make(event, "PANIC", text)
        where = f"{name}:{event.code}"
        if name == IMAGE_ASSERTION:
            where = self._assertion(pc) or f"at pc {pc:#010x}, in another build's image"
        return self._make(event, "PANIC", f"kernel assertion failed: {where}; the machine stops")

    def _assertion(self, pc: int) -> str | None:
        """FILE:LINE of an assertion in whichever of the system's images has one there."""
        files = [self._file(path) for path in sorted(self.folder.glob("image*/image.elf"))]
        found = (assertions.lookup(file, pc) for file in files if file)
        return next((where for where in found if where), None)

    def _lost(self, event: Event) -> Line:
        text = f"{event.args[0]} records before this one are lost: the sink had no room"
        return self._make(event, "LOST", text)

    def _halt(self, event: Event) -> Line:
        text = "nothing is ready, and nothing ever will be"
        if event.code == HALT_LAST_RESORT:
            text = "a supervisor is gone for good: the machine halts"
        return self._make(event, "HALT", text)

    def _epitaph(self, event: Event) -> Line:
        task, restarts = event.args[:2]
        last = "the machine halts"
        if event.code != EPITAPH_HALT:
            last = "the tasks that it supervised follow their own policies"
        text = f"the supervisor {self._listed('task', task)} is gone for good after {restarts} restarts: {last}"
        return self._make(event, "EPITAPH", text)

    def _enter(self, event: Event) -> Line:
        call = self.calls.get(event.code, f"call {event.code}")
        names = self.arguments.get(event.code, ["", ""])[:2]
        words = [self._word(event, *pair) for pair in zip(names, event.args, strict=False)]
        fields = {"call": call, **self._object(event)}
        return self._make(event, "ENTER", f"{call}({', '.join(words)})", fields=fields)

    def _result(self, event: Event) -> Line:
        call = self.calls.get(event.code, f"call {event.code}")
        code = event.args[0] - 2**32 if event.args[0] & 0x8000_0000 else event.args[0]
        error = self.errors.get(code, str(code))
        text = f"{call} = {error}"
        fields = {"call": call, "error": error}
        if code == 0 and "info" in self.results.get(event.code, []):
            text += f", {self._info(event.args[1])}"
            fields["message"] = self.message_kinds.get(event.args[1] & 0xFF, "?")
        return self._make(event, "RESULT", text, fields=fields)

    def _switched(self, event: Event, why: str) -> Line:
        before = self.thread_name(event.code)
        text = f"runs after {before}{why}"
        if event.args[0] != event.thread and event.args[0] < NOBODY:
            text += f", on {self.thread_name(event.args[0])}'s time"
        fields = {"payer": self.thread_name(event.args[0])}
        return self._make(event, self.kind(event), text, fields=fields)

    def _switch(self, event: Event) -> Line:
        return self._switched(event, "")

    def _preempt(self, event: Event) -> Line:
        return self._switched(event, ", because time passed")

    def _loan(self, event: Event) -> Line:
        kind = self.message_kinds.get(event.code >> 8, "?")
        text = f"{self._lent(event)} is lent to {self.thread_name(event.code & 0xFF)} ({kind})"
        return self._make(event, "LOAN", text)

    def _loan_end(self, event: Event) -> Line:
        text = f"{self._lent(event)} comes back from {self.thread_name(event.code & 0xFF)}"
        return self._make(event, "LOAN_END", text)

    @staticmethod
    def _lent(event: Event) -> str:
        base, size = event.args[:2]
        return f"{base:#010x}-{(base + size - 1) & 0xFFFF_FFFF:#010x}"

    def _interrupt(self, event: Event) -> Line:
        notification, bits = event.args[:2]
        known = [i["name"] for i in self.meta["interrupts"] if i["line"] == event.code]
        text = f"line {event.code}{f' ({known[0]})' if known else ''} sets {bits:#x} of"
        fields: dict[str, Any] = {"line": event.code}
        if known:
            fields["interrupt"] = known[0]
        if notification < len(self.meta["notifications"]):
            fields["receiver"] = self.meta["notifications"][notification]["receiver"]
        text += f" {self._listed('notification', notification)}"
        return self._make(event, "INTERRUPT", text, fields=fields)

    def _timeout(self, event: Event) -> Line:
        call = self.calls.get(event.code, f"call {event.code}")
        return self._make(event, "TIMEOUT", f"the deadline of its {call} passed")

    def _exhausted(self, event: Event) -> Line:
        owed = f", {event.args[0]} ticks owed" if event.args[0] else ""
        return self._make(event, "EXHAUSTED", f"its budget is spent{owed}")

    def _replenished(self, event: Event) -> Line:
        return self._make(event, "REPLENISHED", f"its budget is {event.args[0]} ticks again")

    def _wake(self, event: Event) -> Line:
        return self._make(event, "WAKE", "its time has come")

    def _idle(self, event: Event) -> Line:
        return self._make(event, "IDLE", f"nothing is ready after {self.thread_name(event.code)}")


def fault_details(fields: dict[str, Any]) -> list[str]:
    """The lines below a fault's, from its fields."""
    pc = "pc unknown" if fields["pc"] is None else f"pc {fields['pc']:#010x}"
    if fields["instruction"]:
        pc += f" `{fields['instruction']}`"
    elif fields["pc"] is None and fields["fault"] == "STACK_OVERFLOW":
        pc += " (no frame could be pushed)"
    sp, status = fields["sp"], fields["status"]
    return [*fields["details"], f"{fields['fault']}: {pc}, sp {sp:#010x}, status {status:#010x}"]


@lru_cache(maxsize=1)
def _abi() -> dict[str, Any]:
    return abi.load()
