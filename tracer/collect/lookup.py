"""`LookupSource`: records from CloudTrail's event history, which every account has without setting anything up.

What comes in: regions. What goes out: the management events of the run's window there, and in the region where the
partition logs its global services. The pages are fetched once and spooled, because a run is read twice and AWS answers
two requests a second. A fetch that breaks off (expired credentials, throttling) goes on at its last page when records
are asked for again; and where a folder is named, the next command goes on as well, as far as `tracer.collect.pages` can
answer for what it kept. A region that denies the lookup is a finding, and the others go on.

No LookupAttribute is sent for records. LookupEvents takes exactly one, and none keeps a run whole: `Username` is the
user's or the session's name, so it loses what was done by the roles that the principal assumed, passed to
CloudFormation or gave to functions, also where the run has a session of its own; an access key loses the calls that
services forward, which carry a fresh key each
(https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html). So the window alone bounds the
pages, and reduce selects. Only `request_ids`, which looks for single calls, names an attribute.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tracer.collect.aws import ACCESS_DENIED, THROTTLED, ClientFactory, error_code, explained, new_client
from tracer.collect.caller import identity
from tracer.collect.interface import DELIVERED
from tracer.collect.pages import Cutter, Span, Stretches
from tracer.collect.shapes import read_records
from tracer.collect.spool import Spool
from tracer.errors import CollectError
from tracer.model.finding import Finding
from tracer.model.record import RawRecord
from tracer.model.run import DeployRun, TimeWindow

ACTION: Final = "cloudtrail:LookupEvents"

REQUESTS_PER_SECOND: Final = 2
"""AWS: "The rate of lookup requests is limited to two per second, per account, per Region",
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html."""

PAGE: Final = 50
"""The most events that one answer holds, from the same page."""

HISTORY: Final = timedelta(days=90)
"""How far back the event history goes, from the same page."""

WAITS: Final = (2.0, 4.0, 8.0, 16.0, 32.0)
"""Seconds to wait, one after the other, where AWS still throttles after botocore's own retries, or answers in part."""

_OPEN_END: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)

_TRAIL: Final = "read the trail's bucket instead: --from s3://BUCKET/PREFIX"


class LookupSource:
    """The event history of some regions of the account that the credentials belong to.

    Args:
        regions: the run's own; none is the environment's.
        client_factory: makes the clients.
        sleep: waits so many seconds.
        clock: the time now, aware; what is too old to be looked up is measured from it.
        stopwatch: seconds that only ever grow; the requests are paced by it.
        folder: the cache, where what was read is kept; None keeps nothing.
        tell: takes a sentence for the user.
    """

    def __init__(
        self,
        regions: Sequence[str],
        client_factory: ClientFactory = new_client,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        stopwatch: Callable[[], float] = time.monotonic,
        folder: Path | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._regions = tuple(regions)
        self._folder = folder
        self._tell = tell
        self._new_client = client_factory
        self._sleep = sleep
        self._clock = clock
        self._stopwatch = stopwatch
        self._places: dict[str, _Place] = {}
        self._readings: dict[TimeWindow, _Reading] = {}

    def records(self, run: DeployRun) -> Iterator[RawRecord]:
        """The management events of the run's window, asked for once.

        Raises:
            CollectError: the window begins before the event history; no credentials, or ones that may look up nowhere;
                no region; AWS cannot be reached, or goes on throttling.
        """
        yield from read_records(self._read(run.window).spool.chunks(), "lookup")

    def findings(self) -> tuple[Finding, ...]:
        """That the event history holds management events only, where it was read, and where that was denied."""
        where = ", ".join(self.regions)
        known = Finding(
            "COVERAGE_GAP",
            f"CloudTrail's event history (read in {where}) holds management events of the last {HISTORY.days} days "
            "only: no data events (S3 objects, Lambda invocations, DynamoDB items...), and no other region's calls",
        )
        denied = (place.name for place in self._places.values() if place.denied)
        return (
            known,
            *(Finding("COVERAGE_GAP", f"{ACTION} was denied in {name}: no call there is known") for name in denied),
        )

    @property
    def regions(self) -> tuple[str, ...]:
        """Where the event history is read; known once it has been asked."""
        return tuple(place.name for place in self._places.values() if not place.denied)

    what: Final = "CloudTrail"
    settled: Final = DELIVERED
    quiet: Final = timedelta()
    """As `tracer.collect.waiting` has them: events are shown one by one, so one more look is enough."""

    def expects(self, region: str, _: timedelta) -> bool:
        """Whether calls of a region can be looked up; known once it has been asked."""
        return region in self.regions

    def refresh(self, run: DeployRun) -> int:
        """Ask for the run's window anew; `records` will tell what it holds now.

        Returns:
            How many events that is. Raises CollectError as `records` does.
        """
        self._readings.pop(run.window, None)
        return self._read(run.window).count

    def request_ids(self, _: DeployRun, event_name: str, since: datetime) -> Set[str]:
        """The requestIDs of the calls of that name since then, in all regions; raises as `records` does."""
        request = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": event_name}]}
        found: set[str] = set()
        for place in self._open_places():
            for page in self._pages(place, _Query(request | _between(since, None))):
                found.update(_request_id(event) for event in page["Events"])
        return found

    def _read(self, window: TimeWindow) -> _Reading:
        """All events of the window; goes on where an earlier call broke off."""
        if window.since and window.since < self._clock() - HISTORY:
            since = f"{window.since:%Y-%m-%dT%H:%M:%SZ}"
            raise CollectError(
                f"the window begins at {since}, and CloudTrail's event history goes back {HISTORY.days} days",
                f"give a later --since, or {_TRAIL}",
            )
        reading = self._readings.setdefault(window, _Reading())
        for place in self._open_places():
            if place.name not in reading.questions:
                reading.questions[place.name] = self._begun(place, window, reading)
            for question in reading.questions[place.name]:
                for page in self._pages(place, question.query):
                    events = [(event.get("EventTime"), _line(event)) for event in page["Events"]]
                    reading.add(line for _, line in events)
                    self._keep(question, events, more=bool(page.get("NextToken")))
        return reading

    def _begun(self, place: _Place, window: TimeWindow, reading: _Reading) -> Sequence[_Question]:
        """What is left to be asked of a place when all that is kept was read."""
        kept = self._kept(place)
        span = Span(_second(window.since or self._clock() - HISTORY), _second(window.until or _OPEN_END))
        known: list[Span] = []
        for stretch in kept.known(span) if kept else ():
            reading.add(line for _, line in stretch.events)
            known.append(stretch.span)
        return [_Question(_Query(_between(*_ends(gap, span, window))), Cutter(gap), kept) for gap in span.gaps(known)]

    def _kept(self, place: _Place) -> Stretches | None:
        """What is kept of a place; None where nothing shall be, or nobody tells whose account it is."""
        if self._folder is None:
            return None
        try:
            account = identity(self._new_client, place.name).account
        except CollectError:
            return None  # the lookup says what is wrong, if it cannot be done either
        return Stretches(self._folder, account, place.name, self._clock())

    def _keep(self, question: _Question, events: Sequence[tuple[datetime | None, bytes]], *, more: bool) -> None:
        """Keep what is known now that a page has come; a cache that cannot be written stops nothing."""
        stretch = question.cutter.cut([(moment and _second(moment), line) for moment, line in events], more=more)
        if stretch and question.kept and self._folder:
            try:
                question.kept.keep(stretch)
            except CollectError as error:
                self._folder = question.kept = None
                self._tell(f"{error.message}: a lookup that breaks off will begin anew.")

    def _open_places(self) -> Iterator[_Place]:
        """The regions, without those that deny the lookup. Raises CollectError where all do."""
        self._places = self._places or self._made_places()
        yield from [place for place in self._places.values() if not place.denied]
        denials = [place.denied for place in self._places.values() if place.denied]
        if len(denials) == len(self._places):
            raise explained(denials[0], ACTION) from denials[0]

    def _made_places(self) -> dict[str, _Place]:
        """The regions of the run, and the one where its partition logs IAM, STS and CloudFront."""
        from botocore.exceptions import BotoCoreError

        try:
            own = {
                str(client.meta.region_name): client
                for client in [self._new_client("cloudtrail", region) for region in self._regions or (None,)]
            }
            partitions = {client.meta.partition for client in own.values()}
            wanted = own.keys() | {region for partition in partitions if (region := global_region(partition))}
            clients = {region: own.get(region) or self._new_client("cloudtrail", region) for region in sorted(wanted)}
        except BotoCoreError as error:
            raise explained(error, ACTION) from error
        interval = 1 / REQUESTS_PER_SECOND
        return {
            region: _Place(region, client, _Pace(interval, self._sleep, self._stopwatch))
            for region, client in clients.items()
        }

    def _pages(self, place: _Place, query: _Query) -> Iterator[Mapping[str, Any]]:
        """The pages of one region that are left; none where it denies the lookup.

        Each request but the token is the same, as NextToken demands.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        while not query.done:
            try:
                page = self._page(place, query.request)
            except (BotoCoreError, ClientError) as error:
                if error_code(error) not in ACCESS_DENIED:
                    raise explained(error, ACTION) from error
                place.denied = error
                return
            yield page
            query.advance(page.get("NextToken"))

    def _page(self, place: _Place, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """One answer, whole. What botocore cannot parse it gives as an answer without anything in it, and so it takes
        one that breaks off in mid-body.
        """
        from botocore.exceptions import ClientError

        what = ""
        for wait in (*WAITS, None):
            place.pace.wait()
            try:
                page: Mapping[str, Any] = place.client.lookup_events(**request)
            except ClientError as error:
                if error_code(error) not in THROTTLED:
                    raise
                what = "was throttled"
            else:
                if "Events" in page:
                    return page
                what = "was answered in part"
            if wait is not None:
                self._sleep(wait)
        raise CollectError(
            f"LookupEvents in {place.name} {what} {len(WAITS) + 1} times",
            f"narrow --since and --until, try again later, or {_TRAIL}",
        )


class _Pace:
    """Lets one request through per `interval` seconds."""

    def __init__(self, interval: float, sleep: Callable[[float], None], stopwatch: Callable[[], float]) -> None:
        self._interval = interval
        self._sleep = sleep
        self._stopwatch = stopwatch
        self._next: float | None = None

    def wait(self) -> None:
        now = self._stopwatch()
        if self._next is not None and now < self._next:
            self._sleep(self._next - now)
            now = self._next
        self._next = now + self._interval


@dataclass(slots=True)
class _Place:
    """A region: who is asked there, how fast, and what it answered where it denies the lookup."""

    name: str
    client: Any
    pace: _Pace
    denied: Exception | None = None


@dataclass(slots=True)
class _Query:
    """A question's pages: the request for the next one, and whether there is one."""

    request: Mapping[str, Any]
    done: bool = False

    def advance(self, token: str | None) -> None:
        """Go on to the page behind `token`; None: that was the last."""
        if token:
            self.request = {**self.request, "NextToken": token}
        self.done = not token


@dataclass(slots=True)
class _Question:
    """What is asked of one region about one span, and where the answer is kept."""

    query: _Query
    cutter: Cutter
    kept: Stretches | None


@dataclass(slots=True)
class _Reading:
    """What was read of a window so far, and what is left to be asked, by region."""

    spool: Spool = field(default_factory=Spool)
    count: int = 0
    questions: dict[str, Sequence[_Question]] = field(default_factory=dict)

    def add(self, lines: Iterable[bytes]) -> None:
        """Take events in. Raises CollectError where they cannot be kept."""
        taken = list(lines)
        self.spool.write(b"".join(taken))
        self.count += len(taken)


def _between(since: datetime | None, until: datetime | None) -> dict[str, Any]:
    """What a request says of its size and window. EndTime is inclusive; reduce leaves out the last second."""
    times = {"StartTime": since, "EndTime": until}
    return {"MaxResults": PAGE} | {name: moment for name, moment in times.items() if moment}


def _ends(gap: Span, span: Span, window: TimeWindow) -> tuple[datetime | None, datetime | None]:
    """The ends of a gap in the window's `span`, as a request has them: what the window leaves open stays open."""
    return (
        window.since if gap.first == span.first else gap.first,
        window.until if gap.last == span.last else gap.last,
    )


def _second(moment: datetime) -> datetime:
    """The second that a moment lies in, as the request has it."""
    return moment.astimezone(UTC).replace(microsecond=0)


def _request_id(event: Mapping[str, Any]) -> str:
    try:
        record = json.loads(event.get("CloudTrailEvent") or "")
        return str(record["requestID"])
    except (ValueError, LookupError, TypeError):
        return ""


def global_region(partition: str) -> str | None:
    """The region where a partition logs the calls of its global services; None where botocore knows none."""
    return global_regions().get(partition)


def global_regions() -> Mapping[str, str]:
    """The region where each partition logs the calls of its global services.

    us-east-1, us-gov-west-1, cn-north-1...: where IAM's one endpoint is, by botocore's own data.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
    """
    from botocore.loaders import create_loader

    regions: dict[str, str] = {}
    for known in create_loader().load_data("endpoints")["partitions"]:
        iam = known["services"].get("iam", {})
        if "partitionEndpoint" in iam:
            regions[known["partition"]] = iam["endpoints"][iam["partitionEndpoint"]]["credentialScope"]["region"]
    return regions


def _line(event: Mapping[str, Any]) -> bytes:
    """The looked-up event as `read_records` takes it: what counts of it is the record, which is JSON in a string."""
    kept = {"EventId": event.get("EventId"), "CloudTrailEvent": event.get("CloudTrailEvent")}
    return json.dumps(kept, ensure_ascii=True).encode() + b"\n"
