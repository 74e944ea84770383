"""Find out which IAM permissions a deploy really needs, from the CloudTrail records of one trial deploy.

    import tracer

    trace = tracer.trace("logs/", principal="arn:aws:iam::123456789012:user/deployer", since="2026-11-24T08:00Z")
    draft = tracer.draft(trace, service="orders", region="us-east-1")
    verdict = tracer.check(draft.policies[0], trace)

The keyword arguments are the options of the commands, with their defaults. What can go wrong is raised as a TracerError
with a message and a hint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from enum import StrEnum
    from os import PathLike

    from tracer.collect.interface import RecordSource
    from tracer.emit.check import Verdict
    from tracer.emit.draft import Draft
    from tracer.model.policy import Policy
    from tracer.model.record import Record
    from tracer.model.run import DeployRun
    from tracer.model.trace import Trace

    _Source = str | PathLike[str]
    _Choice = TypeVar("_Choice", bound=StrEnum)

__version__ = "0.1.0"
__all__ = ["__version__", "check", "draft", "records", "trace"]


def trace(
    source: _Source | Iterable[_Source] | RecordSource,
    *,
    principal: str | Sequence[str] | None = None,
    since: datetime | str | None = None,
    until: datetime | str | None = None,
    region: str | Sequence[str] | None = None,
    account: str | Sequence[str] | None = None,
    user_agent: str | Sequence[str] | None = None,
    event_source: str | Sequence[str] | None = None,
    resources: str = "names",
    service: str | None = None,
    stage: str | None = None,
    inferred: bool = True,
    commands: str | Sequence[str] | None = None,
    lifecycle: bool = False,
    include_denied: bool = False,
    evidence: int | None = 3,
) -> Trace:
    """What a deploy needed: collect and reduce.

    Args:
        source: where the records are: what `--from` takes, or several of them, or a RecordSource of your own.
        principal: who deployed; None for every caller.
        since: the first moment, as a datetime (UTC where it names no zone) or as `--since` takes it.
        until: the moment after the last.
        region: the deploy's own region or regions.
        account: the deploy's own account or accounts.
        user_agent: text, or several, of which a direct call's user agent must hold one.
        event_source: text, or several, of which the event source must hold one.
        resources: `exact`, `names` or `service`.
        service: the Serverless service; None to read it from the run's stack.
        stage: the Serverless stage; None to read it from the run's stack.
        inferred: add what a default trail does not log and the recorded commands imply.
        commands: the Serverless commands whose unlogged calls are inferred; None for those that the records show.
        lifecycle: add what updating and removing the observed resources needs.
        include_denied: add the permissions of denied calls.
        evidence: how many event IDs each permission keeps; None for all.

    Raises:
        UsageError: an argument cannot be understood.
        CollectError: the records cannot be read.
        NothingSelected: records were read, and none belongs to the run.
    """
    from tracer import pipeline
    from tracer.model.permission import ResourcesMode
    from tracer.model.run import TraceOptions

    run = replace(
        _run(principal, since, until, region, account, user_agent, event_source), service=service, stage=stage
    )
    options = TraceOptions(
        resources=_one_of(ResourcesMode, resources, "resources"),
        inferred=inferred,
        commands=_commands(commands),
        lifecycle=lifecycle,
        include_denied=include_denied,
        evidence=evidence,
    )
    return pipeline.trace(_opened(source, run), run, options)


def records(
    source: _Source | Iterable[_Source] | RecordSource,
    *,
    principal: str | Sequence[str] | None = None,
    since: datetime | str | None = None,
    until: datetime | str | None = None,
    region: str | Sequence[str] | None = None,
    account: str | Sequence[str] | None = None,
    user_agent: str | Sequence[str] | None = None,
    event_source: str | Sequence[str] | None = None,
) -> Iterator[Record]:
    """The records that `trace` needs with the same arguments: collect alone. `tracer.frame.records` makes them a table.

    Beside the deploy's own they are those that tell who acts for whom, calls of IAM and STS; an event that the source
    holds twice comes twice. Records that cannot be read are left out here; `trace` tells of them.

    Args, and what is raised: as `trace` has them.
    """
    from tracer import pipeline
    from tracer.model.record import Record
    from tracer.reduce.parse import parse

    run = _run(principal, since, until, region, account, user_agent, event_source)
    parsed = map(parse, pipeline.select(_opened(source, run), run))
    return (record for record in parsed if isinstance(record, Record))


def draft(
    traces: Trace | Iterable[Trace],
    *,
    baseline: str = "serverless-advanced",
    merge: str = "extend",
    attach: str = "managed",
    service: str | None = None,
    stage: str | None = None,
    region: str | Sequence[str] | None = None,
    account: str | Sequence[str] | None = None,
    compact: bool = False,
    boundary: str | None = None,
    ignore: str | PathLike[str] | None = None,
    resources: str = "names",
) -> Draft:
    """The policy documents of one trace or several, merged with the baseline and checked: emit.

    Args:
        traces: what `trace` returned, or several of it.
        baseline: `serverless-advanced`, `serverless-simple`, `none`, or the path of a policy.
        merge: `extend`, `tighten` or `observed`.
        attach: `managed`, `role`, `user` or `group`: whose size quota the documents must fit.
        service: fills <service_name>; None: as the traces have it.
        stage: fills <stage>; None: as the traces have it.
        region: fills <region>; None: as the traces have it.
        account: fills <account_no>; None: as the traces have it.
        compact: write wildcards for actions where they stand for no other action of the action table.
        boundary: the ARN of the permissions boundary that a role or user must have to be given something.
        ignore: the path of a file of permissions to leave out, each with its reason.
        resources: `exact`, `names` or `service`: whether names that differ between several traces become patterns.

    Raises:
        UsageError: an argument cannot be understood, the baseline cannot be filled, or `ignore` cannot be read.
        EmitError: the documents cannot fit their quota.
    """
    from os import fspath

    from tracer import pipeline
    from tracer.emit.draft import Attach, DraftOptions, Merge
    from tracer.model.permission import ResourcesMode
    from tracer.model.trace import Trace

    options = DraftOptions(
        baseline=baseline,
        merge=_one_of(Merge, merge, "merge"),
        attach=_one_of(Attach, attach, "attach"),
        service=service,
        stage=stage,
        regions=_several(region),
        accounts=_several(account),
        compact=compact,
        boundary=boundary,
        ignore=None if ignore is None else fspath(ignore),
        resources=_one_of(ResourcesMode, resources, "resources"),
    )
    return pipeline.draft([traces] if isinstance(traces, Trace) else traces, options)


def check(policy: Policy | Iterable[Policy], trace: Trace) -> Verdict:
    """What one policy, or several of one principal, lack for `trace`, and what they grant beyond.

    Raises UsageError where a policy holds an Action that is none.
    """
    from tracer.emit.check import check

    return check(policy, trace)


def _run(
    principal: str | Sequence[str] | None,
    since: datetime | str | None,
    until: datetime | str | None,
    region: str | Sequence[str] | None,
    account: str | Sequence[str] | None,
    user_agent: str | Sequence[str] | None,
    event_source: str | Sequence[str] | None,
) -> DeployRun:
    from tracer.cli.times import window
    from tracer.model.run import DeployRun

    now = datetime.now(UTC)
    return DeployRun(
        principals=_several(principal),
        window=window(_moment(since, now, "since"), _moment(until, now, "until")),
        regions=_several(region),
        accounts=_several(account),
        user_agents=_several(user_agent),
        event_sources=_several(event_source),
    )


def _several(value: str | Sequence[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _commands(names: str | Sequence[str] | None) -> tuple[str, ...]:
    from tracer.errors import UsageError
    from tracer.reference import inferred_rules

    known = [command.name for command in inferred_rules.commands()]
    for name in _several(names):
        if name not in known:
            choices = ", ".join(known)
            raise UsageError(f"commands: {name!r} is none of {choices}", f"give some of {choices}")
    return _several(names)


def _one_of(kind: type[_Choice], value: str, argument: str) -> _Choice:
    from tracer.errors import UsageError

    try:
        return kind(value)
    except ValueError:
        choices = ", ".join(kind)
        raise UsageError(f"{argument}: {value!r} is none of {choices}", f"give one of {choices}") from None


def _moment(value: datetime | str | None, now: datetime, argument: str) -> datetime | None:
    from tracer.cli.times import moment

    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return None if value is None else moment(value, now, argument)


def _opened(source: _Source | Iterable[_Source] | RecordSource, run: DeployRun) -> RecordSource:
    from os import PathLike, fspath

    from tracer.collect.open import open_source

    if isinstance(source, str | PathLike):
        return open_source((fspath(source),), run)
    if isinstance(source, Iterable):
        return open_source(tuple(fspath(item) for item in source), run)
    return source
