"""Questions about the past, on both instruction sets: who, where, when."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import why_system
from conftest import ROOT
from k5 import Machine, builder
from k5.breakpoints import Breakpoints
from k5.errors import K5Error
from k5.machine import Stop
from k5.why import answer
from k5.why.answers import parse
from k5.why.runs import Choice, opened

BOARDS = ("mps2-an505", pytest.param("virt-rv32", marks=pytest.mark.slow))
END_US = 5_000


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The system's description."""
    folder = tmp_path_factory.mktemp("why")
    path = folder / "small.toml"
    path.write_text(why_system.DESCRIPTION)
    for name in ("client", "server", "idler"):
        (folder / f"{name}.c").write_text(getattr(why_system, name.upper()))
    return path


@pytest.fixture(params=BOARDS)
def machine(request: pytest.FixtureRequest, system: Path) -> Iterator[Machine]:
    """Its run, up to where nothing but the idler moves."""
    with Machine.boot(system, request.param) as found:
        found.history_start(500)
        assert found.run(until_us=END_US) is Stop.TIME
        yield found


def line_of(source: str, text: str) -> int:
    """The number of the line that says this."""
    lines = getattr(why_system, source.upper()).splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def ask(machine: Machine, question: str) -> dict[str, Any]:
    """The answer as data; the machine is where it was, with the events that it had."""
    before = machine.position, machine.snapshot().hash, machine.events(), machine.recorded
    found = answer(machine, question.split())
    assert before == (
        machine.position, machine.snapshot().hash, machine.events(), machine.recorded
    )  # fmt: skip
    assert found.text()
    return found.json()


def check_place(found: dict[str, Any], function: str, source: str, text: str) -> None:
    assert found["function"] == function
    assert Path(found["file"]).name == f"{source}.c"
    assert found["line"] == line_of(source, text)


# ---- written


def test_task_that_wrote_a_variable_is_named_with_its_place(machine: Machine) -> None:
    found = ask(machine, "written client.stage")
    assert (found["by"], found["task"], found["thread"]) == ("task", "client", "client")
    check_place(found, "advance", "client", "stage = to;")
    assert (found["written"], found["value"]) == (3, "0x3")
    machine.goto_instruction(found["instruction"])
    assert machine.read_word("client", "stage") == 3
    machine.reverse_step()
    assert machine.read_word("client", "stage") == 2


def test_write_is_found_though_it_changed_nothing_and_at_any_moment(machine: Machine) -> None:
    for value in (2, 1):
        machine.goto_instruction(ask(machine, "written client.stage")["instruction"] - 1)
        assert ask(machine, "written client.stage")["written"] == value
    machine.goto_instruction(ask(machine, "written client.stage")["instruction"] - 1)
    assert ask(machine, "written client.stage")["function"] == "_start"  # zeroes what is zero


def test_borrower_that_wrote_is_named(machine: Machine) -> None:
    found = ask(machine, "written client.page")
    assert found["task"] == "server" and found["written"] == 64
    check_place(found, "fill", "server", "page[i] =")
    first = ask(machine, f"written {machine.address('client', 'page'):#x}:1")
    assert first["written"] == 1 and first["instruction"] < found["instruction"]
    assert ask(machine, "written client.page+63")["instruction"] == found["instruction"]


def test_kernel_that_copied_a_message_is_named_with_whose_call(machine: Machine) -> None:
    found = ask(machine, "written server.text")
    assert (found["by"], found["task"]) == ("kernel", "client")
    assert found["event"].startswith("ENTER call(server, COPY")
    check_place(found, "send_text", "client", "k5_call(CAP_SERVER, &message) != K5_OK")


def test_outside_that_wrote_is_named(machine: Machine) -> None:
    machine.write("client", "stage", b"\x09\0\0\0")
    tick = machine.now
    machine.run(until_us=END_US + 100)
    found = ask(machine, "written client.stage")
    assert (found["by"], found["value"], found["tick"]) == ("outside", "0x9", tick)
    assert ask(machine, "written client.page")["by"] == "task"


def test_supply_that_failed_is_a_write_of_all_memory(machine: Machine) -> None:
    machine.reset("power")
    found = ask(machine, "written client.stage")
    assert (found["by"], found["what"], found["value"]) == ("outside", "reset", "0x0")
    assert "lost its supply" in found["text"][0]


def test_fault_that_was_injected_is_named(machine: Machine) -> None:
    fault = machine._ffi.new("struct k5sim_fault *")
    fault.kind, fault.where, fault.mask = 3, machine.address("client", "stage"), 1 << 7
    assert machine._lib.k5sim_inject(machine._sim, fault) == 0
    found = ask(machine, "written client.stage")
    assert (found["by"], found["what"], found["value"]) == ("outside", "fault", "0x83")


def test_device_that_changed_its_register_itself() -> None:
    with Machine.boot("shell") as machine:
        machine.history_start()
        machine.run(until_us=20_000)
        found = ask(machine, "written usart1.ISR")
        assert found["by"] == "device" and found["task_wrote"] is None
        assert "device usart1 itself: usart1.ISR" in found["text"][0]
        machine.goto_tick(found["tick"])
        assert f"{machine.peek('usart1', 0x1C):#010x}" == found["value"]
        machine.goto_tick(found["tick"] - 1)
        assert f"{machine.peek('usart1', 0x1C):#010x}" != found["value"]
        written = ask(machine, "written usart1.CR1")
        assert (written["by"], written["task"]) == ("task", "uart")


def test_registers_that_are_bytes_with_several_names() -> None:
    with Machine.boot("shell", "virt-rv32") as machine:
        machine.history_start()
        machine.run(until_us=20_000)
        sent = ask(machine, "written uart0.THR")
        assert (sent["task"], sent["written"]) == ("uart", ord(" "))  # the prompt's last character
        assert ask(machine, "written uart0.RBR/THR/DLL")["instruction"] == sent["instruction"]
        with pytest.raises(K5Error, match="has no register 'TH'"):
            ask(machine, "written uart0.TH")


def test_what_nobody_wrote(machine: Machine) -> None:
    ram = machine.built.meta["memory"]["ram"]
    found = answer(machine, ["written", hex(ram["base"] + ram["bytes"] - 4)])
    assert found.data["by"] is None
    assert "since 0.000000 s: it is as it was loaded" in found.text()


def test_watchpoints_of_others_do_not_disturb(machine: Machine) -> None:
    watched: Breakpoints = machine
    plain = ask(machine, "written client.stage")
    watched.watch_set(machine.address("idler", "rounds"))
    watched.break_set(machine.address("server", "main") & ~1)
    assert ask(machine, "written client.stage") == plain


# ---- loans


def test_loan_that_is_over(machine: Machine) -> None:
    found = ask(machine, "loan client.page")
    assert found["held"] is False
    assert (found["loan"]["lender"], found["loan"]["borrower"]) == ("client", "server")
    assert found["loan"]["kind"] == "LEND_MUT" and found["loan"]["bytes"] == 64
    assert found["loan"]["since"] < found["loan"]["until"]
    assert found["function"] == "lend_page" and Path(found["file"]).name == "client.c"


def test_loan_that_is_held(machine: Machine) -> None:
    written = ask(machine, "written client.page")
    machine.goto_instruction(written["instruction"])
    found = ask(machine, "loan client.page+8")
    assert found["held"] is True and found["loan"]["until"] is None
    assert found["text"][0].startswith("task server holds client.page+8, in 64 bytes")


def test_what_was_never_lent(machine: Machine) -> None:
    assert ask(machine, "loan server.text") == {
        "question": "loan server.text",
        "held": False,
        "loan": None,
        "text": ["server.text has not been lent since 0.000000 s"],
    }


# ---- blocked


def test_deadlock_is_named_from_both_ends(machine: Machine) -> None:
    found = ask(machine, "blocked client")
    assert found["deadlock"] == ["client", "server"]
    assert [step["state"] for step in found["chain"]] == ["AWAITING", "WAITING"]
    assert found["chain"][1]["wakers"] == ["client"]
    check_place(found["chain"][0], "main", "client", "nobody will signal")
    check_place(found["chain"][1], "wait_for_ever", "server", "if (k5_wait(")
    assert found["text"][-1] == (
        "deadlock: client -> server -> client: each waits for the next, for ever"
    )
    assert ask(machine, "blocked server")["deadlock"] == ["server", "client"]


def test_thread_that_sleeps_is_not_blocked_by_anybody(machine: Machine) -> None:
    found = ask(machine, "blocked idler")
    assert found["blocked"] is False and found["deadlock"] is None
    assert found["chain"][0]["state"] == "SLEEPING"
    assert END_US / 1e6 < found["chain"][0]["until"] < (END_US + 1100) / 1e6


def test_times_of_the_kernel_count_from_the_last_reset(machine: Machine) -> None:
    machine.reset("pin")
    machine.run(until_us=2 * END_US)
    until = ask(machine, "blocked idler")["chain"][0]["until"]
    assert 2 * END_US / 1e6 < until < (2 * END_US + 1100) / 1e6


def test_thread_that_waits_for_who_runs(machine: Machine) -> None:
    machine.goto_instruction(ask(machine, "written client.page")["instruction"])
    found = ask(machine, "blocked client")
    assert found["deadlock"] is None
    assert [step["state"] for step in found["chain"]] == ["AWAITING", "RUNNING"]
    ready = ask(machine, "blocked idler")
    assert "is ready, but server runs, with priority 6 against its 3" in ready["text"][0]


def test_task_that_is_off_and_will_be_back(machine: Machine) -> None:
    machine.kill("client")
    found = ask(machine, "blocked server")
    assert found["deadlock"] is None and found["chain"][-1]["state"] in ("OFF", "RUNNING", "WAITING")
    off = ask(machine, "blocked client")
    assert "BACKOFF" in off["text"][0] and "when it restarts" in off["text"][0]


# ---- ready


def test_message_made_the_server_ready(machine: Machine) -> None:
    found = ask(machine, "ready server")
    assert (found["by"], found["thread"]) == ("thread", "client")
    assert found["cause"].startswith("ENTER call(server")
    check_place(found, "main", "client", "nobody will signal")


def test_reply_made_the_client_ready(machine: Machine) -> None:
    found = ask(machine, "ready client")
    assert (found["by"], found["thread"], found["function"]) == ("thread", "server", "main")


def test_time_made_the_idler_ready(machine: Machine) -> None:
    found = ask(machine, "ready idler")
    assert found["by"] == "time" and "its time had come" in found["text"][1]


def test_thread_that_was_never_made_ready(machine: Machine) -> None:
    machine.goto_instruction(5)
    assert ask(machine, "ready client")["by"] is None


# ---- changed


def test_changes_are_named(machine: Machine) -> None:
    changes = {c["name"]: c for c in ask(machine, "changed 0us 1ms")["changes"]}
    assert changes["client.stage"] == {
        "kind": "memory", "name": "client.stage", "before": "0x0", "after": "0x3"
    }  # fmt: skip
    assert changes["client.page"]["before"].startswith("64 of 64 bytes")
    assert changes["thread[client].state"]["after"] == "AWAITING"
    assert changes["thread[client].holder"]["after"] == "server"
    assert changes["thread[server].state"]["after"] == "WAITING"
    assert changes["notification[go].waiting"]["after"] == "1"
    assert "server.main" not in changes


def test_nothing_has_changed_between_equal_times(machine: Machine) -> None:
    found = ask(machine, "changed 2ms 2ms")
    assert found["changes"] == []
    assert "0 things are different" in found["text"][0]


# ---- mistakes


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("", "ask something"),
        ("writen client.stage", "no question 'writen' .did you mean 'written'?"),
        ("written", "written wants PLACE: who wrote it last"),
        ("changed 1ms", "changed wants TIME TIME"),
        ("written stage", "'stage' is no place: write TASK.SYMBOL"),
        ("written client.stag", "task 'client' has no variable 'stag' .did you mean 'stage'?"),
        ("written clint.stage", "no task or device 'clint' .did you mean 'client'?"),
        ("written client.stage+4", "client.stage has 4 bytes"),
        ("written 0x3", "0x00000003"),
        ("blocked nobody", "no thread 'nobody'"),
        ("ready clien", "no thread 'clien' .did you mean 'client'?"),
        ("changed 1ms 9s", "9.000000 s is not in this machine's past, 0.000000 s to 0.005000 s"),
    ],
)
def test_questions_that_cannot_be_answered(system: Path, question: str, text: str) -> None:
    with Machine.boot(system) as machine:
        machine.history_start()
        machine.run(until_us=END_US)
        with pytest.raises(K5Error, match=text):
            answer(machine, question.split())
        assert machine.now == machine.ticks(END_US)


def test_machine_without_a_history_says_so(system: Path) -> None:
    with Machine.boot(system) as machine, pytest.raises(K5Error, match="has no history"):
        answer(machine, ["written", "client.stage"])


def test_words_of_a_question_are_counted() -> None:
    assert parse(["changed", "1ms", "2ms"]).name == "changed"


# ---- which run


def test_moments_of_a_run(system: Path) -> None:
    with opened(str(system), Choice(at_us=1000)) as machine:
        assert machine.now == machine.ticks(1000)
    with opened(str(system), Choice(at_us=1000, instruction=100)) as machine:
        assert machine.instructions == 100
    with pytest.raises(K5Error, match="the run ended at"):
        with opened(str(system), Choice(at_us=10, instruction=10**9)):
            pass


def test_scenario_and_its_moments() -> None:
    scenario = str(ROOT / "scenarios" / "examples" / "shell-editing.toml")
    with opened(scenario, Choice(at_us=200_000)) as machine:
        assert machine.now >= machine.ticks(200_000)
        assert ask(machine, "ready shell")["by"] == "thread"
    with pytest.raises(K5Error, match="the run ended at"):
        with opened(scenario, Choice(at_us=10**9)):
            pass


def test_command_answers_in_words_and_json(system: Path) -> None:
    command = [sys.executable, str(ROOT / "k5"), "why", str(system), "--at", "1ms"]
    for more in ([], ["--json"]):
        done = subprocess.run(
            [*command, *more, "written", "client.stage"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        if more:
            assert json.loads(done.stdout)["task"] == "client"
        else:
            assert "task client in advance() at " in done.stdout
    done = subprocess.run([*command, "nothing"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "no question 'nothing'" in done.stderr


def test_demo_s_static_variable_of_a_function() -> None:
    with Machine(builder.build(builder.find("demo"))) as machine:
        machine.history_start()
        machine.run()
        found = ask(machine, "written foo.answer")
        assert (found["by"], found["task"]) == ("kernel", "bar")
        assert found["event"].startswith("ENTER reply_recv(")
