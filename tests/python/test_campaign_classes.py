"""What an outcome is called: every class, and what it is told apart from."""

from __future__ import annotations

import pytest

from k5.campaign import classes
from k5.campaign.classes import Facts, Verdict, decide

ENDED, LIMIT, HALTED = classes.OUT_ENDED, classes.OUT_LIMIT, classes.OUT_HALTED
FAILED = Verdict(failed="x.toml:3: expected a log line")
SILENT = Verdict(failed="x.toml:3: expected a log line", silent=True)


@pytest.mark.parametrize(
    ("outcome", "name"),
    [
        (classes.OUT_NOT_FIRED, "not-fired"),
        (classes.OUT_MASKED, "masked"),
        (classes.OUT_ASSERTION, "kernel-assertion"),
        (classes.OUT_ENGINE, "simulator-error"),
    ],
)
def test_what_the_machine_decides_alone_needs_no_events(outcome: int, name: str) -> None:
    assert decide(Facts(outcome))[0] == name
    assert decide(Facts(outcome, fault="DATA", fault_task="foo"), FAILED)[0] == name


def test_a_breach_is_one_whatever_the_events_say() -> None:
    facts = Facts(classes.OUT_BREACH, fault="DATA", fault_task="foo", breach="memory of task bar")
    assert decide(facts) == ("isolation-breach", "memory of task bar")


def test_latent_is_a_state_that_differs_and_nothing_else() -> None:
    assert decide(Facts(ENDED)) == ("latent", "")
    assert decide(Facts(HALTED)) == ("latent", "")


def test_silent_corruption_is_an_expectation_that_fails_undetected() -> None:
    assert decide(Facts(ENDED), FAILED) == ("silent-corruption", FAILED.failed)


@pytest.mark.parametrize(
    ("facts", "verdict", "detail"),
    [
        (Facts(ENDED, fault="DATA", fault_task="foo"), FAILED, "DATA in foo"),
        (Facts(ENDED, fault="DATA", fault_task="foo"), Verdict(), "DATA in foo"),
        (Facts(ENDED, errors=1), FAILED, "a system call's error"),
        (Facts(ENDED, restarts=1), FAILED, "a restart"),
        (Facts(LIMIT, fault="CODE", fault_task="bar"), SILENT, "CODE in bar"),
        (Facts(HALTED, errors=2), SILENT, "a system call's error"),
        (Facts(ENDED), Verdict("failed", noticed='a log line "wrong"'), 'a log line "wrong"'),
    ],
)
def test_detected_is_whatever_someone_told_of(facts: Facts, verdict: Verdict, detail: str) -> None:
    assert decide(facts, verdict) == ("detected", detail)


def test_recovered_is_a_restart_after_which_all_expectations_hold() -> None:
    facts = Facts(ENDED, fault="DATA", fault_task="foo", restarts=1)
    assert decide(facts) == ("recovered", "DATA in foo")
    assert decide(facts, FAILED)[0] == "detected"


def test_a_run_that_never_ends_has_not_recovered() -> None:
    facts = Facts(LIMIT, fault="DATA", fault_task="foo", restarts=1)
    assert decide(facts)[0] == "detected"


def test_hang_is_an_end_that_does_not_come() -> None:
    assert decide(Facts(LIMIT))[0] == "hang"
    assert decide(Facts(LIMIT), FAILED)[0] == "hang"


def test_hang_is_a_machine_that_stops_before_its_expectations_are_met() -> None:
    name, detail = decide(Facts(HALTED), FAILED)
    assert (name, FAILED.failed in detail) == ("hang", True)


def test_hang_is_a_task_that_falls_silent() -> None:
    name, detail = decide(Facts(ENDED), SILENT)
    assert (name, FAILED.failed in detail) == ("hang", True)


def test_every_class_can_be_had_and_has_its_place_in_the_list() -> None:
    kinds = range(classes.OUT_NOT_FIRED, classes.OUT_ENGINE + 1)
    cases = [
        decide(Facts(outcome, fault=fault, errors=errors, restarts=restarts), verdict)[0]
        for outcome in kinds
        for fault in ("", "DATA")
        for errors in (0, 1)
        for restarts in (0, 1)
        for verdict in (Verdict(), FAILED, SILENT)
    ]
    assert set(cases) == set(classes.CLASSES)
