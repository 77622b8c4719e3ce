"""Reads `--serial NAME=stdio|pty|tcp:PORT|file:PATH|none`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from k5.errors import K5Error, suggestion
from k5.serialport.end import End, FileEnd, NoEnd
from k5.serialport.ptyend import PtyEnd
from k5.serialport.stdio import StdioEnd
from k5.serialport.tcp import TcpEnd

if TYPE_CHECKING:
    from k5.machine import Machine

KINDS = ("stdio", "pty", "pty:LINK", "tcp:PORT", "file:PATH", "none")


@dataclass(frozen=True)
class Spec:
    """One --serial option."""

    name: str  # of the serial line; empty: the one that there is
    kind: str
    argument: str
    text: str  # as it was written

    def end(self, name: str, say: Callable[[str], None]) -> End:
        """The end that it asks for, not open yet, for the line `name`."""
        title = f"{name}={self.kind}" + (f":{self.argument}" if self.argument else "")
        if self.kind == "stdio":
            return StdioEnd(title, say)
        if self.kind == "pty":
            return PtyEnd(title, say, Path(self.argument) if self.argument else None)
        if self.kind == "tcp":
            return TcpEnd(title, say, int(self.argument))
        if self.kind == "file":
            return FileEnd(title, say, Path(self.argument))
        return NoEnd(title, say)


def parse(text: str) -> Spec:
    """K5Error says what is wrong and what would be right."""
    name, equals, rest = text.partition("=")
    if not equals or ":" in name:  # a path may hold an equals sign
        name, rest = "", text
    kind, colon, argument = rest.partition(":")
    problem = _problem(kind, bool(colon), argument)
    if problem:
        raise K5Error(f"--serial {text}: {problem}")
    return Spec(name, kind, argument, text)


def _problem(kind: str, colon: bool, argument: str) -> str:
    known = [entry.partition(":")[0] for entry in KINDS]
    if kind not in known:
        return f"'{kind}' is no way to connect a serial line{suggestion(kind, KINDS)}"
    if kind in ("stdio", "none") and colon:
        return f"{kind} takes nothing behind a colon"
    if kind == "file" and not argument:
        return "which file? write file:PATH"
    if kind == "pty" and colon and not argument:
        return "which link? write pty:PATH, or pty alone"
    return _port_problem(argument) if kind == "tcp" else ""


def _port_problem(argument: str) -> str:
    if ":" in argument:
        return "TCP is on the loopback interface alone: write tcp:PORT"
    if not argument.isascii() or not argument.isdigit():
        return f"'{argument}' is no port: write tcp:PORT, a number up to 65535; 0: any that is free"
    if int(argument) > 65535:
        return f"port {argument} is more than 65535"
    return ""


def assign(specs: list[Spec], lines: list[str], used: list[str]) -> dict[str, Spec]:
    """Which serial line each option means.

    `lines` are the board's, `used` those that a task of the system holds.
    """
    found: dict[str, Spec] = {}
    for spec in specs:
        name = spec.name or _only(spec, lines, used)
        if name not in lines:
            raise K5Error(f"--serial {spec.text}: no serial line '{name}'{suggestion(name, lines)}")
        if name in found:
            raise K5Error(f"--serial {spec.text}: {name} is connected already ({found[name].text})")
        if spec.kind == "stdio" and any(other.kind == "stdio" for other in found.values()):
            raise K5Error(f"--serial {spec.text}: another line is on stdio already")
        found[name] = spec
    return found


def _only(spec: Spec, lines: list[str], used: list[str]) -> str:
    if len(used) == 1:
        return used[0]
    if not lines:
        raise K5Error(f"--serial {spec.text}: this board has no serial line for tasks")
    if not used:
        known = ", ".join(lines)
        raise K5Error(f"--serial {spec.text}: no task of this system uses a serial line ({known})")
    raise K5Error(
        f"--serial {spec.text}: which line? write NAME={spec.text} ({' or '.join(used)})"
    )


def used(machine: Machine) -> list[str]:
    """The serial lines whose registers a task of the system can reach."""
    meta = machine.built.meta
    regions = [r for task in meta["tasks"] for r in task["regions"]] + meta["regions"]
    spans = [(region["base"], region["base"] + region["bytes"]) for region in regions]
    found = []
    for name in machine.serials():
        base = machine.devices[machine.device_index(name)]["base"]
        if any(start <= base < end for start, end in spans):
            found.append(name)
    return found
