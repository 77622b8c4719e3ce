"""Line numbers for TOML: tomllib checks and reads, this finds where a value stands.

The scanner walks text that tomllib has already accepted, so it may trust its
form and only has to tell keys, strings, comments and brackets apart.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from k5.errors import K5Error
from k5.paths import shown

Key = tuple[str | int, ...]

_KEY = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)\s*""")
_STRINGS = ('"""', "'''", '"', "'")


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Key, int] = {(): 1}
        self.arrays: dict[Key, int] = {}

    def line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

    def note(self, key: Key) -> None:
        for length in range(1, len(key) + 1):
            self.lines.setdefault(key[:length], self.line())

    def blank(self) -> None:
        """Over white space, line ends and comments."""
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif char.isspace():
                self.at += 1
            else:
                return

    def dotted(self) -> Key:
        parts: list[str | int] = []
        while True:
            match = _KEY.match(self.text, self.at)
            if not match:
                return tuple(parts)
            word = match[1]
            parts.append(word[1:-1] if word[0] in "\"'" else word)
            self.at = match.end()
            if self.text[self.at : self.at + 1] != ".":
                return tuple(parts)
            self.at += 1

    def string(self, quote: str) -> None:
        self.at += len(quote)
        while not self.text.startswith(quote, self.at):
            self.at += 2 if quote[0] == '"' and self.text[self.at] == "\\" else 1
        self.at += len(quote)

    def value(self, key: Key) -> None:
        self.blank()
        self.note(key)
        char = self.text[self.at]
        quote = next((q for q in _STRINGS if self.text.startswith(q, self.at)), None)
        if quote:
            self.string(quote)
        elif char == "[":
            self.array(key)
        elif char == "{":
            self.inline_table(key)
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}#\n":
                self.at += 1

    def array(self, key: Key) -> None:
        self.at += 1
        index = 0
        while True:
            self.blank()
            if self.text[self.at] == "]":
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self.value((*key, index))
            index += 1

    def inline_table(self, key: Key) -> None:
        self.at += 1
        while True:
            self.blank()
            if self.text[self.at] == "}":
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self.assignment(key)

    def assignment(self, table: Key) -> None:
        key = (*table, *self.dotted())
        self.note(key)
        self.at += 1  # the equals sign
        self.value(key)

    def header(self) -> Key:
        array = self.text.startswith("[[", self.at)
        line_at = self.at
        self.at += 2 if array else 1
        key = self.dotted()
        self.at += 2 if array else 1
        if array:
            index = self.arrays.get(key, 0)
            self.arrays[key] = index + 1
            key = (*key, index)
        after, self.at = self.at, line_at
        self.note(key)
        self.at = after
        return key

    def scan(self) -> dict[Key, int]:
        table: Key = ()
        while True:
            self.blank()
            if self.at >= len(self.text):
                return self.lines
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.assignment(table)


class TomlFile:
    """A TOML file with the line of each of its keys and array elements."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_bytes().decode()
        except FileNotFoundError:
            raise K5Error(f"{shown(path)}: no such file") from None
        except IsADirectoryError:
            raise K5Error(f"{shown(path)}: is a folder, not a TOML file") from None
        except UnicodeDecodeError as problem:
            raise K5Error(f"{shown(path)}: not UTF-8 text: byte {problem.start}") from None
        text = text.replace("\r\n", "\n")
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as problem:
            raise K5Error(self._syntax(text, str(problem))) from None
        self.lines = _Scanner(text).scan()

    def _syntax(self, text: str, message: str) -> str:
        found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
        line = int(found[1]) if found and found[1] else text.count("\n") + 1
        reason = message[: found.start()] if found else message
        lines = text.split("\n")
        source = lines[line - 1].strip() if line <= len(lines) else ""
        twice = re.search(r"Cannot declare \((.*?),?\) twice", reason)
        if twice:
            name = ".".join(re.findall(r"'([^']*)'", twice[1]))
            return f"{shown(self.path)}:{line}: duplicate name '{name}'"
        if reason == "Cannot overwrite a value":
            reason = "duplicate key"
        else:
            reason = f"TOML syntax: {reason}"
        return f"{shown(self.path)}:{line}: {reason}" + (f": {source}" if source else "")

    def line(self, *key: str | int) -> int:
        """The line of a key, or of the nearest table around it; the file itself has line 1."""
        length = next(n for n in range(len(key), -1, -1) if key[:n] in self.lines)
        return self.lines[key[:length]]

    def file_of(self, *key: str | int) -> TomlFile:
        """The file that a key stands in: this one; see JoinedToml."""
        del key
        return self

    def where(self, *key: str | int) -> str:
        """FILE:LINE of a key, or of the nearest table around it."""
        file = self.file_of(*key)
        return f"{shown(file.path)}:{TomlFile.line(file, *key)}"

    def paths(self) -> list[Path]:
        """The files that it was read from."""
        return [self.path]


class JoinedToml(TomlFile):
    """Several files as one: the tables [KIND.NAME] of all of them, no two alike.

    What the parts have beside such tables is left out.
    """

    def __init__(self, main: TomlFile, parts: list[TomlFile]) -> None:
        self.path = main.path
        self.lines = main.lines
        self.data = dict(main.data)
        self.files = [main, *parts]
        self.twice: list[str] = []  # a message for each name that two files have
        self._owner: dict[Key, TomlFile] = {}
        for file in parts:
            for kind, tables in file.data.items():
                if isinstance(tables, dict):
                    self._add(file, kind, tables)

    def _add(self, file: TomlFile, kind: str, tables: dict[str, Any]) -> None:
        known = self.data.get(kind, {})
        if not isinstance(known, dict):
            return  # a mistake of the main file, which is complained about there
        for name in set(known) & set(tables):
            here = self.where(kind, name)
            self.twice.append(f"{here}: '{kind}.{name}' is in {file.where(kind, name)} already")
        self.data[kind] = {**tables, **known}
        for name in set(tables) - set(known):
            self._owner[kind, name] = file

    def file_of(self, *key: str | int) -> TomlFile:
        return self._owner.get(key[:2], self.files[0])

    def line(self, *key: str | int) -> int:
        return TomlFile.line(self.file_of(*key), *key)

    def paths(self) -> list[Path]:
        return [file.path for file in self.files]
