"""Value change dumps, read back by a parser that knows the format alone."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pytest
from k5.decode import Line
from k5.tracing.selection import Selection
from k5.tracing.vcd import HOLD_NS, Vcd, identifier
from trace_lines import boot, line
from vcd_parser import Dump, Wave, parse

BIT_NS = 8_700  # of 115200 baud, nearly


def written(lines: Iterable[Line], selection: Selection | None = None, end_us: int = 0) -> Dump:
    out = io.StringIO()
    writer = Vcd(out, selection or Selection())
    last = 0
    for each in lines:
        writer.write(each)
        last = each.ns
    writer.close(end_us * 1000 or last)
    return parse(out.getvalue())


def pin(us: int, name: str, high: int) -> Line:
    return line(us, "PIN", pin=name, high=high, driver="chip")


def serial(us: int, byte: int, *errors: str, bits: int = 10, direction: str = "tx") -> Line:
    return line(us, "SERIAL", device="uart1", direction=direction, byte=byte, errors=list(errors),
                frame_ns=bits * BIT_NS, bits=bits)  # fmt: skip


def bits_of(wave: Wave, start: int, count: int = 10) -> str:
    """The wire, sampled in the middle of each bit as a receiver does."""
    return "".join(wave.at(start + BIT_NS * place + BIT_NS // 2) for place in range(count))


def test_pins_are_wires() -> None:
    dump = written([boot("a"), pin(5, "PA5", 1), pin(7, "PA5", 0), pin(7, "PC13", 1)], end_us=9)
    assert dump.timescale == "1 ns"
    assert dump.waves["pins.PA5"].changes == [(0, "x"), (5_000, "1"), (7_000, "0")]
    assert dump.waves["pins.PC13"].changes == [(0, "x"), (7_000, "1")]
    assert dump.end == 9_000


def test_of_changes_in_one_tick_the_last_counts() -> None:
    dump = written([pin(5, "PA5", 1), pin(5, "PA5", 0), pin(6, "PA5", 0)])
    assert dump.waves["pins.PA5"].changes == [(0, "x"), (5_000, "0")]


@pytest.mark.parametrize("byte", [0x00, 0x4B, 0x80, 0xFF])
def test_a_character_is_on_the_wire_bit_by_bit(byte: int) -> None:
    end = 200
    dump = written([serial(end, byte)], end_us=300)
    wire, character = dump.waves["uart1.tx"], dump.waves["uart1.tx_character"]
    start = end * 1000 - 10 * BIT_NS
    data = f"{byte:08b}"[::-1]  # the lowest bit first
    assert bits_of(wire, start) == f"0{data}1"
    assert wire.at(0) == "1" and wire.at(299_000) == "1"
    sign = {0x00: "\\x00", 0x4B: "K", 0x80: "\\x80", 0xFF: "\\xff"}[byte]
    assert character.changes == [(0, ""), (start, sign), (end * 1000, "")]


def test_characters_back_to_back_and_both_ways() -> None:
    frame_us = 10 * BIT_NS // 1000
    told = [serial(200, 0x41), serial(200, 0x42, direction="rx"), serial(200 + frame_us, 0x43)]
    dump = written(told)
    values = [value for _, value in dump.waves["uart1.tx_character"].changes]
    assert values == ["", "A", "C", ""]
    assert bits_of(dump.waves["uart1.tx"], 200_000) == "0" + f"{0x43:08b}"[::-1] + "1"
    assert bits_of(dump.waves["uart1.rx"], 200_000 - 10 * BIT_NS) == "0" + f"{0x42:08b}"[::-1] + "1"


def test_errors_show_on_the_wire() -> None:
    start = 200_000 - 10 * BIT_NS
    framing = written([serial(200, 0xFF, "framing")]).waves["uart1.tx"]
    assert bits_of(framing, start) == "0111111110"
    broken = written([serial(200, 0x00, "break")]).waves["uart1.tx"]
    assert bits_of(broken, start) == "0000000000"


def test_a_space_does_not_end_the_character() -> None:
    values = [value for _, value in written([serial(200, 32)]).waves["uart1.tx_character"].changes]
    assert values == ["", "\\x20", ""]


def test_a_frame_of_unknown_length_is_a_character_only() -> None:
    dump = written([line(5, "SERIAL", device="uart1", direction="tx", byte=65, errors=[])])
    assert list(dump.waves) == ["uart1.tx_character"]


def test_what_happened_during_a_frame_comes_in_the_order_of_time() -> None:
    """parse() refuses times that go back."""
    told = [pin(us, "PA5", us & 1) for us in range(120, 200)]
    dump = written([*told, serial(200, 0x55), pin(201, "PA5", 0)])
    assert len(dump.waves["pins.PA5"].changes) == 81 + 1


def test_memory_is_bounded_however_long_the_trace_is() -> None:
    writer = Vcd(io.StringIO(), Selection())
    step = HOLD_NS // 1000 // 50
    for number in range(2_000):
        writer.write(pin(number * step, "PA5", number & 1))
        assert len(writer._waiting) <= 52


def test_interrupt_lines_are_wires() -> None:
    dump = written([line(3, "LINE", device="alarm", line=4, raised=1)])
    assert dump.waves["interrupts.alarm_line_4"].changes == [(0, "x"), (3_000, "1")]


def test_a_window_begins_with_the_level_of_before() -> None:
    told = [pin(1, "PA5", 0), pin(2, "PA5", 1), pin(8, "PA5", 0), pin(20, "PA5", 1)]
    dump = written(told, Selection(begin=5_000, end=15_000))
    assert dump.waves["pins.PA5"].changes == [(5_000, "1"), (8_000, "0")]
    assert dump.end == 15_000


def test_a_trace_without_signals_is_a_file_all_the_same() -> None:
    assert written([boot("a")]).waves == {}


def test_identifiers_are_printable_and_all_different() -> None:
    found = {identifier(number) for number in range(10_000)}
    assert len(found) == 10_000
    assert all("!" <= char <= "~" for name in found for char in name)
