"""Chunks of a campaign on all cores of this machine, in processes that stay.

A process that dies is replaced and its chunks are tried again; one that dies twice of the same
chunk ends the campaign, with what was done kept.
"""

from __future__ import annotations

import os
import pickle
import selectors
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from k5.campaign.chunk import Chunk, Ended
from k5.campaign.classes import Verdict
from k5.errors import FAILED, K5Error
from k5.paths import ROOT

AHEAD = 2  # chunks that a process has at a time: the next one waits when one is done
DEATHS = 2
HEAD = 8
Job = tuple[int, Any]  # number of the chunk, ids of its trials
Done = tuple[Chunk, float]  # and how long it took


class _Worker:
    """A process, and the jobs that it has."""

    def __init__(self, file: Path) -> None:
        tools = str(ROOT / "tools")
        path = os.pathsep.join(filter(None, [tools, os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "k5.campaign.worker", str(file)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
        assert self.process.stdin and self.process.stdout
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        os.set_blocking(self.stdout.fileno(), False)
        self.jobs: list[Job] = []
        self.pending = bytearray()
        self.told = 0  # of the verdicts that all share, it knows so many

    def give(self, job: Job, verdicts: dict[Ended, Verdict]) -> None:
        """One more job."""
        self.jobs.append(job)
        try:
            self.stdin.write(pickle.dumps((*job, verdicts)))
            self.stdin.flush()
        except BrokenPipeError:
            pass  # it has died; reading says so

    def answers(self) -> Iterator[Any]:
        """What it has to say; EOFError if it is gone."""
        try:
            data = os.read(self.stdout.fileno(), 1 << 22)
        except BlockingIOError:
            return
        if not data:
            raise EOFError
        self.pending += data
        while len(self.pending) >= HEAD:
            size = int.from_bytes(self.pending[:HEAD], "little")
            if len(self.pending) < HEAD + size:
                return
            yield pickle.loads(bytes(self.pending[HEAD : HEAD + size]))
            del self.pending[: HEAD + size]

    def close(self) -> None:
        """Ends it, whatever it does."""
        self.process.kill()
        self.process.wait()
        for stream in (self.stdin, self.stdout):
            try:
                stream.close()
            except BrokenPipeError:
                pass


class Pool:
    """Processes at work on one campaign file. Close it, or use it in a `with` statement."""

    def __init__(self, file: Path, processes: int, verdicts: dict[Ended, Verdict]) -> None:
        self.file = file
        self.processes = processes
        self.verdicts = list(verdicts.items())
        self.workers: list[_Worker] = []
        self.selector = selectors.DefaultSelector()
        self.deaths: dict[int, int] = {}  # chunk: how often its process died

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in list(self.workers):
            self._stop(worker)
        self.selector.close()

    def run(self, jobs: Iterable[Job]) -> Iterator[Done]:
        """The jobs' results as they come, in any order."""
        source = iter(jobs)
        again: list[Job] = []
        for _ in range(self.processes):
            self._start()
        while True:
            for worker in self.workers:
                self._fill(worker, source, again)
            if not any(worker.jobs for worker in self.workers):
                return
            for key, _ in self.selector.select():
                worker = key.data
                try:
                    for answer in worker.answers():
                        yield self._answer(worker, answer)
                except EOFError:
                    again += self._died(worker)

    def _fill(self, worker: _Worker, source: Iterator[Job], again: list[Job]) -> None:
        while len(worker.jobs) < AHEAD:
            if again:
                job = again.pop(0)
            elif (found := next(source, None)) is not None:
                job = found
            else:
                return
            news = dict(self.verdicts[worker.told :])
            worker.told = len(self.verdicts)
            worker.give(job, news)

    def _answer(self, worker: _Worker, answer: Any) -> Done:
        if isinstance(answer, K5Error):
            raise answer
        chunk, seconds = answer
        worker.jobs = [job for job in worker.jobs if job[0] != chunk.number]
        self.verdicts += chunk.verdicts.items()
        return chunk, seconds

    def _start(self) -> None:
        worker = _Worker(self.file)
        self.workers.append(worker)
        self.selector.register(worker.stdout, selectors.EVENT_READ, worker)

    def _stop(self, worker: _Worker) -> None:
        self.workers.remove(worker)
        self.selector.unregister(worker.stdout)
        worker.close()

    def _died(self, worker: _Worker) -> list[Job]:
        """Its jobs, which another one is to do."""
        code = worker.process.wait()
        jobs = worker.jobs
        self._stop(worker)
        first = jobs[0][0] if jobs else -1
        self.deaths[first] = self.deaths.get(first, 0) + 1
        if self.deaths[first] >= DEATHS:
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            trials = f"trials {jobs[0][1][0]} to {jobs[0][1][-1]}" if jobs else "its set-up"
            text = f"a process ended with {how}, and another one, too, in {trials}"
            raise K5Error(text, status=FAILED)
        self._start()
        return jobs
