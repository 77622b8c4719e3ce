"""Static analysis: clang-tidy and cppcheck over kernel, ports and simulator; mypy over the tools."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from k5.paths import HOST_BUILD, ROOT
from k5.testing.case import FAILED, PASSED, Case

FOLDERS = ("kernel", "hostport", "sim", "peripherals", "arch")


def sources() -> list[Path]:
    """The files that the host build compiles, tests left out."""
    commands = json.loads((HOST_BUILD / "compile_commands.json").read_text())
    files = {Path(entry["file"]) for entry in commands}
    return sorted(
        f for f in files if f.is_relative_to(ROOT) and f.relative_to(ROOT).parts[0] in FOLDERS
    )


def _tidy(path: Path) -> Case:
    started = time.monotonic()
    command = ["clang-tidy", "--quiet", "-p", str(HOST_BUILD), str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = re.findall(r"^.*(?:warning|error): .*$", done.stdout, re.MULTILINE)
    failed = done.returncode != 0 or bool(found)
    text = done.stdout.strip() or done.stderr.strip() if failed else ""
    name = f"clang-tidy {path.relative_to(ROOT)}"
    seconds = time.monotonic() - started
    return Case("lint", name, FAILED if failed else PASSED, seconds, text)


def _cppcheck() -> Case:
    started = time.monotonic()
    command = [
        "cppcheck", "--quiet", "--std=c11", "--enable=warning,portability,performance",
        "--error-exitcode=1", "--inline-suppr", f"-j{os.cpu_count() or 2}",
        "--suppress=missingInclude", "--suppress=missingIncludeSystem",
        # Unicorn's and cmocka's macros cannot be parsed without their headers.
        "--suppress=unknownMacro",
        # Linker symbols are arrays to C, and lie side by side.
        "--suppress=comparePointers:arch/*",
        # It takes the type of CFG_ constants from another configuration.
        "--suppress=invalidPrintfArgType_uint:sim/*",
        "--suppress=normalCheckLevelMaxBranches",
        # It cannot parse attributes of function pointers, and registers of variables.
        "-D__attribute__(x)=",
        "-D__asm__(x)=",
        "-I.", "-Iabi", "-Ihostport", *FOLDERS,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    status = FAILED if done.returncode else PASSED
    text = done.stderr.strip() if done.returncode else ""
    return Case("lint", "cppcheck", status, time.monotonic() - started, text)


def _mypy() -> Case:
    """The tools' types; pyproject.toml says how strict."""
    started = time.monotonic()
    done = subprocess.run(["mypy"], cwd=ROOT, capture_output=True, text=True, check=False)
    failed = done.returncode != 0
    text = (done.stdout + done.stderr).strip() if failed else ""
    return Case("lint", "mypy", FAILED if failed else PASSED, time.monotonic() - started, text)


def run(note: Callable[[str], None]) -> list[Case]:
    """All of it; `note` is told what is at work."""
    cases = []
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for case in pool.map(_tidy, sources()):
            note(case.name)
            cases.append(case)
    note("cppcheck")
    cases.append(_cppcheck())
    note("mypy")
    return [*cases, _mypy()]
