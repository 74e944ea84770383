"""The contract of sources: the same recorded run gives the same permissions, wherever its records come from.

The run is the demo's, with one data event beside it. Each source reads from a real place: a folder, S3 (moto's, over
HTTP), an event history (over HTTP), Athena (moto's, over HTTP, its SQL executed on the folder). CloudTrail Lake alone
answers through botocore's Stubber. What a source cannot hold is stated exactly, and permissions are named, so that
empty never equals empty.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
from athena_engine import DATABASE, Engine, athena
from botocore.stub import ANY, Stubber
from event_history import EventHistory
from runs.rest.run import records_path
from support import iam_user, record
from trail_bucket import TrailBucket, client_of, s3_server

from tracer import demo, pipeline
from tracer.collect.athena import AthenaSource
from tracer.collect.athena_client import Table
from tracer.collect.cache import Cache
from tracer.collect.combined import CombinedSource
from tracer.collect.files import FileSource
from tracer.collect.interface import RecordSource
from tracer.collect.lake import LakeSource
from tracer.collect.lookup import LookupSource
from tracer.collect.s3 import S3Source
from tracer.model.run import DeployRun, TimeWindow, TraceOptions
from tracer.model.trace import Trace

SINCE, UNTIL = datetime(2026, 11, 3, 9, 0, tzinfo=UTC), datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
RUN: Final = DeployRun(principals=(demo.PRINCIPAL,), window=TimeWindow(SINCE, UNTIL), regions=(demo.REGION,))
NOW: Final = datetime(2026, 11, 4, tzinfo=UTC)

KEYS: Final = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "x"}

DATA_EVENT: Final = record(
    "GetObject",
    "s3.amazonaws.com",
    user=iam_user(),
    time="2026-11-03T09:10:00Z",
    request={"bucketName": "reference-data", "key": "rates.csv"},
    eventCategory="Data",
    managementEvent=False,
)
OBSERVED_DATA: Final = ("s3:GetObject", "arn:aws:s3:::reference-data/rates.csv", "observed")

NAMED: Final = {
    ("cloudformation:CreateChangeSet", "deployer"),
    ("dynamodb:CreateTable", "deployer"),
    ("iam:CreateRole", "deployer"),
    ("iam:PassRole", "deployer"),
    ("lambda:CreateFunction", "deployer"),
    ("s3:CreateBucket", "deployer"),
    ("s3:PutObject", "deployer"),
    ("apigateway:POST", "deployer"),
}
"""Some that the run needs: direct ones and forwarded ones, implied and inferred ones."""


@dataclass(frozen=True)
class Recorded:
    """The run, where each source finds it."""

    folder: Path
    bucket: TrailBucket
    history: EventHistory
    endpoint: str
    athena_endpoint: str
    events: Sequence[Mapping[str, Any]]

    def files(self, _: Path) -> RecordSource:
        return FileSource([self.folder])

    def s3(self, scratch: Path) -> RecordSource:
        return S3Source(
            f"s3://{self.bucket.name}/logs",
            cache=Cache(scratch / "cache"),
            client_factory=lambda *_: client_of(self.endpoint),
        )

    def lookup(self, _: Path) -> RecordSource:
        def client(service: str, region: str | None) -> Any:  # noqa: ANN401 - as ClientFactory has it
            return boto3.client(service, region, endpoint_url=self.history.endpoint, **KEYS)

        return LookupSource([demo.REGION], client, sleep=lambda _: None, clock=lambda: NOW)

    def athena(self, _: Path) -> RecordSource:
        def client(service: str, _: str | None) -> Any:  # noqa: ANN401 - as ClientFactory has it
            return boto3.client(service, demo.REGION, endpoint_url=self.athena_endpoint, **KEYS)

        return AthenaSource(Table(DATABASE, "logs"), client)

    def lake(self, _: Path) -> RecordSource:
        client = boto3.client("cloudtrail", demo.REGION, **KEYS)
        stub, store = Stubber(client), "0f5c4a8e-2b1d-4f6a-9c3e-7d8b9a0c1d2e"
        stub.add_response("start_query", {"QueryId": store}, {"QueryStatement": ANY})
        found = [[{"eventjson": json.dumps(event)}] for event in self.events]
        for rows, token, then in ((found[:150], {}, {"NextToken": "more"}), (found[150:], {"NextToken": "more"}, {})):
            answer = {"QueryStatus": "FINISHED", "QueryResultRows": rows} | then
            stub.add_response("get_query_results", answer, {"QueryId": store} | token)
        stub.activate()
        return LakeSource(store, lambda *_: client)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    folder = tmp_path_factory.mktemp("logs")
    history = EventHistory()
    events: list[Mapping[str, Any]] = []
    with s3_server() as endpoint, records_path() as source:
        bucket = TrailBucket(endpoint, prefix="logs/")
        logs = {str(path.relative_to(source)): path.read_bytes() for path in source.rglob("*.gz")}
        late = bucket.key(datetime(2026, 11, 3, 9, 20, tzinfo=UTC)).removeprefix(bucket.prefix)
        logs[late] = gzip.compress(json.dumps({"Records": [DATA_EVENT]}).encode())
        for key, body in logs.items():
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            (folder / key).write_bytes(body)
            bucket.put(bucket.prefix + key, body)
            if "CloudTrail-Digest" not in key:
                events += [item for item in json.loads(gzip.decompress(body))["Records"] if item is not None]
        history.records += filter(_is_kept, events)
        engine = Engine()
        engine.add("logs", folder, ("region", "timestamp"))
        with athena(engine, {"logs": ("region", "timestamp")}) as athena_endpoint:
            yield Recorded(folder, bucket, history, endpoint, athena_endpoint, events)
    history.close()


def _is_kept(item: Mapping[str, Any]) -> bool:
    """Whether the event history shows it: management events alone, by their id."""
    return item.get("eventCategory", "Management") == "Management" and "eventID" in item


SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "files": ("files",),
    "s3": ("s3",),
    "lookup": ("lookup",),
    "athena": ("athena",),
    "lake": ("lake",),
    "files+s3": ("files", "s3"),
    "s3+lookup": ("s3", "lookup"),
    "lookup+s3+files": ("lookup", "s3", "files"),
    "athena+files": ("athena", "files"),
    "lake+athena+lookup": ("lake", "athena", "lookup"),
}


@pytest.fixture(scope="module")
def trace(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Trace]:
    """The trace of the run from the sources of that name in SOURCES."""
    known: dict[str, Trace] = {}

    def traced(name: str) -> Trace:
        if name not in known:
            scratch = tmp_path_factory.mktemp("scratch")
            opened = [getattr(recorded, each)(scratch) for each in SOURCES[name]]
            source = opened[0] if len(opened) == 1 else CombinedSource(opened)
            known[name] = pipeline.trace(source, RUN, TraceOptions(evidence=None))
        return known[name]

    return traced


def rows(trace: Trace) -> set[tuple[str, str, str]]:
    permissions = [used.permission for used in trace.permissions]
    return {(item.action.text, item.resource.text, item.basis.value) for item in permissions}


@pytest.mark.parametrize("name", SOURCES)
def test_named_permissions_come_out(trace: Callable[[str], Trace], name: str):
    found = {(used.permission.action.text, used.permission.section.value) for used in trace(name).permissions}
    assert found >= NAMED
    assert trace(name).accounting.used > 100
    assert trace(name).accounting.denied == 1


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in ("files", "lookup")])
def test_what_holds_all_records_gives_the_same_permissions_with_the_same_evidence(
    trace: Callable[[str], Trace], name: str
):
    assert trace(name).permissions == trace("files").permissions
    assert trace(name).denied == trace("files").denied
    assert OBSERVED_DATA in rows(trace(name))


def test_the_event_history_gives_the_same_but_for_data_events(trace: Callable[[str], Trace]):
    assert rows(trace("files")) - rows(trace("lookup")) == {OBSERVED_DATA}
    assert rows(trace("lookup")) - rows(trace("files")) == set()
    assert [message for message in gaps(trace("lookup")) if "no data events" in message]


@pytest.mark.parametrize("name", [name for name in SOURCES if "+" in name])
def test_trap_16_what_two_sources_hold_is_counted_once(trace: Callable[[str], Trace], name: str):
    alone, together = trace("files").accounting, trace(name).accounting
    assert (together.used, together.denied, together.unmapped) == (alone.used, alone.denied, alone.unmapped)
    assert together.duplicate > alone.duplicate
    assert not [finding for finding in trace(name).findings if finding.code == "CONFLICTING_DUPLICATE"]


@pytest.mark.parametrize("name", SOURCES)
def test_where_log_files_could_have_been_checked_the_trace_says_that_they_were_not(
    trace: Callable[[str], Trace], name: str
):
    """CloudTrail itself answers for its event history and for CloudTrail Lake: no digest lists what they hold."""
    unchecked = [finding for finding in trace(name).findings if finding.code == "INTEGRITY_UNCHECKED"]
    assert len(unchecked) == len({"files", "s3", "athena"} & set(SOURCES[name]))


def test_a_bucket_s_trace_tells_how_far_it_was_read(trace: Callable[[str], Trace]):
    assert [message for message in gaps(trace("s3")) if "delivered up to 2026-11-03T10:30Z: calls" in message]


def gaps(trace: Trace) -> Sequence[str]:
    return [finding.message for finding in trace.findings if finding.code == "COVERAGE_GAP"]
