"""`tracer record`, and `tracer run --run` after it: a scripted deploy against moto's server, from end to end."""

# ruff: noqa: S603 - the commands are ours

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from event_history import EventHistory
from support import PROJECT, record, run_cli
from trail_bucket import TrailBucket

from tracer.collect import s3, waiting
from tracer.model.policy import Policy

DEPLOY = (sys.executable, str(Path(__file__).with_name("scripted_deploy.py")), "records.jsonl")
ROLE = "arn:aws:iam::123456789012:role/deploy"
CALLS = {
    "cloudformation:CreateStack", "cloudformation:DeleteStack", "dynamodb:CreateTable", "dynamodb:DeleteTable",
}  # fmt: skip


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> Iterator[EventHistory]:
    """An event history that CloudTrail's clients ask."""
    history = EventHistory()
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", history.endpoint)
    yield history
    history.close()


@pytest.fixture
def folder(credentials: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder to deploy from, with credentials."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_file(name: str) -> dict[str, Any]:
    return json.loads(Path(".tracer", "runs", f"{name}.json").read_text())


def deployed() -> list[dict[str, Any]]:
    """What the scripted deploy wrote down."""
    return [json.loads(line) for line in Path("records.jsonl").read_text().splitlines()]


def markers(run: dict[str, Any]) -> list[dict[str, Any]]:
    """The records of the calls that the recorder made after the run."""
    return [
        record("GetCallerIdentity", "sts.amazonaws.com", time=run["until"], region=region, requestID=request_id)
        for region, request_id in run["marker_request_ids"].items()
    ]


def actions(policy: str) -> set[str]:
    return {action for statement in Policy.from_json(policy).statements for action in statement.actions}


@pytest.mark.parametrize("options", [(), ("--assume-role", ROLE)], ids=["own-credentials", "session-of-a-role"])
def test_a_recorded_deploy_needs_no_further_option(
    folder: Path, history: EventHistory, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
):
    monkeypatch.setattr(waiting, "POLL", 0.01)
    recorded = run_cli("record", "--name", "first", *options, "--", *DEPLOY)
    assert recorded.exit_code == 0, recorded.stderr
    assert "Next: tracer run --run first " in recorded.stderr
    run = run_file("first")
    assert {item["userIdentity"]["arn"] for item in deployed()} == {run["principal"]}
    assert all("app/first" in item["userAgent"] for item in deployed()), "boto3 honours AWS_SDK_UA_APP_ID"
    others = record("DeleteTable", "dynamodb.amazonaws.com", time=run["since"], request={"tableName": "theirs"})
    history.records = [*deployed(), *markers(run), others]

    result = run_cli("run", "--run", "first")
    assert result.exit_code == 0, result.stderr
    assert actions(result.stdout) >= CALLS
    assert "orders" in result.stdout
    assert "theirs" not in result.stdout
    assert f"Principal: {run['principal']}, as the run first has it." in result.stderr
    assert "may be missing" not in result.stderr


def test_a_run_that_is_not_there_yet_is_waited_for(
    folder: Path, history: EventHistory, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(waiting, "POLL", 0.01)
    run_cli("record", "--name", "first", "--", *DEPLOY)
    history.records = [*deployed(), *markers(run_file("first"))]
    history.delivered_after = 5
    result = run_cli("run", "--run", "first", "--baseline", "none")
    assert result.exit_code == 0, result.stderr
    assert actions(result.stdout) >= CALLS
    lacking = "the run's last call is not there yet (us-east-1)"
    assert result.stderr.count(f"Waiting for CloudTrail, 20 minutes at most: {lacking}") == 1
    assert len(history.asked) == 8, "5 in vain, the marker, and the window twice"


def test_no_wait_says_what_may_be_missing(folder: Path, history: EventHistory):
    run_cli("record", "--name", "first", "--", *DEPLOY)
    history.records = deployed()
    result = run_cli("run", "--run", "first", "--no-wait", "--baseline", "none", "-o", "out/")
    assert result.exit_code == 0, result.stderr
    assert actions(Path("out/deployer.json").read_text()) >= CALLS
    told = "and the run's last call is not there yet (us-east-1): calls may be missing."
    assert told in result.stderr
    findings = json.loads(Path("out/trace.json").read_text())["findings"]
    assert [finding["code"] for finding in findings if told in finding["message"]] == ["COVERAGE_GAP"]


def test_a_trail_s_bucket_is_waited_for_as_well(
    folder: Path, sts: str, history: EventHistory, monkeypatch: pytest.MonkeyPatch
):
    """One server answers for STS and S3."""
    monkeypatch.setattr(waiting, "POLL", 0.01)
    monkeypatch.setattr(s3, "QUIET", timedelta())
    bucket = TrailBucket(sts)
    run_cli("record", "--name", "first", "--", *DEPLOY)
    run = run_file("first")
    delivered = datetime.fromisoformat(run["until"])
    bucket.deliver(delivered, *deployed())

    options = ("run", "--run", "first", "--from", f"s3://{bucket.name}", "--baseline", "none", "--cache", "kept")
    early = run_cli(*options, "--no-wait")
    assert early.exit_code == 0, early.stderr
    assert "the run's last call is not there yet (us-east-1): calls may be missing." in early.stderr
    bucket.deliver(delivered, *markers(run))
    result = run_cli(*options)
    assert result.exit_code == 0, result.stderr
    assert actions(result.stdout) >= CALLS
    assert "Waiting for CloudTrail, 20 minutes at most: more calls may be on their way" in result.stderr
    assert "may be missing." not in result.stderr
    assert history.asked == []


def test_the_history_is_not_asked_where_a_source_is_named(folder: Path, history: EventHistory):
    run_cli("record", "--name", "first", "--", *DEPLOY)
    result = run_cli("run", "--run", "first", "--from", "records.jsonl", "--baseline", "none")
    assert result.exit_code == 0, result.stderr
    assert actions(result.stdout) >= CALLS
    assert history.asked == []


def test_a_run_of_another_account_is_not_looked_up_with_these_credentials(folder: Path, history: EventHistory):
    run_cli("record", "--name", "first", "--", "true")
    path = Path(".tracer/runs/first.json")
    path.write_text(json.dumps(run_file("first") | {"account": "210987654321"}))
    result = run_cli("run", "--run", "first")
    assert result.exit_code == 2
    assert "was in the account 210987654321, and the credentials at hand are of 123456789012" in result.stderr
    assert history.asked == []


def test_the_deploy_may_go_elsewhere_than_the_environment_says(folder: Path, history: EventHistory):
    """Serverless goes to us-east-1 where its own configuration names no region, whatever AWS_REGION is."""
    run_cli("record", "--name", "first", "--", *DEPLOY)
    path = Path(".tracer/runs/first.json")
    path.write_text(json.dumps(run_file("first") | {"region": "eu-west-1"}))
    history.records = deployed()
    result = run_cli("run", "--run", "first", "--no-wait", "--baseline", "none")
    assert result.exit_code == 0, result.stderr
    assert actions(result.stdout) >= CALLS


@pytest.mark.parametrize("dashes", [("--",), ()], ids=["dashes", "none"])
def test_the_exit_code_is_the_deploys_and_its_options_are_its_own(folder: Path, dashes: tuple[str, ...]):
    result = run_cli("record", "--name", "first", *dashes, "sh", "-c", "exit 5", "--name", "other", "--help")
    assert result.exit_code == 5
    assert run_file("first")["exit_code"] == 5
    assert run_file("first")["command"][3:] == ["--name", "other", "--help"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing argument"),
        (("--name", "a/b", "--", "true"), "--name: 'a/b' is no name for a run"),
        (("--duration", "long", "--assume-role", ROLE, "--", "true"), "--duration: 'long' is no length of time"),
        (("--", "no-such-command"), "there is no command 'no-such-command'"),
    ],
    ids=["no-command", "no-name", "no-duration", "no-such-command"],
)
def test_what_cannot_be_recorded_is_told(folder: Path, arguments: tuple[str, ...], words: str):
    result = run_cli("record", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert not Path(".tracer").exists()


def as_process(*command: str, **options: object) -> subprocess.Popen[bytes]:
    arguments = (sys.executable, "-m", "tracer", "record", "--name", "first", "--", *command)
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    return subprocess.Popen(arguments, env=environment, start_new_session=True, **options)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_the_deploy_and_the_run_is_still_written(folder: Path, number: signal.Signals):
    with as_process("sh", "-c", "echo ready; exec sleep 30", stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(timeout=30) == 128 + number
    run = run_file("first")
    assert run["exit_code"] == 128 + number
    assert run["until"] > run["since"]
    assert run["marker_request_ids"]


def test_a_recorder_that_is_killed_leaves_a_run(folder: Path):
    with as_process("sh", "-c", "echo ready; exec sleep 30", stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
    run = run_file("first")
    assert {"since", "principal", "command"} <= run.keys()
    assert "until" not in run


def test_what_the_deploy_says_is_untouched(folder: Path):
    script = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()); sys.stderr.write('err')"
    with as_process(
        sys.executable, "-c", script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        out, err = process.communicate(b"\x1b[31m\xff", timeout=30)
        assert (out, process.returncode) == (b"\x1b[31m\xff", 0)
    assert b"err" in err


def test_a_dry_run_of_a_deploy_is_refused():
    result = run_cli("record", "--dry-run", "--", "false")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--dry-run" in result.stderr
