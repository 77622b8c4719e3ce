"""A trace file read back is what was written; what is none is named with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from k5 import builder
from k5.decode import Decoder, Line
from k5.engine import Run
from k5.errors import K5Error
from k5.tracing.reader import read
from trace_lines import boot, enter, line


@pytest.fixture(scope="module")
def demo() -> list[Line]:
    built = builder.build(builder.find("demo"))
    decoder = Decoder(built)
    return [decoder.line(event) for event in Run(built, kernel_events=True)]


def test_read_back_is_what_was_written(demo: list[Line], tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text("".join(each.json() + "\n" for each in demo))
    back = list(read(path))
    assert {"FAULT", "LOG", "TASK", "ENTER", "BOOT"} <= {each.kind for each in back}
    assert [each.json() for each in back] == [each.json() for each in demo]
    assert [each.human() for each in back] == [each.human() for each in demo]


def lines(**changes: Any) -> list[str]:
    """Three good lines, the last one with changes."""
    last = json.loads(enter(7, "a", "call").json()) | changes
    good = [boot("a").json(), line(5, "LOG", "a", text="hello", level="INFO").json()]
    return [*good, json.dumps({key: value for key, value in last.items() if value is not ...})]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": holds no events; a trace is what"),
        ("hello\n", ":1: this is no JSON object; a trace is what"),
        ("[1]\n", ":1: this is no JSON object"),
        ("\n".join(lines(time=...)), ":3: no 'time'"),
        ("\n".join(lines(time="7")), ":3: 'time' is \"7\", which it cannot be"),
        ("\n".join(lines(time=True)), ":3: 'time' is true"),
        ("\n".join(lines(time=3)), ":3: time goes back, from tick 5 to 3"),
        ("\n".join(lines(time=-1)), ":3: 'time' is -1"),
        ("\n".join(lines(kind="ENTR")), ":3: unknown kind 'ENTR'"),
        ("\n".join(lines(args=[1])), ":3: 'args' are not 6 words"),
        ("\n".join(lines(call=...)), ":3: a line of kind ENTER without 'call'"),
        ("\n".join(lines(kind="PIN")), ":3: a line of kind PIN without 'pin'"),
        ("\n".join(lines(kind="BOOT", threads=[1])), ":3: 'threads' are not threads"),
        ("\n".join(lines())[:-9], ":3: cut off"),
    ],
)
def test_damage_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text(text)
    with pytest.raises(K5Error) as caught:
        list(read(path))
    assert f"{path}{message}" in str(caught.value)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(lines()[0].encode() + b"\n\xff\xfe\x00")
    with pytest.raises(K5Error, match=r"trace.jsonl:\d: this is no text"):
        list(read(path))


def test_what_came_before_the_damage_is_there(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text("\n".join([*lines()[:2], "{"]))
    found = []
    with pytest.raises(K5Error, match=":3: cut off"):
        for each in read(path):
            found.append(each.kind)
    assert found == ["BOOT", "LOG"]
