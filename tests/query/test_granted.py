"""From actions to the events that show their use."""

from __future__ import annotations

import pytest

from tracer.model.action import Action
from tracer.query.granted import LONGEST, granted
from tracer.reduce.actions import Need, needs_of
from tracer.reduce.parse import parse


def entries(*patterns: str) -> set[str]:
    return {entry for value in granted(map(Action, patterns)) for entry in value.split(",")}


@pytest.mark.parametrize(
    ("action", "events"),
    [
        ("sqs:CreateQueue", {"sqs.amazonaws.com|CreateQueue"}),
        ("lambda:CreateFunction", {"lambda.amazonaws.com|CreateFunction"}),
        ("ses:SendEmail", {f"{source}.amazonaws.com|SendEmail" for source in ("email", "mail-manager", "ses")}),
        ("iam:PassRole", set()),
    ],
)
def test_the_events_of_an_action(action: str, events: set[str]):
    assert entries(action) == {f"{action}|{event}" for event in events}


def test_exceptions_are_read_backwards():
    shown = {entry.partition("|")[2] for entry in entries("s3:ListBucket")}
    assert {f"s3.amazonaws.com|{name}" for name in ("HeadBucket", "ListObjects", "ListObjectsV2")} <= shown
    assert not entries("s3:PutBucketCORS") & {"s3:PutBucketCORS|s3.amazonaws.com|DeleteObject"}


def test_api_gateway_s_verbs_are_used_by_its_operations():
    shown = {entry.rpartition("|")[2] for entry in entries("apigateway:DELETE")}
    assert {"DeleteRestApi", "DeleteApi", "DeleteStage"} <= shown
    assert "CreateRestApi" not in shown


def test_patterns_are_expanded():
    assert {"ec2:DescribeVpcs|ec2.amazonaws.com|DescribeVpcs"} < entries("ec2:Describe*")
    assert entries("nothing:*") == set()


def test_values_are_as_long_as_they_may_be():
    values = granted([Action("s3:*")])
    assert len(values) > 1
    assert max(map(len, values)) <= LONGEST
    assert all(LONGEST - len(value) < 120 for value in values[:-1])


@pytest.mark.parametrize("service", ["s3", "iam", "lambda", "logs", "cloudformation", "dynamodb", "sns", "ecr"])
def test_what_reduce_makes_of_the_events_is_the_action(service: str):
    """The tables read forwards and backwards say the same."""
    for entry in entries(f"{service}:*"):
        action, source, event = entry.split("|")
        raw = {"eventSource": source, "eventName": event, "eventTime": "2026-11-24T08:00:00Z", "requestParameters": {}}
        needs = needs_of(parse(raw))  # type: ignore[arg-type]
        found = (
            {need.fact.action.text for need in needs if isinstance(need, Need)} if isinstance(needs, tuple) else set()
        )
        assert action in found or is_conditional(entry), entry


def is_conditional(entry: str) -> bool:
    """Whether the request decides between actions: then no empty one shows this."""
    from tracer.reference import overrides

    _, source, event = entry.split("|")
    rows = overrides.event_rows(source.removesuffix(".amazonaws.com")).get(event.lower(), ())
    return any(row.when.checks or any(item.when.checks for item in row.actions) for row in rows)
