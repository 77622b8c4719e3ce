"""What threads do, from what the kernel tells."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from k5 import builder
from k5.decode import Decoder, Line
from k5.engine import Run
from k5.tracing.states import State, Tracker
from trace_lines import boot, enter, line, result, switch


def states(lines: Iterable[Line], name: str) -> list[tuple[int, str]]:
    """(microsecond, state and reason) of a thread."""
    tracker = Tracker()
    found = []
    for each in lines:
        for change in tracker.feed(each):
            if change.name == name:
                found.append((change.ns // 1000, f"{change.after.value} {change.reason}".rstrip()))
    return found


def test_a_thread_that_leaves_the_cpu_in_a_call_waits_for_it() -> None:
    told = [
        boot("a", "b"),
        switch(0, "a"),
        enter(5, "a", "call", object="endpoint door"),
        switch(5, "b"),
        result(9, "a", "call"),
        switch(9, "a"),
    ]
    assert states(told, "a") == [
        (0, "ready"), (0, "running"), (5, "blocked call door"), (9, "ready"), (9, "running"),
    ]  # fmt: skip
    assert states(told, "b") == [(0, "ready"), (5, "running"), (9, "ready preempted")]


def test_a_result_does_not_make_ready_who_runs_already() -> None:
    told = [boot("a"), switch(0, "a"), enter(3, "a", "time"), result(3, "a", "time")]
    assert states(told, "a")[-1] == (0, "running")


def test_passive_servers_wait_to_be_called_and_others_are_off() -> None:
    told = [boot("a", "b", passive=("a",), off=("b",))]
    assert states(told, "a") == [(0, "blocked not called yet")]
    assert states(told, "b") == [(0, "off")]


def test_who_has_spent_its_budget_is_exhausted_until_it_is_replenished() -> None:
    told = [
        boot("a", "b"),
        switch(0, "a"),
        line(4, "EXHAUSTED", "a"),
        switch(4, "b"),
        line(7, "REPLENISHED", "a"),
    ]
    assert states(told, "a")[2:] == [(4, "exhausted"), (7, "ready")]


def test_a_server_whose_payer_is_exhausted_waits_with_it() -> None:
    told = [
        boot("a", "b", passive=("b",)),
        switch(0, "a"),
        enter(1, "a", "call"),
        switch(1, "b", payer="a"),
        line(4, "EXHAUSTED", "a"),
        line(6, "IDLE"),
        line(9, "REPLENISHED", "a"),
        switch(9, "b", payer="a"),
    ]
    assert states(told, "b")[2:] == [(6, "exhausted"), (9, "ready"), (9, "running")]
    assert states(told, "a")[-1] == (1, "blocked call")  # its result makes it ready, not its budget


def test_a_task_that_faults_is_off_until_it_starts_again() -> None:
    told = [
        boot("a", "b"),
        switch(0, "a"),
        line(2, "FAULT", "a"),
        line(2, "TASK", "a", state="BACKOFF"),
        switch(2, "b"),
        line(8, "TASK", "a", state="READY"),
    ]
    assert states(told, "a")[2:] == [(2, "off"), (8, "ready")]


def test_a_held_task_goes_on_where_it_was() -> None:
    told = [
        boot("t.a", "t.b", "c"),
        switch(0, "t.a"),
        enter(1, "t.a", "recv"),
        switch(1, "t.b"),
        line(3, "TASK", "t.a", state="HELD"),
        switch(3, "c"),
        result(4, "t.a", "recv"),
        line(6, "TASK", "t.a", state="READY"),
    ]
    assert states(told, "t.a")[2:] == [(1, "blocked recv"), (4, "held"), (6, "ready")]
    assert states(told, "t.b")[2:] == [(3, "held"), (6, "ready")]


def test_threads_that_threads_start_and_stop() -> None:
    told = [
        boot("t.a", "t.b", off=("t.b",)),
        switch(0, "t.a"),
        enter(2, "t.a", "thread_start", object="thread t.b"),
        result(2, "t.a", "thread_start"),
        enter(5, "t.a", "thread_stop", object="thread t.a"),
        result(5, "t.a", "thread_stop"),
        switch(5, "t.b"),
    ]
    assert states(told, "t.b") == [(0, "off"), (2, "ready"), (5, "running")]
    assert states(told, "t.a")[-1] == (5, "off")


def test_a_trace_that_begins_in_the_middle_knows_only_what_it_sees() -> None:
    told = [enter(50, "a", "sleep"), switch(50, "b"), result(60, "c", "recv")]
    assert states(told, "a") == [(50, "running"), (50, "blocked sleep")]
    assert states(told, "b") == [(50, "running")]
    assert states(told, "c") == [(60, "ready")]


def test_a_reset_begins_anew() -> None:
    told = [boot("a"), switch(0, "a"), enter(3, "a", "sleep"), line(3, "IDLE"), boot("a")]
    told[-1] = line(9, "BOOT", system="s", board="b", threads=told[0].fields["threads"])
    assert states(told, "a")[-1] == (9, "ready")


@pytest.mark.parametrize("name", ["demo", "budget", "suite_ipc", "queue"])
def test_at_most_one_thread_runs_and_none_is_lost(name: str) -> None:
    """Whole runs of the kernel: who is told to run is who runs, at every event."""
    built = builder.build(builder.find(name))
    decoder, tracker = Decoder(built), Tracker()
    for event in Run(built, kernel_events=True):
        told = decoder.line(event)
        list(tracker.feed(told))
        running = [t.name for t in tracker.threads.values() if t.state is State.RUNNING]
        assert len(running) <= 1
        if told.kind in ("SWITCH", "PREEMPT"):
            assert running == [told.name]
        if told.kind == "IDLE":
            states_now = {t.name: t.state for t in tracker.threads.values()}
            assert State.READY not in states_now.values(), (told.event.time, states_now)
    assert all(t.state is not State.UNKNOWN for t in tracker.threads.values())
