"""Perfetto files: structure, slices, arrows, windows."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any

import pytest
from k5 import builder
from k5.decode import Decoder, Line
from k5.engine import Run
from k5.tracing.perfetto import Perfetto
from k5.tracing.selection import Selection
from perfetto_check import names, problems, slices
from trace_lines import boot, enter, line, received, result, switch


def written(lines: Iterable[Line], selection: Selection | None = None, end_us: int = 0) -> Any:
    out = io.StringIO()
    writer = Perfetto(out, selection or Selection())
    last = 0
    for each in lines:
        writer.write(each)
        last = each.ns
    writer.close(end_us * 1000 or last)
    data = json.loads(out.getvalue())
    assert problems(data) == []
    return data


def of(data: Any, name: str) -> list[tuple[str, float, float]]:
    """The slices on a thread's track."""
    return slices(data).get(names(data)[name], [])


def named(data: Any, phase: str) -> list[tuple[str, float]]:
    return [(e["name"], e["ts"]) for e in data["traceEvents"] if e["ph"] == phase]


CALL = [
    boot("a", "s"),
    switch(0, "s"),
    enter(1, "s", "recv"),
    switch(1, "a"),
    enter(4, "a", "call", receiver="s", object="endpoint door"),
    received(4, "s"),
    switch(4, "s"),
    enter(9, "s", "reply_recv", 0x100),
    result(9, "a", "call", message="SHORT"),
    switch(9, "a"),
    line(12, "HALT"),
]


def test_slices_fill_a_threads_track_and_say_what_it_waits_for() -> None:
    data = written(CALL)
    assert of(data, "a") == [
        ("ready", 0, 1), ("running", 1, 4), ("call door", 4, 9), ("running", 9, 12),
    ]  # fmt: skip
    assert of(data, "s") == [("running", 0, 1), ("recv", 1, 4), ("running", 4, 9),
                             ("reply_recv", 9, 12)]  # fmt: skip
    assert of(data, "runs") == [("s", 0, 1), ("a", 1, 4), ("s", 4, 9), ("a", 9, 12)]


def test_messages_and_replies_are_arrows() -> None:
    data = written(CALL)
    assert named(data, "s") == [("call", 4), ("reply", 9)]
    assert named(data, "f") == [("call", 4), ("reply", 9)]
    first = next(e for e in data["traceEvents"] if e["ph"] == "f")
    assert (first["pid"], first["tid"]) == names(data)["s"]


def test_an_entry_that_takes_no_time_is_an_instant_with_its_result() -> None:
    told = [boot("a"), switch(0, "a"), enter(3, "a", "time"), result(3, "a", "time"),
            line(5, "HALT")]  # fmt: skip
    data = written(told)
    assert ("time() = OK", 3) in named(data, "i")
    assert of(data, "a") == [("running", 0, 5)]


def test_a_result_that_comes_later_is_told_when_it_comes() -> None:
    assert ("call = OK", 9) in named(written(CALL), "i")


def test_an_interrupt_is_masked_until_its_driver_acknowledges_it() -> None:
    told = [
        boot("d"),
        switch(0, "d"),
        enter(1, "d", "wait"),
        line(1, "IDLE"),
        line(6, "INTERRUPT", line=9, interrupt="tick", receiver="d"),
        result(6, "d", "wait"),
        switch(6, "d"),
        enter(8, "d", "irq_ack", object="interrupt tick"),
        result(8, "d", "irq_ack"),
        line(10, "HALT"),
    ]
    data = written(told)
    assert of(data, "tick") == [("masked", 6, 8)]
    assert named(data, "s") == [("tick", 6)]


def test_pins_are_counters_and_characters_last_as_long_as_their_frame() -> None:
    told = [
        boot("a"),
        line(2, "PIN", "a", pin="PA5", high=1, driver="chip"),
        line(90, "SERIAL", device="uart1", direction="tx", byte=75, errors=["parity"],
             frame_ns=87_000, bits=10),  # fmt: skip
    ]
    data = written(told)
    assert [(n, t) for n, t in named(data, "C") if n == "PA5"] == [("PA5", 2)]
    character = next(e for e in data["traceEvents"] if e["ph"] == "X")
    assert (character["name"], character["ts"], character["dur"]) == ("'K' (parity)", 3, 87)


def test_a_window_shows_what_went_on_before_it() -> None:
    data = written(CALL, Selection(begin=5_000, end=11_000))
    assert of(data, "a") == [("call door", 5, 9), ("running", 9, 11)]
    assert named(data, "s") == [("reply", 9)]
    assert all(5 <= e["ts"] <= 11 for e in data["traceEvents"] if "ts" in e)


def test_threads_can_be_chosen() -> None:
    data = written(CALL, Selection.of(threads=["a"]))
    assert of(data, "a") and "s" not in names(data)
    assert named(data, "s") == []  # an arrow needs both its ends


def test_states_go_on_to_the_end_of_the_run() -> None:
    data = written(CALL[:4], end_us=20)
    assert of(data, "a")[-1] == ("running", 1, 20)


@pytest.mark.parametrize("name", ["demo", "queue", "suite_interrupt"])
def test_whole_runs_have_a_sound_structure(name: str) -> None:
    built = builder.build(builder.find(name))
    decoder = Decoder(built)
    lines = [decoder.line(event) for event in Run(built, kernel_events=True)]
    data = written(lines)
    assert {"s", "f", "B", "E", "i", "M"} <= {e["ph"] for e in data["traceEvents"]}
    logged = [each.text for each in lines if each.kind == "LOG"]
    assert [n for n, _ in named(data, "i") if n in set(logged)] == logged
    middle = lines[len(lines) // 2].ns
    written(lines, Selection(begin=middle // 2, end=middle))
