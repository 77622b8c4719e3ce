"""A system's capability graph: who may call whom, as Graphviz's dot."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from k5.errors import K5Error


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def dot(meta: dict[str, Any]) -> str:
    """Tasks as boxes, endpoints as ellipses, shared regions as cylinders."""
    threads = {thread["task"]: thread for thread in meta["threads"]}
    out = [
        f"digraph {_quoted(meta['name'])} {{",
        "  rankdir=LR;",
        '  node [fontname="sans-serif", fontsize=11];',
        '  edge [fontname="sans-serif", fontsize=9];',
    ]
    for task in meta["tasks"]:
        thread = threads[task["name"]]
        time = f"{thread['budget_us']} us" if thread["budget_us"] else "passive"
        label = f"{task['name']}\\npriority {thread['priority']}, {time}"
        out.append(
            f'  {_quoted("task " + task["name"])} [shape=box, style=rounded, label="{label}"];'
        )
    for endpoint in meta["endpoints"]:
        name = _quoted("endpoint " + endpoint["name"])
        out.append(f"  {name} [shape=ellipse, label={_quoted(endpoint['name'])}];")
    for region in meta["regions"]:
        name = _quoted("region " + region["name"])
        label = f"{region['name']}\\n{region['bytes']} bytes"
        out.append(f'  {name} [shape=cylinder, label="{label}"];')
    for task in meta["tasks"]:
        out += _edges(task)
    return "\n".join([*out, "}", ""])


def _edges(task: dict[str, Any]) -> list[str]:
    me = _quoted("task " + task["name"])
    edges = []
    for cap in task["capabilities"]:
        end = _quoted("endpoint " + cap["object"])
        label = ", ".join(cap["rights"]) + (f", badge {cap['badge']}" if cap["badge"] else "")
        pair = f"{end} -> {me}" if "recv" in cap["rights"] else f"{me} -> {end}"
        edges.append(f"  {pair} [label={_quoted(label)}];")
    for region in task["regions"]:
        if region["kind"] in ("shared", "device"):
            access = "".join(
                letter for bit, letter in enumerate("rwx") if region["access"] & 1 << bit
            )
            name = _quoted("region " + region["name"])
            edges.append(
                f"  {me} -> {name} [label={_quoted(access)}, style=dashed, arrowhead=none];"
            )
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
