"""Run files: read, written, and read again."""

from __future__ import annotations

from fuzz.harness import written
from tracer.collect.runfile import load_run_file
from tracer.errors import UsageError


def target(data: bytes) -> int:
    """One execution. Raises on anything but UsageError, which says what is wrong with the file."""
    try:
        run = load_run_file(written(data, "run.json"))
    except UsageError:
        return 1
    assert run.since.utcoffset() is not None
    text = run.to_json()
    again = load_run_file(written(text.encode(), "run.json"))
    assert again.to_json() == text
    assert (again.principal, again.regions, again.accounts) == (run.principal, run.regions, run.accounts)
    return 1
