"""What a default trail does not log and other calls imply: `data/overrides/inferred`, each row with `source` and `why`.

    serverless.json   the Serverless Framework's commands, one row each, with all direct calls of its version
        command, version   its name, and the version whose source was read
        shown_by           calls whose records show that it ran: `call` (`cloudformation:DeleteStack`), and `when`, a
                           condition on the request as in the exceptions of `tracer.reference.overrides`. Empty where no
                           record tells it from another command: it counts only where it is asked for
        calls              `call`, and `on`, the resource type that it is checked on (none: `*`); `action` where the
                           call alone does not tell it; `versioned` for what only a bucket with versioning causes
    reads.json        calls that make AWS read an object with the caller's permissions
        rule, events       as in `tracer.reference.implied_rules`
        url_at, read       paths of its address, and expressions that read `Bucket` and `Key` out of one; or
        bucket_at, key_at, version_at   paths of its parts
    beside.json       what goes with an action that was needed and leaves no record
        rule, actions      its name, and the actions that it is known by
        section            whose they are; not given: anybody's
        on                 a regular expression for the whole resource part of the ARN; not given: any
        adds               the action, on the same resource
    agents.json       what a tool calls beside its other calls of a service
        rule, agent        its name, and a part of the tool's user agent
        event_source       the service
        name_at            where the name of the thing stands in the request
        adds, type, variable   the action, the resource type that it is checked on, and the name's variable in its ARN
    unlogged.json     which calls a default trail leaves out: `event_source`, `events`
    signs.json        how the deployment bucket and the artifacts in it are known: `sign`, `match`

Paths are those of `tracer.reduce.request.lookup`.
"""

from __future__ import annotations

import functools
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from tracer.model.action import Action
from tracer.reference import overrides, table
from tracer.reference.overrides import When, parse_when
from tracer.reference.table import ActionFact

_FOLDER: Final = resources.files("tracer.reference") / "data" / "overrides" / "inferred"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a command.

    Attributes:
        source, event: the event source and the event, as a record would have them.
        fact: the action that it needs.
        on: the resource type that it is checked on; None for `*`.
        logged: whether a default trail has a record of it.
        versioned: whether only a bucket with versioning causes it.
    """

    source: str
    event: str
    fact: ActionFact
    on: str | None
    logged: bool
    versioned: bool


@dataclass(frozen=True, slots=True)
class Sign:
    """A call whose record shows that a command ran."""

    source: str
    event: str
    when: When


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the Serverless Framework; see the module."""

    name: str
    version: str
    shown_by: tuple[Sign, ...]
    calls: tuple[Call, ...]
    why: str
    source: str

    @property
    def rule(self) -> str:
        """Its name in the trace: `serverless-3.40.0/deploy`."""
        return f"serverless-{self.version}/{self.name.replace(' ', '-')}"


@dataclass(frozen=True, slots=True)
class ObjectRead:
    """A call that makes AWS read an object for the caller; see the module."""

    rule: str
    events: Mapping[str, tuple[str, ...]]
    why: str
    source: str
    url_at: tuple[str, ...] = ()
    read: tuple[re.Pattern[str], ...] = ()
    bucket_at: str = ""
    key_at: str = ""
    version_at: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Agent:
    """What a tool calls beside its other calls of a service; see the module."""

    rule: str
    agent: str
    event_source: str
    name_at: str
    adds: ActionFact
    type: str
    variable: str
    why: str
    source: str
    verified: bool = True

    def is_of(self, service: str, user_agent: str | None) -> bool:
        """Whether a call of this service, made with this user agent, is one of the tool's."""
        return service == self.event_source and self.agent in (user_agent or "")


@functools.cache
def agents() -> tuple[Agent, ...]:
    """Every row of agents.json, in the order of the file."""
    return tuple(Agent(**row | {"adds": _fact(row["adds"], row["rule"])}) for row in _load("agents.json"))


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """An action that leaves no record and goes with others; see the module."""

    rule: str
    actions: frozenset[Action]
    adds: ActionFact
    why: str
    source: str
    section: str | None = None
    on: re.Pattern[str] | None = None
    verified: bool = True


@functools.cache
def beside() -> tuple[Beside, ...]:
    """Every row of beside.json, in the order of the file."""
    return tuple(
        Beside(
            **row
            | {
                "actions": frozenset(_fact(text, row["rule"]).action for text in row["actions"]),
                "adds": _fact(row["adds"], row["rule"]),
                "on": re.compile(row["on"]) if "on" in row else None,
            }
        )
        for row in _load("beside.json")
    )


@functools.cache
def commands() -> tuple[Command, ...]:
    """Every command, in the order of the file."""
    return tuple(
        Command(
            name=row["command"],
            version=row["version"],
            shown_by=tuple(_sign(item) for item in row["shown_by"]),
            calls=tuple(_call(item) for item in row["calls"]),
            why=row["why"],
            source=row["source"],
        )
        for row in _load("serverless.json")
    )


@functools.cache
def reads() -> tuple[ObjectRead, ...]:
    """Every read of an object, in the order of the file."""
    return tuple(
        ObjectRead(
            **row
            | {
                "events": {source: tuple(names) for source, names in row["events"].items()},
                "url_at": tuple(row.get("url_at", ())),
                "read": tuple(re.compile(text) for text in row.get("read", ())),
            }
        )
        for row in _load("reads.json")
    )


def reads_of(source: str, event: str) -> tuple[ObjectRead, ...]:
    """The reads that a call may cause.

    Args:
        source: the eventSource without `.amazonaws.com`.
        event: the eventName without a version.
    """
    return _reads_by_event().get((source, event), ())


def shown_by(source: str, event: str) -> tuple[tuple[Command, Sign], ...]:
    """The commands that a call may show, each with the sign that it is."""
    return _commands_by_event().get((source, event), ())


def is_unlogged(source: str, event: str) -> bool:
    """Whether a default trail has no record of a call."""
    return event in _unlogged().get(source, frozenset())


@functools.cache
def sign(name: str) -> re.Pattern[str]:
    """How the deployment `bucket` or an `artifact` in it is known."""
    return next(re.compile(row["match"]) for row in _load("signs.json") if row["sign"] == name)


def _sign(row: Mapping[str, Any]) -> Sign:
    source, _, event = row["call"].partition(":")
    return Sign(source, event, parse_when(row.get("when")))


def _call(row: Mapping[str, Any]) -> Call:
    source, _, event = row["call"].partition(":")
    fact = _fact(row["action"] if "action" in row else "".join(_action(source, event)), row["call"])
    return Call(source, event, fact, row.get("on"), not is_unlogged(source, event), row.get("versioned", False))


def _fact(action: str, where: str) -> ActionFact:
    prefix, _, name = action.partition(":")
    fact = table.lookup(prefix, name)
    if fact is None:
        raise KeyError(f"{where}: the action table has no {action}")
    return fact


def _action(source: str, event: str) -> tuple[str, str, str]:
    """The one action of a call, by the exceptions or the general rule; in three parts, as str.partition gives them."""
    rows = overrides.needs(source, event, {})
    return rows[0].action.text.partition(":") if rows else (overrides.prefixes(source)[0], ":", event)


@functools.cache
def _commands_by_event() -> Mapping[tuple[str, str], tuple[tuple[Command, Sign], ...]]:
    index: defaultdict[tuple[str, str], tuple[tuple[Command, Sign], ...]] = defaultdict(tuple)
    for command in commands():
        for item in command.shown_by:
            index[item.source, item.event] += ((command, item),)
    return dict(index)


@functools.cache
def _reads_by_event() -> Mapping[tuple[str, str], tuple[ObjectRead, ...]]:
    index: defaultdict[tuple[str, str], tuple[ObjectRead, ...]] = defaultdict(tuple)
    for item in reads():
        for source, names in item.events.items():
            for name in names:
                index[source, name] += (item,)
    return dict(index)


@functools.cache
def _unlogged() -> Mapping[str, frozenset[str]]:
    return {row["event_source"]: frozenset(row["events"]) for row in _load("unlogged.json")}


def _load(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((_FOLDER / name).read_text(encoding="utf-8"))
    return rows
