"""GDB on whole runs, on scenarios and recordings, on the kernel, and on both at once."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import ONE, ROOT, System
from gdb_kit import GDB, Printed, debug, marked, start_gdb
from k5 import Machine, builder, recording
from k5.commands import new
from k5.gdbserver import script
from k5.gdbserver.links import Listener
from k5.gdbserver.server import serve
from k5.machine import ALL_KINDS, Stop
from k5.stream import Event

pytestmark = pytest.mark.skipif(not shutil.which(GDB), reason=f"{GDB} is not installed")

BOARDS = ("mps2-an505", "virt-rv32")


def undisturbed(board: str) -> tuple[list[Event], int]:
    """All events of the demo, and what the machine is like at its end."""
    with Machine(builder.build(builder.find("demo"), board), 0, ALL_KINDS) as machine:
        assert machine.run(until_us=1e6) is Stop.HALT
        return machine.take(), machine.snapshot().hash


@pytest.mark.parametrize("board", BOARDS)
def test_a_run_under_gdb_is_the_run_without(board: str, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = [
        ("trace", "monitor trace on"),
        ("faults", "monitor faults off"),
        ("break", "break main"),  # of all tasks
        *((f"main {n}", "continue") for n in range(12)),
        ("delete", "delete"),
        ("watch", "watch -location 'bar.c'::text"),
        *((f"watch {n}", "continue") for n in range(5)),
        ("delete watch", "delete"),
        *((f"step {n}", "stepi") for n in range(50)),
        ("finish", "continue"),
    ]
    with Machine(builder.build(builder.find("demo"), board), 0, ALL_KINDS) as machine:
        machine.history_start()
        taken: list[Event] = []
        take = machine.take

        def tapped() -> list[Event]:
            taken.extend(found := take())
            return found

        monkeypatch.setattr(machine, "take", tapped)
        with contextlib.closing(Listener(0)) as listener:
            gdb = start_gdb(script.write(machine.built, f"127.0.0.1:{listener.port}"), commands)
            serve(machine, listener, lambda text: None, lambda: gdb.poll() is not None, once=True)
            said = Printed(gdb.communicate()[0], gdb.returncode)
        assert "nothing will ever happen again" in said["finish"], said.text
        assert "hit Breakpoint" in said["main 3"]
        events, hash_ = undisturbed(board)
        assert [event for event in taken if 1 << event.kind & ALL_KINDS] == events
        assert machine.snapshot().hash == hash_


def test_scenario_brings_its_stimuli() -> None:
    """kill.toml kills bar from outside; under GDB, too, and again after going back."""
    commands = [
        ("faults", "monitor faults off"),
        ("to the end", "continue"),
        ("back", "monitor goto 1ms"),
        ("again", "continue"),
    ]
    said = debug("scenarios/demo/kill.toml", "--set", "when=12ms", commands=commands)
    killed = "    0.012000  bar      FAULT"
    assert said["to the end"].count(killed) == said["again"].count(killed) == 1, said.text
    assert "bar runs again, generation 1" in said["again"]
    assert "stands for 3 runs" in debug("scenarios/demo/kill.toml", commands=commands).text


def test_recorded_session_comes_again(tmp_path: Path) -> None:
    """Somebody typed `restart worker` at the shell; under GDB it is typed again."""
    description, path = ROOT / "user" / "examples" / "shell" / "shell.toml", tmp_path / "a.k5rec"
    with Machine.boot(description) as machine:
        recorder = recording.Recorder(path, machine)
        machine.run(until_us=20_000)
        machine.send("usart1", b"restart worker\r")
        machine.run(until_us=100_000)
        recorder.finish()
        again = [line.text for line in machine.lines() if "runs again" in line.text]
    assert again
    commands = [("go on", "monitor until 100ms"), ("journal", "monitor time")]
    for options in ((str(path),), (str(description), "--replay", str(path))):
        said = debug(*options, commands=commands)
        assert again[0] in said["go on"], said.text
        assert "0.100000 s of virtual time" in said["journal"]
    wrong = debug("demo", "--replay", str(path), commands=commands)
    assert wrong.status == 2 and "error: " in wrong.text


def test_pipe_instead_of_a_port() -> None:
    words = ["-nx", "-batch", "-ex", "target remote | ./k5 debug demo --stdio"]
    for command in ("info threads", "stepi", "reverse-stepi", "kill"):
        words += ["-ex", command]
    done = subprocess.run([GDB, *words], cwd=ROOT, capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, check=False)  # fmt: skip
    assert '"tick/main" (running, priority 20)' in done.stdout, done.stdout + done.stderr
    assert "killed" in done.stdout


def test_the_hosts_gdb_knows_the_kernels_objects() -> None:
    commands = [
        ("break", "break kernel_fault"),
        ("run", "run"),
        ("frame", "backtrace 1"),
        ("record", "print fault->kind"),
        ("threads", "k5-threads"),
        ("tasks", "k5-tasks"),
        ("caps", "k5-caps foo"),
        ("no caps", "k5-caps nobody"),
        ("queues", "k5-queues"),
        ("thread", "print $k5()->thread[1]"),
        ("endpoint", "print $k5()->endpoint[0]"),
        ("slot", "print $k5()->slot[0]"),
        ("kill", "kill"),
    ]
    said = debug("--kernel", "demo", commands=commands)
    assert "hit Breakpoint 1, kernel_fault" in said["run"] or "kernel_fault" in said["frame"]
    assert said.number("record") == 1  # K5_FAULT_DATA
    assert "* rogue/main RUNNING, priority 15" in said["threads"]
    assert "rogue READY, generation 0" in said["tasks"]
    assert "endpoint bar, rights 0x1, badge 0x1" in said["caps"]
    assert "no task 'nobody'" in said["no caps"]
    assert "ready at priority 12: bar/main" in said["queues"]
    assert "bar/main READY, priority 12" in said["thread"]
    assert "bar: bar/main is busy" in said["endpoint"]
    assert "endpoint bar, rights 0x1" in said["slot"]


def _free_port() -> int:
    with contextlib.closing(Listener(0)) as listener:
        return listener.port


def test_both_gdbs_at_once() -> None:
    """The host's on the kernel, the other one on the tasks: a fault goes through both."""
    port = _free_port()
    kernel = [
        ("break", "break kernel_fault"),
        ("run", "run"),
        ("threads", "k5-threads"),
        ("delete", "delete"),
        ("go on", "continue"),
    ]
    command = [sys.executable, str(ROOT / "k5"), "debug", "demo", "--kernel", "--port", str(port)]
    host = subprocess.Popen([*command, "--", *marked(kernel)], cwd=ROOT, text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)  # fmt: skip
    try:
        built = builder.build(builder.find("demo"))
        _wait_for(port)
        tasks = [("fault", "continue"), ("deliver", "continue"), ("where", "backtrace 1"),
                 ("kill", "kill")]  # fmt: skip
        gdb = start_gdb(script.write(built, f"127.0.0.1:{port}"), tasks)
        text = gdb.communicate(timeout=100)[0]
        said = Printed(text, gdb.returncode)
        assert "SIGSEGV" in said["fault"], text
        assert "read_the_kernel" in said["deliver"] + said["where"], text
        printed = Printed(host.communicate(timeout=60)[0], host.returncode)
    finally:
        host.kill()
    assert "kernel_fault" in printed["run"]
    assert "* rogue/main RUNNING" in printed["threads"]
    assert "exited normally" in printed["go on"]


def _wait_for(port: int) -> None:
    """Until somebody listens there; nobody is connected by asking."""
    for _ in range(300):
        listening = Path("/proc/net/tcp").read_text().split("\n")[1:]
        if any(f":{port:04X}" in row.split()[1] for row in listening if row):
            return
        time.sleep(0.1)
    raise AssertionError("the server does not come up")


def test_settings_for_vs_code_do_the_same(tmp_path: Path) -> None:
    """What VS Code would start, and tell GDB."""
    new.make("thermostat", "mps2-an505", tmp_path)
    folder = tmp_path / "thermostat"

    def settings(name: str) -> dict[str, Any]:
        text = (folder / ".vscode" / name).read_text()
        found: dict[str, Any] = json.loads(text.replace("${workspaceFolder}", str(folder)))
        return found

    launch = settings("launch.json")["configurations"][0]
    tasks = {task["label"]: task for task in settings("tasks.json")["tasks"]}
    task = tasks[launch["preLaunchTask"]]
    ready = task["problemMatcher"]["background"]["endsPattern"]
    server = subprocess.Popen([task["command"], *task["args"]], cwd=folder, text=True,
                              stderr=subprocess.PIPE)  # fmt: skip
    try:
        assert server.stderr
        assert any(re.search(ready, line) for line in iter(server.stderr.readline, ""))
        words = ["-batch", "-ex", f"file {launch['program']}"]
        for each in launch["setupCommands"]:
            words += ["-ex", each["text"]]
        words += ["-ex", f"target remote {launch['miDebuggerServerAddress']}"]
        for command in ("break adder.c:main", "continue", "list", "kill"):
            words += ["-ex", command]
        done = subprocess.run([launch["miDebuggerPath"], "-q", *words], cwd=launch["cwd"],
                              capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    finally:
        server.terminate()
        server.wait(timeout=10)
    assert '"adder/main" hit Breakpoint 1, ' in done.stdout, done.stdout + done.stderr
    assert "No such file" not in done.stdout + done.stderr


def test_what_cannot_be_debugged() -> None:
    def fails(*options: str) -> str:
        done = subprocess.run([sys.executable, str(ROOT / "k5"), "debug", *options], cwd=ROOT,
                              capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
        assert done.returncode == 2, done.stderr
        return done.stderr

    with contextlib.closing(Listener(0)) as listener:
        assert "is in use" in fails("demo", "--port", str(listener.port))
    assert "ports are numbers up to 65535" in fails("demo", "--port", "70000")
    assert "no system 'dmo' (did you mean 'demo'?)" in fails("dmo")
    assert "no GDB is started that could take it" in fails("demo", "--port", "0", "--", "-batch")
    assert "--set is for scenarios" in fails("demo", "--set", "a=1", "--port", "0")
    assert "not allowed with" in fails("demo", "--port", "0", "--stdio")


def test_ctrl_c_stops_the_machine(system: System) -> None:
    """The terminal sends it to GDB, and to ./k5, which leaves it to GDB."""
    endless = ONE.replace("k5_sleep_forever();", "for (;;) {\n    }")
    path = system(one=endless)
    commands = [("run", "continue"), ("where", "info threads"), ("back", "reverse-stepi")]
    running = subprocess.Popen(
        [sys.executable, str(ROOT / "k5"), "debug", str(path), "--", *marked(commands)], cwd=ROOT,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        assert running.stdout
        seen = ""
        while "one got" not in seen:
            line_ = running.stdout.readline()
            assert line_, seen
            seen += line_
        os.killpg(running.pid, signal.SIGINT)
        said = Printed(seen + running.communicate(timeout=60)[0], running.returncode)
    finally:
        running.kill()
    assert "received signal SIGINT" in said["run"]
    assert '"one/main" (running' in said["where"]
    assert "rror" not in said["back"]
    assert said.status == 0
