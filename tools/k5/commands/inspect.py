"""Show a system's layout, its capabilities and each task's MPU regions.

SYSTEM is a TOML file, or the name of a system of the tree. --picture FILE draws
the capability graph (.svg, .png, .pdf, or .dot). Exit code: 0 shown, 2 could not.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from k5 import builder, graph
from k5.console import say

KINDS = {"text": "code", "ram": "memory", "shared": "shared", "device": "device"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("system", help="a TOML file, or a system's name")
    parser.add_argument("--board", help="instead of the board that the description names")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the capability graph")
    parser.add_argument("--json", action="store_true", help="print JSON")


def access(bits: int) -> str:
    """`rw-` and the like."""
    return "".join(letter if bits & 1 << bit else "-" for bit, letter in enumerate("rwx"))


def rows_of(meta: dict[str, Any], memory: str) -> list[tuple[int, int, str]]:
    """(base, bytes, what) of all that lies in a memory, by address, gaps included."""
    area = meta["memory"][memory]
    kernel = meta["kernel"][memory]
    rows = {kernel["base"]: (kernel["bytes"], "kernel")}
    found = [r for task in meta["tasks"] for r in task["regions"]] + meta["regions"]
    for region in found:
        if area["base"] <= region["base"] < area["base"] + area["bytes"]:
            rows[region["base"]] = (region["bytes"], region["name"])
    out = []
    at = area["base"]
    for base in sorted(rows):
        size, what = rows[base]
        if base > at:
            out.append((at, base - at, "(free)"))
        out.append((base, size, what))
        at = base + size
    if at < area["base"] + area["bytes"]:
        out.append((at, area["base"] + area["bytes"] - at, "(free)"))
    return out


def layout_text(meta: dict[str, Any]) -> list[str]:
    """The memory map."""
    out = []
    for memory in ("flash", "ram"):
        out.append(f"{'RAM' if memory == 'ram' else memory}:")
        for base, size, what in rows_of(meta, memory):
            out.append(f"  {base:#010x}-{base + size - 1:#010x} {size:8}  {what}")
    return out


def task_text(meta: dict[str, Any], task: dict[str, Any]) -> list[str]:
    """One task: its thread, capabilities and regions."""
    thread = next(t for t in meta["threads"] if t["task"] == task["name"])
    time = "passive (no time of its own)"
    if thread["budget_us"]:
        cooldown = f", cooldown {thread['cooldown_us']} us" if thread["cooldown_us"] else ""
        time = f"budget {thread['budget_us']} us{cooldown}"
    restart = task["restart"]
    policy = restart["policy"]
    if policy == "restart":
        policy += f", back-off {restart['backoff_us']} to {restart['backoff_max_us']} us"
    stack = task["stack"]["top"] - task["stack"]["base"]
    out = [
        f"task {task['name']}: priority {thread['priority']}, {time}",
        f"  stack {stack} bytes, {task['slots']} slots, on a fault: {policy}",
    ]
    for cap in task["capabilities"]:
        badge = f", badge {cap['badge']}" if cap["badge"] else ""
        rights = ", ".join(cap["rights"])
        out.append(f"  cap {cap['slot']:2} {cap['cptr']:#010x} {cap['name']:12} -> "
                   f"endpoint {cap['object']} ({rights}{badge})")  # fmt: skip
    for number, region in enumerate(task["regions"]):
        end = region["base"] + region["bytes"] - 1
        out.append(f"  mpu {number:2} {region['base']:#010x}-{end:#010x} {access(region['access'])} "
                   f"{KINDS[region['kind']]:7} {region['name']}")  # fmt: skip
    return out


def text(meta: dict[str, Any]) -> str:
    """All of it, for people."""
    out = [f"system {meta['name']} (id {meta['system_id']:#010x}) on {meta['board']}", ""]
    out += [*layout_text(meta), ""]
    for task in meta["tasks"]:
        out += [*task_text(meta, task), ""]
    for endpoint in meta["endpoints"]:
        holders = [
            task["name"]
            for task in meta["tasks"]
            for cap in task["capabilities"]
            if cap["object"] == endpoint["name"] and "send" in cap["rights"]
        ]
        out.append(
            f"endpoint {endpoint['name']}: {', '.join(holders) or 'nobody'} -> {endpoint['receiver']}"
        )
    return "\n".join(out)


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 shown."""
    built = builder.build(builder.find(args.system), args.board)
    if args.picture:
        graph.draw(built.meta, args.picture)
        say(f"wrote {args.picture}")
    print(json.dumps(built.meta, indent=1) if args.json else text(built.meta))
    return 0
