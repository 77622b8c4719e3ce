"""A campaign's results for other tools, and as a table for people."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, TextIO

from k5.campaign import classes, statistics
from k5.campaign.store import Store
from k5.console import paint
from k5.errors import K5Error

COLUMNS = ("id", "class", "detail", "model", "task", "thread", "place", "mask", "value",
           "instructions", "tick", "at_task", "at_thread", "pc", "function", "file", "line",
           "end_tick")  # fmt: skip
_QUERY = """
SELECT trials.id, class, detail, model, targets.task, targets.thread, place, mask, value,
    instructions, tick, sites.task, sites.thread, pc, function, file, line, end_tick
FROM trials JOIN outcomes ON outcome = outcomes.id JOIN targets ON target = targets.id
    JOIN sites ON site = sites.id ORDER BY trials.id
"""
STYLES = {
    classes.NOT_FIRED: "dim", classes.MASKED: "dim", classes.LATENT: "yellow",
    classes.RECOVERED: "green", classes.DETECTED: "green", classes.HANG: "red",
    classes.SILENT: "bold red", classes.BREACH: "bold red", classes.ASSERTION: "bold red",
    classes.ENGINE: "bold red",
}  # fmt: skip
DETAILS = 3  # of a class that are listed


def write_csv(store: Store, path: Path) -> None:
    """One row a trial that is neither masked nor not fired."""
    try:
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            rows.writerows(store.base.execute(_QUERY))
    except OSError as problem:
        raise K5Error(f"{path}: {(problem.strerror or 'cannot write').lower()}") from None


def summary(store: Store) -> dict[str, Any]:
    """What came of it, as plain data."""
    meta = store.meta()
    counts = store.classes()
    trials = sum(counts.values())
    found = {}
    for name in classes.CLASSES:
        if name in counts:
            low, high = interval(meta, counts[name], trials)
            found[name] = {"trials": counts[name], "share": counts[name] / max(trials, 1),
                           "low": low, "high": high}  # fmt: skip
    keys = ("title", "file", "system", "board", "seed", "build", "mode", "space", "planned",
            "confidence", "margin", "seconds", "finished", "golden", "unmet")  # fmt: skip
    details = [
        {"class": name, "detail": detail, "trials": many, "example": example}
        for name, detail, many, example in store.details()
        if detail
    ]
    return {**{key: meta[key] for key in keys}, "results": str(store.path), "trials": trials,
            "classes": found, "details": details}  # fmt: skip


def interval(meta: dict[str, Any], hits: int, trials: int) -> tuple[float, float]:
    """Wilson's, of what the whole space holds."""
    return statistics.wilson(hits, trials, float(meta["confidence"]), int(meta["space"]))


def table(store: Store, colour: bool) -> str:
    """For people."""
    found = summary(store)
    trials, sampled = found["trials"], found["trials"] < found["space"]
    out = [f"{found['title']}: {trials:,} of {found['space']:,} trials, {found['system']} on "
           f"{found['board']}, {found['seconds']:.1f} s"]  # fmt: skip
    for name, one in found["classes"].items():
        text = f"  {name:18} {one['trials']:>12,}  {one['share']:8.3%}"
        if sampled:
            sure = f"with {found['confidence']:.4g} confidence"
            text += f"  ({one['low']:.3%} to {one['high']:.3%} {sure})"
        out.append(paint(text, STYLES[name], colour))
        out += _details(found, name)
    return "\n".join(out)


def _details(found: dict[str, Any], name: str) -> list[str]:
    """The most frequent ones of a class, each with a trial that repeats it."""
    details = [one for one in found["details"] if one["class"] == name]
    lines = [f"      {one['trials']:>12,}  {one['detail']}  (--trial {one['example']})"
             for one in details[:DETAILS]]  # fmt: skip
    if len(details) > DETAILS:
        rest = sum(one["trials"] for one in details[DETAILS:])
        lines.append(f"      {rest:>12,}  {len(details) - DETAILS} others")
    return lines


def write_json(store: Store, out: TextIO) -> None:
    """The summary."""
    json.dump(summary(store), out, indent=1)
    out.write("\n")
