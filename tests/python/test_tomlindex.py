"""Lines of keys and elements in TOML."""

from __future__ import annotations

from pathlib import Path

import pytest
from k5.tomlindex import TomlFile

TEXT = '''\
# a comment with [brackets] and = signs
top = "a # no comment"
[a]
b = { c = 1, "d e" = [1, 2] } # comment
list = [
    "x]", # ] in a comment
    { k = 'v' },
]
text = """
[not.a.table]
"""
[a.x.y]
k.l = true
[[row]]
v = 1
[[row]]
v = 2
'''

LINES = {
    ("top",): 2,
    ("a",): 3,
    ("a", "b", "c"): 4,
    ("a", "b", "d e", 1): 4,
    ("a", "list"): 5,
    ("a", "list", 0): 6,
    ("a", "list", 1, "k"): 7,
    ("a", "text"): 9,
    ("a", "x", "y"): 12,
    ("a", "x", "y", "k", "l"): 13,
    ("row", 0, "v"): 15,
    ("row", 1): 16,
    ("row", 1, "v"): 17,
}


@pytest.fixture
def file(tmp_path: Path) -> TomlFile:
    path = tmp_path / "x.toml"
    path.write_text(TEXT)
    return TomlFile(path)


@pytest.mark.parametrize("key", LINES)
def test_key_has_its_line(file: TomlFile, key: tuple[str | int, ...]) -> None:
    assert file.where(*key).endswith(f"x.toml:{LINES[key]}")


def test_no_key_comes_from_strings_or_comments(file: TomlFile) -> None:
    assert ("not",) not in file.lines
    assert ("brackets",) not in file.lines


def test_unknown_key_gives_the_line_of_its_table(file: TomlFile) -> None:
    assert file.where("a", "nothing").endswith(":3")
