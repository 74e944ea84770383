"""A trail's bucket on a real S3 (moto's, over HTTP), and a proxy before it that counts requests and makes faults.

moto checks no signatures, so the proxy hands every request on as it is. What it answers itself has the form of S3's
errors: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import itertools
import json
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import boto3
from botocore.config import Config
from stand_in import StandIn
from support import ACCOUNT, REGION

BUCKETS = itertools.count(1)
ERRORS = {
    "SlowDown": 503,
    "InternalError": 500,
    "ExpiredToken": 400,
    "AccessDenied": 403,
    "InvalidObjectState": 403,
    "InvalidAccessKeyId": 403,
    "RequestTimeTooSkewed": 403,
}


@contextmanager
def s3_server() -> Iterator[str]:
    """The endpoint of a moto server."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


def client_of(endpoint: str, attempts: int = 1) -> Any:  # noqa: ANN401 - boto3's
    """A client of S3 that asks `endpoint`."""
    return _session().client(
        "s3",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key="secret",  # noqa: S106
        config=Config(retries={"mode": "standard", "total_max_attempts": attempts}, s3={"addressing_style": "path"}),
    )


@cache
def _session() -> boto3.session.Session:
    """One for all clients: it loads the model of S3 once."""
    return boto3.session.Session()


@dataclass
class Fault:
    """What goes wrong with requests whose path or query holds `where`; `times` of them.

    Attributes:
        kind: an error code of S3, `reset` (the connection breaks in mid-body), `hang` (it stops there, for good),
            `short` (half of the body, as if it were the whole and had no checksum), or `garbage` (another page than
            S3's).
    """

    kind: str
    where: str
    times: int = 1_000_000


class Proxy:
    """A server that hands requests on to `endpoint`: `asked` are those that came, without what they ask at; `answered`
    are those of them that were handed on, and back in whole.
    """

    def __init__(self, endpoint: str) -> None:
        self.asked: list[str] = []
        self.answered: list[str] = []
        self.faults: list[Fault] = []
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"proxy": self, "upstream": urlsplit(endpoint).netloc})
        self._server = StandIn(("127.0.0.1", 0), handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def lists(self) -> list[str]:
        return [line for line in self.asked if "list-type=2" in line]

    @property
    def gets(self) -> list[str]:
        return [line for line in self.asked if line.startswith("GET") and "list-type=2" not in line]

    def fault(self, line: str) -> str | None:
        """The fault that hits this request."""
        with self._lock:
            self.asked.append(line)
            for fault in self.faults:
                if fault.times and fault.where in line:
                    fault.times -= 1
                    return fault.kind
        return None


class _Handler(BaseHTTPRequestHandler):
    proxy: ClassVar[Proxy]
    upstream: ClassVar[str]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        line = f"{self.command} {unquote(self.path)}"
        kind = self.proxy.fault(line)
        if kind in ERRORS:
            self._send(ERRORS[kind], {}, f"<Error><Code>{kind}</Code><Message>a fault</Message></Error>".encode())
            return
        if kind == "garbage":
            self._send(200, {"Content-Type": "text/html"}, b"<html>Please log in to this network")
            return
        connection = http.client.HTTPConnection(self.upstream)
        connection.request(self.command, self.path, headers=dict(self.headers))
        answer = connection.getresponse()
        headers = {name: text for name, text in answer.getheaders() if name.lower() not in _NOT_HANDED_ON}
        body = answer.read()
        connection.close()
        if kind == "short":
            unchecked = {name: text for name, text in headers.items() if "checksum" not in name.lower()}
            self._send(answer.status, unchecked, body[: len(body) // 2])
            return
        self._send(answer.status, headers, body, kind)
        if kind is None:
            self.proxy.answered.append(line)

    do_HEAD = do_GET  # noqa: N815 - http.server's

    def _send(self, status: int, headers: Mapping[str, str], body: bytes, kind: str | None = None) -> None:
        self.send_response(status)
        for name, text in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, text)
        self.end_headers()
        if kind is None:
            self.wfile.write(body)
            return
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        if kind == "hang":
            time.sleep(60)
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


_NOT_HANDED_ON = frozenset({"content-length", "connection", "transfer-encoding", "date", "server"})


class TrailBucket:
    """A bucket that a trail delivers to.

    Args:
        endpoint: of S3.
        prefix: what stands before AWSLogs/.
    """

    def __init__(self, endpoint: str, prefix: str = "") -> None:
        self.name = f"trail-{next(BUCKETS)}"
        self.prefix = prefix
        self.client = client_of(endpoint)
        self.client.create_bucket(Bucket=self.name)
        self._ids = itertools.count(1)

    def key(self, moment: datetime, account: str = ACCOUNT, region: str = REGION, organization: str = "") -> str:
        """The key of a log file that is delivered at that time."""
        folder = f"{self.prefix}AWSLogs/{organization}{account}/CloudTrail/{region}/{moment:%Y/%m/%d}"
        return f"{folder}/{account}_CloudTrail_{region}_{moment:%Y%m%dT%H%MZ}_{next(self._ids):016}.json.gz"

    def deliver(self, moment: datetime, *records: Mapping[str, Any], **where: str) -> str:
        """Deliver a log file; its key."""
        key = self.key(moment, **where)
        self.put(key, gzip.compress(json.dumps({"Records": records}).encode(), mtime=0))
        return key

    def put(self, key: str, body: bytes, **more: Any) -> None:  # noqa: ANN401 - boto3's
        self.client.put_object(Bucket=self.name, Key=key, Body=body, **more)

    def body(self, key: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return content

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=key)


class Signer:
    """CloudTrail's part in a region: signs digests with a real RSA key, and links each to the one before.

    Args:
        bucket: where to.
        region: whose key.
        trail: the trail's name.
    """

    def __init__(self, bucket: TrailBucket, region: str = REGION, trail: str = "management") -> None:
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        self._bucket = bucket
        self._region = region
        self._trail = trail
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public_key = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
        self.fingerprint = hashlib.md5(self.public_key, usedforsecurity=False).hexdigest()
        self._previous: dict[str, str] = {}

    def listed(self) -> dict[str, Any]:
        """What ListPublicKeys answers."""
        return {"PublicKeyList": [{"Value": self.public_key, "Fingerprint": self.fingerprint}]}

    def digest(self, end: datetime, logs: Iterable[str] = (), **changed: object) -> str:
        """Deliver the digest of the hour that ends then; its key."""
        folder = f"{self._bucket.prefix}AWSLogs/{ACCOUNT}/CloudTrail-Digest/{self._region}/{end:%Y/%m/%d}"
        key = f"{folder}/{ACCOUNT}_CloudTrail-Digest_{self._region}_{self._trail}_{REGION}_{end:%Y%m%dT%H%M%SZ}.json.gz"
        content = {
            "awsAccountId": ACCOUNT,
            "digestStartTime": f"{end - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
            "digestEndTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            "digestS3Bucket": self._bucket.name,
            "digestS3Object": key,
            "digestPublicKeyFingerprint": self.fingerprint,
            "digestSignatureAlgorithm": "SHA256withRSA",
            "previousDigestS3Bucket": (self._previous and self._bucket.name) or None,
            "previousDigestS3Object": self._previous.get("key"),
            "previousDigestHashValue": self._previous.get("sha256"),
            "previousDigestHashAlgorithm": (self._previous and "SHA-256") or None,
            "previousDigestSignature": self._previous.get("signature"),
            "logFiles": [self._entry(log) for log in logs],
        } | changed
        text = json.dumps(content).encode()
        sha256 = hashlib.sha256(text).hexdigest()
        before = self._previous.get("signature", "null")
        signature = self.sign(f"{content['digestEndTime']}\n{self._bucket.name}/{key}\n{sha256}\n{before}")
        self._previous = {"key": key, "sha256": sha256, "signature": signature}
        metadata = {"signature": signature, "signature-algorithm": "SHA256withRSA"}
        self._bucket.put(key, gzip.compress(text, mtime=0), Metadata=metadata)
        return key

    def sign(self, text: str) -> str:
        """SHA256withRSA, in hexadecimal digits."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        return self._key.sign(text.encode(), PKCS1v15(), SHA256()).hex()

    def _entry(self, log: str) -> dict[str, Any]:
        text = gzip.decompress(self._bucket.body(log))
        return {
            "s3Bucket": self._bucket.name,
            "s3Object": log,
            "hashValue": hashlib.sha256(text).hexdigest(),
            "hashAlgorithm": "SHA-256",
        }
