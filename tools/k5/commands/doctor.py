"""Say what was found, what is missing and what that disables.

Exit code: 0 everything is there, 1 something is missing.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from typing import Any

from k5 import packages, setup, unicorn
from k5.console import coloured, paint

VERSION_OPTIONS = {"dot": "-V"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def version(program: str) -> str:
    """The first line that a program says of its version."""
    path = shutil.which(program)
    if not path:
        return ""
    option = VERSION_OPTIONS.get(program, "--version")
    said = subprocess.run([path, option], capture_output=True, text=True, check=False)
    text = re.sub(r"\([^)]*\)", "", said.stdout or said.stderr)
    number = re.search(r"\d+\.\d+[\w.]*", text)
    return number[0] if number else "found"


def report() -> list[dict[str, Any]]:
    """One row a thing: name, found, version, enables, level."""
    rows: list[dict[str, Any]] = [
        {
            "name": "python3",
            "found": sys.version_info >= (3, 11),
            "version": sys.version.split()[0],
            "enables": "everything",
            "level": "run",
        }
    ]
    for package in packages.PACKAGES:
        kind, _, what = package.probe.partition(":")
        found = packages.present(package)
        rows.append(
            {
                "name": package.name,
                "found": found,
                "version": version(what) if kind == "program" else "found" if found else "",
                "enables": package.enables,
                "level": package.level,
            }
        )
    local, system = unicorn.local_version(), unicorn.system_version()
    best = local if unicorn.new_enough(local) else system
    where = "" if not best else " (build/deps)" if best == local else " (system)"
    rows.append(
        {
            "name": "unicorn >= 2.1",
            "found": unicorn.new_enough(best),
            "version": f"{best}{where}" if best else "",
            "enables": "--engine hosted, `from k5 import Machine`",
            "level": "run",
        }
    )
    return rows


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 all found, 1 something is missing."""
    rows = report()
    good = all(row["found"] for row in rows if row["level"] != "extra")
    if args.json:
        print(json.dumps({"ready": good, "items": rows}, indent=1))
        return 0 if good else 1
    colour = coloured(sys.stdout)
    print(f"{'':3}{'what':20} {'version':24} {'what it is for':44} when missing")
    for row in rows:
        mark = paint("ok ", "green", colour) if row["found"] else paint("-- ", "red", colour)
        lost = "" if row["found"] else paint("disabled", "red", colour)
        print(
            f"{mark}{row['name']:20} {row['version'][:24]:24} {row['enables']:44} {lost}".rstrip()
        )
    lacking = packages.missing(setup.LEVELS["all"])
    if lacking:
        names = " ".join(package.name for package in lacking)
        print(f"\napt-get install --no-install-recommends {names}")
    if not unicorn.present():
        print("\nUnicorn: `./k5 demo` gets it from the machine's own Debian mirror")
    return 0 if good else 1
