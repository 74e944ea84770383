"""Who acts for whom: the first pass over a run's records, which may come in any order.

A principal's calls are its own, those that a service forwards for it (they carry its ARN under a fresh access key, so
keys are never compared), and, in sections of their own, those of the roles that it assumed, passed to CloudFormation,
or gave to functions. `Attribution.observe` notes the edges of every record; `Attribution.members` follows them from
the principals that were asked for, or from every caller, until nothing new is reached. Cycles end, because each
identity is reached once.

AssumeRole edges count from all records, also outside the window: a session outlives its AssumeRole call. A role that is
named as a stack's or a function's counts only from a record that the run's window and filters let pass.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tracer.model.arn import Arn
from tracer.model.permission import Section
from tracer.model.record import Record, Unreadable
from tracer.model.run import DeployRun
from tracer.model.search import Wanted
from tracer.reduce.callers import Caller, matches
from tracer.reduce.calls import Call, Reading
from tracer.reduce.filters import has_filters, passes_filters
from tracer.reduce.request import lookup, plain_event, role_name

_CLOUDFORMATION_SESSION: Final = "AWSCloudFormation"
"""The name of the sessions in which CloudFormation uses a stack's service role
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html; the name as seen in
records)."""

_STACK_WRITES: Final = frozenset(
    {"CreateStack", "UpdateStack", "DeleteStack", "CreateChangeSet", "ExecuteChangeSet", "DeleteChangeSet"}
)


@dataclass(frozen=True, slots=True)
class Members:
    """The callers whose records belong to the run, by the ARN that their records name."""

    sections: Mapping[str, Section]
    several: bool = False
    """No principal was asked for, and more than one made direct calls."""
    stacks: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    """The identities that were asked for under which two credentials made direct calls at the same time: two jobs with
    one session name, or two people with one user."""

    def section_of(self, caller: Caller) -> Section | None:
        """The section that the caller's permissions belong in, or None where its records are not of this run."""
        return self.sections.get(caller.identity)


@dataclass(slots=True)
class _Deeds:
    """What one identity did that makes others act for it."""

    direct: bool = False
    assumed: set[str] = field(default_factory=set)
    """Session ARNs."""
    stack_roles: set[tuple[str, str]] = field(default_factory=set)
    """(account, role name)."""
    function_roles: set[tuple[str, str]] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    stacks: set[str] = field(default_factory=set)
    stages: set[str] = field(default_factory=set)
    keys: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """When each access key made its first and its last direct call."""


class Attribution:
    """What the records of one run say about who acts for whom."""

    def __init__(self, run: DeployRun) -> None:
        self._run = run
        self._filters = has_filters(run)
        self._callers: dict[str, Caller] = {}
        self._deeds: defaultdict[str, _Deeds] = defaultdict(_Deeds)
        self.records_by_principal: Counter[str] = Counter()
        self.unreadable: Counter[str] = Counter()
        """Why records could not be read."""
        self.first: datetime | None = None
        self.last: datetime | None = None

    def observe(self, reading: Reading | Unreadable) -> None:
        """Note who made this call, and whom it lets act."""
        if isinstance(reading, Unreadable):
            self.unreadable[f"{reading.reason} ({reading.location})"] += 1
            return
        moment, caller = reading.moment, reading.who.caller
        if self.first is None or moment < self.first:
            self.first = moment
        if self.last is None or moment > self.last:
            self.last = moment
        if caller is None:
            return
        call = reading.call
        self.records_by_principal[caller.principal] += 1
        deeds = self._deeds[caller.identity]
        if caller.identity not in call.met:
            call.met.add(caller.identity)
            self._observe_caller(call, caller, deeds)
        if moment in self._run.window and self._passes(call):
            if caller.identity not in call.met_inside:
                call.met_inside.add(caller.identity)
                self._observe_deeds(call, deeds)
            if call.via is None:
                deeds.direct = True
                _note_key(reading.who.identity.access_key_id, moment, deeds)

    def _passes(self, call: Call) -> bool:
        """Whether a call was granted, and the run's filters let it pass."""
        if call.passes is None:
            call.passes = not call.denied and (not self._filters or passes_filters(call.record, self._run))
        return call.passes

    def _observe_caller(self, call: Call, caller: Caller, deeds: _Deeds) -> None:
        """What a call shows whenever it was made."""
        self._callers.setdefault(caller.identity, caller)
        if call.service == "sts" and call.event_name.startswith("AssumeRole") and not call.denied:
            deeds.assumed.update(_assumed_session(call.record))

    def _observe_deeds(self, call: Call, deeds: _Deeds) -> None:
        """What a call of the run shows."""
        if call.service == "cloudformation":
            self._observe_stack(call.record, plain_event(call.record), deeds)
        elif call.service == "lambda":
            self._observe_function(call.record, deeds)

    @staticmethod
    def _observe_stack(record: Record, event: str, deeds: _Deeds) -> None:
        for role in lookup(record.request_parameters, "roleARN"):
            deeds.stack_roles.update(_role_key(role, record))
        if event in _STACK_WRITES:
            deeds.stacks.update(_stack_name(name) for name in lookup(record.request_parameters, "stackName"))
            deeds.stages.update(_stage_tags(record.request_parameters))

    @staticmethod
    def _observe_function(record: Record, deeds: _Deeds) -> None:
        for fields in (record.request_parameters, record.response_elements):
            for role in lookup(fields, "role"):
                deeds.function_roles.update(_role_key(role, record))
            deeds.functions.update(name.rpartition(":")[2] for name in lookup(fields, "functionName"))

    def wanted(self) -> Wanted:
        """Whose records may still belong to the run: sessions that act for those who do, whether or not a record of
        theirs was seen.
        """
        edges = self._edges()
        deeds = [self._deeds[identity] for identity in _reached(self._seeds(edges), edges)]
        acting = Wanted(
            roles=frozenset(name for deed in deeds for _, name in deed.function_roles),
            sessions=frozenset(
                itertools.chain.from_iterable((*deed.functions, *map(_name_of, deed.assumed)) for deed in deeds)
            ),
            session_starts=frozenset(f"{stack}-" for deed in deeds for stack in deed.stacks),
        )
        if any(deed.stacks or deed.stack_roles for deed in deeds):
            return acting | Wanted(sessions=frozenset({_CLOUDFORMATION_SESSION}))
        return acting

    def members(self) -> Members:
        """The identities whose records belong to the run, each with its section."""
        edges = self._edges()
        seeds = self._seeds(edges)
        sections = _reached(seeds, edges)
        deployers = self._deployers(seeds)
        several = len(deployers) > 1 and not self._run.principals
        for seed in seeds:
            if several or self._callers[seed].principal not in deployers:
                sections[seed] = Section.OTHER
        deeds = [self._deeds[seed] for seed in seeds]
        return Members(
            sections,
            several,
            tuple(sorted(set().union(*(deed.stacks for deed in deeds)))),
            tuple(sorted(set().union(*(deed.stages for deed in deeds)))),
            tuple(seed for seed in seeds if _overlap(self._deeds[seed].keys.values())),
        )

    def _seeds(self, edges: _Edges) -> list[str]:
        """The identities that were asked for; where none was, those that act for no other."""
        if self._run.principals:
            return sorted(
                identity
                for identity, caller in self._callers.items()
                if any(matches(principal, caller) for principal in self._run.principals)
            )
        acting = {other for identity, others in edges.items() for other in others if other != identity}
        return sorted(identity for identity in self._callers if identity not in acting) or sorted(self._callers)

    def _deployers(self, seeds: list[str]) -> set[str]:
        """The principals that were asked for; where none was, those that made direct calls, if any did."""
        direct = {self._callers[seed].principal for seed in seeds if self._deeds[seed].direct or self._run.principals}
        return direct or {self._callers[seed].principal for seed in seeds}

    def _edges(self) -> _Edges:
        """For each identity, those that act for it, with the section that it puts them in."""
        sessions = _Sessions([caller for caller in self._callers.values() if caller.is_session])
        return {
            identity: _first_of_each(self._acting_for(self._callers[identity], deeds, sessions))
            for identity, deeds in self._deeds.items()
        }

    def _acting_for(self, caller: Caller, deeds: _Deeds, sessions: _Sessions) -> Iterator[tuple[str, Section]]:
        account = caller.account
        for role in deeds.function_roles:
            yield from ((identity, Section.FUNCTION) for identity in sessions.by_role[role])
        for name in deeds.functions:
            yield from ((identity, Section.FUNCTION) for identity in sessions.by_name[account, name])
        for stack in deeds.stacks:
            yield from ((identity, Section.FUNCTION) for identity in sessions.named_like(account, f"{stack}-"))
        # CloudFormation keeps using the role that a stack was made with, so a later call need not name it.
        stacks = sessions.by_name[account, _CLOUDFORMATION_SESSION] if deeds.stacks or deeds.stack_roles else []
        for identity in stacks:
            if not deeds.stack_roles or _key_of(self._callers[identity]) in deeds.stack_roles:
                yield identity, Section.SERVICE_ROLE
        yield from ((identity, Section.OTHER) for identity in deeds.assumed if identity in self._callers)


_Edges = Mapping[str, Mapping[str, Section]]


class _Sessions:
    """The sessions among the callers, to be found by role and by name."""

    def __init__(self, callers: list[Caller]) -> None:
        self.by_role: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self.by_name: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for caller in callers:
            self.by_role[_key_of(caller)].append(caller.identity)
            self.by_name[caller.account, caller.session_name or ""].append(caller.identity)
        self._names = sorted(self.by_name)

    def named_like(self, account: str, prefix: str) -> Iterator[str]:
        """The sessions whose name begins with `prefix`: Lambda names a function's session after the function."""
        for position in range(bisect_left(self._names, (account, prefix)), len(self._names)):
            if self._names[position][0] != account or not self._names[position][1].startswith(prefix):
                return
            yield from self.by_name[self._names[position]]


def _first_of_each(pairs: Iterable[tuple[str, Section]]) -> dict[str, Section]:
    """Each identity with the first of its sections in their own order: whatever order the pairs come in."""
    sections: dict[str, Section] = {}
    for identity, section in pairs:
        sections[identity] = min(section, sections.get(identity, section))
    return sections


def _reached(seeds: list[str], edges: _Edges) -> dict[str, Section]:
    """The seeds and the identities that act for them, directly or through others, each by the shortest way."""
    sections = dict.fromkeys(seeds, Section.DEPLOYER)
    level: Iterable[str] = seeds
    while level:
        found = _first_of_each(pair for identity in level for pair in edges[identity].items())
        new = {identity: section for identity, section in found.items() if identity not in sections}
        sections |= new
        level = new
    return sections


def _note_key(key: str | None, moment: datetime, deeds: _Deeds) -> None:
    if key:
        first, last = deeds.keys.get(key, (moment, moment))
        deeds.keys[key] = (min(first, moment), max(last, moment))


def _overlap(spans: Iterable[tuple[datetime, datetime]]) -> bool:
    """Whether two of the spans have a moment in common. Credentials that replace each other have none."""
    ordered = sorted(spans)
    return any(later[0] <= earlier[1] for earlier, later in itertools.pairwise(ordered))


def _name_of(session: str) -> str:
    """The name of a session, of its ARN."""
    return session.rpartition("/")[2]


def _key_of(caller: Caller) -> tuple[str, str]:
    """Account and name: a role's name is unique in its account, whatever its path
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
    """
    role = Arn.parse(caller.principal)
    return role.account, role.resource.rpartition("/")[2]


def _role_key(role: str, record: Record) -> Iterator[tuple[str, str]]:
    arn = Arn.find(role)
    account = arn.account if arn else record.account
    if account:
        yield account, role_name(role)


def _assumed_session(record: Record) -> Iterator[str]:
    """The ARN of the session that an AssumeRole call made."""
    yield from lookup(record.response_elements, "assumedRoleUser.arn")
    for role in lookup(record.request_parameters, "roleArn"):
        arn = Arn.find(role)
        if arn:
            for name in lookup(record.request_parameters, "roleSessionName"):
                yield f"arn:{arn.partition}:sts::{arn.account}:assumed-role/{role_name(role)}/{name}"


def _stack_name(name_or_arn: str) -> str:
    arn = Arn.find(name_or_arn)
    return arn.resource.split("/")[1] if arn and "/" in arn.resource else name_or_arn


def _stage_tags(parameters: Mapping[str, Any] | None) -> Iterator[str]:
    """The values of the stack tag STAGE, which Serverless sets on every stack (serverless 3.40,
    lib/plugins/aws/lib/get-shared-stack-action-params.js).
    """
    tags = next((value for key, value in (parameters or {}).items() if key.lower() == "tags"), None)
    for tag in tags if isinstance(tags, list) else []:
        if isinstance(tag, Mapping):
            pair = {str(key).lower(): value for key, value in tag.items()}
            if pair.get("key") == "STAGE" and isinstance(pair.get("value"), str):
                yield pair["value"]
