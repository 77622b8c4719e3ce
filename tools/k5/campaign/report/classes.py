"""The outcome classes of a trial, worst first, and what each means.

docs/campaigns.md defines them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OutcomeClass:
    """`bad`: what a safety case must explain. `style`: the suffix of its colour in report.css."""

    name: str
    bad: bool
    meaning: str
    style: str


CLASSES = (
    OutcomeClass(
        "isolation-breach",
        True,
        "Memory, capabilities or timing budget of a task that the fault did not touch differ from "
        "the golden run, and no kernel event explains it.",
        "breach",
    ),
    OutcomeClass(
        "kernel-assertion",
        True,
        "The kernel found its own state wrong and stopped the machine.",
        "assertion",
    ),
    OutcomeClass(
        "silent-corruption",
        True,
        "An expectation of the scenario fails, and nothing noticed the fault.",
        "silent",
    ),
    OutcomeClass(
        "hang",
        True,
        "Nothing noticed the fault, and the end did not come before the limit, or a task fell "
        "silent for good.",
        "hang",
    ),
    OutcomeClass(
        "latent",
        False,
        "The end was reached, every expectation holds and nothing noticed the fault, but the "
        "machine's state still differs from the golden run's.",
        "latent",
    ),
    OutcomeClass(
        "detected",
        False,
        "The fault was noticed: an error code, a fault record, an assertion, a restart.",
        "detected",
    ),
    OutcomeClass(
        "recovered",
        False,
        "The fault was noticed, a task was restarted, and then every expectation holds.",
        "recovered",
    ),
    OutcomeClass(
        "masked",
        False,
        "The machine's state is again the golden run's: the fault left nothing behind.",
        "masked",
    ),
    OutcomeClass(
        "not-fired",
        False,
        "The fault changed nothing: what it would have changed was so already, or was not there.",
        "unfired",
    ),
)

# No outcome of a fault, but a finding about the simulator; not in the totals unless it came about.
SIMULATOR_ERROR = OutcomeClass(
    "simulator-error",
    True,
    "The simulator failed: these trials are evidence of nothing, and count as bad.",
    "other",
)

KNOWN = {one.name: one for one in (*CLASSES, SIMULATOR_ERROR)}


def outcome_class(name: str) -> OutcomeClass:
    """The class of this name; one that is not known counts as bad, so that it cannot be missed."""
    meaning = "This report does not know the class; it counts as bad."
    return KNOWN.get(name) or OutcomeClass(name, True, meaning, "other")


def worst_first(names: set[str]) -> list[OutcomeClass]:
    """The classes of these names; those that are not in the list come behind its bad ones."""
    order = [one.name for one in CLASSES]
    bad = sum(one.bad for one in CLASSES)

    def place(name: str) -> tuple[float, str]:
        return (order.index(name), "") if name in order else (bad - 0.5, name)

    return [outcome_class(name) for name in sorted(names, key=place)]
