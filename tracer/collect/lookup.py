"""`LookupSource`: records from CloudTrail's event history, which every account has without setting anything up.

What comes in: regions. What goes out: the management events of the run's window there, and in the region where the
partition logs its global services. The pages are fetched once and spooled, because a run is read twice and AWS answers
two requests a second.

No LookupAttribute is sent. LookupEvents takes exactly one, and none keeps a run whole: `Username` is the user's or the
session's name, so it loses what was done by the roles that the principal assumed, passed to CloudFormation or gave to
functions; an access key loses the calls that services forward, which carry a fresh key each
(https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html). So the window alone bounds the
pages, and reduce selects.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tracer.collect.aws import THROTTLED, ClientFactory, error_code, explained, new_client
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

THROTTLED_WAITS: Final = (2.0, 4.0, 8.0, 16.0, 32.0)
"""Seconds to wait, one after the other, where AWS still throttles after botocore's own retries."""

_TRAIL: Final = "read the trail's bucket instead: aws s3 sync s3://BUCKET/AWSLogs/ logs/, then --from logs/"


class LookupSource:
    """The event history of some regions of the account that the credentials belong to.

    Args:
        regions: the run's own; none is the environment's.
        client_factory: makes the clients.
        sleep: waits so many seconds.
        clock: the time now, aware; what is too old to be looked up is measured from it.
        stopwatch: seconds that only ever grow; the requests are paced by it.
    """

    def __init__(
        self,
        regions: Sequence[str],
        client_factory: ClientFactory = new_client,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._regions = tuple(regions)
        self._new_client = client_factory
        self._sleep = sleep
        self._clock = clock
        self._stopwatch = stopwatch
        self._looked_up: tuple[str, ...] = ()
        self._spools: dict[TimeWindow, Spool] = {}

    def records(self, run: DeployRun) -> Iterator[RawRecord]:
        """The management events of the run's window, asked for once.

        Raises:
            CollectError: the window begins before the event history; no credentials, or ones that may not look up; no
                region; AWS cannot be reached, or goes on throttling.
        """
        if run.window not in self._spools:
            self._spools[run.window] = self._fetch(run.window)
        yield from read_records(self._spools[run.window].chunks(), "lookup")

    def findings(self) -> tuple[Finding, ...]:
        """That the event history holds management events only, and where it was read."""
        where = ", ".join(self._looked_up)
        return (
            Finding(
                "COVERAGE_GAP",
                f"CloudTrail's event history (read in {where}) holds management events of the last {HISTORY.days} days "
                "only: no data events (S3 objects, Lambda invocations, DynamoDB items...), and no other region's calls",
            ),
        )

    def _fetch(self, window: TimeWindow) -> Spool:
        from botocore.exceptions import BotoCoreError, ClientError

        if window.since and window.since < self._clock() - HISTORY:
            since = f"{window.since:%Y-%m-%dT%H:%M:%SZ}"
            raise CollectError(
                f"the window begins at {since}, and CloudTrail's event history goes back {HISTORY.days} days",
                f"give a later --since, or {_TRAIL}",
            )
        spool = Spool()
        try:
            clients = self._clients()
            self._looked_up = tuple(clients)
            for client in clients.values():
                for event in self._events(client, window):
                    spool.write(_line(event))
        except (BotoCoreError, ClientError) as error:
            raise explained(error, ACTION) from error
        return spool

    def _clients(self) -> dict[str, Any]:
        """A client for each region of the run, and for the one where its partition logs IAM, STS and CloudFront."""
        own: dict[str, Any] = {}
        for region in self._regions or (None,):
            client = self._new_client("cloudtrail", region)
            own[client.meta.region_name] = client
        partitions = {client.meta.partition for client in own.values()}
        wanted = own.keys() | {region for partition in partitions if (region := global_region(partition))}
        return {region: own.get(region) or self._new_client("cloudtrail", region) for region in sorted(wanted)}

    def _events(self, client: Any, window: TimeWindow) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401
        """All events of one region, page after page; each request but the token is the same, as NextToken demands."""
        request: dict[str, Any] = {"MaxResults": PAGE}
        if window.since:
            request["StartTime"] = window.since
        if window.until:
            request["EndTime"] = window.until  # inclusive in AWS; reduce leaves out the last second
        pace = _Pace(1 / REQUESTS_PER_SECOND, self._sleep, self._stopwatch)
        while True:
            page = self._page(client, request, pace)
            yield from page.get("Events", ())
            if not page.get("NextToken"):
                return
            request["NextToken"] = page["NextToken"]

    def _page(self, client: Any, request: Mapping[str, Any], pace: _Pace) -> Mapping[str, Any]:  # noqa: ANN401
        from botocore.exceptions import ClientError

        for wait in (*THROTTLED_WAITS, None):
            pace.wait()
            try:
                page: Mapping[str, Any] = client.lookup_events(**request)
            except ClientError as error:
                if error_code(error) not in THROTTLED:
                    raise
                if wait is not None:
                    self._sleep(wait)
            else:
                return page
        raise CollectError(
            f"LookupEvents in {client.meta.region_name} was throttled {len(THROTTLED_WAITS) + 1} times",
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


def global_region(partition: str) -> str | None:
    """The region where a partition logs the calls of its global services; None where botocore knows none.

    us-east-1, us-gov-west-1, cn-north-1...: where IAM's one endpoint is, by botocore's own data.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
    """
    from botocore.loaders import create_loader

    for known in create_loader().load_data("endpoints")["partitions"]:
        iam = known["services"].get("iam", {})
        if known["partition"] == partition and "partitionEndpoint" in iam:
            return str(iam["endpoints"][iam["partitionEndpoint"]]["credentialScope"]["region"])
    return None


def _line(event: Mapping[str, Any]) -> bytes:
    """The looked-up event as `read_records` takes it: what counts of it is the record, which is JSON in a string."""
    kept = {"EventId": event.get("EventId"), "CloudTrailEvent": event.get("CloudTrailEvent")}
    return json.dumps(kept, ensure_ascii=True).encode() + b"\n"
