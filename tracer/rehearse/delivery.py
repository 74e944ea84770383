"""Records -> log files in a bucket, as CloudTrail delivers them: gzipped, by account, region and day, in no good order.

CloudTrail's files say when they were delivered and not what is in them; one may hold records of any time before, a
record may come twice, and none are in order. A rehearsal delivers so, too, or reading such files would never be tried.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html
"""

from __future__ import annotations

import gzip
import json
import random
import string
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

RECORDS_A_FILE: Final = 25
"""How many records a file holds, at most: few, so that a short deploy's are in several files."""

LATE: Final = timedelta(minutes=5)
"""How long after the call a file comes, on average: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html"""

TWICE: Final = 10
"""One record in so many is in two files."""

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of a trail."""

    key: str
    body: bytes


def log_files(records: Iterable[Record], account: str, seed: int | None = None) -> Iterator[LogFile]:
    """The files of a trail, the same again from the same seed.

    Args:
        records: the records, of any regions.
        account: whose trail it is.
        seed: what the order, the repetitions and the names of files depend on.
    """
    chance = random.Random(seed)  # noqa: S311  # order, not secrets
    by_region = defaultdict(list)
    for record in records:
        by_region[record["awsRegion"]].append(record)
    for region, found in sorted(by_region.items()):
        for part in _parts(found, chance):
            yield LogFile(_key(part, account, region, chance), gzip.compress(_body(part), mtime=0))


def _parts(records: Sequence[Record], chance: random.Random) -> Iterator[Sequence[Record]]:
    """What goes into one file each: neighbours, mixed, and some that another file has already."""
    repeated = [record for record in records if chance.randrange(TWICE) == 0]
    for start in range(0, len(records), RECORDS_A_FILE):
        part = [*records[start : start + RECORDS_A_FILE]]
        chance.shuffle(part)
        yield part
    if repeated:
        chance.shuffle(repeated)
        yield repeated


def _body(records: Sequence[Record]) -> bytes:
    return json.dumps({"Records": records}, separators=(",", ":")).encode()


def _key(records: Sequence[Record], account: str, region: str, chance: random.Random) -> str:
    """Where a file lies: under the day and minute of its delivery, not of its records."""
    newest = max(datetime.fromisoformat(record["eventTime"]) for record in records)
    delivered = newest + LATE * chance.uniform(0.5, 1.5)
    unique = "".join(chance.choices(string.ascii_letters + string.digits, k=16))
    name = f"{account}_CloudTrail_{region}_{delivered:%Y%m%dT%H%MZ}_{unique}.json.gz"
    return f"AWSLogs/{account}/CloudTrail/{region}/{delivered:%Y/%m/%d}/{name}"
