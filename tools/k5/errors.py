"""Errors that end a command with a message instead of a traceback."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

PASSED, FAILED, COULD_NOT_RUN = 0, 1, 2


class K5Error(Exception):
    """One or more messages for people; `status` is the command's exit status."""

    def __init__(self, *messages: str, status: int = COULD_NOT_RUN) -> None:
        super().__init__("\n".join(messages))
        self.messages = list(messages)
        self.status = status


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, whatever its case."""
    words = {one.lower(): one for one in known}
    found = difflib.get_close_matches(word.lower(), list(words), n=1, cutoff=0.5)
    return words[found[0]] if found else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)`, or the list of what is known."""
    words = list(known)
    meant = nearest(word, words)
    if meant:
        return f" (did you mean '{meant}'?)"
    return f" (known: {', '.join(sorted(words))})" if words else ""
