"""`Verifier`: which log files are what CloudTrail delivered, by the digests that it writes beside them.

CloudTrail lists the log files of each hour with their hashes in a digest, signs it, and links it to the one before it
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html). What comes in:
places, and the log files that were listed there. What goes out: a `Verdict` a place. Its files are checked when they
are read, one by one: nothing is fetched here but digests and public keys.

A log file that a digest lists and that is altered or gone is refused and reported; so is a digest. A log file that no
valid digest lists cannot be judged: its records count, and a finding says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tracer.collect.aws import ClientFactory, explained
from tracer.collect.bucket import CHUNK, Bucket, Withheld
from tracer.collect.cache import StoredObject
from tracer.collect.digests import Digest, InvalidDigest, check_chain, check_signature, read_digest
from tracer.collect.inflate import Damaged, text_of
from tracer.collect.trail import DigestName, Place, covers_from, delivered, digest_keys, digest_name, is_log, log_keys
from tracer.model.finding import Finding
from tracer.model.record import Unreadable
from tracer.model.run import TimeWindow

LIST_KEYS: Final = "cloudtrail:ListPublicKeys"

_ALTERED: Final = "the log file is not what CloudTrail delivered: the trail's digest has another SHA-256 of it"
_GONE: Final = "the trail's digest lists this log file, and the bucket does not hold it"
_DIGEST_GONE: Final = "the digest after it names this digest, and the bucket does not hold it"
_UNKNOWN_KEY: Final = "its public key is none of CloudTrail's in {}"
_MOVED: Final = "it is not where CloudTrail delivered it"
_NO_DIGESTS: Final = "no valid digest covers them; is the trail's log file validation on?"
_NOT_YET: Final = "they are in no digest yet; digests come hourly, so verify again later"
_NOT_LISTED: Final = "no valid digest lists them"

LAUNCH: Final = datetime(2015, 10, 1, tzinfo=UTC)
"""No digest is older: https://aws.amazon.com/about-aws/whats-new/2015/10/aws-cloudtrail-adds-log-file-integrity-validation/"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the digests of one place say.

    Attributes:
        place: whose.
        hashes: the SHA-256 of each log file that a valid digest lists, by key.
        refused: the digests that are altered or gone, and the log files that are gone.
        covered_until: when the last valid digest ends, as `YYYYMMDDTHHmmZ`; empty where there is none.
        why_not: why the digests could not be listed; empty where they could.
    """

    place: Place
    hashes: Mapping[str, str]
    refused: tuple[Unreadable, ...] = ()
    covered_until: str = ""
    why_not: str = ""

    def refusal(self, item: StoredObject, path: Path) -> Unreadable | None:
        """What stands in place of a log file's records, where it is altered."""
        known = self.hashes.get(item.key)
        return None if known is None or _sha256(path) == known else Unreadable(_ALTERED, str(item))

    def doubts(self, items: Collection[StoredObject]) -> Iterator[Finding]:
        """Which log files cannot be judged, and why."""
        left = [item for item in items if item.key not in self.hashes]
        newer = [item for item in left if delivered(item.key) >= self.covered_until]
        older = [item for item in left if delivered(item.key) < self.covered_until]
        why = _NOT_YET if self.covered_until else _NO_DIGESTS
        for some, reason in ((newer, self.why_not or why), (older, _NOT_LISTED)):
            if some:
                message = f"{len(some)} log files of {self.place} were not verified: {reason}"
                yield Finding("INTEGRITY_UNCHECKED", message)


class Verifier:
    """Checks the digests of places in one bucket.

    Args:
        bucket: the bucket.
        client_factory: makes the clients that are asked for public keys.
        window: when the calls were made.
        slack: how long after it log files are still taken.
    """

    def __init__(self, bucket: Bucket, client_factory: ClientFactory, window: TimeWindow, slack: timedelta) -> None:
        self._bucket = bucket
        self._new_client = client_factory
        self._window = window
        self._slack = slack
        self._keys: dict[str, Mapping[str, bytes]] = {}

    def judge(self, place: Place, items: Collection[StoredObject]) -> Verdict:
        """What the digests say of the log files of a place.

        Args:
            place: whose.
            items: the log files of it that were listed.

        Raises:
            CollectError: the bucket or CloudTrail cannot be asked.
        """
        listed = self._bucket.objects(digest_keys(place, self._window, self._slack))
        if isinstance(listed, Withheld):
            return Verdict(place, {}, why_not=str(listed))
        named = {name: item for item in listed if (name := digest_name(item.key)) and covers_from(name, self._window)}
        valid, refused = self._valid(place, named)
        hashes = self._hashes(valid)
        wanted, there = log_keys(place, self._window, self._slack), {item.key for item in items}
        gone = sorted(key for key in hashes if wanted and key in wanted and is_log(key) and key not in there)
        return Verdict(
            place,
            hashes,
            refused=(*refused, *self._missing(valid, named), *(self._unreadable(_GONE, key) for key in gone)),
            covered_until=max((_minute(digest.end) for digest in valid), default=""),
        )

    def _hashes(self, valid: Iterable[Digest]) -> Mapping[str, str]:
        """The hashes of log files in this bucket, by key: a trail may have had another one before."""
        here = f"{self._bucket.name}/"
        every = {path: sha256 for digest in valid for path, sha256 in digest.logs.items()}
        return {path.removeprefix(here): sha256 for path, sha256 in every.items() if path.startswith(here)}

    def _valid(self, place: Place, named: Mapping[DigestName, StoredObject]) -> tuple[list[Digest], list[Unreadable]]:
        """The digests that can be relied on, and what is wrong with the others."""
        signed: list[Digest] = []
        wrong: dict[str, str] = {}
        for name, item in named.items():
            try:
                digest = self._read(item)
                check_signature(digest, self._public_key(digest, (place.region, name.chain[1])))
                signed.append(digest)
            except InvalidDigest as reason:
                wrong[item.key] = str(reason)
        wrong |= check_chain(signed)
        refused = [self._unreadable(f"the digest cannot be relied on: {wrong[key]}", key) for key in sorted(wrong)]
        return [digest for digest in signed if digest.key not in wrong], refused

    def _read(self, item: StoredObject) -> Digest:
        got = self._bucket.signed(item)
        if isinstance(got, Withheld):
            raise InvalidDigest(str(got))
        path, signature = got
        try:
            text = b"".join(text_of([path.read_bytes()]))
        except Damaged as damage:
            raise InvalidDigest(str(damage)) from damage
        digest = read_digest(text, signature)
        if (digest.bucket, digest.key) != (item.bucket, item.key):
            raise InvalidDigest(_MOVED)
        return digest

    def _public_key(self, digest: Digest, regions: tuple[str, str]) -> bytes:
        """The key that a digest names: "Each Region has its own key pair", so its own region's, else its trail's."""
        for region in dict.fromkeys(regions):
            if region not in self._keys:
                self._keys[region] = self._listed_keys(region)
            if key := self._keys[region].get(digest.fingerprint):
                return key
        raise InvalidDigest(_UNKNOWN_KEY.format(" or ".join(dict.fromkeys(regions))))

    def _listed_keys(self, region: str) -> Mapping[str, bytes]:
        """CloudTrail's public keys in a region that have signed digests since the window's start, by fingerprint."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            since = self._window.since or LAUNCH
            pages = self._new_client("cloudtrail", region).get_paginator("list_public_keys").paginate(StartTime=since)
            return {row["Fingerprint"]: row["Value"] for page in pages for row in page["PublicKeyList"]}
        except (BotoCoreError, ClientError) as error:
            raise explained(error, f"{LIST_KEYS} in {region}") from error

    def _missing(self, valid: Sequence[Digest], named: Mapping[DigestName, StoredObject]) -> Iterator[Unreadable]:
        """The digests that others of the chain name, and that are gone."""
        there = {name.key for name in named}
        for key in sorted({digest.previous.key for digest in valid if digest.previous} - there):
            name = digest_name(key)
            if name and covers_from(name, self._window):
                yield self._unreadable(_DIGEST_GONE, key)

    def _unreadable(self, reason: str, key: str) -> Unreadable:
        return Unreadable(reason, f"s3://{self._bucket.name}/{key}")


def _sha256(path: Path) -> str:
    """Of the text in a file; nothing where it is damaged."""
    sha256 = hashlib.sha256()
    try:
        with path.open("rb") as file:
            for chunk in text_of(iter(lambda: file.read(CHUNK), b""), layers=1):
                sha256.update(chunk)
    except Damaged:
        return ""
    return sha256.hexdigest()


def _minute(moment: str) -> str:
    """`2026-11-24T08:00:00Z` as log files' names have it."""
    return f"{moment[:16].replace('-', '').replace(':', '')}Z"
