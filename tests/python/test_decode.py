"""The decoder: every event becomes a line, whatever is in it."""

from __future__ import annotations

import json
import random

import pytest
from k5 import builder
from k5.decode import Decoder, Line
from k5.stream import Event

BOOT, LOG, FAULT, TASK, PANIC, HALT, LOST = 1, 2, 3, 4, 5, 6, 7
ENTER, RESULT, SWITCH, PREEMPT = 16, 17, 18, 32
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
        (0, "rogue starts again, generation 2"),
        (1, "rogue restarts in 1.5 ms, generation 2"),
        (2, "rogue is held where it faulted"),
        (3, "rogue is stopped"),
    ],
)
def test_task_states(decoder: Decoder, state: int, text: str) -> None:
    assert line(decoder, TASK, ROGUE, state, ROGUE, 2, 30_000).text == text


def test_kernel_assertion(decoder: Decoder) -> None:
    shown = line(decoder, PANIC, NOBODY, 42, *text_words("sched.c"))
    assert shown.text == "kernel assertion failed: sched.c:42; the machine stops"


def test_fault_of_the_kernel_itself(decoder: Decoder) -> None:
    words = text_words("kernel fault")[:4]
    shown = line(decoder, PANIC, NOBODY, 3, *words, 0x200100, 0x8200)
    assert "exception 3, pc 0x00200100, status 0x00008200" in shown.text


def test_lost_records(decoder: Decoder) -> None:
    assert line(decoder, LOST, NOBODY, 0, 5).text.startswith("5 records before this one are lost")


def test_system_call_and_its_result(decoder: Decoder) -> None:
    assert line(decoder, ENTER, FOO, 1, 0x10000, 0).text == "call(0x10000, 0x0)"
    assert line(decoder, ENTER, FOO, 7, 5, 6).text == "yield()"
    assert line(decoder, RESULT, FOO, 1, 0xFFFFFFFC, 0).text == "call = E_RIGHTS, info 0x0"


def test_switch_says_on_whose_time(decoder: Decoder) -> None:
    assert line(decoder, SWITCH, 1, 0, 0).text == "runs after foo, on foo's time"
    assert line(decoder, SWITCH, 1, 0, 1).text == "runs after foo"
    assert line(decoder, PREEMPT, 2, NOBODY, 2).text == "runs after -, because time passed"


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
    kinds = [*range(8), *range(14, 20), *range(30, 38), 255]
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
