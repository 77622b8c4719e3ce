"""One HTML file that needs nothing else: no network, no server, no other file."""

from __future__ import annotations

import base64
import hashlib
import os
import shlex
import tempfile
from pathlib import Path
from typing import Any

from k5 import packages
from k5.campaign.report.conditions import conditions, status
from k5.campaign.report.findings import finding_table
from k5.campaign.report.heatmap import heat_files
from k5.campaign.report.reader import Results, read
from k5.campaign.report.text import clean, count, one_line, round_share, share
from k5.campaign.report.timeline import chart
from k5.campaign.report.views import Shapes, worst
from k5.errors import K5Error
from k5.paths import shown

TEMPLATES = Path(__file__).parent / "templates"
LONGEST_FILE = 200_000  # characters of the campaign's file


def write_report(database: Path, out: Path) -> None:
    """Make the page of a campaign's database. K5Error: it is none, or `out` cannot be written."""
    packages.need("--report", "python3-jinja2")
    _write(out, render(read(database), database))


def render(results: Results, database: Path) -> str:
    """The page's text."""
    import jinja2
    import markupsafe

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = count
    environment.filters["number"] = lambda number: f"{number:,}"
    script = (TEMPLATES / "report.js").read_text()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("report.html").render(
        style=markupsafe.Markup((TEMPLATES / "report.css").read_text()),
        script=markupsafe.Markup(script),
        script_digest=digest,
        **_context(results, database),
    )


def _context(results: Results, database: Path) -> dict[str, Any]:
    shapes = Shapes(results)
    facts = results.facts
    tally = results.total
    finished = facts.finished(tally.total, list(tally.counts))
    bad = shapes.of_all(tally.bad)
    return {
        "title": one_line(facts.text("title") or facts.file),
        "facts": facts,
        "subtitle": [one_line(facts.text(key)) for key in ("system", "board") if facts.text(key)],
        "conditions": conditions(results),
        "campaign_text": clean(facts.text("campaign"), LONGEST_FILE),
        "status": status(facts, tally.total, finished),
        "total": tally,
        "bad": bad,
        "bad_share": share(bad.share),
        "bad_low": share(bad.low),
        "bad_limit": share(bad.high),
        "confidence": round_share(facts.confidence),
        "parts": shapes.parts(tally),
        "totals": shapes.totals(),
        "tasks": shapes.table("Task", results.tasks),
        "places": shapes.table("Place", results.places),
        "models": shapes.table("Model", results.models),
        "functions": shapes.table("Function", results.functions),
        "matrix": shapes.matrix(),
        "files": heat_files(shapes),
        "lines": len(results.lines),
        "all_lines": results.all_lines,
        "deepest": share(max((worst(line.tally) for line in results.lines), default=0.0)),
        "chart": chart(shapes),
        "findings": finding_table(shapes),
        "database": one_line(shown(database)),
        "terminal": command("campaign", facts.file),
        "debugger": command("debug", facts.file),
        "csv_command": command("campaign", facts.file) + " --csv FILE",
    }  # fmt: skip


def command(verb: str, file: str) -> str:
    """What a shell takes, whatever the file is called."""
    return f"./k5 {verb} {shlex.quote(file)}"


def _write(out: Path, text: str) -> None:
    """All of it or nothing: whoever reads while it is written sees the page of before."""
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name[:100]}.")
        temporary = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(out)
    except OSError as problem:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise K5Error(f"{shown(out)}: cannot be written: {problem.strerror}") from problem


def _umask() -> int:
    """The process's; there is no way to ask without setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
