"""A campaign on a Dask cluster on loopback: as if it were run here, even if a worker dies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_campaign import K5, MIDDLE, campaign, chunks, rows

from k5.paths import ROOT

WAIT_S = 60.0


class Cluster:
    """A scheduler and workers, each a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT / "tools")}
        self.processes: list[subprocess.Popen[bytes]] = []
        self.file = folder / "scheduler.json"
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                    "--no-show", "--scheduler-file", str(self.file))  # fmt: skip
        until = time.monotonic() + WAIT_S
        while not self.file.exists() and time.monotonic() < until:
            time.sleep(0.05)
        self.address = str(json.loads(self.file.read_text())["address"])

    def _start(self, what: str, *words: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{what}{len(self.processes)}.log").open("wb")
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *words]
        one = subprocess.Popen(
            command, stdout=log, stderr=log, env=self.environment, cwd=self.folder
        )
        self.processes.append(one)
        return one

    def worker(self) -> subprocess.Popen[bytes]:
        """One more; its process is the worker itself."""
        return self._start("worker", self.address, "--host", "127.0.0.1", "--nthreads", "1",
                           "--no-nanny", "--no-dashboard", "--local-directory", str(self.folder))  # fmt: skip

    def close(self) -> None:
        for one in self.processes:
            one.kill()
            one.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    yield made
    made.close()


@pytest.mark.slow
def test_a_worker_that_dies_loses_nothing(cluster: Cluster, tmp_path: Path) -> None:
    file, here, there = tmp_path / "c.toml", tmp_path / "here.sqlite", tmp_path / "there.sqlite"
    file.write_text(MIDDLE)
    assert campaign(str(file), "--out", str(here)).returncode == 0
    victim, _ = cluster.worker(), cluster.worker()
    command = [K5, "campaign", str(file), "--out", str(there), "--scheduler", cluster.address]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as one:
        until = time.monotonic() + WAIT_S
        while chunks(there) < 1 and one.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        assert one.poll() is None, "it was over before the worker died"
        victim.kill()
        said = one.communicate(timeout=240)[1]
    assert one.returncode == 0, said
    assert rows(there) == rows(here)


@pytest.mark.slow
def test_an_address_without_a_scheduler_is_told(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(MIDDLE)
    done = campaign(
        str(file), "--out", str(tmp_path / "r.sqlite"), "--scheduler", "tcp://127.0.0.1:9"
    )
    assert done.returncode == 2 and "no scheduler answers there" in done.stderr
    wrong = campaign(str(file), "--out", str(tmp_path / "r.sqlite"), "--scheduler", "nonsense")
    assert wrong.returncode == 2 and "--scheduler nonsense" in wrong.stderr
