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


def can_contain(template: str, text: str, strings: bytes = b"") -> bool:
    """Whether a line of this format can contain the text. What %s becomes is a constant of the
    task's file: some piece of `strings`."""
    if "%" not in template:
        return text in template
    parts = tokens(template)
    # A place in the format, and where in the text the %s began that is there.
    places = {(at, 0) for at in range(len(parts) + 1)}
    for index, char in enumerate(text):
        after: set[tuple[int, int]] = set()
        for at, begun in _skipping(parts, places, text, index, strings):
            part = parts[at] if at < len(parts) else ""
            if part is ANYTHING or (isinstance(part, frozenset) and char in part):
                after.add((at, begun))
            elif isinstance(part, str) and part == char:
                after.add((at + 1, index + 1))
        places = after
    return any(_whole(parts, place, text, len(text), strings) for place in places)


def _whole(
    parts: list[Token], place: tuple[int, int], text: str, end: int, strings: bytes
) -> bool:
    """Whether what stands for a %s so far can be one."""
    at, begun = place
    if at == len(parts) or parts[at] is not ANYTHING:
        return True
    return text[begun:end].encode() in strings


def _skipping(
    parts: list[Token], places: Iterable[tuple[int, int]], text: str, end: int, strings: bytes
) -> Iterator[tuple[int, int]]:
    """The places, and those behind stretches that are over, or empty."""
    seen: set[tuple[int, int]] = set()
    todo = list(places)
    while todo:
        place = todo.pop()
        if place in seen:
            continue
        seen.add(place)
        at = place[0]
        stretch = at < len(parts) and not isinstance(parts[at], str)
        if stretch and _whole(parts, place, text, end, strings):
            todo.append((at + 1, end))
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
