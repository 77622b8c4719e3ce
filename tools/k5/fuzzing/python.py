"""Targets in Python: random changes of inputs, led by which lines they reach.

The same idea as libFuzzer's, small: an input that takes a branch which none took
before joins the corpus, and is changed further. A seed is a run, as long as the
effort is a number of inputs.
"""

from __future__ import annotations

import random
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from k5.errors import K5Error
from k5.fuzzing import target as common
from k5.fuzzing.target import Effort, Finding, Note, Outcome
from k5.paths import ROOT

LONGEST_INPUT = 4096
INPUT_TIMEOUT_S = 10.0
MOST_CHANGES = 4
NOTE_EVERY = 50
SHRINK_TRIES = 400

Branch = tuple[CodeType, int, int]


class Hang(Exception):
    """An input that takes for ever."""


class Broken(Exception):
    """A promise of the target that does not hold."""


class Branches:
    """Which branches of some modules are taken: pairs of lines, by function."""

    def __init__(self, modules: tuple[str, ...]) -> None:
        self.files = {str(ROOT / "tools" / "k5" / f"{name}.py") for name in modules}
        self.seen: set[Branch] = set()

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Adds what runs inside."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            yield
        finally:
            sys.settrace(before)

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename not in self.files:
            return None
        last = 0
        code, seen = frame.f_code, self.seen

        def line(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal last
            if event == "line":
                seen.add((code, last, frame.f_lineno))
                last = frame.f_lineno
            return line

        return line


class Changer:
    """Random changes: of bytes, of lines, and words of a dictionary put in."""

    def __init__(self, chance: random.Random, words: tuple[bytes, ...], is_text: bool) -> None:
        self.chance = chance
        self.words = words
        self.is_text = is_text

    def change(self, data: bytes, others: list[bytes]) -> bytes:
        """A few changes, one after another."""
        for _ in range(self.chance.randint(1, MOST_CHANGES)):
            data = self._once(data, others)[:LONGEST_INPUT]
        return data

    def _once(self, data: bytes, others: list[bytes]) -> bytes:
        ways = [self._flip, self._overwrite, self._remove, self._repeat, self._word, self._number]
        if self.is_text:
            ways += [self._lines, self._lines, self._word, self._number]
        if self.chance.random() < 0.1:
            other = self.chance.choice(others)
            return data[: self._place(data)] + other[self._place(other) :]
        return self.chance.choice(ways)(data)

    def _place(self, data: bytes) -> int:
        return self.chance.randint(0, len(data))

    def _flip(self, data: bytes) -> bytes:
        at = self._place(data)
        if at == len(data):
            return data
        return data[:at] + bytes([data[at] ^ 1 << self.chance.randrange(8)]) + data[at + 1 :]

    def _overwrite(self, data: bytes) -> bytes:
        at, size = self._place(data), self.chance.randint(1, 4)
        filling = self.chance.choice((bytes(size), b"\xff" * size, self.chance.randbytes(size)))
        return data[:at] + filling + data[at + size :]

    def _remove(self, data: bytes) -> bytes:
        at = self._place(data)
        return data[:at] + data[at + self.chance.randint(1, 16) :]

    def _repeat(self, data: bytes) -> bytes:
        start, size, at = self._place(data), self.chance.randint(1, 32), self._place(data)
        return data[:at] + data[start : start + size] + data[at:]

    def _word(self, data: bytes) -> bytes:
        """A word of the dictionary, in between or instead of a word."""
        word = self.chance.choice(self.words) if self.words else self.chance.randbytes(2)
        found = list(re.finditer(rb"\w+", data)) if self.is_text else []
        if found and self.chance.random() < 0.7:
            place = self.chance.choice(found)
            return data[: place.start()] + word + data[place.end() :]
        at = self._place(data)
        return data[:at] + word + data[at:]

    def _number(self, data: bytes) -> bytes:
        """Another number in the place of one."""
        if not self.is_text:
            at = self._place(data) & ~3
            value = self.chance.choice((0, 1, 3, 4, 31, 32, 255, 256, 65535, 2**31, 2**32 - 1))
            return data[:at] + value.to_bytes(4, "little") + data[at + 4 :]
        found = list(re.finditer(rb"\d[\d_]*", data))
        if not found:
            return data
        place = self.chance.choice(found)
        value = self.chance.choice((0, 1, 7, 8, 31, 32, 33, 64, 65, 255, 256, 4096, 65536,
                                    2**31, 2**32 - 1, 2**32, 2**63, -1))  # fmt: skip
        return data[: place.start()] + str(value).encode() + data[place.end() :]

    def _lines(self, data: bytes) -> bytes:
        """A line goes, comes twice, or changes its place."""
        lines = data.split(b"\n")
        line = lines.pop(self.chance.randrange(len(lines)))
        for _ in range(self.chance.randrange(3)):
            lines.insert(self.chance.randint(0, len(lines)), line)
        return b"\n".join(lines)


@contextmanager
def _limited() -> Iterator[None]:
    """Hang, if it takes too long."""

    def give_up(number: int, frame: FrameType | None) -> None:
        raise Hang(f"took more than {INPUT_TIMEOUT_S:g} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, INPUT_TIMEOUT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Function:
    """A function that may refuse its input with a K5Error, and nothing else."""

    def __init__(
        self,
        name: str,
        modules: tuple[str, ...],
        prepare: Callable[[], Callable[[bytes], None]],
        *,
        words: tuple[bytes, ...] = (),
        is_text: bool = False,
    ) -> None:
        self.name = name
        self.modules = modules
        self.prepare = prepare
        self.words = words
        self.is_text = is_text

    def run(self, effort: Effort, seed: int, note: Note) -> Outcome:
        """The kept corpus, what was found before, then new inputs. A burst keeps nothing."""
        started = time.monotonic()
        call, branches = self.prepare(), Branches(self.modules)
        folders = [common.kept(self.name)]
        if effort.seconds is not None:
            folders.append(common.found(self.name))
            folders[1].mkdir(parents=True, exist_ok=True)
        corpus = [path.read_bytes() for path in common.inputs(*folders)] or [b""]
        chance = random.Random(seed)
        changer = Changer(chance, self.words, self.is_text)
        runs, finding = 0, None

        def over() -> bool:
            if effort.seconds is not None and time.monotonic() - started >= effort.seconds:
                return True
            return effort.runs is not None and runs >= effort.runs + len(first)

        first = list(corpus)
        while not (over() and runs >= len(first)):
            data = first[runs] if runs < len(first) else changer.change(
                chance.choice(corpus), corpus
            )  # fmt: skip
            before = len(branches.seen)
            with branches.watch():
                reason = self._attempt(call, data)
            runs += 1
            if reason is not None:
                finding = self._found(call, data, reason)
                break
            if len(branches.seen) > before and runs > len(first):
                corpus.append(data)
                if effort.seconds is not None:
                    (folders[1] / common.name_of(data)).write_bytes(data)
            if runs % NOTE_EVERY == 0:
                seen = len(branches.seen)
                note(f"{self.name}: {runs} inputs, {seen} branches, corpus {len(corpus)}")
        seconds = time.monotonic() - started
        return Outcome(self.name, runs, seconds, len(branches.seen), len(corpus), finding)

    def _attempt(self, call: Callable[[bytes], None], data: bytes) -> str | None:
        """None, or why the input is a finding."""
        try:
            with _limited():
                call(data)
        except K5Error as refused:
            empty = not refused.messages or not all(refused.messages)
            return "a refusal without a message" if empty else None
        except (Exception, RecursionError) as problem:
            at = traceback.extract_tb(problem.__traceback__)[-1]
            return f"{type(problem).__name__}: {problem} ({Path(at.filename).name}:{at.lineno})"
        return None

    def _found(self, call: Callable[[bytes], None], data: bytes, reason: str) -> Finding:
        """Makes the input smaller as long as it breaks, and keeps it."""
        size, tries = max(len(data) // 2, 1), 0
        while size and tries < SHRINK_TRIES:
            for at in range(0, len(data), size):
                less = data[:at] + data[at + size :]
                tries += 1
                smaller = self._attempt(call, less)
                if smaller is not None:
                    data, reason = less, smaller
                    break
            else:
                size //= 2
        folder = common.findings(self.name)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / common.name_of(data)
        path.write_bytes(data)
        return Finding(path, reason)

    def repeat(self, path: Path) -> str | None:
        """Runs one input; the traceback if it breaks."""
        try:
            with _limited():
                self.prepare()(path.read_bytes())
        except K5Error:
            return None
        except Exception:
            return traceback.format_exc().strip()
        return None

    def keep(self) -> tuple[int, int]:
        """The inputs, smallest first, that each take a branch which none before took."""
        kept, call = common.kept(self.name), self.prepare()
        before = len(common.inputs(kept))
        branches, chosen = Branches(self.modules), []
        for path in common.inputs(kept, common.found(self.name)):
            data, seen = path.read_bytes(), len(branches.seen)
            with branches.watch():
                reason = self._attempt(call, data)
            if reason is None and len(branches.seen) > seen:
                chosen.append(data)
        common.replace(kept, chosen)
        return before, len(chosen)
