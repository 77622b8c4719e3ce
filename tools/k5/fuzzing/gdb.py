"""What the GDB server must stand: any packets, in any order, of a client that lies."""

from __future__ import annotations

from collections.abc import Callable

from k5 import builder
from k5.fuzzing.python import Broken
from k5.gdbserver.motion import RECORDED
from k5.gdbserver.packets import MOST_BYTES, Packet, Reader, frame
from k5.gdbserver.session import Session
from k5.machine import Machine

MOST_PACKETS = 40
MOST_LOOKS = 3  # so often a run is let go on
MODULES = tuple(
    f"gdbserver/{name}"
    for name in ("packets", "session", "marks", "memory", "monitor", "inject", "replies", "threads",
                 "registers", "reverse", "motion", "views")
)  # fmt: skip
WORDS = tuple(
    word.encode()
    for word in """
$ # + - \x03 qSupported: qXfer:features:read:target.xml:0,100 qXfer:threads:read::0,100 qRcmd,
vCont;c vCont;s:1 vCont;r vCont? Hg1 Hg0 Hc-1 g G p4 P4= m M X Z0, Z1, Z2, Z3, Z4, z0, bc bs ? D k
vKill;1 QStartNoAckMode qfThreadInfo qsThreadInfo qThreadExtraInfo,1 qC qAttached T1 ,2 ,4 :00 ;
28204240 208400 80205240 ffffffff 00 -1 7461736b73 68656c70 6770
""".split()
)


def prepare() -> Callable[[bytes], None]:
    """Each line of an input is a packet; as it stands it is what comes on the wire, too."""
    machine = Machine(builder.build(builder.find("demo")), 0, RECORDED)
    machine.history_start()

    def call(data: bytes) -> None:
        _on_the_wire(data)
        machine.reboot()
        sent: list[bytes] = []
        looks = 0

        def interrupted() -> bool:
            nonlocal looks
            looks += 1
            return looks > MOST_LOOKS

        session = Session(machine, sent.append, interrupted)
        for packet in data.split(b"\n")[:MOST_PACKETS]:
            sent.clear()
            looks = 0
            session.handle(packet)
            _check(packet, sent)
            if session.ended:
                break
        session.close()

    return call


def _on_the_wire(data: bytes) -> None:
    """The reader makes the same of it however it is cut, and what is sent is read again."""
    reader, whole = Reader(), list(Reader().feed(data))
    cut = [item for at in range(len(data)) for item in reader.feed(data[at : at + 1])]
    if cut != whole:
        raise Broken(f"in one piece {whole}, cut {cut}")
    short = data[: MOST_BYTES // 2]
    if list(Reader().feed(frame(short))) != [Packet(short)]:
        raise Broken("what is sent is not what is read")


def _check(packet: bytes, sent: list[bytes]) -> None:
    """One answer, the last thing that is sent; before it only what is for the console."""
    answers = [data for data in sent if data[:1] != b"O" or data == b"OK"]
    if packet[:1] == b"k" and not sent:
        return
    if len(answers) != 1 or sent[-1] != answers[0]:
        raise Broken(f"{packet!r} gets {len(answers)} answers")
    if any(len(frame(data)) > 2 * MOST_BYTES for data in sent):
        raise Broken(f"{packet!r} gets more than the client has room for")
