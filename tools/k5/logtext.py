"""Log lines: the text stays in the ELF file's .k5log section, the words come with the event."""

from __future__ import annotations

import re
from collections.abc import Sequence

from k5.elf import ElfFile, text_at

_CONVERSION = re.compile(r"%([-+ 0#]*)(\d+)?(?:\.(\d+))?(?:hh|h|ll|l|z|t|j)?([diuxXocps%])")


def lookup(elf: ElfFile, line_id: int) -> tuple[str, str] | None:
    """(FILE:LINE, FORMAT) of a log line; None where the id is none."""
    section = elf.sections.get(".k5log")
    if section is None or line_id >= len(section.data):
        return None
    where = text_at(section.data, line_id)
    return where, text_at(section.data, line_id + len(where.encode()) + 1)


def _signed(word: int) -> int:
    return word - 2**32 if word & 0x8000_0000 else word


def _one(elf: ElfFile, conversion: str, flags: str, width: str, precision: str, word: int) -> str:
    """One conversion, as C's printf would do it on a 32-bit machine."""
    if conversion == "s":
        text = elf.string_at(word)
        value: object = text if text is not None else f"<string at {word:#010x}>"
        precise = f".{precision}" if precision else ""
        return f"%{'-' if '-' in flags else ''}{width}{precise}s" % value
    if conversion == "c":
        char = chr(word & 0xFF) if 32 <= word & 0xFF < 127 else f"\\x{word & 0xFF:02x}"
        return f"%{'-' if '-' in flags else ''}{width}s" % char
    if conversion == "p":
        return f"%{flags.replace('0', '')}{width}s" % f"{word:#010x}"
    if conversion == "u":
        conversion = "d"
    elif conversion in "di":
        conversion, word = "d", _signed(word)
    if conversion == "o" and "#" in flags:
        flags = flags.replace("#", "")
        word_text = f"0{word:o}" if word else "0"
        return f"%{flags}{width}s" % word_text
    precise = f".{precision}" if precision else ""
    return f"%{flags}{width}{precise}{conversion}" % word


def render(elf: ElfFile, template: str, words: Sequence[int]) -> str:
    """The text of a line; a word that is missing shows as <?>."""
    rest = list(words)

    def convert(match: re.Match[str]) -> str:
        flags, width, precision, conversion = match[1], match[2] or "", match[3] or "", match[4]
        if conversion == "%":
            return "%"
        if not rest:
            return "<?>"
        return _one(elf, conversion, flags, width, precision, rest.pop(0))

    return _CONVERSION.sub(convert, template)
