"""A trail's digests: what each says of the log files, and whether CloudTrail itself has signed it.

What comes in: the text of digest files, their signatures, a region's public keys. What goes out: the hashes of log
files that can be relied on, and what is wrong with the digests that cannot. Pure but for the cryptography; how AWS
signs is told step by step at
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

_ALGORITHM: Final = "SHA256withRSA"
_HASH: Final = "SHA-256"
_NO_SIGNATURE: Final = "null"
"""Stands in what is signed where there is no previous digest, from the same page."""


class InvalidDigest(Exception):
    """A digest that cannot be relied on; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a digest says of the one before it."""

    key: str
    sha256: str
    signature: str


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest file, as it says of itself.

    Attributes:
        bucket, key: where it was delivered.
        end: the end of the time that it covers.
        fingerprint: of the public key that it is to be checked with.
        signature: what stands with it in the bucket, in hexadecimal digits.
        sha256: of its text, in hexadecimal digits.
        previous: the digest before it; None where the chain begins.
        logs: the SHA-256 of the text of each log file that it lists, by `bucket/key`.
    """

    bucket: str
    key: str
    end: str
    fingerprint: str
    signature: str
    sha256: str
    previous: Link | None
    logs: Mapping[str, str]

    @property
    def signed(self) -> bytes:
        """What CloudTrail signs of it."""
        before = self.previous.signature if self.previous else _NO_SIGNATURE
        return f"{self.end}\n{self.bucket}/{self.key}\n{self.sha256}\n{before}".encode()


def read_digest(text: bytes, signature: str) -> Digest:
    """The digest in `text`. Raises InvalidDigest where there is none, or one made otherwise than is known here."""
    try:
        content = json.loads(text)
        if content["digestSignatureAlgorithm"] != _ALGORITHM:
            raise InvalidDigest("it is signed by a method that is not known here")
        return Digest(
            bucket=str(content["digestS3Bucket"]),
            key=str(content["digestS3Object"]),
            end=str(content["digestEndTime"]),
            fingerprint=str(content["digestPublicKeyFingerprint"]),
            signature=signature,
            sha256=hashlib.sha256(text).hexdigest(),
            previous=_link(content),
            logs=dict(_log(row) for row in content["logFiles"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidDigest("it is no digest") from error


def _log(row: Mapping[str, object]) -> tuple[str, str]:
    if row["hashAlgorithm"] != _HASH:
        raise InvalidDigest("it hashes by a method that is not known here")
    return f"{row['s3Bucket']}/{row['s3Object']}", str(row["hashValue"])


def _link(content: Mapping[str, object]) -> Link | None:
    key, sha256, signature = (content[f"previousDigest{name}"] for name in ("S3Object", "HashValue", "Signature"))
    return Link(str(key), str(sha256), str(signature)) if key else None


def check_signature(digest: Digest, public_key: bytes) -> None:
    """Whether the digest is CloudTrail's.

    Args:
        digest: the digest.
        public_key: "The DER encoded public key value in PKCS#1 format"
            (https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PublicKey.html).

    Raises:
        InvalidDigest: it is not.
    """
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(public_key)
        if not isinstance(key, RSAPublicKey):
            raise InvalidDigest("its public key is no RSA key")
        key.verify(bytes.fromhex(digest.signature), digest.signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise InvalidDigest("its signature does not fit") from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidDigest("its signature, or the public key, cannot be read") from error


def check_chain(digests: Iterable[Digest]) -> Mapping[str, str]:
    """What the links between digests that are rightly signed tell against them.

    A digest that was replaced by an older one, or by one of another time, is rightly signed; but the one after it
    remembers another.

    Returns:
        What is wrong with a digest, by its key.
    """
    by_key = {digest.key: digest for digest in digests}
    wrong: dict[str, str] = {}
    for digest in by_key.values():
        before = digest.previous and by_key.get(digest.previous.key)
        if before and digest.previous != Link(before.key, before.sha256, before.signature):
            wrong[before.key] = "the digest after it names another hash or signature"
    return wrong
