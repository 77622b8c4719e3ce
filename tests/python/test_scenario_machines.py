"""Scenarios on real machines, small ones: names, memory, reports, pool, command line, pytest."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from conftest import GOOD, ONE, ROOT, TWO, System
from k5 import builder
from k5.errors import K5Error
from k5.scenario import logs, pool
from k5.scenario.execute import ERROR, FAILED, PASSED, Outcome, execute
from k5.scenario.load import ScenarioFile
from k5.scenario.states import compare
from k5.scenario.warm import Machines
from k5.stream import Event

Run = Callable[..., Outcome]


DATA = """uint32_t seen;
volatile int8_t bytes[4] = {1, 2, -1, 4};
volatile char words[8] = "hello";"""
USED = "seen = argument;\n    bytes[0] = 1;\n    words[0] = 'h';"


@pytest.fixture(scope="module")
def folder_of_small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The small system, built once; some variables more."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "small.toml").write_text(GOOD)
    one = ONE.replace("uint32_t seen;", DATA).replace("seen = argument;", USED)
    (folder / "one.c").write_text(one)
    (folder / "two.c").write_text(TWO)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builder, "BUILD", folder / "build")
        yield folder


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    made = Machines()
    yield made
    made.close()


@pytest.fixture
def run(folder_of_small: Path, machines: Machines) -> Run:
    """Runs a scenario of the small system; `text` follows [scenario]'s first key."""

    def go(text: str, seen: Callable[[Event], None] | None = None) -> Outcome:
        return execute_file(write(folder_of_small, "a", text), machines, seen)

    return go


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(f'[scenario]\nsystem = "small.toml"\n{text}')
    return path


def execute_file(
    path: Path, machines: Machines, seen: Callable[[Event], None] | None = None
) -> Outcome:
    file = ScenarioFile(path)
    file.check()
    return execute(file, file.variants()[0], machines, seen)


ANSWERED = '[[expect]]\nlog = "one got 7 from two"\ntask = "one"\n'


def test_small_system_passes(run: Run) -> None:
    outcome = run(ANSWERED)
    assert (outcome.status, outcome.end, outcome.report) == (PASSED, "decided", "")


def test_runs_are_equal_in_every_event(run: Run) -> None:
    """A warm machine forgets what it did before."""
    kill = 'until = "30ms"\n[[do]]\nat = "3us"\nkill = "two"\n[[never]]\nfault = "DATA"\n'
    runs: list[list[Event]] = []
    for text in (ANSWERED, kill, ANSWERED, kill):
        runs.append([])
        run(text, runs[-1].append)
    assert runs[0] == runs[2]
    assert runs[1] == runs[3]
    assert len(runs[1]) > len(runs[0])


def test_kill_comes_at_its_tick(run: Run) -> None:
    """5 us are 100 ticks of 20 MHz: the fault is at that tick, not one later."""
    seen: list[Event] = []
    run('until = "30ms"\n[[do]]\nat = "5us"\nkill = "one"\ncode = 9\n[[never]]\nfault = "DATA"\n', seen.append)
    (fault,) = [event for event in seen if event.kind == 3]
    assert fault.time == 100
    (given,) = [event for event in seen if event.kind == 63]
    assert seen.index(given) < seen.index(fault) or given.time == fault.time


def test_killed_task_that_is_down_is_told(run: Run) -> None:
    text = 'until = "30ms"\n[[do]]\nat = "5us"\nkill = "one"\n[[do]]\nat = "6us"\nkill = "one"\n[[never]]\nfault = "DATA"\n'
    outcome = run(text)
    assert "task one did not run: it was down" in outcome.report


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ('memory = "one.answer"\nis = 0x11223344', ""),
        ('memory = "one.answer"\nis = 287454021', "it is 287454020"),
        ('memory = "one.bytes"\nis = [1, 2, 255, 4]', ""),
        ('memory = "one.bytes"\nis = [1, 2, -1, 4]', ""),
        ('memory = "one.bytes"\nis = [1, 2, 3, 4]', "it is [1, 2, 255, 4]"),
        ('memory = "one.words"\nis = "hello"', ""),
        ('memory = "one.words"\nis = "hell"', 'it is "hello"'),
    ],
)
def test_memory_of_a_task(run: Run, value: str, good: str) -> None:
    outcome = run(f'until = "1ms"\n[[expect]]\n{value}\n')
    assert outcome.status == (FAILED if good else PASSED)
    assert good.replace('"', "'") in outcome.report.replace('"', "'")


WRONG = [
    ('log = "one gto"', 'a.toml:5: there is no log line that can contain "one gto" (there are "one asks'),
    ('log = "one"\ntask = "two"', 'task two has no log line that can contain "one" (there are none)'),
    ('log = "one"\ntask = "tow"', "no task or thread 'tow' (did you mean 'two'?)"),
    ('log = "one"\nlevel = "INFOO"', "no log level 'INFOO' (did you mean 'INFO'?)"),
    ('fault = "DAT"', "no kind of fault 'DAT' (did you mean 'DATA'?)"),
    ('trace = "INTERUPT"', "no kind of kernel event 'INTERUPT' (did you mean 'INTERRUPT'?)"),
    ('memory = "one.anwser"\nis = 1', "no variable of task one 'anwser' (did you mean 'answer'?)"),
    ('memory = "one.answer"\nis = 0x1_0000_0000', "one.answer can never be 4294967296: it has 4 bytes"),
    ('memory = "one.answer"\nis = [1, 2, 3]', "one.answer has 4 bytes: it is not 3 numbers"),
    ('memory = "one.answer"\nis = "hello"', "one.answer has 4 bytes; the text needs 5"),
    ('serial = "uart9"\ntext = "x"', "no device of mps2-an505 'uart9'"),
    ('pin = "PX9"\nbecomes = "high"', "no pin of mps2-an505 'PX9'"),
    ('led = "LED9"\nis = "on"', "no LED of mps2-an505 'LED9'"),
    ('button = "nope"\nbecomes = "pressed"', "no button of mps2-an505 'nope'"),
    ('line = "alarn"\nbecomes = "raised"', "no interrupt of mps2-an505 'alarn' (did you mean 'alarm'?)"),
    ('line = "300"\nbecomes = "raised"', "no interrupt line 300: they go up to 255"),
    ('register = "alarm.VALU"', "no register of alarm: 'VALU' (did you mean 'VALUE'?)"),
    ('device = "alarm"\noffset = 0\nis = "00"', "device 'alarm' has no memory of its own"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WRONG, ids=[m[-40:] for _, m in WRONG])
def test_what_there_is_not_is_named_before_the_run(run: Run, text: str, message: str) -> None:
    with pytest.raises(K5Error) as caught:
        run(f'until = "1ms"\n[[expect]]\n{text}\n')
    (found,) = caught.value.messages
    assert message in found


def test_report_has_the_nearest_line_the_events_before_and_the_command(run: Run) -> None:
    outcome = run(
        'until = "1ms"\n[[expect]]\nlog = "one got 8 from two"\ntask = "one"\nwithin = "500us"\n'
    )
    lines = outcome.report.splitlines()
    assert 'a.toml:4: expected a log line with "one got 8 from two" of task one within 500 us' in lines[0]
    assert lines[1] == "    it did not come"
    assert lines[2].startswith("    nearest: 0.0000")
    assert lines[2].endswith("one: one got 7 from two")
    assert lines[3] == "    until then (500 us):"
    assert any("one.c:" in line and "one got 7 from two" in line for line in lines[4:])
    assert lines[-1].startswith("repeat: ./k5 run ")
    assert outcome.command in lines[-1]


def test_command_names_what_makes_the_variant(system: System, tmp_path: Path) -> None:
    system(("priority = 5", 'priority = 5\nargument = "seed"'))
    path = tmp_path / "a.toml"
    path.write_text(
        '[scenario]\nsystem = "small.toml"\nseeds = [4, 5]\n[parameters]\nn = [4, "a b"]\n'
        '[[expect]]\nlog = "one asks with ${n}"\n'
    )
    file = ScenarioFile(path)
    outcomes = [execute(file, variant, Machines()) for variant in file.variants()[:2]]
    assert [outcome.status for outcome in outcomes] == [PASSED, FAILED]
    assert outcomes[1].label == "n=4 seed=5"
    assert outcomes[1].command.endswith(" --seed 5 --set n=4")


def test_deadlock_is_named(system: System, tmp_path: Path) -> None:
    """one waits for an answer that two never gives."""
    two = """\
#include "k5.h"
#include "k5_task.h"

int main(void)
{
    struct k5_message message = {0};

    (void)k5_serve(CAP_TWO, &message);
    k5_sleep_forever();
}
"""
    system(two=two)
    text = 'ends = "halted"\n'
    assert execute_file(write(tmp_path, "a", text), Machines()).status == PASSED
    outcome = execute_file(write(tmp_path, "a", f'deadlock = "none"\n{text}'), Machines())
    assert "nothing will ever happen again, and these wait for others:" in outcome.report
    assert "one, since 0.0000" in outcome.report


def test_text_that_a_format_can_become() -> None:
    assert logs.can_contain("%u bytes left of %u", "12 bytes left")
    assert logs.can_contain("%u bytes left of %u", "bytes left of 1")
    assert logs.can_contain("x=%d", "x=-5")
    assert logs.can_contain("%s is %08x", "two is 00ff", b"one\0two\0")
    assert logs.can_contain("%s is %08x", "wo", b"one\0two\0")
    assert not logs.can_contain("%s is %08x", "tow is 00ff", b"one\0two\0")
    assert logs.can_contain("100 %%", "100 %")
    assert not logs.can_contain("%u bytes", "x bytes")
    assert not logs.can_contain("%u bytes left", "bytes  left")
    assert not logs.can_contain("abc", "abcd")


def test_pictures_are_compared_with_tolerance() -> None:
    black, grey = bytes(12), bytes([9, 0, 0] + [0] * 9)
    assert compare(black, black, 2, 0, Fraction(0)) == []
    assert compare(grey, black, 2, 9, Fraction(0)) == []
    assert compare(grey, black, 2, 0, Fraction(1, 4)) == []
    assert compare(grey, black, 2, 8, Fraction(0)) == [
        "1 of 4 pixels differ (25 %)",
        "the first is at x 0, y 0: #090000, expected #000000",
    ]


# ---- the pool


@pytest.fixture
def workers_build_there(folder_of_small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K5_BUILD_DIR", str(folder_of_small / "build"))



@pytest.mark.usefixtures("workers_build_there")
def test_pool_keeps_order_and_tells_failures_from_what_cannot_run(folder_of_small: Path) -> None:
    texts = {
        "good": f"seeds = 3\n{ANSWERED}",
        "bad": ANSWERED.replace("got 7", "got 8"),
        "ugly": '[[expect]]\nlog = "no such line"\n',
    }
    files = [ScenarioFile(write(folder_of_small, name, text)) for name, text in texts.items()]
    notes: list[str] = []
    outcomes = pool.run(files, notes.append, processes=2)
    assert [o.status for o in outcomes] == [PASSED] * 3 + [FAILED, ERROR]
    assert [o.label for o in outcomes[:3]] == ["seed=0", "seed=1", "seed=2"]
    assert "no log line that can contain" in outcomes[4].report
    assert notes[-1] == "5 of 5 scenarios"


@pytest.mark.usefixtures("workers_build_there")
def test_pool_outlives_a_process_that_dies_or_hangs(
    folder_of_small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [ScenarioFile(write(folder_of_small, name, f'host_limit = "5s"\n{ANSWERED}'))
             for name in ("dies", "hangs", "c")]  # fmt: skip
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys, time\n"
        "def hook(event, args):\n"
        "    if event == 'open' and str(args[0]).endswith('dies.toml'):\n"
        "        os._exit(7)\n"
        "    if event == 'open' and str(args[0]).endswith('hangs.toml'):\n"
        "        time.sleep(100)\n"
        "sys.addaudithook(hook)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(pool, "GRACE_S", 0.0)
    outcomes = pool.run(files, lambda text: None, processes=1)
    assert [o.status for o in outcomes] == [ERROR, ERROR, PASSED]
    assert "ended with exit code 7" in outcomes[0].report
    assert "it hung: stopped after 5 s" in outcomes[1].report


# ---- the command line


def k5(*arguments: str | Path) -> tuple[int, str, str]:
    command = [str(ROOT / "k5"), *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Scenarios outside the tree: one good, one bad."""
    head = f'[scenario]\nsystem = "{ROOT}/user/demo/demo.toml"\n'
    good = head + 'seeds = [1, 2]\n[[expect]]\nlog = "hello, I am foo"\n'
    (tmp_path / "good.toml").write_text(good)
    (tmp_path / "bad.toml").write_text(head + '[[never]]\nfault = "any"\n[[expect]]\nlog = "tick 1"\n')
    return tmp_path


def test_run_prints_the_log_and_the_verdict(folder: Path) -> None:
    status, out, err = k5("run", folder / "good.toml", "--seed", "1")
    assert status == 0
    assert "error" not in err
    assert "hello, I am foo" in out
    assert out.splitlines()[-1].startswith("passed ")
    status, out, _ = k5("run", folder / "bad.toml")
    assert status == 1
    assert "FAILED" in out
    assert "expected never a fault: it came" not in out  # the report has lines
    assert "bad.toml:3: expected never a fault" in out
    assert out.splitlines()[-1].startswith("repeat: ./k5 run ")


def test_run_of_many_variants_is_a_line_each(folder: Path) -> None:
    status, out, err = k5("run", folder / "good.toml")
    assert status == 0
    assert len(out.splitlines()) == 2
    assert "2 passed, 0 failed" in err
    status, _, err = k5("run", folder / "good.toml", "--kernel")
    assert status == 2
    assert "stands for 2 runs" in err


def test_run_as_json_and_with_a_trace(folder: Path) -> None:
    trace = folder / "trace.jsonl"
    status, out, _ = k5("run", folder / "bad.toml", "--json", "--trace", trace)
    assert status == 1
    outcome = json.loads(out)
    assert (outcome["status"], outcome["end"]) == ("failed", "decided")
    kinds = {json.loads(line)["kind"] for line in trace.read_text().splitlines()}
    assert {"LOG", "FAULT", "ENTER", "SWITCH"} <= kinds


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "{}/bad.toml", "--until", "1s"], "--until is for systems"),
        (["run", "{}/bad.toml", "--set", "a"], "--set a: write NAME=VALUE"),
        (["run", "{}/bad.toml", "--set", "a=1"], "unknown parameter 'a' (it has none)"),
        (["run", "demo", "--set", "a=1"], "--set is for scenarios"),
        (["run", "{}/none.toml"], "none.toml: no such file"),
        (["test", "{}/none.toml"], "none.toml: no such file"),
        (["test", "{}/bad.toml", "kernel"], "are not all files or folders of scenarios"),
        (["test", "user/demo"], "there is no scenario in it"),
        (["test", "user/demo/demo.toml"], "no scenario: it has no [scenario]"),
    ],
)  # fmt: skip
def test_wrong_command_line(folder: Path, arguments: list[str], message: str) -> None:
    status, out, err = k5(*(argument.format(folder) for argument in arguments))
    assert (status, out) == (2, "")
    assert message in err


def test_folder_of_scenarios_with_reports(folder: Path) -> None:
    junit = folder / "out" / "junit.xml"
    status, out, _ = k5("test", folder, "--junit", junit)
    assert status == 1
    assert "2 passed, 1 failed" in out
    cases = list(ElementTree.parse(junit).getroot().iter("testcase"))
    assert len(cases) == 3
    (failure,) = [case.findtext("failure") for case in cases if case.find("failure") is not None]
    assert failure and "repeat: ./k5 run" in failure
    status, out, _ = k5("test", folder / "good.toml", "--json")
    data = json.loads(out)
    assert (status, data["passed"], data["failed"]) == (0, 2, 0)
