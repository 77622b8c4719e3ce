"""The ABI's description: what the generators rely on is checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from k5 import abi

TEXT = abi.SOURCE.read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "RECV"\nkind = "ENDPOINT"\nvalue = 2', 'name = "RECV"\nkind = "ENDPOINT"\nvalue = 1',
         r"two entries of \[\[right\]\]"),
        ('name = "ACK"\nkind = "INTERRUPT"\nvalue = 1', 'name = "ACK"\nkind = "INTERRUPT"\nvalue = 4',
         r"two entries of \[\[right\]\]"),  # GRANT is every kind's
        ('name = "E_STALE"\nvalue = -2', 'name = "E_STALE"\nvalue = -1', r"two entries of \[\[error\]\]"),
        ('name = "yield"\nnumber = 7', 'name = "yield"\nnumber = 6', r"two entries of \[\[syscall\]\]"),
        ('errors = ["E_CPTR", "E_STALE", "E_BUSY"]', 'errors = ["E_CPTR", "E_STAL", "E_BUSY"]', "E_STAL"),
    ],
)  # fmt: skip
def test_mistake_in_the_description_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "syscalls.toml"
    assert TEXT.count(old) == 1
    path.write_text(TEXT.replace(old, new))
    with pytest.raises(ValueError, match=message):
        abi.load(path)


def test_a_bit_may_mean_another_right_with_another_kind() -> None:
    rights = abi.rights(abi.load())
    assert rights["ENDPOINT"] == {"SEND": 1, "RECV": 2, "GRANT": 4}
    assert rights["NOTIFICATION"] == {"SIGNAL": 1, "WAIT": 2, "GRANT": 4}
    assert rights["TASK"] == rights["THREAD"] == {"CONTROL": 1, "STATUS": 2, "GRANT": 4}
    assert "NONE" not in rights
