"""As a process among processes: signals, pipes and full disks, without a traceback and without half a file."""

# ruff: noqa: S603 - the commands are ours

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes as POSIX has them")

TRACER = (sys.executable, "-m", "tracer")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_quietly(number: signal.Signals, code: int, tmp_path: Path):
    command = (*TRACER, "emit", "-", "-o", str(tmp_path / "policy.json"))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        # More than a pipe holds: once it is written, the command is reading; a moment later it waits for more.
        process.stdin.write(b" " * 1_000_000)
        time.sleep(0.5)
        process.send_signal(number)
        assert process.wait(timeout=30) == code
        assert process.stdout.read() == b""
        assert process.stderr.read() == b""
        process.stdin.raw.close()
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_has_enough_is_no_error(trace_file: Path):
    command = (*TRACER, "emit", str(trace_file), "--baseline", "none")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        told = process.stderr.read().decode()
        assert process.wait(timeout=30) == 0
    assert "Traceback" not in told
    assert "BrokenPipe" not in told
    assert "aws iam create-policy" in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_is_told(trace_file: Path):
    with Path("/dev/full").open("wb") as full:
        command = (*TRACER, "emit", str(trace_file), "--baseline", "none")
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    assert result.returncode == 2
    assert result.stderr == "Error: cannot write to standard output: No space left on device\n"


def test_a_closed_stdout_is_told(trace_file: Path):
    shell = f'"{sys.executable}" -m tracer emit "{trace_file}" --baseline none >&-'
    result = subprocess.run(["/bin/sh", "-c", shell], stderr=subprocess.PIPE, text=True, timeout=30)
    assert result.returncode == 2
    assert result.stderr == "Error: standard output is closed\nHint: name a file with -o\n"


def test_a_policy_is_utf_8_whatever_the_locale(tmp_path: Path, trace_file: Path):
    trace_file.write_text(trace_file.read_text(encoding="utf-8").replace("orders-dev-bucket", "é"), encoding="utf-8")
    command = (*TRACER, "emit", str(trace_file), "--baseline", "none")
    environment = {"PYTHONIOENCODING": "latin-1"}
    result = subprocess.run(command, capture_output=True, env=environment, timeout=30, check=True)
    assert b'"arn:aws:s3:::\xc3\xa9"' in result.stdout
