"""Fault records: what a person reads."""

from __future__ import annotations

from typing import Any

import pytest
from k5 import faults
from k5.source import access

META: dict[str, Any] = {
    "memory": {
        "flash": {"base": 0x08000000, "bytes": 0x80000},
        "ram": {"base": 0x20000000, "bytes": 0x40000},
    },
    "kernel": {
        "flash": {"base": 0x08000000, "bytes": 0x8000},
        "ram": {"base": 0x20000000, "bytes": 0x2000},
    },
    "tasks": [
        {
            "name": "rogue",
            "regions": [
                {
                    "name": "rogue.text",
                    "base": 0x08008000,
                    "bytes": 1024,
                    "access": 5,
                    "kind": "text",
                },
                {
                    "name": "rogue.ram",
                    "base": 0x20002000,
                    "bytes": 1024,
                    "access": 3,
                    "kind": "ram",
                },
            ],
        },
        {
            "name": "foo",
            "regions": [
                {"name": "foo.ram", "base": 0x20002400, "bytes": 1024, "access": 3, "kind": "ram"},
                {
                    "name": "foo.t.stack",
                    "base": 0x20003020,
                    "bytes": 256,
                    "access": 3,
                    "kind": "stack",
                },
            ],
        },
    ],
    "regions": [{"name": "frame", "base": 0x20004000, "bytes": 64}],
}
ROGUE = META["tasks"][0]
MAIN = {"name": "rogue", "stack": {"base": 0x20002000, "top": 0x20002200}}
HELPER = {"name": "rogue.helper", "stack": {"base": 0x20003020, "top": 0x20003120}}


@pytest.mark.parametrize(
    ("address", "size", "need", "text"),
    [
        (0x20002400, 1, 2, "0 bytes past the end of rogue.ram 0x20002000-0x200023ff"),
        (0x20002401, 1, 2, "1 byte past the end of rogue.ram 0x20002000-0x200023ff"),
        (0x20001FFF, 1, 2, "1 byte before the start of rogue.ram 0x20002000-0x200023ff"),
        (0x200023FE, 4, 2, "2 of the bytes are past the end of rogue.ram 0x20002000-0x200023ff"),
        (
            0x08008010,
            4,
            2,
            "inside rogue.text 0x08008000-0x080083ff, which it may read and execute",
        ),
        (0x20002010, 2, 4, "inside rogue.ram 0x20002000-0x200023ff, which it may read and write"),
        (0x40000000, 4, 1, "far from all of its regions"),
    ],
)
def test_miss_says_which_region_and_by_how_much(
    address: int, size: int, need: int, text: str
) -> None:
    assert faults.miss(ROGUE, address, size, need) == text


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (0x20000000, "the kernel's RAM"),
        (0x08000000, "the kernel's flash"),
        (0x20001FFF, "the kernel's RAM"),
        (0x20002400, "foo.ram of task foo"),
        (0x20002000, "its own rogue.ram"),
        (0x20030000, "unused RAM"),
        (0x2000311F, "foo.t.stack of task foo"),
        (0x2000403F, "region frame"),
        (0x08070000, "unused flash"),
        (0x60000000, "no memory of this board"),
        (0xE000ED00, "the core's own peripherals"),
    ],
)
def test_owner_of_an_address(address: int, text: str) -> None:
    assert faults.owner(META, "rogue", address) == text


@pytest.mark.parametrize(
    ("thread", "text"),
    [
        (MAIN, "stack 0x20002000-0x200021ff, 512 bytes"),
        (HELPER, "stack 0x20003020-0x2000311f, 256 bytes"),
    ],
)
def test_stack_overflow_names_the_stack_of_its_thread(thread: dict[str, Any], text: str) -> None:
    record = faults.record("STACK_OVERFLOW", (0, 0, 0x100000, 0, 0x20002000, 0))
    assert faults.explain(META, thread, ROGUE, record, None)["details"] == [text]


def test_unknown_stays_unknown() -> None:
    record = faults.record("STACK_OVERFLOW", (0x1234, 0x5678, 0x100000, 0, 0x20002000, 0))
    assert (record.pc, record.address) == (None, None)
    fields = faults.explain(META, MAIN, ROGUE, record, None)
    assert fields["function"] is None and fields["instruction"] is None
    assert fields["details"] == ["stack 0x20002000-0x200021ff, 512 bytes"]


def test_known_flags_make_known_values() -> None:
    record = faults.record("DATA", (0x08008000, 0x20002400, 0x82, 7, 0x20002100, 0x08008001))
    assert (record.pc, record.address, record.resumable) == (0x08008000, 0x20002400, True)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (7, "panic(0x7)"),
        (0xE0170003, "returned 3 from main()"),
        (0xE017FFFF, "returned -1 from main()"),
    ],
)
def test_panic_code(code: int, text: str) -> None:
    record = faults.record("PANIC", (0, code, 0, 1, 0, 0))
    assert faults.attempted(META, record, None)[0] == text


def test_faults_that_the_kernel_found_say_why() -> None:
    meta = {**META, "threads": [{"name": "one"}, {"name": "two"}]}
    cases = {
        ("SYSCALL", 99): "system call 99, which does not exist,",
        ("TIMEOUT", 1): "overran: the budget of two and the declared overrun are spent,",
        ("TIMEOUT", 9): "overran: the budget of its caller and the declared overrun are spent,",
        ("TIMEOUT", 0x100): "kept the memory of one, which is dead, beyond its grace,",
        ("TIMEOUT", 0x109): "kept the memory of another, which is dead, beyond its grace,",
    }
    for (kind, detail), text in cases.items():
        record = faults.record(kind, (0, detail, 0, 1, 0, 0))
        assert faults.attempted(meta, record, None) == (text, 0, 0)
        assert record.address is None


@pytest.mark.parametrize(
    ("mnemonic", "operands", "found"),
    [
        ("strb", "r2, [r3]", ("store", 1)),
        ("strb.w", "r2, [r3, #9]", ("store", 1)),
        ("ldrsh", "r0, [r1, r2]", ("load", 2)),
        ("ldr", "r0, [pc, #4]", ("load", 4)),
        ("ldrd", "r0, r1, [r2]", ("load", 8)),
        ("strd", "r0, r1, [r2, #-8]!", ("store", 8)),
        ("stm.w", "r0!, {r1, r2, r4}", ("store", 12)),
        ("stmdb", "r0!, {r1, r2}", ("store", 8)),
        ("ldm", "r0!, {r1, r2, r3, r4}", ("load", 16)),
        ("push", "{r4, lr}", ("store", 8)),
        ("pop.w", "{r4, r5, pc}", ("load", 12)),
        ("ldrex", "r0, [r1]", ("load", 4)),
        ("strexb", "r0, r1, [r2]", ("store", 1)),
        ("ldaex", "r0, [r1]", ("load", 4)),
        ("vldr", "d0, [r0]", ("load", 8)),
        ("vstr", "s0, [r0]", ("store", 4)),
        ("vstmia", "r0!, {d0, d1}", ("store", 16)),
        ("tbh", "[pc, r0, lsl #1]", ("load", 2)),
        ("add", "r0, r1", None),
        ("bl", "#0x100", None),
    ],
)
def test_access_of_an_instruction(
    mnemonic: str, operands: str, found: tuple[str, int] | None
) -> None:
    assert access(mnemonic, operands) == found
