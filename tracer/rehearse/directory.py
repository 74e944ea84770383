"""The account's IAM as moto holds it: who a key belongs to, which policies bound them, what names stand for.

Loaded by the server process alone, as moto is. Policies are read anew for each call: what a deploy attaches holds from
then on. Policies of resources (buckets, keys, trust policies) are not asked: within one account the caller's own
policies suffice, but for a trust policy, which a rehearsal takes to hold.
"""

from __future__ import annotations

import functools
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, Group, IAMBackend, ManagedPolicy, Role, User, iam_backends
from moto.kms.models import kms_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sts.models import STSBackend, sts_backends

from tracer.errors import RehearseError
from tracer.rehearse.call import ApiError, Call, Caller, CallerType, Key
from tracer.rehearse.gate import Layer

PARTITION: Final = "aws"

SERVICE_SESSION_SECONDS: Final = 12 * 60 * 60
"""How long a session lasts that Lambda takes for a function, as records of it tell."""

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MotoDirectory:
    """See `gate.Directory`. One account, one partition.

    Attributes:
        account: its number.
        boundaries: by the user's name, a permissions boundary, which moto does not keep for users.
        source_identities: by the id of a session's key, its source identity.
        root_key_id: the id of the root's key.
    """

    account: str
    boundaries: dict[str, Document] = field(default_factory=dict)
    source_identities: dict[str, str] = field(default_factory=dict)
    root_key_id: str = field(default_factory=lambda: f"AKIA{secrets.token_hex(8).upper()}")

    @property
    def iam(self) -> IAMBackend:
        """The IAM of moto."""
        return iam_backends[self.account][PARTITION]

    @property
    def sts(self) -> STSBackend:
        """The STS of moto."""
        return sts_backends[self.account][PARTITION]

    def furnish(self) -> None:
        """Give an empty account the policies that AWS manages.

        moto can, and then makes them anew for each partition, which takes seconds; nobody changes them.
        """
        policies = _managed_by_aws(self.account)
        self.iam.aws_managed_policies = list(policies)
        self.iam.managed_policies = {policy.arn: policy for policy in policies}

    def caller(self, access_key_id: str) -> Caller | None:
        """Who a key belongs to; None where the account does not know it, or it is not active."""
        if access_key_id == self.root_key_id:
            return Caller(CallerType.ROOT, self.root_key().arn, self.account, self.account, access_key_id)
        for user in self.iam.users.values():
            for key in user.access_keys:
                if key.access_key_id == access_key_id and key.status == "Active":
                    return Caller(CallerType.IAM_USER, user.arn, user.id, self.account, access_key_id, user.name)
        session = self.sts.get_assumed_role_from_access_key(access_key_id)
        if session is None:
            return None
        return self.session(session.role_arn, session.session_name, access_key_id, _begun(session.access_key))

    def identify(self, response: Mapping[str, Any], params: Mapping[str, Any]) -> None:
        """Remember the source identity that a session was given, which moto does not; sessions of sessions keep it."""
        if "SourceIdentity" in params:
            self.source_identities[response["Credentials"]["AccessKeyId"]] = params["SourceIdentity"]

    def no_such_role(self, call: Call) -> ApiError | None:
        """What STS says of a role that is not there, which moto would give a session all the same."""
        if call.name != "sts.AssumeRole" or self._role(call.params["RoleArn"]):
            return None
        words = f"User: {call.caller.arn} is not authorized to perform: sts:AssumeRole on resource: "
        return ApiError("AccessDenied", words + call.params["RoleArn"])

    def session(self, role_arn: str, session_name: str, access_key_id: str, created: datetime) -> Caller:
        """See `gate.Directory`."""
        role = self._role(role_arn)
        if role is None:
            raise RehearseError(f"there is no role {role_arn} in the account")
        return Caller(
            CallerType.ASSUMED_ROLE,
            f"arn:{PARTITION}:sts::{self.account}:assumed-role/{role.name}/{session_name}",
            f"{role.id}:{session_name}",
            self.account,
            access_key_id,
            role_arn=role.arn,
            session_created=created,
            source_identity=self.source_identities.get(access_key_id),
        )

    def take_session(self, role_arn: str, session_name: str) -> tuple[Key, datetime]:
        """A new session of a role, and when it ends: what a service gets whom the role trusts.

        Raises:
            RehearseError: there is no such role.
        """
        if self._role(role_arn) is None:
            raise RehearseError(f"there is no role {role_arn} in the account")
        taken = self.sts.assume_role("us-east-1", session_name, role_arn, "", SERVICE_SESSION_SECONDS, "")
        return Key(taken.access_key_id, taken.secret_access_key, role_arn, taken.session_token), taken.expiration

    def layers(self, caller: Caller) -> Sequence[Layer]:
        """See `gate.Directory`."""
        match caller.type:
            case CallerType.ROOT | CallerType.AWS_SERVICE:
                return ()
            case CallerType.IAM_USER:
                return list(self._layers_of_user(self.iam.users[caller.user_name or ""]))
            case CallerType.ASSUMED_ROLE:
                return list(self._layers_of_session(caller))

    def role_arn(self, account: str, name: str) -> str | None:
        """See `words.State`."""
        return next((role.arn for role in self.iam.roles.values() if role.name == name), None)

    def user_arn(self, account: str, name: str) -> str | None:
        """See `words.State`."""
        return self.iam.users[name].arn if name in self.iam.users else None

    def profile_role_arn(self, account: str, profile: str) -> str | None:
        """See `words.State`."""
        found = self.iam.instance_profiles.get(profile.rpartition("/")[2])
        return found.roles[0].arn if found and found.roles else None

    def secret_arn(self, account: str, region: str, name: str) -> str | None:
        """See `words.State`."""
        found = secretsmanager_backends[account][region].secrets.get(name)
        return found.arn if found else None

    def key_arn(self, account: str, region: str, key: str) -> str | None:
        """See `words.State`."""
        name = key.rpartition(":")[2]
        for found in kms_backends[account][region].keys.values():
            if name in (found.id, f"key/{found.id}", *found.aliases):
                return found.arn
        return None

    def root_key(self) -> Key:
        """The key of the account's root."""
        return Key(self.root_key_id, secrets.token_hex(20), f"arn:{PARTITION}:iam::{self.account}:root")

    def add_user(self, name: str, path: str, policies: Sequence[Document], boundary: Document | None) -> Key:
        """Make a user with these policies, each a managed one, and a key."""
        user = self.iam.create_user("us-east-1", name, path)
        user.id = f"AIDA{user.id[4:].upper()}"
        for policy_arn in self._managed(name, policies):
            self.iam.attach_user_policy(policy_arn, name)
        if boundary is not None:
            self.boundaries[name] = boundary
        key = self.iam.create_access_key(name)
        return Key(key.access_key_id, key.secret_access_key, user.arn)

    def add_role(self, name: str, path: str, trust: Document, policies: Sequence[Document]) -> str:
        """Make a role with these policies, each a managed one. Returns its ARN."""
        role = self.iam.create_role(name, json.dumps(trust), path, None, "", [], "3600")
        for policy_arn in self._managed(name, policies):
            self.iam.attach_role_policy(policy_arn, name)
        return role.arn

    def _managed(self, name: str, policies: Sequence[Document]) -> list[str]:
        return [
            self.iam.create_policy("", "/", json.dumps(policy), f"{name}-{number}", []).arn
            for number, policy in enumerate(policies, 1)
        ]

    def _layers_of_user(self, user: User) -> Iterator[Layer]:
        groups = [group for group in self.iam.groups.values() if user in group.users]
        holders: list[User | Group] = [user, *groups]
        yield Layer("identity-based", [document for holder in holders for document in _held_by(holder)])
        if user.name in self.boundaries:
            yield Layer("permissions boundary", [self.boundaries[user.name]])

    def _layers_of_session(self, caller: Caller) -> Iterator[Layer]:
        role = self._role(caller.role_arn or "")
        yield Layer("identity-based", list(_held_by(role)) if role else [])
        if role and role.permissions_boundary_arn:
            boundary = self.iam.managed_policies.get(role.permissions_boundary_arn)
            yield Layer("permissions boundary", _documents([_text(boundary)]) if boundary else [])
        own = [session.policy for session in self.sts.assumed_roles if session.user_id == caller.principal_id]
        if own and own[-1]:
            yield Layer("session", _documents([own[-1]]))

    def _role(self, arn: str) -> Role | None:
        return next((role for role in self.iam.roles.values() if role.arn == arn), None)


@functools.cache
def _managed_by_aws(account: str) -> Sequence[AWSManagedPolicy]:
    data = json.loads(aws_managed_policies_data)
    return [AWSManagedPolicy.from_data(name, account, "us-east-1", policy) for name, policy in data.items()]


def _held_by(holder: User | Group | Role) -> Iterable[Document]:
    """The documents that are inline in an identity, or attached to it."""
    return _documents([*holder.policies.values(), *map(_text, holder.managed_policies.values())])


def _text(policy: ManagedPolicy) -> str:
    """The document of a managed policy's default version."""
    return next(version.document for version in policy.versions if version.version_id == policy.default_version_id)


def _documents(texts: Iterable[str]) -> list[Document]:
    return [json.loads(text) for text in texts]


def _begun(key: Any) -> datetime:  # noqa: ANN401  # moto's
    moment: datetime = key.create_date
    return moment.replace(tzinfo=UTC)
