"""Campaign files: what they say, and what is said of those that are wrong."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from k5.campaign import reader
from k5.campaign.model import Campaign
from k5.errors import K5Error
from k5.paths import ROOT

BRIEF = ROOT / "scenarios" / "demo" / "brief.toml"
HEAD = f"""[campaign]
scenario = "{BRIEF}"
board = "mps2-an505"
"""
INJECT = '[[inject]]\nmodel = "register"\n'


def campaign(tmp_path: Path, text: str) -> Campaign:
    path = tmp_path / "c.toml"
    path.write_text(text)
    return reader.read(path)


def wrong(tmp_path: Path, text: str) -> str:
    with pytest.raises(K5Error) as problem:
        campaign(tmp_path, text)
    return str(problem.value)


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios" / "campaigns").glob("*.toml")))
def test_those_of_the_tree_are_read(path: Path) -> None:
    assert reader.is_campaign(path)
    assert reader.read(path).injections


def test_defaults(tmp_path: Path) -> None:
    made = campaign(tmp_path, HEAD + INJECT)
    assert (made.mode, made.seed, made.limit) == ("exhaustive", 0, Fraction(1))
    assert (made.start, made.until, made.end) == (None, None, None)
    assert made.injections[0].bits == tuple(range(32))


def test_moments_are_times_numbers_or_events(tmp_path: Path) -> None:
    window = (
        '[window]\nfrom = "1ms"\nuntil = { instructions = 500 }\nend = { log = "x", nth = 2 }\n'
    )
    made = campaign(tmp_path, HEAD + window + INJECT)
    assert made.start and made.start.at == 1_000_000
    assert made.until and made.until.instructions == 500
    assert made.end and made.end.event and made.end.event.nth == 2


@pytest.mark.parametrize(
    ("text", "bits"),
    [('"0-3"', (0, 1, 2, 3)), ('"31,0-1"', (0, 1, 31)), ("[5, 5, 2]", (2, 5)), ("[7]", (7,))],
)
def test_bits(tmp_path: Path, text: str, bits: tuple[int, ...]) -> None:
    assert campaign(tmp_path, f"{HEAD}{INJECT}bits = {text}\n").injections[0].bits == bits


def test_a_sample_has_a_confidence_and_a_margin(tmp_path: Path) -> None:
    text = HEAD + 'mode = "sample"\nconfidence = "99%"\nmargin = "0.5%"\n' + INJECT
    made = campaign(tmp_path, text)
    assert (made.confidence, made.margin) == (Fraction(99, 100), Fraction(5, 1000))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (
            HEAD + "bord = 3\n" + INJECT,
            4,
            "unknown key 'bord' in [campaign] (did you mean 'board'?)",
        ),
        (HEAD + 'mode = "all"\n' + INJECT, 4, 'mode = "all" (known: exhaustive, sample)'),
        (HEAD + 'margin = "1%"\n' + INJECT, 4, 'margin is for mode = "sample"'),
        (HEAD + 'fail_on = ["breach"]\n' + INJECT, 4, "did you mean 'isolation-breach'?"),
        (HEAD + 'limit = "0%"\n' + INJECT, 4, "leaves a trial no time"),
        (HEAD + 'system = "x.toml"\n' + INJECT, 4, "exclude each other"),
        (HEAD + "[window]\nuntil = 5\n" + INJECT, 5, "until must be a moment"),
        (HEAD + '[window]\nuntil = { lgo = "x" }\n' + INJECT, 5, "did you mean 'log'?"),
        (HEAD + '[[inject]]\nmodel = "registers"\n', 5, "did you mean 'register'?"),
        (HEAD + '[[inject]]\nmodel = "memory"\n', 4, "memory needs ranges"),
        (HEAD + INJECT + 'ranges = ["foo.ram"]\n', 6, "ranges says nothing of register"),
        (HEAD + INJECT + "registers = []\n", 6, "registers is empty"),
        (HEAD + INJECT + 'bits = "0-32"\n', 6, "there is no bit 32"),
        (HEAD + INJECT + 'bits = "a"\n', 6, 'must be like "0-7,31"'),
        (HEAD + INJECT + "every = 0\n", 6, "every = 0 is less than 1"),
        (HEAD.replace("mps2", "mps3") + INJECT, 3, "did you mean 'mps2-an505'?"),
        (HEAD.replace("brief", "breif") + INJECT, 2, "no such file"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    found = wrong(tmp_path, text)
    assert f"c.toml:{line}: " in found and said in found


def test_nothing_to_inject_is_a_mistake(tmp_path: Path) -> None:
    assert "needs the key 'inject'" in wrong(tmp_path, HEAD)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    found = wrong(tmp_path, HEAD + "seed = -1\n" + INJECT + "every = 0\nbits = [99]\n")
    assert found.count("c.toml:") == 3
