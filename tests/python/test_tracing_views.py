"""The timeline for the terminal, the tables of top, and what selections leave out."""

from __future__ import annotations

import pytest
from k5.errors import K5Error
from k5.tracing import table
from k5.tracing.draw import Draw
from k5.tracing.selection import Selection, spelled
from k5.tracing.states import State
from k5.tracing.summary import Summary
from k5.tracing.table import time_text
from k5.tracing.timeline import STRETCHES, Timeline
from trace_lines import boot, enter, line, received, result, switch

RUN = [
    boot("a", "s"),
    switch(0, "s"),
    enter(1, "s", "recv", object="endpoint door"),
    switch(1, "a"),
    line(20, "LOG", "a", text="half way", level="INFO"),
    enter(40, "a", "call", receiver="s"),
    received(40, "s"),
    switch(40, "s"),
    line(50, "FAULT", "s"),
    line(50, "TASK", "s", state="BACKOFF"),
    result(50, "a", "call", "E_RESTARTED"),
    switch(50, "a"),
    enter(60, "a", "sleep"),
    line(60, "IDLE"),
    line(80, "HALT"),
]


def drawn(selection: Selection | None = None, **how: object) -> list[str]:
    draw = Draw(selection or Selection())
    for each in RUN:
        draw.write(each)
    draw.close(80_000)
    return draw.text(**how).splitlines()  # type: ignore[arg-type]


def test_timeline_shows_who_runs_waits_and_says_what() -> None:
    out = drawn(width=44)  # 40 columns of 2 us, of which a half is enough
    assert out[1] == "a │" + "█" * 20 + "·" * 5 + "█" * 5 + "·" * 10 + "│"
    assert out[2] == "   " + " " * 10 + "1"
    assert out[3] == "s │█" + "·" * 19 + "█" * 5 + " " * 15 + "│"
    assert out[4] == "   " + " " * 25 + "!"
    assert [text for text in out if "half way" in text] == ["1     0.000020  a half way"]


def test_timeline_fits_into_its_width_and_into_ascii() -> None:
    for width in (40, 80, 200):
        assert max(len(text) for text in drawn(width=width)[:6]) <= width
    plain = "\n".join(drawn(width=80, unicode=False))
    assert plain.isascii() and "#" in plain
    assert "\033" not in plain
    assert "\033[" in "\n".join(drawn(width=80, colour=True))


def test_timeline_of_a_window_and_of_some_threads() -> None:
    out = drawn(Selection.of(threads=["a"], begin_us=40, end_us=60), width=24)
    assert out[0].split() == ["40us", "60us"]
    assert out[1] == "a │" + "·" * 10 + "█" * 10 + "│"
    assert not any(text.startswith("s ") for text in out)


def test_pins_are_drawn_as_levels() -> None:
    draw = Draw(Selection())
    for each in (boot("a"), switch(0, "a"), *(
        line(us, "PIN", pin="led", high=high, driver="chip") for us, high in ((10, 1), (30, 0))
    )):  # fmt: skip
        draw.write(each)
    draw.close(40_000)
    row = next(t for t in draw.text(width=50).splitlines() if t.startswith("pin led"))
    assert row == "pin led │" + " " * 10 + "▔" * 20 + "▁" * 10 + "│"


def test_stretches_stay_bounded_and_keep_all_time() -> None:
    timeline = Timeline()
    for number in range(30_000):
        timeline.add("a", State.RUNNING, number * 700, number * 700 + 300)
    cells = timeline.spent["a"][State.RUNNING]
    assert len(cells) <= STRETCHES
    assert sum(cells) == pytest.approx(30_000 * 300)
    shares = [column[State.RUNNING] for column in timeline.columns("a", 60, 30_000 * 700)]
    assert all(share == pytest.approx(3 / 7, abs=0.01) for share in shares)


def summed() -> Summary:
    summary = Summary()
    for each in RUN:
        summary.write(each)
    summary.close(80_000)
    return summary


def test_summary_counts_time_calls_and_faults() -> None:
    a, s = (summed().threads[name] for name in "as")
    assert (a.running, a.ready, a.blocked) == (39_000 + 10_000, 1_000, 10_000 + 20_000)
    assert (s.running, s.blocked, s.off) == (11_000, 39_000, 30_000)
    assert (a.entries, a.calls, s.messages, s.faults, s.restarts) == (2, 1, 1, 1, 1)
    assert a.latency == 1_000  # at boot; later it never waited for the CPU
    assert summed().idle() == 20_000


def test_preemption_is_no_latency() -> None:
    summary = Summary()
    for each in (boot("a", "b"), switch(0, "a"), switch(5, "b"), switch(30, "a"), line(40, "HALT")):
        summary.write(each)
    summary.close(40_000)
    assert summary.threads["a"].latency == 0
    assert summary.threads["a"].ready == 25_000


def test_tasks_are_the_sums_of_their_threads() -> None:
    summary = Summary()
    for each in (boot("t.a", "t.b"), switch(0, "t.a"), switch(5, "t.b"), line(20, "HALT")):
        summary.write(each)
    summary.close(20_000)
    (task,) = summary.tasks()
    assert (task.name, task.running, task.latency) == ("t", 20_000, 5_000)
    labels = [text.split()[0] for text in table.text(summary).splitlines() if text.strip()]
    assert labels[1:4] == ["t", "t.b", "t.a"]


def test_tables_are_80_columns_wide_and_mark_tight_stacks() -> None:
    summary = summed()
    summary.take_stacks({"a": (500, 512), "s": (48, 1024)})
    text = table.text(summary)
    assert max(len(row) for row in text.splitlines()) <= 80
    assert "500/512" in text
    assert "\033[33m500/512" in table.text(summary, colour=True)
    assert "\033[33m48/1024" not in table.text(summary, colour=True)


def test_json_of_a_summary_has_units() -> None:
    data = summed().as_json()
    thread = next(entry for entry in data["threads"] if entry["name"] == "a")
    assert thread["running_ns"] == 49_000
    assert thread["cpu_share"] == pytest.approx(49 / 80)
    assert "stack_used" not in thread
    assert [entry["task"] for entry in data["tasks"]] == ["a", "s"]


@pytest.mark.parametrize(
    ("ns", "text"),
    [(None, "-"), (0, "0"), (999, "999ns"), (7_550, "7.55us"), (61_234_000, "61.2ms"),
     (9_610_000_000, "9.61s"), (123_000_000_000, "123s")],
)  # fmt: skip
def test_times_in_tables(ns: int | None, text: str) -> None:
    assert time_text(ns) == text


@pytest.mark.parametrize(("ns", "text"), [(0, "0"), (1_500, "1.5us"), (5_000_000, "5ms")])
def test_times_as_one_types_them(ns: int, text: str) -> None:
    assert spelled(ns) == text


def test_selection_by_everything_at_once() -> None:
    chosen = Selection.of(["a"], ["s"], ["log", "fault"], 10, 50, "half|^$")
    assert [each.kind for each in RUN if chosen.line(each)] == ["LOG", "FAULT"]
    assert Selection().everything and not chosen.everything


def test_selections_that_can_match_nothing() -> None:
    with pytest.raises(K5Error, match=r"--from 20ms is after --to 5ms"):
        Selection.of(begin_us=20_000, end_us=5_000)
    with pytest.raises(K5Error, match=r"no kind of event 'falt' \(did you mean 'fault'\?\)"):
        Selection.of(kinds=["falt"])
    with pytest.raises(K5Error, match=r"--grep '\(' is no regular expression"):
        Selection.of(grep="(")
    chosen = Selection.of(threads=["aa"])
    for each in RUN:
        chosen.note(each)
    with pytest.raises(K5Error, match=r"x.jsonl: no thread 'aa' \(did you mean 'a'\?\)"):
        chosen.check_names("x.jsonl")
