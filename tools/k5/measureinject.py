"""The measurements of fault campaigns behind `./k5 bench`; they are in scenarios/campaigns/."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from k5 import packages
from k5.errors import FAILED, K5Error
from k5.paths import ROOT

CAMPAIGNS = ROOT / "scenarios" / "campaigns"
EXHAUSTIVE = CAMPAIGNS / "registers.toml"
SECONDS = 2.0  # that a rate is measured, at least
CORES = 2  # of the exhaustive campaign


def possible() -> bool:
    """Whether what campaigns need is there."""
    return all(packages.present(p) for p in packages.PACKAGES if p.name == "python3-numpy")


def per_s(name: str) -> float:
    """Injections a second on one core: the whole space, again and again, with all that is made of
    it but the writing. Verdicts are forgotten in between. Counted in CPU time of this thread."""
    import numpy as np

    from k5.campaign.conduct import CHUNK
    from k5.campaign.rig import Rig

    with Rig(CAMPAIGNS / f"{name}.toml") as rig:
        rig.run(0, np.arange(min(CHUNK, rig.space.size)))  # translates the code
        trials, began = 0, time.thread_time()
        while time.thread_time() - began < SECONDS:
            rig.known.clear()
            for first in range(0, rig.space.size, CHUNK):
                ids = np.arange(first, min(first + CHUNK, rig.space.size))
                trials += rig.run(0, ids).trials
        return trials / (time.thread_time() - began)


def exhaustive_s() -> float:
    """All of `./k5 campaign`: every bit of every register at every instruction of the demo until
    bar has answered ten times, on two cores."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "registers.sqlite"
        command = [str(ROOT / "k5"), "campaign", str(EXHAUSTIVE), "--out", str(out), "--json",
                   "--jobs", str(min(CORES, os.cpu_count() or 1)), "--fail-on", ""]  # fmt: skip
        started = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - started
    if done.returncode:
        raise K5Error(
            f"bench: the exhaustive campaign failed: {done.stderr.strip()}", status=FAILED
        )
    found = json.loads(done.stdout)
    if not found["finished"] or found["trials"] != found["space"]:
        raise K5Error("bench: the exhaustive campaign left something out", status=FAILED)
    return seconds
