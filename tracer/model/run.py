"""`DeployRun` and `TimeWindow`: which records belong to the run that somebody asks about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tracer.model.permission import ResourcesMode


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """A half-open stretch of time, `since <= t < until`; both aware, in UTC; None is no bound.

    CloudTrail's eventTime has whole seconds, so a window that shall hold a last call ends in the second after it.
    """

    since: datetime | None = None
    until: datetime | None = None

    def __contains__(self, moment: datetime) -> bool:
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class DeployRun:
    """What is asked for. An empty tuple asks for everything.

    Attributes:
        principals: ARNs as `--principal` takes them: an IAM user, a role, one session, a federated user, an account's
            root.
        window: when.
        regions, accounts: the deploy's own.
        user_agents, event_sources: substrings, any of them; user agents are asked of direct calls only.
        service, stage: the Serverless service and stage, or None: to be read from the run's stack.
    """

    principals: tuple[str, ...] = ()
    window: TimeWindow = field(default_factory=TimeWindow)
    regions: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    user_agents: tuple[str, ...] = ()
    event_sources: tuple[str, ...] = ()
    service: str | None = None
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """How records become a trace.

    Attributes:
        resources: how far ARNs become patterns.
        inferred: add what a default trail does not log and the recorded commands imply.
        commands: the Serverless commands whose unlogged calls are inferred; none: those that the records show.
        lifecycle: add what updating and removing the observed resources needs.
        include_denied: add the permissions of denied calls.
        evidence: how many eventIDs each permission keeps; None keeps all.
    """

    resources: ResourcesMode = ResourcesMode.NAMES
    inferred: bool = True
    lifecycle: bool = False
    include_denied: bool = False
    evidence: int | None = 3
    commands: tuple[str, ...] = ()
