"""`Inventory`: what the records show of names and ids that single calls leave out.

Collected from all records before any is mapped (`Notes`):

- the paths of IAM names. `iam:GetRole` names a role `deploy`, and AWS checks it on `role/ci/deploy`. The path stands in
  the response of the call that made the role and in the session issuer of each of its sessions;
- the roles of instance profiles, which `AddRoleToInstanceProfile` alone names;
- whether the run's stacks have tags;
- the stacks that change sets were made for: a change set's ARN does not name its stack;
- the ids of long-lived things that the run itself made (a KMS key), which the next run will not meet again.

Whose records show it? The run's own callers'; and for IAM's names, where these leave one open, IAM's calls by anybody.
So a search that passes over everybody else's records loses nothing but these, and `Inventory.lacks` says whether they
are needed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import msgspec

from tracer.model.arn import Arn
from tracer.model.record import RawRecord, Record, UserIdentity
from tracer.reduce.parse import parse
from tracer.reduce.request import has, leaves, lookup
from tracer.reference import generated

if TYPE_CHECKING:
    from tracer.reduce.calls import Call, Reading

_MAKING: Final = ("Create", "Import", "Request", "Replicate")
"""How the names of calls begin that make something whose id AWS generates."""

_NAMED: Final = {
    "CreateGroup": ("group/", "groupName"),
    "CreateInstanceProfile": ("instance-profile/", "instanceProfileName"),
    "CreateRole": ("role/", "roleName"),
    "CreateUser": ("user/", "userName"),
}
"""The calls that give a name its path, with its kind and the parameter that holds it."""


_TO_PROFILE: Final = "AddRoleToInstanceProfile"


class Inventory:
    """What the records of a run show.

    Args:
        own: what those of its callers show.
        others: what IAM's calls by anybody show.
    """

    def __init__(self, own: Facts | None = None, others: Facts | None = None) -> None:
        self._own = own or Facts()
        self._others = others or Facts()
        self.lacks = False
        """Whether a name was asked for that no record shows."""

    @property
    def stack_tags(self) -> bool:
        """Whether a stack of the run has tags: CloudFormation spreads them over what it makes
        (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html).
        """
        return self._own.stack_tags

    @property
    def made(self) -> frozenset[str]:
        """The ids that the run made, of services whose ids are kept otherwise."""
        return frozenset(self._own.made)

    def full_name(self, account: str, kind: str, name: str) -> str | None:
        """An IAM name with its path (`ci/deploy`), or None where no record shows it.

        Args:
            account: the account's number.
            kind: what the ARN's resource part begins with: `role/`.
            name: the name alone.
        """
        key = account, kind, name
        found = self._own.full.get(key) or self._others.full.get(key)
        self.lacks = self.lacks or found is None
        return found

    def role_of_profile(self, account: str, profile: str) -> str | None:
        """The name of the role that an instance profile holds, or None where no record shows it."""
        found = self._own.profiles.get((account, profile)) or self._others.profiles.get((account, profile))
        self.lacks = self.lacks or found is None
        return found

    def linked_to(self, arn: str) -> str | None:
        """The ARN of the stack that a change set was made for, or None where no record shows it."""
        return self._own.links.get(arn)


class Notes:
    """What the records show, by who made the call, until it is known who belongs to the run."""

    def __init__(self) -> None:
        self._by_identity: defaultdict[str, Facts] = defaultdict(Facts)
        self._of_iam = Facts()
        self._witnesses: set[tuple[str | None, ...]] = set()

    def observe(self, reading: Reading) -> None:
        """Note what a record shows; before `Attribution.observe`, which notes by whom its call was met."""
        identity, caller = reading.who.identity, reading.who.caller
        if caller is None:
            if reading.service == "iam":
                self._of_iam.observe_iam(reading.call.record)
            return
        witnesses = caller.identity, identity.arn, identity.session_issuer_arn
        if witnesses not in self._witnesses:
            self._witnesses.add(witnesses)
            self._by_identity[caller.identity].observe_identity(identity)
        if caller.identity not in reading.call.met:
            self._by_identity[caller.identity].observe(reading.call)
            if reading.service == "iam":
                self._of_iam.observe_iam(reading.call.record)

    def observe_iam(self, raw: RawRecord) -> None:
        """Note what a call of IAM shows, if `raw` is one that shows anything."""
        if isinstance(raw, bytes) and not _tells(raw):
            return
        record = parse(raw)
        if isinstance(record, Record) and record.service == "iam":
            self._of_iam.observe_iam(record)

    def inventory(self, identities: Iterable[str]) -> Inventory:
        """What is known for a run of these callers, by the ARNs that their records name."""
        own = Facts()
        for identity in identities:
            if identity in self._by_identity:
                own.add(self._by_identity[identity])
        return Inventory(own, self._of_iam)


_NULL: Final = msgspec.Raw(b"null")


class _Answer(msgspec.Struct, gc=False):
    """What tells at a glance whether a record shows anything of IAM's names."""

    event_name: str | None = msgspec.field(name="eventName", default=None)
    response: msgspec.Raw = msgspec.field(name="responseElements", default=_NULL)


_answer: Final = msgspec.json.Decoder(_Answer).decode


def _tells(raw: bytes) -> bool:
    """Whether a record is a write that was answered, or names what it made; a form that is not known may be one."""
    try:
        answer = _answer(raw)
    except (ValueError, RecursionError):
        return True
    return bytes(answer.response) != b"null" or answer.event_name in (*_NAMED, _TO_PROFILE)


class Facts:
    """What some records show; filled by `observe`, then only read."""

    def __init__(self) -> None:
        self.full: dict[tuple[str, str, str], str] = {}
        self.profiles: dict[tuple[str, str], str] = {}
        self.made: set[str] = set()
        self.links: dict[str, str] = {}
        self.stack_tags = False

    def observe_identity(self, identity: UserIdentity) -> None:
        """Note what the ARNs of who made a call show."""
        self._note(arn for text in (identity.arn, identity.session_issuer_arn) if (arn := Arn.find(text)))

    def observe(self, call: Call) -> None:
        """Note what this call shows."""
        if call.service == "iam":
            self.observe_iam(call.record)
        if call.service == "cloudformation":
            self.stack_tags = self.stack_tags or has(call.record.request_parameters, "tags")
            if call.event_name == "CreateChangeSet":
                self._note_change_set(call.record)
        if call.service in generated.services_that_keep() and call.event_name.startswith(_MAKING):
            for _, _, value in leaves(call.record.response_elements):
                self.made.update(part for part in re.split("[/:]", value) if len(part) > 1)

    def observe_iam(self, record: Record) -> None:
        """Note what this call of IAM shows, whoever made it."""
        arns = (arn for _, _, value in leaves(record.response_elements) if (arn := Arn.find(value)))
        self._note(arn for arn in arns if arn.account == record.account)
        if record.event_name in _NAMED and record.error_code is None:
            self._note_created(record)
        if record.event_name == _TO_PROFILE:
            self._note_profile(record)

    def add(self, other: Facts) -> None:
        """Note all that `other` holds."""
        for key, full in other.full.items():
            self.full[key] = min(full, self.full.get(key, full))
        for profile, role in other.profiles.items():
            self.profiles[profile] = min(role, self.profiles.get(profile, role))
        for change_set, stack in other.links.items():
            self.links[change_set] = min(stack, self.links.get(change_set, stack))
        self.made |= other.made
        self.stack_tags = self.stack_tags or other.stack_tags

    def _note_change_set(self, record: Record) -> None:
        for change_set in lookup(record.response_elements, "id"):
            for stack in lookup(record.response_elements, "stackId"):
                self.links[change_set] = min(stack, self.links.get(change_set, stack))

    def _note_created(self, record: Record) -> None:
        """Note the path that a call gives to what it makes: `/` where it names none
        (https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html).
        """
        kind, key = _NAMED[record.event_name]
        path = next(lookup(record.request_parameters, "path"), "/").strip("/")
        for name in lookup(record.request_parameters, key):
            self._note_name(record.account or "", kind, f"{path}/{name}".lstrip("/"))

    def _note_profile(self, record: Record) -> None:
        for profile in lookup(record.request_parameters, "instanceProfileName"):
            for role in lookup(record.request_parameters, "roleName"):
                key = (record.account or "", profile)
                self.profiles[key] = min(role, self.profiles.get(key, role))

    def _note(self, arns: Iterable[Arn]) -> None:
        for arn in arns:
            if arn.service == "iam" and "/" in arn.resource:
                kind, _, full = arn.resource.partition("/")
                self._note_name(arn.account, f"{kind}/", full)

    def _note_name(self, account: str, kind: str, full: str) -> None:
        # A name is unique in its account whatever its path. Of two paths (removed, and made anew elsewhere) the
        # smaller is kept, so that the order of the records does not matter.
        key = (account, kind, full.rpartition("/")[2])
        self.full[key] = min(full, self.full.get(key, full))
