"""Unicorn 2.1 or newer: the system's, or Debian 13's packages unpacked below build/.

Debian 12 has 2.0.1, which lacks what the simulator needs. Debian 13's packages
run on Debian 12 (they need libc 2.34); they come from the machine's own Debian
mirror, apt checks their signatures, and the system's packages stay as they are.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from k5.errors import K5Error
from k5.paths import ROOT, UNICORN

WANTED = (2, 1)
SUITE = "trixie"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
PACKAGES = ("libunicorn2t64", "libunicorn-dev")
APT = Path("/etc/apt")


def system_version() -> str | None:
    """The version of an installed unicorn.pc."""
    if not shutil.which("pkg-config"):
        return None
    asked = subprocess.run(
        ["pkg-config", "--modversion", "unicorn"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() if asked.returncode == 0 else None


def candidate() -> str | None:
    """The version that the system's own archive offers."""
    if not shutil.which("apt-cache"):
        return None
    asked = subprocess.run(
        ["apt-cache", "policy", "libunicorn-dev"],
        capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip
    found = re.search(r"Candidate: (?:\d+:)?(\S+)", asked.stdout)
    return found[1] if found and found[1] != "(none)" else None


def new_enough(version: str | None) -> bool:
    """2.1 or newer."""
    numbers = re.findall(r"\d+", version or "")
    return tuple(int(n) for n in numbers[:2]) >= WANTED


def local_version() -> str | None:
    """The version unpacked below build/."""
    library = next(UNICORN.glob("usr/lib/*/libunicorn.so.2"), None)
    found = next(UNICORN.glob("usr/lib/*/pkgconfig/unicorn.pc"), None)
    if not library or not found:
        return None
    version = re.search(r"^Version:\s*(\S+)", found.read_text(), re.MULTILINE)
    return version[1] if version else None


def present() -> bool:
    """Whether a Unicorn that is new enough can be used."""
    return new_enough(local_version()) or new_enough(system_version())


def mirrors(folder: Path = APT) -> list[str]:
    """URIs of the Debian archives in the machine's own sources, main archive first."""
    found: list[str] = []
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*.list"))]
    for path in (p for p in files if p.exists()):
        found += re.findall(r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)", path.read_text(), re.MULTILINE)
    for path in sorted((folder / "sources.list.d").glob("*.sources")):
        for line in re.findall(r"^URIs:\s*(.+)$", path.read_text(), re.MULTILINE):
            found += line.split()
    archives = [uri.rstrip("/") for uri in found if re.search(r"/debian/?$", uri)]
    return list(dict.fromkeys(archives))


def fetch() -> None:
    """Downloads and unpacks the packages. Needs no root."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise K5Error("Unicorn 2.1 or newer is missing, and this is no Debian: install it by hand")
    uris = mirrors()
    if not uris:
        raise K5Error("Unicorn 2.1 is missing, and no Debian mirror is in /etc/apt")
    problems = []
    for uri in uris:
        problem = _fetch_from(uri)
        if problem is None:
            return
        problems.append(problem)
    raise K5Error("cannot get Unicorn 2.1 from the machine's Debian mirror:", *problems)


def _fetch_from(uri: str) -> str | None:
    work = ROOT / "build" / "deps" / "apt"
    shutil.rmtree(work, ignore_errors=True)
    (work / "parts").mkdir(parents=True)
    (work / "lists" / "partial").mkdir(parents=True)
    source = f"Types: deb\nURIs: {uri}\nSuites: {SUITE}\nComponents: main\nSigned-By: {KEYRING}\n"
    (work / "parts" / "unicorn.sources").write_text(source)
    options = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": str(work / "parts"),
        "Dir::State::Lists": str(work / "lists"),
        # Beside the system's caches, so that no root is needed and nothing there changes.
        "Dir::Cache": str(work),
        "APT::Sandbox::User": "",
    }
    apt = ["apt-get", "-q"] + [part for k, v in options.items() for part in ("-o", f"{k}={v}")]
    for step in (["update"], ["download", *PACKAGES]):
        done = subprocess.run([*apt, *step], cwd=work, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            return f"apt-get {step[0]}: " + (lines[-1] if lines else "failed")
    shutil.rmtree(UNICORN, ignore_errors=True)
    UNICORN.mkdir(parents=True)
    for package in sorted(work.glob("*.deb")):
        done = subprocess.run(
            ["dpkg", "-x", str(package), str(UNICORN)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            return f"dpkg -x {package.name}: {done.stderr.strip()}"
    shutil.rmtree(work)
    return None if new_enough(local_version()) else "the packages hold no Unicorn 2.1"
