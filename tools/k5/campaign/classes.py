"""What an outcome is called: the one place that decides it. docs/campaigns.md says it in words.

The machine tells what it can by itself (`Facts`); what the events mean is the scenario's
expectations' business (`Verdict`).
"""

from __future__ import annotations

from dataclasses import dataclass

NOT_FIRED, MASKED, LATENT, DETECTED, RECOVERED = (
    "not-fired", "masked", "latent", "detected", "recovered",
)  # fmt: skip
SILENT, HANG, BREACH, ASSERTION = (
    "silent-corruption", "hang", "isolation-breach", "kernel-assertion",
)  # fmt: skip
ENGINE = "simulator-error"  # no outcome of the fault: a finding about the simulator

# In the order in which they are shown, from harmless to grave.
CLASSES = (
    NOT_FIRED, MASKED, LATENT, RECOVERED, DETECTED, HANG, SILENT, BREACH, ASSERTION, ENGINE,
)  # fmt: skip

# enum k5sim_outcome
OUT_NOT_FIRED, OUT_MASKED, OUT_ENDED, OUT_LIMIT = 1, 2, 3, 4
OUT_HALTED, OUT_BREACH, OUT_ASSERTION, OUT_ENGINE = 5, 6, 7, 8
# Those that need a look at the events.
OPEN = (OUT_ENDED, OUT_LIMIT, OUT_HALTED)


@dataclass(frozen=True)
class Facts:
    """What the machine found: struct k5sim_result, names for numbers where people read them."""

    outcome: int
    fault: str = ""  # of the first fault that the golden run does not have; "": none
    fault_task: str = ""
    errors: int = 0  # results of system calls that are errors, unlike the golden run's
    restarts: int = 0  # of tasks, more than in the golden run
    breach: str = ""  # what of whom: "memory of task bar"


@dataclass(frozen=True)
class Verdict:
    """What the events say."""

    failed: str = ""  # an expectation that does not hold; "": all hold
    silent: bool = False  # what came is all as in the golden run, but something did not come
    noticed: str = ""  # the campaign's [[detected]]: what told of it


HOLDS = Verdict()


def decide(facts: Facts, verdict: Verdict = HOLDS) -> tuple[str, str]:
    """(class, detail) of a trial."""
    fixed = {
        OUT_NOT_FIRED: (NOT_FIRED, ""),
        OUT_MASKED: (MASKED, ""),
        OUT_ASSERTION: (ASSERTION, "the kernel stopped the machine"),
        OUT_BREACH: (BREACH, facts.breach),
        OUT_ENGINE: (ENGINE, "the simulator failed"),
    }
    if facts.outcome in fixed:
        return fixed[facts.outcome]
    return _open(facts, verdict)


def _open(facts: Facts, verdict: Verdict) -> tuple[str, str]:
    """Of a trial that went on to an end of some kind."""
    found = _detection(facts, verdict)
    ended = facts.outcome == OUT_ENDED or (facts.outcome == OUT_HALTED and not verdict.failed)
    if facts.restarts and ended and not verdict.failed:
        return RECOVERED, found
    if found:
        return DETECTED, found
    if facts.outcome == OUT_LIMIT:
        return HANG, "the end did not come before the limit"
    if verdict.failed and facts.outcome == OUT_HALTED:
        return HANG, f"nothing would ever happen again: {verdict.failed}"
    if verdict.failed and verdict.silent:
        return HANG, f"a task fell silent: {verdict.failed}"
    if verdict.failed:
        return SILENT, verdict.failed
    return LATENT, ""


def _detection(facts: Facts, verdict: Verdict) -> str:
    """What told of the fault; "": nothing did."""
    if facts.fault:
        return f"{facts.fault} in {facts.fault_task}"
    if verdict.noticed:
        return verdict.noticed
    if facts.errors:
        return "a system call's error"
    if facts.restarts:
        return "a restart"
    return ""
