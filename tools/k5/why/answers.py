"""The questions, and who answers them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from k5.errors import K5Error, suggestion
from k5.why import blocked, changed, loan, ready, written
from k5.why.names import Names

if TYPE_CHECKING:
    from k5.machine import Machine

Found = tuple[list[str], dict[str, Any]]


@dataclass(frozen=True)
class Question:
    """One that can be asked."""

    name: str
    arguments: str
    title: str
    answer: Callable[[Machine, Names, list[str]], Found]

    @property
    def count(self) -> int:
        """Of its arguments."""
        return len(self.arguments.split())


@dataclass(frozen=True)
class Answer:
    """What was found: lines for people, and the same as data."""

    question: str
    lines: list[str]
    data: dict[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """For people."""
        return "\n".join(self.lines)

    def json(self) -> dict[str, Any]:
        """For tools."""
        return {"question": self.question, **self.data, "text": self.lines}


def _written(machine: Machine, names: Names, words: list[str]) -> Found:
    return written.explain(machine, names, names.target(words[0]))


def _loan(machine: Machine, names: Names, words: list[str]) -> Found:
    return loan.explain(machine, names, names.target(words[0]))


def _blocked(machine: Machine, names: Names, words: list[str]) -> Found:
    return blocked.explain(machine, names, names.thread_index(words[0]))


def _ready(machine: Machine, names: Names, words: list[str]) -> Found:
    return ready.explain(machine, names, names.thread_index(words[0]))


def _changed(machine: Machine, names: Names, words: list[str]) -> Found:
    from k5.commands.run import duration_us

    return changed.explain(machine, names, *(duration_us(word) for word in words))


QUESTIONS = {
    question.name: question
    for question in (
        Question("written", "PLACE", "who wrote it last", _written),
        Question("loan", "PLACE", "who holds, or last held, a loan of it", _loan),
        Question("blocked", "THREAD", "what it waits for, and who waits for whom", _blocked),
        Question("ready", "THREAD", "what made it ready last", _ready),
        Question("changed", "TIME TIME", "what is different between two times", _changed),
    )
}


def usage() -> list[str]:
    """A line for each question."""
    return [f"{f'{q.name} {q.arguments}':18} {q.title}" for q in QUESTIONS.values()]


def parse(words: list[str]) -> Question:
    """The question of these words; K5Error says what could be asked."""
    if not words:
        raise K5Error("ask something:", *(f"  {line}" for line in usage()))
    if words[0] not in QUESTIONS:
        raise K5Error(f"no question '{words[0]}'" + suggestion(words[0], QUESTIONS))
    question = QUESTIONS[words[0]]
    if len(words) - 1 != question.count:
        raise K5Error(f"{question.name} wants {question.arguments}: {question.title}")
    return question


def answer(machine: Machine, words: list[str]) -> Answer:
    """The answer to a question about the machine as it stands, which has a history."""
    question = parse(words)
    if not machine.points():
        raise K5Error("this machine has no history: start one behind the boot")
    lines, data = question.answer(machine, Names(machine), words[1:])
    return Answer(" ".join(words), lines, data)
