"""Athena: its SQL is really executed (see `athena_engine`), on the log files that the files source reads; the same
trace has to come out. What AWS may answer besides goes through botocore's Stubber.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
import sqlglot
from athena_engine import DATABASE, Engine, athena
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber
from runs.rest.run import records_path
from sqlglot import exp
from support import ABSENT, assumed_role, forwarded, iam_user, record, root, run_cli, write_trail

from tracer import demo, pipeline
from tracer.collect.athena import AthenaSource, _call
from tracer.collect.athena_client import Table
from tracer.collect.files import FileSource
from tracer.errors import CollectError
from tracer.model.permission import UsedPermission
from tracer.model.run import DeployRun, TimeWindow, TraceOptions
from tracer.model.trace import Trace

TRAILS: Final = {
    "standard": ("region", "timestamp"),
    "organisation": ("account", "region", "timestamp"),
    "dated": ("year", "month", "day"),
    "bare": (),
}
"""Tables over the demo's trail, and their partition keys."""
TABLES: Final = {**TRAILS, "strange": (), "real": ()}
OF_THE_SOURCE: Final = {"COVERAGE_GAP", "INTEGRITY_UNCHECKED"}
ALL_EVIDENCE: Final = TraceOptions(evidence=None)
DAY: Final = TimeWindow(datetime(2026, 11, 3, 8, tzinfo=UTC), datetime(2026, 11, 3, 12, tzinfo=UTC))
DEPLOYER: Final = DeployRun(
    principals=(demo.PRINCIPAL,), window=DAY, regions=(demo.REGION,), service=demo.SERVICE, stage=demo.STAGE
)
ROLE: Final = "arn:aws:iam::123456789012:role/orders-dev-us-east-1-lambdaRole"


@pytest.fixture(scope="module")
def logs() -> Iterator[Path]:
    with records_path() as folder:
        yield folder


@pytest.fixture(scope="module")
def engine(logs: Path) -> Engine:
    made = Engine()
    for name, partitions in TRAILS.items():
        made.add(name, logs, partitions)
    return made


@pytest.fixture(scope="module")
def endpoint(engine: Engine) -> Iterator[str]:
    with athena(engine, TABLES) as url:
        yield url


@pytest.fixture
def client(endpoint: str, no_aws: None) -> Callable[[str, str | None], Any]:
    return lambda service, _: boto3.client(
        service,
        "us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key="x",  # noqa: S106
    )


def same(one: Trace, other: Trace) -> bool:
    """Equal but for what a query leaves out (the other principals' records) and what the source says of itself."""
    hidden = {"other_principal": 0, "outside_window": 0, "filtered_out": 0}
    return all(getattr(one, name) == getattr(other, name) for name in ("run", "permissions", "denied")) and replace(
        one.accounting, **hidden
    ) == replace(other.accounting, **hidden)


def lines(trace: Trace) -> set[tuple[str, str, str]]:
    def line(used: UsedPermission) -> tuple[str, str, str]:
        found = used.permission
        return str(found.section), str(found.action), str(found.resource)

    return {line(used) for used in trace.permissions}


NAMED: Final = {
    ("deployer", "cloudformation:CreateChangeSet", "arn:aws:cloudformation:us-east-1:123456789012:stack/orders-dev/*"),
    ("deployer", "iam:PassRole", ROLE),
    ("deployer", "dynamodb:CreateTable", "arn:aws:dynamodb:us-east-1:123456789012:table/orders-dev-orders"),
}


@pytest.mark.parametrize(
    ("table", "run", "least"),
    [
        *((table, DEPLOYER, 100) for table in TRAILS),
        (
            "organisation",
            replace(DEPLOYER, accounts=(demo.ACCOUNT,), event_sources=("cloudformation", "iam", "sts")),
            20,
        ),
        ("standard", replace(DEPLOYER, user_agents=("aws-sdk-nodejs",)), 100),
        ("standard", DeployRun(principals=(ROLE,), window=DAY), 1),
        ("standard", DeployRun(window=DAY), 100),
        ("bare", DeployRun(), 100),
    ],
    ids=[*TRAILS, "filters", "user-agent", "function-role", "everybody", "all"],
)
def test_the_trace_is_the_one_that_the_log_files_give(
    logs: Path, client: Callable[[str, str | None], Any], table: str, run: DeployRun, least: int
):
    files = pipeline.trace(FileSource([logs]), run, ALL_EVIDENCE)
    found = pipeline.trace(AthenaSource(Table(DATABASE, table), client), run, ALL_EVIDENCE)
    assert same(found, files)
    assert len(found.permissions) >= least
    assert {finding.code for finding in set(found.findings) - set(files.findings)} == OF_THE_SOURCE
    assert {finding.code for finding in set(files.findings) - set(found.findings)} == {"INTEGRITY_UNCHECKED"}


def test_named_permissions_come_out(client: Callable[[str, str | None], Any]):
    found = pipeline.trace(AthenaSource(Table(DATABASE, "standard"), client), DEPLOYER, ALL_EVIDENCE)
    assert lines(found) >= NAMED
    assert "function" in {section for section, _, _ in lines(found)}


def test_equal_calls_are_one_row_and_the_query_runs_once(
    engine: Engine, logs: Path, client: Callable[[str, str | None], Any]
):
    engine.asked.clear()
    source = AthenaSource(Table(DATABASE, "standard"), client)
    trace = pipeline.trace(source, DEPLOYER, ALL_EVIDENCE)
    ((query, parameters),) = engine.asked
    rows = len(engine.run(query, parameters)) - 1
    assert rows < trace.accounting.read * 0.8
    assert [row for row in source.records(DEPLOYER)] == [row for row in source.records(DEPLOYER)]  # noqa: C416


DAYS: Final = "\"timestamp\" >= '2026/11/02' AND \"timestamp\" <= '2026/11/03'"
REGIONS: Final = "\"region\" IN ('cn-north-1', 'us-east-1', 'us-gov-west-1', 'us-west-2')"
JOINED: Final = (
    "concat(lpad(CAST(\"year\" AS varchar), 4, '0'), '/', lpad(CAST(\"month\" AS varchar), 2, '0'), '/', "
    "lpad(CAST(\"day\" AS varchar), 2, '0'))"
)


@pytest.mark.parametrize(
    ("table", "bounds"),
    [
        ("standard", [DAYS, REGIONS]),
        ("organisation", [DAYS, "\"account\" IN ('123456789012')", REGIONS]),
        ("dated", [f"{JOINED} >= '2026/11/02' AND {JOINED} <= '2026/11/03'"]),
        ("bare", []),
    ],
    ids=TRAILS,
)
def test_partitions_bound_the_scan(client: Callable[[str, str | None], Any], table: str, bounds: list[str]):
    told: list[str] = []
    source = AthenaSource(Table(DATABASE, table), client, tell=told.append)
    run = replace(DEPLOYER, accounts=(demo.ACCOUNT,))
    condition = source.sql(run).partition("WHERE ")[2].partition("eventtime")[0]
    assert condition == "".join(f"{bound}\n  AND " for bound in bounds)
    assert list(source.records(run))
    warned = [] if bounds else [f"audit.{table} has no partition of the day: Athena scans all of it."]
    assert told == [*warned, f"Athena scanned 0 bytes of audit.{table}."]


@pytest.mark.parametrize(
    ("slack", "last"), [(timedelta(hours=1), "2026/11/03"), (timedelta(hours=13), "2026/11/04")], ids=["1h", "13h"]
)
def test_a_file_under_the_day_of_its_late_delivery_is_read(
    client: Callable[[str, str | None], Any], slack: timedelta, last: str
):
    sql = AthenaSource(Table(DATABASE, "standard"), client, slack=slack).sql(DEPLOYER)
    assert f"\"timestamp\" <= '{last}'" in sql


@pytest.mark.shared
@pytest.mark.parametrize("user", [None, "benjamin", "bert-jan"])
def test_real_records_give_the_same_trace(
    engine: Engine, shared_records: Path, client: Callable[[str, str | None], Any], user: str | None
):
    logs = shared_records / "trail"
    engine.add("real", logs, ())
    run = DeployRun(principals=(f"arn:aws:iam::123837392027:user/{user}",) if user else ())
    files = pipeline.trace(FileSource([logs]), run, ALL_EVIDENCE)
    found = pipeline.trace(AthenaSource(Table(DATABASE, "real"), client), run, ALL_EVIDENCE)
    assert same(found, files)
    assert len(found.permissions) > 50


HOSTILE: Final = "x' OR '1'='1; -- ?"
STRANGE: Final = iam_user("team'a/x\"y")
SESSION: Final = assumed_role("ci", HOSTILE.replace(" ", "_"), path="/ops/")
TABLE_ARN: Final = "arn:aws:dynamodb:us-east-1:123456789012:table/t"
CI: Final = "arn:aws:iam::123456789012:role/ops/ci"
RECORDS: Final = [
    record("CreateBucket", "s3.amazonaws.com", user=STRANGE, request={"bucketName": HOSTILE}),
    record("GetBucketTagging", "s3.amazonaws.com", user=STRANGE, request=None, error="Throttling"),
    record("PutObject", "s3.amazonaws.com", user=STRANGE, requestParameters="a bare string"),
    record("CreateTable", "dynamodb.amazonaws.com", user=STRANGE, requestParameters={"omitted": True}),
    record("DeleteTable", "dynamodb.amazonaws.com", user=STRANGE, resources=[{"ARN": TABLE_ARN, "type": "AWS::X"}]),
    record("UpdateTable", "dynamodb.amazonaws.com", user=STRANGE, readOnly=ABSENT, eventVersion=ABSENT),
    record("DeleteFunction20150331", "lambda.amazonaws.com", **forwarded(STRANGE), request={"name": "\u2019\n"}),
    record("AssumeRole", "sts.amazonaws.com", user=STRANGE, request={"roleArn": CI, "roleSessionName": "x"},
           response={"assumedRoleUser": {"arn": SESSION["arn"]}}),
    record("CreateQueue", "sqs.amazonaws.com", user=SESSION, request={"queueName": '\u0001\t"q'}),
    record("CreateTopic", "sns.amazonaws.com", user=root(), request={"name": "t"}),
    record("Publish", "sns.amazonaws.com", userIdentity=ABSENT),
]  # fmt: skip
STACK: Final = {"stackName": "s"}
POLLS: Final = [
    record("DescribeStacks", "cloudformation.amazonaws.com", user=STRANGE, request=STACK, eventID=f"poll-{number}")
    for number in range(50)
]


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Path:
    """A trail of strange records, one of them delivered twice; the table `strange` is over it."""
    folder = tmp_path_factory.mktemp("strange")
    write_trail(folder, [*RECORDS, *POLLS, RECORDS[0]])
    engine.add("strange", folder, TABLES["strange"])
    return folder


@pytest.mark.parametrize("principals", [(), (STRANGE["arn"],), (CI,)], ids=["everybody", "user", "role"])
def test_traps_16_to_18_strange_records_come_through(
    strange: Path, client: Callable[[str, str | None], Any], principals: tuple[str, ...]
):
    """Null, bare, masked and hostile parameters, absent fields, a duplicate, a forwarded call, a session's path."""
    run = DeployRun(principals=principals)
    files = pipeline.trace(FileSource([strange]), run, ALL_EVIDENCE)
    found = pipeline.trace(AthenaSource(Table(DATABASE, "strange"), client), run, ALL_EVIDENCE)
    assert same(found, files)
    assert ("sqs:CreateQueue", CI) in {(str(u.permission.action), u.permission.principal) for u in found.permissions}
    if CI not in principals:
        assert found.accounting.duplicate == 1
        counts = {str(used.permission.action): used.evidence.count for used in found.permissions}
        assert counts["cloudformation:DescribeStacks"] == len(POLLS)


def test_a_hostile_principal_is_a_value(strange: Path, client: Callable[[str, str | None], Any]):
    rows = AthenaSource(Table(DATABASE, "strange"), client).records(DeployRun(principals=(HOSTILE,)))
    assert {json.loads(row)["eventName"] for row in rows} == {"AssumeRole", "CreateQueue", "Publish"}


def test_a_row_that_holds_no_json_keeps_its_text():
    row = {"requestparameters": "{no", "responseelements": "text", "readonly": "maybe", "resources": "null"}
    assert _call(row) == {
        "requestParameters": "{no", "responseElements": "text", "readOnly": "maybe", "resources": None,
        "userIdentity": {},
    }  # fmt: skip


def test_a_dry_run_prints_the_sql_and_runs_nothing(
    engine: Engine, endpoint: str, no_aws: None, monkeypatch: pytest.MonkeyPatch
):
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    engine.asked.clear()
    arguments = ("--from", f"athena:{DATABASE}.standard", "--principal", "arn:aws:iam::123456789012:user/o'neill")
    for command in ("run", "collect", "reduce"):
        result = run_cli(command, *arguments, "--dry-run")
        assert (result.exit_code, result.stderr) == (0, "")
        assert sqlglot.parse_one(result.stdout, read="athena").find(exp.Group)
        assert "'arn:aws:iam::123456789012:user/o''neill'" in result.stdout
    assert engine.asked == []
    result = run_cli("collect", "--from", f"athena:{DATABASE}.standard", "--principal", demo.PRINCIPAL)
    assert result.exit_code == 0
    assert "Athena scanned 0 bytes" in result.stderr
    assert len(engine.asked) == 1


class Answers:
    """Stubbed clients of Glue and Athena, and what the source waited and told."""

    def __init__(self) -> None:
        made = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "x", "region_name": "us-east-1"}
        self.clients = {service: boto3.client(service, **made) for service in ("glue", "athena")}
        self.stubs = {service: Stubber(client) for service, client in self.clients.items()}
        for stub in self.stubs.values():
            stub.activate()
        self.sleeps: list[float] = []
        self.told: list[str] = []

    def source(self, workgroup: str | None = None) -> AthenaSource:
        table = Table("audit", "logs", workgroup)
        return AthenaSource(table, lambda name, _: self.clients[name], self.sleeps.append, tell=self.told.append)

    def table(self, *keys: str) -> None:
        columns = [{"Name": key, "Type": "string"} for key in keys]
        self.stubs["glue"].add_response("get_table", {"Table": {"Name": "logs", "PartitionKeys": columns}})

    def started(self, **expected: str) -> None:
        request = {"QueryString": _Any(), "ExecutionParameters": _Any(), "QueryExecutionContext": {"Database": "audit"}}
        answer = {"QueryExecutionId": "execution"}
        self.stubs["athena"].add_response("start_query_execution", answer, request | expected)

    def state(self, state: str, reason: str = "", scanned: int = 0) -> None:
        status = {"State": state} | ({"StateChangeReason": reason} if reason else {})
        answer = {"QueryExecution": {"Status": status, "Statistics": {"DataScannedInBytes": scanned}}}
        self.stubs["athena"].add_response("get_query_execution", answer, {"QueryExecutionId": "execution"})

    def page(self, *rows: list[str | None], then: str | None = None, token: str | None = None) -> None:
        cells = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in rows]
        answer = {"ResultSet": {"Rows": cells}} | ({"NextToken": then} if then else {})
        request = {"QueryExecutionId": "execution"} | ({"NextToken": token} if token else {})
        self.stubs["athena"].add_response("get_query_results", answer, request)

    def error(self, operation: str, code: str, message: str, service: str = "athena") -> None:
        self.stubs[service].add_client_error(operation, code, message)


class _Any:
    """Equal to everything."""

    def __eq__(self, _: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


@pytest.fixture
def answers(no_aws: None) -> Answers:
    return Answers()


def test_it_waits_reads_all_pages_and_tells_what_was_scanned(answers: Answers):
    answers.table("region", "timestamp")
    answers.started(WorkGroup="team-a")
    for _ in range(5):
        answers.state("RUNNING")
    answers.state("SUCCEEDED", scanned=12_345_678)
    answers.page(
        ["eventname", "events"], ["One", '[["2026-11-24T08:00:00Z","a"],["2026-11-24T08:00:01Z",null]]'], then="2"
    )
    answers.page(["Two", '[["2026-11-24T08:00:02Z","c"]]'], token="2", then="3")  # noqa: S106
    answers.page(token="3")  # noqa: S106
    records = [json.loads(row) for row in answers.source("team-a").records(DEPLOYER)]
    assert [(found["eventName"], found["eventTime"], found["eventID"]) for found in records] == [
        ("One", "2026-11-24T08:00:00Z", "a"),
        ("One", "2026-11-24T08:00:01Z", None),
        ("Two", "2026-11-24T08:00:02Z", "c"),
    ]
    assert answers.sleeps == [0.25, 0.5, 1.0, 2.0, 4.0]
    assert answers.told == ["Athena scanned 12.3 MB of audit.logs."]
    for stub in answers.stubs.values():
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("state", "reason", "hint"),
    [
        ("FAILED", "COLUMN_NOT_FOUND: line 3:3: Column 'eventcategory' cannot be resolved", "create_table.sql"),
        ("FAILED", "TABLE_NOT_FOUND: line 33:6: Table 'audit.logs' does not exist", "AWS_REGION"),
        ("FAILED", "Access Denied (Service: Amazon S3; Status Code: 403)", "tracer permissions --for athena"),
        ("CANCELLED", "Query cancelled! : Bytes scanned limit was exceeded", "narrow --since"),
        ("CANCELLED", "", ""),
    ],
)
def test_a_query_that_fails_is_told_with_athena_s_reason(answers: Answers, state: str, reason: str, hint: str):
    answers.table()
    answers.started()
    answers.state(state, reason)
    with pytest.raises(CollectError) as caught:
        list(answers.source().records(DEPLOYER))
    assert (reason or "no reason is given") in caught.value.message
    assert state.lower() in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("operation", "code", "message", "hint"),
    [
        ("start_query_execution", "InvalidRequestException", "No output location provided.", "query result location"),
        ("start_query_execution", "InvalidRequestException", "WorkGroup team-a is not found.", "before `@`"),
        ("start_query_execution", "AccessDeniedException", "is not authorized", "tracer permissions --for athena"),
        ("start_query_execution", "ExpiredTokenException", "expired", "log in again"),
    ],
    ids=["output", "workgroup", "denied", "expired"],
)
def test_what_aws_refuses_is_told_with_what_to_do(answers: Answers, operation: str, code: str, message: str, hint: str):
    answers.table("timestamp")
    answers.error(operation, code, message)
    with pytest.raises(CollectError) as caught:
        list(answers.source("team-a").records(DEPLOYER))
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("code", "hint"), [("EntityNotFoundException", "check the names"), ("AccessDeniedException", "tracer permissions")]
)
def test_a_table_that_cannot_be_looked_up_is_told(answers: Answers, code: str, hint: str):
    answers.error("get_table", code, "Entity Not Found", "glue")
    with pytest.raises(CollectError, match="glue:GetTable") as caught:
        answers.source().sql(DEPLOYER)
    assert hint in caught.value.hint


def test_denied_results_are_told(answers: Answers):
    answers.table("timestamp")
    answers.started()
    answers.state("SUCCEEDED")
    answers.error("get_query_results", "AccessDeniedException", "no")
    with pytest.raises(CollectError, match="athena:GetQueryResults"):
        list(answers.source().records(DEPLOYER))


def test_without_credentials_the_error_helps(no_aws: None):
    def broken(_: str, __: str | None) -> Any:  # noqa: ANN401 - as ClientFactory has it
        raise NoCredentialsError

    with pytest.raises(CollectError, match="no AWS credentials") as caught:
        list(AthenaSource(Table("audit", "logs"), broken).records(DEPLOYER))
    assert "AWS_PROFILE" in caught.value.hint


def test_a_query_that_is_given_up_is_stopped(answers: Answers):
    def given_up(_: float) -> None:
        raise KeyboardInterrupt

    answers.table("timestamp")
    answers.started()
    answers.state("RUNNING")
    answers.stubs["athena"].add_response("stop_query_execution", {}, {"QueryExecutionId": "execution"})
    with pytest.raises(KeyboardInterrupt):
        list(AthenaSource(Table("audit", "logs"), lambda name, _: answers.clients[name], given_up).records(DEPLOYER))
    answers.stubs["athena"].assert_no_pending_responses()
