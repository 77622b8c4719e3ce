"""System descriptions: what is wrong is said with file, line and value."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from conftest import GOOD, System
from full_system import FULL, SOURCES
from k5 import sysdesc
from k5.errors import K5Error
from k5.system import Capability, Endpoint

BASE = "[region.shared]\nbytes = 1024\n"


def line_of(text: str, marker: str) -> int:
    """The line that holds the marker."""
    return text[: text.index(marker)].count("\n") + 1


def test_good_description_loads_with_defaults(system: System) -> None:
    loaded = sysdesc.load(system())
    one, two = loaded.tasks
    assert (loaded.name, loaded.board.name) == ("small", "mps2-an505")
    assert (one.main.priority, one.main.budget_us, one.slots, one.main.stack) == (5, 10_000, 4, 512)
    assert one.capabilities == [Capability("two", "endpoint", "two", 1, 7)]
    assert (two.index, two.main.budget_us, two.capabilities[0].rights) == (1, 0, 2)
    assert loaded.endpoints == [Endpoint("two", 0, "two")]
    assert loaded.warnings == []


# (what to replace, by what, the text whose line is named, parts of the message)
WRONG = {
    "unknown key": ("priority = 5", "priorty = 5", "priorty", ["'priorty'", "'priority'"]),
    "unknown table": ("[endpoint.two]", "[endpoints.two]", "[endpoints", ["'endpoints'", "'endpoint'"]),
    "unknown key in capability": ("badge = 7", "bage = 7", "bage", ["'bage'", "'badge'"]),
    "wrong type": ("priority = 5", 'priority = "high"', '"high"', ["priority", "integer", '"high"']),
    "boolean is no integer": ("priority = 5", "priority = true", "= true", ["integer", "true"]),
    "list of wrong type": ('["one.c"]', "[1]", "[1]", ["sources[0]", "string", "1"]),
    "priority too high": ("priority = 5", "priority = 32", "= 32", ["priority = 32", "31"]),
    "priority negative": ("priority = 5", "priority = -1", "= -1", ["priority = -1", "0"]),
    "missing key": ("priority = 5\n", "", "[task.one]", ["[task.one]", "'priority'"]),
    "duplicate table": ("[task.two]", "[task.one]", "priority = 6", []),
    "unknown board": ('"mps2-an505"', '"mps2-an55"', '"mps2-an55"', ["'mps2-an55'", "'mps2-an505'"]),
    "unknown endpoint": ('endpoint = "two", rights = ["send"]', 'endpoint = "tow", rights = ["send"]',
                         '"tow"', ["'tow'", "'two'"]),
    "unknown receiver": ('receiver = "two"', 'receiver = "twoo"', '"twoo"', ["'twoo'", "'two'"]),
    "unknown right": ('["send"]', '["sned"]', '"sned"', ["'sned'", "'send'"]),
    "no rights": ('["send"]', "[]", "= []", ["without rights"]),
    "recv by another": ('["send"]', '["recv"]', '"one.c"', ["'two'", "recv"]),
    "stack too small": ("stack = 512", "stack = 39", "= 39", ["stack = 39", "exception frame", "40"]),
    "slots too few": ("stack = 512", "stack = 512\nslots = 0", "slots", ["slots = 0"]),
    "stack larger than the memory": ("stack = 512", "stack = 9_000_000", "= 9_0",
                                     ["stack = 9000000", "mps2-an505"]),
    "budget too small": ("priority = 5", "priority = 5\nbudget_us = 99", "= 99",
                         ["budget_us = 99", "100"]),
    "budget too large": ("priority = 5", "priority = 5\nbudget_us = 107374183", "= 1073",
                         ["budget_us = 107374183", "107374182"]),
    "cooldown of a passive server": ("budget_us = 0", "budget_us = 0\ncooldown_us = 5", "cooldown",
                                     ["passive"]),
    "missing source": ('["one.c"]', '["on.c"]', "on.c", ["no such file", "on.c"]),
    "source listed twice": ('["one.c"]', '["one.c", "one.c"]', "one.c", ["twice"]),
    "no sources": ('["one.c"]', "[]", "= []", ["no sources"]),
    "source of another kind": ('["one.c"]', '["small.toml"]', "small.toml", [".c", "small.toml"]),
    "missing include folder": ("priority = 5", 'include = ["nowhere"]\npriority = 5', "nowhere",
                               ["no such folder", "nowhere"]),
    "unknown policy": ("priority = 5", 'priority = 5\nrestart = { policy = "retry" }', "policy",
                       ["retry"]),
    "back-off limits": ("priority = 5", "priority = 5\nrestart = { backoff_us = 9, backoff_max_us = 8 }",
                        "backoff", ["backoff_max_us = 8", "backoff_us = 9"]),
    "argument": ("priority = 5", 'priority = 5\nargument = "sed"', "argument", ['"sed"', '"seed"']),
    "name": ('name = "small"', 'name = "../x"', "../x", ["../x"]),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_mistake_is_named_with_file_line_and_value(system: System, case: str) -> None:
    old, new, marker, parts = WRONG[case]
    path = system((old, new))
    with pytest.raises(K5Error) as caught:
        sysdesc.load(path)
    message = caught.value.messages[0]
    # The line of the value, or (where there is no value) of the table that lacks it.
    text = path.read_text()
    if case not in ("duplicate table", "recv by another"):
        assert f"small.toml:{line_of(text, marker)}: " in message
    else:
        assert "small.toml:" in message
    for part in parts:
        assert part in message
    assert caught.value.status == 2


def test_all_mistakes_are_reported_at_once(system: System) -> None:
    path = system(("priority = 5", "priority = 99"), ("priority = 6", 'priority = "x"'))
    with pytest.raises(K5Error) as caught:
        sysdesc.load(path)
    assert len(caught.value.messages) == 2


def test_duplicate_table_names_what_is_double(system: System) -> None:
    with pytest.raises(K5Error, match=r"small\.toml:\d+: duplicate name 'task\.one'"):
        sysdesc.load(system(("[task.two]", "[task.one]")))


def test_duplicate_capability_name(system: System) -> None:
    twice = '    { name = "two", endpoint = "two", rights = ["send"] },\n]\n\n[task.two]'
    path = system(("]\n\n[task.two]", twice))
    with pytest.raises(K5Error, match="two capabilities named 'two'"):
        sysdesc.load(path)


def test_names_that_make_the_same_macro_are_double(system: System) -> None:
    twice = '    { name = "TWO", endpoint = "two", rights = ["send"] },\n]\n\n[task.two]'
    path = system(("]\n\n[task.two]", twice))
    with pytest.raises(K5Error, match="two capabilities named 'TWO'"):
        sysdesc.load(path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[system\n", 1),
        ('[system]\nname = "x\n', 2),
        ("[system]\nname = \n", 2),
        ("a = 1\na = 2\n", 2),
    ],
)
def test_toml_mistake_has_a_line(system: System, text: str, line: int) -> None:
    with pytest.raises(K5Error, match=rf"small\.toml:{line}: "):
        sysdesc.load(system(text=text))


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(K5Error, match=r"none\.toml: no such file"):
        sysdesc.load(tmp_path / "none.toml")


def test_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "binary.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(K5Error, match="not UTF-8"):
        sysdesc.load(path)


def regions(*tables: str, uses: str = "") -> str:
    """GOOD with region tables, and uses of them by task one."""
    text = GOOD.replace("stack = 512\n", f"stack = 512\nregions = [{uses}]\n", 1)
    return text + "".join("\n" + table for table in tables)


def region(name: str, base: int | None = None, size: int = 1024, more: str = "") -> str:
    """A region's table."""
    place = f"base = {base:#x}\n" if base is not None else ""
    return f"[region.{name}]\nbytes = {size}\n{place}{more}"


REGION_MISTAKES = {
    "overlap": (regions(region("a", 0x28300000), region("b", 0x283003E0)), "overlaps region 'a'"),
    "below memory": (regions(region("a", 0x28000000)), "outside the memory"),
    "in the kernel's": (regions(region("a", 0x28200000)), "outside the memory"),
    "past memory": (regions(region("a", 0x283FFFE0, 64)), "outside the memory"),
    "odd size": (regions(region("a", size=33)), "bytes = 33 is no multiple of 32"),
    "odd base": (regions(region("a", 0x28300004)), "base = 0x28300004 is no multiple of 32"),
    "device without base": (regions(region("a", more="device = true\n")), "needs a base"),
    "device in RAM": (regions(region("a", 0x28300000, more="device = true\n")), "peripheral"),
    "device in the core": (regions(region("a", 0xE0000000, more="device = true\n")), "peripheral"),
    "unknown region": (
        regions(region("buffer"), uses='{ region = "bufer", access = "r" }'),
        "'bufer' (did you mean 'buffer'?)",
    ),
    "write and execute": (
        regions(region("a"), uses='{ region = "a", access = "rwx" }'),
        'access = "rwx"',
    ),
    "region twice": (
        regions(
            region("a"), uses='{ region = "a", access = "r" }, { region = "a", access = "rw" }'
        ),
        "twice",
    ),
}


@pytest.mark.parametrize("case", REGION_MISTAKES)
def test_region_mistake_is_named(system: System, case: str) -> None:
    text, part = REGION_MISTAKES[case]
    with pytest.raises(K5Error) as caught:
        sysdesc.load(system(text=text))
    assert part in caught.value.messages[0]
    assert "small.toml:" in caught.value.messages[0]


def uses_of(count: int) -> str:
    return ", ".join(f'{{ region = "r{i}", access = "rw" }}' for i in range(count))


def test_eight_mpu_regions_are_enough_for_six_shared_ones(system: System) -> None:
    tables = [region(f"r{i}") for i in range(7)]
    loaded = sysdesc.load(system(text=regions(*tables, uses=uses_of(6))))
    assert len(loaded.tasks[0].regions) == 6


def test_ninth_mpu_region_is_one_too_many(system: System) -> None:
    tables = [region(f"r{i}") for i in range(7)]
    with pytest.raises(K5Error, match="'one' needs 9 MPU regions, mps2-an505 has 8"):
        sysdesc.load(system(text=regions(*tables, uses=uses_of(7))))


def test_call_to_a_lower_priority_is_a_warning(system: System) -> None:
    path = system(("priority = 6\nbudget_us = 0", "priority = 4"))
    warnings = sysdesc.load(path).warnings
    assert len(warnings) == 1
    assert "priority inversion: 'one' (priority 5) calls 'two' (priority 4)" in warnings[0]
    assert f"small.toml:{line_of(path.read_text(), '{ name')}" in warnings[0]


def test_passive_server_of_lower_priority_is_no_inversion(system: System) -> None:
    assert sysdesc.load(system(("priority = 6", "priority = 4"))).warnings == []


def test_endpoint_without_a_way_to_receive_is_a_warning(system: System) -> None:
    path = system(('capabilities = [{ endpoint = "two", rights = ["recv"] }]\n', ""))
    assert "no capability to receive" in sysdesc.load(path).warnings[0]


def test_board_option_replaces_the_board(system: System) -> None:
    assert sysdesc.load(system(), "stm32l5").board.name == "stm32l5"
    with pytest.raises(K5Error, match="unknown board 'stm32l6'"):
        sysdesc.load(system(), "stm32l6")


def test_description_without_board_needs_the_option(system: System) -> None:
    path = system(('board = "mps2-an505"\n', ""))
    with pytest.raises(K5Error, match="--board"):
        sysdesc.load(path)
    assert sysdesc.load(path, "stm32l5").board.name == "stm32l5"


def test_too_many_tasks(system: System) -> None:
    more = "".join(f'\n[task.t{i}]\nsources = ["one.c"]\npriority = 1\n' for i in range(31))
    with pytest.raises(K5Error, match="33 tasks are more than the 32"):
        sysdesc.load(system(text=GOOD + more))


# fmt: off
PIECES = [
    "0", "-1", "4294967296", "1e3", "true", '"x"', '""', "[]", "[[]]", "{}", "[1]", '["a", 1]',
    "1979-05-27", "inf", "'''", "=", "]", "}", ",", "\n", "[task.one]", "[[task]]", "[system.x]",
    "task.one.priority = 1\n", '"\\u0000"', "0x20000000", "nan", "#",
]
# fmt: on


def mutated(text: str, dice: random.Random) -> str:
    """One to four words of a description replaced, doubled, dropped or swapped."""
    words = re.findall(r"\w+|\s+|.", text)
    for _ in range(dice.randrange(1, 5)):
        at = dice.randrange(len(words))
        what = dice.randrange(4)
        if what == 0:
            words[at] = dice.choice(PIECES)
        elif what == 1:
            words.insert(at, words[dice.randrange(len(words))])
        elif what == 2:
            del words[at]
        else:
            other = dice.randrange(len(words))
            words[at], words[other] = words[other], words[at]
    return "".join(words)


PLAIN_AND_SHARED = regions(region("a", 0x28300000), uses='{ region = "a", access = "rw" }')


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "rounds", "most"), [(PLAIN_AND_SHARED, 1000, 990), (FULL, 1500, 1400)]
)
def test_mangled_descriptions_are_refused_or_load_but_never_crash(
    system: System, text: str, rounds: int, most: int
) -> None:
    seed = 11
    dice = random.Random(seed)
    path = system(**SOURCES)
    loaded = 0
    for round_ in range(rounds):
        path.write_text(mutated(text, dice))
        try:
            sysdesc.load(path)
            loaded += 1
        except K5Error as problem:
            for message in problem.messages:
                assert "small.toml" in message, f"seed {seed}, round {round_}: {message}"
    assert 10 < loaded < most, "the damage is too light or too heavy to tell anything"


@pytest.mark.parametrize(("board", "arch"), [("mps2-an505", "armv8m"), ("virt-rv32", "rv32")])
def test_arch_in_a_path_is_the_boards(system: System, board: str, arch: str) -> None:
    path = system(('"one.c"', '"{arch}/one.c"'))
    for folder in ("armv8m", "rv32"):
        (path.parent / folder).mkdir()
        (path.parent / folder / "one.c").write_text("int main(void)\n{\n    return 0;\n}\n")
    task = sysdesc.load(path, board).task("one")
    assert task.sources == [path.parent / arch / "one.c"]
