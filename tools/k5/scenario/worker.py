"""A process that runs scenarios, one after the other, and keeps its machines warm.

Reads jobs from stdin and writes outcomes to stdout, a line of JSON each; pool.py starts it.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from k5.scenario.execute import ERROR, Outcome, execute, guarded
from k5.scenario.load import ScenarioFile
from k5.scenario.model import Variant
from k5.scenario.warm import Machines


def variant(job: dict[str, Any]) -> Variant:
    """The variant that a job names."""
    chosen = tuple((name, value) for name, value in job["parameters"])
    return Variant(job["board"], job["engine"], job["seed"], chosen)


def main() -> None:
    """Until there are no more jobs."""
    # Results have this stream for themselves, whatever else may print.
    results = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    files: dict[str, ScenarioFile] = {}
    machines = Machines()
    for line in sys.stdin:
        job = json.loads(line)
        path = job["file"]

        def run(path: str = path, job: dict[str, Any] = job) -> Any:
            if path not in files:
                files[path] = ScenarioFile(Path(path))
            return execute(files[path], variant(job), machines)

        try:
            outcome = guarded(Path(path), run)
        except Exception:  # ours; the others shall run nevertheless
            text = f"a mistake of the tools:\n{traceback.format_exc()}"
            outcome = Outcome(path, "", ERROR, report=text)
        results.write(json.dumps(outcome.json()) + "\n")
        results.flush()
    machines.close()


if __name__ == "__main__":
    main()
