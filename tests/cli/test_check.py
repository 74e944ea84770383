from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from support import run_cli

from tracer.model.policy import Conditions, Policy, Statement

BUCKET = Statement(actions=("s3:CreateBucket",), resources=("arn:aws:s3:::orders-dev-bucket",))
TABLE = Statement(
    actions=("dynamodb:CreateTable",), resources=("arn:aws:dynamodb:us-east-1:123456789012:table/orders",)
)
MORE = Statement(actions=("sqs:CreateQueue",), resources=("*",))
DENY = Statement(effect="Deny", actions=("s3:*",), resources=("*",))


@pytest.mark.parametrize(
    ("statements", "options", "exit_code", "told"),
    [
        ((BUCKET, TABLE), (), 0, ("Missing: 0 permissions", "Granted beyond the trace: 0 grants")),
        ((BUCKET,), (), 1, ("Missing: 1 permission\n  dynamodb:CreateTable on arn:aws:dynamodb:",)),
        ((BUCKET, TABLE, MORE), (), 0, ("beyond the trace: 1 grant\n  sqs:CreateQueue on *\n      statement 3 of ",)),
        ((BUCKET, TABLE, MORE), ("--no-excess",), 1, ("beyond the trace: 1 grant",)),
        ((BUCKET, TABLE), ("--no-excess", "--strict"), 0, ("Missing: 0 permissions",)),
        ((BUCKET, TABLE, DENY), (), 1, ("s3:CreateBucket on ", "granted, but a Deny takes it away, or may")),
    ],
    ids=["exact", "missing", "excess", "no-excess", "exact-no-excess", "denied"],
)
def test_a_policy_against_a_trace(
    statements: tuple[Statement, ...],
    options: tuple[str, ...],
    exit_code: int,
    told: tuple[str, ...],
    trace_file: Path,
    tmp_path: Path,
):
    policy = tmp_path / "policy.json"
    policy.write_text(Policy(statements).to_json())
    result = run_cli("check", policy, "--trace", trace_file, *options)
    assert result.exit_code == exit_code
    assert all(words in result.stdout for words in told)


def test_several_policies_count_together_and_the_trace_may_be_piped(trace_file: Path, tmp_path: Path):
    paths = [tmp_path / "one.json", tmp_path / "two.json"]
    for path, statement in zip(paths, (BUCKET, TABLE), strict=True):
        path.write_text(Policy((statement,)).to_json())
    result = run_cli("check", *paths, "--no-excess", stdin=trace_file.read_bytes())
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"{", "not JSON"), (b"[]", "Statement"), (b"\xff\xfe", "not text in UTF-8"), (None, "No such file or directory")],
    ids=["no-json", "no-policy", "no-text", "no-file"],
)
def test_what_is_no_policy_is_told(content: bytes | None, words: str, trace_file: Path, tmp_path: Path):
    path = tmp_path / "policy.json"
    if content is not None:
        path.write_bytes(content)
    result = run_cli("check", path, "--trace", trace_file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert str(path) in result.stderr
    assert words in result.stderr


def test_what_can_grant_nothing_is_told(trace_file: Path, tmp_path: Path):
    policy = tmp_path / "policy.json"
    dead = Statement(actions=("ec2:DescribeVpcs",), resources=("arn:aws:ec2:*:*:vpc/*",))
    policy.write_text(Policy((BUCKET, TABLE, dead)).to_json())
    result = run_cli("check", policy, "--trace", trace_file)
    assert "Granting nothing: 1\n  ec2:DescribeVpcs\n      statement 3 of " in result.stdout


def test_a_condition_operator_that_is_unknown_is_an_error(trace_file: Path, tmp_path: Path):
    policy = tmp_path / "policy.json"
    odd = Statement(actions=("*",), resources=("*",), conditions=Conditions.of("StringIsh", "aws:username", "a"))
    policy.write_text(Policy((odd,)).to_json())
    result = run_cli("check", policy, "--trace", trace_file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'StringIsh'" in result.stderr


def test_against_is_a_question_to_aws(trace_file: Path, tmp_path: Path):
    policy = tmp_path / "policy.json"
    policy.write_text(Policy((BUCKET,)).to_json())
    result = run_cli("check", policy, "--trace", trace_file, "--against", policy)
    assert result.exit_code == 2
    assert "add --aws" in result.stderr


@pytest.mark.parametrize(
    ("severity", "verdict", "decision", "exit_code"),
    [("WARNING", "PASS", "allowed", 0), ("ERROR", "PASS", "allowed", 1), ("WARNING", "FAIL", "allowed", 1),
     ("WARNING", "PASS", "implicitDeny", 1)],
    ids=["fine", "an-error", "new-access", "refused"],
)  # fmt: skip
def test_aws_is_asked(
    severity: str,
    verdict: str,
    decision: str,
    exit_code: int,
    trace_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    clients = {
        name: boto3.client(name, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")  # noqa: S106
        for name in ("accessanalyzer", "iam")
    }
    monkeypatch.setattr("tracer.collect.aws.new_client", lambda service, region: clients[service])
    policy = tmp_path / "policy.json"
    policy.write_text(Policy((BUCKET, TABLE)).to_json())
    remark = {
        "findingType": severity,
        "issueCode": "X",
        "findingDetails": "Look.",
        "learnMoreLink": "l",
        "locations": [],
    }
    with Stubber(clients["accessanalyzer"]) as analyzer, Stubber(clients["iam"]) as iam:
        analyzer.add_response("validate_policy", {"findings": [remark]})
        analyzer.add_response("check_no_new_access", {"result": verdict, "message": "It is new."})
        for action in ("dynamodb:CreateTable", "s3:CreateBucket"):
            row = {"EvalActionName": action, "EvalDecision": decision}
            iam.add_response("simulate_custom_policy", {"EvaluationResults": [row]})
        result = run_cli("check", policy, "--trace", trace_file, "--aws", "--against", policy)
    assert result.exit_code == exit_code
    assert f"Access Analyzer: 1 remark\n  {severity} of " in result.stdout
    assert ("  It is new." in result.stdout) is (verdict == "FAIL")
    assert f"Refused by IAM's simulator: {0 if decision == 'allowed' else 2} permissions" in result.stdout
