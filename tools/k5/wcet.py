"""The longest stays in the kernel that the systems that test it bring about.

Every system of user/conformance and user/abuse runs under QEMU, chaos with
several seeds; tools/k5/stays.py counts. What is found is a lower bound of the
worst case, for the system that it was found in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from k5 import arch as archs
from k5 import builder, conformance, stays
from k5.console import paint
from k5.errors import K5Error
from k5.machinecode import MachineCode
from k5.pathbound import PathBound
from k5.pathrules import limits
from k5.paths import ROOT, shown
from k5.stays import BOOT, Stay

ABUSE = ROOT / "user" / "abuse"
RANDOM = ABUSE / "chaos.toml"
SEEDS = range(1, 9)
RANDOM_US = 40_000
LIMIT_US = 60_000_000
LIMIT = 1500  # instructions with interrupts off, boot apart
WORKERS = 2
PAGE = ROOT / "docs" / "worst-cases.md"
BEGIN, END = "<!-- made by ./k5 bench --wcet --write -->", "<!-- end -->"
TITLES = {"armv8m": "Cortex-M33", "rv32": "RV32"}

Note = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """One run of one system."""

    suite: conformance.Suite
    arch: str
    seed: int
    until_us: int

    @property
    def title(self) -> str:
        return self.suite.name + (f" --seed {self.seed}" if self.seed else "")


@dataclass
class Worst:
    """The longest stays of one kind of entry."""

    stays: int = 0
    longest: int = 0  # between two looks whether an interrupt waits
    longest_in: str = ""
    whole: int = 0  # from entry to exit
    whole_in: str = ""

    def add(self, stay: Stay, where: str) -> None:
        self.stays += 1
        if stay.longest > self.longest:
            self.longest, self.longest_in = stay.longest, where
        if stay.instructions > self.whole:
            self.whole, self.whole_in = stay.instructions, where


@dataclass
class Found:
    """All kinds of entries of one instruction set."""

    entries: dict[str, Worst] = field(default_factory=dict)
    bounds: dict[str, int] = field(default_factory=dict)  # of RANDOM's image, by kind of entry

    @property
    def interrupts_off(self) -> int:
        """The longest of all, boot apart."""
        return max((w.longest for kind, w in self.entries.items() if kind != BOOT), default=0)

    @property
    def good(self) -> bool:
        return self.interrupts_off <= LIMIT


def jobs(arch: str) -> Iterator[Job]:
    """What runs on that instruction set."""
    column = conformance.Column(arch, "qemu")
    for suite in [*conformance.suites(), *conformance.suites(ABUSE)]:
        if not suite.runs_on(column):
            continue
        if suite.path == RANDOM:
            yield from (Job(suite, arch, seed, RANDOM_US) for seed in SEEDS)
        else:
            yield Job(suite, arch, 0, LIMIT_US)


def _run(job: Job) -> list[tuple[str, Worst]]:
    """The longest stays of a run; the rest of its log is not kept."""
    found: dict[str, Worst] = {}
    built = builder.build(job.suite.path, conformance.BOARDS[job.arch])
    for stay in stays.of_run(built, job.seed, job.until_us):
        found.setdefault(stay.entry, Worst()).add(stay, job.title)
    return list(found.items())


def measure(note: Note) -> dict[str, Found]:
    """By instruction set."""
    stays.plugin()
    todo = [job for arch in conformance.BOARDS for job in jobs(arch)]
    found = {arch: Found() for arch in conformance.BOARDS}
    with ThreadPoolExecutor(WORKERS) as pool:
        for number, (job, result) in enumerate(zip(todo, pool.map(_run, todo), strict=True), 1):
            note(f"{job.title} on {job.arch} ({number}/{len(todo)})")
            entries = found[job.arch].entries
            for kind, worst in result:
                entries[kind] = _longer(entries.get(kind, Worst()), worst)
    for arch in found:
        note(f"bounds on {arch}")
        found[arch].bounds = bounds(arch)
    return found


def bounds(arch: str) -> dict[str, int]:
    """What no path through the image of RANDOM can be longer than, by kind of entry."""
    built = builder.build(RANDOM, conformance.BOARDS[arch])
    code = MachineCode(stays.chip_image(built), archs.of(arch))
    path = PathBound(code, limits(built.meta))
    result = {stays.CALL + name: path.of_call(number) for number, name in stays.calls().items()}
    for kind in (stays.TIMER, stays.INTERRUPT, stays.FAULT):
        of_kind = path.of_entry(kind)
        if of_kind is not None:
            result[kind] = of_kind
    return result


def _longer(one: Worst, other: Worst) -> Worst:
    result = Worst(one.stays + other.stays)
    first = one if one.longest >= other.longest else other
    whole = one if one.whole >= other.whole else other
    result.longest, result.longest_in = first.longest, first.longest_in
    result.whole, result.whole_in = whole.whole, whole.whole_in
    return result


def ordered(found: dict[str, Found]) -> list[str]:
    """Kinds of entries: system calls by number, then the rest."""
    kinds = {kind for one in found.values() for kind in one.entries}
    calls = [stays.CALL + name for _, name in sorted(stays.calls().items())]
    rest = [stays.NO_CALL, stays.TIMER, stays.INTERRUPT, stays.FAULT, stays.IDLE, BOOT]
    return [kind for kind in (*calls, *rest) if kind in kinds]


HEADS = ("longest", "whole stay", "seen", "longest in", "bound")


def _cells(worst: Worst | None) -> list[str]:
    if worst is None:
        return ["not seen", "", "", ""]
    return [f"{worst.longest:,}", f"{worst.whole:,}", f"{worst.stays:,}", worst.longest_in]


def markdown(found: dict[str, Found]) -> str:
    """A table for each instruction set."""
    out = []
    for arch, one in found.items():
        out += [f"### {TITLES[arch]}", "", "| entry | " + " | ".join(HEADS) + " |",
                "| --- | ---: | ---: | ---: | --- | ---: |"]  # fmt: skip
        for kind in ordered(found):
            bound = one.bounds.get(kind)
            row = [_name(kind), *_cells(one.entries.get(kind)), f"{bound:,}" if bound else ""]
            out.append("| " + " | ".join(row) + " |")
        out += ["", f"Longest with interrupts off, boot apart: **{one.interrupts_off:,}** "
                f"instructions; at most {LIMIT:,} are allowed.", ""]  # fmt: skip
    return "\n".join(out).rstrip()


def _name(kind: str) -> str:
    return kind.removeprefix(stays.CALL)


def text(found: dict[str, Found], colour: bool) -> str:
    """For people: both instruction sets side by side."""
    lines = [f"{'instructions with interrupts off':32} " + " ".join(
        f"{TITLES[arch] + ' ' + head:>22}" for arch in found for head in HEADS[:2]
    )]  # fmt: skip
    for kind in ordered(found):
        row = f"{_name(kind):32} "
        for one in found.values():
            worst = one.entries.get(kind)
            longest = worst.longest if worst else 0
            bad = longest > LIMIT and kind != BOOT
            shown_ = f"{longest:22,}" if worst else f"{'not seen':>22}"
            row += paint(shown_, "red", colour and bad) + f" {worst.whole if worst else 0:22,} "
        lines.append(row.rstrip())
    row = f"{'longest of all, boot apart':32} "
    for one in found.values():
        style = "bold green" if one.good else "bold red"
        row += paint(f"{one.interrupts_off:22,}", style, colour) + f" {f'at most {LIMIT:,}':>22} "
    return "\n".join([*lines, row.rstrip()])


def as_json(found: dict[str, Found]) -> dict[str, Any]:
    """For machines."""
    return {
        arch: {
            "bounds": {_name(kind): bound for kind, bound in one.bounds.items()},
            "interrupts_off": one.interrupts_off,
            "limit": LIMIT,
            "entries": {_name(kind): asdict(one.entries[kind])
                        for kind in ordered(found) if kind in one.entries},
        }
        for arch, one in found.items()
    }  # fmt: skip


def write_page(table: str, path: Path = PAGE) -> None:
    """Puts the table between its marks."""
    pattern = re.escape(BEGIN) + r".*?" + re.escape(END)
    page, count = re.subn(
        pattern, lambda found: f"{BEGIN}\n\n{table}\n\n{END}", path.read_text(), flags=re.DOTALL
    )
    if count != 1:
        raise K5Error(f"{shown(path)}: needs one '{BEGIN}' and one '{END}' behind it")
    path.write_text(page)
