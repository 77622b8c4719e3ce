"""What a serial line's console shows: lines of coloured characters, with scrollback.

Understands what simple shells send: CR, LF, backspace, tab, and of ANSI's
sequences colours, "erase line", "clear screen" and cursor moves within the line;
others are taken out of sight.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_LINES = 5000
TAB = 8
PLAIN = -1  # a colour: the console's own
LONGEST_SEQUENCE = 32


@dataclass
class Row:
    """One line: characters, and a colour for each."""

    text: list[str] = field(default_factory=list)
    colours: list[int] = field(default_factory=list)

    def runs(self) -> list[tuple[str, int]]:
        """Stretches of one colour."""
        found: list[tuple[str, int]] = []
        start = 0
        for at in range(1, len(self.text) + 1):
            if at == len(self.text) or self.colours[at] != self.colours[start]:
                found.append(("".join(self.text[start:at]), self.colours[start]))
                start = at
        return found


class Terminal:
    """Feed it what the board sends; `rows` is what came of it, the last one is being written."""

    def __init__(self) -> None:
        self.rows: list[Row] = [Row()]
        self.column = 0
        self.version = 0  # changes with what is shown
        self.floor = 0  # place of the first row since the screen was cleared
        self.dropped = 0  # rows that left the scrollback
        self._colour = PLAIN
        self._bright = False
        self._sequence: str | None = None  # an escape sequence in progress
        self._pending = b""  # of a character of several bytes

    def feed(self, data: bytes) -> None:
        """Characters from the line; UTF-8, and whatever is not shows as U+FFFD."""
        if not data:
            return
        for character in self._decoded(data):
            if self._sequence is not None:
                self._in_sequence(character)
            else:
                self._plain(character)
        self.version += 1

    def _decoded(self, data: bytes) -> str:
        data = self._pending + data
        keep = 0
        for back in range(1, min(4, len(data) + 1)):  # an unfinished character at the end
            byte = data[-back]
            if byte >= 0xC0:
                keep = back if back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else 0
                break
            if byte < 0x80:
                break
        self._pending = data[len(data) - keep :]
        return data[: len(data) - keep].decode("utf-8", "replace")

    def _plain(self, character: str) -> None:
        if character == "\n":
            self._new_line()
        elif character == "\r":
            self.column = 0
        elif character == "\b":
            self.column = max(self.column - 1, 0)
        elif character == "\t":
            for _ in range(TAB - self.column % TAB):
                self._put(" ")
        elif character == "\x1b":
            self._sequence = ""
        elif character >= " " and character != "\x7f":
            self._put(character)

    def _new_line(self) -> None:
        self.rows.append(Row())
        self.column = 0
        if len(self.rows) > MOST_LINES:
            del self.rows[0]
            self.dropped += 1
            self.floor = max(self.floor - 1, 0)

    def _put(self, character: str) -> None:
        row = self.rows[-1]
        while len(row.text) < self.column:
            row.text.append(" ")
            row.colours.append(PLAIN)
        colour = self._shown_colour()
        if self.column < len(row.text):
            row.text[self.column], row.colours[self.column] = character, colour
        else:
            row.text.append(character)
            row.colours.append(colour)
        self.column += 1

    def _shown_colour(self) -> int:
        if self._colour == PLAIN:
            return 15 if self._bright else PLAIN
        return self._colour + 8 if self._bright and self._colour < 8 else self._colour

    def _in_sequence(self, character: str) -> None:
        assert self._sequence is not None
        if self._sequence == "" and character != "[":
            self._sequence = None  # a sequence of two characters: nothing that shows
            return
        self._sequence += character
        if self._sequence == "[":
            return
        if "@" <= character <= "~":
            sequence, self._sequence = self._sequence[1:-1], None
            self._obey(character, sequence)
        elif len(self._sequence) > LONGEST_SEQUENCE:
            self._sequence = None

    def _obey(self, letter: str, argument: str) -> None:
        numbers = [int(part) if part.isdigit() else 0 for part in argument.lstrip("?").split(";")]
        first = numbers[0]
        if letter == "m":
            self._set_colours(numbers)
        elif letter == "K":
            self._erase_line(first)
        elif letter == "J" and first >= 2:
            self._new_line()
            self.floor = len(self.rows) - 1
        elif letter == "H":
            self.column = 0
        elif letter == "C":
            self.column += min(max(first, 1), 512)
        elif letter == "D":
            self.column = max(self.column - max(first, 1), 0)
        elif letter == "G":
            self.column = min(max(first - 1, 0), 512)

    def _erase_line(self, how: int) -> None:
        row = self.rows[-1]
        if how == 0:
            del row.text[self.column :], row.colours[self.column :]
        elif how == 2:
            self.rows[-1] = Row()
        else:
            end = min(self.column + 1, len(row.text))
            row.text[:end], row.colours[:end] = [" "] * end, [PLAIN] * end

    def _set_colours(self, numbers: list[int]) -> None:
        for number in numbers:
            if number == 0:
                self._colour, self._bright = PLAIN, False
            elif number in (1, 22):
                self._bright = number == 1
            elif 30 <= number <= 37:
                self._colour = number - 30
            elif 90 <= number <= 97:
                self._colour = number - 90 + 8
            elif number == 39:
                self._colour = PLAIN
