"""Runs a command with the native kernel and the simulator under ASan and UBSan.

Python itself has no sanitizers, so their runtime must be in the process before
anything else: the command starts itself again with it preloaded.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from k5.errors import K5Error
from k5.paths import ROOT, SANITIZE

# Python keeps what it allocated when it ends; that is no leak of ours.
OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}


def restart() -> None:
    """Does not return, unless this process has the sanitizers already."""
    if os.environ.get(SANITIZE):
        os.environ.pop("LD_PRELOAD", None)  # this process has it; compilers shall not
        return
    runtime = [_runtime("libasan.so"), _runtime("libubsan.so")]
    environment = {**os.environ, SANITIZE: "1", "LD_PRELOAD": " ".join(runtime)}
    for name, options in OPTIONS.items():
        environment[name] = ":".join(filter(None, [options, os.environ.get(name)]))
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, str(ROOT / "k5"), *sys.argv[1:]], environment)


def _runtime(name: str) -> str:
    """Where gcc keeps it."""
    try:
        found = subprocess.run(
            ["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        raise K5Error("--sanitize needs gcc: `./k5 doctor` says what to install") from None
    if not Path(found).is_file():
        raise K5Error(f"--sanitize: gcc has no {name}: install its libgcc development package")
    return found
