"""What a default trail does not log and the run's records imply: the records of the run in, lines without evidence out.

A trail has no data events unless it is told to log them, so the objects that a deploy puts into its bucket, and those
that CloudFormation and Lambda read with the caller's permissions, leave no record
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html). Two kinds of
facts (`tracer.reference.inferred_rules`) fill the gap: what a recorded call makes AWS read, and what a command of the
Serverless Framework calls beside the calls that show that it ran.

`Deduction.note` only collects, so the order of the records does not matter; `Deduction.lines` draws the conclusions
once. Where the records hold data events of a bucket, its objects' calls were recorded like all others, and nothing is
inferred about them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from tracer.model.action import Action
from tracer.model.arn import Arn, ArnPattern
from tracer.model.glob import escape
from tracer.model.permission import Permission, Section, Widening
from tracer.model.policy import Conditions
from tracer.model.record import Record
from tracer.reduce.callers import partition_of_region
from tracer.reduce.request import lookup, plain_event
from tracer.reference import arn_forms, inferred_rules
from tracer.reference.inferred_rules import Agent, Call, Command

_KEPT: Final = 22
"""How many characters of a stack's name its bucket's name surely keeps: of the 63 that a bucket's name may have
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html), the suffix takes 13, and the logical id
at most 26."""

_LOOKING: Final = "deploy list"
"""The command that does no more than what all do that ask a stack for its deployment bucket."""

_LOG_GROUP: Final = "/aws/lambda/"
"""How the names of functions' log groups begin
(https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html)."""

_ARTIFACTS: Final = Widening("resource", "", "*", "serverless-artifacts")
"""Each deployment puts its artifacts under a time of its own."""

_GET: Final = Action("s3:GetObject")

_PASS: Final = Action("iam:PassRole")
_TO_STACKS: Final = Conditions.of("StringEquals", "iam:PassedToService", "cloudformation.amazonaws.com")
_STACK_WRITES: Final = frozenset(
    Action(f"cloudformation:{name}") for name in ("CreateStack", "UpdateStack", "CreateChangeSet", "ExecuteChangeSet")
)


@dataclass(frozen=True, slots=True)
class Line:
    """One permission that no record stands behind.

    Attributes:
        section, principal: whose.
        rule: what implies it.
        doubt: what its resource leaves open, for a person; `""` where nothing.
        unlogged: the event source whose calls the trail does not hold; `""` where the call is one that it would hold.
    """

    section: Section
    principal: str
    action: Action
    resource: ArnPattern
    rule: str
    widened: tuple[Widening, ...] = ()
    doubt: str = ""
    unlogged: str = ""
    conditions: Conditions = Conditions()


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """Where a call went."""

    partition: str
    region: str
    account: str

    @classmethod
    def of(cls, record: Record) -> _Place:
        return cls(partition_of_region(record.aws_region), record.aws_region, record.account or "*")

    @property
    def values(self) -> dict[str, str]:
        return {"Partition": self.partition, "Region": self.region} | (
            {} if self.account == "*" else {"Account": self.account}
        )


@dataclass(frozen=True, slots=True, order=True)
class _Object:
    """An object that AWS read for a caller."""

    bucket: str
    key: str
    version: bool = False

    @property
    def home(self) -> _Home | None:
        """Where it lies, if it is an artifact of a Serverless deployment."""
        artifact = None if self.version else inferred_rules.sign("artifact").match(self.key)
        return _Home(self.bucket, artifact["Prefix"]) if artifact else None


@dataclass(frozen=True, slots=True, order=True)
class _Home:
    """Where the artifacts of a service lie; `""` for what no record shows."""

    bucket: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True, order=True)
class _Shown:
    """A record showed that a command ran: which, where, on which stack, artifacts or function, as far as it says."""

    command: str
    place: _Place
    stack: str = ""
    home: _Home = _Home()
    function: str = ""


@dataclass(slots=True)
class _Actor:
    """What one principal's records show, in one section."""

    shown: set[_Shown] = field(default_factory=set)
    objects: set[tuple[str, str, _Object]] = field(default_factory=set)
    """What AWS read for it, by rule and partition."""
    artifacts: set[tuple[str, str, _Home]] = field(default_factory=set)
    """The same, of artifacts: whichever the run read, the next one reads others."""
    asked: set[tuple[str, _Place, str]] = field(default_factory=set)
    """What its tool asks for beside its calls: by rule, where, and of what."""


def stack_roles(known: Iterable[Permission]) -> Iterator[Line]:
    """iam:PassRole on the service roles that stacks work with and that no record of the run names.

    "CloudFormation always uses this role for all future operations on the stack", so a redeploy need not name it, but
    who makes the stack anew must pass it
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html).
    """
    lines = list(known)
    passed = {line.resource for line in lines if line.action == _PASS and _TO_STACKS.weaker_than(line.conditions)}
    roles = {line.principal for line in lines if line.section is Section.SERVICE_ROLE}
    owners = {line.principal for line in lines if line.section is Section.DEPLOYER and line.action in _STACK_WRITES}
    for owner in sorted(owners):
        for role in sorted(roles):
            pattern = ArnPattern.exactly(role)
            if pattern not in passed:
                yield Line(Section.DEPLOYER, owner, _PASS, pattern, "pass-role/stack-role", conditions=_TO_STACKS)


class Deduction:
    """What the records of a run imply."""

    def __init__(self, commands: tuple[str, ...] = ()) -> None:
        # The commands that were asked for; none: those that the records show.
        self._asked = commands
        self._actors: defaultdict[tuple[Section, str], _Actor] = defaultdict(_Actor)
        self._buckets: set[str] = set()
        self._logged: set[str] = set()
        self._versioned: set[str] = set()
        self._homes_seen: defaultdict[str, set[_Home]] = defaultdict(set)
        self._functions: set[str] = set()

    def note(self, section: Section, principal: str, record: Record) -> None:
        """Take in one call of the run."""
        event = plain_event(record)
        actor = self._actors[section, principal]
        if record.service == "s3":
            self._note_bucket(record, event)
        elif record.service == "lambda":
            self._functions.update(map(_function_name, lookup(record.request_parameters, "functionName")))
        for rule, found in _objects(record):
            partition = partition_of_region(record.aws_region)
            if found.home is None:
                actor.objects.add((rule, partition, found))
            else:
                actor.artifacts.add((rule, partition, found.home))
                self._homes_seen[found.bucket].add(found.home)
        for agent in inferred_rules.agents():
            if agent.is_of(record.service, record.user_agent):
                names = lookup(record.request_parameters, agent.name_at)
                actor.asked.update((agent.rule, _Place.of(record), name) for name in names)
        if record.via is None:
            for command, sign in inferred_rules.shown_by(record.service, event):
                if sign.when.holds(record.request_parameters):
                    actor.shown.add(_shown(command, record))

    def _note_bucket(self, record: Record, event: str) -> None:
        for key in ("bucketName", "bucket"):
            for name in lookup(record.request_parameters, key):
                if inferred_rules.sign("bucket").search(name):
                    self._buckets.add(name)
                if record.event_category == "Data" or inferred_rules.is_unlogged("s3", event):
                    self._logged.add(name)
                if event == "PutBucketVersioning" and "Enabled" in lookup(
                    record.request_parameters, "VersioningConfiguration.Status"
                ):
                    self._versioned.add(name)

    def lines(self) -> Iterator[Line]:
        """What all that was noted implies, in a stable order; a line may come twice, for two reasons."""
        for (section, principal), actor in sorted(self._actors.items(), key=lambda item: item[0]):
            for rule, partition, found in sorted(actor.objects):
                if found.bucket not in self._logged:
                    action = Action("s3:GetObjectVersion" if found.version else "s3:GetObject")
                    name = ArnPattern(f"arn:{partition}:s3:::{escape(f'{found.bucket}/{found.key}')}")
                    yield Line(section, principal, action, name, rule, unlogged="s3")
            for rule, partition, home in sorted(actor.artifacts):
                if home.bucket not in self._logged:
                    name = ArnPattern(f"arn:{partition}:s3:::{escape(f'{home.bucket}/{home.prefix}')}*")
                    yield Line(section, principal, _GET, name, rule, (_ARTIFACTS,), unlogged="s3")
            for agent in inferred_rules.agents():
                for _, place, thing in sorted(item for item in actor.asked if item[0] == agent.rule):
                    yield from self._agent_lines(section, principal, agent, place, thing)
            for command in inferred_rules.commands():
                yield from self._command_lines(section, principal, actor, command)

    def _agent_lines(self, section: Section, principal: str, agent: Agent, place: _Place, name: str) -> Iterator[Line]:
        """What a tool asks of one thing, unless the records hold such calls."""
        if agent.event_source == "s3" and name in self._logged:
            return
        for template in arn_forms.form(agent.adds.action.service, agent.type).templates:
            resource = ArnPattern(template.write({agent.variable: name} | place.values))
            yield Line(section, principal, agent.adds.action, resource, agent.rule, unlogged=agent.event_source)

    def _command_lines(self, section: Section, principal: str, actor: _Actor, command: Command) -> Iterator[Line]:
        if self._asked and command.name not in self._asked:
            return
        shown = sorted(item for item in actor.shown if item.command == command.name)
        ran = [(item, home) for item in shown for home in self._homes(actor, item)]
        for item, home in ran or self._not_run(actor):
            for call in command.calls:
                if call.logged and not self._asked:
                    continue
                if call.source == "s3" and ran and home.bucket in self._logged:
                    continue
                if not call.versioned or home.bucket in self._versioned:
                    yield from self._call_lines(section, principal, command, call, item, home)

    def _not_run(self, actor: _Actor) -> Iterator[tuple[_Shown, _Home]]:
        """Each Serverless stack of the run, for a command that was asked for and has no record."""
        stacks = {_Shown("", item.place, item.stack) for item in actor.shown if item.stack}
        for item in sorted(stacks) if self._asked else ():
            yield from ((item, home) for home in self._homes(actor, item))

    def _homes(self, actor: _Actor, shown: _Shown) -> list[_Home]:
        """Where the artifacts of a command lie: as its own record says, else as the stack's other records do, else in
        the bucket that is named like its stack's. None where the stack is no Serverless stack.
        """
        if shown.home != _Home():
            return [shown.home]
        if shown.function:
            return [_Home()] if any(self._homes(actor, item) for item in actor.shown if item.stack) else []
        same = [item for item in actor.shown if (item.place, item.stack) == (shown.place, shown.stack)]
        own = {item.home for item in same} - {_Home()}
        named = [name for name in self._buckets if _is_named_after(name, shown.stack)]
        found = own or {home for name in named for home in self._homes_seen.get(name, {_Home(name)})}
        if not found and any(item.command == _LOOKING for item in same):
            return [_Home()]
        return sorted(found)

    def _call_lines(
        self, section: Section, principal: str, command: Command, call: Call, shown: _Shown, home: _Home
    ) -> Iterator[Line]:
        unlogged = "" if call.logged else call.source
        if call.on is None:
            yield Line(section, principal, call.fact.action, ArnPattern("*"), command.rule, unlogged=unlogged)
            return
        for function in self._functions_of(shown) if call.on in ("function", "log-group") else ("",):
            values, defaults, widened = _filling(call.on, shown, home, function)
            doubt = ""
            if any(not step.before and step.rule != "serverless-artifacts" for step in widened):
                doubt = f"{call.fact.action}: no record shows all of the name that {command.name} uses"
            for template in arn_forms.form(call.fact.action.service, call.on).templates:
                resource = ArnPattern(template.write(values, defaults))
                yield Line(section, principal, call.fact.action, resource, command.rule, widened, doubt, unlogged)

    def _functions_of(self, shown: _Shown) -> list[str]:
        """The functions that a command is about: the one of its record, else those of its stack; `""`: not known."""
        if shown.function:
            return [shown.function]
        return sorted(name for name in self._functions if name.startswith(f"{shown.stack}-")) or [""]


def _filling(
    kind: str, shown: _Shown, home: _Home, function: str
) -> tuple[dict[str, str], dict[str, str], tuple[Widening, ...]]:
    """The values of a resource type's variables, the patterns of those that are not known, and what these widen."""
    stack = escape(shown.stack)
    values: dict[str, str]
    widened: tuple[Widening, ...]
    match kind:
        case "bucket" | "object":
            values = {"BucketName": home.bucket} if home.bucket else {}
            guess = (
                f"{escape(shown.stack.lower()[:_KEPT])}{'*' if len(shown.stack) > _KEPT else ''}-serverlessdeploymentb*"
            )
            defaults = {"BucketName": guess, "ObjectName": f"{escape(home.prefix)}*"}
            widened = () if home.bucket else (Widening("resource", "", guess, "unknown-bucket-name"),)
            if kind == "object":
                widened += (_ARTIFACTS if home.prefix else Widening("resource", "", "*", "unknown-object-name"),)
        case "stack":
            values, defaults, widened = {"StackName": shown.stack}, {}, ()
        case _:
            name, prefix = ("LogGroupName", _LOG_GROUP) if kind == "log-group" else ("FunctionName", "")
            values = {name: prefix + function} if function else {}
            defaults = {name: f"{prefix}{stack}-*"}
            widened = () if function else (Widening("resource", "", f"{stack}-*", "unknown-function-name"),)
    return values | shown.place.values, defaults, widened


def _shown(command: Command, record: Record) -> _Shown:
    request = record.request_parameters
    stack = next((_stack_name(name) for name in lookup(request, "stackName")), "")
    group = next(lookup(request, "logGroupName"), "")
    home = next((found.home for _, found in _objects(record) if found.home), _Home())
    return _Shown(command.name, _Place.of(record), stack, home, group.removeprefix(_LOG_GROUP))


def _objects(record: Record) -> Iterator[tuple[str, _Object]]:
    """The objects that a call names for AWS to read, each with the rule that says so."""
    request = record.request_parameters
    for read in inferred_rules.reads_of(record.service, plain_event(record)):
        for url in (text for path in read.url_at for text in lookup(request, path)):
            match = next((found for expression in read.read if (found := expression.match(url))), None)
            if match:
                yield read.rule, _Object(match["Bucket"], unquote(match["Key"]), "?versionId=" in url)
        for bucket in lookup(request, read.bucket_at) if read.bucket_at else ():
            for key in lookup(request, read.key_at):
                yield read.rule, _Object(bucket, key, any(lookup(request, read.version_at)))


def _is_named_after(bucket: str, stack: str) -> bool:
    """Whether CloudFormation may have named a deployment bucket for this stack."""
    name = stack.lower()
    return bool(name) and bucket.startswith(f"{name}-serverlessdeploymentb" if len(name) <= _KEPT else name[:_KEPT])


def _stack_name(name_or_arn: str) -> str:
    arn = Arn.find(name_or_arn)
    return arn.resource.split("/")[1] if arn and "/" in arn.resource else name_or_arn


def _function_name(text: str) -> str:
    """A function's name, of a name, a name with a qualifier, a partial or a whole ARN."""
    return re.sub(r"^.*function:", "", text).partition(":")[0]
