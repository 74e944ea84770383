"""A seeded week of an organisation's CloudTrail, laid out as trails deliver it: the same seed gives the same bytes.

    python tests/bench/corpus.py FOLDER [RECORDS]

Five accounts, four regions, seven days, files of 500 records. The calls are 292 of `tests/cases` (54 sources),
kept beside this file so that the corpus stays the same, with other names, accounts, regions, ids and times; their
sizes, and how well they pack, are nearly those of real records (mean 1,261 bytes, gzip ratio 8.6). Four principals an
account, among them the two roles that the benchmarks ask about, and AWS's own services.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from support import assumed_role, aws_service, iam_user

CALLS: Final = Path(__file__).resolve().parent / "calls.json"
ACCOUNTS: Final = tuple(str(111122223333 + number * 1_010_101_010) for number in range(5))
_TEAMS: Final = ("storefront", "platform", "billing", "search", "mobile")
"""Whose each account is."""
REGIONS: Final = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1")
START: Final = datetime(2026, 11, 16, tzinfo=UTC)
DAYS: Final = 7
PER_FILE: Final = 500

APPLICATION: Final = f"arn:aws:iam::{ACCOUNTS[0]}:role/storefront-app"
"""A role that uses what others made: its calls make no stack, no function and no role, and assume none."""
DEPLOYER: Final = f"arn:aws:iam::{ACCOUNTS[1]}:role/ci/platform-deploy"
"""A role that does everything, so that others act for it."""

_MAKERS: Final = ("apigateway", "cloudformation", "ecs", "iam", "lambda", "sts")
_AGENTS: Final = (
    "aws-sdk-nodejs/2.1693.0 linux/v20.20.2 promise",
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 (+https://www.terraform.io) terraform-provider-aws/5.72.1 aws-sdk-go-v2/1",
    "aws-cli/2.31.6 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.7 exec-env/AWS_Lambda",
    "Boto3/1.40.51 md/Botocore#1.40.51 ua/2.1 os/linux#5.10 md/arch#x86_64 lang/python#3.12.11 cfg/retry-mode#legacy",
)
_EXTRA: Final = (
    b',"additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"ECDHE-RSA-AES128-GCM-SHA256",'
    b'"bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","bytesTransferredOut":%d,"x-amz-id-2":"%040x"}'
)
_TLS: Final = (
    b',"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"%b"}'
)
_SERVICES: Final = ("lambda.amazonaws.com", "ecs-tasks.amazonaws.com", "config.amazonaws.com", "kms.amazonaws.com")


@dataclass(frozen=True, slots=True)
class Template:
    """A call, its name left open.

    Attributes:
        source, event: as a record has them.
        request: its parameters, cut where the name stands.
        response: the same of its response.
        reads: whether it changes nothing.
    """

    source: str
    event: str
    request: tuple[bytes, ...]
    response: tuple[bytes, ...]

    @property
    def reads(self) -> bool:
        return self.event.startswith(("Get", "List", "Describe", "Head"))

    @property
    def makes(self) -> bool:
        return self.source.partition(".")[0] in _MAKERS


def templates() -> tuple[Template, ...]:
    """The calls of calls.json."""
    return tuple(
        Template(source, event, _open(request), _open(response))
        for source, event, request, response in json.loads(CALLS.read_text(encoding="utf-8"))
    )


def _open(value: object) -> tuple[bytes, ...]:
    """JSON without white space, cut where a name stands."""
    return tuple(json.dumps(value, separators=(",", ":")).encode().split(b"orders"))


def write(folder: Path, records: int, seed: int = 1) -> None:
    """Write that many records below `folder`, unless they are there."""
    done = folder / f".{records}.done"
    if done.exists():
        return
    calls, chance = templates(), random.Random(seed)  # noqa: S311 - made to measure
    files = max(1, records // PER_FILE)
    for number in range(files):
        account, region = ACCOUNTS[number % 5], REGIONS[number // 5 % 4]
        turn, turns = number // 20, -(-files // 20)
        begin = START + timedelta(days=DAYS) * turn / turns
        end = START + timedelta(days=DAYS) * (turn + 1) / turns
        content = b",".join(_records(chance, calls, account, region, begin, end, min(PER_FILE, records)))
        path = folder / "AWSLogs" / account / "CloudTrail" / region / f"{end:%Y/%m/%d}"
        path.mkdir(parents=True, exist_ok=True)
        name = f"{account}_CloudTrail_{region}_{end:%Y%m%dT%H%MZ}_{chance.getrandbits(80):016X}.json.gz"
        (path / name).write_bytes(gzip.compress(b'{"Records":[%b]}' % content, 6, mtime=0))
    done.touch()


def _records(
    chance: random.Random,
    calls: Sequence[Template],
    account: str,
    region: str,
    begin: datetime,
    end: datetime,
    count: int,
) -> Iterator[bytes]:
    callers = _callers(account)
    quiet = [call for call in calls if not call.makes]
    step = (end - begin) / count
    for number in range(count):
        identity, role, pool = chance.choice(callers)
        call = chance.choice(quiet if role == "app" or not pool else calls)
        # Half of the requests are like no other, some of the things they name are new.
        name = b"svc%d" % chance.randrange(pool) if pool and chance.random() < 0.95 else b"n%x" % chance.getrandbits(32)
        time = (begin + step * number).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
        yield _record(chance, call, identity, account.encode(), region.encode(), name, time)


def _callers(account: str) -> list[tuple[bytes, str, int]]:
    """Identities with what they are for and the number of names that they use, as often as they call."""
    team = _TEAMS[ACCOUNTS.index(account)]
    callers: list[tuple[dict[str, Any], str, int]] = [
        (assumed_role(f"{team}-app", "i-0a1b2c3d4e5f60718", account=account), "app", 3),
        (assumed_role(f"{team}-deploy", "github-run-1180", path="/ci/", account=account), "deploy", 3),
        (assumed_role("analytics", "emr-cluster", account=account), "analytics", 200),
        (iam_user("ops-jane", account=account), "", 200),
    ]
    services: list[tuple[dict[str, Any], str, int]] = [(aws_service(name), "", 0) for name in _SERVICES]
    return [
        (json.dumps(identity, separators=(",", ":")).encode(), role, pool)
        for identity, role, pool in (*callers, *services)
    ]


def _record(
    chance: random.Random, call: Template, identity: bytes, account: bytes, region: bytes, name: bytes, time: bytes
) -> bytes:
    here = (b"123456789012", account), (b"us-east-1", region)
    request, response = name.join(call.request), name.join(call.response)
    for old, new in here:
        request, response = request.replace(old, new), response.replace(old, new)
    if request.startswith(b'{"') and chance.random() < 0.5:
        request = b'{"clientRequestToken":"%b",' % _uuid(chance) + request[1:]
    extra = _EXTRA % (chance.randrange(9999), chance.getrandbits(160)) if chance.random() < 0.6 else b""
    host = b"%b.%b.amazonaws.com" % (call.source.partition(".")[0].encode(), region)
    return b"".join((
        b'{"eventVersion":"1.11","userIdentity":', identity, b',"eventTime":"', time, b'","eventSource":"',
        call.source.encode(), b'","eventName":"', call.event.encode(), b'","awsRegion":"', region,
        b'","sourceIPAddress":"203.0.113.%d","userAgent":"' % chance.randrange(1, 255),
        chance.choice(_AGENTS).encode(), b'","requestParameters":', request, b',"responseElements":', response, extra,
        b',"requestID":"', _uuid(chance), b'","eventID":"', _uuid(chance), b'","readOnly":',
        b"true" if call.reads else b"false", b',"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"',
        account, b'","eventCategory":"Management"', _TLS % host, b"}",
    ))  # fmt: skip


def _uuid(chance: random.Random) -> bytes:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4)).encode()


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
