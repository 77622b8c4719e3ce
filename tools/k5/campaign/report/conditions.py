"""What was injected and how, in words: what a second run needs to be the same."""

from __future__ import annotations

from datetime import UTC, datetime

from k5.campaign.report.facts import Facts, flat
from k5.campaign.report.reader import Results
from k5.campaign.report.text import count, duration, moment, one_line, round_share, share

# Keys of `meta` with a place of their own, or that say nothing to a reader.
PLACED = {"campaign", "file", "build", "system", "board", "seed", "space", "mode", "confidence",
          "margin", "started", "seconds", "golden", "ticks_hz", "title", "finished",
          "planned", "sources", "unmet", "version"}  # fmt: skip


def conditions(results: Results) -> list[tuple[str, str]]:
    """(what, how) of all that a second run needs to be the same; what is not recorded is said."""
    facts = results.facts
    models = ", ".join(group.name for group in results.models.rows)
    more = results.models.all - len(results.models.rows)
    named = [
        ("Campaign", facts.text("file")),
        ("Faults injected", models + (f" and {more:,} more" if more else "")),
        ("Space", count(facts.space, "trial") if facts.space is not None else ""),
        ("Mode", _mode(facts)),
        ("Seed", str(facts.raw.get("seed", ""))),
        ("System", facts.text("system")),
        ("Board", facts.text("board")),
        ("Build", facts.text("build")),
        ("Golden run", _golden(facts)),
        ("Clock", f"{facts.ticks_hz:,} ticks a second" if facts.ticks_hz else ""),
        ("Started", _started(facts)),
        ("Took", _took(facts, results.total.total)),
    ]
    if facts.raw.get("unmet"):
        named.append(("Not met by the golden run, either", facts.text("unmet")))
    other = [(key.replace("_", " ").capitalize(), flat(facts.raw[key]))
             for key in sorted(set(facts.raw) - PLACED)]  # fmt: skip
    return [(one_line(what), one_line(how, 1000) or "not recorded") for what, how in named + other]


def _mode(facts: Facts) -> str:
    if facts.exhaustive:
        return "exhaustive: every trial of the space"
    margin = f", each share within ±{round_share(facts.margin)}" if facts.margin else ""
    return f"random sample, {round_share(facts.confidence)} confidence{margin}"


def _golden(facts: Facts) -> str:
    """The stretch of the run without a fault, where it is told in the usual words."""
    found = facts.raw.get("golden")
    keys = ("begin_instructions", "end_instructions", "begin_tick", "end_tick")
    if not isinstance(found, dict) or not all(isinstance(found.get(key), int) for key in keys):
        return flat(found)
    first, last, begin, end = (int(found[key]) for key in keys)
    return (f"instructions {first:,} to {last:,}, "
            f"{moment(begin, facts.ticks_hz)} to {moment(end, facts.ticks_hz)}")  # fmt: skip


def _started(facts: Facts) -> str:
    """Seconds since 1970 as a date; a text as it is."""
    value = facts.raw.get("started")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        return facts.text("started")
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _took(facts: Facts, trials: int) -> str:
    seconds = facts.raw.get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 1e12:
        return ""
    return f"{duration(seconds)}, {trials / seconds:,.0f} trials a second"


def status(facts: Facts, total: int, finished: bool | None) -> str:
    """What a reader must know before any number; empty: all was done that was to be done."""
    if finished:
        return ""
    if finished is None:
        return "The database does not say whether the campaign came to its end."
    if facts.exhaustive and facts.space:
        return (
            f"Unfinished: {total:,} of {facts.space:,} trials, {share(total / facts.space)} of the "
            "space, are done. Shares are those of the trials done, which came in the order of the "
            "space: they say nothing of the rest."
        )
    return (
        f"Unfinished: {count(total, 'trial')} done, and the sample is smaller than was asked for. "
        "The intervals are those of the trials done."
    )
