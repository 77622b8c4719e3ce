"""The tables of `./k5 top`, no wider than 80 columns for names of usual length."""

from __future__ import annotations

from k5.console import paint
from k5.tracing.summary import Figures, Summary

COUNTS = ("syscalls", "calls", "served", "messages", "irqs", "faults", "restarts")
STACK_TIGHT = 0.9  # of a stack: more is shown as a warning


def time_text(ns: int | None) -> str:
    """Three digits and a unit; `-` for what there was none of."""
    if ns is None:
        return "-"
    for unit, size in (("s", 10**9), ("ms", 10**6), ("us", 10**3)):
        if ns >= size:
            value = ns / size
            digits = 2 if value < 10 else 1 if value < 100 else 0
            return f"{value:.{digits}f}{unit}"
    return f"{ns}ns" if ns else "0"


def _stack(figures: Figures, colour: bool) -> str:
    """`304/512`."""
    if figures.stack_used is None or not figures.stack_bytes:
        return ""
    text = f"{figures.stack_used}/{figures.stack_bytes}"
    tight = figures.stack_used > STACK_TIGHT * figures.stack_bytes
    return " " * max(0, 9 - len(text)) + paint(text, "yellow" if tight else "", colour)


def rows_of(summary: Summary) -> list[tuple[str, Figures]]:
    """Tasks, and below each task of several threads its threads; each with its label."""
    rows = []
    for task in summary.tasks():
        threads = [each for each in summary.threads.values() if each.task == task.task]
        if len(threads) == 1:
            rows.append((threads[0].name, threads[0]))
            continue
        rows.append((task.name, task))
        threads.sort(key=lambda each: -each.running)
        rows += [(f"  {each.name}", each) for each in threads]
    return rows


def text(summary: Summary, colour: bool = False) -> str:
    """Time, then what was done with it."""
    rows = rows_of(summary)
    wide = max([8, *(len(label) for label, _ in rows)])
    stacks = any(row.stack_used is not None for _, row in rows)
    head = f"{'':{wide}}    CPU   running     ready   blocked exhausted   latency"
    out = [paint(head + ("     stack" if stacks else ""), "bold", colour)]
    for label, row in rows:
        times = (row.running, row.ready, row.blocked, row.exhausted, row.latency)
        shown = " ".join(f"{time_text(ns):>9}" for ns in times)
        line = f"{label:{wide}} {summary.share(row):6.1%} {shown}"
        out.append(f"{line} {_stack(row, colour)}".rstrip())
    idle = summary.idle()
    out.append(f"{'(idle)':{wide}} {idle / summary.ns if summary.ns else 0:6.1%} {time_text(idle):>9}")
    head = "".join(f"{name:>{len(name) + 2}}" for name in COUNTS) + "  round trip"
    out += ["", paint(f"{'':{wide}}{head}", "bold", colour)]
    for label, row in rows:
        counts = (row.entries, row.calls, row.served, row.messages, row.interrupts, row.faults,
                  row.restarts)  # fmt: skip
        pairs = zip(COUNTS, counts, strict=True)
        shown = "".join(f"{count:>{len(name) + 2}}" for name, count in pairs)
        out.append(f"{label:{wide}}{shown}  {time_text(row.round_trip):>10}")
    return "\n".join(out)
