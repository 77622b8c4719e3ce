"""Questions about the past: who wrote this, who held that loan, why does nothing move.

    from k5.why import answer

    machine.history_start()              # behind the boot
    machine.run(until_us=12_000)
    print(answer(machine, ["written", "foo.work_done"]).text())

An answer is about the machine as it stands. To find it the machine goes back through
its history, and comes back to where it was.
"""

from __future__ import annotations

from k5.why.answers import QUESTIONS, Answer, answer, usage

__all__ = ["QUESTIONS", "Answer", "answer", "usage"]
