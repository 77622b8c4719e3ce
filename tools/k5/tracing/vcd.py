"""Value change dump (IEEE 1364-2005, clause 18) of pins and serial lines, for wave viewers.

A pin is a wire, as is a device's interrupt line. A serial line is two variables:
the wire as it was, bit by bit, and the character that is on it, for as long as its
frame takes; this one is a string, which GTKWave reads and sigrok skips. A frame
is known only when it ends, so changes wait for HOLD_NS before they are written in
order.
"""

from __future__ import annotations

import heapq
import shutil
import tempfile
from dataclasses import dataclass, replace
from typing import Any, TextIO

from k5.decode import Line
from k5.tracing.selection import Selection
from k5.tracing.simulator import character as spelled

HOLD_NS = 110_000_000  # 11 bits at 100 baud; what a longer frame had before is left out
IDLE, START = 1, 0
NONE = ""  # the character of a line on which there is none
DATA_BITS = 8
FIRST_ID, LAST_ID = 33, 126  # identifiers are made of printable characters


@dataclass(frozen=True)
class Variable:
    """One row of a wave viewer."""

    scope: str
    name: str
    kind: str  # wire or string
    identifier: str
    initial: str

    def declaration(self) -> str:
        """Its line in the header."""
        return f"$var {self.kind} 1 {self.identifier} {self.name} $end"

    def change(self, value: str) -> str:
        """A value change, as the format spells it."""
        if self.kind == "wire":
            return f"{value}{self.identifier}"
        return f"s{value} {self.identifier}"


def identifier(number: int) -> str:
    """The n-th short name."""
    base = LAST_ID - FIRST_ID + 1
    text = chr(FIRST_ID + number % base)
    while number >= base:
        number = number // base - 1
        text += chr(FIRST_ID + number % base)
    return text


def frame_levels(byte: int, bits: int, errors: list[str]) -> list[int]:
    """The levels of a frame, bit by bit: start, data with the lowest bit first, stop bits.

    A parity bit is not told apart from a second stop bit by what the trace knows; it is drawn high.
    """
    if "break" in errors:
        return [START] * bits
    data = [byte >> place & 1 for place in range(min(DATA_BITS, max(bits - 2, 0)))]
    rest = max(bits - 1 - len(data), 0)
    return [START, *data, *[0 if "framing" in errors else IDLE] * rest]


class Vcd:
    """Writes the changes to a temporary file, and all at the end: the header comes first, and
    names what the trace had."""

    def __init__(self, out: TextIO, selection: Selection) -> None:
        self._out = out
        self._selection = selection
        self._variables: dict[tuple[str, str], Variable] = {}
        self._waiting: list[tuple[int, int, str, str]] = []  # heap: ns, order, identifier, change
        self._order = 0
        self._values: dict[str, str] = {}
        self._written_ns = selection.begin
        self._system = ""
        self._body = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115

    def write(self, line: Line) -> None:
        """One more line of the trace."""
        fields = line.fields
        if line.kind == "BOOT":
            self._system = f"{fields.get('system', '?')} on {fields.get('board', '?')}"
        if line.ns > self._selection.end:
            return
        self._release(line.ns - HOLD_NS)
        if line.kind == "PIN":
            self._wire(line, "pins", _name(fields["pin"]), fields["high"])
        elif line.kind == "LINE":
            name = f"{_name(fields['device'])}_line_{fields['line']}"
            self._wire(line, "interrupts", name, fields["raised"])
        elif line.kind == "SERIAL" and self._selection.line(line):
            self._serial(line)

    def close(self, ns: int) -> None:
        """The trace ends at `ns`: the file is put together."""
        self._release(1 << 63)
        end = min(ns, self._selection.end)
        if end > self._written_ns and self._variables:
            self._body.write(f"#{end}\n")
        self._header()
        self._body.seek(0)
        shutil.copyfileobj(self._body, self._out)
        self._body.close()

    def _header(self) -> None:
        write = self._out.write
        write(f"$version K5 $end\n$comment {self._system} $end\n$timescale 1 ns $end\n")
        for scope in sorted({variable.scope for variable in self._variables.values()}):
            write(f"$scope module {scope} $end\n")
            for variable in self._variables.values():
                if variable.scope == scope:
                    write(variable.declaration() + "\n")
            write("$upscope $end\n")
        write(f"$enddefinitions $end\n#{self._selection.begin}\n$dumpvars\n")
        for variable in self._variables.values():
            write(variable.change(variable.initial) + "\n")
        write("$end\n")

    # ---- changes

    def _variable(self, scope: str, name: str, kind: str, initial: str) -> Variable:
        key = (scope, name)
        if key not in self._variables:
            made = Variable(scope, name, kind, identifier(len(self._variables)), initial)
            self._variables[key] = made
        return self._variables[key]

    def _set(self, variable: Variable, ns: int, value: str) -> None:
        self._order += 1
        change = variable.change(value)
        heapq.heappush(self._waiting, (ns, self._order, variable.identifier, change))

    def _release(self, until: int) -> None:
        """Writes the changes up to a time; nothing earlier can come any more."""
        while self._waiting and self._waiting[0][0] <= until:
            ns = self._waiting[0][0]
            last: dict[str, str] = {}  # of changes at the same time the last one counts
            while self._waiting and self._waiting[0][0] == ns:
                _, _, name, change = heapq.heappop(self._waiting)
                last[name] = change
            self._put(ns, {n: c for n, c in last.items() if self._values.get(n) != c})

    def _put(self, ns: int, changes: dict[str, str]) -> None:
        if not changes:
            return
        at = max(ns, self._selection.begin)
        if at > self._written_ns:
            self._body.write(f"#{at}\n")
            self._written_ns = at
        for name, change in changes.items():
            self._values[name] = change
            self._body.write(change + "\n")

    def _wire(self, line: Line, scope: str, name: str, level: Any) -> None:
        """Before the window the last level counts: it is the one that the window begins with."""
        if line.ns < self._selection.begin:
            variable = self._variable(scope, name, "wire", "x")
            self._variables[scope, name] = replace(variable, initial=str(level))
        elif self._selection.line(line):
            self._set(self._variable(scope, name, "wire", "x"), line.ns, str(level))

    def _serial(self, line: Line) -> None:
        fields: dict[str, Any] = line.fields
        scope, way = _name(fields["device"]), _name(fields["direction"])
        character = self._variable(scope, f"{way}_character", "string", NONE)
        sign = spelled(int(fields["byte"])).replace(" ", "\\x20")  # a space would end it
        frame = int(fields.get("frame_ns", 0))
        if not frame:
            self._set(character, line.ns, sign)
            return
        wire = self._variable(scope, way, "wire", str(IDLE))
        begin, bits = line.ns - frame, int(fields["bits"])
        oldest = line.ns - HOLD_NS
        self._set(character, max(begin, oldest), sign)
        self._set(character, line.ns, NONE)
        for place, level in enumerate(frame_levels(int(fields["byte"]), bits, fields["errors"])):
            self._set(wire, max(begin + frame * place // bits, oldest), str(level))
        self._set(wire, line.ns, str(IDLE))


def _name(text: Any) -> str:
    """A name without the spaces that would end it."""
    return "_".join(str(text).split()) or "_"
