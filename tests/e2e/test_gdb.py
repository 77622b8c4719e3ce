"""The GDB server, by a real gdb-multiarch: on both instruction sets, forward and backward."""

from __future__ import annotations

import functools
import re
import shutil
from collections.abc import Callable

import pytest
from conftest import ROOT
from gdb_kit import GDB, Printed, debug
from k5 import builder

pytestmark = pytest.mark.skipif(not shutil.which(GDB), reason=f"{GDB} is not installed")

BOARDS = ("mps2-an505", "virt-rv32")
ARCHITECTURES = {"mps2-an505": "armv8-m.main", "virt-rv32": "riscv:rv32"}
A_REGISTER = {"mps2-an505": "$r9", "virt-rv32": "$s9"}

def line(file: str, text: str) -> int:
    """Where the demo's source says something."""
    lines = (ROOT / "user" / "demo" / file).read_text().splitlines()
    return next(number for number, one in enumerate(lines, 1) if text in one)


# One session; the tests look at what it printed. foo is thread 1, tick 3, rogue 4.
COMMANDS = [
    ("threads", "info threads"),
    ("architecture", "show architecture"),
    ("entry", "print/x $pc"),
    ("foo's eyes", "thread 1"),
    ("own memory", "print &work_done"),
    ("own value", "print work_done"),
    ("own text written", "set *(char *) main = 1"),
    ("tick's eyes", "thread 3"),
    ("foreign value", "print work_done"),
    ("foreign access", "monitor access &work_done"),
    ("foreign access by number", "eval \"monitor access %u 4\", &work_done"),
    ("physical", "monitor physical on"),
    ("foreign value, physical", "print work_done"),
    ("physical off", "monitor physical off"),
    ("fault", "continue"),
    ("fault's frames", "backtrace"),
    ("fault's thread", "thread"),
    ("fault's pc", "print/x $pc"),
    ("faults off", "monitor faults off"),
    ("break", "break foo.c:main"),
    ("hit", "continue"),
    ("frame", "backtrace 1"),
    ("all frames", "thread apply all backtrace 1"),
    ("before a step", "print/x $pc"),
    ("a step", "stepi"),
    ("behind a step", "print/x $pc"),
    ("a step back", "reverse-stepi"),
    ("behind a step back", "print/x $pc"),
    ("watch", "watch work_done"),
    ("watched", "continue"),
    ("watched again", "continue"),
    ("value", "print work_done"),
    ("watched, back", "reverse-continue"),
    ("value, back", "print work_done"),
    ("watched, forward", "continue"),
    ("no watch", "delete 2"),
    ("rwatch", "rwatch work_done"),
    ("read", "continue"),
    ("no rwatch", "delete 3"),
    ("awatch", "awatch work_done"),
    ("accessed", "continue"),
    ("no awatch", "delete 4"),
    ("advance", f"advance foo.c:{line('foo.c', 'ask_for_sum(n')}"),
    ("next", "next"),
    ("next, back", "reverse-next"),
    ("instructions", "x/3i $pc"),
    ("set variable", "set var work_done = 19990"),
    ("variable set", "print work_done"),
    ("set register", f"print {A_REGISTER[BOARDS[0]]} = 0x1234"),
    ("register set", f"print/x {A_REGISTER[BOARDS[0]]}"),
    ("hbreak", "hbreak k5_sleep_forever"),
    ("asleep", "continue"),
    ("hits", "info breakpoints"),
    ("no breakpoints", "delete"),
    ("tasks", "monitor tasks"),
    ("caps", "monitor caps foo"),
    ("mpu", "monitor mpu foo"),
    ("queues", "monitor queues"),
    ("loans", "monitor loans"),
    ("until", "monitor until +1us"),
    ("taken", "monitor snapshot take here"),
    ("moved", "monitor until +20us"),
    ("differs", "monitor snapshot same here"),
    ("restored", "monitor snapshot restore here"),
    ("same", "monitor snapshot same here"),
    ("kill", "monitor inject kill tick"),
    ("killed", "monitor tasks"),
    ("to an event", "monitor until task tick"),
    ("no such command", "monitor nonsense"),
    ("help", "monitor help"),
    ("own break", "monitor break tick main"),
    ("own break hit", "reverse-continue"),
    ("own break cleared", "monitor clear tick main"),
    ("to the beginning", "reverse-continue"),
    ("time at the beginning", "monitor time"),
    ("to the end", "continue"),
    ("unmapped", "break *0x10"),
    ("unmapped hit", "continue"),
    ("detach", "detach"),
]  # fmt: skip


@functools.cache
def session(board: str) -> Printed:
    commands = [(name, text.replace(A_REGISTER[BOARDS[0]], A_REGISTER[board]))
                for name, text in COMMANDS]  # fmt: skip
    return debug("demo", "--board", board, commands=commands)


Check = Callable[[Printed, str], None]


def threads_have_names_and_states(said: Printed, board: str) -> None:
    rows = re.findall(r"(\d+)\s+Thread \d+ \"(\S+)\" \((.*?), priority", said["threads"])
    assert rows[:3] == [("1", "foo/main", "ready"), ("2", "bar/main", "ready"),
                        ("3", "tick/main", "running")]  # fmt: skip
    assert rows[4] == ("5", "score/main", "unfunded")
    assert re.search(r"^\* 3 ", said["threads"], re.MULTILINE)


def target_tells_its_architecture(said: Printed, board: str) -> None:
    assert f'"{ARCHITECTURES[board]}"' in said["architecture"]


def first_instruction_is_the_entry_of_the_first_thread(said: Printed, board: str) -> None:
    meta = builder.build(builder.find("demo"), board).meta
    assert said.number("entry") == meta["tasks"][2]["entry"] & ~1


def a_task_sees_its_own_memory(said: Printed, board: str) -> None:
    assert said.number("own value") == 0


def a_task_cannot_write_its_text(said: Printed, board: str) -> None:
    assert "Cannot access memory" in said["own text written"]


def a_task_does_not_see_another_ones_memory(said: Printed, board: str) -> None:
    assert "Cannot access memory" in said["foreign value"]


def the_refusal_is_explained(said: Printed, board: str) -> None:
    assert re.search(r"tick may do nothing at 0x.* before the start of tick.ram .*there is foo.ram of task foo",
                     said["foreign access by number"])  # fmt: skip
    assert "'&work_done' is no address" in said["foreign access"]


def physical_memory_is_seen_by_all(said: Printed, board: str) -> None:
    assert said.number("foreign value, physical") == 0
    assert "what the selected task may see" in said["physical off"]


def fault_stops_with_its_record(said: Printed, board: str) -> None:
    assert "received signal SIGSEGV" in said["fault"]
    assert "0 bytes past the end of rogue.ram" in said["fault"]


def fault_stops_before_it_is_delivered(said: Printed, board: str) -> None:
    assert "write_past_my_memory () at user/demo/rogue.c" in said["fault's frames"]
    assert "Thread 4" in said["fault's thread"]


def breakpoint_stops_its_thread(said: Printed, board: str) -> None:
    assert 'Thread 1 "foo/main" hit Breakpoint 1, ' in said["hit"]
    assert re.search(r"#0 .*main .*", said["frame"])


def log_lines_come_while_it_runs(said: Printed, board: str) -> None:
    assert "hello, I am bar, at your service" in said["hit"]


def frames_of_all_threads(said: Printed, board: str) -> None:
    assert said["all frames"].count("\n#0 ") == 5


def stepi_goes_one_instruction(said: Printed, board: str) -> None:
    moved = said.number("behind a step") - said.number("before a step")
    assert moved in (2, 4)


def reverse_stepi_takes_it_back(said: Printed, board: str) -> None:
    assert said.number("behind a step back") == said.number("before a step")


def watchpoint_shows_old_and_new_value(said: Printed, board: str) -> None:
    assert re.search(r"Old value = 0\nNew value = 1\n", said["watched"])
    assert re.search(r"Old value = 1\nNew value = 2\n", said["watched again"])
    assert said.number("value") == 2


def reverse_continue_undoes_the_watched_write(said: Printed, board: str) -> None:
    assert re.search(r"Old value = 2\nNew value = 1\n", said["watched, back"])
    assert said.number("value, back") == 1


def forward_again_is_the_same(said: Printed, board: str) -> None:
    assert re.search(r"Old value = 1\nNew value = 2\n", said["watched, forward"])


def read_watchpoint(said: Printed, board: str) -> None:
    assert re.search(r"Hardware read watchpoint 3: work_done\n\nValue = 2\n", said["read"])


def access_watchpoint(said: Printed, board: str) -> None:
    assert "Hardware access (read/write) watchpoint 4: work_done" in said["accessed"]


def next_and_reverse_next_move_by_lines(said: Printed, board: str) -> None:
    assert "ask_for_sum" in said["advance"]
    assert re.search(r"^\d+\s", said["next"], re.MULTILINE)
    assert "rror" not in said["next"] + said["next, back"]


def instructions_are_shown_from_the_tasks_file(said: Printed, board: str) -> None:
    assert said["instructions"].count("<main+") == 3


def variables_can_be_set(said: Printed, board: str) -> None:
    assert said.number("variable set") == 19990


def registers_can_be_set(said: Printed, board: str) -> None:
    assert said.number("register set") == 0x1234


def hardware_breakpoint(said: Printed, board: str) -> None:
    assert 'Thread 3 "tick/main" hit Breakpoint 5.2, k5_sleep_forever' in said["asleep"]
    assert "breakpoint already hit 1 time" in said["hits"]


def breakpoint_at_an_unmapped_address_is_refused(said: Printed, board: str) -> None:
    assert "Cannot insert breakpoint 6" in said["unmapped hit"]


def monitor_tasks(said: Printed, board: str) -> None:
    assert "foo: ready, generation 0" in said["tasks"]
    assert re.search(r"\* +3 tick/main: running, priority 20", said["tasks"])


def monitor_caps_and_mpu(said: Printed, board: str) -> None:
    assert "endpoint bar: send, badge 0x1" in said["caps"]
    assert re.search(r"r-x foo.text\n.*rw- foo.ram", said["mpu"])


def monitor_queues_and_loans(said: Printed, board: str) -> None:
    assert "endpoint score: score is waiting, senders: nobody" in said["queues"]
    assert "nothing is lent" in said["loans"]


def monitor_until_and_snapshots(said: Printed, board: str) -> None:
    assert said["until"].startswith("there: ")
    assert "they differ first in: " in said["differs"]
    assert said["same"] == "the same\n"


def monitor_inject_kills(said: Printed, board: str) -> None:
    assert "injected: kill tick" in said["kill"]
    assert "tick: backoff" in said["killed"]
    assert "tick runs again" in said["to an event"]


def monitor_help_and_mistakes(said: Printed, board: str) -> None:
    assert "no command 'nonsense'" in said["no such command"]
    assert said["help"].count("monitor ") >= 15


def breakpoint_of_one_task(said: Printed, board: str) -> None:
    assert "breakpoint of tick at " in said["own break"]
    assert "Thread 3" in said["own break hit"] and "SIGTRAP" in said["own break hit"]
    assert "no breakpoint of tick" in said["own break cleared"]


def the_past_has_a_beginning(said: Printed, board: str) -> None:
    assert "No more reverse-execution history" in said["to the beginning"]
    assert "tick 0, 0 instructions" in said["time at the beginning"]


def the_machine_halts(said: Printed, board: str) -> None:
    assert "all answers were right" in said["to the end"]
    assert "nothing will ever happen again" in said["to the end"]


def session_ends(said: Printed, board: str) -> None:
    assert "detached" in said["detach"]
    assert said.status == 0


CHECKS: tuple[Check, ...] = (
    threads_have_names_and_states, target_tells_its_architecture,
    first_instruction_is_the_entry_of_the_first_thread, a_task_sees_its_own_memory,
    a_task_cannot_write_its_text, a_task_does_not_see_another_ones_memory,
    the_refusal_is_explained, physical_memory_is_seen_by_all, fault_stops_with_its_record,
    fault_stops_before_it_is_delivered, breakpoint_stops_its_thread,
    log_lines_come_while_it_runs, frames_of_all_threads, stepi_goes_one_instruction,
    reverse_stepi_takes_it_back, watchpoint_shows_old_and_new_value,
    reverse_continue_undoes_the_watched_write, forward_again_is_the_same, read_watchpoint,
    access_watchpoint, next_and_reverse_next_move_by_lines,
    instructions_are_shown_from_the_tasks_file, variables_can_be_set, registers_can_be_set,
    hardware_breakpoint, breakpoint_at_an_unmapped_address_is_refused, monitor_tasks,
    monitor_caps_and_mpu, monitor_queues_and_loans, monitor_until_and_snapshots,
    monitor_inject_kills, breakpoint_of_one_task, monitor_help_and_mistakes, the_past_has_a_beginning,
    the_machine_halts, session_ends,
)  # fmt: skip


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_session(check: Check, board: str) -> None:
    check(session(board), board)
