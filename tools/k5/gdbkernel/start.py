"""Starts the host's GDB with a process in it that runs the native kernel."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from k5 import host
from k5.console import say
from k5.errors import FAILED, PASSED
from k5.gdbserver import opening
from k5.paths import ROOT

GDB = "gdb-multiarch"
PRINTERS = Path(__file__).with_name("printers.py")
META = "K5_GDB_META"  # where the printers find the names of tasks and threads


def command(args: argparse.Namespace) -> list[str]:
    """What runs inside GDB: the server, if a port is named for a second GDB, or the plain run."""
    what = ["run"] if args.port is None else ["debug", "--port", str(args.port)]
    words = [sys.executable, str(ROOT / "k5"), *what, args.system]
    if args.board:
        words += ["--board", args.board]
    if args.seed is not None:
        words += ["--seed", str(args.seed)]
    for each in args.set:
        words += ["--set", each]
    return words


def run(args: argparse.Namespace) -> int:
    """Exit code: 0 over, 1 GDB failed."""
    host.library()  # with debug information; GDB's process would build it, too
    built = opening.build(args)
    first = [GDB, "-q", "-iex", "set breakpoint pending on", "-x", str(PRINTERS), *args.rest]
    if not args.rest:
        say("`break kernel_fault`, then `run`; `k5-threads`, `k5-tasks`, `print $k5()->thread[0]`")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is GDB's
    try:
        done = subprocess.run(
            [*first, "--args", *command(args)],
            check=False,
            env={**os.environ, META: str(built.folder / "system.json")},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    finally:
        signal.signal(signal.SIGINT, before)
    return PASSED if done.returncode == 0 else FAILED
