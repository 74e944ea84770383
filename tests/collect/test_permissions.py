"""What tracer says that it needs: rows with a source, and policies that IAM takes."""

from __future__ import annotations

import re

import pytest

from tracer.collect import athena, athena_client, lake
from tracer.collect.lookup import ACTION as LOOKUP
from tracer.collect.permissions import _facts, left_open, needed, note, placeholders, purposes
from tracer.collect.session import ACTION as ASSUME_ROLE
from tracer.reference import table

ROWS = [(purpose, row) for purpose in purposes() for row in _facts()["needs"][purpose]["statements"]]


def actions(purpose: str) -> set[str]:
    return {action for statement in needed([purpose], {}).statements for action in statement.actions}


def test_each_source_names_what_it_calls():
    assert actions("lookup") == {LOOKUP}
    assert actions("s3") == {"s3:ListBucket", "s3:GetObject", "cloudtrail:ListPublicKeys"}
    assert actions("check") == {
        "access-analyzer:CheckNoNewAccess",
        "access-analyzer:ValidatePolicy",
        "iam:SimulateCustomPolicy",
    }
    asked = {athena_client.START, athena_client.STATUS, athena_client.RESULTS, athena_client.STOP, athena.TABLE}
    assert actions("athena") > asked
    assert actions("lake") == {lake.START, lake.RESULTS}
    assert actions("record") == {ASSUME_ROLE, "sts:SetSourceIdentity"}


@pytest.mark.parametrize("purpose", purposes())
def test_each_purpose_says_when_it_is_needed(purpose: str):
    assert note(purpose)


@pytest.mark.parametrize(("purpose", "row"), ROWS, ids=[f"{purpose}-{row['sid']}" for purpose, row in ROWS])
def test_each_row_has_its_source_and_its_why(purpose: str, row: dict[str, object]):
    assert str(row["source"]).startswith("https://docs.aws.amazon.com/")
    assert row["why"]
    assert re.fullmatch(r"[A-Za-z0-9]+", str(row["sid"]))
    for action in row["actions"]:
        assert table.lookup(*action.split(":")), f"{action} is no action of AWS's Service Authorization Reference"


def test_every_placeholder_can_be_filled_in():
    known = {placeholder.name for placeholder in placeholders()} | {"partition"}
    assert {"role", "bucket", "partition"} <= set(left_open(needed(purposes(), {}))) <= known
    assert left_open(needed(purposes(), dict.fromkeys(known, "x"))) == ()


@pytest.mark.parametrize(
    ("values", "resources"),
    [
        ({}, ["arn:aws:s3:::trail", "arn:aws:s3:::trail/AWSLogs/*", "*"]),
        ({"prefix": "org/"}, ["arn:aws:s3:::trail", "arn:aws:s3:::trail/org/AWSLogs/*", "*"]),
        ({"kms-key": "KEY"}, ["arn:aws:s3:::trail", "arn:aws:s3:::trail/AWSLogs/*", "KEY", "*"]),
    ],
    ids=["plain", "prefix", "key"],
)
def test_a_trail_s_policy_covers_its_keys(values: dict[str, str], resources: list[str]):
    policy = needed(["s3"], {"bucket": "trail", "partition": "aws"} | values)
    assert [resource for statement in policy.statements for resource in statement.resources] == resources


def test_what_is_given_stands_in_the_policy_and_nothing_comes_twice():
    role = "arn:aws:iam::123456789012:role/ci"
    policy = needed(["record", "lookup", "record"], {"role": role})
    assert [statement.resources for statement in policy.statements] == [(role,), ("*",)]
