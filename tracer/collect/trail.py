"""How a trail lays its files out in a bucket: what a key says before anything is read.

    [prefix/]AWSLogs/[o-ORGANIZATION/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_ID.json.gz
    [prefix/]AWSLogs/[o-ORGANIZATION/]ACCOUNT/CloudTrail-Digest/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOME_YYYYMMDDTHHmmssZ.json.gz

(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html and
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html.)

Dates and times in keys are those of delivery: a log file "can contain records written at any point before that time"
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html). So the files of a window
are those delivered from its start to its end, and a slack later, be that on the next day. All keys of an account and
region are in the order of delivery, so one listing that begins at the first of them and stops behind the last reads no
other day and no other hour.

Everything here is text in, text out; `tracer.collect.s3` asks the bucket.
"""

from __future__ import annotations

import os.path
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tracer.errors import UsageError
from tracer.model.run import TimeWindow

SCHEME: Final = "s3://"
AWSLOGS: Final = "AWSLogs/"
LOGS: Final = "CloudTrail"
DIGESTS: Final = "CloudTrail-Digest"
"""The folder of log files, and that of digests. What else a trail writes (CloudTrail-Insight, CloudTrail-Aggregated)
stands in folders of its own, and holds no records of calls."""

DIGEST_PERIOD: Final = timedelta(hours=1)
"""How much time a digest covers: "Each digest file contains the names of the log files that were delivered to your
Amazon S3 bucket during the last hour" (the digest's page, above)."""

_LAYOUT: Final = re.compile(
    rf"(?P<root>(?:.*/)?{AWSLOGS}(?:(?P<organization>o-[a-z0-9]+)/)?)"
    rf"(?:(?P<account>[0-9]{{12}})/(?:(?P<kind>[^/]+)/(?:(?P<region>[a-z0-9-]+)/(?P<within>.*))?)?)?"
)
_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_ORGANIZATION: Final = re.compile(r"o-[a-z0-9]+")
_REGION: Final = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-[0-9]+")
_LOG: Final = re.compile(r"[0-9]{12}_CloudTrail_[a-z0-9-]+_[0-9]{8}T[0-9]{4}Z_[^/]+\.json(?:\.gz)?")
_DIGEST: Final = re.compile(
    r"[0-9]{12}_CloudTrail-Digest_[a-z0-9-]+_(?P<trail>.+)_(?P<home>[a-z0-9-]+)"
    r"_(?P<end>[0-9]{8}T[0-9]{6}Z)(?P<backfill>_backfill)?\.json\.gz"
)
_NAMED: Final = f"_{LOGS}_"
"""Stands in the names of log files, and in no folder's."""
_LAST: Final = "~"
"""Sorts behind everything that follows a time in a name."""


@dataclass(frozen=True, slots=True)
class Location:
    """What `s3://bucket/prefix` names.

    Attributes:
        bucket: its name.
        prefix: empty, or a folder with the slash at its end, or the beginning of a log file's key.
    """

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}"


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one account and region.

    Attributes:
        folder: the account's folder: `[prefix/]AWSLogs/[o-ORGANIZATION/]ACCOUNT/`.
        within: where in the region's folder of logs: a year, a month, a day, the beginning of a name; mostly empty.
    """

    folder: str
    account: str
    region: str
    within: str = ""

    @property
    def logs(self) -> str:
        """The folder of its log files."""
        return f"{self.folder}{LOGS}/{self.region}/"

    @property
    def digests(self) -> str:
        """The folder of its digests."""
        return f"{self.folder}{DIGESTS}/{self.region}/"

    def __str__(self) -> str:
        return f"{self.region} of account {self.account}"


@dataclass(frozen=True, slots=True)
class Branch:
    """A folder on the way to places: what stands below it is to be listed.

    Attributes:
        folder: what to list.
        account: where it is the folder of an account's logs: whose; the folders below are regions.
    """

    folder: str
    account: str | None = None


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Keys that follow each other: those that begin with `prefix`, behind `after`, up to `last`; None is no bound."""

    prefix: str
    after: str | None = None
    last: str | None = None

    def __contains__(self, key: str) -> bool:
        return (
            key.startswith(self.prefix)
            and (self.after is None or self.after < key)
            and (self.last is None or key <= self.last)
        )


def location(spec: str) -> Location:
    """What `spec` names. Raises UsageError where it names no bucket, or what holds no log files."""
    bucket, _, prefix = spec.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise UsageError(f"--from {spec}: there is no bucket in it", "write s3://BUCKET or s3://BUCKET/PREFIX")
    if prefix and not prefix.endswith("/") and _NAMED not in prefix.rpartition("/")[2]:
        prefix += "/"
    found = _LAYOUT.fullmatch(prefix)
    if found and found["kind"] not in (None, LOGS):
        raise UsageError(
            f"--from {spec}: {found['kind']}/ holds no records of calls",
            f"name the trail's log files: {SCHEME}{bucket}/{found['root']}{found['account']}/{LOGS}/",
        )
    return Location(bucket, prefix)


def descend(prefix: str) -> Place | Branch | None:
    """What the layout says of a prefix: a place, a folder that has some below it, or nothing."""
    found = _LAYOUT.fullmatch(prefix)
    if found is None:
        return None
    root, account, region = found["root"], found["account"], found["region"]
    if account is None:
        return Branch(root)
    folder = f"{root}{account}/"
    return Place(folder, account, region, found["within"]) if region else Branch(f"{folder}{LOGS}/", account)


def is_account(name: str) -> bool:
    """Whether a folder's name is an account's."""
    return _ACCOUNT.fullmatch(name) is not None


def is_organization(name: str) -> bool:
    """Whether a folder's name is an organisation's."""
    return _ORGANIZATION.fullmatch(name) is not None


def is_region(name: str) -> bool:
    """Whether a folder's name is a region's."""
    return _REGION.fullmatch(name) is not None


def is_log(key: str) -> bool:
    """Whether a key is a log file's."""
    return _LOG.fullmatch(key.rpartition("/")[2]) is not None


def log_keys(place: Place, window: TimeWindow, slack: timedelta) -> KeyRange | None:
    """Where the keys stand of the log files that may hold records of the window; None where `place.within` holds none.

    Args:
        place: whose.
        window: when the calls were made.
        slack: how long after the window's end files are still taken: CloudTrail delivers late.
    """
    after = None if window.since is None else _stamped(place, window.since)
    end = last_delivery(window, slack)
    last = None if end is None else _stamped(place, end) + _LAST
    prefix = _common(place.logs, after, last)
    named = place.logs + place.within
    if not (prefix.startswith(named) or named.startswith(prefix)):
        return None
    return KeyRange(max(prefix, named, key=len), after, last)


def digest_keys(place: Place, window: TimeWindow, slack: timedelta) -> KeyRange:
    """Where the keys stand of the digests that cover those log files; some others are among them.

    The digests of several trails share a folder, sorted by trail within each day: so whole days are taken.
    """
    after = None if window.since is None else f"{place.digests}{window.since:%Y/%m/%d}/"
    end = last_delivery(window, slack + DIGEST_PERIOD)
    last = None if end is None else f"{place.digests}{end:%Y/%m/%d}/{_LAST}"
    return KeyRange(_common(place.digests, after, last), after, last)


def last_delivery(window: TimeWindow, slack: timedelta) -> datetime | None:
    """Up to when files may bring records of the window; None: without an end."""
    try:
        return None if window.until is None else window.until + slack
    except OverflowError:
        return None


@dataclass(frozen=True, slots=True)
class DigestName:
    """What a digest's key says.

    Attributes:
        key: the key.
        chain: the trail, its home region, and whether this is a backfill: digests of one chain follow each other.
        end: the end of the time that it covers, as `YYYYMMDDTHHmmssZ`.
    """

    key: str
    chain: tuple[str, str, bool]
    end: str


def digest_name(key: str) -> DigestName | None:
    """What a digest's key says; None where it is none."""
    found = _DIGEST.fullmatch(key.rpartition("/")[2])
    return found and DigestName(key, (found["trail"], found["home"], found["backfill"] is not None), found["end"])


def covers_from(name: DigestName, window: TimeWindow) -> bool:
    """Whether a digest may list log files that were delivered in the window or later."""
    return window.since is None or name.end >= f"{window.since:%Y%m%dT%H%M%SZ}"


def is_in_time(name: str, window: TimeWindow, slack: timedelta) -> bool:
    """Whether the file of this name may hold calls of the window: not where it was delivered before that began, or
    later than `slack` after its end. A name that says nothing of a delivery may be anything's.
    """
    if not is_log(name):
        return True
    end, time = last_delivery(window, slack), delivered(name)
    return (window.since is None or f"{window.since:%Y%m%dT%H%MZ}" <= time) and (
        end is None or time <= f"{end:%Y%m%dT%H%MZ}"
    )


def delivered(key: str) -> str:
    """When a log file was delivered, by its key, as `YYYYMMDDTHHmmZ`."""
    return key.rpartition("/")[2].split("_")[3]


def _stamped(place: Place, moment: datetime) -> str:
    """The beginning of the keys that were delivered in that minute."""
    return f"{place.logs}{moment:%Y/%m/%d}/{place.account}_{LOGS}_{place.region}_{moment:%Y%m%dT%H%M}"


def _common(folder: str, after: str | None, last: str | None) -> str:
    """What all keys between the two begin with."""
    return os.path.commonprefix([after, last]) if after and last else folder  # noqa: RUF071 - keys are text, no paths
