"""Waiting for CloudTrail's delivery, against an event history that fills as time passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import ANY, Stubber

from tracer.collect.lookup import LookupSource
from tracer.collect.runfile import RunFile
from tracer.collect.waiting import POLL, SETTLED, USUAL, WaitingSource, recorded_history
from tracer.model.finding import Severity
from tracer.model.run import DeployRun, TimeWindow

BEGIN = datetime(2026, 11, 24, 8, tzinfo=UTC)
END = BEGIN + timedelta(minutes=10)
WINDOW = TimeWindow(BEGIN, END)
RUN = DeployRun(window=WINDOW)
RECORDED = RunFile("first", since=BEGIN, until=END, markers={"eu-west-1": "m1", "us-east-1": "m2"})
SECOND = timedelta(seconds=1)


class History:
    """An event history: what it holds, and since when. Stands in for the lookup, which has tests of its own."""

    def __init__(self, now: datetime, arrivals: Sequence[tuple[str, datetime]], denied: Sequence[str] = ()) -> None:
        self.now = now
        self.arrivals = arrivals
        self.regions = tuple(region for region in ("eu-west-1", "us-east-1") if region not in denied)
        self.read = 0
        self.looks = 0

    def held(self) -> set[str]:
        return {name for name, moment in self.arrivals if moment <= self.now}

    def request_ids(self, event_name: str, since: datetime) -> set[str]:
        assert event_name == "GetCallerIdentity"
        assert since < END
        self.looks += 1
        return self.held()

    def refresh(self, window: TimeWindow) -> int:
        assert window == WINDOW
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
    history = History(END + SETTLED, [("A", after(1))])
    source, records, told = waited(history)
    assert (records, told, source.findings()) == ([b"A"], [], ())
    assert (history.looks, history.read) == (0, 0)


def test_an_unmarked_run_is_waited_for_by_the_clock():
    history = History(after(1), [("A", after(2)), ("B", END + USUAL + SECOND)])
    source, records, told = waited(history, replace(RECORDED, markers={}))
    assert records == [b"A", b"B"]
    assert END + USUAL < history.now <= END + USUAL + timedelta(seconds=3 * POLL)
    assert source.findings() == ()
    assert "the event history takes up to 15 minutes" in told[0]


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
        return type(recorded_history(run, ["eu-west-1"], timedelta(), print))

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
