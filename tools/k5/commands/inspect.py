"""Show a system's layout, its capabilities and objects, and each task's threads and MPU regions.

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

KINDS = {"text": "code", "ram": "memory", "stack": "stack", "shared": "shared", "device": "device"}
LENDS = {"read": "reading", "write": "writing"}


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


def thread_text(thread: dict[str, Any]) -> str:
    """One thread."""
    time = "passive (no time of its own)"
    if thread["budget_us"]:
        cooldown = f", cooldown {thread['cooldown_us']} us" if thread["cooldown_us"] else ""
        time = f"budget {thread['budget_us']} us{cooldown}"
    stack = thread["stack"]["top"] - thread["stack"]["base"]
    more = ", FPU" if thread["fpu"] else ""
    more += ", does not start by itself" if "." in thread["name"] and not thread["start"] else ""
    return (
        f"thread {thread['name']}: priority {thread['priority']}, {time}, stack {stack} bytes{more}"
    )


def on_a_fault(task: dict[str, Any]) -> str:
    """Who decides, and the policy."""
    restart = task["restart"]
    policy = str(restart["policy"])
    if policy == "restart":
        policy += f", back-off {restart['backoff_us']} to {restart['backoff_max_us']} us"
        policy += f", at most {restart['limit']} in a row" if restart["limit"] else ""
    if task["supervisor"]:
        return f"supervisor at {task['supervisor']}, else {policy}"
    return policy


def cap_text(cap: dict[str, Any]) -> str:
    """One capability."""
    more = ", ".join(cap["rights"])
    if cap["kind"] == "thread":
        more += f", up to priority {cap['badge']}"
    elif cap["badge"]:
        more += f", badge {cap['badge']}"
    more += f", lends for {LENDS[cap['lend']]}" if cap["lend"] else ""
    head = f"  cap {cap['slot']:2} {cap['cptr']:#010x} {cap['name']:12}"
    return f"{head} -> {cap['kind']} {cap['object']} ({more})"


def task_text(meta: dict[str, Any], task: dict[str, Any]) -> list[str]:
    """One task: its threads, capabilities and regions."""
    spare = task["spare_regions"]
    out = [f"task {task['name']}{'' if task['start'] else ' (does not start by itself)'}"]
    out += [f"  {thread_text(t)}" for t in meta["threads"] if t["task"] == task["name"]]
    out.append(f"  {task['slots']} slots, on a fault: {on_a_fault(task)}")
    out += [cap_text(cap) for cap in task["capabilities"]]
    for number, region in enumerate(task["regions"]):
        end = region["base"] + region["bytes"] - 1
        out.append(f"  mpu {number:2} {region['base']:#010x}-{end:#010x} {access(region['access'])} "
                   f"{KINDS[region['kind']]:7} {region['name']}")  # fmt: skip
    what = "PMP entries" if meta["arch"] == "rv32" else "MPU regions"
    out.append(f"  {spare} {what} to spare, for loans and mapped regions")
    return out


def holders(meta: dict[str, Any], kind: str, name: str, right: str) -> str:
    """The tasks that hold a right on an object."""
    found = [
        task["name"]
        for task in meta["tasks"]
        for cap in task["capabilities"]
        if (cap["kind"], cap["object"]) == (kind, name) and right in cap["rights"]
    ]
    return ", ".join(dict.fromkeys(found)) or "nobody"


def objects_text(meta: dict[str, Any]) -> list[str]:
    """What lies between the tasks, and who can do what with it."""

    def held(kind: str, entry: dict[str, Any], right: str) -> str:
        return holders(meta, kind, entry["name"], right)

    out = []
    for e in meta["endpoints"]:
        queue = f", queue of {e['queue']}" if e["queue"] else ""
        out.append(f"endpoint {e['name']}: {held('endpoint', e, 'send')} -> {e['receiver']}{queue}")
        wards = [task["name"] for task in meta["tasks"] if task["supervisor"] == e["name"]]
        if wards:
            out.append(f"  faults of {', '.join(wards)} (last resort: {meta['last_resort']})")
    for n in meta["notifications"]:
        bound = ", bound" if n["bound"] else ""
        out.append(
            f"notification {n['name']}: {held('notification', n, 'signal')} -> {n['receiver']}{bound}"
        )
    for i in meta["interrupts"]:
        out.append(
            f"interrupt {i['name']}: line {i['line']} -> {i['notification']} bit {i['bit']}, "
            f"acknowledged by {held('interrupt', i, 'ack')}"
        )
    for p in meta["ports"]:
        out.append(
            f"port {p['name']} \"{p['public']}\": {held('port', p, 'connect')} connects, "
            f"{held('port', p, 'listen')} listens"
        )
    for r in meta["regions"]:
        if r["name"] in meta["objects"]:
            moved = f", moves, home {r['home']}" if r["movable"] else ""
            out.append(f"region {r['name']}: mapped by {held('region', r, 'read')}{moved}")
    for task in meta["tasks"]:
        for cap in task["capabilities"]:
            if cap["lend"]:
                out.append(
                    f"loan: {task['name']} lends through {cap['name']} for {LENDS[cap['lend']]}"
                )
    return out


def text(meta: dict[str, Any]) -> str:
    """All of it, for people."""
    out = [f"system {meta['name']} (id {meta['system_id']:#010x}) on {meta['board']}", ""]
    out += [*layout_text(meta), ""]
    for task in meta["tasks"]:
        out += [*task_text(meta, task), ""]
    return "\n".join([*out, *objects_text(meta)])


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 shown."""
    built = builder.build(builder.find(args.system), args.board)
    if args.picture:
        graph.draw(built.meta, args.picture)
        say(f"wrote {args.picture}")
    print(json.dumps(built.meta, indent=1) if args.json else text(built.meta))
    return 0
