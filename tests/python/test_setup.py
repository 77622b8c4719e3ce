"""Set-up: the machine's own mirror, versions, and what is said when nothing can be installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from k5 import packages, setup, unicorn
from k5.errors import K5Error
from k5.packages import Package

ONE_LINE = """\
# deb http://old.example/debian bookworm main
deb http://mirror.example/debian/ bookworm main
deb [arch=amd64 signed-by=/x.gpg] http://second.example/debian bookworm main
deb http://mirror.example/debian-security bookworm-security main
deb-src http://source.example/debian bookworm main
"""
DEB822 = """\
Types: deb
# URIs: http://old.example/debian
URIs: http://mirror.example/debian http://third.example/debian/
Suites: bookworm bookworm-updates

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
"""


def apt(tmp_path: Path, **files: str) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    for name, text in files.items():
        (tmp_path / name.replace("__", "/").replace("_", ".")).write_text(text)
    return tmp_path


def test_mirror_from_one_line_sources(tmp_path: Path) -> None:
    folder = apt(tmp_path, sources_list=ONE_LINE)
    assert unicorn.mirrors(folder) == [
        "http://mirror.example/debian",
        "http://second.example/debian",
    ]


def test_mirror_from_deb822_sources(tmp_path: Path) -> None:
    folder = apt(tmp_path)
    (folder / "sources.list.d" / "debian.sources").write_text(DEB822)
    assert unicorn.mirrors(folder) == [
        "http://mirror.example/debian",
        "http://third.example/debian",
    ]


def test_no_sources_no_mirror(tmp_path: Path) -> None:
    assert unicorn.mirrors(apt(tmp_path)) == []


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("2.0.1", False),
        ("2.1.0", True),
        ("2.1.1", True),
        ("3.0", True),
        ("1.9", False),
        (None, False),
    ],
)
def test_unicorn_must_be_2_1(version: str | None, good: bool) -> None:
    assert unicorn.new_enough(version) is good


MISSING = Package("not-there", "program:no-such-program-here", "nothing", "run")


def test_missing_program_is_seen_and_present_one_too() -> None:
    assert not packages.present(MISSING)
    assert not packages.present(Package("x", "module:no_such_module_here", "nothing", "run"))
    assert not packages.present(Package("x", "header:no/such/header.h", "nothing", "run"))
    assert packages.present(Package("python", "module:json", "all", "run"))


def test_without_root_or_sudo_the_exact_command_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: None if name == "sudo" else f"/usr/bin/{name}")
    with pytest.raises(K5Error) as caught:
        setup.install_packages([MISSING], yes=True)
    assert caught.value.status == 2
    assert caught.value.messages[-1] == "apt-get install --no-install-recommends not-there"


def test_with_sudo_the_command_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    command = setup.install_command([MISSING])
    assert command is not None and command[:2] == ["sudo", "apt-get"]


def test_no_on_a_terminal_installs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[object] = []
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    monkeypatch.setattr(setup, "_run", lambda *args: ran.append(args))
    with pytest.raises(K5Error, match="not installed"):
        setup.install_packages([MISSING], yes=False)
    assert ran == []


def test_what_is_missing_is_named_where_nothing_may_be_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(setup, "STAMP", tmp_path / "setup.stamp")
    monkeypatch.setattr(packages, "PACKAGES", (MISSING,))
    with pytest.raises(K5Error, match="missing: not-there"):
        setup.ready()


def test_second_check_looks_at_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(setup, "STAMP", tmp_path / "setup.stamp")
    monkeypatch.setattr(packages, "PACKAGES", ())
    monkeypatch.setattr(unicorn, "present", lambda: True)
    setup.ready()

    def fail(*_: object) -> None:
        raise AssertionError("set-up ran again")

    monkeypatch.setattr(packages, "missing", fail)
    monkeypatch.setattr(unicorn, "present", fail)
    setup.ready()
