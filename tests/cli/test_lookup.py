"""`--from lookup` over several commands: what one has read before it broke off, the next need not ask for again."""

# ruff: noqa: S603 - the commands are ours

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from event_history import EventHistory
from runs.rest.run import records_path
from support import run_cli

from tracer import demo
from tracer.collect import lookup

BEGAN = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)
"""When the demo's run begins here: the event history goes back 90 days only."""
SHIFT = BEGAN - datetime(2026, 11, 3, 9, tzinfo=UTC)
SELECTED = (
    "--from", "lookup", "--principal", demo.PRINCIPAL, "--region", demo.REGION,
    "--since", BEGAN.isoformat(), "--until", (BEGAN + timedelta(minutes=30)).isoformat(),
)  # fmt: skip
PAGES = 6


def shifted(record: dict[str, Any]) -> dict[str, Any]:
    moment = datetime.fromisoformat(record["eventTime"]) + SHIFT
    return record | {"eventTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}


@pytest.fixture
def history(credentials: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EventHistory]:
    """An event history that holds the demo's run, at a pace of its own."""
    history = EventHistory()
    with records_path() as folder:
        logs = [path for path in folder.rglob("*.gz") if "CloudTrail-Digest" not in path.parts]
        records = [record for path in logs for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]]
    history.records = [shifted(record) for record in records if record and "eventID" in record]
    assert (PAGES - 1) * lookup.PAGE < len(history.records) <= PAGES * lookup.PAGE
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", history.endpoint)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(lookup, "REQUESTS_PER_SECOND", 1_000)
    yield history
    history.close()


@pytest.fixture
def expected(history: EventHistory) -> str:
    """The trace of the run, read in one go."""
    result = run_cli("reduce", *SELECTED, "--no-cache")
    assert result.exit_code == 0, result.stderr
    assert "dynamodb:CreateTable" in result.stdout
    assert len(history.asked) == PAGES
    history.asked.clear()
    return result.stdout


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_credentials_that_expire_in_the_middle_cost_one_page(history: EventHistory, expected: str, tmp_path: Path):
    history.faults = ["", "", "", "expired"]
    broken = run_cli("reduce", *SELECTED)
    assert (broken.exit_code, broken.stdout) == (2, "")
    assert "the credentials have expired" in broken.stderr
    assert "log in again" in broken.stderr
    assert len(history.asked) == 3
    result = run_cli("reduce", *SELECTED)
    assert result.stdout == expected
    assert len(history.asked) == PAGES or len(history.asked) == PAGES + 1, "the oldest second is asked for again"
    assert run_cli("reduce", *SELECTED, "--cache", tmp_path / "xdg" / "tracer").stdout == expected
    assert len(history.asked) <= PAGES + 1, "all of it is kept"


def test_a_command_that_is_killed_loses_the_page_that_it_was_reading(
    history: EventHistory, expected: str, tmp_path: Path
):
    history.faults = ["", "", "hang"]
    with subprocess.Popen((sys.executable, "-m", "tracer", "reduce", *SELECTED), stdout=subprocess.PIPE) as process:
        assert history.hanging.wait(30)
        process.kill()
        assert process.communicate()[0] == b""
    assert len(history.asked) == 2
    assert len(files_in(tmp_path / "xdg")) == 2
    assert run_cli("reduce", *SELECTED).stdout == expected
    assert PAGES <= len(history.asked) <= PAGES + 1


def test_a_damaged_file_is_not_trusted(history: EventHistory, expected: str, tmp_path: Path):
    assert run_cli("reduce", *SELECTED).stdout == expected
    files = files_in(tmp_path / "xdg")
    files[0].write_bytes(files[0].read_bytes()[:-1])
    files[1].write_bytes(b"")
    asked = len(history.asked)
    assert run_cli("reduce", *SELECTED).stdout == expected
    assert len(history.asked) > asked


def test_nothing_is_kept_where_nothing_shall_be(history: EventHistory, expected: str, tmp_path: Path):
    assert run_cli("reduce", *SELECTED, "--no-cache").stdout == expected
    assert not (tmp_path / "xdg").exists()
    assert run_cli("reduce", *SELECTED, "--cache", tmp_path / "kept").stdout == expected
    assert files_in(tmp_path / "kept")
    assert not (tmp_path / "xdg").exists()
