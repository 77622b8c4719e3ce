"""A system's capability graph: who may reach what and whom, as Graphviz's dot."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from k5.errors import K5Error

# Rights by which something comes from the object to the holder: the arrow points that way.
TAKING = ("recv", "wait", "ack")
SHAPES = {
    "endpoint": "ellipse",
    "notification": "diamond",
    "interrupt": "cds",
    "port": "house",
    "region": "cylinder",
}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _node(kind: str, name: str) -> str:
    """A node's name. A thread stands in its task's box."""
    if kind == "thread":
        kind, name = "task", name.partition(".")[0]
    return _quoted(f"{kind} {name}")


def dot(meta: dict[str, Any]) -> str:
    """Tasks as boxes with their threads, and the objects between them."""
    out = [
        f"digraph {_quoted(meta['name'])} {{",
        "  rankdir=LR;",
        '  node [fontname="sans-serif", fontsize=11];',
        '  edge [fontname="sans-serif", fontsize=9];',
    ]
    for task in meta["tasks"]:
        style = "rounded" if task["start"] else "rounded,dashed"
        label = "\\n".join([task["name"], *_threads(meta, task)])
        out.append(
            f'  {_node("task", task["name"])} [shape=box, style="{style}", label="{label}"];'
        )
    for kind, shape in SHAPES.items():
        for entry in meta[f"{kind}s"]:
            label = "\\n".join([entry["name"], *_about(kind, entry)])
            out.append(f'  {_node(kind, entry["name"])} [shape={shape}, label="{label}"];')
    for task in meta["tasks"]:
        out += _edges(task)
    for interrupt in meta["interrupts"]:
        ends = f"{_node('interrupt', interrupt['name'])} -> {_node('notification', interrupt['notification'])}"
        out.append(f"  {ends} [label={_quoted('bit ' + str(interrupt['bit']))}];")
    return "\n".join([*out, "}", ""])


def _threads(meta: dict[str, Any], task: dict[str, Any]) -> Iterator[str]:
    for thread in meta["threads"]:
        if thread["task"] == task["name"]:
            time = f"{thread['budget_us']} us" if thread["budget_us"] else "passive"
            short = thread["name"].partition(".")[2]
            yield f"{short + ': ' if short else ''}priority {thread['priority']}, {time}"


def _about(kind: str, entry: dict[str, Any]) -> Iterator[str]:
    """What is worth knowing of an object beside its name."""
    if kind == "endpoint" and entry["queue"]:
        yield f"queue of {entry['queue']}"
    if kind == "interrupt":
        yield f"line {entry['line']}"
    if kind == "port" and entry["public"] != entry["name"]:
        yield entry["public"].replace("\\", "\\\\").replace('"', '\\"')
    if kind == "region":
        yield f"{entry['bytes']} bytes"
        if entry["movable"]:
            yield f"movable, home {entry['home']}"


def _edges(task: dict[str, Any]) -> list[str]:
    me = _node("task", task["name"])
    edges = []
    for cap in task["capabilities"]:
        end = _node(cap["kind"], cap["object"])
        if end == me:  # of its own threads
            continue
        label = ", ".join(cap["rights"])
        label += f", badge {cap['badge']}" if cap["badge"] and cap["kind"] != "thread" else ""
        label += ", lends memory" if cap["lend"] else ""
        taking = any(right in TAKING for right in cap["rights"])
        pair = f"{end} -> {me}" if taking else f"{me} -> {end}"
        style = ", style=dotted" if cap["kind"] in ("task", "thread") else ""
        edges.append(f"  {pair} [label={_quoted(label)}{style}];")
    for region in task["regions"]:
        if region["kind"] in ("shared", "device"):
            access = "".join(
                letter for bit, letter in enumerate("rwx") if region["access"] & 1 << bit
            )
            ends = f"{me} -> {_node('region', region['name'])}"
            edges.append(f"  {ends} [label={_quoted(access)}, style=dashed, arrowhead=none];")
    if task["supervisor"]:
        ends = f"{me} -> {_node('endpoint', task['supervisor'])}"
        edges.append(f'  {ends} [label="faults", color=red];')
    return edges


def draw(meta: dict[str, Any], path: Path) -> None:
    """Writes the picture; the ending says in which format (.dot needs no Graphviz)."""
    kind = path.suffix.removeprefix(".").lower()
    try:
        if kind == "dot":
            path.write_text(dot(meta))
            return
        if kind not in ("svg", "png", "pdf"):
            raise K5Error(f"{path}: the picture's name ends in .dot, .svg, .png or .pdf")
        if not shutil.which("dot"):
            raise K5Error("graphviz is missing: write a .dot file, or see `./k5 doctor`")
        made = subprocess.run(
            ["dot", f"-T{kind}"], input=dot(meta).encode(), capture_output=True, check=False
        )
        if made.returncode:
            raise K5Error(f"dot: {made.stderr.decode().strip()}")
        path.write_bytes(made.stdout)
    except OSError as problem:
        raise K5Error(f"{path}: {(problem.strerror or 'cannot write').lower()}") from None
