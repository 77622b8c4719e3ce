"""Try faults by the million, and count what they can and cannot do.

FILE says what is run, what is injected, where and when (docs/campaigns.md). Without
a fault the scenario must pass. Then each trial runs it with one fault, and what came
of it is classified: masked, detected, recovered, silent corruption, isolation breach
and so on. The results go to an SQLite file, chunk by chunk: what is done stays, and
the same command goes on where it was stopped.

--trial ID repeats one trial and shows its events.

Exit code: 0 done, and nothing of --fail-on (or the file's fail_on); 1 some of it,
or it was stopped; 2 could not run.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from k5 import packages, setup
from k5.console import coloured, paint, progress, say
from k5.errors import FAILED, PASSED, K5Error, suggestion
from k5.paths import shown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="the campaign: a TOML file with [campaign]")
    parser.add_argument("--out", type=Path, metavar="FILE",
                        help="results (default: build/campaigns/NAME.sqlite)")  # fmt: skip
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--resume", action="store_true", help="go on with results that must be there")
    how.add_argument("--restart", action="store_true", help="forget earlier results")
    parser.add_argument("--jobs", type=int, metavar="N", help="processes (default: one a core)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="on a Dask cluster: tcp://HOST:PORT")
    parser.add_argument(
        "--fail-on", metavar="CLASS,...", help="exit code 1 if there are such trials"
    )
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help="write the trials that did something"
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a page for a browser")
    parser.add_argument("--trial", type=int, metavar="ID", help="repeat one trial, show its events")


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 done, 1 failed or stopped, 2 could not run."""
    setup.ready()
    packages.need("./k5 campaign", "python3-numpy")
    file = Path(args.file)
    if args.jobs is not None and args.jobs < 1:
        raise K5Error(f"--jobs {args.jobs}: at least one process must do it")
    if args.trial is not None:
        return show_trial(args, file)
    return run(args, file, _classes(args.fail_on))


def _classes(text: str | None) -> list[str] | None:
    """Of --fail-on."""
    from k5.campaign import classes

    if text is None:
        return None
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in classes.CLASSES:
            raise K5Error(
                f"--fail-on: unknown outcome '{name}'" + suggestion(name, classes.CLASSES)
            )
    return names


def run(args: argparse.Namespace, file: Path, fail_on: list[str] | None) -> int:
    """The campaign, or what is left of it."""
    from k5.campaign import export
    from k5.campaign.conduct import Conductor, results_file

    out = args.out or results_file(file)
    if args.resume and not out.exists():
        raise K5Error(f"--resume: {shown(out)}: no such file; without --resume it begins")
    with progress("looking at the run without a fault") as bar, \
            Conductor(file, out, args.restart) as one:  # fmt: skip
        try:
            one.run(bar.update, args.jobs, args.scheduler)
        except KeyboardInterrupt:
            bar.close()
            text = f"stopped: {one.trials():,} of {one.plan.total:,} trials are done"
            say(f"{text}; the same command goes on")
            return FAILED
        bar.close()
        if args.csv:
            export.write_csv(one.store, args.csv)
        if args.report:
            write_report(out, args.report)
        if args.json:
            export.write_json(one.store, sys.stdout)
        else:
            print(export.table(one.store, coloured(sys.stdout)))
            say(f"results: {shown(out)}")
        wanted = list(one.campaign.fail_on) if fail_on is None else fail_on
        return verdict(one.store.classes(), wanted)


def verdict(counts: dict[str, int], fail_on: list[str]) -> int:
    """Exit code. A mistake of the simulator is none of the fault's outcomes."""
    from k5.campaign import classes

    found = [name for name in [*fail_on, classes.ENGINE] if counts.get(name)]
    for name in dict.fromkeys(found):
        say(paint(f"FAILED: {counts[name]:,} trials with {name}", "bold red", coloured(sys.stderr)))
    return FAILED if found else PASSED


def write_report(results: Path, page: Path) -> None:
    """One file of HTML."""
    from k5.campaign import report

    report.write_report(results, page)


def show_trial(args: argparse.Namespace, file: Path) -> int:
    """Its fault, its events from there on, its class."""
    from k5.campaign import trial
    from k5.decode import Decoder
    from k5.scenario.match import DO

    with progress("repeating the trial"):
        tried = trial.run(file, args.trial)
    decoder = Decoder(tried.built)
    events = [event for event in tried.events if event.kind != DO]
    lines = [(event.time >= tried.tick, decoder.line(event)) for event in events]
    if args.json:
        text = {"trial": tried.number, "fault": tried.said, "class": tried.named,
                "detail": tried.detail, "events": [json.loads(line.json()) for _, line in lines]}  # fmt: skip
        print(json.dumps(text, indent=1))
        return PASSED
    colour = coloured(sys.stdout)
    begun = False
    for after, line in lines:
        if after and not begun:
            begun = True
            print(paint(f"---- {tried.said}", "bold", colour))
        print(line.human(colour))
    if not begun:
        print(paint(f"---- {tried.said}", "bold", colour))
    detail = f": {tried.detail}" if tried.detail else ""
    print(paint(f"---- {tried.named}{detail}", "bold", colour))
    print(f"in the debugger: ./k5 debug {shown(file)} --trial {tried.number}")
    return PASSED
