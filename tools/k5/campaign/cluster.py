"""The same chunks on a Dask cluster: Debian's python3-distributed, loaded only when asked for.

Each worker has this tree at the same path, built, and `k5` on its PYTHONPATH. What a worker
finds is a function of the campaign file and the build, so it does not matter which one does what,
nor how often: a chunk of a worker that died is done again by another.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from k5 import packages
from k5.campaign.chunk import Chunk
from k5.campaign.identity import Identity, of_rig
from k5.campaign.pool import Done, Job
from k5.campaign.rig import Rig
from k5.errors import FAILED, K5Error

AHEAD = 3  # chunks a thread of the cluster that are on their way
CONNECT_S, WORKERS_S = 10, 60
RETRIES = 10  # workers that may die of one chunk, by chance
_lock = threading.Lock()  # a machine is used by one thread at a time
_rigs: dict[str, tuple[Identity, Rig]] = {}


def work(file: str, identity: Identity, number: int, ids: Any) -> tuple[Chunk, float]:
    """Runs on a worker: a chunk, on a rig that stays."""
    with _lock:
        found = _rigs.get(file)
        if found is None or found[0] != identity:
            rig = Rig(Path(file))
            mine = of_rig(rig)
            if mine != identity:
                rig.close()
                raise K5Error(f"a worker of the cluster differs: {identity.difference(mine)}")
            if found is not None:
                found[1].close()
            _rigs[file] = (mine, rig)
        started = time.monotonic()
        chunk = _rigs[file][1].run(number, ids)
        return chunk, time.monotonic() - started


class Cluster:
    """A scheduler and whoever works for it. Close it, or use it in a `with` statement."""

    def __init__(
        self, address: str, file: Path, identity: Identity, note: Callable[[str], None]
    ) -> None:
        packages.need("--scheduler", "python3-distributed")
        import distributed

        dask: Any = distributed

        self.file, self.identity, self.note = str(file.absolute()), identity, note
        self.address = address
        try:
            self.client: Any = dask.Client(address, timeout=CONNECT_S)
        except (OSError, ValueError, TimeoutError) as problem:
            text = f"--scheduler {address}: no scheduler answers there: {problem}"
            raise K5Error(
                text, "`dask-scheduler` starts one, `dask-worker ADDRESS` workers"
            ) from None

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close(timeout=2)

    def _threads(self) -> int:
        """Of all workers; waits for the first one."""
        until = time.monotonic() + WORKERS_S
        while time.monotonic() < until:
            threads = sum(self.client.nthreads().values())
            if threads:
                return int(threads)
            self.note("waiting for a worker of the cluster")
            time.sleep(0.5)
        text = f"--scheduler {self.address}: no worker in {WORKERS_S} s"
        raise K5Error(text, f"`PYTHONPATH=tools dask-worker {self.address}` starts one")

    def run(self, jobs: Iterable[Job]) -> Iterator[Done]:
        """The jobs' results as they come, in any order."""
        import distributed

        source = iter(jobs)
        dask: Any = distributed
        running = dask.as_completed()
        for _ in range(AHEAD * self._threads()):
            self._submit(running, source)
        for future in running:
            yield self._result(future)
            self._submit(running, source)

    def _submit(self, running: Any, source: Iterator[Job]) -> None:
        job = next(source, None)
        if job is not None:
            running.add(
                self.client.submit(
                    work, self.file, self.identity, *job, pure=False, retries=RETRIES
                )
            )

    def _result(self, future: Any) -> Done:
        try:
            done: Done = future.result()
            return done
        except K5Error:
            raise
        except ModuleNotFoundError as problem:
            text = f"a worker of the cluster does not find {problem.name}"
            raise K5Error(f"{text}: start it with PYTHONPATH=tools", status=FAILED) from None
        except Exception as problem:  # noqa: BLE001: whatever a worker may say
            raise K5Error(
                f"the cluster: {problem or type(problem).__name__}", status=FAILED
            ) from None
