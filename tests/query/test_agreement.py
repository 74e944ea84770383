"""One question, two ways: tracer's DuckDB over log files, and Athena as it is asked over HTTP, give the same rows.

Behind the second stands another view of the same files, `tests/athena_engine.py`. What the rows must say is written
down here by hand, or is what reduce says of the same records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from athena_engine import DATABASE, Engine, athena
from query_support import VALUES, logs

from tracer import demo, pipeline
from tracer.collect.athena_client import Athena, Table
from tracer.collect.files import FileSource
from tracer.model.run import DeployRun, TraceOptions
from tracer.query import ask, duck
from tracer.query.questions import Row, question, questions

KEYS = ("region", "timestamp")
CREDENTIALS = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "x"}
NAMES = [each.name for each in questions()]

RUNS = ["rest", pytest.param("trail", marks=pytest.mark.shared), pytest.param("others", marks=pytest.mark.shared)]


@pytest.fixture(scope="module", params=RUNS)
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    with logs(request.param, tmp_path_factory.mktemp("logs")) as folder:
        yield request.param, folder


@pytest.fixture(scope="module")
def on_athena(log: tuple[str, Path]) -> Iterator[Callable[[str], list[Row]]]:
    engine = Engine()
    engine.add("logs", log[1], KEYS)
    with athena(engine, {"logs": KEYS}) as endpoint:

        def client(service: str, _: str | None) -> Any:  # noqa: ANN401 - as ClientFactory has it
            return boto3.client(service, "us-east-1", endpoint_url=endpoint, **CREDENTIALS)

        def answer(name: str) -> list[Row]:
            table, asked = Table(DATABASE, "logs"), question(name)
            return ask.answer(table, asked, asked.bound(VALUES[log[0]]), Athena(table, client))

        yield answer


def on_duckdb(log: tuple[str, Path], name: str) -> list[Row]:
    return duck.answer([str(log[1])], question(name).bound(VALUES[log[0]]), print)


@pytest.mark.parametrize("name", NAMES)
def test_the_engines_agree(log: tuple[str, Path], on_athena: Callable[[str], list[Row]], name: str):
    rows = on_duckdb(log, name)
    assert rows == on_athena(name)
    assert rows or (log[0], name) == ("trail", "role-chains")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Mapping[str, Any]]]:
    """The rows of the played run, by the columns' names."""

    def rows(name: str) -> list[Mapping[str, Any]]:
        with logs("rest", tmp_path_factory.mktemp("logs")) as folder:
            names = question(name).names
            return [dict(zip(names, row, strict=True)) for row in on_duckdb(("rest", folder), name)]

    return rows


def test_the_run_s_calls(asked: Callable[[str], list[Mapping[str, Any]]]):
    rows = asked("calls-of-a-run")
    (table,) = [row for row in rows if row["event"] == "CreateTable"]
    assert (table["principal"], table["via"], table["calls"]) == (demo.PRINCIPAL, "cloudformation.amazonaws.com", 1)
    assert '"tableName":' in table["request"]
    assert table["events"].count("-") == 4, "one eventID"
    assert max(len(row["events"].split()) for row in rows) == 3
    assert [row["first"] for row in rows] == sorted(row["first"] for row in rows)


def test_the_run_s_denied_call(asked: Callable[[str], list[Mapping[str, Any]]]):
    (row,) = asked("denied-calls")
    assert (row["source"], row["event"], row["error"]) == (
        "ecr.amazonaws.com",
        "DescribeRepositories",
        "AccessDeniedException",
    )
    assert "not authorized to perform: ecr:DescribeRepositories" in row["message"]


def test_the_run_s_forwarded_calls(asked: Callable[[str], list[Mapping[str, Any]]]):
    rows = asked("forwarded-calls")
    assert {"CreateTable", "CreateRole", "CreateFunction20150331"} <= {row["event"] for row in rows}
    assert "CreateChangeSet" not in {row["event"] for row in rows}, "that is the deployer's own"


def test_the_run_s_role_is_assumed_by_lambda(asked: Callable[[str], list[Mapping[str, Any]]]):
    (row,) = asked("role-chains")
    assert (row["principal"], row["role"]) == (
        "lambda.amazonaws.com",
        "arn:aws:iam::123456789012:role/orders-dev-us-east-1-lambdaRole",
    )


def test_the_run_s_events_by_principal_and_in_time(asked: Callable[[str], list[Mapping[str, Any]]]):
    by_principal = {(row["principal"], row["event"]): row for row in asked("actions-by-principal")}
    stacks = by_principal[demo.PRINCIPAL, "DescribeStacks"]
    assert 0 < stacks["failed"] < stacks["calls"]
    (use,) = [row for row in asked("first-and-last-use") if row["event"] == "CreateTable"]
    assert (use["calls"], use["principals"], use["regions"]) == (1, 1, 1)
    assert use["first"] == use["last"]


def test_what_the_run_did_not_use(asked: Callable[[str], list[Mapping[str, Any]]]):
    unused = {row["action"]: row["events"] for row in asked("unused-permissions")}
    assert unused["s3:DeleteBucketWebsite"].split() == [
        "s3-control.amazonaws.com|DeleteBucketWebsite",
        "s3.amazonaws.com|DeleteBucketWebsite",
    ]
    assert not {"iam:CreateRole", "lambda:CreateFunction", "s3:CreateBucket", "apigateway:POST"} & unused.keys()
    assert "iam:PassRole" not in unused, "no event tells"


def test_what_the_run_s_trail_does_not_log(asked: Callable[[str], list[Mapping[str, Any]]]):
    assert [row["source"] for row in asked("missing-data-events")] == [
        "dynamodb.amazonaws.com",
        "lambda.amazonaws.com",
        "s3.amazonaws.com",
    ]


def test_the_run_s_bytes(tmp_path: Path):
    with logs("rest", tmp_path) as folder:
        files = [path for path in folder.rglob("*.json.gz") if "CloudTrail-Digest" not in path.parts]
        size = sum(path.stat().st_size for path in files)
        (row,) = on_duckdb(("rest", folder), "bytes-per-partition")
    assert row == ("us-east-1", "2026/11/03", len(files), size, 258)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["rest", "trail", "others"])
def test_reduce_and_the_query_count_the_same_denials(tmp_path: Path, name: str):
    with logs(name, tmp_path) as folder:
        trace = pipeline.trace(FileSource([folder]), DeployRun(), TraceOptions())
        rows = duck.answer([str(folder)], question("denied-calls").bound({**VALUES[name], "principals": ()}), print)
    principals = {denial.principal for denial in trace.denied}
    told = [row for row in rows if row[0] in principals]
    assert sum(int(row[8] or 0) for row in told) == trace.accounting.denied
