"""The measurement behind `./k5 bench` of what a debugger costs that is there and does nothing."""

from __future__ import annotations

import contextlib
import socket
import statistics
import time
from collections.abc import Callable

from k5 import builder
from k5.errors import FAILED, K5Error
from k5.gdbserver.links import LOOPBACK, Listener
from k5.gdbserver.motion import RECORDED
from k5.gdbserver.opening import INTERVAL, SNAPSHOTS
from k5.gdbserver.server import Client
from k5.machine import Machine
from k5.measure import BENCH

BATCH_US = 25_000  # of virtual time: some milliseconds of the host's
WARM, BATCHES = 5, 100


def _cpu_s(work: Callable[[], object]) -> float:
    started = time.thread_time()
    work()
    return time.thread_time() - started


def idle_overhead_percent() -> float:
    """What a GDB that is connected, and waits for its `continue` to end, adds to call and reply:
    its server looks after it, and keeps the machine's past.

    Two machines do a batch each, in turn, so that whatever else the host does hits both; the
    median of the batches' ratios counts.
    """
    built = builder.build(BENCH / "ipc.toml")
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(Machine(built, kinds=RECORDED))
        debugged = stack.enter_context(Machine(built, kinds=RECORDED))
        debugged.history_start(INTERVAL, SNAPSHOTS)
        listener = stack.enter_context(contextlib.closing(Listener(0)))
        stack.enter_context(socket.create_connection((LOOPBACK, listener.port)))
        link = listener.accept()
        assert link
        stack.enter_context(contextlib.closing(link))
        motion = Client(debugged, link, listener, print).session.motion
        motion.shows_log = False  # there is nobody who reads

        def without(tick: int) -> None:
            plain.run(until_tick=tick)
            plain.take()

        ratios = []
        for batch in range(1, WARM + BATCHES + 1):
            tick = batch * plain.ticks(BATCH_US)
            before = _cpu_s(lambda tick=tick: without(tick))  # type: ignore[misc]
            after = _cpu_s(lambda tick=tick: motion.go(until_tick=tick))  # type: ignore[misc]
            if plain.position != debugged.position or debugged.now != tick:
                raise K5Error("bench: the machine under GDB did something else", status=FAILED)
            ratios.append(after / before)
    return (statistics.median(ratios[WARM:]) - 1) * 100
