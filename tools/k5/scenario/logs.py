"""Which log lines a task can print: is a text that a scenario waits for one of them?

A line's format stands in the task's ELF file (user/libk5/k5_log.h). A conversion may
become many texts, so a format is a small automaton that a piece of a line must fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from k5.elf import ElfFile, text_at
from k5.errors import nearest

_CONVERSION = re.compile(r"%[-+ 0#]*\d*(?:\.\d+)?(?:hh|h|ll|l|z|t|j)?([diuxXocps%])")
_NUMBER, _HEX = frozenset("-+ 0123456789"), frozenset("-+ 0123456789abcdefABCDEFxX")
ANYTHING = None

# A character, or a stretch of any length: of some characters, or of all.
Token = str | frozenset[str] | None


def formats(elf: ElfFile) -> list[tuple[str, str]]:
    """(FILE:LINE, FORMAT) of each log line of a task."""
    section = elf.sections.get(".k5log")
    found, at = [], 0
    data = section.data if section else b""
    while at < len(data):
        if data[at] == 0:  # between two files' lines
            at += 1
            continue
        where = text_at(data, at)
        at += len(where.encode()) + 1
        found.append((where, text_at(data, at)))
        at += len(found[-1][1].encode()) + 1
    return found


def tokens(template: str) -> list[Token]:
    """What a line of this format is made of."""
    out: list[Token] = []
    at = 0
    for found in _CONVERSION.finditer(template):
        out += template[at : found.start()]
        kind = found[1]
        if kind == "%":
            out.append("%")
        else:
            out.append(_NUMBER if kind in "diu" else _HEX if kind in "xXop" else ANYTHING)
        at = found.end()
    return [*out, *template[at:]]


def can_contain(template: str, text: str) -> bool:
    """Whether a line of this format can contain the text."""
    if "%" not in template:
        return text in template
    parts = tokens(template)
    states = set(range(len(parts) + 1))
    for char in text:
        after: set[int] = set()
        for state in _skipping(parts, states):
            part = parts[state] if state < len(parts) else ""
            if part is ANYTHING or (isinstance(part, frozenset) and char in part):
                after.add(state)
            elif isinstance(part, str) and part == char:
                after.add(state + 1)
        states = after
    return bool(states)


def _skipping(parts: list[Token], states: Iterable[int]) -> Iterator[int]:
    """The states, and those behind stretches that are over, or empty."""
    seen: set[int] = set()
    todo = list(states)
    while todo:
        state = todo.pop()
        if state in seen:
            continue
        seen.add(state)
        if state < len(parts) and not isinstance(parts[state], str):
            todo.append(state + 1)
    return iter(seen)


def hint(text: str, known: Iterable[str]) -> str:
    """The format that was probably meant, or some that there are."""
    lines = sorted(set(known))
    if not lines:
        return " (there are none)"
    lower = {line.lower(): line for line in lines}
    meant = nearest(text, lower)
    if meant:
        return f' (did you mean "{lower[meant]}"?)'
    some = ", ".join(f'"{line}"' for line in lines[:4])
    return f" (there are {some}{', ...' if len(lines) > 4 else ''})"
