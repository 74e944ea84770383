"""Records from a trail's bucket: which log files are read, how often, and what is said of the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support import ACCOUNT, Heard, record
from trail_bucket import Fault, Proxy, TrailBucket, client_of

from tracer.collect.bucket import GET, LIST
from tracer.collect.cache import Cache
from tracer.collect.s3 import S3Source
from tracer.errors import CollectError, UsageError
from tracer.model.run import DeployRun, TimeWindow

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
END = START + timedelta(minutes=30)
RUN = DeployRun(window=TimeWindow(START, END))
MINUTE = timedelta(minutes=1)
OTHER = "210987654321"


@pytest.fixture
def trail(no_aws: None, endpoint: str) -> TrailBucket:
    return TrailBucket(endpoint)


@pytest.fixture
def source(proxy: Proxy, trail: TrailBucket, tmp_path: Path) -> Callable[..., S3Source]:
    """Makes a source that reads the trail's bucket, below `prefix`, through the proxy."""

    def made(prefix: str = "", **options: Any) -> S3Source:  # noqa: ANN401 - those of S3Source
        defaults = {
            "cache": Cache(tmp_path / "cache"),
            "client_factory": lambda *_: client_of(proxy.endpoint),
        }
        return S3Source(f"s3://{trail.name}/{prefix}", **defaults | options)

    return made


def names(source: S3Source, run: DeployRun = RUN) -> list[str]:
    return [json.loads(item)["eventName"] for item in source.records(run) if isinstance(item, bytes)]


def said(source: S3Source, code: str = "COVERAGE_GAP") -> list[str]:
    return [finding.message for finding in source.findings() if finding.code == code]


# --- Where the prefix may stand ---------------------------------------------------------------------------------------

LOG = f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/11/24/"


@pytest.mark.parametrize("above", ["", "logs/", "logs/trails/"], ids=["root", "prefix", "two-levels"])
@pytest.mark.parametrize(
    "named",
    ["", "AWSLogs", "AWSLogs/", f"AWSLogs/{ACCOUNT}", f"AWSLogs/{ACCOUNT}/CloudTrail", LOG[:-11], LOG[:-6], LOG[:-3],
     LOG, f"{LOG}{ACCOUNT}_CloudTrail_us-east-1_20261124T08"],
    ids=["above", "AWSLogs", "AWSLogs/", "account", "logs", "region", "year", "month", "day", "hour"],
)  # fmt: skip
def test_the_prefix_may_stand_anywhere_in_the_layout(
    trail: TrailBucket, source: Callable[..., S3Source], above: str, named: str
):
    trail.prefix = above
    trail.deliver(START + 5 * MINUTE, record("A"))
    trail.deliver(START + 10 * MINUTE, record("B"))
    assert names(source(above + named)) == ["A", "B"]


def test_from_the_bucket_s_root_a_prefix_is_found(trail: TrailBucket, source: Callable[..., S3Source]):
    trail.put("readme.txt", b"")
    trail.put("other/data/x", b"")
    trail.prefix = "company/trail/"
    trail.deliver(START, record("A"))
    assert names(source()) == ["A"]


@pytest.mark.parametrize("named", ["", "AWSLogs/", "AWSLogs/o-abcdefghij/"], ids=["root", "AWSLogs", "organization"])
def test_an_organisation_s_trail(trail: TrailBucket, source: Callable[..., S3Source], named: str):
    for account in (ACCOUNT, OTHER):
        for region in ("eu-west-1", "us-east-1"):
            trail.deliver(START, record(f"In{account}"), account=account, region=region, organization="o-abcdefghij/")
    assert names(source(named)) == [f"In{ACCOUNT}"] * 2 + [f"In{OTHER}"] * 2


def test_a_region_named_in_the_prefix_is_read_whatever_the_run_says(
    trail: TrailBucket, source: Callable[..., S3Source]
):
    trail.deliver(START, record("A"), region="eu-west-1")
    run = DeployRun(window=RUN.window, regions=("eu-central-1",))
    assert names(source(f"AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/"), run) == ["A"]


def test_a_day_outside_the_window_holds_nothing(trail: TrailBucket, source: Callable[..., S3Source], proxy: Proxy):
    trail.deliver(START, record("A"))
    assert names(source(f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/11/23/")) == []
    assert proxy.asked == []


# --- Which are read ---------------------------------------------------------------------------------------------------


def test_regions_and_accounts_bound_the_search_but_for_the_global_region(
    trail: TrailBucket, source: Callable[..., S3Source], proxy: Proxy
):
    for region in ("ap-south-1", "eu-west-1", "us-east-1"):
        for account in (ACCOUNT, OTHER):
            trail.deliver(START, record(f"{region}/{account}"), region=region, account=account)
    run = DeployRun(window=RUN.window, regions=("eu-west-1",), accounts=(ACCOUNT,))
    assert names(source(), run) == [f"eu-west-1/{ACCOUNT}", f"us-east-1/{ACCOUNT}"]
    assert not [line for line in proxy.asked if OTHER in line or "ap-south-1" in line]


@pytest.mark.parametrize(
    ("delivered", "is_read"),
    [
        (-MINUTE, False),
        (timedelta(), True),
        (29 * MINUTE, True),
        (90 * MINUTE, True),
        (91 * MINUTE, False),
        (timedelta(days=1), False),
        (timedelta(days=-1), False),
    ],
    ids=["before", "first-minute", "last-minute", "slack", "after-slack", "next-day", "day-before"],
)
def test_log_files_count_by_the_time_of_their_delivery(
    trail: TrailBucket, source: Callable[..., S3Source], proxy: Proxy, delivered: timedelta, is_read: bool
):
    trail.deliver(START + delivered, record("A"))
    assert bool(names(source())) is is_read
    assert len(proxy.gets) == is_read


def test_trap_19_a_file_of_the_next_day_is_read_and_digests_and_insights_are_not(
    trail: TrailBucket, source: Callable[..., S3Source], proxy: Proxy
):
    midnight = datetime(2026, 11, 25, tzinfo=UTC)
    run = DeployRun(window=TimeWindow(midnight - 10 * MINUTE, midnight - MINUTE))
    organization = {"organization": "o-abcdefghij/"}
    trail.deliver(midnight - 5 * MINUTE, record("Before"), **organization)
    after = trail.deliver(midnight + 5 * MINUTE, record("After"), **organization)
    for other in ("CloudTrail-Digest", "CloudTrail-Insight", "CloudTrail-Aggregated"):
        trail.put(after.replace("CloudTrail", other), b"no log")
    trail.put(after.replace("_CloudTrail_", "_CloudTrail-Digest_"), b"no log")
    trail.put(after.removesuffix(".json.gz") + ".txt", b"no log")
    assert "/2026/11/25/" in after
    assert names(source(), run) == ["Before", "After"]
    assert len(proxy.gets) == 2
    assert not [line for line in proxy.asked if "Digest" in line]


def test_the_slack_can_be_given(trail: TrailBucket, source: Callable[..., S3Source]):
    trail.deliver(END + 90 * MINUTE, record("Late"))
    assert names(source()) == []
    assert names(source(slack=timedelta(hours=2))) == ["Late"]
    assert names(source(slack=timedelta.max)) == ["Late"]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (TimeWindow(), ["A", "B", "C"]),
        (TimeWindow(START, None), ["B", "C"]),
        (TimeWindow(None, START), ["A", "B"]),
    ],
    ids=["open", "no-end", "no-start"],
)
def test_an_open_window(trail: TrailBucket, source: Callable[..., S3Source], window: TimeWindow, expected: list[str]):
    for name, days in (("A", -400), ("B", 0), ("C", 3)):
        trail.deliver(START + timedelta(days=days), record(name))
    assert names(source(), DeployRun(window=window)) == expected


# --- How often --------------------------------------------------------------------------------------------------------


def test_a_run_costs_one_get_an_object_and_a_listing_a_place(
    trail: TrailBucket, source: Callable[..., S3Source], proxy: Proxy
):
    """The budget: at most 1.2 x the objects in the window, plus the listings; no HEAD, nothing twice."""
    regions = ("eu-west-1", "us-east-1")
    for region in regions:
        for minutes in range(-300, 300, 5):
            trail.deliver(START + minutes * MINUTE, record(f"{region}{minutes}"), region=region)
    within = len(regions) * (30 + 60 + 5) // 5  # each five minutes, from the first to the last minute of the slack
    reading = source()
    first = names(reading)
    assert names(reading) == first
    assert len(first) == within
    assert len(proxy.gets) == len(set(proxy.gets)) == within
    assert len(proxy.lists) == len(("root", "AWSLogs", "account", *regions))
    assert len(proxy.asked) == len(proxy.gets) + len(proxy.lists), "no other request, and no HEAD"
    assert names(source()) == first
    assert len(proxy.gets) == within, "another run finds all in the cache"


def test_more_than_a_page_of_keys(trail: TrailBucket, source: Callable[..., S3Source], proxy: Proxy):
    def factory(*_: object) -> Any:  # noqa: ANN401 - boto3's
        client = client_of(proxy.endpoint)
        client.meta.events.register(
            "provide-client-params.s3.ListObjectsV2", lambda params, **_: params | {"MaxKeys": 2}
        )
        return client

    for minutes in range(5):
        trail.deliver(START + minutes * MINUTE, record(f"At{minutes}"))
    trail.deliver(START + timedelta(hours=20), record("Late"))
    assert names(source(client_factory=factory)) == [f"At{minutes}" for minutes in range(5)]
    assert len([line for line in proxy.lists if "start-after" in line]) == 3


def test_without_a_cache_the_second_pass_asks_for_nothing_either(
    trail: TrailBucket, source: Callable[..., S3Source], proxy: Proxy
):
    trail.deliver(START, record("A"))
    cache = Cache.passing()
    reading = source(cache=cache)
    assert names(reading) == names(reading) == ["A"]
    assert len(proxy.gets) == 1


def test_an_object_that_was_replaced_is_got_anew(trail: TrailBucket, source: Callable[..., S3Source], proxy: Proxy):
    key = trail.deliver(START, record("A"))
    assert names(source()) == ["A"]
    trail.put(key, json.dumps({"Records": [record("B")]}).encode())
    assert names(source()) == ["B"]
    assert len(proxy.gets) == 2


# --- What is said -----------------------------------------------------------------------------------------------------


def test_it_is_told_how_far_it_is(trail: TrailBucket, source: Callable[..., S3Source], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tracer.collect.s3.TOLD_EVERY", 0.0)
    for minutes in (1, 2):
        trail.deliver(START + minutes * MINUTE, record("A"))
    told: list[str] = []
    reading = source(tell=told.append)
    assert names(reading) == names(reading)
    where = f"s3://{trail.name}/"
    assert told == [
        f"{where}: 2 log files of {ACCOUNT} in us-east-1.",
        f"{where}: 1 of 2 log files read.",
        f"{where}: 2 of 2 log files read.",
    ]


def test_a_meter_hears_how_far_it_is_and_nobody_else(
    trail: TrailBucket, source: Callable[..., S3Source], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tracer.collect.s3.TOLD_EVERY", 0.0)
    for minutes in (1, 2):
        trail.deliver(START + minutes * MINUTE, record("A"))
    told: list[str] = []
    meter = Heard()
    reading = source(tell=told.append, meter=meter)
    assert names(reading) == ["A", "A"]
    ((files, size),) = meter.expected
    assert (meter.files, meter.size) == (files, size)
    assert files == 2
    assert names(reading) == ["A", "A"]
    assert (meter.files, meter.size) == (4, 2 * size)
    assert len(meter.expected) == len(told) == 1


def test_what_was_covered_is_a_finding(trail: TrailBucket, source: Callable[..., S3Source]):
    trail.deliver(START, record("A"))
    reading = source(clock=lambda: END + timedelta(days=1))
    run = DeployRun(window=RUN.window, regions=("us-east-1", "eu-west-1"))
    assert names(reading, run) == ["A"]
    covered, absent = said(reading)
    assert covered.startswith(f"the log files of s3://{trail.name}/ of {ACCOUNT} in us-east-1 were read")
    assert covered.endswith("delivered up to 2026-11-24T09:30Z: calls that came later are missing (--slack)")
    assert absent == f"s3://{trail.name}/ holds no log files of eu-west-1"
    (unchecked,) = said(reading, "INTEGRITY_UNCHECKED")
    assert "--verify" in unchecked


def test_who_asks_too_early_is_told(trail: TrailBucket, source: Callable[..., S3Source]):
    trail.deliver(START, record("A"))
    reading = source(clock=lambda: END + 10 * MINUTE)
    assert names(reading) == ["A"]
    (covered,) = said(reading)
    assert "delivered up to 2026-11-24T08:40Z: calls that came later are missing (ask later" in covered


def test_what_is_no_log_in_a_log_s_place_is_told(trail: TrailBucket, source: Callable[..., S3Source]):
    key = trail.key(START)
    trail.put(key, b"\x1f\x8bno gzip")
    (item,) = source().records(RUN)
    assert not isinstance(item, bytes | dict)
    assert item.location == f"s3://{trail.name}/{key}"


@pytest.mark.parametrize(
    ("prefix", "words"),
    [("nowhere/", "holds no trail's log files"), ("", "the folders there: data/, other/")],
    ids=["no-folder", "no-trail"],
)
def test_a_bucket_without_a_trail_is_told_with_what_there_is(
    trail: TrailBucket, source: Callable[..., S3Source], prefix: str, words: str
):
    trail.put("data/x/y/z/AWSLogs/too-deep", b"")
    trail.put("other/x", b"")
    with pytest.raises(CollectError, match=words) as caught:
        names(source(prefix))
    assert "AWSLogs/" in caught.value.hint


def test_a_bucket_that_does_not_exist_is_told(no_aws: None, proxy: Proxy, tmp_path: Path):
    source = S3Source("s3://nowhere", cache=Cache(tmp_path), client_factory=lambda *_: client_of(proxy.endpoint))
    with pytest.raises(CollectError, match="there is no bucket nowhere"):
        names(source)


def test_missing_credentials_are_told(no_aws: None, tmp_path: Path):
    with pytest.raises(CollectError, match=f"{LIST} on trail: there are no AWS credentials") as caught:
        names(S3Source("s3://trail", cache=Cache(tmp_path)))
    assert "AWS_PROFILE" in caught.value.hint


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("s3://", "there is no bucket"),
        ("s3:///AWSLogs/", "there is no bucket"),
        (f"s3://trail/AWSLogs/{ACCOUNT}/CloudTrail-Digest/", "CloudTrail-Digest/ holds no records"),
        (f"s3://trail/p/AWSLogs/o-abcdefghij/{ACCOUNT}/CloudTrail-Insight/eu-west-1", "CloudTrail-Insight/ holds no"),
    ],
)
def test_what_names_no_log_files_is_wrong_usage(spec: str, words: str):
    with pytest.raises(UsageError, match=words):
        S3Source(spec)


def test_all_that_may_be_listed_but_not_read_is_an_error(
    trail: TrailBucket, source: Callable[..., S3Source], proxy: Proxy
):
    trail.deliver(START, record("A"))
    proxy.faults = [Fault("AccessDenied", ".json.gz")]
    with pytest.raises(CollectError, match=f"{GET} was denied") as caught:
        names(source())
    assert trail.name in caught.value.hint
