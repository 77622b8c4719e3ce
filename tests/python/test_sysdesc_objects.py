"""Threads, notifications, interrupts, ports, region objects, supervisors: right and wrong."""

from __future__ import annotations

import re

import pytest
from conftest import System
from full_system import FULL, SOURCES
from k5 import abi, sysdesc
from k5.errors import K5Error
from k5.paths import ROOT
from k5.syscheck import MOST
from k5.system import KINDS, Capability, kind_number, rights_of


def loaded(system: System, *replacements: tuple[str, str]) -> sysdesc.System:
    return sysdesc.load(system(*replacements, text=FULL, **SOURCES))


def line_of(text: str, marker: str) -> int:
    """The line that holds the marker."""
    return text[: text.index(marker)].count("\n") + 1


def test_full_description_loads_without_a_word(system: System) -> None:
    found = loaded(system)
    assert found.warnings == []
    assert found.last_resort == "halt"
    assert [t.name for t in found.threads] == [
        "boss", "worker", "worker.helper", "worker.late-one", "idle",
    ]  # fmt: skip
    worker = found.task("worker")
    assert (worker.supervisor, worker.loan_grace_us, worker.restart.limit) == ("faults", 500, 3)
    helper, late = worker.extra
    assert (helper.entry, helper.stack, helper.argument, helper.fpu) == (
        "helper_main",
        320,
        7,
        True,
    )
    assert (late.entry, late.start, late.cooldown_us) == ("late_start", False, 20_000)
    assert (helper.budget_us, helper.overrun_us) == (10_000, 1000)
    assert found.endpoint("work").queue == 4
    assert found.ports[0].public == "time of day"
    assert found.names("region") == ["frame", "board-data"]


def test_a_task_controls_its_own_threads_behind_its_described_capabilities(system: System) -> None:
    caps = loaded(system).task("worker").capabilities
    assert caps[6:] == [
        Capability("thread-helper", "thread", "worker.helper", 3, 9),
        Capability("thread-late-one", "thread", "worker.late-one", 3, 11),
    ]


def test_a_thread_capability_reaches_the_threads_priority_or_what_it_names(system: System) -> None:
    boss = loaded(system).task("boss")
    assert [cap.badge for cap in boss.capabilities if cap.kind == "thread"] == [12, 11]


def test_rights_and_kinds_are_the_abis() -> None:
    source = abi.load()
    numbers = {kind["name"].lower(): kind["value"] for kind in source["kind"]}
    assert {kind: kind_number(kind) for kind in KINDS} == {k: numbers[k] for k in KINDS}
    assert set(numbers) == {*KINDS, "none"}
    assert rights_of("endpoint") == {"send": 1, "recv": 2, "grant": 4}
    assert rights_of("thread") == rights_of("task") == {"control": 1, "status": 2, "grant": 4}
    assert rights_of("interrupt") == {"ack": 1, "grant": 4}


def test_what_a_system_may_have_is_what_the_hosted_port_has_room_for() -> None:
    text = (ROOT / "hostport" / "k5_config.h").read_text()
    room = {name: int(count) for name, count in re.findall(r"#define CFG_(\w+)\s+(\d+)", text)}
    words = {"OBJECTS": "region object", "MESSAGES": "queue place"}
    assert MOST == {words.get(name, name.lower()[:-1]): count for name, count in room.items()}


def test_device_of_the_board_is_a_region_by_its_name(system: System) -> None:
    found = loaded(
        system,
        ("device = true\nbase = 0x4000_1000\nbytes = 4096", 'device = true\nbase = "alarm"'),
        ("line = 9", 'source = "alarm"'),
    )
    region = found.regions[-1]
    device = found.board.devices["alarm"]
    assert (region.base, region.bytes) == (device.base, device.bytes)
    assert found.interrupts[0].line == found.board.interrupts["alarm"] == device.line


WORK = '{ endpoint = "work", rights = ["recv", "send"] }'
FRAME = '{ region = "frame", rights = ["read", "write", "grant"] }'

# (what to replace, by what, text of the line that is named, parts of the message)
WRONG = {
    "no kind": (WORK, '{ name = "x", rights = ["recv"] }', 'name = "x"',
                ["names one of endpoint, notification", "names none"]),
    "two kinds": (WORK, '{ endpoint = "work", port = "public", rights = ["recv"] }', "port = ",
                  ["names endpoint and port"]),
    "misspelt kind": (WORK, '{ endpont = "work", rights = ["recv"] }', "endpont",
                      ["unknown key 'endpont'", "'endpoint'"]),
    "right of another kind": ('rights = ["ack"]', 'rights = ["send"]', 'rights = ["send"]',
                              ["unknown right 'send' for a capability of kind interrupt", "ack, grant"]),
    "misspelt right": ('rights = ["ack"]', 'rights = ["akc"]', '"akc"', ["'akc'", "'ack'"]),
    "unknown notification": ('notification = "events", rights = ["wait"]',
                             'notification = "event", rights = ["wait"]', '"event"', ["'event'", "'events'"]),
    "unknown interrupt": ('interrupt = "tick"', 'interrupt = "tock"', '"tock"', ["'tock'", "'tick'"]),
    "unknown port": ('port = "public", rights = ["listen"]', 'port = "pubic", rights = ["listen"]',
                     '"pubic"', ["'pubic'", "'public'"]),
    "unknown region object": ('region = "frame", rights', 'region = "fram", rights', '"fram"',
                              ["unknown region 'fram'", "'frame'"]),
    "unknown task": ('task = "idle"', 'task = "idel"', '"idel"', ["unknown task 'idel'", "'idle'"]),
    "unknown thread": ('thread = "worker.helper"', 'thread = "worker.helpr"', "helpr",
                       ["unknown thread 'worker.helpr'", "'worker.helper'"]),
    "badge of a region": ('rights = ["read", "write"] }', 'rights = ["read", "write"], badge = 1 }',
                          "badge = 1 }", ["kind region has no badge"]),
    "max_priority of a task": ('"status", "grant"] }', '"status", "grant"], max_priority = 3 }',
                               "max_priority = 3", ["max_priority is for threads"]),
    "write without read": ('rights = ["read", "write"] }', 'rights = ["write"] }', '= ["write"]',
                           ['without "read"']),
    "lend without send": ('rights = ["recv"] },\n    { name = "worker"',
                          'rights = ["recv"], lend = "read" },\n    { name = "worker"', 'lend = "read"',
                          ["lend", '"send"']),
    "lend without connect": ('rights = ["listen"] }', 'rights = ["listen"], lend = "read" }',
                             'lend = "read"', ['"connect"']),
    "lend to what": ('lend = "write"', 'lend = "all"', 'lend = "all"', ['lend = "all"']),
    "wait by another": ('rights = ["signal"]', 'rights = ["wait"]', 'rights = ["wait"], badge',
                        ["only the receiver, 'worker', may hold wait"]),
    "receiver is no thread": ('receiver = "worker.helper"', 'receiver = "worker.helpr"', "helpr",
                              ["unknown thread 'worker.helpr'", "'worker.helper'"]),
    "receiver of a notification": ('receiver = "worker"\nbound', 'receiver = "wroker"\nbound', "wroker",
                                   ["unknown task 'wroker'", "'worker'"]),
    "queue too long": ("queue = 4", "queue = 65", "queue = 65", ["queue = 65", "64"]),
    "queue at a passive server": ("argument = 7", "argument = 7\nbudget_us = 0", "queue = 4",
                                  ["'worker.helper' is passive"]),
    "notification to a passive thread": ("loan_grace_us = 500", "loan_grace_us = 500\nbudget_us = 0",
                                         'receiver = "worker"\n', ["'worker' is passive", "notification"]),
    "supervisor is passive": ("priority = 20", "priority = 20\nbudget_us = 0", "supervisor =",
                              ["'boss' is passive", "fault"]),
    "unknown supervisor": ('supervisor = "faults"', 'supervisor = "fault"', "supervisor =",
                           ["unknown endpoint 'fault'", "'faults'"]),
    "own supervisor": ('supervisor = "faults"', 'supervisor = "work"', "supervisor =",
                       ["task 'worker' supervises itself"]),
    "second bound notification": ("[interrupt.tick]", '[notification.more]\nreceiver = "worker"\n'
                                  "bound = true\n\n[interrupt.tick]", "bound = true\n\n[interrupt",
                                  ["'worker' has a bound notification already: 'events'"]),
    "same line twice": ("[port.public]", '[interrupt.tock]\nline = 9\nnotification = "events"\nbit = 4\n\n'
                        "[port.public]", 'line = 9\nnotification = "events"\nbit = 4',
                        ["'tick' and 'tock' are the same line, 9"]),
    "same bit twice": ("[port.public]", '[interrupt.tock]\nline = 8\nnotification = "events"\nbit = 3\n\n'
                       "[port.public]", "bit = 3\n\n[port", ["bit 3 of 'events' is interrupt 'tick'"]),
    "line that the board has not": ("line = 9", "line = 96", "line = 96",
                                    ["line = 96: mps2-an505 has lines 0 to 95"]),
    "bit 32": ("bit = 3", "bit = 32", "bit = 32", ["bit = 32 is more than 31"]),
    "neither source nor line": ("line = 9\n", "", "[interrupt.tick]", ["needs a source", "neither"]),
    "source and line": ("line = 9\n", 'line = 9\nsource = "alarm"\n', "[interrupt.tick]", ["both"]),
    "unknown source": ("line = 9", 'source = "alram"', "alram",
                       ["mps2-an505 has no interrupt 'alram'", "'alarm'"]),
    "unknown notification of an interrupt": ('notification = "events"\nbit', 'notification = "event"\nbit',
                                             '"event"', ["unknown notification 'event'"]),
    "port name too long": ('"time of day"', '"the time of a day"', '"the time', ["1 to 16 bytes", "17"]),
    "port name empty": ('"time of day"', '""', '""', ["1 to 16 bytes"]),
    "ports of one name": ("[region.frame]", '[port.other]\nname = "time of day"\n\n[region.frame]',
                          "[port.other]", ["'public' and 'other' have the same name"]),
    "movable without home": ('home = "worker"\n', "", "[region.frame]", ["'frame' needs a home"]),
    "home without movable": ("movable = true\n", "", 'home = "worker"', ["not movable"]),
    "home is no task": ('home = "worker"', 'home = "wroker"', "wroker", ["unknown task 'wroker'"]),
    "home without the capability": ('home = "worker"', 'home = "idle"', 'home = "idle"',
                                    ['home = "idle"', "'worker' has the capability"]),
    "two holders": ('{ region = "board-data", rights = ["read", "write"] }',
                    '{ region = "frame", rights = ["read"] }', 'frame", rights = ["read"] }',
                    ["may have one capability", "'worker' has it"]),
    "movable without a holder": (f"    {FRAME},\n", "", 'home = "worker"', ["has no capability"]),
    "movable and in regions": ('[{ region = "regs", access = "rw" }]',
                               '[{ region = "regs", access = "rw" }, { region = "frame", access = "r" }]',
                               "movable", ["had by capability, not by regions of 'worker'"]),
    "movable device": ("device = true", 'device = true\nmovable = true\nhome = "worker"',
                       'movable = true\nhome = "worker"\nbase', ["cannot be moved"]),
    "device that the board has not": ("base = 0x4000_1000", 'base = "alram"', "alram",
                                      ["mps2-an505 has no device 'alram'", "'alarm'"]),
    "device by name, not said": ("device = true\nbase = 0x4000_1000", 'base = "alarm"', 'base = "alarm"',
                                 ["device = true"]),
    "base of another type": ("base = 0x4000_1000", "base = true", "base = true", ["an address or a device"]),
    "base of 33 bits": ("base = 0x4000_1000", "base = 0x1_0000_0000", "base =", ["no 32-bit address"]),
    "region without bytes": ("[region.board-data]\nbytes = 64\n", "[region.board-data]\n",
                             "[region.board-data]", ["needs the key 'bytes'"]),
    "thread without priority": ("priority = 9\n", "", "[task.worker.thread.helper]", ["'priority'"]),
    "thread's unknown key": ("priority = 9", "priority = 9\nslots = 3", "slots = 3", ["unknown key 'slots'"]),
    "thread's name": ("[task.worker.thread.late-one]", '[task.worker.thread."late.one"]', '"late.one"',
                      ["thread name 'late.one'"]),
    "thread's entry": ('entry = "late_start"', 'entry = "late start"', "late start", ["C function"]),
    "thread's stack": ("stack = 300", "stack = 111", "stack = 111", ["floating point", "112"]),
    "thread's budget": ("budget_us = 5000", "budget_us = 99", "= 99", ["budget_us = 99", "100"]),
    "thread's times": ("cooldown_us = 20000", "cooldown_us = 107374183", "cooldown", ["107374182"]),
    "grace": ("loan_grace_us = 500", "loan_grace_us = 107374183", "loan_grace", ["107374182"]),
    "name of the thread's own capability": ('{ interrupt = "tick"', '{ name = "thread_helper", interrupt = "tick"',
                                            "[task.worker.thread.helper]", ["'thread-helper'"]),
    "slots for threads, too": ("loan_grace_us = 500", "loan_grace_us = 500\nslots = 7", "slots = 7",
                               ["slots = 7", "8 capabilities", "2 of them for its own threads"]),
    "last resort": ('last_resort = "halt"', 'last_resort = "hold"', "last_resort", ['last_resort = "hold"']),
    "restart limit": ("limit = 3", "limit = 256", "limit = 256", ["limit = 256", "255"]),
    "empty base": ("base = 0x4000_1000\n", "", "[region.regs]", ["needs a base"]),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_mistake_is_named_with_file_line_and_value(system: System, case: str) -> None:
    old, new, marker, parts = WRONG[case]
    path = system((old, new), text=FULL, **SOURCES)
    with pytest.raises(K5Error) as caught:
        sysdesc.load(path)
    message = caught.value.messages[0]
    for part in parts:
        assert part in message
    assert f"small.toml:{line_of(path.read_text(), marker)}: " in message


def test_supervisors_in_a_ring(system: System) -> None:
    path = system(("priority = 20", 'priority = 20\nsupervisor = "work"'), text=FULL, **SOURCES)
    with pytest.raises(K5Error) as caught:
        sysdesc.load(path)
    assert len(caught.value.messages) == 1
    assert "'boss' is supervised by 'worker' is supervised by 'boss'" in caught.value.messages[0]


def test_fpu_where_the_board_has_none(system: System) -> None:
    path = system(text=FULL, **SOURCES)
    where = f"toml:{line_of(FULL, 'fpu = true')}"
    with pytest.raises(K5Error, match=f"{where}: fpu = true: virt-rv32 has no FPU for tasks"):
        sysdesc.load(path, "virt-rv32")


def test_threads_stacks_are_mpu_regions(system: System) -> None:
    regions = "".join(f"\n[region.r{i}]\nbytes = 32\n" for i in range(4))
    uses = ", ".join(f'{{ region = "r{i}", access = "r" }}' for i in range(4))
    old = '[{ region = "regs", access = "rw" }]'
    path = system((old, f"[{uses}]"), text=FULL + regions, **SOURCES)
    assert len(sysdesc.load(path).task("worker").regions) == 4
    more = f'[{uses}, {{ region = "regs", access = "rw" }}]'
    path = system((old, more), text=FULL + regions, **SOURCES)
    with pytest.raises(K5Error, match="needs 9 MPU regions, 2 of them for its threads' stacks"):
        sysdesc.load(path)


@pytest.mark.parametrize(
    ("what", "tables", "most"),
    [
        ("notification", '[notification.{}]\nreceiver = "boss"\n', 32),
        ("port", "[port.{}]\n", 32),
        ("endpoint", '[endpoint.{}]\nreceiver = "boss"\n', 64),
        ("queue place", '[endpoint.{}]\nreceiver = "boss"\nqueue = 64\n', 256),
    ],
)
def test_more_than_a_system_may_have(system: System, what: str, tables: str, most: int) -> None:
    text = FULL + "".join("\n" + tables.format(f"x{i}") for i in range(64))
    with pytest.raises(K5Error, match=rf"\d+ {what}s are more than the {most} that"):
        sysdesc.load(system(text=text, **SOURCES))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (('{ interrupt = "tick", rights = ["ack"] },\n', ""), "nobody may acknowledge interrupt 'tick'"),
        (('{ port = "public", rights = ["listen"] },\n', ""), "nobody may listen at port 'public'"),
        (('task = "idle", rights = ["control"]', 'task = "idle", rights = ["status"]'),
         "nobody may start task 'idle'"),
        (('rights = ["control", "status", "grant"]', 'rights = ["status"]'),
         "the supervisor, 'boss', has no capability to control 'worker'"),
        (('rights = ["recv", "send"]', 'rights = ["recv"]'),
         "'worker' has no endpoint with the rights recv and send to open port 'public' with"),
        (('rights = ["wait"] },\n    { interrupt', 'rights = ["signal"] },\n    { interrupt'), ""),
        (("bound = true\n", ""), ""),
    ],
)  # fmt: skip
def test_what_nobody_can_use_is_a_warning(
    system: System, change: tuple[str, str], text: str
) -> None:
    warnings = loaded(system, change).warnings
    assert len(warnings) == (1 if text else 0)
    assert text in "".join(warnings)


def test_notification_that_nobody_can_wait_for(system: System) -> None:
    found = loaded(system, ("bound = true\n", ""), ('rights = ["wait"]', 'rights = ["grant"]'))
    assert "'worker' has no capability to wait for 'events'" in found.warnings[0]


def test_threads_of_a_passive_task_start_late(system: System) -> None:
    found = loaded(
        system,
        ('receiver = "worker"\nbound = true', 'receiver = "boss"'),
        ('rights = ["wait"]', 'rights = ["signal"]'),
        ("loan_grace_us = 500", "loan_grace_us = 500\nbudget_us = 0"),
    )
    assert any("its other threads start only when somebody calls it" in w for w in found.warnings)


def ring(system: System, *edges: tuple[str, str]) -> list[str]:
    """Warnings of a system whose passive tasks call each other."""
    names = sorted({name for edge in edges for name in edge})
    text = '[system]\nname = "small"\nboard = "mps2-an505"\n'
    for name in names:
        caps = [f'{{ endpoint = "{name}", rights = ["recv"] }}']
        caps += [f'{{ endpoint = "{to}", rights = ["send"] }}' for frm, to in edges if frm == name]
        text += f'\n[task.{name}]\nsources = ["one.c"]\npriority = 1\nbudget_us = 0\n'
        text += f"capabilities = [{', '.join(caps)}]\n\n[endpoint.{name}]\nreceiver = \"{name}\"\n"
    return sysdesc.load(system(text=text)).warnings


def test_calls_in_a_ring_are_a_warning_that_names_the_edges(system: System) -> None:
    warnings = ring(system, ("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"))
    assert len(warnings) == 1
    assert "ring: 'a' -> 'b' (b), 'b' -> 'c' (c), 'c' -> 'a' (a); " in warnings[0]
    assert re.search(r"small\.toml:\d+: ", warnings[0])


def test_each_ring_is_told_once(system: System) -> None:
    warnings = ring(system, ("a", "b"), ("b", "a"), ("b", "c"), ("x", "y"), ("y", "x"), ("a", "x"))
    assert [w.split("ring: ")[1].split(";")[0] for w in warnings] == [
        "'a' -> 'b' (b), 'b' -> 'a' (a)",
        "'x' -> 'y' (y), 'y' -> 'x' (x)",
    ]


def test_a_tree_of_calls_is_no_ring(system: System) -> None:
    assert ring(system, ("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")) == []


def test_who_connects_to_a_port_may_call_its_listener(system: System) -> None:
    path = system(
        ('{ endpoint = "work", rights = ["send", "grant"], badge = 3, lend = "write" },', ""),
        ("priority = 1\n", "priority = 30\n"),
        text=FULL,
        **SOURCES,
    )
    warnings = sysdesc.load(path).warnings
    assert len(warnings) == 1
    assert "'idle' (priority 30) calls 'worker.helper' (priority 9)" in warnings[0]
    assert (
        f"small.toml:{line_of(path.read_text(), 'rights = [' + chr(34) + 'connect')}" in warnings[0]
    )
