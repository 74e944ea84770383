"""Waiting for CloudTrail's delivery, against an event history that fills as time passes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.stub import ANY, Stubber
from support import record
from trail_bucket import TrailBucket, client_of, s3_server

from tracer.collect.cache import Cache
from tracer.collect.interface import DELIVERED, USUAL
from tracer.collect.lookup import LookupSource
from tracer.collect.runfile import RunFile
from tracer.collect.s3 import QUIET, S3Source
from tracer.collect.waiting import POLL, WaitingSource, once_delivered
from tracer.model.finding import Severity
from tracer.model.run import DeployRun, TimeWindow

BEGIN = datetime(2026, 11, 24, 8, tzinfo=UTC)
END = BEGIN + timedelta(minutes=10)
WINDOW = TimeWindow(BEGIN, END)
RUN = DeployRun(window=WINDOW)
RECORDED = RunFile("first", since=BEGIN, until=END, markers={"eu-west-1": "m1", "us-east-1": "m2"})
SECOND = timedelta(seconds=1)


class History:
    """A source: what it holds, and since when. Stands in for lookup and bucket, which have tests of their own."""

    what = "CloudTrail"
    settled = DELIVERED

    def __init__(self, now: datetime, arrivals: Sequence[tuple[str, datetime]], denied: Sequence[str] = ()) -> None:
        self.now = now
        self.arrivals = arrivals
        self.denied = denied
        self.quiet = timedelta()
        self.read = 0
        self.looks = 0

    def held(self) -> set[str]:
        return {name for name, moment in self.arrivals if moment <= self.now}

    def expects(self, region: str, after: timedelta) -> bool:
        assert after == self.now - END
        return region not in self.denied

    def request_ids(self, run: DeployRun, event_name: str, since: datetime) -> set[str]:
        assert run == RUN
        assert event_name == "GetCallerIdentity"
        assert since < END
        self.looks += 1
        return self.held()

    def refresh(self, run: DeployRun) -> int:
        assert run == RUN
        self.read += 1
        return len(self.held() - {"m1", "m2"})

    def records(self, run: DeployRun):
        yield from sorted(name.encode() for name in self.held() - {"m1", "m2"})

    def findings(self):
        return ()

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += timedelta(seconds=seconds)


def after(minutes: float) -> datetime:
    return END + timedelta(minutes=minutes)


def waited(
    history: History, recorded: RunFile = RECORDED, at_most: timedelta = timedelta(minutes=20)
) -> tuple[WaitingSource, list[bytes], list[str]]:
    told: list[str] = []
    source = WaitingSource(history, recorded, END, at_most, told.append, history.sleep, lambda: history.now)
    return source, list(source.records(RUN)), told


CALLS = [("A", after(1)), ("B", after(2)), ("m1", after(4)), ("m2", after(6))]


def test_a_run_is_waited_for_until_its_markers_are_there_and_nothing_newer_comes():
    history = History(after(0.5), CALLS)
    source, records, told = waited(history)
    assert records == [b"A", b"B"]
    assert history.now == after(6.5), "6 minutes for the last marker, and a poll more"
    assert history.read == 2
    assert source.findings() == ()
    assert (
        told[0]
        == "Waiting for CloudTrail, 20 minutes at most: the run's last call is not there yet (eu-west-1, us-east-1)"
    )
    assert told[-1].endswith("(us-east-1)")


def test_a_call_that_comes_after_the_marker_is_waited_for():
    """CloudTrail keeps no order of delivery."""
    history = History(after(0.5), [*CALLS, ("C", after(6.4)), ("D", after(6.9))])
    _, records, _ = waited(history)
    assert records == [b"A", b"B", b"C", b"D"]
    assert history.now == after(7.5)


def test_where_calls_come_by_the_file_none_may_come_for_a_while():
    history = History(after(0.5), [*CALLS, ("C", after(9))])
    history.quiet = timedelta(minutes=6)
    told: list[str] = []
    source = WaitingSource(history, RECORDED, END, timedelta(hours=1), told.append, history.sleep, lambda: history.now)
    assert list(source.records(RUN)) == [b"A", b"B", b"C"]
    assert history.now == after(15), "six minutes after the last that came"
    assert source.findings() == ()


def test_a_clock_that_is_set_back_makes_no_wait_longer():
    history = History(after(0.5), [("A", after(1))])
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        history.sleep(seconds)
        if len(slept) == 3:
            history.now -= timedelta(hours=1)

    source = WaitingSource(
        history, RECORDED, END, timedelta(minutes=10), [].append, sleep, lambda: history.now
    )  # fmt: skip
    list(source.records(RUN))
    assert sum(slept) == timedelta(minutes=10).total_seconds()
    assert [finding.code for finding in source.findings()] == ["COVERAGE_GAP"]


def test_a_second_pass_does_not_wait_again():
    history = History(after(0.5), CALLS)
    source, records, _ = waited(history)
    now = history.now
    assert list(source.records(RUN)) == records
    assert history.now == now


def test_what_does_not_come_in_time_is_a_finding_and_the_work_goes_on():
    history = History(after(0.5), [("A", after(1)), ("m1", after(2))])
    source, records, _ = waited(history, at_most=timedelta(minutes=3))
    assert records == [b"A"]
    assert history.now == after(3.5), "no longer than it was told to"
    (finding,) = source.findings()
    assert (finding.code, finding.severity) == ("COVERAGE_GAP", Severity.NOTE)
    assert finding.message == (
        "CloudTrail was asked 4 minutes after the run's end, and the run's last call is not there yet (us-east-1): "
        "calls may be missing. Ask later, or --wait longer"
    )


@pytest.mark.parametrize(
    ("arrivals", "words"),
    [([("A", after(0))], "the run's last call is not there yet"), (CALLS, "more calls may be on their way")],
    ids=["no-marker-yet", "markers"],
)
def test_without_a_wait_there_is_one_look(arrivals: list[tuple[str, datetime]], words: str):
    history = History(after(7), arrivals)
    source, records, told = waited(history, at_most=timedelta())
    assert records[:1] == [b"A"]
    assert history.now == after(7)
    (finding,) = source.findings()
    assert words in finding.message
    assert told == [finding.message]


def test_a_run_of_long_ago_is_not_waited_for():
    history = History(END + DELIVERED, [("A", after(1))])
    source, records, told = waited(history)
    assert (records, told, source.findings()) == ([b"A"], [], ())
    assert (history.looks, history.read) == (0, 0)


def test_an_unmarked_run_is_waited_for_by_the_clock():
    history = History(after(1), [("A", after(2)), ("B", END + USUAL + SECOND)])
    source, records, told = waited(history, replace(RECORDED, markers={}))
    assert records == [b"A", b"B"]
    assert END + USUAL < history.now <= END + USUAL + timedelta(seconds=3 * POLL)
    assert source.findings() == ()
    assert "CloudTrail takes up to 15 minutes" in told[0]


def test_no_marker_is_waited_for_where_the_lookup_is_denied():
    history = History(after(0.5), [("A", after(1)), ("m1", after(2))], denied=["us-east-1"])
    source, records, _ = waited(history)
    assert records == [b"A"]
    assert history.now == after(2.5)
    assert source.findings() == ()


def test_it_is_told_of_no_more_than_once_a_minute():
    history = History(after(0.5), [("A", after(1))])
    _, _, told = waited(history)
    assert 20 <= len(told) <= 21, "and at the end"


def test_only_a_recorded_run_that_has_ended_is_waited_for():
    def kind(run: RunFile | None) -> type:
        return type(once_delivered(LookupSource(["eu-west-1"]), run, timedelta(), print))

    assert [kind(run) for run in (None, replace(RECORDED, until=None), RECORDED)] == [
        LookupSource,
        LookupSource,
        WaitingSource,
    ]


def test_the_real_lookup_is_asked_for_the_marker_by_its_name(no_aws: None):
    import boto3

    client = boto3.client("cloudtrail", "us-east-1", aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="x")  # noqa: S106
    stub = Stubber(client)
    stub.activate()
    marker = {"Events": [{"CloudTrailEvent": '{"requestID": "m2"}'}]}
    by_name = [{"AttributeKey": "EventName", "AttributeValue": "GetCallerIdentity"}]
    stub.add_response(
        "lookup_events",
        marker,
        {"MaxResults": 50, "StartTime": END - timedelta(minutes=5), "LookupAttributes": by_name},
    )
    calls = {"Events": [{"EventId": "1", "CloudTrailEvent": '{"eventName": "A"}'}]}
    for _ in range(2):
        stub.add_response("lookup_events", calls, {"MaxResults": 50, "StartTime": BEGIN, "EndTime": ANY})
    now = [after(1)]

    def sleep(seconds: float) -> None:
        now[0] += timedelta(seconds=seconds)

    lookup = LookupSource(["us-east-1"], lambda *_: client, sleep, lambda: now[0], lambda: now[0].timestamp())
    recorded = replace(RECORDED, markers={"us-east-1": "m2"})
    source = WaitingSource(lookup, recorded, END, timedelta(minutes=5), print, sleep, lambda: now[0])
    assert list(source.records(RUN)) == [b'{"eventName": "A"}']
    assert [finding.message.partition("(")[0] for finding in source.findings()] == ["CloudTrail's event history "]
    stub.assert_no_pending_responses()


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with s3_server() as endpoint:
        yield endpoint


class Trail:
    """A real bucket (moto's), to which a trail delivers as time passes."""

    def __init__(self, endpoint: str, folder: Path) -> None:
        self.bucket = TrailBucket(endpoint)
        self.endpoint = endpoint
        self.folder = folder
        self.now = after(0.5)
        self.due: list[tuple[datetime, str, Sequence[dict[str, object]]]] = []
        self.bucket.deliver(BEGIN + timedelta(minutes=1), call("before", BEGIN - SECOND), region="eu-west-1")

    def delivers(self, moment: datetime, *records: dict[str, object], region: str = "eu-west-1") -> None:
        self.due.append((moment, region, records))

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        for moment, region, records in [item for item in self.due if item[0] <= self.now]:
            self.bucket.deliver(moment, *records, region=region)
        self.due = [item for item in self.due if item[0] > self.now]

    def waited(
        self, at_most: timedelta = timedelta(minutes=40), slack: timedelta = timedelta(hours=1), run: RunFile = RECORDED
    ) -> tuple[list[str], list[str], list[str]]:
        """The names of the records, what was told, and the findings that calls may be missing."""
        told: list[str] = []
        source = S3Source(
            f"s3://{self.bucket.name}",
            slack=slack,
            cache=Cache(self.folder),
            client_factory=lambda *_: client_of(self.endpoint),
            clock=lambda: self.now,
        )
        waiting = WaitingSource(source, run, END, at_most, told.append, self.sleep, lambda: self.now)
        names = [json.loads(item)["requestID"] for item in waiting.records(RUN)]
        gaps = [finding.message for finding in waiting.findings() if "the run's end" in finding.message]
        return names, told, gaps


def call(name: str, moment: datetime, event_name: str = "GetRole", source: str = "iam.amazonaws.com"):
    return record(event_name, source, time=f"{moment:%Y-%m-%dT%H:%M:%SZ}", requestID=name)


def marker(name: str):
    return call(name, END + SECOND, "GetCallerIdentity", "sts.amazonaws.com")


@pytest.fixture
def trail(s3: str, tmp_path: Path) -> Trail:
    trail = Trail(s3, tmp_path)
    trail.delivers(after(3), call("a", BEGIN + SECOND), marker("m1"))
    trail.delivers(after(5), marker("m2"), region="us-east-1")
    return trail


def test_a_trail_is_waited_for_until_no_more_of_the_run_comes(trail: Trail):
    """The marker came; some minutes later, as log files come, a call of before it."""
    trail.delivers(after(9), call("b", END - SECOND), call("later", END))
    trail.delivers(after(12), call("much later", END + timedelta(minutes=1)))
    names, told, gaps = trail.waited()
    assert names == ["before", "a", "m1", "b", "later", "much later", "m2"]
    assert trail.now == after(9) + QUIET, "what is not of the window is not waited for"
    assert gaps == []
    assert told[0].endswith("the run's last call is not there yet (eu-west-1, us-east-1)")
    assert told[-1].endswith("more calls may be on their way")


def test_a_region_whose_first_log_file_has_not_come_is_waited_for(trail: Trail):
    trail.due[-1] = (after(13), *trail.due[-1][1:])
    names, _, gaps = trail.waited()
    assert names == ["before", "a", "m1", "m2"]
    assert gaps == []
    assert trail.now == after(13) + QUIET


def test_a_region_that_the_trail_does_not_log_is_not_waited_for_for_ever(trail: Trail):
    del trail.due[-1]
    names, _, gaps = trail.waited()
    assert names == ["before", "a", "m1"]
    assert gaps == []
    assert trail.now == END + USUAL + QUIET


def test_a_trail_that_is_late_is_a_finding(trail: Trail):
    names, told, gaps = trail.waited(timedelta(minutes=4))
    assert names == ["before", "a", "m1"]
    (gap,) = gaps
    assert gap.startswith(f"s3://{trail.bucket.name}/ was asked 4 minutes after the run's end")
    assert "the run's last call is not there yet (us-east-1): calls may be missing" in gap
    assert told[-1] == gap


def test_what_comes_later_than_is_read_is_not_waited_for(trail: Trail):
    trail.now = after(3)
    assert trail.waited(slack=timedelta(minutes=3))[2] == []
    assert trail.now == after(3)


def test_a_trail_without_markers_is_waited_for_by_the_clock(trail: Trail):
    assert trail.waited(run=replace(RECORDED, markers={}))[2] == []
    assert trail.now == END + USUAL + QUIET
