"""`tracer rehearse` on a deploy that is a few lines of Python: what it prints, what it writes, what it exits with."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from support import run_cli

from tracer.cli.decide import answers

DEPLOY: Final = """
import boto3, sys
from botocore.exceptions import ClientError
s3 = boto3.client("s3")
try:
    s3.list_buckets()
except ClientError as error:
    print("swallowed", error.response["Error"]["Code"])
try:
    s3.create_bucket(Bucket="orders-bucket")
    s3.delete_bucket(Bucket="orders-bucket")
except ClientError as error:
    sys.exit(f"failed: {error.response['Error']['Code']}")
"""
"""Asks for the buckets, and goes on where it may not; makes one, and fails where it may not."""


def rehearse(tmp_path: Path, statements: list[Mapping[str, Any]], *arguments: str) -> subprocess.CompletedProcess[str]:
    policy, deploy = tmp_path / "policy.json", tmp_path / "deploy.py"
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}), encoding="utf-8")
    deploy.write_text(DEPLOY, encoding="utf-8")
    options = ["--policy", str(policy), *arguments]
    command = [sys.executable, "-m", "tracer", "rehearse", *options, "--", sys.executable, str(deploy)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)  # noqa: S603


def allow(*actions: str, resource: str = "*") -> Mapping[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def test_a_policy_that_suffices(tmp_path: Path):
    (tmp_path / "moto.py").write_text("a module of the project that is called like one of the account's")
    done = rehearse(tmp_path, [allow("s3:*")], "--strict", "-o", str(tmp_path / "missing.json"))
    assert (done.returncode, done.stderr.count("rehearsing at")) == (0, 1)
    assert "under the policy: exit code 0\n  3 calls, none refused\n" in done.stdout
    assert "What a rehearsal does not prove" in done.stdout
    assert not (tmp_path / "missing.json").exists()


def test_a_hard_refusal_and_a_soft_one_with_what_would_allow_them(tmp_path: Path):
    done = rehearse(tmp_path, [allow("sqs:*")], "-o", str(tmp_path / "missing.json"))
    assert done.returncode == 1
    assert done.stdout.startswith("swallowed AccessDenied\n")
    assert "failed: AccessDenied" in done.stderr
    assert "  2 calls; 2 permissions missing, hard: the command failed\n" in done.stdout
    assert "with nothing refused: exit code 0\n  3 calls; 3 permissions missing in all\n" in done.stdout
    assert "with what is missing added: exit code 0\n  3 calls, none refused\n" in done.stdout
    missing = json.loads((tmp_path / "missing.json").read_text(encoding="utf-8"))
    assert [(one["Action"], one["Resource"]) for one in missing["Statement"]] == [
        ("s3:ListAllMyBuckets", "*"),
        (["s3:CreateBucket", "s3:DeleteBucket"], "arn:aws:s3:::orders-bucket"),
    ]
    assert json.dumps(missing, indent=2) in done.stdout


def test_a_soft_refusal_fails_where_it_is_asked_to(tmp_path: Path):
    done = rehearse(tmp_path, [allow("s3:*Bucket")], "--once", "--strict")
    assert done.returncode == 1
    assert "  3 calls; 1 permission missing, soft: the command went on\n" in done.stdout
    assert done.stderr.count("rehearsing at") == 1


def test_a_deny_is_told_and_nothing_is_said_to_help(tmp_path: Path):
    deny = {"Effect": "Deny", "Action": "s3:CreateBucket", "Resource": "*"}
    done = rehearse(tmp_path, [allow("s3:*"), deny], "--once")
    assert done.returncode == 1
    assert "a Deny forbids it" in done.stdout
    assert "Missing in the policy" not in done.stdout


def test_before_sets_the_stage_as_root(tmp_path: Path):
    before = f"{sys.executable} -c \"import boto3; boto3.client('s3').create_bucket(Bucket='orders-bucket')\""
    done = rehearse(tmp_path, [allow("s3:*Bucket")], "--once", "--before", before)
    assert done.returncode == 0
    assert "  3 calls; 1 permission missing, soft: the command went on\n" in done.stdout
    failed = rehearse(tmp_path, [allow("s3:*")], "--before", "exit 3")
    assert failed.returncode == 2
    assert "the command that was to set the stage failed" in failed.stderr


def test_what_the_account_cannot_judge_is_an_error(tmp_path: Path):
    call = "import boto3; boto3.client('iam').list_server_certificates()"
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": [allow("iam:*")]}), encoding="utf-8")
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "tracer", "rehearse", "--policy", str(policy), "--", sys.executable, "-c", call],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "does not know what AWS checks for iam.ListServerCertificates" in done.stderr
    assert "Hint: this proves nothing" in done.stderr


def test_the_account_is_that_of_the_policies(tmp_path: Path):
    policies = []
    for account in ("111122223333", "444455556666"):
        path = tmp_path / f"{account}.json"
        document = {"Version": "2012-10-17", "Statement": [allow("sqs:*", resource=f"arn:aws:sqs:*:{account}:*")]}
        path.write_text(json.dumps(document), encoding="utf-8")
        policies += ["--policy", str(path)]
    who = [sys.executable, "-c", "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"]
    command = [sys.executable, "-m", "tracer", "rehearse", *policies[:2], "--", *who]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.startswith("111122223333\n")
    several = run_cli("rehearse", *policies, "--", "true")
    assert several.exit_code == 2
    assert "the policies name several accounts: 111122223333, 444455556666" in several.stderr


def test_there_is_no_dry_run_of_it(tmp_path: Path):
    result = run_cli("rehearse", "--policy", tmp_path / "policy.json", "--dry-run", "--", "true")
    assert result.exit_code == 2
    assert "there is no --dry-run of it" in result.stderr


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        pytest.param([], "ImplicitlyDenied", id="none"),
        pytest.param([allow("s3:Get*", resource="arn:aws:s3:::b/*")], "Allowed", id="an Allow"),
        pytest.param(
            [allow("s3:*"), {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}], "ExplicitlyDenied", id="a Deny"
        ),
        pytest.param(
            [{**allow("s3:*"), "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}],
            "ImplicitlyDenied",
            id="a condition",
        ),
    ],
)  # fmt: skip
def test_the_judge_is_tracers_own_evaluator(policies: list[Mapping[str, Any]], expected: str):
    call = {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", "context": {"aws:RequestedRegion": "us-east-1"}}
    assert answers([{"Version": "2012-10-17", "Statement": policies}], [call, call]) == [expected, expected]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"Statement": [{"Effect": "Perhaps"}]}, "error: Effect must be Allow or Deny"),
        ({"Statement": [allow("s3")]}, "error: "),
    ],
)
def test_the_judge_says_what_is_wrong_with_a_policy(document: Mapping[str, Any], said: str):
    (answer,) = answers([document], [{"action": "s3:GetObject", "resource": "*", "context": {}}])
    assert answer.startswith(said)
