from pathlib import Path

import pytest
from support import run_cli


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
