"""`--from s3://...` as a person gives it: the main job on a real S3 (moto's, over HTTP), its options, and Ctrl-C."""

# ruff: noqa: S603 - the commands are ours

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from runs.rest.run import records_path
from support import run_cli
from trail_bucket import Fault, Proxy, TrailBucket, s3_server

from tracer import demo

SELECTED = (
    "--principal", demo.PRINCIPAL, "--since", "2026-11-03T09:00Z", "--until", "2026-11-03T09:30Z",
    "--region", demo.REGION, "--service", demo.SERVICE, "--stage", demo.STAGE,
)  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, TrailBucket]]:
    """An S3 with the demo's trail in it."""
    with s3_server() as endpoint, records_path() as records:
        bucket = TrailBucket(endpoint)
        for path in records.rglob("*.gz"):
            bucket.put(str(path.relative_to(records)), path.read_bytes())
        yield endpoint, bucket


@pytest.fixture
def proxy(server: tuple[str, TrailBucket], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Proxy]:
    """What stands before it; the environment leads there and nowhere else."""
    proxy = Proxy(server[0])
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "absent"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    yield proxy
    proxy.close()


@pytest.fixture
def source(server: tuple[str, TrailBucket]) -> tuple[str, str]:
    return ("--from", f"s3://{server[1].name}")


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_main_job_from_a_bucket_is_that_from_files(proxy: Proxy, source: tuple[str, str], tmp_path: Path):
    with records_path() as records:
        expected = run_cli("run", "--from", records, *SELECTED)
    result = run_cli("run", *source, *SELECTED)
    assert result.exit_code == 0
    assert result.stdout == expected.stdout
    assert "dynamodb:CreateTable" in result.stdout
    assert "10 log files of 123456789012 in us-east-1." in result.stderr
    assert len(files_in(tmp_path / "xdg" / "tracer")) == len(proxy.gets) == 10
    assert run_cli("run", *source, *SELECTED).stdout == expected.stdout
    assert len(proxy.gets) == 10


def test_the_stages_alone_give_the_same(proxy: Proxy, source: tuple[str, str]):
    collected = run_cli("collect", *source, *SELECTED)
    reduced = run_cli("reduce", "--from", "-", *SELECTED, stdin=collected.stdout)
    emitted = run_cli("emit", "-", *SELECTED, stdin=reduced.stdout)
    assert emitted.stdout == run_cli("run", *source, *SELECTED).stdout
    assert "dynamodb:CreateTable" in emitted.stdout


def test_where_log_files_are_kept(proxy: Proxy, source: tuple[str, str], tmp_path: Path):
    assert run_cli("reduce", *source, *SELECTED, "--cache", tmp_path / "kept").exit_code == 0
    assert len(files_in(tmp_path / "kept")) == 10
    assert run_cli("reduce", *source, *SELECTED, "--no-cache").exit_code == 0
    assert len(proxy.gets) == 20
    assert not (tmp_path / "xdg").exists()


def test_the_slack_decides_how_late_a_log_file_may_come(proxy: Proxy, source: tuple[str, str]):
    early = ("--since", "2026-11-03T09:00Z", "--until", "2026-11-03T09:05Z", "--slack", "0s")
    assert run_cli("reduce", *source, *early).exit_code == 0
    assert len(proxy.gets) == 2


def test_verify_asks_for_the_digests(proxy: Proxy, source: tuple[str, str]):
    """The demo's digest is in another bucket than it was delivered to: it cannot be relied on, and that is told."""
    result = run_cli("reduce", *source, *SELECTED, "--verify")
    assert result.exit_code == 0
    assert "not where CloudTrail delivered it" in result.stdout
    assert "10 log files of us-east-1 of account 123456789012 were not verified" in result.stdout
    assert run_cli("run", *source, *SELECTED, "--verify", "--strict").exit_code == 1


def test_what_cannot_be_done_is_told(proxy: Proxy):
    result = run_cli("run", "--from", "s3://nowhere", *SELECTED)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: there is no bucket nowhere" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_at_once_though_a_download_hangs(
    proxy: Proxy, source: tuple[str, str], number: signal.Signals, code: int
):
    proxy.faults = [Fault("hang", "T0910Z")]
    command = (sys.executable, "-m", "tracer", "run", *source, *SELECTED)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 30
        while len(proxy.gets) < 10:
            assert time.monotonic() < until
            time.sleep(0.02)
        process.send_signal(number)
        assert process.wait(timeout=10) == code
        assert process.stdout is not None
        assert process.stdout.read() == ""
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
