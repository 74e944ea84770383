from pathlib import Path

import pytest
from support import run_cli

from tracer.model.finding import Finding
from tracer.model.trace import Trace


@pytest.mark.parametrize("action", ["s3:CreateBucket", "S3:createbucket", "s3:Create*", "*"])
def test_what_stands_behind_an_action(action: str, trace_file: Path):
    result = run_cli("explain", action, trace_file)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "s3:CreateBucket on arn:aws:s3:::orders-dev-bucket\n" in result.stdout
    assert "  events    11111111-2222-3333-4444-555555555555\n" in result.stdout


def test_a_trace_may_be_piped_and_counts_once(trace_file: Path):
    piped = run_cli("explain", "s3:CreateBucket", stdin=trace_file.read_bytes())
    assert piped.stdout == run_cli("explain", "s3:CreateBucket", trace_file, trace_file).stdout


def test_nothing_is_known(trace_file: Path):
    result = run_cli("explain", "sqs:CreateQueue", trace_file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Nothing in the trace is about sqs:CreateQueue.")


@pytest.mark.parametrize("action", ["CreateBucket", "s3:", "s*:Get", ""])
def test_what_is_no_action_is_told(action: str, trace_file: Path):
    result = run_cli("explain", action, trace_file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "s3:CreateBucket" in result.stderr


@pytest.mark.parametrize("content", ["", "{}", '{"Statement": []}', "[" * 100_000])
def test_what_is_no_trace_is_told(content: str, tmp_path: Path):
    path = tmp_path / "trace.json"
    path.write_text(content)
    result = run_cli("explain", "s3:*", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert str(path) in result.stderr
    assert "tracer reduce" in result.stderr


@pytest.mark.parametrize("asked", ["arn:aws:s3:::orders-dev-bucket", "arn:aws:s3:::*"])
def test_what_stands_behind_a_resource(asked: str, trace_file: Path):
    result = run_cli("explain", asked, trace_file)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "s3:CreateBucket on arn:aws:s3:::orders-dev-bucket\n" in result.stdout
    assert "dynamodb" not in result.stdout


def test_what_the_trace_leaves_out_may_be_why_nothing_is_known(trace_file: Path):
    result = run_cli("explain", "arn:aws:s3:::other", trace_file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "2 of other principals" in result.stderr


def test_a_finding_is_found_by_the_action_that_the_event_stands_for(tmp_path: Path):
    finding = Finding("UNKNOWN_ACTION", "look", "monitoring.amazonaws.com", "PutThing", 1, ("event",))
    path = tmp_path / "trace.json"
    path.write_text(Trace(findings=(finding,)).to_json(), encoding="utf-8")
    result = run_cli("explain", "cloudwatch:PutThing", path)
    assert result.exit_code == 0
    assert "No permission for cloudwatch:PutThing is in the trace." in result.stdout
    assert "UNKNOWN_ACTION: look" in result.stdout
