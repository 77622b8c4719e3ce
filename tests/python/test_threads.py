"""Threads beside the main thread: when they start, and what becomes of those that return."""

from __future__ import annotations

import pytest
from conftest import System
from k5 import builder
from k5.decode import Decoder, Line
from k5.engine import Run

DESCRIPTION = """\
[system]
name = "small"
board = "mps2-an505"

[task.pool]
sources = ["pool.c"]
priority = 5
stack = 512
restart = { backoff_us = 100, backoff_max_us = 100, limit = 1 }
capabilities = [
    { name = "urgent", thread = "pool.urgent", rights = ["control", "status"] },
    { name = "lazy", thread = "pool.lazy", rights = ["status"] },
]

[task.pool.thread.urgent]
priority = 20
argument = 11
stack = 512

[task.pool.thread.lazy]
priority = 20
start = false
stack = 512
"""

POOL = """\
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

void urgent_main(uint32_t argument);
void lazy_main(uint32_t argument);

volatile uint32_t initial = 42;
volatile uint32_t runs;

void urgent_main(uint32_t argument)
{
    runs++;
    K5_INFO("urgent %u, data %u, run %u", argument, initial, runs);
}

void lazy_main(uint32_t argument)
{
    K5_INFO("lazy %u", argument);
}

static uint32_t state_of(k5_cptr_t thread)
{
    struct k5_thread_status status = {0};

    return k5_thread_status(thread, &status) == K5_OK ? (uint32_t)status.state : 99;
}

int main(void)
{
    K5_INFO("main, states %u %u", state_of(CAP_URGENT), state_of(CAP_LAZY));
    initial = 7;
    K5_INFO("again: %d", k5_thread_start(CAP_URGENT));
    K5_INFO("not without the right: %d", k5_thread_start(CAP_LAZY));
    K5_INFO("but its own: %d", k5_thread_start(CAP_THREAD_LAZY));
    k5_panic(1);
}
"""

OFF = 0
LIFE = [
    ("pool.urgent", "urgent 11, data 42, run 1"),  # not before the data is there
    ("pool", f"main, states {OFF} {OFF}"),
    ("pool.urgent", "urgent 11, data 7, run 2"),
    ("pool", "again: 0"),
    ("pool", "not without the right: -4"),
    ("pool.lazy", "lazy 0"),
    ("pool", "but its own: 0"),
]


def lines(system: System, board: str, engine: str) -> list[Line]:
    built = builder.build(system(text=DESCRIPTION, pool=POOL), board)
    decoder = Decoder(built)
    run = Run(built, engine)
    found = [decoder.line(event) for event in run]
    assert run.end == "halt"
    return found


def check(found: list[Line]) -> None:
    told = [(line.name, line.text) for line in found if line.kind == "LOG"]
    assert told == LIFE * 2  # a restarted task's threads begin again, with pristine data
    assert {line.task for line in found if line.kind == "LOG"} == {"pool"}
    states = [line.fields["state"] for line in found if line.kind == "TASK"]
    assert states == ["BACKOFF", "READY", "STOPPED"]


@pytest.mark.parametrize("board", ["mps2-an505", "virt-rv32"])
def test_threads_start_behind_the_start_code_and_end_by_returning(
    system: System, board: str
) -> None:
    check(lines(system, board, "hosted"))


@pytest.mark.slow
@pytest.mark.parametrize("board", ["mps2-an505", "virt-rv32"])
def test_threads_on_qemu(system: System, board: str) -> None:
    check(lines(system, board, "qemu"))


OVERFLOW = """\
#include "k5.h"
#include "k5_task.h"

void urgent_main(uint32_t argument);
void lazy_main(uint32_t argument);

volatile uint32_t depth;

__attribute__((noinline)) static uint32_t deeper(uint32_t seed)
{
    return ++depth == 0 ? seed : deeper(seed + depth) + depth;
}

void urgent_main(uint32_t argument)
{
    (void)deeper(argument);
}

void lazy_main(uint32_t argument)
{
    (void)argument;
}

int main(void)
{
    k5_sleep_forever();
}
"""


@pytest.mark.parametrize("board", ["mps2-an505", "virt-rv32"])
def test_overflow_of_a_threads_stack_is_a_fault_below_it(system: System, board: str) -> None:
    change = ("backoff_us = 100", 'policy = "stop", backoff_us = 100')
    built = builder.build(system(change, text=DESCRIPTION, pool=OVERFLOW), board)
    decoder = Decoder(built)
    faults = [line for line in map(decoder.line, Run(built)) if line.kind == "FAULT"]
    assert [(line.name, line.fields["fault"]) for line in faults] == [
        ("pool.urgent", "STACK_OVERFLOW")
    ]
    base = built.meta["threads"][1]["stack"]["base"]
    assert f"stack {base:#010x}-" in "".join(faults[0].details)
    if board == "virt-rv32":  # no limit register: the bytes below belong to nobody
        assert base - 32 <= faults[0].fields["address"] < base
