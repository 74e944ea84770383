"""The hand-kept facts about what a default trail does not log: each names calls, actions and types that there are."""

from __future__ import annotations

import re

import pytest

from tracer.reference import inferred_rules, table


@pytest.mark.parametrize("command", inferred_rules.commands(), ids=lambda command: command.name)
def test_each_commands_calls_are_checked_on_a_type_that_they_take(command: inferred_rules.Command):
    assert command.version
    assert command.source.startswith("https://")
    for call in command.calls:
        types = {item.type for item in call.fact.resources}
        assert (call.on in types) if types else call.on is None


def test_a_command_is_shown_by_its_own_calls():
    for command in inferred_rules.commands():
        own = {(call.source, call.event) for call in command.calls}
        direct = {("cloudformation", "CreateStack"), ("cloudformation", "UpdateStack")}  # deploymentMethod: direct
        assert {(sign.source, sign.event) for sign in command.shown_by} <= own | direct


@pytest.mark.parametrize("read", inferred_rules.reads(), ids=lambda read: f"{read.rule} {list(read.events.values())}")
def test_each_read_names_calls_that_there_are(read: inferred_rules.ObjectRead):
    assert read.source.startswith("https://")
    for source, events in read.events.items():
        assert all(table.lookup(source, event) for event in events)


def test_a_sign_is_an_expression_with_the_groups_that_are_read():
    assert inferred_rules.sign("bucket").search("orders-dev-serverlessdeploymentbucket-1abcdefghij2")
    # CloudFormation cuts the parts of a long name.
    assert inferred_rules.sign("bucket").search("a-long-name-of-a-service-serverlessdeploymentbuck-1abcdefghij2")
    artifact = inferred_rules.sign("artifact").match(
        "serverless/orders/dev/1795503022570-2026-11-24T06:50:22.570Z/a.zip"
    )
    assert artifact
    assert artifact["Prefix"] == "serverless/orders/dev/"
    assert not inferred_rules.sign("artifact").match("serverless/orders/dev/a.zip")


def test_the_expressions_of_addresses_read_bucket_and_key():
    for read in inferred_rules.reads():
        assert bool(read.read) is bool(read.url_at)
        assert bool(read.bucket_at) is bool(read.key_at) is not bool(read.url_at)
        assert all({"Bucket", "Key"} <= set(re.compile(expression).groupindex) for expression in read.read)


@pytest.mark.parametrize(
    ("source", "event", "unlogged"),
    [
        ("s3", "PutObject", True),
        ("s3", "HeadBucket", True),
        ("s3", "CreateBucket", False),
        ("s3", "GetBucketLocation", False),
        ("lambda", "Invoke", True),
        ("lambda", "GetFunction", False),
        ("sqs", "PutObject", False),
    ],
)
def test_what_a_default_trail_leaves_out(source: str, event: str, unlogged: bool):
    assert inferred_rules.is_unlogged(source, event) is unlogged
