"""How often the kernel's loops run: what tools/k5/pathbound.py must know of its source."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

LONGEST_COPY = 256  # CFG_COPY_BYTES
# What a loop's line (FILE: TEXT) may name, and what then bounds it: a key of `limits()`.
BOUNDS: tuple[tuple[str, str], ...] = (
    (r"sys_thread_count\(\)|CFG_THREADS|next_loan|NO_THREAD|link != lender", "threads"),
    (r"k5\.reaping", "steps before a look"),
    (r"sys_task_count\(\)", "tasks"),
    (r"sys_slot_count\(\)", "slots"),
    (r"sys_endpoint_count\(\)", "endpoints"),
    (r"sys_notification_count\(\)", "notifications"),
    (r"sys_interrupt_count\(\)|CFG_INTERRUPTS", "interrupts"),
    (r"sys_port_count\(\)", "ports"),
    (r"CFG_PRIORITIES", "priorities"),
    (r"LOAD_READS", "reads of a timer"),
    (r"while \(high != MTIME_HIGH\)", "carries of a counter"),
    (r"MEANINGS", "meanings of a fault"),
    (r"->thread_count", "threads of a task"),
    (r"->(slot|cap)_count|DEPTH_MAX", "slots of a task"),
    (r"->region_count|mapped\[|region\[at|CFG_MPU_REGIONS|PMSAV8_REGIONS|PMP_", "regions"),
    (r"walk_on", "pieces of a view"),
    (r"memory\.c: .*done \+ 4u", "words of a structure"),
    (r"memory\.c: .*done < bytes", "bytes of a structure"),
    (r"(port|copy)\.c: .*<= bytes", "words of a copy"),
    (r"(port|copy)\.c: .*done < bytes", "bytes of a word"),
    (r"sched\.c: .*i < count", "threads and tasks"),
    (r"pmp\.c: .*i < count", "regions"),
    (r"(event|stream|syscall|message|thread)\.c: .*(EVENT_ARGS|event\.arg|i < count|i < [48];)", "words of a record"),
    (r"frame\.|record <= end", "bytes of a frame"),
)


@dataclass(frozen=True)
class Shared:
    """While a loop runs, something inside happens only so often in all."""

    loop: str  # its line, as in BOUNDS
    what: str  # the line of a loop inside, or names of functions that are called: the second is one
    # that the first calls, for where the first has been inlined
    count: str  # a key of `limits()`
    whole: bool = True  # other rules do not hold inside what is called


_CHAIN = r"donation\.c: .*CFG_THREADS && id != NO_THREAD"
_NEXT_LOAN = r"region\.c: .*walk->lender != NO_THREAD"
_LOANS = r"reaper\.c: .*i = k5\.loans; i != NO_THREAD"
_TIMERS = r"sched\.c: .*i < count"
SHARED: tuple[Shared, ...] = (
    # A thread is in one queue, and a chain of calls, which is no cycle, passes each queue once.
    Shared(_CHAIN, r"donation\.c: .* at = passive", "threads"),
    Shared(_CHAIN, r"queue\.c: .*before != NO_THREAD", "threads"),
    # Passive servers alone live on their queues.
    Shared(r"donation\.c: .*i < sys_thread_count\(\)", "donation_update", "passive threads"),
    # A slot is used by threads of its own task.
    Shared(r"cap\.c: .*i < sys_thread_count\(\)", "wait_cancel|wait_leave", "threads of a task"),
    # A walk passes the list of loans once, and a thread lends one range at a time.
    Shared(r"region\.c: .*!all && walk_on", _NEXT_LOAN, "threads"),
    Shared(r"region\.c: .*while \(walk_on", _NEXT_LOAN, "threads"),
    Shared(r"region\.c: .*next_loan", "lend_out", "threads of a task"),
    # Each dead thread's loan is followed to whoever has it now, until one of them is called in.
    Shared(_LOANS, r"reaper\.c: .*i < CFG_THREADS", "loans passed on"),
    Shared(_LOANS, "loan_onward|loan_of", "loans passed on"),
    Shared(_LOANS, "fault_raise|record", "timers before a look"),
    Shared(_LOANS, "loan_end", "timers before a look"),
    # Behind whichever timer was due the kernel looks for interrupts. A thread may wait with a
    # deadline and be replenished, which can end in the next cooldown; a task starts, or calls a loan in.
    Shared(_TIMERS, "task_timers", "tasks", whole=False),
    Shared(_TIMERS, "wait_cancel|wait_leave", "timers before a look"),
    Shared(_TIMERS, "replenish|budget_spent", "timers before a look"),
    Shared(_TIMERS, "donation_payer_changed", "changes of a payer"),
    Shared(_TIMERS, "start", "timers before a look"),
    Shared(_TIMERS, "fault_raise|record", "timers before a look"),
    Shared(_TIMERS, "loan_end", "timers before a look"),
)


def limits(meta: dict[str, Any]) -> dict[str, int]:
    """How often loops run at most, in a built system (its system.json)."""
    tasks, threads = meta["tasks"], meta["threads"]
    owned = Counter(thread["task"] for thread in threads)
    return {
        "threads": len(threads),
        "tasks": len(tasks),
        "threads and tasks": len(threads) + len(tasks),
        "slots": sum(task["slots"] for task in tasks),
        "endpoints": len(meta["endpoints"]),
        "notifications": len(meta["notifications"]),
        "interrupts": len(meta["interrupts"]),
        "ports": len(meta["ports"]),
        "priorities": 32,
        "steps before a look": 1,
        "timers before a look": 1,
        "changes of a payer": 2,
        "passive threads": sum(thread["budget_us"] == 0 for thread in threads),
        "reads of a timer": 32,
        "carries of a counter": 1,
        "meanings of a fault": 16,
        "threads of a task": max(owned.values()),
        "slots of a task": max(task["slots"] for task in tasks),
        "regions": 8,
        "pieces of a view": 8,  # each takes a region of the hardware at least
        "loans passed on": max(owned.values()) * len(threads),
        "words of a structure": LONGEST_COPY // 4,
        "bytes of a structure": LONGEST_COPY,
        "words of a copy": LONGEST_COPY // 4,
        "bytes of a word": 3,
        "words of a record": 8,
        "bytes of a frame": 38,
    }
