"""A process that tries chunks of a campaign: jobs come on stdin, results go to stdout, as pickles.

Started by k5.campaign.pool. It ends when its stdin does, so it never outlives who started it.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

from k5.campaign.rig import Rig
from k5.errors import K5Error


def main(file: Path) -> None:
    """Until there are no more jobs: (number, ids, verdicts). An answer is (chunk, seconds)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it decides
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nobody else writes between the pickles
    try:
        rig = Rig(file)
    except K5Error as problem:
        _put(out, problem)
        return
    with rig:
        _serve(rig, sys.stdin.buffer, out)


def _read(jobs: BinaryIO, waiting: queue.SimpleQueue[Any]) -> None:
    """Takes jobs as they come: who writes them must not wait, for it reads the results, too."""
    while True:
        try:
            waiting.put(pickle.load(jobs))
        except EOFError:
            waiting.put(None)
            return


def _serve(rig: Rig, jobs: BinaryIO, out: BinaryIO) -> None:
    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(jobs, waiting), daemon=True).start()
    while (job := waiting.get()) is not None:
        number, ids, verdicts = job
        rig.known.update(verdicts)
        started = time.monotonic()
        try:
            chunk = rig.run(number, ids)
        except K5Error as problem:
            _put(out, problem)
            return
        _put(out, (chunk, time.monotonic() - started))


def _put(out: BinaryIO, answer: Any) -> None:
    data = pickle.dumps(answer)
    out.write(len(data).to_bytes(8, "little") + data)
    out.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
