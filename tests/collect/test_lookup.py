"""LookupEvents, against botocore's Stubber: what is asked for, what comes out, how fast, and what errors tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber
from event_history import EventHistory
from support import record

from tracer.collect.lookup import ACTION, WAITS, LookupSource, global_region
from tracer.errors import CollectError
from tracer.model.record import Unreadable
from tracer.model.run import DeployRun, TimeWindow

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WINDOW = TimeWindow(NOW - timedelta(hours=2), NOW - timedelta(hours=1))
RUN = DeployRun(principals=("arn:aws:iam::123456789012:user/deployer",), window=WINDOW)
ASKED = {"MaxResults": 50, "StartTime": WINDOW.since, "EndTime": WINDOW.until}


class Time:
    """Time that passes by sleeping alone."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.sleeps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.passed += seconds


class Account:
    """Stubbed clients, one a region; a region that was not prepared cannot be asked."""

    def __init__(self) -> None:
        self.stubs: dict[str, Stubber] = {}
        self.time = Time()
        self.account: str | None = "123456789012"
        self.told: list[str] = []

    def region(self, name: str) -> Stubber:
        client = boto3.client("cloudtrail", name, aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="x")  # noqa: S106
        self.stubs[name] = Stubber(client)
        self.stubs[name].activate()
        return self.stubs[name]

    def client(self, service: str, region: str | None) -> Any:  # noqa: ANN401 - as ClientFactory has it
        if service == "sts":
            return self.sts(region)
        assert service == "cloudtrail"
        return self.stubs[region or "eu-west-1"].client

    def sts(self, region: str | None) -> Any:  # noqa: ANN401 - boto3's
        """Says whose account it is, where that is known."""
        client = boto3.client("sts", region, aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="x")  # noqa: S106
        stub = Stubber(client)
        if self.account:
            caller = {
                "Arn": f"arn:aws:iam::{self.account}:user/deployer",
                "Account": self.account,
                "ResponseMetadata": {},
            }
            stub.add_response("get_caller_identity", caller)
        else:
            stub.add_client_error("get_caller_identity", "ExpiredToken")
        stub.activate()
        return client

    def source(self, *regions: str, folder: Path | None = None, now: datetime = NOW) -> LookupSource:
        return LookupSource(
            regions,
            self.client,
            sleep=self.time.sleep,
            clock=lambda: now,
            stopwatch=lambda: self.time.passed,
            folder=folder,
            tell=self.told.append,
        )

    def assert_all_was_asked(self) -> None:
        for stub in self.stubs.values():
            stub.assert_no_pending_responses()


@pytest.fixture
def account(no_aws: None):
    return Account()


def page(*names: str, then: str | None = None) -> dict[str, Any]:
    events = [{"EventId": name, "CloudTrailEvent": json.dumps(record(name))} for name in names]
    return {"Events": events} | ({"NextToken": then} if then else {})


def at(minute: int) -> datetime:
    """A minute of the window."""
    return NOW - timedelta(hours=2) + timedelta(minutes=minute)


def timed(*minutes: int, then: str | None = None) -> dict[str, Any]:
    """A page with an event of each minute, named after it."""
    events = [
        {"EventId": name, "EventTime": at(minute), "CloudTrailEvent": json.dumps(record(name))}
        for minute, name in ((minute, f"A{minute}") for minute in minutes)
    ]
    return {"Events": events} | ({"NextToken": then} if then else {})


def broken(account: Account, folder: Path) -> None:
    """A lookup whose credentials expire behind its first page."""
    stub = account.region("us-east-1")
    stub.add_response("lookup_events", timed(50, 40, 40, then="2"), ASKED)
    stub.add_client_error("lookup_events", "ExpiredTokenException")
    with pytest.raises(CollectError, match="the credentials have expired"):
        names(account.source("us-east-1", folder=folder))
    account.assert_all_was_asked()


def names(source: LookupSource, run: DeployRun = RUN) -> list[str]:
    return [json.loads(item)["eventName"] for item in source.records(run)]


def test_all_pages_of_the_region_and_of_the_global_one_are_read_once(account: Account):
    ireland, global_ = account.region("eu-west-1"), account.region("us-east-1")
    ireland.add_response("lookup_events", page("A", "B", then="2"), ASKED)
    ireland.add_response("lookup_events", page("C", then="3"), ASKED | {"NextToken": "2"})
    ireland.add_response("lookup_events", page(), ASKED | {"NextToken": "3"})
    global_.add_response("lookup_events", page("D"), ASKED)
    source = account.source("eu-west-1")
    assert names(source) == ["A", "B", "C", "D"]
    assert names(source) == ["A", "B", "C", "D"]
    account.assert_all_was_asked()


def test_records_come_out_as_cloudtrail_wrote_them(account: Account):
    text = '{"eventVersion": "1.11", "a": 1.0, "n": "ünï 漢\\n"}'
    account.region("us-east-1").add_response("lookup_events", {"Events": [{"CloudTrailEvent": text}, {"EventId": "x"}]})
    assert list(account.source("us-east-1").records(RUN)) == [
        text.encode(),
        b'{"EventId": "x", "CloudTrailEvent": null}',
    ]


def test_an_event_that_is_no_record_is_told(account: Account):
    account.region("us-east-1").add_response("lookup_events", {"Events": [{"CloudTrailEvent": "oops"}]})
    assert list(account.source("us-east-1").records(RUN)) == [Unreadable("this is not JSON", "lookup: record 1")]


def test_an_open_window_asks_for_the_whole_history(account: Account):
    account.region("us-east-1").add_response("lookup_events", page("A"), {"MaxResults": 50})
    assert names(account.source("us-east-1"), DeployRun()) == ["A"]


def test_without_regions_the_environment_s_is_read(account: Account):
    account.region("eu-west-1").add_response("lookup_events", page("A"))
    account.region("us-east-1").add_response("lookup_events", page("B"))
    assert names(account.source()) == ["A", "B"]


@pytest.mark.parametrize(
    ("region", "global_one"), [("us-gov-east-1", "us-gov-west-1"), ("cn-northwest-1", "cn-north-1")]
)
def test_the_global_region_is_the_partition_s(account: Account, region: str, global_one: str):
    for name in (region, global_one):
        account.region(name).add_response("lookup_events", page(name.replace("-", "")))
    assert len(names(account.source(region))) == 2
    account.assert_all_was_asked()


def test_global_regions_are_botocore_s():
    partitions = ("aws", "aws-us-gov", "aws-cn", "aws-nowhere")
    assert [global_region(name) for name in partitions] == ["us-east-1", "us-gov-west-1", "cn-north-1", None]


def test_two_requests_a_second_are_sent_and_no_more(account: Account):
    stub = account.region("us-east-1")
    for number in range(9):
        stub.add_response("lookup_events", page(then=str(number)))
    stub.add_response("lookup_events", page())
    names(account.source("us-east-1"))
    assert account.time.sleeps == [0.5] * 9


def test_time_that_an_answer_took_is_not_waited_for_again(account: Account):
    stub = account.region("us-east-1")
    stub.add_response("lookup_events", page("A", then="1"))
    stub.add_response("lookup_events", page("B"))
    source = LookupSource(
        ["us-east-1"], account.client, sleep=account.time.sleep, clock=lambda: NOW, stopwatch=iter([0.0, 0.4]).__next__
    )
    assert names(source) == ["A", "B"]
    assert account.time.sleeps == pytest.approx([0.1])


def test_throttling_is_waited_for(account: Account):
    stub = account.region("us-east-1")
    stub.add_client_error("lookup_events", "ThrottlingException")
    stub.add_client_error("lookup_events", "ThrottlingException")
    stub.add_response("lookup_events", page("A"), ASKED)
    assert names(account.source("us-east-1")) == ["A"]
    assert account.time.sleeps == list(WAITS[:2])


def test_throttling_without_an_end_is_told(account: Account):
    stub = account.region("us-east-1")
    for _ in range(len(WAITS) + 1):
        stub.add_client_error("lookup_events", "ThrottlingException")
    with pytest.raises(CollectError, match="in us-east-1 was throttled 6 times") as caught:
        names(account.source("us-east-1"))
    assert "--since" in caught.value.hint
    assert account.time.sleeps == list(WAITS)


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        ("AccessDeniedException", f"{ACTION} was denied", f"the caller needs {ACTION}"),
        ("ExpiredTokenException", "have expired", "log in again"),
        ("RequestExpired", "have expired", "log in again"),
        ("UnrecognizedClientException", "does not know these credentials", "not enabled"),
        ("InvalidClientTokenId", "does not know these credentials", "AWS_PROFILE"),
        ("InvalidTimeRangeException", "AWS answered with an error", ""),
    ],
)
def test_what_aws_refuses_is_told(account: Account, code: str, message: str, hint: str):
    account.region("us-east-1").add_client_error("lookup_events", code)
    with pytest.raises(CollectError, match=message) as caught:
        names(account.source("us-east-1"))
    assert hint in caught.value.hint


def test_a_fetch_that_breaks_off_goes_on_at_its_last_page(account: Account):
    """Credentials expire in the middle: clear error, the pages kept, and the second call continues."""
    ireland, global_ = account.region("eu-west-1"), account.region("us-east-1")
    ireland.add_response("lookup_events", page("A", then="2"), ASKED)
    ireland.add_client_error("lookup_events", "ExpiredTokenException")
    source = account.source("eu-west-1")
    with pytest.raises(CollectError, match="the credentials have expired") as caught:
        names(source)
    assert "log in again" in caught.value.hint
    ireland.add_response("lookup_events", page("B"), ASKED | {"NextToken": "2"})
    global_.add_response("lookup_events", page("C"), ASKED)
    assert names(source) == ["A", "B", "C"]
    account.assert_all_was_asked()


def test_the_next_command_goes_on_where_one_broke_off(account: Account, tmp_path: Path):
    """Another process, which has no token: it asks for what is older, the oldest second again, of which more may be."""
    broken(account, tmp_path)
    stub = account.region("us-east-1")
    stub.add_response("lookup_events", timed(40, 40, 40, 30), ASKED | {"EndTime": at(40)})
    whole = ["A50", "A40", "A40", "A40", "A30"]
    assert names(account.source("us-east-1", folder=tmp_path)) == whole
    account.assert_all_was_asked()
    assert names(account.source("us-east-1", folder=tmp_path)) == whole, "and now all of it is kept"


def test_another_window_is_asked_for_what_is_not_kept(account: Account, tmp_path: Path):
    """`--since -2h` is another window ten minutes later."""
    broken(account, tmp_path)
    stub, second = account.region("us-east-1"), timedelta(seconds=1)
    stub.add_response("lookup_events", timed(65), ASKED | {"StartTime": at(60) + second, "EndTime": at(70)})
    stub.add_response("lookup_events", timed(40, 40), ASKED | {"StartTime": at(10), "EndTime": at(40)})
    later = DeployRun(window=TimeWindow(at(10), at(70)))
    now = NOW + timedelta(minutes=10)
    assert names(account.source("us-east-1", folder=tmp_path, now=now), later) == ["A50", "A65", "A40", "A40"]
    account.assert_all_was_asked()


def test_an_open_end_stays_open(account: Account, tmp_path: Path):
    broken(account, tmp_path)
    stub, behind = account.region("us-east-1"), at(60) + timedelta(seconds=1)
    stub.add_response("lookup_events", timed(90), {"MaxResults": 50, "StartTime": behind})
    stub.add_response("lookup_events", timed(1), {"MaxResults": 50, "EndTime": at(40)})
    assert names(account.source("us-east-1", folder=tmp_path), DeployRun()) == ["A50", "A90", "A1"]
    account.assert_all_was_asked()


def test_what_may_not_have_been_whole_is_asked_for_again(account: Account, tmp_path: Path):
    """CloudTrail may have been late: half an hour after the window, the first page is of the last hour."""
    stub = account.region("us-east-1")
    stub.add_response("lookup_events", timed(50, 40, then="2"), ASKED)
    stub.add_response("lookup_events", timed(20, then="3"), ASKED | {"NextToken": "2"})
    stub.add_client_error("lookup_events", "ExpiredTokenException")
    now = at(90)
    with pytest.raises(CollectError, match="the credentials have expired"):
        names(account.source("us-east-1", folder=tmp_path, now=now))
    stub.add_response("lookup_events", timed(50, 45, 40), ASKED | {"StartTime": at(30) + timedelta(seconds=1)})
    stub.add_response("lookup_events", timed(20, 10), ASKED | {"EndTime": at(20)})
    assert names(account.source("us-east-1", folder=tmp_path, now=now)) == ["A50", "A45", "A40", "A20", "A10"]
    account.assert_all_was_asked()


def test_a_file_that_was_damaged_is_not_trusted(account: Account, tmp_path: Path):
    broken(account, tmp_path)
    (path,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    path.write_bytes(path.read_bytes()[:-1])
    account.region("us-east-1").add_response("lookup_events", timed(50, 40), ASKED)
    assert names(account.source("us-east-1", folder=tmp_path)) == ["A50", "A40"]
    account.assert_all_was_asked()


def test_nothing_is_kept_where_nobody_tells_whose_account_it_is(account: Account, tmp_path: Path):
    account.account = None
    broken(account, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_stops_nothing(account: Account, tmp_path: Path):
    (tmp_path / "cache").write_text("a file")
    stub = account.region("us-east-1")
    stub.add_response("lookup_events", timed(50, 40, then="2"), ASKED)
    stub.add_response("lookup_events", timed(30), ASKED | {"NextToken": "2"})
    assert names(account.source("us-east-1", folder=tmp_path / "cache")) == ["A50", "A40", "A30"]
    (told,) = account.told
    assert told.startswith("the cache cannot keep what was fetched")
    assert told.endswith(": a lookup that breaks off will begin anew.")


def test_a_region_that_denies_the_lookup_is_a_finding_and_the_others_go_on(account: Account):
    account.region("eu-west-1").add_client_error("lookup_events", "AccessDeniedException")
    account.region("us-east-1").add_response("lookup_events", page("A"), ASKED)
    source = account.source("eu-west-1")
    assert names(source) == names(source) == ["A"]
    known, denied = source.findings()
    assert "(read in us-east-1)" in known.message
    assert (denied.code, denied.message) == (
        "COVERAGE_GAP",
        "cloudtrail:LookupEvents was denied in eu-west-1: no call there is known",
    )
    account.assert_all_was_asked()


def test_where_every_region_denies_the_lookup_it_is_an_error(account: Account):
    for region in ("eu-west-1", "us-east-1"):
        account.region(region).add_client_error("lookup_events", "AccessDeniedException")
    with pytest.raises(CollectError, match=f"{ACTION} was denied"):
        names(account.source("eu-west-1"))
    account.assert_all_was_asked()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_is_told(account: Account, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.TemporaryFile", lambda: Path("/dev/full").open("r+b", buffering=0))  # noqa: SIM115
    account.region("us-east-1").add_response("lookup_events", page("A"), ASKED)
    with pytest.raises(CollectError, match="No space left on device") as caught:
        names(account.source("us-east-1"))
    assert "TMPDIR" in caught.value.hint


def test_a_window_can_be_asked_for_anew(account: Account):
    stub = account.region("us-east-1")
    stub.add_response("lookup_events", page("A"), ASKED)
    stub.add_response("lookup_events", page("A", "B"), ASKED)
    source = account.source("us-east-1")
    assert source.refresh(RUN) == 1
    assert source.refresh(RUN) == 2
    assert names(source) == ["A", "B"]
    assert account.time.sleeps == [0.5], "two requests a second, also from one question to the next"
    account.assert_all_was_asked()


def test_single_calls_are_looked_up_by_their_name(account: Account):
    by_name = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "GetCallerIdentity"}]}
    asked = {"MaxResults": 50, "StartTime": NOW} | by_name
    events = [{"CloudTrailEvent": text} for text in ('{"requestID": "r1"}', "oops", "[]", '{"requestID": null}')]
    account.region("eu-west-1").add_response("lookup_events", {"Events": events, "NextToken": "2"}, asked)
    account.region("us-east-1").add_response("lookup_events", {"Events": [{"CloudTrailEvent": '{"requestID": "r3"}'}]})
    account.stubs["eu-west-1"].add_response("lookup_events", {"Events": []}, asked | {"NextToken": "2"})
    assert {"r1", "r3"} <= account.source("eu-west-1").request_ids(RUN, "GetCallerIdentity", NOW)
    account.assert_all_was_asked()


@pytest.fixture
def history(no_aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[EventHistory]:
    """An event history over HTTP, with 120 events of the window."""
    history = EventHistory()
    times = [WINDOW.since + timedelta(seconds=number) for number in range(120)]
    history.records = [record(f"A{number}", time=time.isoformat()) for number, time in enumerate(times)]
    monkeypatch.setenv("AWS_ENDPOINT_URL", history.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    yield history
    history.close()


@pytest.mark.parametrize("fault", ["error", "reset"])
def test_a_fault_of_the_network_loses_nothing(history: EventHistory, fault: str):
    history.faults = [fault, "", fault]
    source = LookupSource(["us-east-1"], sleep=lambda _: None, clock=lambda: NOW)
    assert sorted(names(source)) == sorted(f"A{number}" for number in range(120))
    assert history.faults == []


def test_faults_without_an_end_are_told_and_the_next_call_goes_on(history: EventHistory):
    history.faults = ["", *["reset"] * (len(WAITS) + 1)]
    sleeps: list[float] = []
    source = LookupSource(["us-east-1"], sleep=sleeps.append, clock=lambda: NOW)
    # An answer that breaks off is an error to some versions of botocore, which ask again themselves, and a whole one to
    # others.
    with pytest.raises(CollectError, match=r"LookupEvents.* (in part 6 times|could not be reached)") as caught:
        names(source)
    assert set(WAITS) <= set(sleeps) or "reached" in caught.value.message
    asked = len(history.asked)
    assert len(names(source)) == 120
    assert all("NextToken" in request for request in history.asked[asked:]), "it goes on at the page that broke off"


def test_missing_credentials_are_told(no_aws: None):
    with pytest.raises(CollectError, match="there are no AWS credentials") as caught:
        names(LookupSource(["us-east-1"], clock=lambda: NOW))
    assert "AWS_PROFILE" in caught.value.hint
    assert isinstance(caught.value.__cause__, NoCredentialsError)


def test_a_missing_region_is_told(no_aws: None):
    with pytest.raises(CollectError, match="no AWS region is set") as caught:
        names(LookupSource([], clock=lambda: NOW))
    assert "--region" in caught.value.hint


def test_a_window_before_the_history_is_told_and_nothing_is_asked(account: Account):
    old = DeployRun(window=TimeWindow(NOW - timedelta(days=90, seconds=1), None))
    with pytest.raises(
        CollectError, match="2026-08-26T11:59:59Z, and CloudTrail's event history goes back 90 days"
    ) as caught:
        names(account.source("us-east-1"), old)
    assert "--from s3://" in caught.value.hint


def test_what_the_history_cannot_show_is_a_finding(account: Account):
    for region in ("eu-west-1", "us-east-1"):
        account.region(region).add_response("lookup_events", page())
    source = account.source("eu-west-1")
    assert names(source) == []
    (finding,) = source.findings()
    assert finding.code == "COVERAGE_GAP"
    assert "eu-west-1, us-east-1" in finding.message
    assert "no data events" in finding.message
