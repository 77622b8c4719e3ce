"""Install what is missing, build, and run the demo system.

Task foo calls task bar; tick preempts both on a timer; rogue tries to break
out, is caught and restarted; the others never notice. On a terminal it asks
before it installs packages; with --yes, or where there is no terminal, it goes
ahead; without root or sudo it prints the command.

Exit code: 0 the demo ended by itself, 1 it failed, 2 it could not run.
"""

from __future__ import annotations

import argparse

from k5 import builder, setup
from k5.commands import run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="install without asking")
    run.add_run_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 ended, 1 failed, 2 could not run."""
    setup.ready(install=True, yes=args.yes)
    if args.sanitize:
        run.restart_sanitized(args.engine)
    return run.run_system(builder.build(builder.find("demo"), args.board), args)
