"""The reports that several tests look at: of the demo, and of a run whose every name is an attack."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import chromium
from hostile_run import SERVICE, hostile_records
from support import run_cli, write_trail


@pytest.fixture(scope="session")
def demo_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that `tracer demo -o FOLDER/` writes."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    assert run_cli("demo", "-o", f"{folder}/").exit_code == 0
    return folder / "report.html"


@pytest.fixture(scope="session")
def hostile_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that `tracer run -o FOLDER/` writes for a hostile run."""
    folder = tmp_path_factory.mktemp("hostile")
    trail = write_trail(folder / "logs", hostile_records())
    options = ("--baseline", "none", "--resources", "exact", "--service", SERVICE, "--include-denied")
    result = run_cli("run", "--from", trail, *options, "-o", f"{folder}/out/")
    assert result.exit_code == 0, result.stderr
    return folder / "out" / "report.html"


@pytest.fixture(scope="module")
def browser():
    """One Chromium for a module. While it is there an event loop runs, which other modules could not have."""
    with chromium() as running:
        yield running
