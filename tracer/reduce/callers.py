"""Who made a call: `userIdentity` in, `Caller` out.

A caller is a principal that IAM identity policies can be attached to: a user, a role (through one of its sessions), the
account's root. AWS services on their own behalf, service-linked roles, callers of other accounts and identities
without an IAM principal are no callers: no policy of the run's account can hold a line for them.

Rules: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tracer.model.arn import Arn
from tracer.model.record import Record, UserIdentity

SERVICE_LINKED_PATH: Final = "aws-service-role/"
"""The path of service-linked roles, whose permissions AWS predefines
(https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller.

    Attributes:
        principal: the ARN that a policy is attached to: of the user, of the role with its path, of the root.
        identity: the ARN that the record names: the principal's own, or the session's.
        path_known: False where a session's record names no issuer, so that the role's path is not known.
    """

    principal: str
    identity: str
    path_known: bool = True

    @property
    def account(self) -> str:
        """The account that it belongs to."""
        return self.principal.split(":")[4]

    @property
    def is_session(self) -> bool:
        """Whether it is a session of a role."""
        return ":assumed-role/" in self.identity

    @property
    def session_name(self) -> str | None:
        """The session's name; None for a user or the root."""
        return self.identity.rpartition("/")[2] if self.is_session else None


def caller_of(record: Record) -> Caller | None:
    """Who made the call, or None where it was nobody that a policy of this account can be attached to."""
    identity = record.user_identity
    if identity.type in ("AWSService", "AWSAccount") or _of_another_account(record):
        return None
    arn = Arn.find(identity.arn) or _root_or_user(identity, record)
    if arn is None:
        return None
    if arn.resource.startswith("assumed-role/"):
        return _session(arn, identity)
    if arn.resource.startswith("federated-user/"):
        # A federated user acts with the permissions of the user that called GetFederationToken
        # (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getfederationtoken.html).
        return Caller(str(Arn.find(identity.session_issuer_arn) or arn), str(arn))
    return Caller(str(arn), str(arn))


def _of_another_account(record: Record) -> bool:
    """Whether this is the copy of a cross-account call that the owner of the resource gets: the caller's own copy
    counts.
    """
    caller, recipient = record.user_identity.account_id, record.recipient_account_id
    return bool(caller and recipient and caller != recipient)


def _root_or_user(identity: UserIdentity, record: Record) -> Arn | None:
    """The ARN of an identity that names none: some records of a root or a user hold only account and name."""
    if not identity.account_id:
        return None
    partition = partition_of_region(record.aws_region)
    if identity.type == "Root":
        return Arn(partition, "iam", "", identity.account_id, "root")
    if identity.type == "IAMUser" and identity.user_name:
        return Arn(partition, "iam", "", identity.account_id, f"user/{identity.user_name}")
    return None


def _session(arn: Arn, identity: UserIdentity) -> Caller | None:
    """A role's session. Its ARN lacks the role's path, which only the session issuer has."""
    issuer = Arn.find(identity.session_issuer_arn)
    role_name = arn.resource.split("/")[1]
    path_known = issuer is not None and issuer.resource.startswith("role/")
    if issuer is None or not path_known:
        issuer = Arn(arn.partition, "iam", "", arn.account, f"role/{role_name}")
    if issuer.resource.startswith(f"role/{SERVICE_LINKED_PATH}") or role_name.startswith("AWSServiceRoleFor"):
        return None
    return Caller(str(issuer), str(arn), path_known)


def partition_of_region(region: str) -> str:
    """The partition that a region's name belongs to, by the prefixes in AWS's list of partitions
    (botocore's `partitions.json`): `cn-` is aws-cn, `us-gov-` aws-us-gov, and so on; aws for all others.
    """
    for prefix, partition in _PARTITIONS:
        if region.startswith(prefix):
            return partition
    return "aws"


_PARTITIONS: Final = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-iso-", "aws-iso"),
    ("eusc-", "aws-eusc"),
)


def matches(principal: str, caller: Caller) -> bool:
    """Whether `--principal` asks for this caller.

    A user, the root, a federated user or one session: the ARN itself. A role: account and name must match, and the path
    where one is given; all its sessions are meant.
    """
    if principal in (caller.identity, caller.principal):
        return True
    asked, role = Arn.find(principal), Arn.find(caller.principal)
    if asked is None or role is None or asked.account != role.account or asked.partition != role.partition:
        return False
    if not (asked.resource.startswith("role/") and role.resource.startswith("role/")):
        return False
    path_given = asked.resource.count("/") > 1
    same_name = asked.resource.rpartition("/")[2] == role.resource.rpartition("/")[2]
    return same_name and not (path_given and caller.path_known)
