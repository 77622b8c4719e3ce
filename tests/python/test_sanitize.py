"""--sanitize: the same run, with ASan and UBSan in the process."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def k5(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ASAN_OPTIONS": "verbosity=1"}
    return subprocess.run(
        ["./k5", *arguments], cwd=ROOT, capture_output=True, text=True, env=environment
    )


@pytest.mark.slow
def test_sanitized_run_is_sanitized_and_the_same() -> None:
    plain = k5("run", "demo")
    sanitized = k5("run", "demo", "--sanitize")
    assert sanitized.returncode == 0
    assert "AddressSanitizer" in sanitized.stderr
    assert "AddressSanitizer" not in plain.stderr
    assert sanitized.stdout == plain.stdout


def test_nothing_native_has_no_sanitizers() -> None:
    refused = k5("run", "demo", "--sanitize", "--engine", "qemu")
    assert refused.returncode == 2
    assert "--engine hosted" in refused.stderr
