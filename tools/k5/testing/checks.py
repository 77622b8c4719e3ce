"""Checks of the tree itself: format, include arrows, generated files, sizes of functions."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from k5 import abi
from k5.paths import ROOT
from k5.testing.case import FAILED, PASSED, SKIPPED, Case

C_FOLDERS = ("kernel", "arch", "hostport", "sim", "peripherals", "user", "tests", "tools")

_FREESTANDING = r"<std(int|bool|def|arg)\.h>"
_ABI = r'"k5_abi\.h"'
_PURE_ARCH = r'"arch/(armv8m/(armv8m_types|pmsav8|fault|frame)|rv32/(rv32_types|pmp|fault))\.h"'

# Who may include what: arrows point one way (DESIGN: sim -> hostport -> kernel <- arch).
ARROWS = {
    "kernel": [r'"kernel/', r"<(port_types|k5_config)\.h>", _ABI, _FREESTANDING],
    "arch": [r'"arch/', r'"kernel/', r'"(armv8m|rv32)_types\.h"', r"<(port_trace|k5_config)\.h>",
             _ABI, _FREESTANDING],
    "hostport": [r'"hostport/', r'"kernel/', _PURE_ARCH, r"<port_trace\.h>", _ABI,
                 r"<string\.h>", _FREESTANDING],
    "sim": [r'"sim/', r'"hostport/', r'"kernel/', _PURE_ARCH, _ABI, r"<.*>"],
    "peripherals": [r'"peripherals/', r'"sim/device\.h"', _FREESTANDING, r"<string\.h>"],
    "user": [_ABI, r'"[a-z0-9_]+\.h"', _FREESTANDING],
}  # fmt: skip
UNICORN_FOLDER = "sim/cpu"

LONGEST_FUNCTION = 70

# Versions of clang-format differ in details: the tree is formatted with Debian 12's.
FORMAT_VERSION = "14"


class Skip(Exception):
    """A check that this machine cannot do."""


def c_files(*folders: str) -> list[Path]:
    """The C files of these folders."""
    found: list[Path] = []
    for folder in folders:
        for suffix in ("*.c", "*.h"):
            found += (ROOT / folder).rglob(suffix)
    return sorted(found)


def formatter() -> str | None:
    """A clang-format of the right version."""
    for name in (f"clang-format-{FORMAT_VERSION}", "clang-format"):
        if shutil.which(name):
            asked = subprocess.run([name, "--version"], capture_output=True, text=True, check=False)
            if re.search(rf"version {FORMAT_VERSION}\.", asked.stdout):
                return name
    return None


def check_format() -> Iterator[str]:
    """clang-format would change nothing."""
    name = formatter()
    if name is None:
        raise Skip(f"no clang-format {FORMAT_VERSION}")
    command = [name, "--dry-run", "-Werror", *map(str, c_files(*C_FOLDERS))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if not done.returncode:
        return
    places = re.findall(r"^(\S+?):(\d+):\d+: error", done.stderr, re.MULTILINE)
    for file in dict.fromkeys(name for name, _ in places):
        lines = sorted({int(line) for name, line in places if name == file})
        shown = ", ".join(map(str, lines[:8]))
        yield f"{Path(file).relative_to(ROOT)}: clang-format changes line {shown}"
    if not places:
        yield done.stderr.strip() or "clang-format failed"


def check_arrows() -> Iterator[str]:
    """Each folder includes only what it may; only sim/cpu/ knows Unicorn."""
    for folder in C_FOLDERS:
        for path in c_files(folder):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                found = re.match(r'#include\s+([<"][^>"]+[>"])', line)
                if not found:
                    continue
                where = f"{path.relative_to(ROOT)}:{number}"
                if "unicorn" in found[1] and not path.is_relative_to(ROOT / UNICORN_FOLDER):
                    yield f"{where}: only {UNICORN_FOLDER}/ includes {found[1]}"
                allowed = ARROWS.get(folder)
                if allowed and not any(re.match(pattern, found[1]) for pattern in allowed):
                    yield f"{where}: {folder}/ may not include {found[1]}"


def check_generated() -> Iterator[str]:
    """abi/k5_abi.h and docs/abi.md are what abi/syscalls.toml says."""
    for path in abi.stale():
        yield f"{path.relative_to(ROOT)} is not current: `./k5 build --abi`"


def check_function_sizes() -> Iterator[str]:
    """No function over 70 lines, flat switches excepted."""
    for path in c_files("kernel", "arch", "hostport", "sim", "peripherals"):
        lines = path.read_text().splitlines()
        start = None
        for number, line in enumerate(lines, 1):
            if line == "{":
                start = number
            elif line == "}" and start is not None:
                body = lines[start : number - 1]
                if len(body) > LONGEST_FUNCTION and not _is_flat_switch(body):
                    yield f"{path.relative_to(ROOT)}:{start}: a function of {len(body)} lines"
                start = None


def _is_flat_switch(body: list[str]) -> bool:
    cases = sum(line.lstrip().startswith(("case ", "default:")) for line in body)
    return any(line.startswith("    switch (") for line in body) and cases * 8 > len(body)


def check_python() -> Iterator[str]:
    """All Python files compile, and each says what it is for."""
    for path in sorted([*(ROOT / "tools").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]):
        name = path.relative_to(ROOT)
        text = path.read_text()
        try:
            compile(text, str(path), "exec", dont_inherit=True)
        except SyntaxError as problem:
            yield f"{name}:{problem.lineno}: {problem.msg}"
        if not text.lstrip().startswith('"""'):
            yield f"{name}: has no docstring"


CHECKS: dict[str, Callable[[], Iterator[str]]] = {
    "format": check_format,
    "include arrows": check_arrows,
    "generated files": check_generated,
    "function sizes": check_function_sizes,
    "python": check_python,
}


def run() -> list[Case]:
    """All checks as cases."""
    cases = []
    for name, check in CHECKS.items():
        started = time.monotonic()
        try:
            problems = list(check())
            status = FAILED if problems else PASSED
        except Skip as reason:
            problems, status = [str(reason)], SKIPPED
        cases.append(Case("checks", name, status, time.monotonic() - started, "\n".join(problems)))
    return cases
