"""The machine runner, and what only a run of the image shows of the port."""

from __future__ import annotations

import dataclasses
import re
import struct
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from k5 import blob, builder, image, qemu  # noqa: E402
from k5.decode import Decoder  # noqa: E402
from k5.elf import ElfFile  # noqa: E402
from k5.errors import K5Error  # noqa: E402
from k5.stream import Event  # noqa: E402

BOOT, LOG, PANIC, HALT = 1, 2, 5, 6
UDF = 0xDE00DE00  # two undefined instructions


class Target:
    """A built image and how to run it."""

    def __init__(self, path: Path, variant: str = "release", board: str | None = None) -> None:
        self.built = builder.build(path, board)
        self.board = image.board_of(self.built)
        self.image = image.build(self.built, variant)
        self.elf = ElfFile(self.image.elf)
        self.decoder = Decoder(self.built)

    def run(self, until_tick: int | None = None, most: int | None = None, **options):
        """Events and how it ended."""
        with qemu.run(self.image.elf, self.image.shim, self.board, **options) as machine:
            events = list(machine.events(until_tick, most))
        return events, machine.end

    def texts(self, events: list[Event]) -> list[str]:
        return [self.decoder.line(event).text for event in events if event.kind == LOG]


@pytest.fixture(scope="module")
def boot() -> Target:
    return Target(ROOT / "user" / "bench" / "boot.toml")


@pytest.fixture(scope="module")
def demo() -> Target:
    return Target(ROOT / "user" / "demo" / "demo.toml", "trace")


def test_image_runs_to_its_halt(boot: Target) -> None:
    events, end = boot.run()
    assert end == "halt"
    assert [event.kind for event in events] == [BOOT, LOG, HALT]
    assert boot.texts(events) == ["bench boot first line"]


def test_deadlines_reach_past_the_timer_s_bits() -> None:
    """SysTick has 24 bits, the tick counter 32: 0.84 s and 215 s at 20 MHz."""
    wrap = Target(ROOT / "tests" / "arch" / "qemu" / "wrap.toml")
    events, end = wrap.run()
    assert end == "halt"
    lines = [
        re.fullmatch(r"slept (\d+) s, woke (\d+) us late", text) for text in wrap.texts(events)
    ]
    assert [int(line[1]) for line in lines] == [3, 700]
    assert all(int(line[2]) < 500 for line in lines)  # virtual time, of a few hundred instructions
    assert events[-1].time > 703 * wrap.board.tick_hz
    assert [event.time for event in events] == sorted(event.time for event in events)


def test_two_runs_give_the_same_events(demo: Target) -> None:
    first = demo.run()
    assert first[1] == "halt"
    assert demo.run() == first


def test_run_ends_after_so_many_events(demo: Target) -> None:
    events, end = demo.run(most=50)
    assert end == "count"
    assert events == demo.run()[0][:50]


def test_run_ends_at_a_tick_without_later_events(demo: Target) -> None:
    whole, _ = demo.run()
    tick = whole[30].time
    events, end = demo.run(until_tick=tick)
    assert end == "time"
    assert events == whole[: len(events)]
    assert whole[len(events)].time > tick


@pytest.mark.parametrize("board", ["mps2-an505", "virt-rv32"])
@pytest.mark.parametrize("variant", ["release", "trace"])
def test_kernel_assertion_is_an_epitaph_with_file_and_line(board: str, variant: str) -> None:
    """Boot tables with a wrong magic number are the builder's bug or ours."""
    target = Target(ROOT / "user" / "bench" / "boot.toml", variant, board)
    events, end = target.run(words={target.elf.value("k5_system"): 0})
    assert end == "panic"
    assert events[-1].kind == PANIC
    text = target.decoder.line(events[-1]).text
    found = re.fullmatch(r"kernel assertion failed: boot\.c:(\d+); the machine stops", text)
    assert found, text
    source = (ROOT / "kernel" / "boot.c").read_text().splitlines()
    assert "KASSERT(tables_fit" in source[int(found[1]) - 1]


def test_fault_of_the_kernel_is_an_epitaph_with_its_pc(boot: Target) -> None:
    entry = boot.elf.value("kernel_syscall") & ~1
    aligned = entry + entry % 4
    events, end = boot.run(words={aligned: UDF})
    assert end == "panic"
    assert events[-1].kind == PANIC
    assert struct.pack("<6I", *events[-1].args)[:16].rstrip(b"\0") == b"kernel fault"
    assert events[-1].code == 3  # HardFault: the entry's own priority, escalated
    assert events[-1].args[4] == aligned
    assert events[-1].args[5] == 0x0001_0000  # UNDEFINSTR


@pytest.mark.parametrize("board", ["virt-rv32", "sifive-e"])
def test_fault_of_the_rv32_kernel_is_an_epitaph_with_its_pc(board: str) -> None:
    target = Target(ROOT / "user" / "bench" / "boot.toml", board=board)
    entry = target.elf.value("kernel_syscall")
    aligned = entry + entry % 4
    events, end = target.run(words={aligned: 0})  # two illegal instructions
    assert end == "panic"
    assert events[-1].kind == PANIC
    assert struct.pack("<6I", *events[-1].args)[:16].rstrip(b"\0") == b"kernel fault"
    assert (events[-1].code, *events[-1].args[4:]) == (2, aligned, 2)  # mcause, mepc


def test_two_runs_of_rv32_give_the_same_events() -> None:
    target = Target(ROOT / "user" / "demo" / "demo.toml", "trace", "virt-rv32")
    assert target.run() == target.run()


def test_words_change_a_thread_s_argument(boot: Target) -> None:
    tables = boot.built.blob()
    words = {boot.elf.value("k5_system") + blob.thread_argument_offset(tables, 0): 1234}
    assert boot.run(words=words)[1] == "halt"
    with pytest.raises(K5Error, match="loads nothing at 0x1000"):
        boot.run(words={0x1000: 0})


def test_silent_machine_is_given_up() -> None:
    release = Target(ROOT / "tests" / "arch" / "qemu" / "spin.toml")
    with pytest.raises(K5Error, match=r"no event for 0\.5 s of host time"):
        release.run(host_limit_s=0.5)


def test_missing_qemu_has_one_clear_message(boot: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(K5Error, match=r"qemu-system-arm is missing: `\./k5 doctor`"):
        boot.run()


def test_missing_image_is_named(boot: Target) -> None:
    with (
        pytest.raises(K5Error, match="gone.elf: no such file"),
        qemu.run(Path("gone.elf"), boot.image.shim, boot.board),
    ):
        pass


def test_qemu_that_dies_is_quoted(boot: Target) -> None:
    board = dataclasses.replace(boot.board, qemu={**boot.board.qemu, "machine": "no-such-machine"})
    with (
        qemu.run(boot.image.elf, boot.image.shim, board) as machine,
        pytest.raises(K5Error, match="QEMU ended with exit code 1: .*unsupported machine"),
    ):
        list(machine.events())


def test_board_without_qemu_is_refused(boot: Target) -> None:
    board = dataclasses.replace(boot.board, name="stm32l5", qemu={})
    with (
        pytest.raises(K5Error, match="QEMU has no board 'stm32l5'"),
        qemu.run(boot.image.elf, None, board),
    ):
        pass
