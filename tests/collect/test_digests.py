"""Digests: signed with a real RSA key as CloudTrail signs, and every way in which one is not to be relied on."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from runs.rest.run import write

from tracer.collect.digests import Digest, InvalidDigest, Link, check_chain, check_signature, read_digest

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
OTHERS = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()

CONTENT: dict[str, Any] = {
    "awsAccountId": "123456789012",
    "digestStartTime": "2026-11-24T08:00:00Z",
    "digestEndTime": "2026-11-24T09:00:00Z",
    "digestS3Bucket": "trail",
    "digestS3Object": "digest-9",
    "digestPublicKeyFingerprint": "f1",
    "digestSignatureAlgorithm": "SHA256withRSA",
    "previousDigestS3Bucket": "trail",
    "previousDigestS3Object": "digest-8",
    "previousDigestHashValue": "8888",
    "previousDigestHashAlgorithm": "SHA-256",
    "previousDigestSignature": "abcd",
    "logFiles": [{"s3Bucket": "trail", "s3Object": "log-1", "hashValue": "1111", "hashAlgorithm": "SHA-256"}],
}
FIRST = CONTENT | {
    f"previousDigest{name}": None for name in ("S3Bucket", "S3Object", "HashValue", "HashAlgorithm", "Signature")
}


def digest_of(content: dict[str, Any], before: str = "abcd") -> Digest:
    """The digest, signed: what is signed is spelled out here as AWS's page has it."""
    text = json.dumps(content).encode()
    end, path = content["digestEndTime"], f"{content['digestS3Bucket']}/{content['digestS3Object']}"
    to_sign = f"{end}\n{path}\n{hashlib.sha256(text).hexdigest()}\n{before}"
    return read_digest(text, KEY.sign(to_sign.encode(), PKCS1v15(), SHA256()).hex())


def test_a_digest_says_what_it_covers():
    digest = digest_of(CONTENT)
    assert (digest.bucket, digest.key, digest.end) == ("trail", "digest-9", "2026-11-24T09:00:00Z")
    assert digest.previous == Link("digest-8", "8888", "abcd")
    assert digest.logs == {"trail/log-1": "1111"}


def test_a_signature_that_fits():
    check_signature(digest_of(CONTENT), PUBLIC)


def test_the_first_of_a_chain_is_signed_with_null():
    first = digest_of(FIRST, before="null")
    assert first.previous is None
    check_signature(first, PUBLIC)


@pytest.mark.parametrize(
    "field", ["awsAccountId", "digestEndTime", "digestS3Object", "previousDigestSignature", "logFiles"]
)
def test_whatever_is_altered_the_signature_fits_no_more(field: str):
    altered = CONTENT | {field: [] if field == "logFiles" else "0" + str(CONTENT[field])}
    forged = read_digest(json.dumps(altered).encode(), digest_of(CONTENT).signature)
    with pytest.raises(InvalidDigest, match="does not fit"):
        check_signature(forged, PUBLIC)


@pytest.mark.parametrize(
    ("public_key", "words"),
    [
        (OTHERS.public_bytes(Encoding.DER, PublicFormat.PKCS1), "does not fit"),
        (b"no key", "cannot be read"),
        (
            ec.generate_private_key(ec.SECP256R1())
            .public_key()
            .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            "no RSA key",
        ),
    ],
    ids=["another", "none", "elliptic"],
)
def test_another_key(public_key: bytes, words: str):
    with pytest.raises(InvalidDigest, match=words):
        check_signature(digest_of(CONTENT), public_key)


@pytest.mark.parametrize("signature", ["", "xyz", "00"], ids=["none", "no-hex", "short"])
def test_a_signature_that_is_none(signature: str):
    with pytest.raises(InvalidDigest):
        check_signature(read_digest(json.dumps(CONTENT).encode(), signature), PUBLIC)


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in CONTENT.items() if key != name}).encode()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"null",
        b"[" * 100_000,
        *(without(name) for name in ("digestEndTime", "logFiles", "previousDigestS3Object")),
        json.dumps(CONTENT | {"logFiles": [1]}).encode(),
        json.dumps(CONTENT | {"logFiles": None}).encode(),
        json.dumps(CONTENT | {"digestSignatureAlgorithm": "MD5withRSA"}).encode(),
        json.dumps(CONTENT | {"logFiles": [{**CONTENT["logFiles"][0], "hashAlgorithm": "MD5"}]}).encode(),
    ],
    ids=["empty", "list", "null", "deep", "no-end", "no-logs", "no-link", "log-1", "logs-null", "MD5-signed", "MD5"],
)  # fmt: skip
def test_what_is_no_digest(text: bytes):
    with pytest.raises(InvalidDigest):
        read_digest(text, "00")


def test_a_chain_that_holds():
    first = digest_of(FIRST, "null")
    then = digest_of(linked(first), first.signature)
    assert check_chain([first, then]) == {}
    assert check_chain([then]) == {}, "what stands before the window is not asked for"


@pytest.mark.parametrize("field", ["previousDigestHashValue", "previousDigestSignature"])
def test_a_digest_that_was_replaced_by_another_signed_one_breaks_the_chain(field: str):
    first = digest_of(FIRST, "null")
    content = linked(first) | {field: "00"}
    assert list(check_chain([first, digest_of(content, content["previousDigestSignature"])])) == [first.key]


def linked(before: Digest) -> dict[str, Any]:
    return CONTENT | {
        "digestS3Object": "digest-10",
        "previousDigestS3Object": before.key,
        "previousDigestHashValue": before.sha256,
        "previousDigestSignature": before.signature,
    }


def test_the_played_run_s_digest_can_be_read(tmp_path: Path):
    write(tmp_path)
    (path,) = tmp_path.glob("AWSLogs/*/CloudTrail-Digest/**/*.gz")
    digest = read_digest(gzip.decompress(path.read_bytes()), "")
    assert len(digest.logs) == 10
    for log, sha256 in digest.logs.items():
        text = gzip.decompress((tmp_path / log.partition("/")[2]).read_bytes())
        assert hashlib.sha256(text).hexdigest() == sha256
