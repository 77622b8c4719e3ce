"""`./k5 campaign` on the real engine: what it finds, how it is stopped and gone on with."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from k5.campaign import classes, trial
from k5.campaign.rig import Rig
from k5.paths import ROOT
from k5.scenario.match import DO

K5 = str(ROOT / "k5")
SMALL = ROOT / "scenarios" / "campaigns" / "small.toml"
BRIEF = ROOT / "scenarios" / "demo" / "brief.toml"
TABLES = ("targets", "sites", "outcomes", "trials", "counts")
# Some chunks, some seconds.
MIDDLE = f"""[campaign]
scenario = "{BRIEF}"
board = "mps2-an505"
limit = "200us"
[window]
from = {{ instructions = 700 }}
[[inject]]
model = "register"
registers = ["r2", "lr"]
"""


def campaign(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [K5, "campaign", *words], capture_output=True, text=True, check=False, timeout=300, **more
    )


def rows(out: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All results, whoever found them and when."""
    with sqlite3.connect(out) as base:
        return {table: sorted(base.execute(f"SELECT * FROM {table}")) for table in TABLES}


def chunks(out: Path) -> int:
    """How many are done, by now."""
    try:
        with sqlite3.connect(f"file:{out}?mode=ro", uri=True) as base:
            return int(base.execute("SELECT count(*) FROM chunks").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


@pytest.fixture(scope="module")
def middle(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A campaign, and its results on one core without a break."""
    folder = tmp_path_factory.mktemp("campaign")
    file, out = folder / "middle.toml", folder / "whole.sqlite"
    file.write_text(MIDDLE)
    done = campaign(str(file), "--out", str(out), "--jobs", "1")
    assert done.returncode == 0, done.stderr
    return file, rows(out)


def test_a_small_one_from_its_file_to_its_numbers(tmp_path: Path) -> None:
    out, table = tmp_path / "r.sqlite", tmp_path / "r.csv"
    done = campaign(str(SMALL), "--out", str(out), "--json", "--csv", str(table))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    counts = {name: one["trials"] for name, one in found["classes"].items()}
    assert sum(counts.values()) == found["trials"] == found["space"]
    # sp is looked at with each access to the stack; r0 holds what is about to be used, or nothing.
    assert counts["masked"] > 0 and counts["detected"] > 0
    assert "simulator-error" not in counts and "kernel-assertion" not in counts
    assert len(table.read_text().splitlines()) - 1 == found["trials"] - counts[
        "masked"
    ] - counts.get("not-fired", 0)


@pytest.mark.slow
def test_results_do_not_depend_on_how_many_work(
    middle: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    file, whole = middle
    out = tmp_path / "r.sqlite"
    assert campaign(str(file), "--out", str(out), "--jobs", "3").returncode == 0
    assert rows(out) == whole


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_what_was_done_stays_and_the_rest_is_done_later(
    middle: tuple[Path, dict[str, Any]], tmp_path: Path, how: signal.Signals
) -> None:
    file, whole = middle
    out = tmp_path / "r.sqlite"
    command = [K5, "campaign", str(file), "--out", str(out), "--jobs", "2"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as one:
        until = time.monotonic() + 120
        while chunks(out) < 1 and one.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        # Ctrl-C reaches the whole group, a kill only the one.
        os.killpg(one.pid, how) if how == signal.SIGINT else one.kill()
        said = one.communicate()[1]
    done = chunks(out)
    assert 1 <= done < len(whole["sites"]) * 64 // 8192 + 1
    if how == signal.SIGINT:
        assert one.returncode == 1 and "the same command goes on" in said
    again = campaign(str(file), "--out", str(out), "--resume")
    assert again.returncode == 0, again.stderr
    assert rows(out) == whole


@pytest.mark.slow
def test_a_process_that_dies_loses_nothing(
    middle: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    file, whole = middle
    out = tmp_path / "r.sqlite"
    command = [K5, "campaign", str(file), "--out", str(out), "--jobs", "2"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as one:
        until = time.monotonic() + 120
        while chunks(out) < 1 and one.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        workers = Path(f"/proc/{one.pid}/task/{one.pid}/children").read_text().split()
        assert workers, "it was over before one of them died"
        os.kill(int(workers[0]), signal.SIGKILL)
        said = one.communicate(timeout=240)[1]
    assert one.returncode == 0, said
    assert rows(out) == whole


def test_resume_needs_something_to_resume(tmp_path: Path) -> None:
    done = campaign(str(SMALL), "--out", str(tmp_path / "r.sqlite"), "--resume")
    assert done.returncode == 2 and "no such file" in done.stderr


def test_fail_on_decides_the_exit_code(tmp_path: Path) -> None:
    out = str(tmp_path / "r.sqlite")
    assert campaign(str(SMALL), "--out", out, "--fail-on", "kernel-assertion").returncode == 0
    failed = campaign(str(SMALL), "--out", out, "--fail-on", "detected,kernel-assertion")
    assert failed.returncode == 1 and "trials with detected" in failed.stderr
    wrong = campaign(str(SMALL), "--out", out, "--fail-on", "detectd")
    assert wrong.returncode == 2 and "did you mean 'detected'?" in wrong.stderr


def test_a_trial_is_repeated_with_its_events(tmp_path: Path) -> None:
    out = tmp_path / "r.sqlite"
    assert campaign(str(SMALL), "--out", str(out)).returncode == 0
    with sqlite3.connect(out) as base:
        query = "SELECT trials.id, class, detail FROM trials JOIN outcomes ON outcome = outcomes.id"
        found = base.execute(f"{query} WHERE class = 'detected' ORDER BY trials.id").fetchone()
    done = campaign(str(SMALL), "--trial", str(found[0]), "--json")
    told = json.loads(done.stdout)
    assert (told["trial"], told["class"], told["detail"]) == found
    text = campaign(str(SMALL), "--trial", str(found[0])).stdout
    assert told["fault"] in text and f"--trial {found[0]}" in text
    beyond = campaign(str(SMALL), "--trial", "99999999")
    assert beyond.returncode == 2 and "there is no trial 99999999" in beyond.stderr


@pytest.mark.parametrize("board", ["mps2-an505", "virt-rv32"])
def test_a_trial_by_itself_has_the_events_that_the_campaign_judged(
    board: str, tmp_path: Path
) -> None:
    """From boot on, without snapshots, golden run and hashes: the same events."""
    source = random.Random(5)
    file = tmp_path / "c.toml"
    text = SMALL.read_text().replace("mps2-an505", board).replace("../demo/brief.toml", str(BRIEF))
    file.write_text(text.replace('"r0"', '"r0"' if board == "mps2-an505" else '"a0"'))
    with Rig(file) as rig:
        numbers = source.sample(range(rig.space.size), 25)
        for number in numbers:
            batch = rig.space.batch(np.array([number]), rig.golden.trial_type)
            result = rig.golden.try_all(batch.trials)[0]
            events, tick, _, _ = rig._seen(batch.trials)
            machine = trial.open(file, number)
            with machine:
                if machine.now < tick:
                    machine.run(until_tick=tick)
                alone = [e for e in machine.take() if e.time < tick]
            judged = [e for e in [*rig.prefix, *events] if e.kind != DO and e.time < tick]
            assert alone == judged, f"trial {number}, outcome {result['outcome']}"


def test_masked_trials_end_as_the_golden_run_does() -> None:
    """Run to the end, each of them does and says what it would without the fault."""
    source = random.Random(6)
    with Rig(SMALL) as rig:
        golden, *_ = rig._seen(None)
        ids = np.array(sorted(source.sample(range(rig.space.size), 200)))
        batch = rig.space.batch(ids, rig.golden.trial_type)
        results = rig.golden.try_all(batch.trials)
        masked = np.flatnonzero(results["outcome"] == classes.OUT_MASKED)
        assert len(masked) > 20
        for index in masked[:40]:
            events, *_ = rig._seen(batch.trials[index : index + 1])
            assert events == golden, f"trial {batch.ids[index]}"


@pytest.mark.skipif(shutil.which("gdb-multiarch") is None, reason="no gdb-multiarch")
def test_a_trial_in_the_debugger_goes_on_and_back() -> None:
    """rogue's region is too wide: what it writes goes through, which the debugger then sees."""
    file = "scenarios/campaigns/control.toml"
    words = [
        "-batch",
        "-ex",
        "monitor time",
        "-ex",
        "continue",
        "-ex",
        "reverse-continue",
        "-ex",
        "monitor time",
    ]
    done = subprocess.run(
        [ROOT / "k5", "debug", file, "--trial", "0", "--", *words],
        capture_output=True, text=True, timeout=300, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    assert "attempt 1 went through" in said
    assert "beginning of the machine's past" in said
    assert said.count(" instructions, action 0") == 1  # the injection was action 1


def test_a_trial_is_of_a_campaign_alone() -> None:
    file = "scenarios/campaigns/control.toml"
    done = subprocess.run(
        [ROOT / "k5", "debug", file, "--trial", "0", "--board", "stm32l5", "--port", "0"],
        capture_output=True, text=True, timeout=60, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2
    assert "the campaign says what is run" in done.stderr
