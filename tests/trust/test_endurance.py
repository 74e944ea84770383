"""What is told apart from a crowd in constant memory, and from a bucket that fails now and then in the same bytes.

The short forms run with all tests; `make endurance` (`--endurance`) reads 50 million records, and the bucket a thousand
times. The figures are printed: `-s` shows them.
"""

# ruff: noqa: S603 - the commands are ours

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from runs.rest.run import records_path
from support import ACCOUNT, REGION, assumed_role, aws_service, iam_user, record
from trail_bucket import Proxy, TrailBucket, client_of, s3_server

from tracer import demo, pipeline
from tracer.collect.cache import Cache
from tracer.collect.s3 import S3Source
from tracer.model.run import DeployRun, TraceOptions

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="memory is measured as POSIX does")

PER_FILE: Final = 5_000
CHOSEN_PER_FILE: Final = PER_FILE // 2
NAMES: Final = 20
START: Final = datetime(2026, 11, 24, tzinfo=UTC)
SPREAD: Final = 25
"""By how many MB the peaks of equal runs differ: how many texts the threads hold at once is theirs to say."""
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/platform"

CALLS: Final = (
    ("GetFunction20150331v2", "lambda.amazonaws.com", "functionName"),
    ("CreateBucket", "s3.amazonaws.com", "bucketName"),
    ("DescribeTable", "dynamodb.amazonaws.com", "tableName"),
    ("GetRole", "iam.amazonaws.com", "roleName"),
    ("DescribeStacks", "cloudformation.amazonaws.com", "stackName"),
)
OTHERS: Final = (iam_user("jane"), assumed_role("analytics", "emr"), aws_service("config.amazonaws.com"))

MEASURED: Final = """
import os, sys, time
began = time.monotonic()
_, status, used = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
print(used.ru_maxrss, time.monotonic() - began)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A process between pytest and the command: a child is said to have used what its parent had when it was started."""


@dataclass(frozen=True)
class Endured:
    """What reading a trail took: the peak of its memory in MB, and seconds; and the trace's accounting."""

    megabytes: float
    seconds: float
    accounting: dict[str, int]


def write_trail(folder: Path, records: int, chosen: int) -> None:
    """A trail of so many records, in files of PER_FILE; `chosen` of them are ROLE's, each with an eventID of its own,
    in files spread among the others. Those are one file under many names.
    """
    folder.mkdir()
    files, mixed = records // PER_FILE, -(-chosen // CHOSEN_PER_FILE)
    crowd = folder.parent / "crowd.gz"
    crowd.write_bytes(_file(_record(number, OTHERS[number % len(OTHERS)]) for number in range(PER_FILE)))
    for number in range(files):
        moment = START + timedelta(seconds=number)
        path = folder / f"{ACCOUNT}_CloudTrail_{REGION}_{moment:%Y%m%dT%H%MZ}_{number:016}.json.gz"
        turn = number * mixed // files
        if turn == (number - 1) * mixed // files and number:
            os.link(crowd, path)
            continue
        left = min(CHOSEN_PER_FILE, chosen - turn * CHOSEN_PER_FILE)
        few = range(turn * CHOSEN_PER_FILE, turn * CHOSEN_PER_FILE + left)
        many = range(PER_FILE - left)
        path.write_bytes(_file((*_chosen(few), *(_record(other, OTHERS[other % len(OTHERS)]) for other in many))))


def _chosen(numbers: range) -> Iterator[bytes]:
    return (_record(number, assumed_role("platform", "ci")) for number in numbers)


def _record(number: int, caller: dict[str, Any]) -> bytes:
    event, source, parameter = CALLS[number % len(CALLS)]
    content = record(
        event, source, user=caller, request={parameter: f"orders-{number % NAMES}"},
        eventID=str(uuid.UUID(int=number, version=4)), requestID=str(uuid.UUID(int=number, version=4)),
        additionalEventData={"SignatureVersion": "SigV4", "x-amz-id-2": f"{number:080x}"},
        tlsDetails={"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader": "a"},
    )  # fmt: skip
    return json.dumps(content, separators=(",", ":")).encode()


def _file(records: Any) -> bytes:  # noqa: ANN401 - any iterable of bytes
    return gzip.compress(b'{"Records":[%b]}' % b",".join(records), 6, mtime=0)


def reduced(folder: Path) -> Endured:
    """`tracer reduce` on a trail, as one process."""
    out = folder.parent / f"{folder.name}.json"
    command = (sys.executable, "-m", "tracer", "reduce", "--from", str(folder), "--principal", ROLE, "-o", str(out))
    done = subprocess.run((sys.executable, "-c", MEASURED, *command), capture_output=True, text=True, check=True)
    kilobytes, seconds = done.stdout.split()
    return Endured(int(kilobytes) / 1024, float(seconds), json.loads(out.read_bytes())["accounting"])


# --- A crowd ----------------------------------------------------------------------------------------------------------


def test_memory_is_that_of_what_is_selected_however_many_records_there_are(tmp_path: Path, pytestconfig: pytest.Config):
    long = pytestconfig.getoption("--endurance")
    chosen = 100_000 if long else 2_500
    endured: list[Endured] = []
    for records in (1_000_000, 10_000_000, 50_000_000) if long else (200_000, 600_000):
        write_trail(tmp_path / str(records), records, chosen)
        endured.append(reduced(tmp_path / str(records)))
        figures = f"{endured[-1].seconds:.1f} s, peak {endured[-1].megabytes:.0f} MB"
        print(f"{records:,} records, {chosen:,} of them selected: {figures}", flush=True)  # noqa: T201
        told = {bin_: count for bin_, count in endured[-1].accounting.items() if count}
        assert told == {"read": records, "other_principal": records - chosen, "used": chosen}
    assert endured[-1].megabytes < 1.2 * endured[0].megabytes + SPREAD


# --- A bucket that fails ----------------------------------------------------------------------------------------------

OFTEN: Final = 0.05
FAULTS: Final = ("SlowDown", "InternalError", "reset", "short")
"""Throttling, an error of the server, a connection that breaks off in mid-body, a body that lacks its half."""
RUN: Final = DeployRun(principals=(demo.PRINCIPAL,))


class Flaky(Proxy):
    """Of each request it is drawn whether it fails: by the seed, what is asked for, and how often it was before; the
    order in which the source's threads ask says nothing.
    """

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.seed = 0
        self.failed = 0

    def fault(self, line: str) -> str | None:
        super().fault(line)
        if not self.seed:
            return None
        draw = random.Random(f"{self.seed} {self.asked.count(line)} {line}")  # noqa: S311 - faults, and no secrets
        kind = draw.choice(FAULTS) if draw.random() < OFTEN else None
        self.failed += kind is not None
        return kind


@pytest.fixture(scope="module")
def trail() -> Iterator[tuple[str, str]]:
    """The demo's log files in a bucket: its endpoint, and its name."""
    with s3_server() as endpoint, records_path() as records:
        trail = TrailBucket(endpoint)
        for path in records.rglob("*.gz"):
            trail.put(str(path.relative_to(records)), path.read_bytes())
        yield endpoint, trail.name


def source_of(client: object, bucket: str, folder: Path) -> S3Source:
    """The bucket, as a new process would read it: nothing is kept but the cache."""
    return S3Source(f"s3://{bucket}", cache=Cache(folder), client_factory=lambda *_: client, sleep=lambda _: None)


def traced(source: S3Source) -> str:
    return pipeline.trace(source, RUN, TraceOptions()).to_json()


def test_the_trace_is_the_same_whatever_fails_and_no_object_is_got_twice(
    trail: tuple[str, str], tmp_path: Path, pytestconfig: pytest.Config
):
    endpoint, bucket = trail
    runs = 1_000 if pytestconfig.getoption("--endurance") else 20
    proxy = Flaky(endpoint)
    client = client_of(proxy.endpoint)
    whole = traced(source_of(client, bucket, tmp_path / "whole"))
    records = len(list(source_of(client, bucket, tmp_path / "whole").records(RUN)))
    objects = sorted(proxy.gets)
    for proxy.seed in range(1, runs + 1):
        proxy.asked.clear()
        proxy.answered.clear()
        assert traced(source_of(client, bucket, tmp_path / str(proxy.seed))) == whole
        assert sorted(line for line in proxy.answered if line in objects) == objects, "each once"
        proxy.asked.clear()
        assert len(list(source_of(client, bucket, tmp_path / str(proxy.seed)).records(RUN))) == records
        assert proxy.gets == [], "the cache has them"
    proxy.close()
    figures = f"{proxy.failed:,} requests failed, {runs * len(objects):,} objects were got once each"
    print(f"{runs:,} runs on a bucket that fails: {figures}", flush=True)  # noqa: T201
    assert proxy.failed
