"""The command line: finds the sub-command's module and runs it.

Exit codes: 0 passed, 1 failed, 2 could not run (also: unknown command or option).
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
from typing import Any, NoReturn

from k5.errors import COULD_NOT_RUN, FAILED, K5Error, suggestion

COMMANDS = {
    "demo": "install what is missing, build, and run the demo system",
    "new": "make an application outside of this tree",
    "build": "check a system description and build it",
    "run": "run a system on an engine and print its decoded log",
    "campaign": "try faults by the million, and count what they do",
    "explore": "run a scenario under other timings, to find what depends on them",
    "trace": "filter a trace, draw it, write it for Perfetto or a wave viewer",
    "top": "show what each task did with the CPU, its calls and its stack",
    "why": "ask who wrote this, or what that waits for, at a moment of a run",
    "debug": "debug a system or a scenario with GDB, forward and backward",
    "logs": "decode a captured or live event stream of a board",
    "inspect": "show a system's layout, capabilities and MPU regions",
    "test": "run the tests",
    "bench": "measure, and compare with what must be reached",
    "fuzz": "feed random inputs to what must stand any input",
    "doctor": "say what was found, what is missing and what that disables",
}


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors name the nearest known option."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"error: {self._with_hint(message)}\n")
        sys.stderr.write(f"`{self.prog} --help` lists what there is\n")
        sys.exit(COULD_NOT_RUN)

    def _with_hint(self, message: str) -> str:
        unknown = re.match(r"unrecognized arguments: (-[^ =]+)", message)
        if not unknown:
            return message
        options = [o for o in self._option_string_actions if o.startswith("--")]
        return f"unknown option '{unknown[1]}'" + suggestion(unknown[1], options)


def usage() -> str:
    """The text of `./k5 --help`."""
    lines = ["usage: ./k5 COMMAND [options]", "", "commands:"]
    lines += [f"  {name:9} {text}" for name, text in COMMANDS.items()]
    lines += ["", "`./k5 COMMAND --help` says more. Start with `./k5 demo`.", ""]
    return "\n".join(lines)


def run_command(name: str, arguments: list[str]) -> int:
    """Imports just the command's module, so that a start stays fast."""
    module: Any = importlib.import_module(f"k5.commands.{name}")
    parser = Parser(
        prog=f"./k5 {name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    rest: list[str] = []
    if getattr(module, "TAKES_REST", False) and "--" in arguments:  # args.rest: another program's
        at = arguments.index("--")
        arguments, rest = arguments[:at], arguments[at + 1 :]
    status: int = module.main(parser.parse_args(arguments, argparse.Namespace(rest=rest)))
    return status


def main(arguments: list[str]) -> int:
    """Exit code of the whole command."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(usage())
        return 0 if arguments else COULD_NOT_RUN
    name = arguments[0]
    if name not in COMMANDS:
        what = "option" if name.startswith("-") else "command"
        sys.stderr.write(f"error: unknown {what} '{name}'" + suggestion(name, COMMANDS) + "\n")
        return COULD_NOT_RUN
    try:
        return run_command(name, arguments[1:])
    except K5Error as problem:
        from k5 import console

        for message in problem.messages:
            console.error(message)
        return problem.status
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return FAILED
    except BrokenPipeError:
        # The reader went away (`./k5 run | head`): that is its right.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
