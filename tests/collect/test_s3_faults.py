"""What goes wrong between here and S3, made by a proxy before a real one, and what it costs: nothing that was fetched.

The client tries each request once, so that all trying again is tracer's own; one test has botocore's tries as well.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support import ACCOUNT, record
from trail_bucket import Fault, Proxy, TrailBucket, client_of

from tracer.collect.bucket import GET, LIST, RETRY_WAITS
from tracer.collect.cache import LEFT_BEHIND, Cache
from tracer.collect.s3 import S3Source
from tracer.errors import CollectError
from tracer.model.run import DeployRun, TimeWindow

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
RUN = DeployRun(window=TimeWindow(START, START + timedelta(minutes=30)))
LETTERS = "ABCDEF"
LOGS = ".json.gz"
LISTING = "list-type=2"


@pytest.fixture
def trail(no_aws: None, endpoint: str) -> TrailBucket:
    """A bucket with a log file for each of LETTERS."""
    trail = TrailBucket(endpoint)
    for minutes, letter in enumerate(LETTERS):
        trail.deliver(START + timedelta(minutes=minutes), record(letter))
    return trail


class Reader:
    """Reads the bucket through the proxy, each time as a new process would: nothing is kept but the cache."""

    def __init__(self, trail: TrailBucket, proxy: Proxy, folder: Path) -> None:
        self.slept: list[float] = []
        self.folder = folder
        self.source: S3Source
        self._trail = trail
        self._proxy = proxy
        self.attempts = 1

    def new(self) -> S3Source:
        self.source = S3Source(
            f"s3://{self._trail.name}",
            cache=Cache(self.folder),
            client_factory=lambda *_: client_of(self._proxy.endpoint, self.attempts),
            sleep=self.slept.append,
        )
        return self.source

    def names(self) -> str:
        return "".join(json.loads(item)["eventName"] for item in self.new().records(RUN))  # type: ignore[arg-type]

    def gaps(self) -> list[str]:
        return [finding.message for finding in self.source.findings() if finding.code == "COVERAGE_GAP"][:-1]


@pytest.fixture
def reader(trail: TrailBucket, proxy: Proxy, tmp_path: Path) -> Reader:
    return Reader(trail, proxy, tmp_path / "cache")


# --- What passes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", [LOGS, LISTING], ids=["get", "list"])
@pytest.mark.parametrize("kind", ["SlowDown", "InternalError", "reset"])
def test_throttled_five_times_failed_or_broken_off_it_is_asked_again(
    reader: Reader, proxy: Proxy, kind: str, where: str
):
    proxy.faults = [Fault(kind, where, times=5)]
    assert reader.names() == LETTERS
    assert sum(reader.slept) >= 5 * min(RETRY_WAITS)
    assert len(proxy.gets) == len(LETTERS) + (5 if where == LOGS else 0)
    assert reader.gaps() == []


def test_a_listing_that_is_none_is_asked_for_again(reader: Reader, proxy: Proxy):
    proxy.faults = [Fault("garbage", LISTING, times=5)]
    assert reader.names() == LETTERS
    assert reader.slept == list(RETRY_WAITS)


@pytest.mark.parametrize("kind", ["SlowDown", "InternalError", "reset", "short"])
def test_one_object_that_fails_five_times_is_waited_for_longer_and_longer(reader: Reader, proxy: Proxy, kind: str):
    proxy.faults = [Fault(kind, "T0803Z", times=5)]
    assert reader.names() == LETTERS
    assert reader.slept == list(RETRY_WAITS)


def test_botocore_tries_again_first(reader: Reader, proxy: Proxy, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    reader.attempts = 5
    proxy.faults = [Fault("SlowDown", "T0803Z", times=5)]
    assert reader.names() == LETTERS
    assert reader.slept == [RETRY_WAITS[0]]


# --- What stops it, and how it goes on --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "words", "hint"),
    [
        ("SlowDown", f"failed {len(RETRY_WAITS) + 1} times", "try again later"),
        ("reset", f"failed {len(RETRY_WAITS) + 1} times", "try again later"),
        ("ExpiredToken", "the credentials have expired", "log in again"),
    ],
)
def test_what_goes_on_failing_is_told_and_the_next_run_goes_on(
    reader: Reader, proxy: Proxy, kind: str, words: str, hint: str
):
    fault = Fault(kind, "T0803Z")
    proxy.faults = [fault]
    with pytest.raises(CollectError, match=words) as caught:
        reader.names()
    assert hint in caught.value.hint
    assert "kept in the cache" in caught.value.hint
    got = set(proxy.gets)
    fault.times = 0
    proxy.asked.clear()
    assert reader.names() == LETTERS
    assert len(got) + len([line for line in proxy.gets if line not in got]) == len(LETTERS)
    assert [line for line in proxy.gets if "T0803Z" not in line and line in got] == [], "nothing is got twice"


@pytest.mark.parametrize(
    ("kind", "words", "hint"),
    [
        ("InvalidAccessKeyId", "does not know these credentials", "AWS_PROFILE"),
        ("RequestTimeTooSkewed", "clock is wrong", "set the clock"),
    ],
)
def test_what_is_wrong_with_the_credentials_is_told(reader: Reader, proxy: Proxy, kind: str, words: str, hint: str):
    proxy.faults = [Fault(kind, LISTING)]
    with pytest.raises(CollectError, match=words) as caught:
        reader.names()
    assert hint in caught.value.hint
    assert len(proxy.asked) == 1


def test_a_token_that_expires_in_the_middle_stops_a_source_that_then_goes_on_with_a_new_one(
    reader: Reader, proxy: Proxy
):
    """As a notebook has it: the same source is asked again, with a client of its own."""
    proxy.faults = [fault := Fault("ExpiredToken", "T0803Z")]
    source = reader.new()
    reading = source.records(RUN)
    first = [json.loads(next(reading))["eventName"] for _ in range(3)]  # type: ignore[arg-type]
    with pytest.raises(CollectError, match="expired"):
        next(reading)
    fault.times = 0
    assert first == list("ABC")
    assert [json.loads(item)["eventName"] for item in source.records(RUN)] == list(LETTERS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("prefix=AWSLogs/{}/CloudTrail/us-west-2/", (f"{LIST} was denied", "no call there is known")),
        ("/AWSLogs/{}/CloudTrail/us-west-2/", (f"{GET} was denied", "2 of 2 log files")),
    ],
    ids=["listing", "objects"],
)
def test_access_denied_on_one_region_is_a_finding_and_the_others_go_on(
    trail: TrailBucket, reader: Reader, proxy: Proxy, where: str, words: tuple[str, str]
):
    for minutes in (1, 2):
        trail.deliver(START + timedelta(minutes=minutes), record("West"), region="us-west-2")
    proxy.faults = [Fault("AccessDenied", where.format(ACCOUNT))]
    assert reader.names() == LETTERS
    (gap,) = reader.gaps()
    assert "us-west-2" in gap
    assert all(word in gap for word in words)


def test_access_denied_on_one_account_is_a_finding_and_the_others_go_on(
    trail: TrailBucket, reader: Reader, proxy: Proxy
):
    trail.deliver(START, record("Other"), account="210987654321")
    proxy.faults = [Fault("AccessDenied", "prefix=AWSLogs/210987654321/")]
    assert reader.names() == LETTERS
    (gap,) = reader.gaps()
    assert f"{trail.name}/AWSLogs/210987654321/CloudTrail/: {LIST} was denied" in gap


@pytest.mark.parametrize("where", ["prefix=&", f"{ACCOUNT}/CloudTrail/us-east-1"], ids=["bucket", "only-region"])
def test_access_denied_everywhere_is_an_error(reader: Reader, trail: TrailBucket, proxy: Proxy, where: str):
    proxy.faults = [Fault("AccessDenied", where)]
    with pytest.raises(CollectError, match=f"{LIST} was denied") as caught:
        reader.names()
    assert f"{LIST} on {trail.name}" in caught.value.hint


def test_an_object_that_is_deleted_between_list_and_get_is_a_finding(
    trail: TrailBucket, reader: Reader, monkeypatch: pytest.MonkeyPatch
):
    listed = S3Source._listed

    def listed_then_deleted(*arguments: Any) -> Any:  # noqa: ANN401 - those of _listed
        found = listed(*arguments)
        trail.delete(found[2].key)
        return found

    monkeypatch.setattr(S3Source, "_listed", listed_then_deleted)
    assert reader.names() == "ABDEF"
    (gap,) = reader.gaps()
    assert "1 of 6 log files of us-east-1" in gap
    assert "deleted after it was listed" in gap
    assert [json.loads(item)["eventName"] for item in reader.source.records(RUN)] == list("ABDEF")  # type: ignore[arg-type]


def test_an_object_that_is_replaced_between_list_and_get_is_a_finding(
    trail: TrailBucket, reader: Reader, monkeypatch: pytest.MonkeyPatch
):
    listed = S3Source._listed

    def listed_then_replaced(*arguments: Any) -> Any:  # noqa: ANN401 - those of _listed
        found = listed(*arguments)
        trail.put(found[2].key, b"another")
        return found

    monkeypatch.setattr(S3Source, "_listed", listed_then_replaced)
    assert reader.names() == "ABDEF"
    assert "replaced after it was listed" in reader.gaps()[0]


def test_an_archived_object_is_a_finding(reader: Reader, proxy: Proxy):
    proxy.faults = [Fault("InvalidObjectState", "T0803Z")]
    assert reader.names() == "ABCEF"
    assert "archived" in reader.gaps()[0]


def test_who_reads_no_further_leaves_no_thread_behind(reader: Reader):
    reading = reader.new().records(RUN)
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    for thread in threading.enumerate():
        if thread.name.startswith("tracer"):
            thread.join(10)
            assert not thread.is_alive()


# --- The disk ---------------------------------------------------------------------------------------------------------


FULL = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
sys.path.insert(0, sys.argv[4])
from trail_bucket import client_of
from tracer.collect.cache import Cache
from tracer.collect.s3 import S3Source
from tracer.errors import CollectError
from tracer.model.run import DeployRun

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[5]), resource.RLIM_INFINITY))
source = S3Source(sys.argv[1], cache=Cache(Path(sys.argv[2])), client_factory=lambda *_: client_of(sys.argv[3]))
try:
    print(len(list(source.records(DeployRun()))))
except CollectError as error:
    print(error.message)
    print(error.hint)
"""
TESTS = Path(__file__).parent.parent


def child(trail: TrailBucket, proxy: Proxy, folder: Path, limit: int) -> list[str]:
    return [
        sys.executable, "-c", FULL, f"s3://{trail.name}", str(folder), proxy.endpoint, str(TESTS), str(limit),
    ]  # fmt: skip


def whole_files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and file.parent.name != "unfinished"]


def test_a_full_disk_is_told_and_leaves_nothing_that_looks_whole(trail: TrailBucket, proxy: Proxy, reader: Reader):
    """A limit on the size of files makes the system refuse to write, in a process of its own, as a full disk does."""
    command = child(trail, proxy, reader.folder, limit=100)
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    message, hint = done.stdout.splitlines()
    assert message.startswith(f"the cache cannot keep what was fetched, in {reader.folder}: ")
    assert "--cache" in hint
    assert [file for file in reader.folder.rglob("*") if file.is_file()] == []
    assert reader.names() == LETTERS


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_device_says_so(reader: Reader, monkeypatch: pytest.MonkeyPatch):
    def full(**where: object) -> tuple[int, str]:
        return os.open("/dev/full", os.O_WRONLY), f"{where['dir']}/unfinished"

    monkeypatch.setattr("tracer.collect.cache.tempfile.mkstemp", full)
    with pytest.raises(CollectError, match="No space left on device"):
        reader.names()


def test_a_cache_that_cannot_be_made_is_told(reader: Reader):
    reader.folder.write_text("a file, and no folder")
    with pytest.raises(CollectError, match="the cache cannot keep") as caught:
        reader.names()
    assert "--cache" in caught.value.hint


def test_kill_9_in_the_middle_of_a_download_costs_only_what_was_under_way(
    trail: TrailBucket, proxy: Proxy, reader: Reader
):
    proxy.faults = [hang := Fault("hang", "T0803Z")]
    process = subprocess.Popen(child(trail, proxy, reader.folder, limit=-1))  # noqa: S603 - our own code
    try:
        others = len(LETTERS) - 1
        waited_until = time.monotonic() + 30
        while len(whole_files(reader.folder)) < others or not _unfinished(reader.folder):
            assert time.monotonic() < waited_until
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(_unfinished(reader.folder)) == 1, "what was under way is there, and is no entry"
    hang.times = 0
    proxy.asked.clear()
    assert reader.names() == LETTERS
    assert len(proxy.gets) == 1
    assert "T0803Z" in proxy.gets[0]


def test_what_a_killed_run_left_is_swept_a_day_later(reader: Reader):
    left = reader.folder / "unfinished" / "tmp1"
    fresh = reader.folder / "unfinished" / "tmp2"
    left.parent.mkdir(parents=True)
    for file in (left, fresh):
        file.write_bytes(b"half")
    os.utime(left, (time.time() - LEFT_BEHIND - 60,) * 2)
    assert reader.names() == LETTERS
    assert not left.exists()
    assert fresh.exists(), "it may be another run's"


def _unfinished(folder: Path) -> list[Path]:
    return list((folder / "unfinished").glob("*"))
