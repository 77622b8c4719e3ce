"""The outcomes that are not masked."""

from __future__ import annotations

from dataclasses import dataclass

from k5.campaign.report.reader import Finding
from k5.campaign.report.sourcetext import tree_name
from k5.campaign.report.text import bits, moment, one_line
from k5.campaign.report.views import UNNAMED, Shapes


@dataclass(frozen=True)
class FindingRow:
    """`trials` that are alike; `trial` is the first of them."""

    style: str
    class_: str
    detail: str
    model: str
    target: str
    change: str
    task: str
    where: str
    when: str
    trials: int
    trial: int


@dataclass(frozen=True)
class FindingTable:
    """`cut`: (class, shown, all) of the classes that have more rows than are on the page."""

    rows: list[FindingRow]
    all: int
    cut: list[tuple[str, int, int]]
    classes: list[str]
    tasks: list[str]


def finding_table(shapes: Shapes) -> FindingTable:
    results = shapes.results
    rows = [_row(shapes, finding) for finding in results.findings]
    on_page = [0] * len(results.classes)
    for finding in results.findings:
        on_page[results.classes.index(finding.class_)] += 1
    per_class = zip(results.classes, on_page, results.finding_groups, strict=True)
    cut = [(one_line(one.name), here, all_) for one, here, all_ in per_class if here < all_]
    return FindingTable(
        rows=rows,
        all=sum(results.finding_groups),
        cut=cut,
        classes=list(dict.fromkeys(row.class_ for row in rows)),
        tasks=sorted({row.task for row in rows}),
    )


def _row(shapes: Shapes, finding: Finding) -> FindingRow:
    facts = shapes.results.facts
    owner = finding.task
    if finding.thread and finding.thread != finding.task:
        owner = f"{owner}.{finding.thread}" if owner else finding.thread
    target = " ".join(part for part in (owner, finding.place) if part)
    return FindingRow(
        style=finding.class_.style,
        class_=one_line(finding.class_.name),
        detail=one_line(finding.detail),
        model=one_line(finding.model),
        target=one_line(target),
        change=_change(finding),
        task=one_line(finding.task) or UNNAMED,
        where=_where(finding),
        when="" if finding.tick is None else moment(finding.tick, facts.ticks_hz),
        trials=finding.trials,
        trial=finding.trial,
    )


def _change(finding: Finding) -> str:
    """The bits and the value of the fault that stands for the row."""
    parts = [bits(finding.mask)] if finding.mask else []
    parts += [f"value {finding.value:,}"] if finding.value else []
    return ", ".join(parts)


def _where(finding: Finding) -> str:
    """`main() at user/demo/foo.c:31`, as far as it is known."""
    line = f":{finding.line}" if finding.line else ""
    place = f"{tree_name(finding.file)}{line}" if finding.file else ""
    if not place and finding.pc is not None:
        place = f"pc 0x{finding.pc:08x}"
    function = f"{finding.function}()" if finding.function else ""
    text = " at ".join(part for part in (function, place) if part)
    running = f"{finding.running}: " if finding.running and text else finding.running
    return one_line(running + text)
