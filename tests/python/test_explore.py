"""Explorations of real machines: what is found, what is not, and that nothing is left out unseen."""

from __future__ import annotations

import dataclasses
import itertools
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from k5.errors import K5Error
from k5.explore import search as search_module
from k5.explore.course import Course
from k5.explore.explorer import Explored, Explorer, Options
from k5.explore.schedule import Point, Schedule
from k5.explore.search import Search
from k5.forcing import LATE, LINE, PREEMPT, TIMER, Force
from k5.machine import Machine
from k5.scenario.load import ScenarioFile
from k5.scenario.warm import Machines

EXAMPLES = ROOT / "scenarios" / "examples"
RACE, FIXED, LOCK = (EXAMPLES / f"race{name}.toml" for name in ("", "-fixed", "-lock"))
BLINKY = EXAMPLES / "blinky.toml"


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    kept = Machines()
    yield kept
    kept.close()


def explorer(machines: Machines, path: Path, board: str | None = None, **options: object) -> Explorer:
    file = ScenarioFile(path)
    variant = file.chosen(board, "hosted", None, {})[0]
    return Explorer(file, variant, Options(**options), machines)  # type: ignore[arg-type]


def explored(machines: Machines, path: Path, **options: object) -> Explored:
    return explorer(machines, path, **options).run(lambda tally: None)


# ---- what is found


@pytest.mark.parametrize("board", ["mps2-an505", "virt-rv32"])
def test_race_is_found_with_one_point(machines: Machines, board: str) -> None:
    made = explorer(machines, RACE, board)
    done = made.run(lambda tally: None)
    assert done.found
    (point,) = done.found.schedule
    assert point.force == Force(PREEMPT, made.spelling.threads.index("left"))
    assert done.found.failures[0].expected == 'a log line with "10 visitors" of task desk'
    assert "left runs, in " in done.found.points[0] and "door.c:" in done.found.points[0]
    assert done.tally.seconds < 10


def test_what_is_printed_repeats_it_and_nothing_else_does(machines: Machines, tmp_path: Path) -> None:
    made = explorer(machines, RACE)
    found = made.run(lambda tally: None).found
    assert found
    text = made.write(found, RACE.parent)
    ours, data = tomllib.loads(RACE.read_text()), tomllib.loads(text)
    do = data.pop("do")
    assert do == [{"at_instruction": found.schedule[0].instruction, "preempt": "left"}]
    assert data["expect"] == ours["expect"] and data["never"] == ours["never"]
    assert data["scenario"] == {**ours["scenario"], "engines": ["hosted"], "seeds": [0]}
    # Elsewhere it names the same system.
    elsewhere = tomllib.loads(made.write(found, tmp_path))
    system = tmp_path / elsewhere["scenario"]["system"]
    assert system.resolve() == ROOT / "user" / "examples" / "race" / "race.toml"


def test_lock_that_is_none_takes_two_points(machines: Machines) -> None:
    alone = explored(machines, LOCK, pairs=0)
    assert alone.found is None and alone.tally.ran == alone.tally.singles
    both = explored(machines, LOCK, pairs=20_000)
    assert both.found
    first, second = both.found.schedule
    assert (first.force, second.force) == (Force(PREEMPT, 0), Force(PREEMPT, 1))
    assert "in lock()" in both.found.points[0]


def test_fixed_one_has_no_race_with_two_points_anywhere(machines: Machines) -> None:
    done = explored(machines, FIXED, pairs=1_000_000, windows=["..4us"])
    tally = done.tally
    assert done.found is None
    assert tally.ran - tally.ran_pairs == tally.singles > 0
    assert tally.ran_pairs > tally.singles
    assert tally.open == tally.stopped == 0


def test_interrupt_is_forced_where_it_is_asked_for(machines: Machines) -> None:
    done = explored(machines, BLINKY, preempt=False, interrupts=["timer"], pairs=0,
                    windows=["1499ms..1501ms"])  # fmt: skip
    assert done.found
    (point,) = done.found.schedule
    assert point.force == Force(LINE, 49)
    assert "timer fires" in done.found.points[0]


# ---- the search


def test_same_search_twice_is_the_same(machines: Machines) -> None:
    one, two = (explored(machines, LOCK, pairs=600) for _ in range(2))
    assert dataclasses.replace(one.tally, seconds=0) == dataclasses.replace(two.tally, seconds=0)
    assert one.found == two.found


@pytest.mark.parametrize("path", [RACE, FIXED, LOCK], ids=lambda path: path.stem)
def test_what_is_cut_off_would_have_gone_the_same_way(
    machines: Machines, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All single points, each run to its end: the first that fails is the one that is found."""
    done = explored(machines, path, pairs=0)
    monkeypatch.setattr(Course, "key", lambda self, state, keys=itertools.count(): next(keys))
    search = Search(explorer(machines, path)._begin, 0, lambda tally: None)
    search._look()
    failing = [
        Point(instruction, force)
        for run, instruction, force in search._first_points()
        if search._branch(run, force)
    ]
    assert search.tally.cut == 0
    assert done.found is None or done.tally.cut > 0
    assert [done.found.schedule[0]] == failing[:1] if done.found else not failing


def test_cut_off_leaves_no_pair_out_that_fails(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first_found() -> tuple[Schedule, int]:
        search = Search(explorer(machines, LOCK)._begin, 1_000_000, lambda tally: None)
        violation = search.run()
        assert violation
        return violation.schedule, search.tally.cut

    schedule, cut = first_found()
    monkeypatch.setattr(Course, "key", lambda self, state, keys=itertools.count(): next(keys))
    assert first_found() == (schedule, 0)
    assert cut > 0


def test_budget_of_pairs_is_kept_and_what_is_left_is_said(machines: Machines) -> None:
    done = explored(machines, FIXED, pairs=300)
    assert done.tally.ran_pairs == 300
    assert done.tally.open == done.tally.singles


def test_states_that_found_no_room_are_run_again(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_room = explored(machines, LOCK, pairs=500)
    monkeypatch.setattr(search_module, "MOST_STATES", 100)
    without = explored(machines, LOCK, pairs=500)
    assert without.tally.states == 100 < with_room.tally.states
    assert without.tally.cut < with_room.tally.cut
    assert without.found is with_room.found is None


def test_invariant_that_breaks_on_the_way_is_found(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it holds again at the end, where a scenario looks."""
    made = explorer(machines, FIXED, pairs=0)
    sound, right = Machine.invariants, made.spelling.threads.index("right")

    def broken(machine: Machine) -> str | None:
        early = machine.running == right and machine.instructions < 60
        return "made up" if early else sound(machine)

    monkeypatch.setattr(Machine, "invariants", broken)
    found = made.run(lambda tally: None).found
    assert found and found.failures[0].came == ["violated: made up"]
    assert not found.repeats
    assert made.write(found, FIXED.parent).startswith("# It passes: what is violated on the way")


def test_window_of_a_function_is_where_its_code_is(machines: Machines) -> None:
    """Also where the compiler has put it into others."""
    everywhere = explored(machines, FIXED, pairs=0)
    inside = explored(machines, FIXED, pairs=0, windows=["left.tell"])
    assert 0 < inside.tally.places < everywhere.tally.places
    both = explored(machines, FIXED, pairs=0, windows=["tell", "main"])
    assert inside.tally.places < both.tally.places <= everywhere.tally.places


# ---- mistakes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"windows": ["5ms..6ms"]}, "nothing could be forced in --window 5ms..6ms"),
        ({"windows": ["6ms..5ms"]}, "--window 6ms..5ms: it ends before it begins"),
        ({"windows": ["1ms..2"]}, '--window 1ms..2: "2" has no unit'),
        ({"windows": ["1ms..2ms", "3ms.."]}, "--window 3ms..: a second stretch of time"),
        ({"windows": ["lfet.main"]}, "no task 'lfet' (did you mean 'left'?)"),
        ({"windows": ["mian"]}, "there is no function 'mian' (did you mean 'main'?)"),
        ({"windows": ["desk.tell"]}, "task desk has no function 'tell'"),
        ({"interrupts": ["200"]}, "no interrupt of race-fixed is on that line (it has none)"),
        ({"interrupts": ["alram"]}, "no interrupt of mps2-an505 'alram' (did you mean 'alarm'?)"),
    ],
)
def test_mistakes(machines: Machines, options: dict[str, object], message: str) -> None:
    with pytest.raises(K5Error) as caught:
        explored(machines, FIXED, **options)
    assert message in caught.value.messages[0]


def test_scenario_that_fails_as_it_is(machines: Machines, tmp_path: Path) -> None:
    system = ROOT / "user" / "examples" / "race" / "race.toml"
    path = tmp_path / "a.toml"
    text = RACE.read_text().replace("10 visitors", "11 visitors")
    path.write_text(text.replace("../../user/examples/race/race.toml", str(system)))
    with pytest.raises(K5Error) as caught:
        explored(machines, path)
    assert "fails as it is, with nothing forced" in caught.value.messages[0]
    assert "nearest: " in "\n".join(caught.value.messages)


# ---- timers

WAKE = """
[system]
name = "wake"
board = "mps2-an505"

[task.low]
sources = ["low.c"]
priority = 5
stack = 512
regions = [{ region = "pair", access = "rw" }]

[task.high]
sources = ["high.c"]
priority = 15
stack = 512
regions = [{ region = "pair", access = "r" }]

[region.pair]
bytes = 32
"""
LOW = """
#include "k5.h"
#include "k5_task.h"

int main(void)
{
    volatile uint32_t *pair = (volatile uint32_t *)(uintptr_t)REGION_PAIR;

    for (uint32_t i = 1; i < 4; i++) {
        pair[0] = i;
        pair[1] = i;
    }
    k5_sleep_forever();
}
"""
HIGH = """
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

int main(void)
{
    const volatile uint32_t *pair = (const volatile uint32_t *)(uintptr_t)REGION_PAIR;

    k5_sleep_us(50);
    if (pair[0] == pair[1]) {
        K5_INFO("equal");
    } else {
        K5_INFO("different");
    }
    k5_sleep_forever();
}
"""
SCENARIO = """# Both words are always seen equal.
[scenario]
system = "wake.toml"

[[expect]]
log = "equal"

[[never]]
log = "different"
"""


@pytest.fixture
def wake(tmp_path: Path) -> Path:
    for name, text in (("wake.toml", WAKE), ("low.c", LOW), ("high.c", HIGH), ("a.toml", SCENARIO)):
        (tmp_path / name).write_text(text)
    return tmp_path / "a.toml"


def test_timer_that_comes_early_is_found(machines: Machines, wake: Path) -> None:
    made = explorer(machines, wake, early_ns=100_000, pairs=0)
    found = made.run(lambda tally: None).found
    assert found
    (point,) = found.schedule
    assert point.force == Force(TIMER, made.spelling.threads.index("high"))
    assert tomllib.loads(made.write(found, wake.parent))["do"] == [
        {"at_instruction": point.instruction, "wake": "high"}
    ]


# Writes when the other one has long been there.
LATER = """
#include "k5.h"
#include "k5_task.h"

int main(void)
{
    volatile uint32_t *pair = (volatile uint32_t *)(uintptr_t)REGION_PAIR;

    while (k5_time() < 1060) {
    }
    pair[0] = 1;
    pair[1] = 1;
    k5_sleep_forever();
}
"""


def test_timer_that_comes_late_is_found(machines: Machines, wake: Path) -> None:
    """Late, and at the one instruction where that shows."""
    (wake.parent / "low.c").write_text(LATER)
    (wake.parent / "wake.toml").write_text(WAKE.replace('"wake"', '"late"'))
    made = explorer(machines, wake, early_ns=10_000, pairs=5000)
    done = made.run(lambda tally: None)
    assert done.found
    late, comes = done.found.schedule
    high = made.spelling.threads.index("high")
    assert (late.force, comes.force) == (Force(LATE, high, 200), Force(TIMER, high))
    assert tomllib.loads(made.write(done.found, wake.parent))["do"] == [
        {"at_instruction": late.instruction, "late": "high", "by": "10000ns"},
        {"at_instruction": comes.instruction, "wake": "high"},
    ]
    assert "comes 10 us later; low runs" in done.found.points[0]


def test_timer_out_of_reach_is_none(machines: Machines, wake: Path) -> None:
    with pytest.raises(K5Error) as caught:
        explored(machines, wake, early_ns=10_000, pairs=0)
    assert "nothing could be forced in the whole run" in caught.value.messages[0]
