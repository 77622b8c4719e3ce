"""Debug a system: GDB with the symbols of every task, forward and backward.

FILE is a system (a TOML file, or the name of a system of the tree), a scenario, whose
stimuli then come by themselves, a recording (./k5 run --record), or, with --trial, a
campaign. GDB starts (gdb-multiarch) and is connected;
what stands behind ` -- ` goes to it:

    ./k5 debug demo
    ./k5 debug demo -- -batch -ex 'break bar.c:main' -ex continue -ex backtrace

--port N serves on a port of the loopback interface instead and says how to connect,
--stdio on standard input and output (`target remote | ./k5 debug FILE --stdio`).
--kernel puts the host's GDB on the native kernel itself, with pretty-printers for its
objects. docs/debugging.md says what can be done.

Exit code: 0 over, 1 GDB failed, 2 could not run.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import subprocess

from k5 import packages, setup
from k5.commands.run import integer
from k5.console import say
from k5.errors import FAILED, PASSED, K5Error
from k5.gdbserver import opening, script
from k5.gdbserver.links import LOOPBACK, Listener, PipeLink
from k5.machine import Machine

GDB = "gdb-multiarch"
TAKES_REST = True  # behind --: for GDB


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("system", metavar="FILE", help="a system, a scenario or a recording")
    parser.add_argument("--board", help="instead of the board that the description names")
    parser.add_argument("--seed", type=integer, default=None, metavar="N",
                        help="for tasks that ask for it")  # fmt: skip
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="scenarios: choose a parameter's value")  # fmt: skip
    parser.add_argument("--replay", metavar="RECORDING",
                        help="what came from outside comes again: a file of ./k5 run --record")  # fmt: skip
    parser.add_argument("--trial", type=integer, metavar="ID",
                        help="FILE is a campaign: right behind this trial's injection")  # fmt: skip
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--port", type=int, metavar="N", help="only serve, on this port; 0: any")
    how.add_argument("--stdio", action="store_true", help="only serve, on stdin and stdout")
    parser.add_argument("--kernel", action="store_true",
                        help="the host's GDB on the native kernel")  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 over, 1 GDB failed, 2 could not run."""
    setup.ready()
    _check(args)
    if args.kernel:
        from k5.gdbkernel import start

        return start.run(args)
    with opening.machine(args) as machine:
        if args.stdio:
            return _serve_stdio(machine)
        if args.port is not None:
            return _serve_port(machine, args.port)
        return _with_gdb(machine, args.rest)


def _check(args: argparse.Namespace) -> None:
    if args.trial is not None and (args.kernel or args.replay or args.board or args.set):
        raise K5Error("--trial: the campaign says what is run; no --kernel, --replay, --board, --set")
    served = args.stdio or args.port is not None
    if served and args.rest and not args.kernel:
        raise K5Error(f"{args.rest[0]}: with --port and --stdio no GDB is started that could take it")
    if args.port is not None and not 0 <= args.port <= 65535:
        raise K5Error(f"--port {args.port}: ports are numbers up to 65535; 0: any that is free")
    if args.kernel and (args.trial is not None or args.replay):
        raise K5Error("--kernel runs a system or a scenario, no --trial and no --replay")
    if args.stdio and args.kernel:
        raise K5Error("--stdio: the kernel's GDB has the terminal; use --port")
    if not served or args.kernel:
        packages.need("./k5 debug", GDB)


def _serve_stdio(machine: Machine) -> int:
    from k5.gdbserver.server import Client

    Client(machine, PipeLink(), None, say).serve(lambda: False)
    return PASSED


def _serve_port(machine: Machine, port: int) -> int:
    from k5.gdbserver.server import serve

    with contextlib.closing(Listener(port)) as listener:
        where = f"{LOOPBACK}:{listener.port}"
        path = script.write(machine.built, where)
        say(f"waiting for gdb: {GDB} -x {path}")
        say(f"(or `target remote {where}` in a debugger that has the symbols already)")
        serve(machine, listener, say)
    return PASSED


def _with_gdb(machine: Machine, arguments: list[str]) -> int:
    from k5.gdbserver.server import serve

    with contextlib.closing(Listener(0)) as listener:
        path = script.write(machine.built, f"{LOOPBACK}:{listener.port}")
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is GDB's
        try:
            gdb = subprocess.Popen(
                [GDB, "-q", "-x", str(path), *arguments],
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
            try:
                serve(machine, listener, lambda text: None, lambda: gdb.poll() is not None)
            finally:
                if gdb.poll() is None:
                    gdb.wait()
        finally:
            signal.signal(signal.SIGINT, before)
    return PASSED if gdb.returncode == 0 else FAILED
