"""Comparing traces: what must be equal, and what time may change."""

from __future__ import annotations

import pytest
from k5 import builder
from k5.compare import Comparison, compare
from k5.decode import Decoder
from k5.stream import Event

BOOT, LOG, ENTER, RESULT, SWITCH, PREEMPT = 1, 2, 16, 17, 18, 32
SLEEP, TIME, YIELD = 6, 5, 7
RECV, WAIT, THREAD_STATUS = 2, 12, 27


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    return Decoder(builder.build(builder.find("demo")))


def event(time: int, kind: int, thread: int, code: int = 0, *args: int) -> Event:
    words = (*args, 0, 0, 0, 0, 0, 0)[:6]
    return Event(time, kind, thread, code, words)


def compared(decoder: Decoder, one: list[Event], two: list[Event]) -> Comparison:
    return compare(decoder, ("one", "two"), one, two)


BASE = [event(1, ENTER, 0, YIELD), event(2, RESULT, 0, YIELD), event(3, SWITCH, 1, 0, 1)]


def test_times_may_differ(decoder: Decoder) -> None:
    later = [Event(e.time + 100, e.kind, e.thread, e.code, e.args) for e in BASE]
    result = compared(decoder, BASE, later)
    assert (result.equal, result.mode, result.events) == (True, "whole", 3)


def test_without_timed_events_the_order_of_threads_counts(decoder: Decoder) -> None:
    two_threads = [event(1, ENTER, 0, YIELD), event(2, ENTER, 1, YIELD)]
    assert not compared(decoder, two_threads, two_threads[::-1]).equal


def test_with_timed_events_only_each_threads_order_counts(decoder: Decoder) -> None:
    one = [event(1, ENTER, 0, YIELD), event(2, PREEMPT, 1, 0), event(3, ENTER, 1, YIELD)]
    two = [event(1, ENTER, 1, YIELD), event(9, ENTER, 0, YIELD), event(9, SWITCH, 0, 1)]
    result = compared(decoder, one, two)
    assert (result.equal, result.mode) == (True, "threads")


def test_with_timed_events_a_threads_own_order_still_counts(decoder: Decoder) -> None:
    one = [event(1, ENTER, 0, YIELD), event(2, ENTER, 0, 9), event(3, PREEMPT, 1)]
    two = [event(1, ENTER, 0, 9), event(2, ENTER, 0, YIELD), event(3, PREEMPT, 1)]
    result = compared(decoder, one, two)
    assert result.difference[0] == "thread foo: differ at event 0:"


@pytest.mark.parametrize(
    "changed",
    [
        event(2, RESULT, 0, YIELD, 0xFFFFFFFF),
        event(2, RESULT, 0, TIME),
        event(2, ENTER, 0, YIELD),
        event(2, RESULT, 1, YIELD),
    ],
)
def test_any_other_change_is_a_difference(decoder: Decoder, changed: Event) -> None:
    assert not compared(decoder, BASE, [BASE[0], changed, BASE[2]]).equal


def test_missing_end_is_a_difference(decoder: Decoder) -> None:
    result = compared(decoder, BASE, BASE[:2])
    assert "(ends here)" in result.difference[-1]


def test_only_messages_have_results_that_are_compared(decoder: Decoder) -> None:
    """thread_status, say, tells the time that a thread has used."""
    for call, same in ((THREAD_STATUS, True), (WAIT, True), (RECV, False)):
        one, two = event(1, RESULT, 0, call, 0, 55), event(1, RESULT, 0, call, 0, 66)
        assert compared(decoder, [one], [two]).equal == same


def test_points_in_time_are_left_out(decoder: Decoder) -> None:
    one = [event(1, ENTER, 0, SLEEP, 111, 1), event(2, RESULT, 0, TIME, 0, 55)]
    two = [event(1, ENTER, 0, SLEEP, 999, 2), event(2, RESULT, 0, TIME, 0, 66)]
    assert compared(decoder, one, two).equal
    failed = [one[0], event(2, RESULT, 0, TIME, 0xFFFFFFFB, 55)]
    assert not compared(decoder, one, failed).equal
