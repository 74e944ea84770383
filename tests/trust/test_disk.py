"""What cannot be written is told, whichever command writes it and whatever the system says: nothing half is left, and
what was there before stays.

Root may write everywhere, so where these tests run as root the commands run as nobody.
"""

# ruff: noqa: S603 - the commands are ours

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

import pytest
from support import run_cli

from tracer import demo

if sys.platform == "win32":
    pytest.skip("limits and permissions as POSIX has them", allow_module_level=True)

import resource

SELECTED: Final = ("--principal", demo.PRINCIPAL, "--service", demo.SERVICE, "--stage", demo.STAGE)
Trouble = Callable[[Path], AbstractContextManager[None]]
NOBODY: Final = 65534
TINY: Final = 64
"""Bytes that a file may have: less than any result."""

WRITING: Final = {
    "collect": ("collect", "--from", "LOGS", *SELECTED),
    "reduce": ("reduce", "--from", "LOGS", *SELECTED),
    "run": ("run", "--from", "LOGS", *SELECTED, "--baseline", "none"),
    "emit": ("emit", "TRACE", "--baseline", "none"),
    "report": ("report", "TRACE", "--baseline", "none"),
    "redact": ("redact", "TRACE"),
    "query": ("query", "denied-calls", "--from", "LOGS"),
    "permissions": ("permissions", "--from", "lookup"),
}
"""Each command that writes to -o; `rehearse` writes there as they do, after a deploy."""


@pytest.fixture(scope="module")
def logs() -> Iterator[Path]:
    with demo.records_path() as folder:
        yield folder


@pytest.fixture(scope="module")
def trace(logs: Path) -> Iterator[Path]:
    with _open_to_all() as folder:
        assert run_cli("reduce", "--from", logs, *SELECTED, "-o", folder / "trace.json").exit_code == 0
        yield folder / "trace.json"


@pytest.fixture(scope="module", autouse=True)
def loaded(logs: Path, trace: Path) -> None:
    """Everything is loaded that the commands need, also to say that something went wrong: nobody may read no module."""
    with _open_to_all() as folder:
        for name in WRITING:
            assert run_cli(*command(name, logs, trace), "-o", f"{folder}/{name}").exit_code == 0
            assert run_cli(*command(name, logs, trace), "-o", f"{folder}/{name}/result").exit_code == 2


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter; pytest's own are their owner's."""
    with _open_to_all() as folder:
        yield folder


@contextmanager
def _open_to_all() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def full(_: Path) -> Iterator[None]:
    """A limit on the size of files makes the system refuse to write in the midst of it, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (TINY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """A folder in which nobody may write."""
    folder.chmod(0o555)
    with _as_nobody():
        yield
    folder.chmod(0o755)


@contextmanager
def _as_nobody() -> Iterator[None]:
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def held(folder: Path) -> dict[str, bytes | None]:
    """Every file and folder in `folder`, with what it holds."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def command(name: str, logs: Path, trace: Path) -> list[str]:
    return [{"LOGS": str(logs), "TRACE": str(trace)}.get(word, word) for word in WRITING[name]]


@pytest.mark.parametrize("trouble", [full, locked], ids=["full", "read-only"])
@pytest.mark.parametrize("output", ["result", "new/"], ids=["file", "folder"])
@pytest.mark.parametrize("name", WRITING)
def test_a_result_that_cannot_be_written_leaves_what_was_there(
    name: str, output: str, trouble: Trouble, logs: Path, trace: Path, folder: Path
):
    (folder / "result").write_bytes(b"before")
    with trouble(folder):
        result = run_cli(*command(name, logs, trace), "-o", f"{folder}/{output}")
    assert result.exit_code == 2
    assert "Error: cannot write " in result.stderr
    assert "Hint: is there such a folder, with room in it, and may you write there?" in result.stderr
    assert result.stdout == ""
    assert held(folder) == {"result": b"before"}


@pytest.mark.parametrize("name", WRITING)
def test_a_file_in_place_of_a_folder_is_told(name: str, logs: Path, trace: Path, folder: Path):
    (folder / "file").write_bytes(b"before")
    result = run_cli(*command(name, logs, trace), "-o", folder / "file" / "result")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: cannot write " in result.stderr
    assert held(folder) == {"file": b"before"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
@pytest.mark.parametrize("name", WRITING)
def test_a_full_device_is_told(name: str, logs: Path, trace: Path):
    result = run_cli(*command(name, logs, trace), "-o", "/dev/full")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: cannot write /dev/full: No space left on device\n" in result.stderr


@pytest.mark.parametrize("trouble", [full, locked], ids=["full", "read-only"])
def test_a_run_file_that_cannot_be_written_is_told_and_nothing_runs(
    trouble: Trouble, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    (folder / "unwritable").mkdir()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(folder / "absent"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(folder)
    assert run_cli("record", "--name", "loaded", "--", "true").exit_code == 0
    shutil.rmtree(folder / ".tracer")
    monkeypatch.chdir(folder / "unwritable")
    with trouble(folder / "unwritable"):
        result = run_cli("record", "--name", "first", "--", "mkdir", f"{folder}/deployed")
    assert result.exit_code == 2
    assert "Error: the run file .tracer/runs/first.json cannot be written: " in result.stderr
    assert not (folder / "deployed").exists()
    assert [path for path in folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("what", ["log", "folder"])
def test_a_log_that_may_not_be_read_is_told(what: str, folder: Path):
    log = folder / "logs" / "a.json"
    log.parent.mkdir()
    log.write_text(json.dumps({"Records": []}))
    unreadable = log if what == "log" else log.parent
    unreadable.chmod(0)
    with _as_nobody():
        result = run_cli("reduce", "--from", folder / "logs", *SELECTED)
    unreadable.chmod(0o755)
    assert result.exit_code == 2
    assert f"Error: {unreadable} cannot be read: Permission denied\n" in result.stderr


TEMPORARY: Final = {
    "search": ("reduce", "--from", "LOGS", *SELECTED),
    "query": ("query", "denied-calls", "--from", "LINES"),
    "query-of-a-trail": ("query", "denied-calls", "--from", "LOGS"),
    "stdin": ("reduce", "--from", "-", *SELECTED),
}


@pytest.mark.parametrize("trouble", [full, locked], ids=["full", "read-only"])
@pytest.mark.parametrize("name", TEMPORARY)
def test_temporary_files_that_cannot_be_written_are_told_or_not_needed(
    name: str, trouble: Trouble, logs: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    """What is read twice, or unpacked for DuckDB, lies among the system's temporary files."""
    lines = run_cli("collect", "--from", logs, *SELECTED).stdout
    (folder / "lines.jsonl").write_text(lines)
    (folder / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "temporary"))
    monkeypatch.setattr("tracer.collect.spool.IN_MEMORY", 1)
    words = [{"LOGS": str(logs), "LINES": str(folder / "lines.jsonl")}.get(word, word) for word in TEMPORARY[name]]
    whole = run_cli(*words, stdin=lines)
    assert whole.exit_code == 0
    with trouble(folder / "temporary"):
        result = run_cli(*words, stdin=lines)
    if result.exit_code == 0:
        assert result.stdout == whole.stdout
    else:
        assert result.exit_code == 2
        assert f"{folder}/temporary" in result.stderr
        assert "TMPDIR" in result.stderr
    assert list((folder / "temporary").iterdir()) == []


def test_the_end_of_the_process_tells_no_second_time(logs: Path, folder: Path):
    """What Python itself flushes at the end would fail again, with a traceback."""
    lines = run_cli("collect", "--from", logs, *SELECTED).stdout
    script = f'ulimit -f 0; exec "{sys.executable}" -m tracer reduce --from - --principal {demo.PRINCIPAL}'
    environment = os.environ | {"TMPDIR": str(folder)}
    result = subprocess.run(
        ("/bin/sh", "-c", script), input=lines, env=environment, capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (2, "")
    error, hint = result.stderr.splitlines()
    assert error.startswith("Error: what was read cannot be kept in ")
    assert hint == "Hint: make room there, or set TMPDIR to another folder"
