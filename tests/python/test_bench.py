"""The bench: verdicts, its JSON, and the arithmetic on marks. No test measures anything."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from k5 import measure
from k5.commands import bench
from k5.commands.bench import FIGURES, Figure
from k5.errors import K5Error
from k5.measure import Mark

VALUES = {figure.key: figure.at_least or figure.at_most or 1.0 for figure in FIGURES}


def test_target_itself_is_reached() -> None:
    assert all(figure.reached(VALUES[figure.key]) for figure in FIGURES)


@pytest.mark.parametrize(
    ("figure", "value", "good"),
    [
        (Figure("k", "t", at_least=15), 14.9, False),
        (Figure("k", "t", at_least=15), 15.1, True),
        (Figure("k", "t", at_most=60), 60.1, False),
        (Figure("k", "t", at_most=60), 59.9, True),
        (Figure("k", "t"), 0.0, True),
    ],
)
def test_at_least_and_at_most(figure: Figure, value: float, good: bool) -> None:
    assert figure.reached(value) is good


def test_missed_target_says_by_how_much() -> None:
    assert Figure("k", "t", at_most=1000).missed_by(1100) == "missed by 10%"
    assert Figure("k", "t", at_least=1000).missed_by(750) == "missed by 25%"


def test_json_has_each_key_flat_and_as_a_tree() -> None:
    data = bench.as_json(VALUES, ["ipc.ratio"])
    for key in VALUES:
        inner = data
        for part in key.split("."):
            inner = inner[part]
        assert data[key] == inner
    assert data["missed"] == ["ipc.ratio"]


def test_table_has_a_row_a_figure_with_its_verdict() -> None:
    table = bench.table({**VALUES, "kernel.text_bytes": 32_768})
    rows = table.splitlines()
    assert len(rows) == len(FIGURES)
    assert next(row for row in rows if row.startswith("kernel code")).endswith("missed by 100%")
    targets = sum(bool(figure.target()) for figure in FIGURES)
    assert sum(row.endswith(" ok") for row in rows) == targets - 1


def test_table_says_what_was_not_measured() -> None:
    values = {key: value for key, value in VALUES.items() if not key.startswith("rv32.")}
    rows = bench.table(values).splitlines()
    assert len(rows) == len(FIGURES)
    assert sum("not measured" in row for row in rows) == len(VALUES) - len(values) > 0


def marks(*times: float) -> Iterator[Mark]:
    yield Mark("bench ipc start rounds=100 batches=9", 0.0, 0)
    for number, at in enumerate(times, 1):
        yield Mark(f"bench ipc batch={number}", at, 0)
    yield Mark("bench ipc end sum=1", 99.0, 0)


def test_first_batches_are_not_counted() -> None:
    """Two warm up; then 4 batches of 100 in 2 seconds."""
    assert measure.round_trips_per_s(marks(5.0, 10.0, 10.5, 11.0, 11.5, 12.0), 2.0) == 200


def test_run_that_ends_early_is_measured_as_far_as_it_went() -> None:
    assert measure.round_trips_per_s(marks(5.0, 10.0, 10.5, 11.0), 50.0) == 200


def test_run_without_batches_is_an_error() -> None:
    with pytest.raises(K5Error, match="too soon"):
        measure.round_trips_per_s(marks(1.0, 2.0), 1.0)


def test_line_without_its_number_is_an_error() -> None:
    with pytest.raises(K5Error, match="no rounds="):
        measure.round_trips_per_s(iter([Mark("bench ipc start", 0, 0)]), 1.0)


def test_kernel_sizes_are_of_eight_tasks() -> None:
    text, ram = measure.kernel_sizes()
    assert 4000 < text < 32_768
    assert 1024 < ram < 16384
