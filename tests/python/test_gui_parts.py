"""What the window shows, without a window: terminal, LEDs, timeline."""

from __future__ import annotations

import pytest
from k5.gui.lamps import Lamp
from k5.gui.terminal import PLAIN, Terminal


# ---- terminal


def text(terminal: Terminal) -> list[str]:
    return ["".join(row.text) for row in terminal.rows]


def fed(*parts: bytes) -> Terminal:
    terminal = Terminal()
    for part in parts:
        terminal.feed(part)
    return terminal


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (b"one\r\ntwo", ["one", "two"]),
        (b"abc\rX", ["Xbc"]),
        (b"abc\b \b", ["ab "]),
        (b"a\tb", ["a       b"]),
        (b"abcdef\x1b[3D\x1b[K", ["abc"]),
        (b"abc\x1b[2Kx", ["   x"]),
        (b"\x1b[?25l\x1b[12;4rok\x07\x00", ["ok"]),
        ("gr\u00fc\u00df".encode(), ["gr\u00fc\u00df"]),
        (b"\xff\xfeok", ["\ufffd\ufffdok"]),
        (b"\x1b" + b"[" + b"9" * 100 + b"ok", None),
    ],
)
def test_terminal_shows_what_a_shell_sends(sent: bytes, shown: list[str] | None) -> None:
    whole = fed(sent)
    if shown is not None:
        assert text(whole) == shown
    assert text(fed(*(bytes([byte]) for byte in sent))) == text(whole)  # however it is cut


def test_terminal_colours_are_runs() -> None:
    (row,) = fed(b"a\x1b[31mbc\x1b[1md\x1b[0me").rows
    assert row.runs() == [("a", PLAIN), ("bc", 1), ("d", 9), ("e", PLAIN)]


def test_cleared_screen_keeps_what_was_there_for_scrolling_back() -> None:
    terminal = fed(b"old\r\n\x1b[2J\x1b[Hnew")
    assert text(terminal)[terminal.floor :] == ["new"]
    assert "old" in text(terminal)


# ---- LEDs


def test_led_is_as_bright_as_its_duty_cycle() -> None:
    lamp = Lamp(False, 0)
    for period in range(0, 1000, 100):
        lamp.change(period, True)
        lamp.change(period + 25, False)
    assert lamp.brightness(1000) == 0.25
    assert lamp.brightness(2000) == 0.0
    lamp.change(2900, True)
    assert lamp.brightness(3000) == 0.1
    assert lamp.brightness(3000) == 1.0  # no time has passed: its level
    assert lamp.brightness(4000) == 1.0


# ---- timeline


def test_shares_are_exact_whatever_the_zoom() -> None:
    numpy = pytest.importorskip("numpy")
    from k5.gui.activity import NOBODY, Activity

    activity = Activity(2)
    times, who = [0, 30, 50, 50, 90], [0, 1, 0, NOBODY, 1]
    activity.add(numpy.array(times), numpy.array(who, numpy.uint8))
    ran = {0: [(0, 30)], 1: [(30, 50), (90, 120)]}
    for ticks in (1, 7, 10, 40, 200):
        columns = -(-120 // ticks)
        shares = activity.shares(0, columns, ticks, 120)
        for thread, spans in ran.items():
            for column in range(columns):
                begin, end = column * ticks, (column + 1) * ticks
                wanted = sum(max(0, min(e, end) - max(b, begin)) for b, e in spans) / ticks
                assert shares[thread][column] == pytest.approx(wanted), (ticks, column)
    assert activity.shares(1000, 3, 10, 120).sum() == 0  # the future is nobody's


def test_old_switches_are_forgotten_and_known_to_be() -> None:
    numpy = pytest.importorskip("numpy")
    from k5.gui.activity import CAPACITY, Activity

    activity = Activity(2)
    for k in range(5):
        times = numpy.arange(CAPACITY // 2) + k * CAPACITY
        activity.add(times, (times % 2).astype(numpy.uint8))
    now = 5 * CAPACITY
    assert 0 < activity.known_from < now
    last = activity.shares(4 * CAPACITY, 1, CAPACITY // 2, now)
    assert last[:, 0].tolist() == pytest.approx([0.5, 0.5], abs=1e-4)
