"""The layout of a trail in a bucket: what prefixes and keys say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.collect.trail import (
    Branch,
    Location,
    Place,
    delivered,
    descend,
    digest_keys,
    digest_name,
    is_account,
    is_log,
    is_organization,
    is_region,
    location,
    log_keys,
)
from tracer.model.run import TimeWindow

ACCOUNT = "123456789012"
PLACE = Place(f"AWSLogs/{ACCOUNT}/", ACCOUNT, "us-east-1")
MOMENTS = st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
LENGTHS = st.timedeltas(timedelta(), timedelta(days=40))


@pytest.mark.parametrize(
    ("spec", "bucket", "prefix"),
    [
        ("s3://trail", "trail", ""),
        ("s3://trail/", "trail", ""),
        ("s3://trail/logs", "trail", "logs/"),
        ("s3://trail/AWSLogs", "trail", "AWSLogs/"),
        (f"s3://trail/AWSLogs/{ACCOUNT}/CloudTrail", "trail", f"AWSLogs/{ACCOUNT}/CloudTrail/"),
        (
            f"s3://trail/AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/11/24/{ACCOUNT}_CloudTrail_us-east-1_20261124T08",
            "trail",
            f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/11/24/{ACCOUNT}_CloudTrail_us-east-1_20261124T08",
        ),
    ],
    ids=["bucket", "slash", "prefix", "AWSLogs", "logs", "key"],
)
def test_a_spec_names_a_bucket_and_a_folder_or_the_beginning_of_a_key(spec: str, bucket: str, prefix: str):
    assert location(spec) == Location(bucket, prefix)


@pytest.mark.parametrize(
    ("prefix", "known"),
    [
        ("", None),
        ("logs/", None),
        ("AWSLogs/", Branch("AWSLogs/")),
        ("a/b/AWSLogs/", Branch("a/b/AWSLogs/")),
        ("AWSLogs/o-abcdefghij/", Branch("AWSLogs/o-abcdefghij/")),
        (f"AWSLogs/{ACCOUNT}/", Branch(f"AWSLogs/{ACCOUNT}/CloudTrail/", ACCOUNT)),
        (f"AWSLogs/{ACCOUNT}/CloudTrail/", Branch(f"AWSLogs/{ACCOUNT}/CloudTrail/", ACCOUNT)),
        (f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/", PLACE),
        (f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/11/", Place(PLACE.folder, ACCOUNT, "us-east-1", "2026/11/")),
        (
            f"p/AWSLogs/o-abcdefghij/{ACCOUNT}/CloudTrail/us-gov-west-1/",
            Place(f"p/AWSLogs/o-abcdefghij/{ACCOUNT}/", ACCOUNT, "us-gov-west-1"),
        ),
        (f"AWSLogs/AWSLogs/{ACCOUNT}/", Branch(f"AWSLogs/AWSLogs/{ACCOUNT}/CloudTrail/", ACCOUNT)),
        ("AWSLogs/elasticloadbalancing/", None),
    ],
    ids=str,
)
def test_what_the_layout_says_of_a_prefix(prefix: str, known: Branch | Place | None):
    assert descend(prefix) == known


def test_names_of_folders():
    assert [is_account(name) for name in (ACCOUNT, "12345678901", "1234567890123", "o-abcdefghij")] == [True] + [
        False
    ] * 3
    assert [is_organization(name) for name in ("o-abcdefghij", "ou-x", ACCOUNT)] == [True, False, False]
    regions = ("us-east-1", "us-gov-west-1", "cn-north-1", "ap-southeast-10", "us-iso-east-1", "mx-central-1")
    assert all(map(is_region, regions))
    assert not any(map(is_region, ("2026", "CloudTrail", "us-east", "..", "")))


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        (f"{ACCOUNT}_CloudTrail_us-east-1_20261124T0800Z_5RlkOHRwq9BQEKYA.json.gz", True),
        (f"{ACCOUNT}_CloudTrail_us-east-1_20261124T0800Z_5RlkOHRwq9BQEKYA.json", True),
        (f"{ACCOUNT}_CloudTrail-Digest_us-east-1_trail_us-east-1_20261124T080000Z.json.gz", False),
        (f"{ACCOUNT}_CloudTrail-Insight_us-east-1_20261124T0800Z_5RlkOHRwq9BQEKYA.json.gz", False),
        (f"{ACCOUNT}_CloudTrail_us-east-1_20261124T0800Z_5RlkOHRwq9BQEKYA.json.gz.tmp", False),
        ("", False),
    ],
)
def test_a_log_file_s_name(name: str, is_one: bool):
    assert is_log(f"{PLACE.logs}2026/11/24/{name}") is is_one


@pytest.mark.parametrize(
    ("end", "chain"),
    [
        ("_my_trail-1_eu-west-1_20261124T090000Z.json.gz", ("my_trail-1", "eu-west-1", False)),
        ("_t_us-east-1_20261124T090000Z_backfill.json.gz", ("t", "us-east-1", True)),
    ],
)
def test_a_digest_s_name(end: str, chain: tuple[str, str, bool]):
    name = digest_name(f"x/{ACCOUNT}_CloudTrail-Digest_us-east-1{end}")
    assert name
    assert (name.chain, name.end) == (chain, "20261124T090000Z")


def test_what_is_no_digest_s_name():
    assert digest_name(key(datetime(2026, 11, 24, tzinfo=UTC))) is None


def key(moment: datetime) -> str:
    """A log file's key, spelled out."""
    return (
        f"{PLACE.logs}{moment:%Y/%m/%d}/{ACCOUNT}_CloudTrail_us-east-1_{moment:%Y%m%dT%H%MZ}_5RlkOHRwq9BQEKYA.json.gz"
    )


@given(since=MOMENTS, length=LENGTHS, slack=LENGTHS, moment=MOMENTS, after=st.timedeltas(-timedelta(2), timedelta(50)))
def test_law_keys_are_in_the_range_that_were_delivered_between_start_and_end_and_slack(
    since: datetime, length: timedelta, slack: timedelta, moment: datetime, after: timedelta
):
    keys = log_keys(PLACE, TimeWindow(since, since + length), slack)
    assert keys
    for at in (moment, since + after, since, since + length + slack):
        minute = at.replace(second=0, microsecond=0)
        first, last = (bound.replace(second=0, microsecond=0) for bound in (since, since + length + slack))
        assert (key(at) in keys) is (first <= minute <= last)


@given(one=MOMENTS, other=MOMENTS)
def test_law_keys_sort_by_the_time_of_their_delivery(one: datetime, other: datetime):
    assert (key(one) < key(other)) is (f"{one:%Y%m%d%H%M}" < f"{other:%Y%m%d%H%M}")
    assert delivered(key(one)) == f"{one:%Y%m%dT%H%MZ}"


@given(since=MOMENTS, length=LENGTHS, late=st.timedeltas(timedelta(), timedelta(hours=2)))
def test_law_the_digests_of_what_is_read_are_in_their_range(since: datetime, length: timedelta, late: timedelta):
    """A digest ends at most an hour after the delivery of what it lists."""
    slack = timedelta(hours=1)
    keys = digest_keys(PLACE, TimeWindow(since, since + length), slack)
    end = since + min(late, length + slack + timedelta(hours=1))
    name = f"{ACCOUNT}_CloudTrail-Digest_us-east-1_zebra_us-east-1_{end:%Y%m%dT%H%M%SZ}.json.gz"
    assert f"{PLACE.digests}{end:%Y/%m/%d}/{name}" in keys
