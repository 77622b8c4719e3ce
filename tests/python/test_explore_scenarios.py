"""Explorations of scenarios with more in them: faults at places, set-ups, stimuli at instructions."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from k5.explore.explorer import Explored, Explorer, Options
from k5.scenario.execute import FAILED, execute
from k5.scenario.load import ScenarioFile
from k5.scenario.warm import Machines

SYSTEMS = ROOT / "user" / "examples" / "race"
COUNTED = '[[expect]]\nlog = "10 visitors"\n'


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    kept = Machines()
    yield kept
    kept.close()


def explore(machines: Machines, path: Path, **options: object) -> tuple[Explorer, Explored]:
    file = ScenarioFile(path)
    made = Explorer(file, file.variants()[0], Options(**options), machines)  # type: ignore[arg-type]
    return made, made.run(lambda tally: None)


def scenario(folder: Path, system: str, text: str, name: str = "a.toml") -> Path:
    path = folder / name
    path.write_text(f'[scenario]\nsystem = "{SYSTEMS / system}"\nuntil = "1ms"\n{text}\n')
    return path


# A register that nobody reads then: the fault changes nothing that an expectation sees.
AT_PLACE = """
[[fault]]
name = "flip"
model = "register"
thread = "right"
register = "r12"
bit = 3
reached = { task = "right", function = "tell", nth = %d }

[[expect]]
do = "flip"
times = 1
"""


@pytest.mark.parametrize("nth", [1, 3])
def test_fault_at_a_place_comes_once_in_each_schedule(
    machines: Machines, tmp_path: Path, nth: int
) -> None:
    """Also where a point is forced right there, and where it comes before."""
    path = scenario(tmp_path, "race-fixed.toml", AT_PLACE % nth + COUNTED)
    _, done = explore(machines, path, pairs=400)
    assert done.found is None
    assert done.tally.ran == done.tally.singles + 400 and done.tally.cut > 0
    # The machine is free of it afterwards.
    plain = scenario(tmp_path, "race-fixed.toml", COUNTED, "b.toml")
    file = ScenarioFile(plain)
    assert not execute(file, file.variants()[0], machines).report


def test_fault_at_a_place_and_a_race(machines: Machines, tmp_path: Path) -> None:
    text = (AT_PLACE % 1).replace("tell", "main").replace("right", "left")
    path = scenario(tmp_path, "race.toml", text + COUNTED)
    made, done = explore(machines, path, pairs=0)
    assert done.found
    data = tomllib.loads(made.write(done.found, tmp_path))
    assert data["fault"][0]["reached"]["nth"] == 1 and len(data["do"]) == 1


def test_set_up_and_what_comes_after(machines: Machines, tmp_path: Path) -> None:
    scenario(tmp_path, "race.toml", '[[never]]\nfault = "any"\n', "first.toml")
    first = tmp_path / "first.toml"
    first.write_text(first.read_text().replace("1ms", "1us"))
    path = tmp_path / "second.toml"
    path.write_text(f'[scenario]\nafter = "first.toml"\nuntil = "1ms"\n{COUNTED}')
    made, done = explore(machines, path, pairs=0)
    assert done.found
    whole = scenario(tmp_path, "race.toml", COUNTED, "whole.toml")
    _, other = explore(machines, whole, pairs=0)
    assert other.found
    # The same instruction, counted from the end of the set-up.
    (late,), (early,) = done.found.schedule, other.found.schedule
    assert late.force == early.force
    assert early.instruction - late.instruction == 20  # in a microsecond of 20 MHz
    elsewhere = tmp_path / "folder"
    elsewhere.mkdir()
    saved = elsewhere / "found.toml"
    saved.write_text(made.write(done.found, elsewhere))
    file = ScenarioFile(saved)
    assert execute(file, file.variants()[0], machines).status == FAILED


def test_what_was_found_can_be_explored_further(machines: Machines, tmp_path: Path) -> None:
    """A scenario that forces something itself, and expects what comes of it."""
    path = scenario(tmp_path, "race-lock.toml", COUNTED)
    _, one = explore(machines, path, pairs=20_000)
    assert one.found
    first, second = one.found.schedule
    text = f'[[do]]\nat_instruction = {first.instruction}\npreempt = "left"\n'
    path = scenario(tmp_path, "race-lock.toml", text + COUNTED)
    # Behind it: what is forced before it may have another thread run at its instruction.
    made, two = explore(machines, path, pairs=0, windows=[f"{first.instruction * 50}ns.."])
    assert two.found
    assert two.found.schedule == (second,)
    assert len(tomllib.loads(made.write(two.found, tmp_path))["do"]) == 2
