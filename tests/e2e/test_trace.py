"""./k5 trace, ./k5 top and ./k5 run --trace as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, System

sys.path.insert(0, str(ROOT / "tests" / "python"))

from perfetto_check import problems  # noqa: E402
from vcd_parser import parse  # noqa: E402


def k5(*arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    command = [str(ROOT / "k5"), *map(str, arguments)]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, env=environment)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's trace as JSON lines."""
    path = tmp_path_factory.mktemp("trace") / "demo.jsonl"
    status, _, err = k5("run", "demo", "--trace", path)
    assert status == 0, err
    return path


def test_text_of_a_trace_file_is_what_the_run_prints(traced: Path) -> None:
    _, printed, _ = k5("run", "demo", "--kernel")
    status, out, err = k5("trace", traced)
    assert (status, err) == (0, "")
    known = {"PIN", "SERIAL", "LINE", "READ", "WRITE", "VALUE"}  # of devices: not in --kernel
    assert [row for row in out.splitlines() if row.split()[2] not in known] == printed.splitlines()


def test_json_of_a_file_and_of_a_run_on_the_spot_are_the_same(traced: Path) -> None:
    assert k5("trace", traced, "--json")[1] == traced.read_text()
    assert k5("trace", "demo", "--json")[1] == traced.read_text()


def test_filters_leave_only_what_was_asked_for(traced: Path) -> None:
    told = k5("trace", traced, "--json", "--task", "rogue", "--kind", "log", "--kind", "fault",
              "--from", "2ms", "--to", "14ms")[1]  # fmt: skip
    records = [json.loads(row) for row in told.splitlines()]
    assert len(records) == 4
    assert {record["task"] for record in records} == {"rogue"}
    assert {record["kind"] for record in records} == {"LOG", "FAULT"}
    assert all(0.002 <= record["seconds"] <= 0.014 for record in records)
    told = k5("trace", traced, "--grep", "wants 3")[1]
    assert [row.split("wants ")[1] for row in told.splitlines()] == ["3 + 9"]


def test_all_formats_of_run(traced: Path, tmp_path: Path) -> None:
    for ending in (".txt", ".perfetto.json", ".vcd"):
        status, _, err = k5("run", "demo", "--trace", tmp_path / f"demo{ending}")
        assert status == 0, err
    assert (tmp_path / "demo.txt").read_text() == k5("trace", traced)[1]
    data = json.loads((tmp_path / "demo.perfetto.json").read_text())
    assert problems(data) == []
    assert len([e for e in data["traceEvents"] if e["ph"] == "s"]) == 24
    parse((tmp_path / "demo.vcd").read_text())


def test_perfetto_of_a_file_and_of_a_run_are_the_same(traced: Path, tmp_path: Path) -> None:
    assert k5("run", "demo", "--trace", tmp_path / "run.perfetto.json")[0] == 0
    status, out, err = k5("trace", traced, "--perfetto", tmp_path / "file.json")
    assert (status, out) == (0, "") and "file.json" in err
    assert (tmp_path / "file.json").read_bytes() == (tmp_path / "run.perfetto.json").read_bytes()


def test_drawing_fits_into_80_columns(traced: Path) -> None:
    status, out, _ = k5("trace", traced, "--draw", "--to", "10ms")
    assert status == 0
    rows = out.splitlines()
    assert max(map(len, rows)) <= 80
    assert {row.split()[0] for row in rows if "│" in row} == {"foo", "bar", "tick", "rogue", "score"}
    assert any("load of 4 bytes at" in row for row in rows)


def test_top_accounts_for_all_time_and_measures_stacks(traced: Path) -> None:
    status, out, err = k5("top", "demo", "--json")
    assert status == 0, err
    data = json.loads(out)
    assert sum(t["running_ns"] for t in data["threads"]) + data["idle_ns"] == data["ns"]
    by_name = {t["name"]: t for t in data["threads"]}
    assert by_name["rogue"]["faults"] == by_name["rogue"]["restarts"] == 4
    assert by_name["bar"]["served"] == by_name["foo"]["calls"] == 6
    used = {name: (t["stack_used"], t["stack_bytes"]) for name, t in by_name.items()}
    assert used["rogue"] == (512, 512)  # it overflows its stack
    assert all(0 < mark < size for name, (mark, size) in used.items() if name != "rogue")
    _, told, _ = k5("top", traced, "--json")
    for thread in json.loads(told)["threads"]:
        assert "stack_used" not in thread
        mine = {k: v for k, v in by_name[thread["name"]].items() if not k.startswith("stack")}
        assert thread == mine


def test_top_stops_where_it_is_told_to() -> None:
    data = json.loads(k5("top", "demo", "--until", "4ms", "--json")[1])
    assert data["ns"] == 4_000_000


DEEP = """\
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

__attribute__((noinline)) static uint32_t deep(uint32_t bytes)
{
    volatile uint8_t room[600];

    for (uint32_t i = 0; i < sizeof room; i++) {
        room[i] = (uint8_t)(i * bytes);
    }
    return room[bytes];
}

int main(void)
{
    K5_INFO("%u", deep(7));
    k5_sleep_forever();
}
"""


def test_stack_marks_are_exact_to_what_was_written(system: System) -> None:
    """Between two entries into the kernel, where no sample would see it; zeroes count, too."""
    path = system(("stack = 512", "stack = 2048"), one=DEEP.replace("i * bytes", "i - i"))
    status, out, err = k5("top", path, "--json")
    assert status == 0, err
    marks = {t["name"]: t["stack_used"] for t in json.loads(out)["threads"]}
    assert 600 <= marks["one"] <= 700
    assert marks["two"] < 200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nosuch"], "no trace file or system 'nosuch'"),
        (["dmo"], "no trace file or system 'dmo' (did you mean 'demo'?)"),
        (["no/such.jsonl"], "no/such.jsonl: no such file"),
        (["README.md"], "README.md:1: this is no JSON object; a trace is what"),
        (["k5"], "k5:1: this is no JSON object"),
        (["scenarios/examples/dimmer.toml"], "dimmer.toml is a scenario: `./k5 run"),
        (["demo", "--from", "5ms", "--to", "1ms"], "--from 5ms is after --to 1ms"),
        (["demo", "--kind", "logg"], "no kind of event 'logg' (did you mean 'log'?)"),
        (["demo", "--thread", "fo"], "demo: no thread 'fo' (did you mean 'foo'?)"),
        (["demo", "--task", "bra"], "demo: no task 'bra' (did you mean 'bar'?)"),
        (["demo", "--grep", "["], "--grep '[' is no regular expression"),
        (["demo", "--text", "--json"], "one of them"),
        (["demo", "--vcd", "/no/such/x.vcd"], "/no/such/x.vcd: no such file or directory"),
        (["demo", "--perfetto", "/dev/full"], "/dev/full: no space left on device"),
    ],
)
def test_wrong_arguments_are_one_message_and_exit_2(arguments: list[str], message: str) -> None:
    status, _, err = k5("trace", *arguments)
    errors = [row for row in err.splitlines() if row.startswith("error: ")]
    assert status == 2
    assert len(errors) == 1 and message in errors[0]


def test_a_scenarios_run_writes_its_trace_in_each_format(tmp_path: Path) -> None:
    """PC7 is the dimmer's lamp: a pulse that is longer, then shorter."""
    scenario = "scenarios/examples/dimmer.toml"
    for name in ("x.vcd", "x.perfetto.json"):
        status, _, err = k5("run", scenario, "--trace", tmp_path / name)
        assert status == 0, err
    lamp = parse((tmp_path / "x.vcd").read_text()).waves["pins.PC7"]
    edges = [(time, level) for time, level in lamp.changes if level in "01"]
    highs = [end - begin for (begin, level), (end, _) in zip(edges, edges[1:]) if level == "1"]  # noqa: B905
    assert len(highs) > 100 and max(highs) > 5 * min(highs)
    assert problems(json.loads((tmp_path / "x.perfetto.json").read_text())) == []


def test_nothing_left_is_told(traced: Path) -> None:
    status, out, err = k5("trace", traced, "--grep", "no such text")
    assert (status, out) == (1, "")
    assert "no line is left after the filters" in err


def test_run_refuses_a_format_that_there_is_not(tmp_path: Path) -> None:
    for name in ("demo.csv", "demo.json"):
        status, _, err = k5("run", "demo", "--trace", tmp_path / name)
        assert status == 2
        assert ".jsonl, .txt, .perfetto.json, .vcd" in err
        assert not (tmp_path / name).exists()


def test_what_came_before_a_damaged_line_is_written(traced: Path, tmp_path: Path) -> None:
    rows = traced.read_text().splitlines()
    damaged = tmp_path / "damaged.jsonl"
    damaged.write_text("\n".join([*rows[:50], rows[50][:30], *rows[51:]]))
    status, _, err = k5("trace", damaged, "--perfetto", tmp_path / "out.json")
    assert status == 2 and f"{damaged}:51: cut off" in err
    assert problems(json.loads((tmp_path / "out.json").read_text())) == []


SIGNALS_SYSTEM = """\
[system]
name = "small"
board = "mps2-an505"

[task.one]
sources = ["one.c"]
priority = 5
stack = 512
regions = [{ region = "uart", access = "rw" }, { region = "leds", access = "rw" }]

[region.uart]
device = true
base = "uart1"
bytes = 4096

[region.leds]
device = true
base = "fpgaio"
bytes = 4096
"""

SIGNALS = """\
#include "k5.h"
#include "k5_task.h"

#define TEXT    "K5 ok\\n"
#define BAUDDIV 174u /* of 20 MHz: 114,943 baud */

int main(void)
{
    volatile uint32_t *uart = (volatile uint32_t *)0x40201000u;
    volatile uint32_t *led = (volatile uint32_t *)0x40302000u;

    uart[4] = BAUDDIV;
    uart[2] = 1u; /* CTRL: transmit */
    for (uint32_t i = 0; i + 1 < sizeof TEXT; i++) {
        while ((uart[1] & 1u) != 0) { /* STATE: full */
        }
        uart[0] = (uint32_t)TEXT[i];
        *led = i & 1u;
    }
    k5_sleep_forever();
}
"""


def test_pins_and_serial_lines_of_a_real_driver(system: System, tmp_path: Path) -> None:
    """What the driver sends is read back from the wire as a receiver does: by sampling the bits."""
    path = system(text=SIGNALS_SYSTEM, one=SIGNALS)
    status, _, err = k5("trace", path, "--until", "2ms", "--vcd", tmp_path / "x.vcd", "--perfetto",
                        tmp_path / "x.json")  # fmt: skip
    assert status == 0, err
    dump = parse((tmp_path / "x.vcd").read_text())
    assert [level for _, level in dump.waves["pins.LED0"].changes][-3:] == ["1", "0", "1"]
    wire = dump.waves["uart1.tx"]
    bit = 174 * 50  # ns
    text, at = "", 0
    while starts := [time for time, level in wire.changes if level == "0" and time >= at]:
        middle = starts[0] + bit // 2
        bits = [wire.at(middle + bit * place) for place in range(10)]
        assert (bits[0], bits[9]) == ("0", "1")
        text += chr(sum(1 << place for place, level in enumerate(bits[1:9]) if level == "1"))
        at = middle + 9 * bit
    assert text == "K5 ok\n"
    said = [sign for _, sign in dump.waves["uart1.tx_character"].changes if sign]
    assert said == ["K", "5", "\\x20", "o", "k", "\\n"]
    data = json.loads((tmp_path / "x.json").read_text())
    assert problems(data) == []
    assert [e["name"] for e in data["traceEvents"] if e["ph"] == "X"][0] == "'K'"
    out = k5("trace", path, "--until", "2ms", "--kind", "write", "--kind", "serial", "--text")[1]
    assert "uart1.BAUDDIV = 0xae" in out and "uart1 sends 'K'" in out
