"""How much of a core the window takes while the guest sleeps: a figure of `./k5 bench`."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from k5 import builder, packages
from k5.errors import FAILED, K5Error
from k5.paths import ROOT
from k5.xvfb import VirtualDisplay

SYSTEM = ROOT / "user" / "examples" / "blinky" / "blinky.toml"
SIZE = (1280, 800)
WARM_S, MEASURED_S = 3.0, 10.0
NEEDED = ("python3-pygame", "fonts-dejavu-core", "xvfb")


def possible() -> bool:
    """Whether all that it takes is here."""
    return all(packages.present(p) for p in packages.PACKAGES if p.name in NEEDED)


def _cpu_s(pid: int) -> float:
    """CPU time that a process has taken, all its threads."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def core_share() -> float:
    """CPU seconds a wall second of `./k5 run --gui` under a virtual X server, at real time."""
    builder.build(SYSTEM)  # the compiler's time is not the window's
    command = [sys.executable, str(ROOT / "k5"), "run", str(SYSTEM), "--gui"]
    command += ["--size", f"{SIZE[0]}x{SIZE[1]}"]
    with VirtualDisplay(SIZE) as display:
        running = subprocess.Popen(
            command, env=display.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            time.sleep(WARM_S)
            if running.poll() is not None:
                said = running.stderr.read().decode().strip() if running.stderr else ""
                raise K5Error(f"bench: the window closed by itself: {said}", status=FAILED)
            begun, before = time.monotonic(), _cpu_s(running.pid)
            time.sleep(MEASURED_S)
            return (_cpu_s(running.pid) - before) / (time.monotonic() - begun)
        finally:
            running.terminate()
            running.wait(timeout=10)
