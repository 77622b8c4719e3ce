"""The call graph of a system: who waits for whom, and what that may cost.

An edge goes from a task with the right "send" to the task whose thread receives. Who may connect
to a port can get that right for the endpoints that its listeners can open it with.
"""

from __future__ import annotations

from dataclasses import dataclass

from k5.schema import Problems
from k5.system import Capability, System, Task, Thread


@dataclass(frozen=True)
class Edge:
    """`caller` can send through its capability `slot` to `server`, a thread of `callee`."""

    caller: Task
    slot: int
    cap: Capability
    server: Thread
    callee: Task

    def key(self) -> tuple[str | int, ...]:
        """Where the description says so."""
        return ("task", self.caller.name, "capabilities", self.slot)

    def __str__(self) -> str:
        port = "port " if self.cap.kind == "port" else ""
        return f"'{self.caller.name}' -> '{self.server.name}' ({port}{self.cap.object})"


def edges(system: System) -> list[Edge]:
    """All call edges between different tasks, in the order of the description."""
    found = []
    for task, slot, cap in system.capabilities():
        for server in _servers(system, cap):
            if server.task != task.name:
                found.append(Edge(task, slot, cap, server, system.task(server.task)))
    return found


def _servers(system: System, cap: Capability) -> list[Thread]:
    """The threads that a capability leads calls to."""
    if cap.kind == "endpoint" and cap.may("send"):
        return [system.thread(system.endpoint(cap.object).receiver)]
    if cap.kind == "port" and cap.may("connect"):
        ends = [end for task in listeners(system, cap.object) for end in open_ends(task)]
        return [system.thread(system.endpoint(end).receiver) for end in dict.fromkeys(ends)]
    return []


def listeners(system: System, port: str) -> list[Task]:
    """The tasks that may listen at a port."""
    return [
        task
        for task, _, cap in system.capabilities()
        if cap.kind == "port" and cap.object == port and cap.may("listen")
    ]


def open_ends(task: Task) -> list[str]:
    """The endpoints that a task can open a port with: who connects gets the right to send."""
    return [
        cap.object
        for cap in task.capabilities
        if cap.kind == "endpoint" and cap.may("recv") and cap.may("send")
    ]


def check_edges(problems: Problems, system: System) -> None:
    """Warns of edges that invert priorities, and of rings."""
    graph = edges(system)
    for edge in graph:
        _warn_of_inversion(problems, edge)
    for ring in rings(graph):
        text = (
            f"calls in a ring: {', '.join(map(str, ring))}; the call that closes it gets E_DEADLOCK"
        )
        problems.warn(ring[-1].key(), text)


def _warn_of_inversion(problems: Problems, edge: Edge) -> None:
    """A call lends its priority, so a passive server has no inversion; others work for themselves."""
    server = edge.server
    caller = max(edge.caller.threads, key=lambda thread: thread.priority)
    if not server.passive and server.priority < caller.priority:
        text = (
            f"priority inversion: '{caller.name}' (priority {caller.priority}) calls "
            f"'{server.name}' (priority {server.priority}), which it can then wait for"
        )
        problems.warn(edge.key(), text)


def rings(graph: list[Edge]) -> list[list[Edge]]:
    """A shortest ring through each group of tasks that can all reach each other."""
    found = []
    done: set[str] = set()
    for start in dict.fromkeys(edge.caller.name for edge in graph):
        if start in done:
            continue
        ring = _shortest_ring(graph, start)
        if ring:
            found.append(ring)
            back = _reachable([(edge.callee.name, edge.caller.name) for edge in graph], start)
            done |= back & _reachable([(e.caller.name, e.callee.name) for e in graph], start)
    return found


def _reachable(pairs: list[tuple[str, str]], start: str) -> set[str]:
    seen, todo = {start}, [start]
    while todo:
        here = todo.pop()
        new = {to for frm, to in pairs if frm == here} - seen
        seen |= new
        todo += new
    return seen


def _shortest_ring(graph: list[Edge], start: str) -> list[Edge]:
    """Breadth first from a task back to itself; empty where no way leads back."""
    paths: dict[str, list[Edge]] = {start: []}
    todo = [start]
    while todo:
        here = todo.pop(0)
        for edge in graph:
            if edge.caller.name != here:
                continue
            path = [*paths[here], edge]
            if edge.callee.name == start:
                return path
            if edge.callee.name not in paths:
                paths[edge.callee.name] = path
                todo.append(edge.callee.name)
    return []
