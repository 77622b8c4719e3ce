"""Reducing a schedule, and writing a scenario, by themselves."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from k5.explore.reduce import MOST_MOVES, reduced
from k5.explore.schedule import Point, Schedule, Spelling
from k5.explore.write import text
from k5.forcing import LATE, LINE, PREEMPT, TIMER, Force
from k5.scenario.load import ScenarioFile
from k5.scenario.watch import Clock

A, B = Force(PREEMPT, 0), Force(TIMER, 1)


def test_schedule_is_reduced_to_the_one_point_that_fails() -> None:
    schedule = (Point(10, A), Point(20, B))
    assert reduced(schedule, [], lambda some: Point(20, B) in some) == (Point(20, B),)


def test_both_points_come_as_early_as_they_can() -> None:
    tried: list[Schedule] = []

    def fails(some: Schedule) -> bool:
        tried.append(some)
        if len(some) < 2:
            return False
        (first, one), (second, two) = ((point.instruction, point.force) for point in some)
        return (one, two) == (A, B) and first >= 5 and second >= max(12, first)

    places = [(3, [A]), (4, [B]), (5, [B, A]), (6, [A])]
    schedule = (Point(10, A), Point(20, B))
    assert reduced(schedule, places, fails) == (Point(5, A), Point(12, B))
    assert len(tried) == len(set(tried))


def test_search_for_an_earlier_place_is_bounded() -> None:
    tried = []

    def fails(some: Schedule) -> bool:
        tried.append(some)
        return False

    schedule = (Point(10, A), Point(100_000, B))
    places = [(n, [A]) for n in range(10)]
    assert reduced(schedule, places, fails) == schedule
    assert len(tried) <= MOST_MOVES + 2


def test_points_in_the_words_of_a_scenario() -> None:
    spelling = Spelling(["one", "two.worker"], {9: "alarm"}, Clock(32_768))
    points = [Point(5, Force(PREEMPT, 0)), Point(6, Force(TIMER, 1)), Point(7, Force(LINE, 9)),
              Point(8, Force(LATE, 1, 3))]  # fmt: skip
    assert [spelling.table(point) for point in points] == [
        {"at_instruction": 5, "preempt": "one"},
        {"at_instruction": 6, "wake": "two.worker"},
        {"at_instruction": 7, "interrupt": "alarm"},
        {"at_instruction": 8, "late": "two.worker", "by": "91553ns"},
    ]
    assert Clock(32_768).down(91_553) == 3
    assert [spelling.said(point.force) for point in points] == [
        "the turn of one ends",
        "what two.worker waits for by time comes",
        "alarm fires",
        "what two.worker waits for by time comes 91.5527344 us later",
    ]


SOURCE = r"""
[scenario]
system = "sub/small.toml"
boards = ["stm32l5", "mps2-an505"]
seeds = 5
until = "1s"

[parameters]
word = ["plain", "a \"b\" \\ \t \u007f \u00e9"]
number = [-3, 7]

[[do]]
at = "1ms"
set = "sensor.value"
value = "${number}"

[[expect]]
in_order = [{ log = "${word}", task = "t" }, { log = "x${number}" }]
after = { pin = "P", becomes = "high", nth = 2 }

[[expect]]
log = "${word}"
regex = false
"""


def variant_written(folder: Path, index: int, target: Path) -> tuple[ScenarioFile, str]:
    (folder / "sub").mkdir()
    (folder / "sub" / "small.toml").write_text("")
    path = folder / "a.toml"
    path.write_text(SOURCE)
    file = ScenarioFile(path)
    variant = file.variants()[index]
    return file, text(file, variant, [{"at_instruction": 5, "preempt": "t"}], ["one", "two"], target)


@pytest.mark.parametrize("index", [0, 7, 19])
def test_written_scenario_is_the_variant(tmp_path: Path, index: int) -> None:
    file, written = variant_written(tmp_path, index, tmp_path)
    variant = file.variants()[index]
    values = dict(variant.parameters)
    data, ours = tomllib.loads(written), tomllib.loads(SOURCE)
    assert written.startswith("# one\n# two\n\n[scenario]\n")
    assert data["scenario"] == {
        "system": "sub/small.toml", "boards": [variant.board], "seeds": [variant.seed],
        "until": "1s", "engines": ["hosted"],
    }  # fmt: skip
    assert "parameters" not in data
    assert data["do"] == [
        {**ours["do"][0], "value": values["number"]}, {"at_instruction": 5, "preempt": "t"}
    ]
    first, second = data["expect"]
    assert first["in_order"][0]["log"] == second["log"] == values["word"]
    assert first["in_order"][1]["log"] == f"x{values['number']}"
    assert first["after"] == ours["expect"][0]["after"] and second["regex"] is False


def test_written_scenario_is_one(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    _, written = variant_written(tmp_path, 0, tmp_path / "other")
    path = tmp_path / "other" / "b.toml"
    path.write_text(written)
    (variant,) = ScenarioFile(path).variants()
    scenario = ScenarioFile(path).scenario(variant)
    assert scenario.settings.system == tmp_path / "sub" / "small.toml"
    assert scenario.stimuli[-1].first.instruction == 5
