"""Targets in C: libFuzzer programs of the preset host-clang-asan."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from k5 import host
from k5.console import PlainProgress
from k5.errors import FAILED, K5Error
from k5.fuzzing import target as common
from k5.fuzzing.target import Effort, Finding, Note, Outcome
from k5.paths import ROOT, shown

PRESET = "host-clang-asan"
FOLDER = ROOT / "build" / PRESET
LONGEST_INPUT = 4096
LONGEST_KEPT = 768  # the tree has many of them
INPUT_TIMEOUT_S = 25
ENVIRONMENT = {
    "LSAN_OPTIONS": f"suppressions={ROOT}/tests/sim/lsan.supp:print_suppressions=0",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}

_PULSE = re.compile(r"#(\d+)\s+(\w+)\s+cov: (\d+) ft: \d+ corp: (\d+)")
_WRITTEN = re.compile(r"Test unit written to (.*)")
_ENTRIES = re.compile(r"k5 entries (\d+)")
_WHY = re.compile(r"^(?:broken: |==\d+==ERROR: |.*runtime error: |.*Assertion )(.*)", re.MULTILINE)


class _Forward(PlainProgress):
    """A build's progress as this run's."""

    def __init__(self, note: Note) -> None:
        super().__init__()
        self.note = note

    def update(self, text: str, done: int | None = None, total: int | None = None) -> None:
        self.note(text)


class Program:
    """One libFuzzer program: a target of CMake, and where it is built."""

    def __init__(self, name: str, folder: str, cmake_target: str) -> None:
        self.name = name
        self.cmake_target = cmake_target
        self.path = FOLDER / folder / cmake_target

    def build(self, note: Note) -> None:
        """Current, under ASan and UBSan."""
        if not shutil.which("clang"):
            raise K5Error("clang is missing: `./k5 doctor` says what to install")
        host.build(PRESET, self.cmake_target, _Forward(note))

    def _start(self, arguments: list[str], folder: Path) -> subprocess.Popen[str]:
        environment = {**os.environ, **ENVIRONMENT}
        return subprocess.Popen(
            [str(self.path), *arguments], cwd=folder, env=environment, text=True,
            errors="replace", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, effort: Effort, seed: int, note: Note) -> Outcome:
        """The kept corpus, what was found before, then new inputs. A burst keeps nothing."""
        self.build(note)
        kept, found = common.kept(self.name), common.found(self.name)
        broken = common.findings(self.name)
        for folder in (found, broken):
            folder.mkdir(parents=True, exist_ok=True)
        arguments = [f"-seed={seed}", f"-max_len={LONGEST_INPUT}", f"-timeout={INPUT_TIMEOUT_S}",
                     f"-artifact_prefix={broken}/", "-len_control=0"]  # fmt: skip
        with tempfile.TemporaryDirectory(prefix="k5-fuzz-") as scratch:
            if effort.seconds is not None:
                arguments.append(f"-max_total_time={max(1, round(effort.seconds))}")
                folders = [str(found)]
            else:
                # libFuzzer counts the corpus among the runs.
                arguments.append(f"-runs={(effort.runs or 0) + len(common.inputs(kept))}")
                folders = [scratch]
            folders += [str(kept)] if kept.is_dir() else []
            return self._watch([*arguments, *folders], Path(scratch), note)

    def _watch(self, arguments: list[str], folder: Path, note: Note) -> Outcome:
        """Follows the program's pulses to its end."""
        started = time.monotonic()
        runs = covered = corpus = 0
        entries: int | None = None
        said: list[str] = []
        process = self._start(arguments, folder)
        assert process.stderr is not None
        try:
            for line in process.stderr:
                pulse = _PULSE.match(line)
                if pulse:
                    runs, covered, corpus = int(pulse[1]), int(pulse[3]), int(pulse[4])
                    note(f"{self.name}: {runs} inputs, {covered} edges, corpus {corpus}")
                else:
                    said = [*said[-200:], line]
                    counted = _ENTRIES.match(line)
                    entries = int(counted[1]) if counted else entries
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()
        finding = self._finding("".join(said)) if process.returncode else None
        seconds = time.monotonic() - started
        return Outcome(self.name, runs, seconds, covered, corpus, finding, entries)

    def _finding(self, said: str) -> Finding:
        written = _WRITTEN.search(said)
        if not written:
            text = "\n".join(said.strip().splitlines()[-20:])
            raise K5Error(f"{shown(self.path)} failed without a finding:\n{text}", status=FAILED)
        why = _WHY.search(said)
        reason = why[0] if why else "it ended by itself"
        return Finding(Path(written[1].strip()), reason.strip())

    def repeat(self, path: Path) -> str | None:
        """Runs one input; what the program said if it broke."""
        self.build(lambda text: None)
        with tempfile.TemporaryDirectory(prefix="k5-fuzz-") as scratch:
            process = self._start([str(path.absolute())], Path(scratch))
            said = process.communicate()[1]
        return said.strip() if process.returncode else None

    def keep(self) -> tuple[int, int]:
        """The smallest set of kept and found inputs that covers what all of them do."""
        kept, found = common.kept(self.name), common.found(self.name)
        self.build(lambda text: None)
        before = len(common.inputs(kept))
        with tempfile.TemporaryDirectory(prefix="k5-fuzz-") as scratch:
            merged = Path(scratch, "merged")
            merged.mkdir()
            sources = [str(folder) for folder in (kept, found) if folder.is_dir()]
            arguments = ["-set_cover_merge=1", f"-max_len={LONGEST_KEPT}", str(merged), *sources]
            process = self._start(arguments, Path(scratch))
            said = process.communicate()[1]
            if process.returncode:
                raise K5Error(f"{shown(self.path)}: merging failed:\n{said[-2000:]}", status=FAILED)
            common.replace(kept, [path.read_bytes() for path in common.inputs(merged)])
        return before, len(common.inputs(kept))
