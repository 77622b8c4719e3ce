"""Scenarios that come after others: one set-up, many endings."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import System
from k5.errors import K5Error
from k5.scenario import setups
from k5.scenario.execute import FAILED, PASSED, Outcome, execute
from k5.scenario.load import ScenarioFile
from k5.scenario.run import HostedRun
from k5.scenario.warm import Machines
from k5.stream import Event

COUNTER = """\
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

int main(void)
{
    for (uint32_t n = 1;; n++) {
        k5_sleep_us(1000);
        K5_INFO("round %u", n);
    }
}
"""
SETUP = '[scenario]\nsystem = "small.toml"\n[[expect]]\nlog = "round 5"\n'
# Behind round 5 the next rounds come each millisecond.
ENDING = """\
[scenario]
after = "setup.toml"
until = "3500us"

[[expect]]
log = "round 6"
within = "1010us"

[[expect]]
log = "round"
times = 3

[[never]]
log = "round 5"
"""


@pytest.fixture
def folder(system: System, tmp_path: Path) -> Path:
    """A system that counts, a set-up and an ending."""
    system(one=COUNTER)
    (tmp_path / "setup.toml").write_text(SETUP)
    (tmp_path / "ending.toml").write_text(ENDING)
    return tmp_path


def run(path: Path, machines: Machines, seen: list[Event] | None = None) -> Outcome:
    """The file's only variant."""
    file = ScenarioFile(path)
    (variant,) = file.variants()
    return execute(file, variant, machines, seen.append if seen is not None else None)


def test_times_and_events_count_from_the_set_up_s_end(folder: Path) -> None:
    seen: list[Event] = []
    outcome = run(folder / "ending.toml", Machines(), seen)
    assert outcome.status == PASSED, outcome.report
    assert outcome.virtual_s == 0.0035
    times = [event.time for event in seen if event.kind == 2]
    assert len(times) == 3 and times[0] <= 20_200  # ticks of 50 ns


def test_ending_that_fails_says_when_from_its_beginning(folder: Path) -> None:
    path = folder / "ending.toml"
    path.write_text(ENDING.replace("1010us", "500us"))
    outcome = run(path, Machines())
    assert outcome.status == FAILED
    assert "expected a log line with \"round 6\" within 500 us" in outcome.report
    assert "nearest miss: it came at 1.00" in outcome.report


def test_set_up_runs_once_for_all_its_endings(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    original = HostedRun.begin

    def begin(self: HostedRun) -> None:
        ran.append(self.scenario.file.path.name)
        original(self)

    monkeypatch.setattr(HostedRun, "begin", begin)
    machines = Machines()
    (folder / "other.toml").write_text(ENDING.replace("3500us", "4400us").replace("= 3", "= 4"))
    for name in ("ending", "other", "ending", "setup", "ending"):
        assert run(folder / f"{name}.toml", machines).status == PASSED
    assert ran.count("setup.toml") == 2  # once by itself
    assert len(ran) == 6


def test_endings_have_endings(folder: Path) -> None:
    (folder / "last.toml").write_text(
        '[scenario]\nafter = "ending.toml"\n[[expect]]\nlog = "round 9"\nwithin = "1ms"\n'
    )
    machines = Machines()
    assert run(folder / "last.toml", machines).status == PASSED
    assert run(folder / "last.toml", machines).status == PASSED


def test_stimuli_at_instructions_count_from_there_too(folder: Path) -> None:
    path = folder / "ending.toml"
    path.write_text(ENDING + '[[do]]\nat_instruction = 10\nkill = "two"\nname = "death"\n'
                    '[[expect]]\nfault = "any"\ntask = "two"\nafter = { do = "death" }\n')  # fmt: skip
    outcome = run(path, Machines())
    assert outcome.status == PASSED, outcome.report


def test_set_up_that_fails_is_said_with_its_report(folder: Path) -> None:
    (folder / "setup.toml").write_text(SETUP + 'within = "500us"\n')
    with pytest.raises(K5Error) as caught:
        run(folder / "ending.toml", Machines())
    assert "ending.toml:2: " in str(caught.value) and "which it comes after, failed" in str(caught.value)
    assert "within 500 us" in str(caught.value)


@pytest.mark.parametrize(
    ("setup", "ending", "text"),
    [
        (SETUP, ENDING.replace("setup.toml", "nothing.toml"), "ending.toml:2: after: .*nothing.toml is no sc"),
        (SETUP, ENDING.replace("setup.toml", "small.toml"), "after: .*small.toml is no scenario"),
        (SETUP, ENDING.replace("setup.toml", "ending.toml"), "ending.toml comes after itself"),
        (ENDING.replace("setup.toml", "ending.toml"), ENDING, "comes after itself"),
        (SETUP, ENDING.replace("until", 'system = "other.toml"\nuntil'), "is of .*small.toml, not of"),
        (SETUP, ENDING.replace("until", 'engines = ["qemu"]\nuntil'), "after is for engine hosted alone"),
        (SETUP.replace("[[exp", 'seeds = 3\n[[exp', 1), ENDING, ""),
        (SETUP, '[scenario]\nuntil = "1ms"\n', "needs the key 'system', or 'after'"),
        ("[scenario]\n" + SETUP.partition("\n")[2].replace('"small', '"smal'), ENDING, "smal.toml"),
    ],
)  # fmt: skip
def test_what_a_scenario_cannot_come_after(
    folder: Path, setup: str, ending: str, text: str
) -> None:
    (folder / "setup.toml").write_text(setup)
    (folder / "ending.toml").write_text(ending)
    (folder / "other.toml").write_text((folder / "small.toml").read_text())
    if not text:  # a list of seeds is a list of runs, but the ending chooses one
        assert run(folder / "ending.toml", Machines()).status == PASSED
        return
    with pytest.raises(K5Error, match=text):
        file = ScenarioFile(folder / "ending.toml")
        file.check()
        run(folder / "ending.toml", Machines())


def test_set_up_with_parameters_stands_for_several_runs(folder: Path) -> None:
    (folder / "setup.toml").write_text(
        SETUP.replace("round 5", "round ${n}") + "[parameters]\nn = [4, 5]\n"
    )
    with pytest.raises(K5Error, match="setup.toml stands for 2 runs; a set-up must be one"):
        run(folder / "ending.toml", Machines())


def test_host_limits_of_both_count(folder: Path) -> None:
    file = ScenarioFile(folder / "ending.toml")
    assert setups.host_limit_s(file.scenario(file.variants()[0])) == 120
