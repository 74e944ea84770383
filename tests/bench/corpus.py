"""A seeded week of an organisation's CloudTrail, laid out as trails deliver it: the same seed gives the same bytes.

    python tests/bench/corpus.py FOLDER [RECORDS]

Five accounts, four regions, seven days, files of 500 records. The calls are 292 of `tests/cases` (54 sources),
kept beside this file so that the corpus stays the same, with other names, accounts, regions, ids and times. Four
principals an account, among them the two roles that the benchmarks ask about, and AWS's own services. The application's
role makes 77 of the calls in all regions, on things of which no more come to be, as a role does whose permissions fit
into what AWS attaches to one.

What makes real records unlike each other makes these so, as often as in the trails that were counted for it: a role's
sessions (several at once, with new credentials in each file), requests of which half are like no other (a page, a
time, a text; a token in few), tools with a user agent of their own, errors in a tenth of the calls, versions of the
record side by side. Sizes, and how well they pack, are near theirs: 1,090 bytes on average, 7.2 times smaller packed;
of real ones it is 1,261 and 8.6.
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
_SDK: Final = b"aws-sdk-nodejs/2.1693.0 linux/v20.20.2 promise"
_TERRAFORM: Final = (
    b"APN/1.0 HashiCorp/1.0 Terraform/1.9.8 (+https://www.terraform.io) terraform-provider-aws/5.72.1 aws-sdk-go-v2/1"
)
_CLI: Final = (
    b"aws-cli/2.31.6 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.7 exec-env/AWS_Lambda"
)
_BOTO3: Final = (
    b"Boto3/1.40.51 md/Botocore#1.40.51 ua/2.1 os/linux#5.10 md/arch#x86_64 lang/python#3.12.11 cfg/retry-mode#legacy"
)
_VERSIONS: Final = (b"1.11", b"1.11", b"1.11", b"1.09", b"1.08")
_VPC_ENDPOINT: Final = b',"vpcEndpointId":"vpce-0f9e8d7c6b5a43210","vpcEndpointAccountId":"%b"'
_DENIED: Final = (
    b',"errorCode":"AccessDenied","errorMessage":"User: %b is not authorized to perform: %b because no identity-based '
    b'policy allows the %b action"'
)
_THROTTLED: Final = b',"errorCode":"ThrottlingException","errorMessage":"Rate exceeded"'
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


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who makes calls.

    Attributes:
        sessions: its `userIdentity`, of each session that it has at the time, as JSON.
        arns: and the ARN in it; empty for a service.
        tools: its user agents.
        names: how many names it uses.
        quiet: whether it leaves making to others, and does the same every day.
    """

    sessions: tuple[bytes, ...]
    arns: tuple[bytes, ...]
    tools: tuple[bytes, ...]
    names: int = 0
    quiet: bool = False


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
    callers = _callers(chance, account)
    quiet = [call for call in calls if not call.makes][::3]
    step = (end - begin) / count
    for number in range(count):
        caller = chance.choice(callers)
        call = chance.choice(quiet if caller.quiet else calls)
        known = caller.quiet or (caller.names and chance.random() < 0.95)  # some of the things that are named are new
        name = b"svc%d" % chance.randrange(caller.names) if known else b"n%x" % chance.getrandbits(32)
        time = (begin + step * number).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
        yield _record(chance, call, caller, account.encode(), region.encode(), name, time)


def _callers(chance: random.Random, account: str) -> list[Caller]:
    """Who makes calls, as often as it does: each as often as every other."""
    team = _TEAMS[ACCOUNTS.index(account)]

    def role(name: str, sessions: Sequence[str], path: str = "/") -> list[dict[str, Any]]:
        return [
            assumed_role(name, session, path=path, account=account, accessKeyId=f"ASIA{chance.getrandbits(64):016X}")
            for session in sessions
        ]

    def caller(identities: Sequence[dict[str, Any]], *tools: bytes, names: int = 0, quiet: bool = False) -> Caller:
        sessions = tuple(json.dumps(identity, separators=(",", ":")).encode() for identity in identities)
        arns = tuple(identity.get("arn", "").encode() for identity in identities)
        return Caller(sessions, arns, tools, names, quiet)

    instances = [f"i-0a1b2c3d4e5f607{number:02}" for number in range(6)]
    builds = [f"github-run-{chance.randrange(10_000, 99_999)}" for _ in range(3)]
    return [
        caller(role(f"{team}-app", instances), _SDK, names=3, quiet=True),
        caller(role(f"{team}-deploy", builds, "/ci/"), _TERRAFORM, _CLI, names=3),
        caller(role("analytics", ["emr-cluster"]), _BOTO3, names=200),
        caller([iam_user("ops-jane", account=account)], _CLI, _BOTO3, names=200),
        *(caller([aws_service(name)], name.encode()) for name in _SERVICES),
    ]


def _record(
    chance: random.Random, call: Template, caller: Caller, account: bytes, region: bytes, name: bytes, time: bytes
) -> bytes:
    here = (b"123456789012", account), (b"us-east-1", region)
    request, response = name.join(call.request), name.join(call.response)
    for old, new in here:
        request, response = request.replace(old, new), response.replace(old, new)
    if request.startswith(b'{"'):
        request = request[:-1] + _detail(chance, call) + b"}"
    session = chance.randrange(len(caller.sessions))
    error = _error(chance, call, caller.arns[session])
    service = call.source.partition(".")[0].encode()
    tls = _TLS % b"%b.%b.amazonaws.com" % (service, region) if chance.random() < 0.8 else b""
    return b"".join((
        b'{"eventVersion":"', chance.choice(_VERSIONS), b'","userIdentity":', caller.sessions[session],
        b',"eventTime":"', time, b'","eventSource":"', call.source.encode(), b'","eventName":"', call.event.encode(),
        b'","awsRegion":"', region, b'","sourceIPAddress":"203.0.113.%d","userAgent":"' % chance.randrange(1, 255),
        chance.choice(caller.tools), b'"', error, b',"requestParameters":', request, b',"responseElements":',
        b"null" if error else response,
        _EXTRA % (chance.randrange(9999), chance.getrandbits(160)) if chance.random() < 0.3 else b"",
        b',"requestID":"', _uuid(chance), b'","eventID":"', _uuid(chance), b'","readOnly":',
        b"true" if call.reads else b"false", b',"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"',
        account, b'"', _VPC_ENDPOINT % account if chance.random() < 0.15 else b"", b',"eventCategory":"Management"',
        tls, b"}",
    ))  # fmt: skip


def _detail(chance: random.Random, call: Template) -> bytes:
    """What a request says beside what it is about: in half of them something that no other says."""
    if chance.random() < 0.05:
        return b',"clientRequestToken":"%b"' % _uuid(chance)
    if chance.random() < 0.5:
        return b""
    if not call.reads:
        return b',"description":"Build %d of %x, by the pipeline"' % (chance.randrange(9999), chance.getrandbits(64))
    return chance.choice((
        b',"maxResults":%d' % chance.choice((50, 100)),
        b',"maxResults":100,"nextToken":"%x"' % chance.getrandbits(256),
        b',"startTime":%d,"limit":10000' % chance.randrange(1_760_000_000_000, 1_790_000_000_000),
    ))  # fmt: skip


def _error(chance: random.Random, call: Template, arn: bytes) -> bytes:
    """Why it failed; nothing, mostly."""
    luck = chance.random()
    if arn and luck < 0.03:
        action = f"{call.source.partition('.')[0]}:{call.event}".encode()
        return _DENIED % (arn, action, action)
    return _THROTTLED if luck < 0.1 else b""


def _uuid(chance: random.Random) -> bytes:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4)).encode()


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
