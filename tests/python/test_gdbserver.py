"""The GDB server without GDB: framing, packets good and bad, clients that come and go."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterator

import pytest
from gdb_client import Direct, Raw, served
from k5 import Machine, builder
from k5.errors import K5Error
from k5.gdbserver.links import LOOPBACK, Listener
from k5.gdbserver.motion import RECORDED
from k5.gdbserver.packets import MOST_BYTES, Packet, Reader, Signal, checksum, frame
from k5.machine import ALL_KINDS, Stop
from k5.stream import Event

BOARDS = ("mps2-an505", "virt-rv32")


@pytest.fixture(params=BOARDS)
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    with Machine(builder.build(builder.find("demo"), request.param), 0, RECORDED) as made:
        made.history_start()
        yield made


# ---- framing


def items(*pieces: bytes) -> list[Packet | Signal]:
    reader = Reader()
    return [item for piece in pieces for item in reader.feed(piece)]


def test_packets_come_whole_however_they_are_cut() -> None:
    data = b"+" + frame(b"qSupported:a;b") + b"\x03" + frame(b"g")
    whole = [Signal("ack"), Packet(b"qSupported:a;b"), Signal("interrupt"), Packet(b"g")]
    assert items(data) == whole
    assert items(*(bytes((byte,)) for byte in data)) == whole


def test_special_bytes_survive() -> None:
    contents = bytes(range(256))
    assert items(frame(contents)) == [Packet(contents)]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"$g#00", [Signal("damaged")]),
        (b"$g#zz", [Signal("damaged")]),
        (b"$g", []),
        (b"$$g#67", [Packet(b"g")]),
        (b"$m0,$g#67", [Packet(b"g")]),
        (b"noise$g#67noise", [Packet(b"g")]),
        (b"$}#7d", [Packet(b"}")]),
    ],
)
def test_what_is_no_packet(data: bytes, found: list[Packet | Signal]) -> None:
    assert items(data) == found


def test_a_packet_that_is_too_long_is_dropped_and_the_next_one_comes() -> None:
    body = b"x" * (MOST_BYTES + 1)
    assert items(b"$%s#%02x" % (body, checksum(body)), frame(b"?")) == [Packet(b"?")]
    reader = Reader()
    for _ in range(20):
        assert list(reader.feed(b"$" + b"y" * 65536)) == []
    assert list(reader.feed(frame(b"?"))) == [Packet(b"?")]


# ---- packets

BAD = [
    "m", "m,", "mzz,4", "m0", "m0,", "m-1,4", "m1ffffffff,4", "m0,-4", "M0,4:00", "M0,4:zz",
    "X0,4:", "p", "pzz", "p99", "p-1", "P0", "P0=", "P0=12", "Pzz=00000000", "P99=00000000", "G",
    "G00", "Gzz", "Hg99", "Hgzz", "Tzz", "T99", "Z", "Z0", "Z0,", "Z0,zz,2", "Z9,0,2", "Z0,1,2",
    "Z0,10,2", "Z1,12345678,2", "Z2,0,0", "Z2,fffffffe,4", "Z2,0,ffffffffff", "z0,0,2", "z2,0,4",
    "vCont;", "vCont;x", "vCont;s:99", "vCont;r", "vCont;r1", "vCont;r1,zz",
    "qXfer:features:read:other.xml:0,10", "qXfer:features:read:target.xml:zz,10",
    "qXfer:features:read:target.xml:-1,10", "qXfer:threads:read::0", "qXfer:", "qRcmd,zz",
    "qThreadExtraInfo,zz", "qThreadExtraInfo,99",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_bad_packets_get_an_error(machine: Machine, text: str) -> None:
    client = Direct(machine, interrupt_after=0)
    assert client.ask(text)[:1] == "E", text
    assert machine.instructions == 0


@pytest.mark.parametrize("text", ["", "j", "vFile:open", "qTStatus", "QNonStop:1", "bx", "!", "vMustReplyEmpty",
                                  "qXfer:auxv:read::0,10", "i", "\xff\xfe"])  # fmt: skip
def test_unknown_packets_get_an_empty_answer(machine: Machine, text: str) -> None:
    client = Direct(machine)
    client.sent.clear()
    client.session.handle(text.encode("latin-1"))
    assert client.sent == [b""]


def test_registers_go_in_and_come_out(machine: Machine) -> None:
    client = Direct(machine)
    values = client.ask("g")
    count = len(values) // 8
    assert count == (17 if machine.built.board == "mps2-an505" else 33)
    assert client.ask("P4=78563412") == "OK"
    assert client.ask("p4") == "78563412"
    assert client.ask("G" + values) == "OK"
    assert client.ask("g") == values


def test_memory_is_what_the_selected_task_sees(machine: Machine) -> None:
    client, place = Direct(machine), machine.address("foo", "work_done")
    assert client.ask("Hg1") == "OK"
    assert client.ask(f"m{place:x},4") == "00000000"
    assert client.ask(f"M{place:x},4:01020304") == "OK"
    assert client.ask(f"X{place + 1:x},1:".encode() + b"\x7f") == "OK"
    assert client.ask(f"m{place:x},4") == "017f0304"
    assert client.ask("Hg2") == "OK"
    assert client.ask(f"m{place:x},4") == client.ask(f"M{place:x},1:00") == "E0d"
    assert "physical" in client.monitor("physical on")
    assert client.ask(f"m{place:x},4") == "017f0304"


def test_memory_ends_where_the_region_ends(machine: Machine) -> None:
    client = Direct(machine)
    region = machine.built.meta["tasks"][0]["regions"][1]
    end = region["base"] + region["bytes"]
    client.ask("Hg1")
    assert client.ask(f"m{end - 6:x},10") == "00" * 6
    assert client.ask(f"M{end - 2:x},4:01020304") == "E0d"
    assert client.ask(f"m{end - 2:x},2") == "0000"
    assert client.ask("mfffffffe,8") == "E0d"


def test_a_breakpoint_is_there_once_and_goes(machine: Machine) -> None:
    client, place = Direct(machine), machine.address("bar", "main") & ~1
    for kind in "010":
        assert client.ask(f"Z{kind},{place:x},2") == "OK"
    client.monitor("faults off")
    assert client.ask("vCont;c") == "T05thread:2;"
    assert client.ask("z0," + f"{place:x},2") == "OK"
    assert client.ask("z0," + f"{place:x},2") == "E16"
    assert client.ask("z1," + f"{place:x},2") == "OK"
    machine.goto(machine.span[0])
    assert client.ask("vCont;c").startswith("T05replaylog:end;")


def test_kinds_of_breakpoints_are_told_to_who_asks(machine: Machine) -> None:
    client, place = Direct(machine), machine.address("bar", "main") & ~1
    assert "ReverseStep+" in client.ask("qSupported:swbreak+;hwbreak+")
    client.monitor("faults off")
    client.ask(f"Z1,{place:x},2")
    assert client.ask("vCont;c") == "T05hwbreak:;thread:2;"


def test_kernel_writes_are_watched(machine: Machine) -> None:
    """bar's buffer is filled by the kernel, when foo sends a text."""
    client, place = Direct(machine), machine.address("bar", "text")
    client.monitor("faults off")
    assert client.ask(f"Z2,{place:x},1") == "OK"
    assert client.ask("vCont;c") == f"T05watch:{place:x};thread:2;"  # it clears its memory
    assert not machine.hit.by_kernel
    assert client.ask("vCont;c").startswith(f"T05watch:{place:x};")
    hit = machine.hit
    assert (hit.by_kernel, hit.access, hit.value & 0xFF) == (True, "write", ord("k"))
    assert client.ask("vCont;c").startswith(f"T05watch:{place:x};")  # capitals
    assert (machine.hit.by_kernel, machine.hit.value & 0xFF) == (False, ord("K"))
    assert client.ask("bc").startswith(f"T05watch:{place:x};")
    assert client.ask("bc").startswith(f"T05watch:{place:x};")
    assert machine.hit.by_kernel
    assert machine.read("bar", "text", 1) == b"\0"
    assert client.ask("bc").startswith(f"T05watch:{place:x};")
    assert client.ask("bc") == "T05replaylog:begin;thread:3;"


def test_ctrl_c_stops_a_run(machine: Machine) -> None:
    client = Direct(machine, interrupt_after=1)
    client.monitor("faults off")
    assert client.ask("vCont;c")[:3] == "T02"


def test_steps_go_back_and_forth_over_switches(machine: Machine) -> None:
    """A thread's steps back lead over what other threads did in between."""
    client = Direct(machine)
    client.monitor("faults off")
    client.monitor("until 6ms")
    assert machine.current == 0  # foo, after tick has interrupted it
    pc = 15 if machine.built.board == "mps2-an505" else 32
    here, way = machine.position, []
    for _ in range(60):
        way.append((machine.registers(0)[pc], machine.position))
        assert client.ask("bs") == "T05thread:1;"
    for place, _ in reversed(way):
        assert client.ask("vCont;s:1") == "T05thread:1;"
        assert machine.registers(0)[pc] == place
    assert machine.position.instructions == here.instructions


def test_steps_of_a_thread_that_waits_lead_to_where_it_runs(machine: Machine) -> None:
    client = Direct(machine)
    client.monitor("faults off")
    client.monitor("until 1ms")
    assert machine.current != 2
    assert client.ask("vCont;s:3") == "T05thread:3;"  # tick sleeps
    assert machine.now_us == pytest.approx(5000, abs=20)
    assert client.ask("bs") == "T05thread:3;"


def test_range_steps_leave_the_range(machine: Machine) -> None:
    client = Direct(machine)
    pc = 15 if machine.built.board == "mps2-an505" else 32
    start = machine.registers(2)[pc]
    assert client.ask(f"vCont;r{start:x},{start + 8:x}:3") == "T05thread:3;"
    assert not start <= machine.registers(2)[pc] < start + 8


def test_unknown_thread_of_a_stop_is_never_told(machine: Machine) -> None:
    """Where the machine has halted nobody runs."""
    client = Direct(machine)
    client.monitor("faults off")
    assert client.ask("vCont;c").startswith("T05replaylog:end;thread:")
    assert machine.current is None
    assert client.ask("g")
    assert client.ask("?").startswith("T05replaylog:end;thread:")


MONITOR = [
    ("nonsense", "no command 'nonsense'"), ("'", "error"), ("caps nobody", "no task 'nobody'"),
    ("mpu nobody", "no task 'nobody'"), ("access", "which address"), ("access x", "no address"),
    ("access 0xffffffff 2", "no such addresses"), ("access 0 0", "no such addresses"),
    ("physical maybe", "write on or off"), ("trace nothing", "no event 'nothing'"),
    ("break foo", "TASK and ADDRESS"), ("break foo nothing", "has no symbol 'nothing'"),
    ("break foo 0x3", "odd"), ("clear foo 0x4", "no breakpoint"), ("until", "which time"),
    ("until soon", "no event 'soon'"), ("until fault nobody", "no task 'nobody'"),
    ("goto", "write a time"), ("goto 5s", "so far"), ("goto instruction x", "no number"),
    ("snapshot restore x", "no snapshot 'x'"), ("snapshot eat", "no 'eat'"),
    ("inject", "no ''"), ("inject kill", "write kill TASK"), ("inject kill nobody", "no task"),
    ("inject pin x 7", "pin"), ("inject fault", "models: register"),
    ("inject fault eat", "no fault model 'eat'"), ("inject fault register", "needs register"),
    ("inject fault register r3", "KEY=VALUE"), ("inject value a b 99999999999", "32 bits"), ("inject line x on", "no number"), ("why", "ask something"),
    ("why eaten x", "no question 'eaten'"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "said"), MONITOR)
def test_monitor_commands_that_cannot_be(machine: Machine, line: str, said: str) -> None:
    client = Direct(machine)
    assert said in client.monitor(line)


def test_faults_are_injected_by_the_keys_of_their_models(machine: Machine) -> None:
    client = Direct(machine)
    before = machine.registers(2)[4]
    name = "r4" if machine.built.board == "mps2-an505" else "tp"
    assert client.monitor(f"inject fault register register={name} bit=7") == f"bit 7 of {name} of " \
        "whoever runs flips\n"  # fmt: skip
    assert machine.registers(2)[4] == before ^ 1 << 7
    client.monitor("inject fault register thread=tick register=" + name + " bits=0,7")
    assert machine.registers(2)[4] == before ^ 1


def test_why_answers_about_where_the_machine_stands(machine: Machine) -> None:
    client = Direct(machine)
    client.monitor("faults off")
    client.monitor("until 6ms")
    here = machine.position
    assert "foo" in client.monitor("why written foo.work_done")
    assert machine.position == here


def test_a_session_leaves_no_marks(machine: Machine) -> None:
    client = Direct(machine)
    client.monitor("faults off")
    client.ask(f"Z0,{machine.address('bar', 'main') & ~1:x},2")
    client.ask(f"Z4,{machine.address('foo', 'work_done'):x},4")
    client.monitor("break tick main")
    client.session.close()
    assert client.ask("vCont;c").startswith("T05replaylog:end;")


# ---- what the machine does is the same


def undisturbed(machine: Machine) -> tuple[list[Event], int]:
    machine.record(ALL_KINDS)
    machine.reboot()
    assert machine.run(until_us=1e6) is Stop.HALT
    return machine.take(), machine.snapshot().hash


def test_a_debugged_run_is_the_same_run(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    events, hash_ = undisturbed(machine)
    machine.reboot()
    client = Direct(machine)
    taken: list[Event] = list(machine.take())
    take = machine.take

    def tapped() -> list[Event]:
        found = take()
        taken.extend(found)
        return found

    monkeypatch.setattr(machine, "take", tapped)
    client.monitor("trace on")
    for task, function in (("bar", "main"), ("foo", "main"), ("rogue", "main"), ("tick", "main")):
        client.monitor(f"break {task} {function}")
    chance, answer, steps = random.Random(5), "", 0
    watched = machine.address("bar", "text")
    client.ask(f"Z4,{watched:x},20")
    while "replaylog:end" not in answer:
        if chance.random() < 0.5:
            answer = client.ask("vCont;c")
        else:
            answer = client.ask(f"vCont;s:{chance.randrange(1, 5)}")
        steps += 1
        if steps == 40:
            client.session.close()
    kernels = [event for event in taken if 1 << event.kind & ALL_KINDS]
    assert kernels == events
    assert machine.snapshot().hash == hash_
    assert steps > 20


# ---- clients


def test_a_client_is_served_and_gone(machine: Machine) -> None:
    said: list[str] = []
    with served(machine, said) as port:
        client = Raw(port)
        assert client.ask("?") == b"T05thread:3;"
        assert "ack" in client.signals
        assert client.ask("QStartNoAckMode") == b"OK"
        assert client.ask("D") == b"OK"
        client.close()
        again = Raw(port)
        assert again.ask("qC") == b"QC3"
        again.close()
    assert any("is gone (detached)" in text for text in said)


def test_damaged_packets_are_asked_for_again(machine: Machine) -> None:
    with served(machine) as port:
        client = Raw(port)
        client.send(b"$qC#00")
        client.send(frame(b"qC"))
        assert client.answer() == b"QC3"
        assert "nak" in client.signals
        client.send(b"-")  # it did not come through
        assert client.answer() == b"QC3"
        client.close()


def test_a_second_client_is_refused_with_a_message(machine: Machine) -> None:
    said: list[str] = []
    with served(machine, said) as port:
        client = Raw(port)
        assert client.ask("qC") == b"QC3"
        second = Raw(port)
        assert b"is debugging this machine already" in second.packet()
        assert second.socket.recv(100) == b""
        assert client.ask("qC") == b"QC3"
        client.close()
    assert any("is refused" in text for text in said)


def test_a_client_that_vanishes_in_a_run_stops_it(machine: Machine) -> None:
    with served(machine) as port:
        client = Raw(port)
        client.ask("qRcmd," + b"faults off".hex())
        client.send(frame(b"vCont;c"))
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        assert _let_in(port)


def _let_in(port: int) -> bool:
    """Whether the server gets rid of a client that is gone."""
    for _ in range(100):
        again = Raw(port)
        again.send(frame(b"qC"))
        try:
            if again.answer()[:2] == b"QC":
                return True
        except (AssertionError, OSError):
            pass  # the other one is still taken for there
        finally:
            again.close()
        time.sleep(0.05)
    return False


def test_port_in_use_is_an_error_that_says_so() -> None:
    taken = Listener(0)
    try:
        with pytest.raises(K5Error, match=f"--port {taken.port}: the port is in use"):
            Listener(taken.port)
    finally:
        taken.close()


def test_the_server_is_on_the_loopback_interface_alone() -> None:
    listener = Listener(0)
    try:
        assert listener._socket.getsockname()[0] == LOOPBACK
    finally:
        listener.close()
