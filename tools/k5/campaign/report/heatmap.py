"""The heat map on the source: the files that sites name, and what came of faults at each line."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from k5.campaign.report.reader import Line, Tally
from k5.campaign.report.sourcetext import text_of, tree_name
from k5.campaign.report.text import clean, count, one_line
from k5.campaign.report.views import Shapes, heat, worst

AROUND = 4  # lines shown around those with outcomes
FOLDED = 6  # a gap of fewer lines is not worth folding
OPEN = 4  # files that are open at first


@dataclass(frozen=True)
class HeatLine:
    """A line of source; `trials` 0: nothing was injected there. `skipped`: it stands for a gap."""

    number: int
    text: str
    indent: int = 0  # columns before the text, which the page draws as it has room
    trials: int = 0
    bad: int = 0
    heat: str = "0"
    title: str = ""
    skipped: int = 0


@dataclass(frozen=True)
class HeatFile:
    name: str
    problem: str
    trials: int
    bad: int
    title: str
    lines: list[HeatLine]
    open: bool


def heat_files(shapes: Shapes) -> list[HeatFile]:
    """The worst file first; colours are on one scale for all."""
    lines = sorted(shapes.results.lines, key=lambda line: (line.file, line.line))
    most = max((worst(line.tally) for line in lines), default=0.0)
    files = [(name, list(group)) for name, group in groupby(lines, key=lambda line: line.file)]
    sums = {name: summed([line.tally for line in group]) for name, group in files}
    files.sort(key=lambda file: (-sums[file[0]].bad, -sums[file[0]].total, file[0]))
    return [
        _file(shapes, name, group, sums[name], most, place < OPEN)
        for place, (name, group) in enumerate(files)
    ]


def summed(tallies: list[Tally]) -> Tally:
    """All of them together; there is at least one."""
    columns = zip(*(tally.counts for tally in tallies), strict=True)
    return Tally(tuple(sum(column) for column in columns), tallies[0].bad_classes)


def _file(
    shapes: Shapes, name: str, lines: list[Line], total: Tally, most: float, is_open: bool
) -> HeatFile:
    digests = shapes.results.facts.raw.get("sources")
    digest = digests.get(name) if isinstance(digests, dict) else None
    source = text_of(name, digest if isinstance(digest, str) else None)
    by_number = {line.line: line.tally for line in lines}
    problem = source.problem
    if source.lines and max(by_number) > len(source.lines):
        problem = problem or "has fewer lines than the campaign saw: it has changed since"
    shown: list[HeatLine] = []
    for number in _numbers(set(by_number), len(source.lines)):
        if number < 0:
            shown.append(HeatLine(0, "", skipped=-number))
            continue
        text = source.lines[number - 1] if number <= len(source.lines) else ""
        if number in by_number:
            shown.append(_line(shapes, number, text, by_number[number], most))
        else:
            shown.append(HeatLine(number, *_indented(text)))
    title = shapes.sentence(total)
    return HeatFile(
        one_line(tree_name(name)), problem, total.total, total.bad, title, shown, is_open
    )


def _line(shapes: Shapes, number: int, text: str, tally: Tally, most: float) -> HeatLine:
    title = f"line {number}: {count(tally.total, 'trial')}: {shapes.sentence(tally)}"
    text, indent = _indented(text)
    return HeatLine(number, text, indent, tally.total, tally.bad, heat(tally, most), title)


def _indented(text: str) -> tuple[str, int]:
    """A line without its indentation, and how deep that was."""
    bare = text.lstrip(" ")
    return clean(bare), len(text) - len(bare)


def _numbers(hot: set[int], last: int) -> list[int]:
    """The lines to show, in order; a negative number stands for so many that are left out."""
    near = {n for line in hot for n in range(line - AROUND, line + AROUND + 1) if 0 < n <= last}
    out: list[int] = []
    before = 0
    for number in sorted(near | hot):
        gap = min(number - 1, last) - before
        if 0 < gap < FOLDED:
            out += range(before + 1, before + 1 + gap)
        elif gap > 0:
            out.append(-gap)
        out.append(number)
        before = number
    rest = last - before
    if rest >= FOLDED:
        return [*out, -rest]
    return [*out, *range(before + 1, last + 1)]
