"""`tracer query`: the questions, asked of log files and of Athena."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from athena_engine import DATABASE, Engine, athena
from runs.rest.run import records_path
from support import run_cli

from tracer import demo
from tracer.query.questions import questions

WINDOW = ("--since", "2026-11-03T09:00Z", "--until", "2026-11-03T09:30Z", "--region", demo.REGION)


@pytest.fixture(scope="module")
def logs() -> Iterator[Path]:
    with records_path() as folder:
        yield folder


def test_all_are_listed_with_what_they_ask():
    result = run_cli("query")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == [each.name for each in questions()]
    assert all(line.endswith("?") for line in result.stdout.splitlines())


def test_a_question_is_asked_of_log_files(logs: Path):
    result = run_cli("query", "denied-calls", "--from", logs, *WINDOW)
    assert result.exit_code == 0, result.stderr
    head, row = result.stdout.splitlines()
    assert head.startswith("principal ")
    assert "ecr.amazonaws.com  DescribeRepositories" in row
    assert "denied-calls: 1 row." in result.stderr


def test_every_bound_counts(logs: Path):
    def rows(*options: str) -> list[list[str]]:
        result = run_cli("query", "actions-by-principal", "--from", logs, "--as", "csv", *options)
        assert result.exit_code == 0, result.stderr
        return list(csv.reader(io.StringIO(result.stdout)))[1:]

    everything = rows()
    assert rows(*WINDOW) == everything
    assert 0 < len(rows("--since", "2026-11-03T09:15Z")) < len(everything)
    assert {row[0] for row in rows("--principal", demo.PRINCIPAL)} == {demo.PRINCIPAL}
    assert rows("--account", "999999999999") == []
    assert rows("--since", "2026-11-04") == []
    assert len(rows("--region", "eu-west-1")) == len(everything), "us-east-1 logs the global services of all"


def test_a_run_file_bounds_as_well(logs: Path, tmp_path: Path):
    run = {"since": "2026-11-03T09:15:00Z", "until": "2026-11-03T09:15:30Z", "principal": demo.PRINCIPAL}
    (tmp_path / "run.json").write_text(json.dumps(run))
    result = run_cli("query", "first-and-last-use", "--run", tmp_path / "run.json", "--from", logs, "--as", "json")
    rows = json.loads(result.stdout)
    assert rows
    assert all("2026-11-03T09:15:00Z" <= row["first"] <= row["last"] < "2026-11-03T09:15:30Z" for row in rows)


def test_the_file_s_name_says_how_the_rows_are_written(logs: Path, tmp_path: Path):
    for name in ("rows.csv", "rows.json", "rows.parquet", "rows"):
        assert run_cli("query", "role-chains", "--from", logs, "-o", tmp_path / name).exit_code == 0
    assert (tmp_path / "rows.csv").read_text().startswith("origin,principal,role,")
    assert json.loads((tmp_path / "rows.json").read_text())[0]["principal"] == "lambda.amazonaws.com"
    assert (tmp_path / "rows").read_text().startswith("origin  principal ")
    with duckdb.connect() as db:
        (count,) = db.execute(f"SELECT count(*) FROM '{tmp_path / 'rows.parquet'}'").fetchone() or ()  # noqa: S608 - our own path
    assert count == 1
    run_cli("query", "role-chains", "--from", logs, "-o", f"{tmp_path}/", "--as", "csv")
    assert (tmp_path / "role-chains.csv").read_text() == (tmp_path / "rows.csv").read_text()


def test_what_a_policy_grants_unused(logs: Path, tmp_path: Path):
    policy = tmp_path / "policy.json"
    statement = {
        "Effect": "Allow",
        "Action": ["dynamodb:CreateTable", "dynamodb:Scan", "iam:PassRole"],
        "Resource": "*",
    }
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    result = run_cli("query", "unused-permissions", "--from", logs, "--policy", policy, "--as", "json")
    assert [row["action"] for row in json.loads(result.stdout)] == ["dynamodb:Scan"]


def test_athena_gives_the_same(logs: Path, credentials: str, monkeypatch: pytest.MonkeyPatch):
    engine = Engine()
    engine.add("logs", logs, ("region", "timestamp"))
    with athena(engine, {"logs": ("region", "timestamp")}) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        result = run_cli("query", "calls-of-a-run", "--from", f"athena:{DATABASE}.logs", *WINDOW, "--as", "csv")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == run_cli("query", "calls-of-a-run", "--from", logs, *WINDOW, "--as", "csv").stdout
    assert f"Athena scanned 0 bytes of {DATABASE}.logs." in result.stderr
    ((query, parameters),) = engine.asked
    assert query.count("?") == len(parameters) == 8
    assert "2026" not in query
    assert "'us-east-1'" in parameters


def test_a_dry_run_prints_what_would_be_asked(tmp_path: Path):
    result = run_cli("query", "denied-calls", "--from", "athena:audit.logs", *WINDOW, "--dry-run")
    assert result.exit_code == 0
    assert result.stdout.startswith("-- Which calls did AWS refuse")
    assert '"audit"."logs"' in result.stdout
    assert "eventtime >= '2026-11-03T09:00:00Z'" in result.stdout
    assert "\"timestamp\" BETWEEN '2026/11/03' AND '2026/11/03'" in result.stdout
    assert result.stdout.endswith(";\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("who",), "there is no query 'who'"),
        (("denied-calls",), "--from is missing"),
        (("denied-calls", "--from", "-"), "--from -: a query is asked of log files on disk"),
        (("denied-calls", "--from", "s3://trail"), "aws s3 sync"),
        (("denied-calls", "--from", "logs", "--from", "athena:a.b"), "or of one table in Athena"),
        (("denied-calls", "--from", "athena:nothing"), "names no table"),
        (("denied-calls", "--from", "athena:audit.logs"), "--since is missing"),
        (("unused-permissions", "--from", "."), "the query needs granted"),
        (("denied-calls", "--from", "absent"), "absent does not exist"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_asked_is_told(arguments: tuple[str, ...], words: str, tmp_path: Path):
    result = run_cli("query", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


def test_a_policy_that_names_no_actions_is_told(logs: Path, tmp_path: Path):
    policy = tmp_path / "policy.json"
    statement = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    result = run_cli("query", "unused-permissions", "--from", logs, "--policy", policy)
    assert result.exit_code == 2
    assert "NotAction" in result.stderr
