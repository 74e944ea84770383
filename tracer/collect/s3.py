"""`S3Source`: records from the log files that a trail delivers to a bucket.

What comes in: `s3://bucket/prefix`, the prefix anywhere in the trail's layout. What goes out: the records of the log
files that may hold calls of the run's window. Which these are, their keys say: `tracer.collect.trail` has the layout,
`tracer.collect.discovery` finds accounts and regions, and one listing an account and region finds the keys. Then each
file is got once, several at a time, into a cache (`tracer.collect.cache`) from which the second pass reads; a run that
broke off, however it did, goes on from there.

Not all of it need be readable. What is denied in one region, what was deleted or archived, is a finding, and the rest
counts; an error is only what leaves nothing, or what the next file would meet as well.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from tracer.collect.aws import ClientFactory, explained, new_client
from tracer.collect.bucket import CHUNK, GET, LIST, Bucket, Withheld, needed
from tracer.collect.cache import Cache, StoredObject, default_folder
from tracer.collect.discovery import discover
from tracer.collect.glance import Glance
from tracer.collect.interface import DELIVERED, USUAL, unchecked
from tracer.collect.meter import Meter, Unwatched
from tracer.collect.shapes import read_records
from tracer.collect.trail import Place, is_log, last_delivery, location, log_keys
from tracer.collect.verify import Verdict, Verifier
from tracer.collect.workers import Workers
from tracer.errors import CollectError
from tracer.model.finding import Finding
from tracer.model.record import RawRecord
from tracer.model.run import DeployRun

SLACK: Final = timedelta(hours=1)
"""How long after the window's end log files are still read. CloudTrail delivers "within an average of about 5 minutes
of an API call. This time is not guaranteed"
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html)."""

PARALLEL: Final = 10
"""How many requests are under way at once: as many as botocore keeps connections for, max_pool_connections
(https://botocore.amazonaws.com/v1/documentation/api/latest/reference/config.html)."""

AHEAD: Final = 4 * PARALLEL
"""How many files are asked for before the first of them is read."""

QUIET: Final = timedelta(minutes=6)
"""How long no new call of a window may come before the trail is taken to have delivered them all. "CloudTrail publishes
log files multiple times an hour, about every 5 minutes"
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html), and a poll takes its time."""

TOLD_EVERY: Final = 5.0
"""Seconds between two sentences on how far the reading is."""

_TIME: Final = "%Y-%m-%dT%H:%MZ"


def _silent(_: str) -> None:
    """Tells nobody."""


class S3Source:
    """The log files of a trail in a bucket.

    Args:
        spec: `s3://bucket/prefix`.
        slack: how long after the window's end log files are still read.
        cache: where they are kept; None is the user's own.
        verify: check them against the trail's digests.
        tell: takes a sentence for the user.
        meter: hears how far the reading is; then no sentence tells it.
        client_factory: makes the clients.
        sleep: waits so many seconds.
        clock: the time now, aware.

    Raises:
        UsageError: `spec` names no bucket, or what holds no records.
    """

    def __init__(
        self,
        spec: str,
        *,
        slack: timedelta = SLACK,
        cache: Cache | None = None,
        verify: bool = False,
        tell: Callable[[str], None] = _silent,
        meter: Meter | None = None,
        client_factory: ClientFactory = new_client,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._where = location(spec)
        self._slack = slack
        self._cache = cache
        self._verify = verify
        self._tell = tell
        self._tell_reading = _silent if meter else tell
        self._meter = meter or Unwatched()
        self._new_client = client_factory
        self._sleep = sleep
        self._clock = clock
        self._plans: dict[DeployRun, _Plan] = {}
        self._glances: dict[StoredObject, Glance] = {}
        self._regions: frozenset[str] = frozenset()
        self._bucket: Bucket | None = None

    def records(self, run: DeployRun) -> Iterator[RawRecord]:
        """The records of the log files that may belong to the run, in the order of their keys.

        Raises:
            CollectError: no credentials, or expired ones; no such bucket; nothing in it that may be read, or no log
                files at all; AWS cannot be reached, or goes on failing; the cache cannot be written.
        """
        with self._at_work() as (bucket, workers):
            if run not in self._plans:
                self._plans[run] = self._planned(bucket, run, workers)
            yield from self._read(bucket, self._plans[run], workers)

    def findings(self) -> tuple[Finding, ...]:
        """What was read, what was withheld, and whether it was verified."""
        return tuple(finding for run, plan in self._plans.items() for finding in self._findings_of(run, plan))

    @property
    def what(self) -> str:
        """The bucket, and where in it."""
        return str(self._where)

    @property
    def settled(self) -> timedelta:
        """As `tracer.collect.waiting` has it: no log file is read that comes later."""
        return min(DELIVERED, self._slack)

    @property
    def quiet(self) -> timedelta:
        """As `tracer.collect.waiting` has it."""
        return QUIET

    def expects(self, region: str, after: timedelta) -> bool:
        """Whether log files of a region may still come: there are some, or the first ones may be on their way."""
        return region in self._regions or after < USUAL

    def refresh(self, run: DeployRun) -> int:
        """List the log files anew, and get those that came; `records` will list them once more.

        Returns:
            How many events of the run's window they hold. Raises CollectError as `records` does.
        """
        self._plans.pop(run, None)
        return sum(glance.events for glance in self._looked(run))

    def request_ids(self, run: DeployRun, event_name: str, since: datetime) -> Set[str]:
        """The requestIDs of the calls of that name since then; raises as `records` does."""
        found = (glance.request_ids(event_name, since) for glance in self._looked(run))
        return frozenset().union(*found)

    def _looked(self, run: DeployRun) -> list[Glance]:
        """What the log files say that are there now; each is got and looked into once."""
        with self._at_work() as (bucket, workers):
            files, _ = self._found(bucket, run, workers)
            self._regions = frozenset(place.region for place in files)
            items = [item for listed in files.values() for item in listed]
            new = [item for item in items if item not in self._glances]
            for item, got in zip(new, workers.map(bucket.get, new), strict=True):
                if not isinstance(got, Withheld):
                    self._glances[item] = Glance.of(read_records(_chunks(got), str(item)), run.window)
            return [self._glances[item] for item in items if item in self._glances]

    @contextmanager
    def _at_work(self) -> Iterator[tuple[Bucket, Workers]]:
        try:
            with Workers(PARALLEL, AHEAD) as workers:
                self._bucket = self._bucket or self._opened()
                yield self._bucket, workers
        except CollectError:
            self._bucket = None  # whoever mends the credentials and asks again is asked for them again
            raise

    def _opened(self) -> Bucket:
        from botocore.exceptions import BotoCoreError

        try:
            client = self._new_client("s3", None)
        except BotoCoreError as error:
            raise explained(error, LIST) from error
        self._cache = self._cache or Cache(default_folder())
        return Bucket(self._where.bucket, client, self._cache, self._sleep)

    def _planned(self, bucket: Bucket, run: DeployRun, workers: Workers) -> _Plan:
        """What to read, and what the digests say of it."""
        now = self._clock()
        files, gaps = self._found(bucket, run, workers)
        self._tell(f"{self._where}: {sum(map(len, files.values()))} log files{_of(files)}.")
        verdicts: dict[Place, Verdict] = {}
        if self._verify:
            verifier = Verifier(bucket, self._new_client, run.window, self._slack)
            verdicts = {place: verifier.judge(place, items) for place, items in files.items()}
        plan = _Plan(now, files, gaps, verdicts)
        self._meter.expect(len(plan.files_in_all()), sum(item.size or 0 for item in plan.files_in_all()))
        return plan

    def _found(
        self, bucket: Bucket, run: DeployRun, workers: Workers
    ) -> tuple[Mapping[Place, tuple[StoredObject, ...]], tuple[str, ...]]:
        """The log files of each place, and what may not be listed. Raises CollectError where nothing may be."""
        found = discover(bucket, self._where, run, workers.map)
        gaps = [*found.gaps]
        files: dict[Place, tuple[StoredObject, ...]] = {}
        listings = workers.map(partial(self._listed, bucket, run), found.places)
        for place, listed in zip(found.places, listings, strict=True):
            if isinstance(listed, Withheld):
                gaps.append(f"{place}: {listed}")
            else:
                files[place] = listed
        if not files:
            raise CollectError(f"no log files of {self._where} may be listed: {gaps[0]}", needed(LIST, bucket.name))
        return files, tuple(gaps)

    def _listed(self, bucket: Bucket, run: DeployRun, place: Place) -> tuple[StoredObject, ...] | Withheld:
        keys = log_keys(place, run.window, self._slack)
        items = bucket.objects(keys) if keys else ()
        return items if isinstance(items, Withheld) else tuple(item for item in items if is_log(item.key))

    def _read(self, bucket: Bucket, plan: _Plan, workers: Workers) -> Iterator[RawRecord]:
        for verdict in plan.verdicts.values():
            yield from verdict.refused
        wanted = [(place, item) for place, items in plan.files.items() for item in items if item not in plan.withheld]
        progress = _Progress(_silent if plan.was_read else self._tell_reading, str(self._where), len(wanted))
        files = workers.map(bucket.get, [item for _, item in wanted])
        for (place, item), got in zip(wanted, files, strict=True):
            progress.step()
            self._meter.advance(1, item.size or 0)
            if isinstance(got, Withheld):
                plan.withheld[item] = got
                continue
            refusal = plan.verdicts[place].refusal(item, got) if self._verify else None
            yield from [refusal] if refusal else read_records(_chunks(got), str(item))
        plan.was_read = True
        denials = [withheld for withheld in plan.withheld.values() if withheld.denial]
        if denials and len(denials) == len(plan.files_in_all()):
            raise CollectError(str(denials[0]), needed(GET, f"{bucket.name}/*"))

    def _findings_of(self, run: DeployRun, plan: _Plan) -> Iterator[Finding]:
        yield from (Finding("COVERAGE_GAP", f"{gap}: no call there is known") for gap in plan.gaps)
        for place, items in plan.files.items():
            withheld = [plan.withheld[item] for item in items if item in plan.withheld]
            for reason, count in Counter(each.reason for each in withheld).items():
                first = next(each for each in withheld if each.reason == reason)
                lacking = f"{count} of {len(items)} log files of {place} could not be read"
                yield Finding("COVERAGE_GAP", f"{lacking}, and calls may be missing: {first}")
        yield from self._coverage(run, plan)
        if not self._verify:
            yield unchecked(f"the log files of {self._where}", from_the_bucket=True)
        for place, verdict in plan.verdicts.items():
            yield from verdict.doubts([item for item in plan.files[place] if item not in plan.withheld])

    def _coverage(self, run: DeployRun, plan: _Plan) -> Iterator[Finding]:
        """Up to when files were read, and which of the regions and accounts asked for have none."""
        if end := last_delivery(run.window, self._slack):
            read = f"the log files of {self._where}{_of(plan.files)} were read that were delivered up to"
            more = "--slack" if end <= plan.made else "ask later: CloudTrail may be delivering still"
            yield Finding(
                "COVERAGE_GAP",
                f"{read} {min(end, plan.made):{_TIME}}: calls that came later are missing ({more})",
            )
        for asked, there in (
            (run.regions, {place.region for place in plan.files}),
            (run.accounts, {place.account for place in plan.files}),
        ):
            if absent := [name for name in asked if name not in there]:
                yield Finding("COVERAGE_GAP", f"{self._where} holds no log files of {', '.join(absent)}")


@dataclass(slots=True)
class _Plan:
    """What is read for one run.

    Attributes:
        made: when the log files were listed.
        files: the log files of each place, in the order of their keys.
        gaps: what could not be listed.
        verdicts: what the digests say, where they are asked.
        withheld: the log files that AWS did not hand out; they are not asked for again.
        was_read: whether all were read once.
    """

    made: datetime
    files: Mapping[Place, tuple[StoredObject, ...]]
    gaps: tuple[str, ...]
    verdicts: Mapping[Place, Verdict]
    withheld: dict[StoredObject, Withheld] = field(default_factory=dict)
    was_read: bool = False

    def files_in_all(self) -> list[StoredObject]:
        """The log files of all places."""
        return [item for items in self.files.values() for item in items]


class _Progress:
    """Says now and then how far the reading is."""

    def __init__(self, tell: Callable[[str], None], what: str, total: int) -> None:
        self._tell = tell
        self._what = what
        self._total = total
        self._read = 0
        self._told = time.monotonic()

    def step(self) -> None:
        """One more was read."""
        self._read += 1
        if time.monotonic() >= self._told + TOLD_EVERY:
            self._told = time.monotonic()
            self._tell(f"{self._what}: {self._read} of {self._total} log files read.")


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise CollectError(
            f"{path}, in the cache, cannot be read: {error.strerror or error}", "name another folder: --cache DIR"
        ) from error


def _of(places: Iterable[Place]) -> str:
    """Whose: the accounts and the regions."""
    accounts = sorted({place.account for place in places})
    regions = sorted({place.region for place in places})
    whose = accounts[0] if len(accounts) == 1 else f"{len(accounts)} accounts"
    return f" of {whose} in {', '.join(regions)}"
