"""`Seen`: which eventIDs were selected already, in at most sixteen bytes each.

CloudTrail delivers some records twice, with the same eventID
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html), so a run's records are
counted by eventID. A set of strings would take some 130 bytes a record; a run of an organisation has millions. This
is an open-addressed table of 64-bit hashes of the id beside 32-bit hashes of the content: an equal id with another
content is a conflict, which the caller settles in a pass of its own.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from datetime import datetime
from typing import Final

from tracer.model.record import Record, ResourceReference, UserIdentity

_LOAD: Final = 0.87
_GROWTH: Final = 1.15
"""Load and growth such that a table holds between 0.756 and 0.87 entries a slot of 12 bytes: 13.8 to 15.9 bytes
each."""


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


class Seen:
    """The eventIDs that were selected, each with a hash of its content."""

    def __init__(self) -> None:
        self._resize(64)
        self.conflicts: set[str] = set()
        """The eventIDs that were met with different contents."""

    def first(self, event_id: str, content: int) -> bool:
        """Whether this id is new; notes a conflict where it is not, and its content is."""
        key = (
            int.from_bytes(hashlib.blake2b(event_id.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
            or 1
        )
        slot = self._slot(key)
        if self._keys[slot] == key:
            if self._contents[slot] != content:
                self.conflicts.add(event_id)
            return False
        self._keys[slot], self._contents[slot] = key, content
        self._count += 1
        if self._count > len(self._keys) * _LOAD:
            self._grow()
        return True

    def __len__(self) -> int:
        return self._count

    def _slot(self, key: int) -> int:
        """The slot that holds `key`, or the free one where it belongs; steps by a second hash, which shares no factor
        with the table's odd-made size.
        """
        size = len(self._keys)
        slot, step = key % size, 1 + (key >> 40) % (size - 1)
        while self._keys[slot] not in (0, key):
            slot = (slot + step) % size
        return slot

    def _grow(self) -> None:
        keys, contents = self._keys, self._contents
        self._resize(int(len(keys) * _GROWTH) + 1)
        for key, content in zip(keys, contents, strict=True):
            if key:
                slot = self._slot(key)
                self._keys[slot], self._contents[slot] = key, content
                self._count += 1

    def _resize(self, size: int) -> None:
        size = _prime_from(size)
        self._keys = array("Q", bytes(8 * size))
        self._contents = array("L" if array("L").itemsize == 4 else "I", bytes(4 * size))
        self._count = 0


def _prime_from(size: int) -> int:
    """The next prime: a step by any smaller number then visits every slot."""
    size |= 1
    while any(size % divisor == 0 for divisor in range(3, int(size**0.5) + 1, 2)):
        size += 2
    return size
