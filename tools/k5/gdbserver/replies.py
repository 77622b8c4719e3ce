"""Why the machine stands, in the words of the protocol."""

from __future__ import annotations

from k5.gdbserver.marks import Marks
from k5.gdbserver.motion import Stopped
from k5 import abi

# GDB's numbers of signals.
_INT, _ILL, _TRAP, _ABRT, _FPE, _BUS, _SEGV, _XCPU = 2, 4, 5, 6, 8, 10, 11, 24
_FAULTS = {
    "DATA": _SEGV, "FETCH": _SEGV, "STACK_OVERFLOW": _SEGV, "SECURE": _SEGV,
    "BUS": _BUS, "UNALIGNED": _BUS, "UNDEFINED": _ILL, "STATE": _ILL, "COPROCESSOR": _ILL,
    "DIVIDE": _FPE, "BREAKPOINT": _TRAP, "TIMEOUT": _XCPU,
}  # fmt: skip
_SAID = {
    "halt": "The machine has halted: nothing will ever happen again. It can go back.\n",
    "panic": "The kernel has panicked: an assertion of its own failed. The machine can go back.\n",
    "begin": "This is the beginning of the machine's past.\n",
}


def said(stopped: Stopped) -> str:
    """What GDB has no words for."""
    return _SAID.get(stopped.why, "")


def _signal(stopped: Stopped) -> int:
    if stopped.why == "fault" and stopped.event:
        names = abi.names(abi.load(), "fault")
        return _FAULTS.get(names.get(stopped.event.code, ""), _ABRT)
    return {"interrupt": _INT, "panic": _ABRT}.get(stopped.why, _TRAP)


def _reason(stopped: Stopped, marks: Marks, tells_kinds: bool) -> str:
    hit = stopped.hit
    if stopped.why == "begin":
        return "replaylog:begin;"
    if stopped.why == "halt":
        return "replaylog:end;"
    if stopped.why == "break" and tells_kinds and hit:
        kind = marks.break_kind(hit.pc)
        return f"{kind}:;" if kind else ""
    if stopped.why == "watch" and hit:
        found = marks.watched(hit.address, hit.bytes, hit.access)
        return f"{found[0]}:{found[1]:x};" if found else ""
    return ""


def stop_reply(stopped: Stopped, tid: int, marks: Marks, tells_kinds: bool) -> bytes:
    """The T packet."""
    reason = _reason(stopped, marks, tells_kinds)
    return f"T{_signal(stopped):02x}{reason}thread:{tid:x};".encode()
