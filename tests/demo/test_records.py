"""The records of both runs look like what AWS writes."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from foreseen import Foreseen, of_each_run
from runs.recorder import READS
from support import PROJECT

from tracer import demo

Records = list[dict[str, Any]]
Logs = dict[str, Records]

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


@pytest.fixture(scope="module", params=of_each_run())
def run(request: pytest.FixtureRequest):
    return request.param


@pytest.fixture(scope="module")
def logs(run: Foreseen, tmp_path_factory: pytest.TempPathFactory):
    """The records by log file."""
    folder = run.records(tmp_path_factory.mktemp("logs"))
    paths = sorted(folder.rglob("*_CloudTrail_*.json.gz"))
    return {path.name: json.loads(gzip.decompress(path.read_bytes()))["Records"] for path in paths}


@pytest.fixture(scope="module")
def records(logs: Logs):
    return [record for batch in logs.values() for record in batch]


def test_the_bundle_is_small():
    assert 0 < sum(path.stat().st_size for path in (PROJECT / "tracer/demo/records").rglob("*.gz")) < 200_000


@pytest.mark.parametrize("field", ALWAYS)
def test_every_record_has(field: str, records: Records):
    assert [record["eventName"] for record in records if field not in record] == []


def test_every_api_call_has_a_request_id(records: Records):
    assert all("requestID" in record for record in records if record["eventType"] == "AwsApiCall")


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
