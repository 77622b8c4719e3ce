"""`./k5 fuzz`: the Python driver finds what is there to find, and repeats itself."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from k5.commands import fuzz as command
from k5.errors import K5Error
from k5.fuzzing import python, target
from k5.fuzzing.libfuzzer import Program
from k5.fuzzing.python import Broken, Changer, Function
from k5.fuzzing.target import Effort, Finding, Outcome
from k5.fuzzing.targets import TARGETS

Call = Callable[[bytes], None]


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Corpora and findings of these tests are their own."""
    monkeypatch.setattr(target, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(target, "WORK", tmp_path / "work")


def quiet(text: str) -> None:
    """Takes no notice."""


def function(call: Call, **options: object) -> Function:
    """A target whose covered module is one that `call` runs through."""
    return Function("toy", ("schema",), lambda: call, **options)  # type: ignore[arg-type]


def seed_corpus(*data: bytes) -> None:
    target.replace(target.kept("toy"), list(data))


def refuse_odd_lengths(data: bytes) -> None:
    if len(data) % 2:
        raise K5Error("odd")


def test_refusals_are_no_findings() -> None:
    outcome = function(refuse_odd_lengths).run(Effort(runs=200), 1, quiet)
    assert outcome.finding is None
    assert outcome.runs >= 200


def test_refusal_without_a_message_is_a_finding() -> None:
    def call(data: bytes) -> None:
        raise K5Error("")

    outcome = function(call).run(Effort(runs=1), 1, quiet)
    assert outcome.finding is not None
    assert outcome.finding.reason == "a refusal without a message"


def breaks_on_a_word(data: bytes) -> None:
    if b"BAD" in data:
        raise ValueError("it is bad")


def test_exception_is_a_finding_made_small_and_repeatable() -> None:
    seed_corpus(b"some text that is long enough to be made smaller")
    toy = function(breaks_on_a_word, words=(b"BAD",), is_text=True)
    outcome = toy.run(Effort(runs=2000), 1, quiet)
    assert outcome.finding is not None
    assert outcome.finding.path.read_bytes() == b"BAD"
    assert outcome.finding.reason.startswith("ValueError: it is bad (test_fuzzing.py:")
    again = toy.repeat(outcome.finding.path)
    assert again is not None and again.endswith("ValueError: it is bad")


def test_broken_promise_is_a_finding() -> None:
    def call(data: bytes) -> None:
        raise Broken("two and two")

    outcome = function(call).run(Effort(runs=1), 1, quiet)
    assert outcome.finding is not None and "two and two" in outcome.finding.reason


def test_input_that_takes_for_ever_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python, "INPUT_TIMEOUT_S", 0.05)

    def call(data: bytes) -> None:
        while True:
            pass

    outcome = function(call).run(Effort(runs=1), 1, quiet)
    assert outcome.finding is not None and outcome.finding.reason.startswith("Hang: ")


def seen_by(seed: int) -> list[bytes]:
    found: list[bytes] = []
    seed_corpus(b"a 1 b 2\nc 3\n", b"xyz")
    function(found.append, words=(b"word",), is_text=True).run(Effort(runs=100), seed, quiet)
    return found


def test_seed_is_a_run() -> None:
    assert seen_by(5) == seen_by(5)
    assert seen_by(5) != seen_by(6)


def test_kept_corpus_comes_first_smallest_first() -> None:
    assert seen_by(1)[:2] == [b"xyz", b"a 1 b 2\nc 3\n"]


def parse_number(data: bytes) -> None:
    """Goes through k5.schema by a path that depends on the input."""
    from k5.schema import spelled

    spelled(True if data == b"1" else data.decode("latin-1"))


def test_input_that_reaches_a_new_branch_is_collected_and_kept_once() -> None:
    toy = function(parse_number, words=(b"1",))
    seed_corpus(b"zz")
    outcome = toy.run(Effort(seconds=0.3), 1, quiet)
    assert outcome.corpus == 2 and outcome.covered > 0
    (new,) = target.inputs(target.found("toy"))
    assert new.read_bytes() == b"1"
    assert toy.keep() == (1, 2)
    assert toy.keep() == (2, 2)


def test_burst_collects_nothing() -> None:
    function(parse_number, words=(b"1",)).run(Effort(runs=300), 1, quiet)
    assert target.inputs(target.found("toy")) == []


def test_changed_inputs_stay_short() -> None:
    changer = Changer(random.Random(1), (b"x" * 100,), True)
    data = b"line 1\n" * 600
    for _ in range(500):
        data = changer.change(data, [data])
        assert len(data) <= python.LONGEST_INPUT


# ---------------------------------------------------------------- libFuzzer

SAID = """\
INFO: Seed: 1
#2\tINITED cov: 5 ft: 6 corp: 1/1b exec/s: 0 rss: 30Mb
#4096\tpulse  cov: 77 ft: 90 corp: 12/300b lim: 4 exec/s: 2048 rss: 30Mb
k5 entries 123456
{end}"""


def program(tmp_path: Path, end: str, status: int) -> Program:
    """A program that says what libFuzzer says."""
    script = tmp_path / "toy"
    script.write_text(f"#!/bin/sh\ncat >&2 <<'EOF'\n{SAID.format(end=end)}\nEOF\nexit {status}\n")
    script.chmod(0o755)
    made = Program("toy", ".", "toy")
    made.path = script
    made.build = quiet  # type: ignore[method-assign, assignment]
    return made


def test_libfuzzers_pulses_are_read(tmp_path: Path) -> None:
    outcome = program(tmp_path, "#5000\tDONE   cov: 80 ft: 95 corp: 14/400b lim: 4", 0).run(
        Effort(runs=10), 1, quiet
    )
    assert (outcome.runs, outcome.covered, outcome.corpus, outcome.entries) == (5000, 80, 14, 123456)
    assert outcome.finding is None


def test_libfuzzers_finding_has_its_reason_and_file(tmp_path: Path) -> None:
    end = "broken: two threads run\n==7== ERROR: libFuzzer: deadly signal\nTest unit written to /x/crash-1"
    outcome = program(tmp_path, end, 77).run(Effort(runs=10), 1, quiet)
    assert outcome.finding == Finding(Path("/x/crash-1"), "broken: two threads run")


def test_program_that_fails_without_a_finding_could_not_run(tmp_path: Path) -> None:
    with pytest.raises(K5Error, match="no such library"):
        program(tmp_path, "no such library", 1).run(Effort(runs=10), 1, quiet)


# ---------------------------------------------------------------- command


def run_command(*words: str) -> int:
    import argparse

    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.main(parser.parse_args(list(words)))


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """One target, which breaks on BAD."""
    made = function(breaks_on_a_word, words=(b"BAD",))
    entry = target.Target("toy", "a toy", 3000, 1.0, made.run, made.repeat, made.keep)
    monkeypatch.setattr(command, "TARGETS", {"toy": entry})
    monkeypatch.setattr(command.setup, "ready", lambda *more: None)


@pytest.mark.usefixtures("toy")
def test_command_prints_what_repeats_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("--burst", "--json") == 1
    (outcome,) = json.loads(capsys.readouterr().out)["outcomes"]
    words = outcome["finding"]["repeat"].split()
    assert words[:3] == ["./k5", "fuzz", "toy"]
    assert run_command(*words[2:]) == 1
    assert "ValueError: it is bad" in capsys.readouterr().out


@pytest.mark.usefixtures("toy")
def test_command_keeps_nothing_after_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("toy", "--runs", "3000", "--keep") == 1
    assert not target.kept("toy").exists()
    assert "nothing kept" in capsys.readouterr().err


@pytest.mark.usefixtures("toy")
def test_command_passes_where_nothing_breaks(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("--runs", "0") == 0
    assert "toy" in capsys.readouterr().out


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ty"], "unknown target 'ty' (did you mean 'toy'?)"),
        (["--input", "x"], "--input needs a TARGET"),
        (["toy", "--input", "/no/such"], "/no/such: no such file"),
        (["--runs", "-1"], "--runs -1: must be 0 or more"),
    ],
)
def test_wrong_use_says_what_would_be_right(words: list[str], said: str) -> None:
    with pytest.raises(K5Error, match="^" + said.replace("(", r"\(").replace("?)", r"\?\)")):
        run_command(*words)


@pytest.mark.parametrize("words", [["--seconds", "0"], ["--seconds", "x"], ["--seed", "0"]])
def test_numbers_out_of_range_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        run_command(*words)


def test_shares_of_the_targets_are_the_whole() -> None:
    assert sum(entry.share for entry in TARGETS.values()) == pytest.approx(1.0)


def test_outcome_without_a_finding_has_nothing_to_repeat() -> None:
    with pytest.raises(AssertionError):
        command.repeating(Outcome("toy", 1, 0.0, 0, 0))


def test_every_target_has_a_kept_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for name in TARGETS:
        assert target.inputs(target.kept(name)), name
