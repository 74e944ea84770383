"""What many tests need: CloudTrail records made to measure, a trail on disk, and the command line without a shell.

The records follow CloudTrail's present form (eventVersion 1.11) and hold what each test says and sane values elsewhere.
An eventID is made of the record's content, so that the same record is the same record on every run.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from click.testing import Result

PROJECT: Final = Path(__file__).resolve().parent.parent
"""The root of the project."""

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
TIME: Final = "2026-11-24T08:00:00Z"


def botocore_is_older() -> bool:
    """Whether the installed botocore is older than the one that the hand-kept and generated facts were held against."""
    import botocore
    from packaging.version import Version

    origin = json.loads((PROJECT / "tracer/reference/data/upstream/ORIGIN.json").read_text(encoding="utf-8"))
    (known,) = (source["version"] for source in origin["sources"] if source["package"] == "botocore")
    return Version(botocore.__version__) < Version(known)


ABSENT: Final = object()
"""Given as a field of `record`: the field is left out."""


def iam_user(name: str = "deployer", *, account: str = ACCOUNT, **fields: object) -> dict[str, Any]:
    """The userIdentity of an IAM user; `name` may hold a path."""
    return {
        "type": "IAMUser",
        "principalId": _id("AIDA", account, name),
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "accountId": account,
        "accessKeyId": _id("AKIA", account, name),
        "userName": name.rpartition("/")[2],
    } | fields


def assumed_role(
    role: str = "ci", session: str = "build", *, path: str = "/", account: str = ACCOUNT, **fields: object
) -> dict[str, Any]:
    """The userIdentity of a role's session. The role's path is told by the session's issuer alone, as in AWS."""
    role_id = _id("AROA", account, path, role)
    return {
        "type": "AssumedRole",
        "principalId": f"{role_id}:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        "accountId": account,
        "accessKeyId": _id("ASIA", account, path, role, session),
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": role_id,
                "arn": f"arn:aws:iam::{account}:role{path}{role}",
                "accountId": account,
                "userName": role,
            },
            "attributes": {"creationDate": TIME, "mfaAuthenticated": "false"},
        },
    } | fields


def root(*, account: str = ACCOUNT, **fields: object) -> dict[str, Any]:
    """The userIdentity of an account's root user."""
    return {
        "type": "Root",
        "principalId": account,
        "arn": f"arn:aws:iam::{account}:root",
        "accountId": account,
        "accessKeyId": _id("AKIA", account, "root"),
    } | fields


def aws_service(service: str = "lambda.amazonaws.com") -> dict[str, Any]:
    """The userIdentity of an AWS service that calls for itself."""
    return {"type": "AWSService", "invokedBy": service}


def forwarded(identity: Mapping[str, Any], by: str = "cloudformation.amazonaws.com") -> dict[str, Any]:
    """The fields of a call that the service `by` forwards for `identity`, with a key of its own as in AWS.

    Use: `record("CreateRole", **forwarded(iam_user()))`.
    """
    session = {"attributes": {"creationDate": TIME, "mfaAuthenticated": "false"}, "sessionIssuer": {}}
    key = _id("ASIA", by, str(identity.get("arn")))
    caller = {"sessionContext": session, **identity, "accessKeyId": key, "invokedBy": by}
    return {"userIdentity": caller, "sourceIPAddress": by, "userAgent": by}


def record(
    event_name: str = "GetRole",
    event_source: str = "iam.amazonaws.com",
    *,
    user: Mapping[str, Any] | None = None,
    time: str = TIME,
    region: str = REGION,
    request: Mapping[str, Any] | None = None,
    response: Mapping[str, Any] | None = None,
    error: str | None = None,
    message: str | None = None,
    **fields: object,
) -> dict[str, Any]:
    """A raw CloudTrail record of a management call.

    Args:
        event_name: `eventName`.
        event_source: `eventSource`.
        user: `userIdentity`; the IAM user `deployer` where not given.
        time: `eventTime`.
        region: `awsRegion`.
        request: `requestParameters`.
        response: `responseElements`.
        error: `errorCode`.
        message: `errorMessage`.
        fields: any other field, or another value for one, in CloudTrail's spelling; ABSENT leaves it out.
    """
    identity = iam_user() if user is None else user
    content: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": dict(identity),
        "eventTime": time,
        "eventSource": event_source,
        "eventName": event_name,
        "awsRegion": region,
        "sourceIPAddress": "192.0.2.10",
        "userAgent": "aws-sdk-nodejs/2.1693.0 linux/v20.20.2 promise",
        "requestParameters": request,
        "responseElements": response,
        "readOnly": event_name.startswith(("Get", "List", "Describe", "Head")),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": identity.get("accountId", ACCOUNT),
        "eventCategory": "Management",
    }
    content |= {name: text for name, text in (("errorCode", error), ("errorMessage", message)) if text is not None}
    content |= fields
    present = {name: value for name, value in content.items() if value is not ABSENT}
    ids = {name: _uuid(name, present) for name in ("requestID", "eventID") if name not in content}
    return present | ids


def write_trail(folder: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    """Write `records` below `folder` as a trail does in S3: one gzip file for each account, region and day, delivered
    in the minute of its last record.

    Returns:
        `folder`.
    """
    files: defaultdict[tuple[str, str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for item in records:
        files[item.get("recipientAccountId", ACCOUNT), item["awsRegion"], item["eventTime"][:10]].append(item)
    for (account, region, day), content in files.items():
        delivered = max(item["eventTime"] for item in content)[:16].replace("-", "").replace(":", "")
        name = f"{account}_CloudTrail_{region}_{delivered}Z_{_id('', account, region, day)[:16]}.json.gz"
        path = folder / "AWSLogs" / account / "CloudTrail" / region / day.replace("-", "/") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(json.dumps({"Records": content}).encode(), mtime=0))
    return folder


class Heard:
    """A meter that remembers what it was told."""

    def __init__(self) -> None:
        self.expected: list[tuple[int, int]] = []
        self.files = self.size = 0

    def expect(self, files: int, size: int) -> None:
        self.expected.append((files, size))

    def advance(self, files: int, size: int) -> None:
        self.files += files
        self.size += size


def run_cli(*arguments: str | Path, stdin: str | bytes | None = None) -> Result:
    """`tracer ARGUMENTS` in this process: `exit_code`, `stdout` and `stderr`. An unexpected error is raised."""
    from click.testing import CliRunner

    from tracer.cli import main

    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin, catch_exceptions=False)


def _id(prefix: str, *content: str) -> str:
    """An id in AWS's form: the prefix and 16 capitals and digits."""
    return prefix + hashlib.sha256("\n".join(content).encode()).hexdigest()[:16].upper()


def _uuid(name: str, content: Mapping[str, Any]) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name + json.dumps(content, sort_keys=True, default=str)))
