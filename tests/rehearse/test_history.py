"""The local account's event history, asked as AWS's own client asks CloudTrail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rehearse_support import client

from tracer.rehearse.account import Account
from tracer.rehearse.history import look_up


def looked_up(account: Account, **asked: object) -> list[str]:
    """The names of the events that an administrator finds, page by page."""
    pages = client(account, account.administrator("reader"), "cloudtrail").get_paginator("lookup_events")
    return [event["EventName"] for page in pages.paginate(**asked) for event in page["Events"]]


def test_what_was_done_can_be_looked_up_the_latest_first(account: Account):
    queues = client(account, account.administrator(), "sqs")
    queues.create_queue(QueueName="orders")
    queues.list_queues()
    assert looked_up(account) == ["ListQueues", "CreateQueue"]


def test_an_event_holds_its_record(account: Account):
    key = account.administrator()
    client(account, key, "sqs").create_queue(QueueName="orders")
    [event] = client(account, key, "cloudtrail").lookup_events()["Events"]
    record = json.loads(event["CloudTrailEvent"])
    assert record == account.records()[0]
    assert (event["EventId"], event["Username"], event["ReadOnly"]) == (record["eventID"], "admin", "false")
    assert event["EventTime"] == datetime.fromisoformat(record["eventTime"])


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("EventName", "CreateQueue", ["CreateQueue"]),
        ("EventName", "DeleteQueue", []),
        ("ReadOnly", "true", ["ListQueues"]),
        ("EventSource", "sqs.amazonaws.com", ["ListQueues", "CreateQueue"]),
        ("Username", "admin", ["ListQueues", "CreateQueue"]),
    ],
)
def test_events_are_looked_up_by_an_attribute(account: Account, name: str, value: str, found: list[str]):
    queues = client(account, account.administrator(), "sqs")
    queues.create_queue(QueueName="orders")
    queues.list_queues()
    assert looked_up(account, LookupAttributes=[{"AttributeKey": name, "AttributeValue": value}]) == found


def test_an_attribute_that_it_does_not_know_fails_loudly(account: Account):
    client(account, account.administrator(), "sqs").list_queues()
    with pytest.raises(ClientError, match="knows no attribute ResourceName"):
        looked_up(account, LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": "orders"}])


def test_a_lookup_is_judged_and_recorded_as_any_call(account: Account):
    key = account.user("deployer", [])
    with pytest.raises(ClientError, match="not authorized to perform: cloudtrail:LookupEvents"):
        client(account, key, "cloudtrail").lookup_events()
    [made] = account.calls()
    assert [(need.action, need.resource) for need in made.needs] == [("cloudtrail:LookupEvents", "*")]
    assert [record["errorCode"] for record in account.records()] == ["AccessDenied"]


START = datetime(2026, 11, 24, 9, tzinfo=UTC)


def record(minute: int, region: str = "us-east-1") -> Mapping[str, Any]:
    return {
        "eventID": f"{region}-{minute}", "eventName": "ListQueues", "eventSource": "sqs.amazonaws.com",
        "eventTime": f"{START + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}", "readOnly": True, "awsRegion": region,
        "userIdentity": {"userName": "deployer"},
    }  # fmt: skip


def test_later_pages_stay_where_they_were_when_more_is_recorded():
    records = [record(minute) for minute in range(120)]
    found, asked = [], {"MaxResults": 50}
    for count in (120, 125, 130):
        page = look_up([*records, *(record(minute) for minute in range(120, count))], asked, "us-east-1")
        found += [event["EventId"] for event in page["Events"]]
        asked = asked | {"NextToken": page.get("NextToken")}
    assert found == [f"us-east-1-{minute}" for minute in reversed(range(120))]
    assert asked["NextToken"] is None


def test_both_ends_of_the_window_count_and_each_region_has_its_own_history():
    records = [record(minute, region) for minute in range(5) for region in ("us-east-1", "eu-west-1")]
    asked = {"StartTime": START + timedelta(minutes=1), "EndTime": (START + timedelta(minutes=3)).timestamp()}
    page = look_up(records, asked, "eu-west-1")
    assert [event["EventId"] for event in page["Events"]] == ["eu-west-1-3", "eu-west-1-2", "eu-west-1-1"]
