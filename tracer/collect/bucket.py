"""`Bucket`: what is asked of S3: folders, keys, objects; each asked again where AWS or the network failed for a moment.

What comes in: the name of a bucket. What goes out: listings, and files in a cache. An object is got with one GET and no
HEAD, on the condition that it still is the one that was listed. Objects that AWS will not hand out are values
(`Withheld`), for one of them is no reason to lose the others; whatever hits all of them alike (expired credentials, a
full disk) is raised.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from tracer.collect.aws import ACCESS_DENIED, EXPIRED, THROTTLED, error_code, explained
from tracer.collect.cache import Cache, StoredObject
from tracer.collect.trail import KeyRange
from tracer.errors import CollectError

LIST: Final = "s3:ListBucket"
GET: Final = "s3:GetObject"

RETRY_WAITS: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds to wait, one after the other, where S3 still fails after botocore's own retries, or a body breaks off, which
botocore does not try again."""

CHUNK: Final = 256 * 1024

SIGNATURE: Final = "signature"
"""The name in an object's metadata (`x-amz-meta-signature`) of what CloudTrail signs a digest with."""

_SERVER_ERROR: Final = 500
_SLOW_DOWN: Final = frozenset({*THROTTLED, "SlowDown", "RequestTimeout"})
"""https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList."""

_WITHHELD: Final[Mapping[str, str]] = {
    "NoSuchKey": "it was deleted after it was listed",
    "PreconditionFailed": "it was replaced after it was listed",
    "InvalidObjectState": "it is archived, and has to be restored first",
}
"""Why one object is not to be had, from the same page."""

_GOES_ON: Final = "What was fetched is kept in the cache: the same command goes on from there"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Withheld:
    """An object, or a listing, that AWS does not hand out.

    Attributes:
        reason: why, for a person; the same for all that are withheld for it.
        denial: AWS's own words, where it denies the thing.
    """

    reason: str
    denial: str = ""

    def __str__(self) -> str:
        return f"{self.reason}: {self.denial}" if self.denial else self.reason


class Bucket:
    """One bucket, read through a cache. Its methods may be called from several threads.

    Args:
        name: the bucket's.
        client: a client of S3.
        cache: where objects are kept.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        name: str,
        client: Any,  # noqa: ANN401 - see ClientFactory
        cache: Cache,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._client = client
        self._cache = cache
        self._sleep = sleep

    def folders(self, prefix: str) -> tuple[str, ...] | Withheld:
        """The names of the folders right below `prefix`. Raises CollectError."""
        request = {"Prefix": prefix, "Delimiter": "/"}
        try:
            return tuple(
                row["Prefix"].removeprefix(prefix).removesuffix("/")
                for page in self._pages(request)
                for row in page.get("CommonPrefixes", ())
            )
        except _Refused as refused:
            return refused.withheld

    def objects(self, keys: KeyRange) -> tuple[StoredObject, ...] | Withheld:
        """The objects whose keys stand in the range, in the order of their keys. Raises CollectError."""
        try:
            return tuple(self._objects(keys))
        except _Refused as refused:
            return refused.withheld

    def get(self, item: StoredObject) -> Path | Withheld:
        """The object in a file. Raises CollectError."""
        if kept := self._cache.find(item):
            return kept
        return self._outcome(item, self._download)

    def signed(self, item: StoredObject) -> tuple[Path, str] | Withheld:
        """The object in a file, and the signature in its metadata; empty where there is none. Raises CollectError."""
        body, signature = self._cache.find(item), self._cache.find(_signature_of(item))
        if body and signature:
            return body, signature.read_text(encoding="utf-8")
        return self._outcome(item, self._download_signed)

    def _objects(self, keys: KeyRange) -> Iterator[StoredObject]:
        request = {"Prefix": keys.prefix} | ({"StartAfter": keys.after} if keys.after else {})
        for page in self._pages(request):
            for row in page.get("Contents", ()):
                if keys.last is not None and row["Key"] > keys.last:
                    return
                if row["Key"] in keys:
                    yield StoredObject(self.name, row["Key"], row["ETag"], row["Size"])

    def _pages(self, request: dict[str, str]) -> Iterator[Mapping[str, Any]]:
        token: dict[str, str] = {}
        while True:
            page = self._persistently(partial(self._page, request | token), LIST)
            yield page
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def _page(self, request: Mapping[str, str]) -> Mapping[str, Any]:
        page: Mapping[str, Any] = self._client.list_objects_v2(Bucket=self.name, **request)
        return page

    def _outcome(self, item: StoredObject, download: Callable[[StoredObject], _T]) -> _T | Withheld:
        try:
            return self._persistently(partial(download, item), GET)
        except _Refused as refused:
            return refused.withheld

    def _download(self, item: StoredObject) -> Path:
        answer = self._client.get_object(Bucket=self.name, Key=item.key, IfMatch=item.etag)
        return self._cache.keep(item, _whole(item, answer["Body"].iter_chunks(CHUNK)))

    def _download_signed(self, item: StoredObject) -> tuple[Path, str]:
        answer = self._client.get_object(Bucket=self.name, Key=item.key, IfMatch=item.etag)
        signature = str(answer["Metadata"].get(SIGNATURE, ""))
        self._cache.keep(_signature_of(item), [signature.encode()])
        return self._cache.keep(item, _whole(item, answer["Body"].iter_chunks(CHUNK))), signature

    def _persistently(self, ask: Callable[[], _T], action: str) -> _T:
        """What `ask` gives, tried again where that may help.

        Raises:
            _Refused: AWS will not give it.
            CollectError: it cannot be had, and nothing else can.
        """
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        for wait in (*RETRY_WAITS, None):
            try:
                return ask()
            except (BotoCoreError, ClientError, ResponseParserError) as error:
                if not _may_pass(error):
                    raise self._told(error, action) from error
                if wait is None:
                    raise CollectError(
                        f"{action} on {self.name} failed {len(RETRY_WAITS) + 1} times: {error}",
                        f"try again later. {_GOES_ON}",
                    ) from error
                self._sleep(wait)
        raise AssertionError  # the last round returns or raises

    def _told(self, error: Exception, action: str) -> Exception:
        code = error_code(error)
        if code in ACCESS_DENIED:
            return _Refused(Withheld(f"{action} was denied", str(error)))
        if code in _WITHHELD:
            return _Refused(Withheld(_WITHHELD[code]))
        if code == "NoSuchBucket":
            return CollectError(f"there is no bucket {self.name}", "check the name behind s3://")
        told = explained(error, f"{action} on {self.name}")
        return CollectError(told.message, f"{told.hint}. {_GOES_ON}" if code in EXPIRED else told.hint)


def needed(action: str, resource: str) -> str:
    """What to ask for where `action` was denied, in words."""
    return f"the caller needs {action} on {resource}; the bucket's policy, and its key's, must allow it as well"


class _Refused(Exception):
    """AWS will not give one thing; others it may."""

    def __init__(self, withheld: Withheld) -> None:
        super().__init__(str(withheld))
        self.withheld = withheld


def _whole(item: StoredObject, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks; an answer of another size than the listing told is one that broke off, whatever length it says of
    itself. Raises botocore's IncompleteReadError.
    """
    from botocore.exceptions import IncompleteReadError

    size = 0
    for chunk in chunks:
        size += len(chunk)
        yield chunk
    if item.size not in (None, size):
        raise IncompleteReadError(actual_bytes=size, expected_bytes=item.size)


def _may_pass(error: Exception) -> bool:
    """Whether the same request may succeed in a moment: S3's own trouble, its brakes, an answer that broke off."""
    from botocore.exceptions import (
        ConnectionError,  # noqa: A004 - botocore's
        FlexibleChecksumError,
        HTTPClientError,
        IncompleteReadError,
    )
    from botocore.parsers import ResponseParserError

    if isinstance(error, FlexibleChecksumError | IncompleteReadError | ResponseParserError):
        return True
    if isinstance(error, HTTPClientError):
        return not isinstance(error, ConnectionError)
    response = getattr(error, "response", None) or {}
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= _SERVER_ERROR or error_code(error) in _SLOW_DOWN


def _signature_of(item: StoredObject) -> StoredObject:
    """The cache's own entry for the signature of a digest."""
    return replace(item, key=f"{item.key}\0{SIGNATURE}", size=None)
