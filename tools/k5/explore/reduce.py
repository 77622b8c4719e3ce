"""The shortest schedule that fails in the same way, and of those the one that begins earliest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

from k5.explore.schedule import Point, Schedule
from k5.forcing import Force

MOST_MOVES = 200  # runs of the whole scenario, to find an earlier place
Fails = Callable[[Schedule], bool]
Places = Sequence[tuple[int, list[Force]]]


def reduced(schedule: Schedule, places: Places, fails: Fails) -> Schedule:
    """`places`: where something can be forced in the ordinary run; `fails` tries a schedule."""
    return _earliest(_fewest(schedule, fails), places, fails)


def _fewest(schedule: Schedule, fails: Fails) -> Schedule:
    for count in range(1, len(schedule)):
        for some in combinations(schedule, count):
            if fails(some):
                return some
    return schedule


def _earliest(schedule: Schedule, places: Places, fails: Fails) -> Schedule:
    """With the same being forced, from the last point to the first: each as early as it can be. Of
    one point alone the search has found the first place already."""
    if len(schedule) < 2:
        return schedule
    first, *_, last = schedule
    moves = MOST_MOVES
    for instruction in range(first.instruction, last.instruction):
        moves -= 1
        if moves < 0:
            break
        moved = (*schedule[:-1], Point(instruction, last.force))
        if fails(moved):
            schedule = moved
            break
    for instruction, forces in places:
        moves -= 1
        if moves < 0 or instruction >= first.instruction:
            break
        moved = (Point(instruction, first.force), *schedule[1:])
        if first.force in forces and fails(moved):
            return moved
    return schedule
