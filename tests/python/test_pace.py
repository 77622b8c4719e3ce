"""Virtual time at the pace of a clock, and what comes from outside."""

from __future__ import annotations

import json
import math
import re

import pytest
from k5 import stimulus
from k5.errors import K5Error
from k5.live import Live
from k5.machine import Stop
from k5.pace import MAX, Pace, parse_speed, spell_speed

HZ = 1_000_000


# ---- the pace


class Clock:
    """A wall clock in the test's hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_pace_follows_the_wall_times_speed() -> None:
    clock = Clock()
    pace = Pace(HZ, 0.5, clock)
    pace.start(1000)
    clock.now += 2
    assert pace.target(1000) == 1000 + HZ
    pace.set_speed(10, 5000)
    clock.now += 0.125
    assert pace.target(5000) == 5000 + HZ * 5 // 4
    pace.set_speed(MAX, 7)
    assert pace.target(7) is None


def test_pause_stands_still_and_is_not_made_up_for() -> None:
    clock = Clock()
    pace = Pace(HZ, 1.0, clock)
    pace.pause(True, 50)
    clock.now += 100
    assert pace.target(50) == 50
    pace.pause(False, 50)
    assert pace.target(50) == 50
    clock.now += 0.001
    assert pace.target(50) == pytest.approx(1050, abs=2)


def test_host_that_is_too_slow_gives_time_up() -> None:
    clock = Clock()
    pace = Pace(HZ, 1.0, clock)
    clock.now += 5
    pace.came(HZ)  # four seconds behind
    assert pace.slipped_s == pytest.approx(4)
    assert pace.target(HZ) == HZ
    clock.now += 0.05
    pace.came(HZ)  # a little behind: caught up next time
    assert pace.slipped_s == pytest.approx(4)


class Machine:
    """Ends a run where it is told to; the clock goes on while it runs."""

    def __init__(self, clock: Clock, cost_s: float) -> None:
        self.now, self.runs, self._clock, self._cost_s = 0, 0, clock, cost_s

    def run(self, until_tick: int) -> Stop:
        self.now, self.runs = until_tick, self.runs + 1
        self._clock.now += self._cost_s
        return Stop.TIME

    def ticks(self, us: float) -> int:
        return int(us * HZ // 1_000_000)


def test_frame_of_a_sleeping_machine_is_few_runs_and_does_not_chase_the_clock() -> None:
    clock = Clock()
    machine = Machine(clock, cost_s=0.00005)
    live = Live(machine, Pace(HZ, 1.0, clock), clock=clock)  # type: ignore[arg-type]
    for _ in range(60):
        clock.now += 1 / 60
        live.advance(0.009)
    assert machine.runs <= 2 * 60
    assert machine.now == pytest.approx(HZ, rel=0.02)


def test_frame_keeps_its_budget_where_the_host_is_too_slow() -> None:
    clock = Clock()
    machine = Machine(clock, cost_s=0.004)
    pace = Pace(1000 * HZ, 1.0, clock)
    live = Live(machine, pace, clock=clock)  # type: ignore[arg-type]
    before = clock.now
    clock.now += 1.0
    live.advance(0.009)
    assert clock.now - before - 1.0 <= 0.009 + 0.004
    assert pace.slipped_s > 0.5


def test_machine_ends_at_its_limit_exactly() -> None:
    clock = Clock()
    machine = Machine(clock, cost_s=0.0)
    pace = Pace(HZ, MAX, clock)
    live = Live(machine, pace, until_tick=123_456, clock=clock)  # type: ignore[arg-type]
    live.advance(1.0)
    assert (machine.now, live.ended) == (123_456, Stop.TIME)


@pytest.mark.parametrize("text", ["0", "-1", "fast", "1e9", "nan", ""])
def test_wrong_speed_says_what_is_right(text: str) -> None:
    with pytest.raises(ValueError, match="write a number from 0.001 to 1000, or max"):
        parse_speed(text)


def test_speeds_are_read_and_spelled() -> None:
    assert (parse_speed("0.1"), parse_speed("max")) == (0.1, math.inf)
    assert (spell_speed(0.1), spell_speed(2.0), spell_speed(MAX)) == ("0.1x", "2x", "max")


# ---- stimuli


def test_stimulus_comes_back_from_json() -> None:
    for one in (
        stimulus.Stimulus(5, "press", "user"),
        stimulus.Stimulus(6, "serial", "uart1", bytes(range(256))),
        stimulus.Stimulus(7, "value", "sensor", -40, "temperature_mc"),
        stimulus.Stimulus(8, "drive", "PA9", None),
        stimulus.Stimulus(9, "drive", "PA9", 0),
    ):
        assert stimulus.from_json(one.json()) == one
        assert json.loads(one.json())["time"] == one.time


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "is no stimulus"),
        ('{"what":"press"}', "it has no time"),
        ('{"time":1,"what":"pres","name":"user"}', "stimulus 'pres' (did you mean 'press'?)"),
    ],
)
def test_wrong_stimulus_is_named(line: str, message: str) -> None:
    with pytest.raises(K5Error, match=re.escape(message)):
        stimulus.from_json(line)
