"""What the tables of a system description say of each other: references, counts, times, memory."""

from __future__ import annotations

from k5.edges import check_edges, listeners, open_ends
from k5.errors import suggestion
from k5.schema import Problems
from k5.system import KINDS, Capability, System, Task, Thread, budget_least

# What every engine can hold: hostport/k5_config.h.
MOST = {
    "task": 32,
    "thread": 64,
    "endpoint": 64,
    "notification": 32,
    "interrupt": 32,
    "port": 32,
    "region object": 32,
    "slot": 1024,
    "queue place": 256,
}


def check(problems: Problems, system: System) -> None:
    """Adds what is wrong; raises if anything is."""
    _check_counts(problems, system)
    _check_receivers(problems, system)
    _check_capabilities(problems, system)
    _check_regions_named(problems, system)
    problems.raise_if_any()  # from here on every name is known
    for step in (
        _check_passive,
        _check_bound,
        _check_interrupts,
        _check_movable,
        _check_supervisors,
    ):
        step(problems, system)
    _check_stacks(problems, system)
    _check_times(problems, system)
    _check_regions(problems, system)
    _check_region_counts(problems, system)
    _check_threads(problems, system)
    problems.raise_if_any()
    check_edges(problems, system)
    _warn_of_the_unreachable(problems, system)


def _check_counts(problems: Problems, system: System) -> None:
    if not system.tasks:
        problems.error(("task",), "a system needs at least one task")
    counts = {
        "task": len(system.tasks),
        "thread": len(system.threads),
        "endpoint": len(system.endpoints),
        "notification": len(system.notifications),
        "interrupt": len(system.interrupts),
        "port": len(system.ports),
        "region object": len(system.objects()),
        "slot": sum(task.slots for task in system.tasks),
        "queue place": sum(endpoint.queue for endpoint in system.endpoints),
    }
    for what, count in counts.items():
        if count > MOST[what]:
            text = f"{count} {what}s are more than the {MOST[what]} that a system may have"
            problems.error((), text)


def _check_receivers(problems: Problems, system: System) -> None:
    """Who receives must be a thread; who is notified by an interrupt, a notification."""
    threads = [thread.name for thread in system.threads]
    for kind, receivers in (
        ("endpoint", {e.name: e.receiver for e in system.endpoints}),
        ("notification", {n.name: n.receiver for n in system.notifications}),
    ):
        for name, receiver in receivers.items():
            if receiver not in threads:
                what = "thread" if "." in receiver else "task"
                text = f"unknown {what} '{receiver}'" + suggestion(receiver, threads)
                problems.error((kind, name, "receiver"), text)
    notifications = system.names("notification")
    for interrupt in system.interrupts:
        if interrupt.notification not in notifications:
            text = f"unknown notification '{interrupt.notification}'"
            text += suggestion(interrupt.notification, notifications)
            problems.error(("interrupt", interrupt.name, "notification"), text)
    endpoints = system.names("endpoint")
    for task in system.tasks:
        if task.supervisor and task.supervisor not in endpoints:
            text = f"unknown endpoint '{task.supervisor}'" + suggestion(task.supervisor, endpoints)
            problems.error(("task", task.name, "supervisor"), text)


def _check_capabilities(problems: Problems, system: System) -> None:
    """Each names an object that is there; only a receiver may receive."""
    known = {kind: system.names(kind) for kind in KINDS}
    known["region"] = [region.name for region in system.regions]
    receivers = {
        "endpoint": {e.name: e.receiver for e in system.endpoints},
        "notification": {n.name: n.receiver for n in system.notifications},
    }
    for task, slot, cap in system.capabilities():
        here = ("task", task.name, "capabilities", slot)
        if cap.object not in known[cap.kind]:
            text = f"unknown {cap.kind} '{cap.object}'" + suggestion(cap.object, known[cap.kind])
            problems.error((*here, cap.kind), text)
        elif cap.kind in receivers:
            right = "recv" if cap.kind == "endpoint" else "wait"
            receiver = receivers[cap.kind][cap.object]
            if cap.may(right) and receiver.partition(".")[0] != task.name:
                text = f"only the receiver, '{receiver}', may hold {right} on '{cap.object}'"
                problems.error((*here, "rights"), text)


def _check_regions_named(problems: Problems, system: System) -> None:
    regions = [region.name for region in system.regions]
    tasks = [task.name for task in system.tasks]
    for task in system.tasks:
        for index, use in enumerate(task.regions):
            if use.region not in regions:
                text = f"unknown region '{use.region}'" + suggestion(use.region, regions)
                problems.error(("task", task.name, "regions", index, "region"), text)
    for region in system.regions:
        if region.movable and region.home and region.home not in tasks:
            text = f"unknown task '{region.home}'" + suggestion(region.home, tasks)
            problems.error(("region", region.name, "home"), text)


def _check_passive(problems: Problems, system: System) -> None:
    """A passive thread runs on its callers' time: nothing else can make it run."""
    for notification in system.notifications:
        if system.thread(notification.receiver).passive:
            text = f"'{notification.receiver}' is passive (budget_us = 0): a notification gives it no time"
            problems.error(("notification", notification.name, "receiver"), text)
    for endpoint in system.endpoints:
        if endpoint.queue and system.thread(endpoint.receiver).passive:
            text = (
                f"'{endpoint.receiver}' is passive (budget_us = 0): queued messages give it no time"
            )
            problems.error(("endpoint", endpoint.name, "queue"), text)
    for task in system.tasks:
        if task.supervisor:
            receiver = system.endpoint(task.supervisor).receiver
            if system.thread(receiver).passive:
                text = f"'{receiver}' is passive (budget_us = 0): a fault gives it no time"
                problems.error(("task", task.name, "supervisor"), text)


def _check_bound(problems: Problems, system: System) -> None:
    bound: dict[str, str] = {}
    for notification in system.notifications:
        if not notification.bound:
            continue
        other = bound.setdefault(notification.receiver, notification.name)
        if other != notification.name:
            text = f"'{notification.receiver}' has a bound notification already: '{other}'"
            problems.error(("notification", notification.name, "bound"), text)


def _check_interrupts(problems: Problems, system: System) -> None:
    lines: dict[int, str] = {}
    bits: dict[tuple[str, int], str] = {}
    board = system.board
    for interrupt in system.interrupts:
        here = ("interrupt", interrupt.name)
        if interrupt.line not in board.lines():
            text = f"line = {interrupt.line}: {board.name} has lines {board.lines()[0]} to"
            problems.error((*here, "line"), f"{text} {board.lines()[-1]}")
        other = lines.setdefault(interrupt.line, interrupt.name)
        if other != interrupt.name:
            text = (
                f"interrupts '{other}' and '{interrupt.name}' are the same line, {interrupt.line}"
            )
            problems.error((*here, "source" if interrupt.source else "line"), text)
        pair = (interrupt.notification, interrupt.bit)
        other = bits.setdefault(pair, interrupt.name)
        if other != interrupt.name:
            text = (
                f"bit {interrupt.bit} of '{interrupt.notification}' is interrupt '{other}' already"
            )
            problems.error((*here, "bit"), text)


def _check_movable(problems: Problems, system: System) -> None:
    """A movable region has one owner, at home at first, who holds it by a capability alone."""
    for region in system.regions:
        if not region.movable:
            continue
        here = ("region", region.name, "movable")
        holders = [
            (task, slot)
            for task, slot, cap in system.capabilities()
            if cap.kind == "region" and cap.object == region.name
        ]
        if [task.name for task, _ in holders] == [region.home]:
            pass
        elif not holders:
            text = f"its home, '{region.home}', has no capability for the movable region '{region.name}'"
            problems.error(("region", region.name, "home"), text)
        elif len(holders) > 1:
            task, slot = holders[1]
            text = f"movable region '{region.name}' may have one capability; '{holders[0][0].name}' has it"
            problems.error(("task", task.name, "capabilities", slot), text)
        else:
            text = f"home = \"{region.home}\", but '{holders[0][0].name}' has the capability for it"
            problems.error(("region", region.name, "home"), text)
        users = system.users(region.name)
        if users:
            text = f"movable region '{region.name}' is had by capability, not by regions of '{users[0]}'"
            problems.error(here, text)


def _check_supervisors(problems: Problems, system: System) -> None:
    """Nobody supervises itself, directly or in a ring: who would act on the last one's fault?"""
    above = {
        task.name: system.task_of(system.endpoint(task.supervisor).receiver).name
        for task in system.tasks
        if task.supervisor
    }
    reported: set[str] = set()
    for name in above:
        chain = [name]
        while above.get(chain[-1]) and above[chain[-1]] not in chain:
            chain.append(above[chain[-1]])
        if above.get(chain[-1]) != name or reported & set(chain):
            continue
        reported |= set(chain)
        ring = " is supervised by ".join(f"'{each}'" for each in [*chain[1:], name])
        here = ("task", name, "supervisor")
        if len(chain) == 1:
            problems.error(here, f"task '{name}' supervises itself")
        else:
            problems.error(here, f"supervisors in a ring: '{name}' is supervised by {ring}")


def _check_stacks(problems: Problems, system: System) -> None:
    board = system.board
    room = board.ram.bytes - board.kernel_ram_bytes
    for thread in system.threads:
        if thread.stack > room:
            text = f"stack = {thread.stack} is more than the RAM that {board.name} has for tasks"
            problems.error((*thread.key(), "stack"), f"{text}, {room} bytes")
        if thread.fpu and not board.fpu:
            problems.error((*thread.key(), "fpu"), f"fpu = true: {board.name} has no FPU for tasks")


def _times(task: Task, thread: Thread) -> list[tuple[tuple[str, ...], str, int]]:
    """(table, key, microseconds) of all that a thread's description says of time; a task's own
    times belong to its main thread."""
    here = thread.key()
    found = [
        (here, key, getattr(thread, key)) for key in ("budget_us", "overrun_us", "cooldown_us")
    ]
    if thread is task.main:
        restart = (*here, "restart")
        keys = ("backoff_us", "backoff_max_us", "stable_us")
        found += [(restart, key, getattr(task.restart, key)) for key in keys]
        found.append((here, "loan_grace_us", task.loan_grace_us))
    return found


def _check_times(problems: Problems, system: System) -> None:
    board = system.board
    least = budget_least(board)
    for task in system.tasks:
        for thread in task.threads:
            if thread.budget_us and board.ticks(thread.budget_us) < least:
                need = -(-least * 1_000_000 // board.tick_hz)
                text = (
                    f"budget_us = {thread.budget_us} is too small to make progress on {board.name}"
                )
                problems.error((*thread.key(), "budget_us"), f"{text}: at least {need}")
            for where, key, value in _times(task, thread):
                if board.ticks(value) >= 2**31:
                    most = (2**31 - 1) * 1_000_000 // board.tick_hz
                    text = f"{key} = {value} is more than {board.name} can count: {most}"
                    problems.error((*where, key), text)


def _check_regions(problems: Problems, system: System) -> None:
    board = system.board
    ram_free = board.ram.base + board.kernel_ram_bytes
    fixed = [region for region in system.regions if region.base is not None]
    for region in fixed:
        base = region.base or 0
        end = base + region.bytes
        here = ("region", region.name, "base")
        what = f"region '{region.name}' {base:#010x}-{end - 1:#010x}"
        if region.device:
            hits = [m for m in (board.flash, board.ram) if base < m.end and m.base < end]
            if hits or end > 0xE000_0000:
                problems.error(here, f"{what} is not in the peripheral address space")
        elif base < ram_free or end > board.ram.end:
            text = (
                f"{what} is outside the memory for tasks {ram_free:#010x}-{board.ram.end - 1:#010x}"
            )
            problems.error(here, text)
    for index, one in enumerate(fixed):
        for other in fixed[:index]:
            a, b = one.base or 0, other.base or 0
            if a < b + other.bytes and b < a + one.bytes:
                text = (
                    f"region '{one.name}' at {a:#010x} overlaps region '{other.name}' at {b:#010x}"
                )
                problems.error(("region", one.name), text)


def _check_region_counts(problems: Problems, system: System) -> None:
    board = system.board
    for task in system.tasks:
        count = 2 + len(task.regions) + len(task.extra)  # its text and its memory come first
        if count > board.mpu_regions:
            stacks = f", {len(task.extra)} of them for its threads' stacks" if task.extra else ""
            text = f"task '{task.name}' needs {count} MPU regions{stacks}, {board.name} has"
            key = "regions" if task.regions else "thread"
            problems.error(("task", task.name, key), f"{text} {board.mpu_regions}")


def _check_threads(problems: Problems, system: System) -> None:
    """The main thread starts the others, once the task's data is there."""
    for task in system.tasks:
        if task.main.passive and any(thread.start for thread in task.extra):
            text = (
                f"'{task.name}' is passive, so its other threads start only when somebody calls it"
            )
            problems.warn(task.extra[0].key(), text)


def _holders(system: System, kind: str, name: str, right: str) -> list[str]:
    return [
        task.name
        for task, _, cap in system.capabilities()
        if cap.kind == kind and cap.object == name and cap.may(right)
    ]


def _warn_of_the_unreachable(problems: Problems, system: System) -> None:
    """Objects that nobody can use as they are meant."""
    for endpoint in system.endpoints:
        if not _holders(system, "endpoint", endpoint.name, "recv"):
            server = system.task_of(endpoint.receiver).name
            text = f"'{server}' has no capability to receive from '{endpoint.name}'"
            problems.warn(("endpoint", endpoint.name), text)
    for notification in system.notifications:
        if not notification.bound and not _holders(
            system, "notification", notification.name, "wait"
        ):
            text = f"'{notification.receiver}' has no capability to wait for '{notification.name}'"
            problems.warn(("notification", notification.name), text)
    for interrupt in system.interrupts:
        if not _holders(system, "interrupt", interrupt.name, "ack"):
            text = f"nobody may acknowledge interrupt '{interrupt.name}', so it stays masked"
            problems.warn(("interrupt", interrupt.name), text)
    for port in system.ports:
        found = listeners(system, port.name)
        if not found:
            problems.warn(("port", port.name), f"nobody may listen at port '{port.name}'")
        for task in found:
            if not open_ends(task):
                text = f"'{task.name}' has no endpoint with the rights recv and send to open port"
                problems.warn(("port", port.name), f"{text} '{port.name}' with")
    for task in system.tasks:
        controllers = _holders(system, "task", task.name, "control")
        if not task.start and not controllers:
            text = f"nobody may start task '{task.name}', which does not start by itself"
            problems.warn(("task", task.name, "start"), text)
        if task.supervisor:
            supervisor = system.task_of(system.endpoint(task.supervisor).receiver).name
            if supervisor not in controllers:
                text = f"the supervisor, '{supervisor}', has no capability to control '{task.name}'"
                problems.warn(("task", task.name, "supervisor"), text)
