"""CloudTrail Lake through botocore's Stubber: what is asked, what comes out, and what errors tell."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import Any, Final

import boto3
import pytest
import sqlglot
from botocore.exceptions import NoCredentialsError
from botocore.stub import ANY, Stubber
from runs.rest.run import records_path
from sqlglot import exp
from support import run_cli

from tracer import demo, pipeline
from tracer.collect.files import FileSource
from tracer.collect.lake import LakeSource
from tracer.errors import CollectError
from tracer.model.run import DeployRun, TimeWindow, TraceOptions

STORE: Final = "0f5c4a8e-2b1d-4f6a-9c3e-7d8b9a0c1d2e"
QUERY: Final = "7e1c0a52-5f3b-4d9e-8a61-2c4b6d8e0f13"
ARN: Final = f"arn:aws:cloudtrail:eu-west-1:123456789012:eventdatastore/{STORE}"
DAY: Final = TimeWindow(datetime(2026, 11, 3, 9, tzinfo=UTC), datetime(2026, 11, 3, 10, tzinfo=UTC))
RUN: Final = DeployRun(
    principals=(demo.PRINCIPAL,), window=DAY, regions=(demo.REGION,), service=demo.SERVICE, stage=demo.STAGE
)
HOSTILE: Final = "x' OR '1'='1; -- \\' ?"


class Lake:
    """A stubbed client, the regions that were asked for, and what the source waited and told."""

    def __init__(self) -> None:
        self.client = boto3.client(
            "cloudtrail",
            "us-east-1",
            aws_access_key_id="AKIAEXAMPLE",
            aws_secret_access_key="x",  # noqa: S106
        )
        self.stub = Stubber(self.client)
        self.stub.activate()
        self.regions: list[str | None] = []
        self.sleeps: list[float] = []
        self.told: list[str] = []

    def source(self, store: str = STORE) -> LakeSource:
        return LakeSource(store, self._client, self.sleeps.append, self.told.append)

    def _client(self, service: str, region: str | None) -> Any:  # noqa: ANN401 - as ClientFactory has it
        assert service == "cloudtrail"
        self.regions.append(region)
        return self.client

    def started(self, statement: object = ANY) -> None:
        self.stub.add_response("start_query", {"QueryId": QUERY}, {"QueryStatement": statement})

    def page(self, *events: str, state: str = "FINISHED", then: str | None = None, **request: str) -> None:
        answer: dict[str, Any] = {
            "QueryStatus": state,
            "QueryStatistics": {"BytesScanned": 4_200_000},
            "QueryResultRows": [[{"eventJson": event}] for event in events],
        }
        more = {"NextToken": then} if then else {}
        self.stub.add_response("get_query_results", answer | more, {"QueryId": QUERY, **request})


@pytest.fixture
def lake(no_aws: None) -> Lake:
    return Lake()


@pytest.fixture(scope="module")
def events() -> list[str]:
    """Every record of the demo's trail, as a store would hold it."""
    with records_path() as folder:
        files = sorted(folder.rglob("CloudTrail/**/*.json.gz"))
        return [
            json.dumps(item) for file in files for item in json.loads(gzip.decompress(file.read_bytes()))["Records"]
        ]


def test_the_trace_is_the_one_that_the_log_files_give(lake: Lake, events: list[str]):
    lake.started()
    lake.page(state="QUEUED")
    lake.page(state="RUNNING")
    lake.page(*events[:100], then="second")
    lake.page(*events[100:], NextToken="second")
    options = TraceOptions(evidence=None)
    found = pipeline.trace(lake.source(), RUN, options)
    with records_path() as folder:
        files = pipeline.trace(FileSource([folder]), RUN, options)
    assert (found.run, found.permissions, found.denied, found.accounting) == (
        files.run, files.permissions, files.denied, files.accounting,
    )  # fmt: skip
    named = {(str(used.permission.section), str(used.permission.action)) for used in found.permissions}
    assert named >= {
        ("deployer", "iam:PassRole"),
        ("deployer", "lambda:CreateFunction"),
        ("function", "logs:CreateLogStream"),
    }
    assert {finding.code for finding in set(found.findings) - set(files.findings)} == {"COVERAGE_GAP"}
    assert lake.sleeps == [0.25, 0.5]
    assert lake.told == ["CloudTrail Lake scanned 4.2 MB."]
    lake.stub.assert_no_pending_responses()


def test_the_query_names_the_store_and_the_run(lake: Lake):
    sql = lake.source(ARN).sql(RUN)
    assert sql.startswith(f"SELECT eventjson\nFROM {STORE}\nWHERE ")
    assert "eventtime >= '2026-11-02 21:00:00' AND eventtime < '2026-11-03 10:00:00'" in sql
    assert f"useridentity.arn IN ('{demo.PRINCIPAL}')" in sql
    assert lake.regions == []


def test_a_store_is_asked_in_its_own_region(lake: Lake):
    lake.started()
    lake.page()
    assert list(lake.source(ARN).records(RUN)) == []
    assert lake.regions == ["eu-west-1"]


@pytest.mark.parametrize("text", [HOSTILE, "'", "a\nb", "\u2019", "';--"])
def test_hostile_values_are_literals_and_nothing_else(lake: Lake, text: str):
    run = DeployRun(principals=(text,), regions=(text,), accounts=(text,), event_sources=(text,))
    # An id is no identifier in the grammar of others: Lake alone takes it as a table's name.
    (tree,) = sqlglot.parse(lake.source().sql(run).replace(STORE, '"store"'), read="presto")
    assert tree is not None
    strings = [literal.this for literal in tree.find_all(exp.Literal) if literal.is_string]
    assert strings.count(text) == 4
    plain = DeployRun(principals=("p",), regions=("r",), accounts=("a",), event_sources=("s",))
    other = sqlglot.parse_one(lake.source().sql(plain).replace(STORE, '"store"'), read="presto")
    assert [type(node) for node in tree.walk()] == [type(node) for node in other.walk()]


def test_what_a_store_holds_beside_records_is_counted(lake: Lake):
    lake.started()
    lake.page('{"eventName"', '{"eventName": "A", "eventSource": "s3.amazonaws.com"}', "")
    found = list(lake.source().records(RUN))
    assert len(found) == 3
    assert [json.loads(item)["eventName"] for item in found if isinstance(item, bytes)] == ["A"]


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED", "TIMED_OUT"])
def test_a_query_that_fails_is_told(lake: Lake, state: str):
    lake.started()
    answer = {"QueryStatus": state, "ErrorMessage": "the reason"}
    lake.stub.add_response("get_query_results", answer, {"QueryId": QUERY})
    with pytest.raises(CollectError, match=f"{state}.*the reason") as caught:
        list(lake.source().records(RUN))
    assert "--dry-run" in caught.value.hint


@pytest.mark.parametrize(
    ("code", "hint"),
    [("AccessDeniedException", "tracer permissions --for lake"), ("ExpiredTokenException", "log in again")],
)
def test_what_aws_refuses_is_told_with_what_to_do(lake: Lake, code: str, hint: str):
    lake.stub.add_client_error("start_query", code, "no")
    with pytest.raises(CollectError, match="cloudtrail:StartQuery") as caught:
        list(lake.source().records(RUN))
    assert hint in caught.value.hint


def test_results_that_are_refused_are_told(lake: Lake):
    lake.started()
    lake.stub.add_client_error("get_query_results", "AccessDeniedException", "no")
    with pytest.raises(CollectError, match="cloudtrail:GetQueryResults"):
        list(lake.source().records(RUN))


def test_without_credentials_the_error_helps(no_aws: None):
    def broken(_: str, __: str | None) -> Any:  # noqa: ANN401 - as ClientFactory has it
        raise NoCredentialsError

    with pytest.raises(CollectError, match="no AWS credentials"):
        list(LakeSource(STORE, broken).records(RUN))


def test_a_dry_run_prints_the_sql_and_needs_no_aws(no_aws: None):
    result = run_cli("run", "--from", f"lake:{STORE}", "--principal", "o'neill", "--dry-run")
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"FROM {STORE}\n" in result.stdout
    assert "'o''neill'" in result.stdout
