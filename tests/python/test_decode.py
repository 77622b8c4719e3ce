"""The decoder: every event becomes a line, whatever is in it."""

from __future__ import annotations

import json
import random

import pytest
from conftest import System
from full_system import FULL, SOURCES
from k5 import builder
from k5.decode import Decoder, Line
from k5.stream import Event

BOOT, LOG, FAULT, TASK, PANIC, HALT, LOST = 1, 2, 3, 4, 5, 6, 7
EPITAPH = 8
ENTER, RESULT, SWITCH, PREEMPT = 16, 17, 18, 32
LOAN, LOAN_END, EXHAUSTED, WAKE, INTERRUPT, TIMEOUT = 19, 20, 34, 36, 37, 38
FOO, ROGUE, NOBODY = 0, 3, 0xFF


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    return Decoder(builder.build(builder.find("demo")))


def line(decoder: Decoder, kind: int, thread: int = NOBODY, code: int = 0, *args: int) -> Line:
    words = (*args, 0, 0, 0, 0, 0, 0)[:6]
    return decoder.line(Event(20_000, kind, thread, code, words))


def text_words(text: str) -> tuple[int, ...]:
    raw = text.encode().ljust(24, b"\0")
    return tuple(int.from_bytes(raw[i : i + 4], "little") for i in range(0, 24, 4))


def test_time_is_in_seconds_of_the_boards_clock(decoder: Decoder) -> None:
    assert line(decoder, HALT).seconds == 0.001
    assert line(decoder, HALT).human().startswith("    0.001000  -        HALT ")


def test_log_of_another_build_is_not_decoded_unnoticed(decoder: Decoder) -> None:
    right = line(decoder, BOOT, NOBODY, 1, 20_000_000, decoder.meta["system_id"])
    wrong = line(decoder, BOOT, NOBODY, 1, 20_000_000, 0x1234)
    assert right.text == "K5 starts: demo on mps2-an505"
    assert "it is system 0x00001234, but this build is" in wrong.text


def test_log_line_with_an_unknown_id_shows_what_there_is(decoder: Decoder) -> None:
    shown = line(decoder, LOG, FOO, 2 | 2 << 8, 0xFFFFFF, 7, 8)
    assert shown.level == "INFO"
    assert shown.text == "log line 0xffffff is not in the ELF file: 0x7 0x8"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (0, "rogue runs again, generation 2"),
        (1, "rogue restarts in 1.5 ms, generation 2"),
        (2, "rogue is held where it was"),
        (3, "rogue is stopped"),
    ],
)
def test_task_states(decoder: Decoder, state: int, text: str) -> None:
    assert line(decoder, TASK, ROGUE, state, ROGUE, 2, 30_000).text == text


def test_kernel_assertion(decoder: Decoder) -> None:
    shown = line(decoder, PANIC, NOBODY, 42, *text_words("sched.c"))
    assert shown.text == "kernel assertion failed: sched.c:42; the machine stops"


def test_kernel_assertion_of_an_image_that_is_gone(decoder: Decoder) -> None:
    words = text_words("assertion")[:4]
    shown = line(decoder, PANIC, NOBODY, 0, *words, 0x12345678, 0)
    assert shown.text == (
        "kernel assertion failed: at pc 0x12345678, in another build's image; the machine stops"
    )


def test_fault_of_the_kernel_itself(decoder: Decoder) -> None:
    words = text_words("kernel fault")[:4]
    shown = line(decoder, PANIC, NOBODY, 3, *words, 0x200100, 0x8200)
    assert "exception 3, pc 0x00200100, status 0x00008200" in shown.text


def test_lost_records(decoder: Decoder) -> None:
    assert line(decoder, LOST, NOBODY, 0, 5).text.startswith("5 records before this one are lost")


def test_system_call_and_its_result(decoder: Decoder) -> None:
    assert line(decoder, ENTER, FOO, 1, 0x10000, 0).text == "call(bar, SHORT)"
    assert line(decoder, ENTER, FOO, 1, 0x20000, 0x0005_3104).text == (
        "call(0x20000, MOVE TRY TIMED CAP 0x5)"
    )
    assert line(decoder, ENTER, FOO, 7, 5, 6).text == "yield()"
    assert line(decoder, RESULT, FOO, 1, 0xFFFFFFFC, 0).text == "call = E_RIGHTS"
    assert line(decoder, RESULT, FOO, 2, 0, 0x0007_0406).text == "recv = OK, FAULT TRUNCATED 0x7"


def test_switch_says_on_whose_time(decoder: Decoder) -> None:
    assert line(decoder, SWITCH, 1, 0, 0).text == "runs after foo, on foo's time"
    assert line(decoder, SWITCH, 1, 0, 1).text == "runs after foo"
    assert line(decoder, PREEMPT, 2, NOBODY, 2).text == "runs after -, because time passed"


@pytest.fixture
def full(system: System) -> Decoder:
    return Decoder(builder.build(system(text=FULL, **SOURCES)))


@pytest.mark.parametrize(
    ("kind", "thread", "code", "args", "name", "text"),
    [
        (LOAN, 4, 2 | 3 << 8, (0x28200020, 64), "idle",
         "0x28200020-0x2820005f is lent to worker.helper (LEND_MUT)"),
        (LOAN_END, 4, 2, (0x28200020, 64), "idle", "0x28200020-0x2820005f comes back from worker.helper"),
        (INTERRUPT, NOBODY, 9, (0, 8), "-", "line 9 (tick) sets 0x8 of events"),
        (INTERRUPT, NOBODY, 8, (7, 1), "-", "line 8 sets 0x1 of notification 7"),
        (TIMEOUT, 2, 12, (), "worker.helper", "the deadline of its wait passed"),
        (EPITAPH, 0, 0, (0, 3), "boss", "the supervisor boss is gone for good after 3 restarts: "
         "the tasks that it supervised follow their own policies"),
        (EPITAPH, 0, 1, (0, 3), "boss",
         "the supervisor boss is gone for good after 3 restarts: the machine halts"),
        (HALT, NOBODY, 1, (), "-", "a supervisor is gone for good: the machine halts"),
        (ENTER, 1, 12, (0x10001, 0x1000), "worker", "wait(events, TIMED)"),
        (ENTER, 1, 28, (0x10007,), "worker", "thread_start(thread-late-one)"),
        (ENTER, 1, 19, (0x10003, 0x10000), "worker", "listen(public, work)"),
        (ENTER, 1, 13, (0x10004, 5), "worker", "mint(frame, READ GRANT)"),
        (ENTER, 1, 13, (0x10000, 7), "worker", "mint(work, SEND RECV GRANT)"),
        (ENTER, 1, 13, (0x10001, 9), "worker", "mint(events, 0x9)"),
        (ENTER, 1, 13, (0x20009, 1), "worker", "mint(0x20009, 0x1)"),
        (ENTER, 1, 16, (0x10005, 1), "worker", "map(board-data, READ)"),
        (RESULT, 1, 20, (0xFFFFFFED, 0), "worker", "connect = E_CLOSED"),
        (EXHAUSTED, 3, 0, (7,), "worker.late-one", "its budget is spent, 7 ticks owed"),
        (WAKE, 3, 0, (), "worker.late-one", "its time has come"),
    ],
)  # fmt: skip
def test_events_of_threads_and_objects(
    full: Decoder, kind: int, thread: int, code: int, args: tuple[int, ...], name: str, text: str
) -> None:
    shown = line(full, kind, thread, code, *args)
    assert (shown.name, shown.text) == (name, text)
    assert shown.task == name.partition(".")[0]


def test_events_know_a_threads_task_and_its_file(full: Decoder) -> None:
    fault = line(
        full, FAULT, 2, 5, full.meta["threads"][2]["entry"] & ~1, 0, 0x10000, 5, 0x28205800, 0
    )
    assert (fault.task, fault.name) == ("worker", "worker.helper")
    assert fault.fields["function"] == "k5_thread_helper"
    data = json.loads(fault.json())
    assert (data["task"], data["name"], data["thread"]) == ("worker", "worker.helper", 2)
    assert fault.human().split()[1] == "worker.helper"


def test_every_event_of_the_abi_has_words_of_its_own(full: Decoder) -> None:
    for entry in full.abi["event"]:
        assert hasattr(full, f"_{entry['name'].lower()}"), entry["name"]


def test_unknown_kind_is_shown_not_hidden(decoder: Decoder) -> None:
    event = Event(0, 200, FOO, 1, (0,) * 6)
    assert decoder.event_class(event) == "log"
    assert decoder.line(event).kind == "EVENT200"


def test_colours_only_where_asked_for(decoder: Decoder) -> None:
    shown = line(decoder, HALT)
    assert "\033[" not in shown.human()
    assert "\033[" in shown.human(colour=True)


def test_any_record_becomes_text_and_json(decoder: Decoder) -> None:
    seed = 5
    dice = random.Random(seed)
    interesting = [0, 1, 2, 7, 0xFF, 0x10000, 0x209000, 0x28204C00, 0x28205000, 0xFFFFFFFF]
    kinds = [*range(9), *range(14, 22), *range(30, 40), 255]
    for round_ in range(2000):
        args = [dice.choice(interesting) for _ in range(6)]
        event = Event(
            dice.getrandbits(64),
            dice.choice(kinds),
            dice.choice([0, 1, 2, 3, 4, 5, 127, 255]),
            dice.choice([0, 1, 2, 3, 4, 9, 13, 14, 255, 0x502, 0xFFFF]),
            (args[0], args[1], args[2], args[3], args[4], args[5]),
        )
        shown = decoder.line(event)
        context = f"seed {seed}, round {round_}: {event}"
        assert shown.human().count("\n") == len(shown.details), context
        data = json.loads(shown.json())
        assert data["args"] == args and data["time"] == event.time, context
