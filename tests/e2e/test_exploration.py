"""`./k5 explore`: the seeded race is found, and what is printed repeats it."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import ROOT

RACE = "scenarios/examples/race.toml"
FIXED = "scenarios/examples/race-fixed.toml"


def k5(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "k5"), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_seeded_race_is_found_in_time_and_repeats(tmp_path: Path) -> None:
    k5("build", "user/examples/race/race.toml")
    started = time.monotonic()
    found = k5("explore", RACE)
    assert time.monotonic() - started < 10
    assert found.returncode == 1, found.stderr
    assert "VIOLATION in scenarios/examples/race.toml" in found.stderr
    assert 'expected a log line with "10 visitors" of task desk' in found.stderr
    saved = tmp_path / "found.toml"
    text = found.stdout.replace("../../user", str(ROOT / "user"))
    assert text.startswith("# Found by ./k5 explore in ") and "preempt = " in text
    saved.write_text(text)
    again = k5("run", saved)
    assert again.returncode == 1
    assert 'expected a log line with "10 visitors"' in again.stdout
    assert k5("run", RACE).returncode == 0


def test_output_goes_to_a_file_that_runs_where_it_is(tmp_path: Path) -> None:
    saved = tmp_path / "found.toml"
    found = k5("explore", RACE, "--output", saved)
    assert (found.returncode, found.stdout) == (1, "")
    assert f"repeat: ./k5 run {saved}" in found.stderr
    assert k5("run", saved).returncode == 1


def test_fixed_one_passes_and_says_what_was_not_covered() -> None:
    done = k5("explore", FIXED, "--pairs", "50", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["violation"] is None
    assert told["ran"] == told["singles"] + 50 and told["ran_pairs"] == 50 and told["open"] > 0
    assert "nothing found" in done.stderr and "not covered: behind " in done.stderr


def test_json_has_all_that_is_printed() -> None:
    told = json.loads(k5("explore", RACE, "--json", "--board", "virt-rv32").stdout)
    violation = told["violation"]
    (point,) = violation["points"]
    assert f"at_instruction = {point['instruction']}" in violation["scenario"]
    assert "turn of left ends" in point["said"]
    assert violation["failures"][0]["expected"] == 'a log line with "10 visitors" of task desk'


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nosuch.toml"], "nosuch.toml: no such file"),
        (["user/examples/race/race.toml"], "is no scenario: it has no table [scenario]"),
        (["scenarios/demo/answers.toml"], "one can be explored at a time"),
        ([RACE, "--window", "1h..2h"], "unknown unit 'h'"),
        ([RACE, "--pairs", "-1"], "'-1' is less than 0"),
        ([RACE, "--early", "soon"], '"soon" is no quantity'),
        ([RACE, "--output", "/nosuch/found.toml"], "/nosuch/found.toml: no such file or directory"),
    ],
)
def test_mistakes_are_said_in_one_line(arguments: list[str], message: str) -> None:
    done = k5("explore", *arguments)
    assert done.returncode == 2
    assert message in done.stderr and "Traceback" not in done.stderr


def test_interrupted_says_how_far_it_came() -> None:
    command = [str(ROOT / "k5"), "explore", FIXED, "--pairs", "100000000"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stderr
            line = running.stderr.readline()  # it says where it is every two seconds
            while "schedules/s" not in line:
                assert line, "it ended by itself"
                line = running.stderr.readline()
            running.send_signal(signal.SIGINT)
            rest = running.stderr.read()
            assert running.wait() == 2
        finally:
            running.kill()
    assert "interrupted: " in rest and "schedules (" in rest
