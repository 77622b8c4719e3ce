"""Messages, colours and progress on stderr; results go to stdout."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

STYLES = {
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
    "bold": "1",
    "dim": "2",
}
SLOW_S = 2.0  # what takes longer says that it is at work


def coloured(stream: TextIO) -> bool:
    """Whether escapes are welcome: a terminal, and NO_COLOR is not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def paint(text: str, style: str, on: bool) -> str:
    """`text` in a style such as "red" or "bold red"."""
    if not on or not text:
        return text
    codes = ";".join(STYLES[word] for word in style.split())
    return f"\033[{codes}m{text}\033[0m"


def say(message: str) -> None:
    """A message to stderr, in step with what went to stdout."""
    sys.stdout.flush()
    print(message, file=sys.stderr, flush=True)


def error(message: str) -> None:
    """An error to stderr."""
    say(paint("error: ", "bold red", coloured(sys.stderr)) + message)


def warning(message: str) -> None:
    """A warning to stderr."""
    say(paint("warning: ", "bold yellow", coloured(sys.stderr)) + message)


class PlainProgress:
    """Progress where stderr is no terminal: a line every two seconds, none for what ends sooner."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def update(self, text: str, done: int | None = None, total: int | None = None) -> None:
        now = time.monotonic()
        if now - self.last >= SLOW_S:
            self.last = now
            count = f" ({done}/{total})" if total else ""
            say(f"... {text}{count}")

    def close(self) -> None:
        """Nothing to take back."""


class RichProgress:
    """A spinner, or a bar where the total is known; vanishes when done."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self.task = self.progress.add_task("", total=None)
        self.progress.start()

    def update(self, text: str, done: int | None = None, total: int | None = None) -> None:
        self.progress.update(self.task, description=text, completed=done or 0, total=total)

    def close(self) -> None:
        self.progress.stop()


Progress = PlainProgress | RichProgress


@contextmanager
def progress(text: str) -> Iterator[Progress]:
    """Shows that a job is at work. Quiet for jobs that end soon and where no one looks."""
    shown: Progress = PlainProgress()
    if sys.stderr.isatty():
        try:
            shown = RichProgress()
        except ImportError:
            pass  # before set-up: plain lines do
    shown.update(text)
    try:
        yield shown
    finally:
        shown.close()
