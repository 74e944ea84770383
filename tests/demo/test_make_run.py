"""The bundled run is what its generator writes, and looks like what AWS writes."""

from __future__ import annotations

import ast
import gzip
import hashlib
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from demo.make_run import DUPLICATES, write
from demo.recorder import READS
from support import PROJECT

from tracer import demo

Records = list[dict[str, Any]]
Logs = dict[str, Records]
Files = dict[str, bytes]

ALWAYS = (
    "eventTime",
    "eventVersion",
    "userIdentity",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "requestParameters",
    "responseElements",
    "eventID",
    "eventType",
    "eventCategory",
)
"""https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html; requestID
stands in records of API calls."""
NEVER = {"PassRole", "PutObject", "GetObject", "HeadObject", "HeadBucket", "ListObjectsV2", "DeleteObjects", "Invoke"}
"""What a trail with default settings does not log: data events, and what is no call."""


@pytest.fixture(scope="module")
def folder():
    with demo.records_path() as path:
        yield path


@pytest.fixture(scope="module")
def files(folder: Path):
    """Uncompressed content by key."""
    return contents(folder)


@pytest.fixture(scope="module")
def logs(files: Files):
    """The records by log file."""
    return {key: json.loads(content)["Records"] for key, content in files.items() if "/CloudTrail/" in key}


@pytest.fixture(scope="module")
def records(logs: Logs):
    return [record for batch in logs.values() for record in batch]


def contents(folder: Path) -> Files:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): gzip.decompress(path.read_bytes()) for path in paths}


def test_the_bundled_run_is_what_the_generator_writes(files: Files, tmp_path: Path):
    # Uncompressed: the compressed bytes are those of the zlib that Python was built with.
    write(tmp_path)
    assert contents(tmp_path) == files


def test_a_second_run_writes_the_same_bytes(tmp_path: Path):
    write(tmp_path / "one")
    write(tmp_path / "two")
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.gz")} for name in ("one", "two"))
    assert one == two


def test_another_seed_makes_another_run(files: Files, tmp_path: Path):
    write(tmp_path, seed=1)
    assert not set(contents(tmp_path)) & {key for key in files if "/CloudTrail/" in key}


@pytest.mark.parametrize("module", ["make_run", "recorder", "serverless", "stack", "surroundings"])
def test_the_generator_imports_nothing_of_tracer(module: str):
    tree = ast.parse((PROJECT / "tests" / "demo" / f"{module}.py").read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported
    assert not [name for name in imported if name.split(".")[0] in ("tracer", "support")]


def test_the_bundle_is_small(folder: Path):
    assert sum(path.stat().st_size for path in folder.rglob("*.gz")) < 200_000


@pytest.mark.parametrize("field", ALWAYS)
def test_every_record_has(field: str, records: Records):
    assert [record["eventName"] for record in records if field not in record] == []


def test_every_api_call_has_a_request_id(records: Records):
    assert all("requestID" in record for record in records if record["eventType"] == "AwsApiCall")


def test_the_wanted_duplicates_and_no_others(records: Records):
    times = Counter(record["eventID"] for record in records)
    assert Counter(times.values()) == {1: len(times) - DUPLICATES, 2: DUPLICATES}


def test_duplicates_are_equal_and_in_two_files(logs: Logs):
    where: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for key, batch in logs.items():
        for record in batch:
            where.setdefault(record["eventID"], []).append((key, record))
    twice = [copies for copies in where.values() if len(copies) == 2]
    assert twice
    assert all(one[0] != two[0] and one[1] == two[1] for one, two in twice)


def test_only_writes_have_response_elements(records: Records):
    reads = [record for record in records if record["readOnly"] and record["eventName"] != "AssumeRole"]
    assert reads
    assert all(record["responseElements"] is None for record in reads)
    assert all(record["readOnly"] == record["eventName"].startswith(READS) for record in records)


def test_nothing_that_a_default_trail_does_not_log(records: Records):
    assert not NEVER & {record["eventName"] for record in records}
    assert all(record["eventCategory"] == "Management" for record in records)


def test_forwarded_calls_carry_keys_of_their_own(records: Records):
    mine = [record for record in records if record["userIdentity"].get("arn") == demo.PRINCIPAL]
    forwarded = [record for record in mine if "invokedBy" in record["userIdentity"]]
    direct = {record["userIdentity"]["accessKeyId"] for record in mine if record not in forwarded}
    assert len(direct) == 1
    assert all(record["userIdentity"]["accessKeyId"].startswith("ASIA") for record in forwarded)
    assert len({record["userIdentity"]["principalId"] for record in mine}) == 1
    for field in ("sourceIPAddress", "userAgent"):
        assert {record[field] for record in forwarded} == {"cloudformation.amazonaws.com"}


def test_records_lie_out_of_order(logs: Logs):
    for batch in logs.values():
        times = [record["eventTime"] for record in batch]
        assert len(times) < 5 or times != sorted(times)


def test_records_are_delivered_after_the_call(logs: Logs):
    for key, batch in logs.items():
        delivered = datetime.strptime(key.split("_")[-2], "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
        assert all(datetime.fromisoformat(record["eventTime"]) <= delivered for record in batch)


def test_the_digest_lists_the_logs_with_their_hashes(files: Files, logs: Logs):
    (digest,) = (json.loads(content) for key, content in files.items() if "/CloudTrail-Digest/" in key)
    listed = {log["s3Object"]: log["hashValue"] for log in digest["logFiles"]}
    assert listed == {key: hashlib.sha256(files[key]).hexdigest() for key in logs}
