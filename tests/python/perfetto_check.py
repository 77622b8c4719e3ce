"""Checks the structure of a Chrome JSON trace without any knowledge of its writer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Track = tuple[int, int]


def problems(data: dict[str, Any]) -> list[str]:
    """What is wrong with a trace: slices, arrows, counters, names of tracks."""
    return [*_slices(data["traceEvents"]), *_arrows(data["traceEvents"])]


def slices(data: dict[str, Any]) -> dict[Track, list[tuple[str, float, float]]]:
    """By track the slices made of B and E: name, begin, end."""
    found: dict[Track, list[tuple[str, float, float]]] = {}
    begun: dict[Track, tuple[str, float]] = {}
    for event in data["traceEvents"]:
        track = (event["pid"], event["tid"])
        if event["ph"] == "B":
            begun[track] = event["name"], event["ts"]
        elif event["ph"] == "E":
            name, begin = begun.pop(track)
            found.setdefault(track, []).append((name, begin, event["ts"]))
    return found


def names(data: dict[str, Any]) -> dict[str, Track]:
    """The tracks by the names that the trace gives them."""
    return {
        event["args"]["name"]: (event["pid"], event["tid"])
        for event in data["traceEvents"]
        if event["name"] == "thread_name"
    }


def _slices(events: list[dict[str, Any]]) -> Iterator[str]:
    open_slices: dict[Track, tuple[str, float]] = {}
    last: dict[Track, float] = {}
    named: set[Track] = set()
    for number, event in enumerate(events):
        track = (event["pid"], event["tid"])
        if event["name"] == "thread_name":
            named.add(track)
        if event["ph"] not in "BE":
            continue
        if track not in named:
            yield f"event {number}: {track} has no name"
        if event["ts"] < last.get(track, 0):
            yield f"event {number}: time goes back on {track}"
        last[track] = event["ts"]
        if event["ph"] == "B":
            if track in open_slices:
                yield f"event {number}: '{event['name']}' begins inside {open_slices[track]}"
            open_slices[track] = event["name"], event["ts"]
        elif track not in open_slices:
            yield f"event {number}: '{event['name']}' ends, but did not begin"
        else:
            name, begin = open_slices.pop(track)
            if name != event["name"] or begin >= event["ts"]:
                yield f"event {number}: '{name}' from {begin} ends as {event}"
    yield from (f"{name} on {track} does not end" for track, name in open_slices.items())


def _arrows(events: list[dict[str, Any]]) -> Iterator[str]:
    found = slices({"traceEvents": events})
    last = max((e["ts"] for e in events if "ts" in e), default=0)
    starts: dict[int, dict[str, Any]] = {}
    for number, event in enumerate(events):
        if event["ph"] not in "sf":
            continue
        on = found.get((event["pid"], event["tid"]), [])
        inside = any(begin <= event["ts"] < end for _, begin, end in on)
        if not inside and event["ts"] < last:
            yield f"event {number}: arrow {event['id']} hits no slice: {event}"
        if event["ph"] == "s":
            if event["id"] in starts:
                yield f"event {number}: arrow {event['id']} begins twice"
            starts[event["id"]] = event
        else:
            start = starts.pop(event["id"], None)
            if start is None or start["ts"] > event["ts"] or start["name"] != event["name"]:
                yield f"event {number}: arrow {event['id']} ends without its beginning"
    yield from (f"arrow {number} does not end" for number in starts)
