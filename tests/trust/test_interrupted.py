"""Interrupted in the midst of its work, a command ends as the signal says, quietly, and leaves nothing half: no result,
no child, no temporary file; what was fetched is kept, and the next command gives what it would have.
"""

# ruff: noqa: S603 - the commands are ours

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from support import ACCOUNT, REGION, record, run_cli
from trail_bucket import Fault, Proxy, TrailBucket, s3_server

from tracer import demo

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes as POSIX has them")

TRACER: Final = (sys.executable, "-m", "tracer")
SELECTED: Final = ("--principal", demo.PRINCIPAL, "--service", demo.SERVICE, "--stage", demo.STAGE)
SIGNALS: Final = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)


@pytest.fixture(scope="module")
def trail() -> Iterator[tuple[str, str]]:
    """The demo's log files in a bucket: its endpoint, and its name."""
    with s3_server() as endpoint, demo.records_path() as records:
        trail = TrailBucket(endpoint)
        for path in records.rglob("*.gz"):
            trail.put(str(path.relative_to(records)), path.read_bytes())
        yield endpoint, trail.name


@pytest.fixture
def proxy(trail: tuple[str, str]) -> Iterator[Proxy]:
    proxy = Proxy(trail[0])
    yield proxy
    proxy.close()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Nobody's credentials, and a folder for temporary files."""
    (tmp_path / "temporary").mkdir()
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return others | {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "absent"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "absent"),
        "TMPDIR": str(tmp_path / "temporary"),
    }


@contextmanager
def started(*words: str, cwd: Path, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        (*TRACER, *words), cwd=cwd, env=env, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until(there: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not there():
        assert time.monotonic() < until
        time.sleep(0.02)


def interrupt(process: subprocess.Popen[bytes], number: signal.Signals, *, group: bool = False) -> tuple[bytes, str]:
    """Send the signal, to the process or to its whole group, and see it obeyed; what was written."""
    (os.killpg if group else os.kill)(process.pid, number)
    out, told = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert "Traceback" not in told.decode()
    assert "Error" not in told.decode()
    return out, told.decode()


def _living(group: int) -> list[str]:
    """The processes of a group that have not ended; one that nobody asks for its end has."""
    listed = subprocess.run(("/bin/ps", "-A", "-o", "pgid=,stat="), capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [state for number, state in rows if int(number) == group and not state.startswith("Z")]


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@SIGNALS
@pytest.mark.parametrize(
    "words",
    [("collect", "-o", "out/records.jsonl"), ("reduce", "-o", "out/trace.json"), ("run", "-o", "out/")],
    ids=["collect", "reduce", "run"],
)
def test_while_a_download_hangs(
    words: tuple[str, ...], number: signal.Signals, proxy: Proxy, trail: tuple[str, str], environment: dict[str, str],
    tmp_path: Path,
):  # fmt: skip
    environment["AWS_ENDPOINT_URL"] = proxy.endpoint
    (tmp_path / "out").mkdir()
    line = (*words, "--from", f"s3://{trail[1]}", "--cache", "cache", *SELECTED)
    hung, others = _last_object(proxy, line, tmp_path, environment)
    whole = {path.name: path.read_bytes() for path in files(tmp_path / "out")}
    for path in (*files(tmp_path / "out"), *files(tmp_path / "cache")):
        path.unlink()

    proxy.faults = [hang := Fault("hang", hung)]
    with started(*line, cwd=tmp_path, env=environment) as process:
        wait_until(lambda: len(_kept(tmp_path)) == others and any(hung in got for got in proxy.gets))
        interrupt(process, number)
    assert files(tmp_path / "out") == []
    assert files(tmp_path / "temporary") == []

    hang.times = 0
    proxy.asked.clear()
    subprocess.run((*TRACER, *line), cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert {path.name: path.read_bytes() for path in files(tmp_path / "out")} == whole
    assert [hung in got for got in proxy.gets] == [True], "it alone was got anew"


def _last_object(proxy: Proxy, line: tuple[str, ...], folder: Path, environment: dict[str, str]) -> tuple[str, int]:
    """Run the command as a whole; the last object that it got, and how many others."""
    subprocess.run((*TRACER, *line), cwd=folder, env=environment, check=True, capture_output=True)
    got = sorted(proxy.gets)
    proxy.asked.clear()
    return got[-1].rpartition("/")[2], len(got) - 1


def _kept(folder: Path) -> list[Path]:
    return [path for path in files(folder / "cache") if path.parent.name != "unfinished"]


@SIGNALS
@pytest.mark.parametrize("words", [("reduce", "--from", "-"), ("collect",), ("emit", "-"), ("redact", "-")])
def test_while_standard_input_waits(
    words: tuple[str, ...], number: signal.Signals, environment: dict[str, str], tmp_path: Path
):
    (tmp_path / "out").mkdir()
    with started(*words, "-o", "out/result", cwd=tmp_path, env=environment) as process:
        # More than a pipe holds: once it is written, the command is reading.
        process.stdin.write(json.dumps(record()).encode() + b"\n" + b" " * 1_000_000)
        process.stdin.flush()
        time.sleep(0.2)
        assert interrupt(process, number) == (b"", "")
    assert files(tmp_path / "out") == files(tmp_path / "temporary") == []


@SIGNALS
def test_while_duckdb_answers(number: signal.Signals, environment: dict[str, str], tmp_path: Path):
    lines = b"\n".join(json.dumps(record(eventID=str(number))).encode() for number in range(500))
    for part in range(400):
        path = tmp_path / "logs" / f"{ACCOUNT}_CloudTrail_{REGION}_20261124T0800Z_{part:016}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b'{"Records":[%b]}' % lines.replace(b"\n", b","))
    words = ("query", "actions-by-principal", "--from", "logs", "-o", "result.csv")
    with started(*words, cwd=tmp_path, env=environment) as process:
        wait_until(lambda: list((tmp_path / "temporary").iterdir()))
        time.sleep(0.1)
        assert interrupt(process, number) == (b"", "")
    assert list((tmp_path / "temporary").iterdir()) == []
    assert not (tmp_path / "result.csv").exists()


@pytest.mark.parametrize("group", [False, True], ids=["sent", "by-key"])
@SIGNALS
def test_while_a_deploy_is_rehearsed(number: signal.Signals, group: bool, environment: dict[str, str], tmp_path: Path):
    """A key of the terminal is for the whole group of processes."""
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    deploy = "touch started; exec sleep 60"
    words = ("rehearse", "--policy", "policy.json", "-o", "missing.json", "--", "sh", "-c", deploy)
    with started(*words, cwd=tmp_path, env=environment) as process:
        wait_until((tmp_path / "started").exists)
        assert len(_living(process.pid)) > 1, "the command, and the deploy"
        out, told = interrupt(process, number, group=group)
    assert out == b""
    account = re.fullmatch(r"tracer: rehearsing at http://([0-9.]+):([0-9]+)\n", told)
    with pytest.raises(ConnectionRefusedError), socket.create_connection((account[1], int(account[2]))):
        pass
    wait_until(lambda: not _living(process.pid))
    assert not (tmp_path / "missing.json").exists()
    assert files(tmp_path / "temporary") == []


# --- Standard input that ends too early, or is none -------------------------------------------------------------------


@pytest.mark.parametrize("cut", [1, 200, 400])
def test_records_that_end_in_the_midst_of_one_are_counted(cut: int):
    lines = b"".join(json.dumps(record(eventID=str(number))).encode() + b"\n" for number in range(3))
    result = run_cli("reduce", "--from", "-", stdin=lines[: -cut - 1])
    assert result.exit_code == 0
    trace = json.loads(result.stdout)
    told = {bin_: count for bin_, count in trace["accounting"].items() if count}
    assert told == {"read": 3, "unreadable": 1, "used": 2}
    assert "UNREADABLE_RECORD" in [finding["code"] for finding in trace["findings"]]


@pytest.mark.parametrize("words", [("emit", "-"), ("report", "-"), ("redact", "-"), ("explain", "s3:Get*", "-")])
@pytest.mark.parametrize("text", ["", '{"schema": 1, "permissions": ['], ids=["nothing", "a-part"])
def test_a_trace_that_ends_in_the_midst_is_none(words: tuple[str, ...], text: str):
    result = run_cli(*words, stdin=text)
    assert (result.exit_code, result.stdout) == (2, "")


CLOSED: Final = (
    ("reduce", "--from", "-"), ("collect", "--from", "-"), ("run", "--from", "-"), ("reduce",), ("emit", "-"),
    ("emit",), ("report", "-"), ("redact", "-"), ("redact",), ("check", "-", "--trace", "-"), ("diff", "-", "-"),
)  # fmt: skip


@pytest.mark.parametrize("words", CLOSED, ids=" ".join)
def test_a_closed_standard_input_is_told(words: tuple[str, ...]):
    shell = f'"{sys.executable}" -m tracer "$@" <&-'
    done = subprocess.run(("/bin/sh", "-c", shell, "sh", *words), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


# --- Standard output and error that nobody reads ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    assert run_cli("demo", "-o", f"{folder}/").exit_code == 0
    return folder


TELLING: Final = {
    "collect": ("collect", "--from", "LOGS"),
    "reduce": ("reduce", "--from", "LOGS"),
    "run": ("run", "--from", "LOGS", *SELECTED, "--baseline", "none"),
    "demo": ("demo",),
    "emit": ("emit", "OUT/trace.json", "--baseline", "none"),
    "report": ("report", "OUT/trace.json"),
    "redact": ("redact", "OUT/trace.json"),
    "check": ("check", "OUT/deployer.json", "--trace", "OUT/trace.json"),
    "diff": ("diff", "OUT/deployer.json", "OUT/deployer.json"),
    "explain": ("explain", "s3:CreateBucket", "OUT/trace.json"),
    "query": ("query", "denied-calls", "--from", "LOGS"),
    "permissions": ("permissions", "--from", "lookup"),
}


def line_of(name: str, results: Path) -> str:
    with demo.records_path() as logs:
        words = " ".join(TELLING[name]).replace("LOGS", f"'{logs}'").replace("OUT/", f"{results}/")
    return f"'{sys.executable}' -m tracer {words}"


@pytest.mark.parametrize("name", TELLING)
def test_a_reader_that_has_gone_is_no_error(name: str, results: Path):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        ("/bin/sh", "-c", f"exec {line_of(name, results)}"),
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full"], ids=["closed", "full"])
@pytest.mark.parametrize("name", ["run", "collect", "query"])
def test_a_result_comes_also_where_the_talk_goes_nowhere(name: str, where: str, results: Path):
    if "full" in where and not Path("/dev/full").exists():
        pytest.skip("needs a disk that is always full")
    line = line_of(name, results)
    told = subprocess.run(("/bin/sh", "-c", line), capture_output=True, check=True)
    done = subprocess.run(("/bin/sh", "-c", f"{line} {where}"), capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, told.stdout)
