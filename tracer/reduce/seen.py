"""`Seen`: which eventIDs were selected already, in at most sixteen bytes each.

CloudTrail delivers some records twice, with the same eventID
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html), so a run's records are
counted by eventID. A set of strings would take some 130 bytes a record; a run of an organisation has millions. This
is a table of buckets, each a run of 64-bit hashes of ids beside 32-bit hashes of the records' texts. Nearly every copy
has the same text. An equal id over another text may say the same (`content_of`) or contradict: the caller settles that
in a pass of its own. Python's hashes are keyed anew for each process, so nobody can write a log whose ids collide.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Final

from tracer.model.record import RawRecord, Record, ResourceReference, Unreadable, UserIdentity
from tracer.reduce.parse import canonical

_KEY: Final = 8
_ENTRY: Final = 12
_FULL: Final = 100
"""Entries a bucket, on average, before the buckets are split: between 50 and 100 entries share the 90 bytes that a
bucket takes for itself, and the eighth that a bytearray takes in advance."""


def content_of(record: Record) -> int:
    """A hash of what tracer reads of the record: equal for records that differ in form alone, or in what nobody reads.

    One source's copy of a record may lack what another's has: Athena's table has no column for every field.
    """
    text = json.dumps(record, default=_values, sort_keys=True, separators=(",", ":"))
    return int.from_bytes(hashlib.blake2b(text.encode("ascii"), digest_size=4).digest(), "big")


def _values(value: object) -> object:
    """A value of a `Record` as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Record | UserIdentity | ResourceReference):
        return [getattr(value, name) for name in value.__slots__]
    raise TypeError(f"no record holds a {type(value).__name__}")


def form_of(raw: RawRecord) -> int:
    """A hash of the record's text: equal for copies of one delivery."""
    if isinstance(raw, Unreadable):
        return 0
    return hash(raw if isinstance(raw, bytes) else canonical(raw)) & 0xFFFF_FFFF


class Seen:
    """The eventIDs that were selected, each with a hash of its record's text."""

    def __init__(self) -> None:
        self._buckets = [bytearray()]
        self._count = 0
        self.suspects: set[str] = set()
        """The eventIDs that were met over different texts."""

    def first(self, event_id: str, form: int) -> bool:
        """Whether this id is new; suspects it where it is not, and its text is."""
        key = hash(event_id)
        entry = key.to_bytes(_KEY, "little", signed=True)
        bucket = self._buckets[key & len(self._buckets) - 1]
        at = bucket.find(entry)
        while at % _ENTRY and at != -1:  # the bytes of two neighbours
            at = bucket.find(entry, at + 1)
        if at != -1:
            if int.from_bytes(bucket[at + _KEY : at + _ENTRY], "little") != form:
                self.suspects.add(event_id)
            return False
        bucket += entry + form.to_bytes(_ENTRY - _KEY, "little")
        self._count += 1
        if self._count > len(self._buckets) * _FULL:
            self._split()
        return True

    def __len__(self) -> int:
        return self._count

    def _split(self) -> None:
        """Twice as many buckets: the next bit of a key says in which of two an entry belongs."""
        bit = len(self._buckets)
        halves = [(bytearray(), bytearray()) for _ in self._buckets]
        for bucket, two in zip(self._buckets, halves, strict=True):
            for at in range(0, len(bucket), _ENTRY):
                key = int.from_bytes(bucket[at : at + _KEY], "little", signed=True)
                two[key & bit != 0].extend(bucket[at : at + _ENTRY])
        self._buckets = [first for first, _ in halves] + [second for _, second in halves]
