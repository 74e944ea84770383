"""`tracer permissions`: a policy on stdout, what is left to do on stderr."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import run_cli

from tracer.collect.permissions import purposes
from tracer.model.policy import Policy

ROLE = "arn:aws:iam::123456789012:role/ci"


def test_a_source_s_policy_is_printed():
    result = run_cli("permissions", "--for", "lookup")
    assert result.exit_code == 0
    (statement,) = Policy.from_json(result.stdout).statements
    assert (statement.effect, statement.actions, statement.resources) == ("Allow", ("cloudtrail:LookupEvents",), ("*",))
    assert result.stderr == "lookup: --from lookup, in every region that is read.\n"


def test_what_nothing_fills_is_named_with_its_option():
    result = run_cli("permissions", "--for", "record")
    assert '"<role>"' in result.stdout
    assert "Fill in <role>: give --role." in result.stderr
    filled = run_cli("permissions", "--for", "record", "--role", ROLE)
    assert json.loads(filled.stdout)["Statement"][0]["Resource"] == ROLE
    assert "Fill in" not in filled.stderr


@pytest.mark.parametrize(
    ("options", "resource"),
    [
        ((), "arn:aws:s3:::trail/AWSLogs/*"),
        (("--prefix", "org/", "--region", "cn-north-1"), "arn:aws-cn:s3:::trail/org/AWSLogs/*"),
    ],
    ids=["plain", "prefix-in-china"],
)
def test_a_trail_s_policy(options: tuple[str, ...], resource: str):
    result = run_cli("permissions", "--for", "s3", "--bucket", "trail", *options)
    assert f'"{resource}"' in result.stdout
    assert "kms:Decrypt" not in result.stdout
    assert "Fill in" not in result.stderr
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    assert f'"{key}"' in run_cli("permissions", "--for", "s3", "--bucket", "trail", "--kms-key", key).stdout


def test_without_a_word_all_are_asked_for():
    assert run_cli("permissions").stdout == run_cli("permissions", *(f"--for={word}" for word in purposes())).stdout


def test_a_purpose_that_is_none_is_told():
    result = run_cli("permissions", "--for", "tea")
    assert result.exit_code == 2
    assert "'tea' is not one of" in result.stderr


@pytest.mark.parametrize("path", ["policy.json", "out/"])
def test_it_can_be_written(tmp_path: Path, path: str):
    output = f"{tmp_path}/{path}"
    assert run_cli("permissions", "-o", output).stdout == ""
    (file,) = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert file.read_text() == run_cli("permissions").stdout
