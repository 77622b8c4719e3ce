"""A small reader of value change dumps: IEEE 1364-2005 clause 18, and strings as GTKWave has them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Wave:
    """A variable: its kind and its changes, (time, value)."""

    kind: str
    changes: list[tuple[int, str]] = field(default_factory=list)

    def at(self, time: int) -> str:
        """The value at a time."""
        return [value for when, value in self.changes if when <= time][-1]


@dataclass
class Dump:
    """A parsed file."""

    timescale: str = ""
    waves: dict[str, Wave] = field(default_factory=dict)  # SCOPE.NAME
    end: int = 0


def parse(text: str) -> Dump:
    """Reads a file; ValueError where it breaks the rules."""
    dump, ids, scopes = Dump(), {}, []
    words = iter(text.split())
    for word in words:
        if word == "$enddefinitions":
            _until_end(words)
            break
        body = _until_end(words)
        if word == "$timescale":
            dump.timescale = " ".join(body)
        elif word == "$scope":
            scopes.append(body[1])
        elif word == "$upscope":
            scopes.pop()
        elif word == "$var":
            name = ".".join([*scopes, body[3]])
            if body[2] in ids or name in dump.waves:
                raise ValueError(f"{name} is declared twice")
            ids[body[2]] = dump.waves[name] = Wave(body[0])
        elif word not in ("$version", "$comment", "$date"):
            raise ValueError(f"{word} in the header")
    else:
        raise ValueError("no $enddefinitions")
    if scopes:
        raise ValueError("a scope is not closed")
    _values(dump, ids, words)
    return dump


def _until_end(words) -> list[str]:  # type: ignore[no-untyped-def]
    body = []
    for word in words:
        if word == "$end":
            return body
        body.append(word)
    raise ValueError("no $end")


def _values(dump: Dump, ids: dict[str, Wave], words) -> None:  # type: ignore[no-untyped-def]
    time: int | None = None
    for word in words:
        if word.startswith("#"):
            if time is not None and int(word[1:]) <= time:
                raise ValueError(f"time goes from {time} to {word}")
            time = dump.end = int(word[1:])
        elif word in ("$dumpvars", "$end"):
            continue
        elif time is None:
            raise ValueError(f"{word} before the first time")
        elif word[0] in "01xz":
            _change(ids[word[1:]], time, word[0], "wire")
        elif word[0] == "s":
            _change(ids[next(words)], time, word[1:], "string")
        else:
            raise ValueError(f"no value change: {word}")


def _change(wave: Wave, time: int, value: str, kind: str) -> None:
    if kind != wave.kind:
        raise ValueError(f"'{value}' is no value of a {wave.kind}")
    wave.changes.append((time, value))
