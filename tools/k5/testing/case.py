"""Test cases, whatever ran them, and JUnit XML in and out."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass(frozen=True)
class Case:
    """One test."""

    suite: str
    name: str
    status: str
    seconds: float = 0.0
    message: str = ""

    def json(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def read_junit(path: Path, suite: str) -> list[Case]:
    """Cases of a JUnit file that ctest or pytest wrote."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return []
    return [_case(element, suite) for element in root.iter("testcase")]


def _case(element: ElementTree.Element, suite: str) -> Case:
    group, name = element.get("classname", ""), element.get("name", "")
    full = f"{group}.{name}" if group and group != name else name
    status, message = PASSED, ""
    for tag in ("failure", "error"):
        found = element.find(tag)
        if found is not None:
            status = FAILED
            # ctest keeps what the test printed apart from the reason.
            said = element.findtext("system-out") or ""
            message = "\n".join(filter(None, [found.text or found.get("message", ""), said]))
    if element.find("skipped") is not None or element.get("status") in ("notrun", "disabled"):
        status = SKIPPED
    return Case(suite, full, status, float(element.get("time") or 0), message.strip())


def write_junit(path: Path, cases: Iterable[Case]) -> None:
    """All cases as one JUnit file, a suite for each part."""
    root = ElementTree.Element("testsuites")
    suites: dict[str, list[Case]] = {}
    for case in cases:
        suites.setdefault(case.suite, []).append(case)
    for name, members in suites.items():
        counts = {status: sum(c.status == status for c in members) for status in (FAILED, SKIPPED)}
        suite = ElementTree.SubElement(
            root, "testsuite", name=name, tests=str(len(members)), errors="0",
            failures=str(counts[FAILED]), skipped=str(counts[SKIPPED]),
            time=f"{sum(c.seconds for c in members):.3f}",
        )  # fmt: skip
        for case in members:
            element = ElementTree.SubElement(
                suite, "testcase", classname=name, name=_xml(case.name), time=f"{case.seconds:.3f}"
            )
            if case.status == FAILED:
                ElementTree.SubElement(element, "failure", message="failed").text = _xml(
                    case.message
                )
            elif case.status == SKIPPED:
                ElementTree.SubElement(element, "skipped")
    ElementTree.indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _xml(text: str) -> str:
    """Control characters are no XML."""
    return "".join(char if char in "\n\t" or ord(char) >= 32 else "?" for char in text)
