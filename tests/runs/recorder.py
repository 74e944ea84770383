"""Who calls, and how a call becomes a record: the identities, the clock and the shape that all records share.

The identities are CloudTrail's: an IAM user, a session in which CloudFormation calls for that user, a role's session.
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html)
"""

from __future__ import annotations

import random
import string
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

Json = dict[str, Any]

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
READS: Final = ("Get", "List", "Describe", "Validate", "AssumeRole")
"""How the names of the calls begin that CloudTrail marks as readOnly; their responseElements are null."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run is: an account in a region of a partition."""

    region: str = REGION
    partition: str = "aws"
    home: str = REGION
    """The region in which the partition logs the calls of IAM, which belongs to none."""
    account: str = ACCOUNT

    def arn(self, service: str, resource: str, region: str | None = None) -> str:
        """The ARN of something here."""
        return f"arn:{self.partition}:{service}:{self.region if region is None else region}:{self.account}:{resource}"


@dataclass(frozen=True, slots=True)
class Caller:
    """The side of a record that tells who called: CloudTrail's userIdentity, address and agent."""

    identity: Mapping[str, Any]
    address: str
    agent: str
    own_connection: bool = True
    """Whether the caller's own TLS connection is in the record: not so where a service calls for somebody."""
    console: bool = False


def _attributes(moment: datetime, *, mfa: bool = False) -> Json:
    return {"creationDate": iso(moment), "mfaAuthenticated": str(mfa).lower()}


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def spoken(moment: datetime) -> str:
    """A time as CloudTrail writes it within responseElements: `Nov 3, 2026, 9:02:11 AM`."""
    return f"{moment:%b} {moment.day}, {moment.year}, {moment.hour % 12 or 12}:{moment:%M:%S %p}"


@dataclass(slots=True)
class Recorder:
    """A clock, a source of chance, and the records so far."""

    chance: random.Random
    now: datetime
    place: Place = Place()
    records: list[Json] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def text(self, length: int, alphabet: str = string.ascii_lowercase + string.digits) -> str:
        return "".join(self.chance.choices(alphabet, k=length))

    def guid(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def key(self, prefix: str) -> str:
        """An id of IAM's form: prefix and length are right, and its end says that it is none."""
        return prefix + self.text(9, string.ascii_uppercase + "234567") + "EXAMPLE"

    def call(
        self,
        caller: Caller,
        event: str,
        request: Json | None = None,
        response: Json | None = None,
        *,
        error: tuple[str, str] | None = None,
        at: datetime | None = None,
        **more: object,
    ) -> Json:
        """Record one API call, `service:EventName`; `more` are further fields of the record. A moment passes."""
        service, _, name = event.partition(":")
        read_only = name.startswith(READS)
        record: Json = {
            "eventVersion": "1.11",
            "userIdentity": dict(caller.identity),
            "eventTime": iso(at or self.now),
            "eventSource": f"{service}.amazonaws.com",
            "eventName": name,
            "awsRegion": self.place.home if service == "iam" else self.place.region,
            "sourceIPAddress": caller.address,
            "userAgent": caller.agent,
            **({"errorCode": error[0], "errorMessage": error[1]} if error else {}),
            "requestParameters": request,
            "responseElements": None if error else response,
            "requestID": self.guid(),
            "eventID": self.guid(),
            "readOnly": read_only,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": self.place.account,
            "eventCategory": "Management",
        }
        if caller.own_connection:
            host = "sts.amazonaws.com" if service == "sts" else f"{service}.{self.place.region}.amazonaws.com"
            record["tlsDetails"] = {
                "tlsVersion": "TLSv1.3",
                "cipherSuite": "TLS_AES_128_GCM_SHA256",
                "clientProvidedHostHeader": host,
            }
        if caller.console:
            record["sessionCredentialFromConsole"] = "true"
        record |= more
        self.records.append(record)
        if at is None:
            self.wait(self.chance.uniform(0.2, 0.9))
        return record


@dataclass(frozen=True, slots=True)
class User:
    """An IAM user."""

    name: str
    principal_id: str
    access_key: str
    address: str
    agent: str
    place: Place = Place()

    @property
    def identity(self) -> Json:
        return {
            "type": "IAMUser",
            "principalId": self.principal_id,
            "arn": self.place.arn("iam", f"user/{self.name}", region=""),
            "accountId": self.place.account,
            "accessKeyId": self.access_key,
            "userName": self.name,
        }

    @property
    def direct(self) -> Caller:
        """The user's own calls."""
        return Caller(self.identity, self.address, self.agent)

    def console(self, recorder: Recorder, agent: str) -> Caller:
        """The user in AWS's console, signed in with a second factor."""
        attributes = _attributes(recorder.now, mfa=True)
        session = {"sessionIssuer": {}, "webIdFederationData": {}, "attributes": attributes}
        return Caller(self.identity | {"sessionContext": session}, self.address, agent, console=True)

    def forwarded(self, recorder: Recorder) -> Caller:
        """One session in which CloudFormation calls for the user: a key of its own, and the service's name as address.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
        """
        session = {
            "accessKeyId": recorder.key("ASIA"),
            "sessionContext": {"sessionIssuer": {}, "webIdFederationData": {}, "attributes": _attributes(recorder.now)},
            "invokedBy": "cloudformation.amazonaws.com",
        }
        service = "cloudformation.amazonaws.com"
        return Caller(self.identity | session, service, service, own_connection=False)


def role_session(recorder: Recorder, role_arn: str, role_id: str, session: str, **more: object) -> Json:
    """The userIdentity of a role's session; the path of the role stands in its issuer alone."""
    name, place = role_arn.rpartition("/")[2], recorder.place
    return {
        "type": "AssumedRole",
        "principalId": f"{role_id}:{session}",
        "arn": place.arn("sts", f"assumed-role/{name}/{session}", region=""),
        "accountId": place.account,
        "accessKeyId": recorder.key("ASIA"),
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": role_id,
                "arn": role_arn,
                "accountId": place.account,
                "userName": name,
            },
            "webIdFederationData": {},
            "attributes": _attributes(recorder.now),
        },
        **more,
    }
