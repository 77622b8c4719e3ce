"""Who sent which message to whom."""

from __future__ import annotations

from collections.abc import Iterable

from k5.decode import Line
from k5.tracing.messages import Arrow, Matcher
from trace_lines import boot, enter, line, received, result, switch


def arrows(lines: Iterable[Line]) -> list[Arrow]:
    matcher = Matcher()
    return [arrow for each in lines for arrow in matcher.feed(each)]


def told(lines: Iterable[Line]) -> list[str]:
    """`call a 1 -> s 4`."""
    return [f"{a.what} {a.sender} {a.sent // 1000} -> {a.receiver} {a.received // 1000}"
            for a in arrows(lines)]  # fmt: skip


def test_a_call_to_a_server_that_waits_and_its_reply() -> None:
    lines = [
        boot("a", "s"),
        enter(1, "s", "recv"),
        enter(4, "a", "call", receiver="s"),
        received(4, "s"),
        enter(9, "s", "reply_recv", 0x100),
        result(9, "a", "call", message="SHORT"),
    ]
    assert told(lines) == ["call a 4 -> s 4", "reply s 9 -> a 9"]
    assert arrows(lines)[1].round_trip == 5000


def test_one_caller_in_the_queue_is_who_was_received() -> None:
    lines = [
        enter(1, "a", "call", receiver="s"),
        switch(1, "s"),
        enter(6, "s", "recv"),
        received(6, "s"),
    ]
    assert told(lines) == ["call a 1 -> s 6"]


def test_of_several_callers_the_reply_tells_which_it_was() -> None:
    lines = [
        enter(1, "a", "call", receiver="s"),
        enter(2, "b", "call", receiver="s"),
        enter(6, "s", "recv"),
        received(6, "s"),
        enter(9, "s", "reply_recv", 0x700 | 1),  # sequence 7, thread 1 is b
        result(9, "b", "call", message="SHORT"),
        received(9, "s", "reply_recv"),
    ]
    assert told(lines) == ["call b 2 -> s 6", "reply s 9 -> b 9", "call a 1 -> s 9"]


def test_of_several_senders_the_one_that_goes_on_is_who_was_received() -> None:
    lines = [
        enter(1, "a", "send", receiver="s"),
        enter(2, "b", "send", receiver="s"),
        enter(6, "s", "recv"),
        received(6, "s"),
        result(6, "b", "send"),
    ]
    assert told(lines) == ["send b 2 -> s 6"]


def test_messages_in_an_endpoints_queue_come_in_their_order() -> None:
    lines = [
        enter(1, "a", "send", receiver="s"),
        result(1, "a", "send"),
        enter(2, "a", "send", receiver="s"),
        result(2, "a", "send"),
        enter(5, "s", "recv"),
        received(5, "s"),
        enter(6, "s", "recv"),
        received(6, "s"),
    ]
    assert told(lines) == ["send a 1 -> s 5", "send a 2 -> s 6"]


def test_a_refused_message_is_none() -> None:
    lines = [
        enter(1, "a", "send", receiver="s"),
        result(1, "a", "send", "E_WOULD_BLOCK"),
        enter(5, "s", "recv"),
        result(5, "s", "recv", message="NOTIFICATION"),
    ]
    assert told(lines) == []


def test_the_receiver_behind_a_capability_is_learned() -> None:
    """A capability that connect() gave is in no description."""
    lines = [
        enter(1, "s", "recv"),
        enter(2, "a", "call", 0x10007),
        received(2, "s"),
        enter(3, "s", "reply_recv", 0x100),
        result(3, "a", "call"),
        enter(4, "a", "call", 0x10007),  # the server is busy with
        enter(5, "b", "call", 0x50003),  # and so is another one, whose capability nobody knows
        result(5, "z", "recv", message="SHORT"),
    ]
    assert told(lines) == ["call a 2 -> s 2", "reply s 3 -> a 3", "call b 5 -> z 5"]


def test_a_task_that_ends_leaves_nothing_under_way() -> None:
    lines = [
        enter(1, "a", "call", receiver="s"),
        line(3, "TASK", "a", state="BACKOFF"),
        enter(5, "b", "call", receiver="s"),
        enter(6, "s", "recv"),
        received(6, "s"),
    ]
    assert told(lines) == ["call b 5 -> s 6"]
