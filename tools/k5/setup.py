"""Set-up: installs what is missing, and remembers that nothing is.

`ready()` is what every command calls; it costs one small file where all is well.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from k5 import packages, stamp, unicorn
from k5.console import progress, say
from k5.errors import K5Error
from k5.packages import Package
from k5.paths import ROOT, UNICORN

STAMP = ROOT / "build" / "setup.stamp"
# Where the system's own archive has a Unicorn that is new enough, that one is used.
SYSTEM_UNICORN = Package("libunicorn-dev", "header:unicorn/unicorn.h", "--engine hosted", "run")
LEVELS = {"run": ("run",), "test": ("run", "test"), "all": ("run", "test", "extra")}


def _key(level: str) -> list[str]:
    return [level, sys.version, *(package.name for package in packages.PACKAGES)]


def _watched() -> list[str]:
    """Files that go away when a needed package is removed."""
    programs = [p.probe[8:] for p in packages.PACKAGES if p.probe.startswith("program:")]
    return [path for path in (shutil.which(name) for name in programs) if path]


def ready(level: str = "run", install: bool = False, yes: bool = False) -> None:
    """Makes sure that what `level` needs is there; installs it only where asked to."""
    mark = STAMP.with_suffix(f".{level}")
    if stamp.is_fresh(mark, _key(level)):
        return
    lacking = packages.missing(LEVELS[level])
    if install and not unicorn.present() and unicorn.new_enough(unicorn.candidate()):
        lacking.append(SYSTEM_UNICORN)
    if lacking:
        if not install:
            names = ", ".join(package.name for package in lacking)
            raise K5Error(f"missing: {names}", "`./k5 demo` installs it, `./k5 doctor` says more")
        install_packages(lacking, yes)
    if not unicorn.present():
        if not install:
            raise K5Error("Unicorn 2.1 or newer is missing: `./k5 demo` gets it")
        with progress("getting Unicorn 2.1"):
            unicorn.fetch()
    paths = [UNICORN, *map(Path, _watched())]
    stamp.write(mark, _key(level), paths)


def install_command(lacking: list[Package]) -> list[str] | None:
    """The command that installs them; None without root or sudo."""
    names = [package.name for package in lacking]
    command = ["apt-get", "install", "-y", "--no-install-recommends", *names]
    if os.geteuid() == 0:
        return command
    return ["sudo", *command] if shutil.which("sudo") else None


def install_packages(lacking: list[Package], yes: bool) -> None:
    """Installs with apt; asks first where a person can answer."""
    command = install_command(lacking)
    names = " ".join(package.name for package in lacking)
    if not shutil.which("apt-get"):
        raise K5Error(f"this is no Debian; install what these Debian packages hold: {names}")
    if command is None:
        text = f"apt-get install --no-install-recommends {names}"
        raise K5Error(
            "packages are missing, and there is neither root nor sudo; run as root:", text
        )
    say(f"missing packages: {names}")
    if not yes and sys.stdin.isatty() and sys.stderr.isatty():
        say("$ " + " ".join(command))
        if input("install them now? [Y/n] ").strip().lower() not in ("", "y", "yes"):
            raise K5Error("not installed; the command is: " + " ".join(command))
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    say("installing, this can take some minutes ...")
    done = _run(command, environment)
    if done.returncode:
        # A fresh machine may have no package lists yet.
        _run([*command[: command.index("apt-get") + 1], "update"], environment)
        done = _run(command, environment)
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise K5Error(last, "`" + " ".join(command) + "` failed")


def _run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    with progress(f"{' '.join(command[:3])} ..."):
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
