"""What the account's process answers that is no call's answer, or no call at all."""

from __future__ import annotations

import http.client
import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from rehearse_support import client, judge_command

from tracer.rehearse.account import Account


def ask(account: Account, method: str, path: str, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", account.port)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text


def test_a_request_that_nobody_signed_is_refused(account: Account):
    status, text = ask(account, "GET", "/")
    assert status == 403
    assert "<Code>MissingAuthenticationToken</Code>" in text
    assert account.calls() == []


def test_a_request_for_a_service_that_nobody_knows_fails_loudly(account: Account):
    credential = f"{account.administrator().access_key_id}/20261124/us-east-1/no-such-service/aws4_request"
    status, _ = ask(account, "GET", "/x", Authorization=f"AWS4-HMAC-SHA256 Credential={credential}, Signature=0")
    assert status == 501
    assert account.failures() == ["no operation of no-such-service fits GET /x"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/_rehearse/journal"), ("POST", "/_rehearse/nothing")])
def test_what_the_account_is_not_asked(account: Account, method: str, path: str):
    status, text = ask(account, method, path)
    assert (status, json.loads(text)) == (404, {"error": f"there is no {method} {path.rpartition('/')[2]}"})


def test_what_moto_cannot_do_fails_loudly(account: Account):
    vpcs = client(account, account.administrator(), "ec2")
    with pytest.raises(ClientError):
        vpcs.describe_vpcs(Filters=[{"Name": "no-such-filter", "Values": ["x"]}])
    assert account.failures() == [
        "moto cannot do ec2.DescribeVpcs, or not with these parameters; what it said stands above"
    ]


def test_a_run_can_be_made_again():
    start = datetime(2026, 11, 24, 8, tzinfo=UTC)

    def run() -> list[tuple[object, ...]]:
        with Account.start(judge_command(), seed=7, start=start) as account:
            account.reset(seed=7)
            buckets = client(account, account.administrator(), "s3")
            buckets.create_bucket(Bucket="orders-bucket")
            buckets.list_buckets()
            names = ("eventID", "requestID", "eventTime", "eventName")
            return [tuple(record[name] for name in names) for record in account.records()]

    first, second = run(), run()
    assert first == second
    assert [moment for _, _, moment, _ in first] == [
        f"{start + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}",
        f"{start + timedelta(seconds=2):%Y-%m-%dT%H:%M:%SZ}",
    ]


def test_deliveries_lie_in_buckets_of_their_own(account: Account):
    key = account.administrator()
    client(account, key, "s3").list_buckets()
    first, second = account.deliver(), account.deliver(data_events=True)
    assert first != second
    found = client(account, key, "s3").list_objects_v2(Bucket=first.removeprefix("s3://"))
    assert [item["Key"].startswith("AWSLogs/123456789012/CloudTrail/us-east-1/") for item in found["Contents"]]
