"""What AWS checks for a call: Call -> needs, by rows of data that are written from AWS's pages.

`needs/SERVICE.json` (botocore's name of the service) holds the rows. Never take one from tracer's tables or output: the
rehearsal would only repeat tracer's mistakes. A file:

    {"source": "the page of the Service Authorization Reference that the rows are from",
     "resources": {"function": "arn:{partition}:lambda:{region}:{account}:function:{.FunctionName|function}"},
     "operations": {
       "CreateFunction": [
         {"action": "lambda:CreateFunction", "resource": "function"},
         {"action": "iam:PassRole", "resource": "{.Role}", "context": {"iam:PassedToService": "lambda.amazonaws.com"},
          "source": "another page", "why": "..."},
         {"action": "lambda:GetLayerVersion", "each": ".Layers", "resource": "{item}"},
         {"action": "lambda:TagResource", "resource": "function", "when": ".Tags"}],
       "...": []}}                                                     []: AWS checks nothing

A row's keys:

    action     as AWS spells it
    resource   a template, or a name in `resources`
    context    condition keys and templates; a key whose parameters are absent is left out
    when       a path or paths that must be there; `PATH=VALUE`: and be that
    unless     a path that must not be there
    each       the path of a list (of a map: its values): a need for each `{item}`
    tags       the path of the request's tags, for `aws:RequestTag` and `aws:TagKeys`
    unchecked  true, with its `why`, where the judge's own tables are wrong
    source     where it is not the file's
    verified   false where no page was read that states it
    why        for people

Templates and paths are those of `templates.py`. An operation without a row is refused loudly: it is never guessed what
AWS checks.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any

from tracer.errors import RehearseError
from tracer.rehearse.call import Call
from tracer.rehearse.judge import Need
from tracer.rehearse.templates import Absent, filled, value_of
from tracer.rehearse.words import State

__all__ = ["NoRow", "State", "needs_of", "services", "table"]


class NoRow(RehearseError):
    """Nothing is known of what AWS checks for an operation."""

    def __init__(self, call: Call) -> None:
        super().__init__(
            f"the rehearsal's account does not know what AWS checks for {call.name}",
            f"add a row to tracer/rehearse/needs/{call.service}.json, from AWS's Service Authorization Reference",
        )


def needs_of(call: Call, state: State) -> tuple[Need, ...]:
    """What AWS checks for a call, the call's own action first.

    Args:
        call: the call.
        state: what the account holds, for names that AWS looks up.

    Raises:
        NoRow: there is no row for the operation.
        RehearseError: a parameter that the call's own row needs is not there.
    """
    rows = table(call.service).get("operations", {}).get(call.operation)
    if rows is None:
        raise NoRow(call)
    shared = global_context(call)
    return tuple(
        replace(need, context={**shared, "aws:ResourceAccount": _owner(need.resource, call), **need.context})
        for row in rows
        for need in _needs(row, call, state)
    )


def global_context(call: Call) -> dict[str, str | Sequence[str]]:
    """The condition keys that every call has.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    context: dict[str, str | Sequence[str]] = {
        "aws:CurrentTime": call.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:EpochTime": str(int(call.time.timestamp())),
        "aws:PrincipalAccount": call.caller.account,
        "aws:PrincipalArn": call.caller.principal_arn,
        "aws:RequestedRegion": call.region,
        "aws:SecureTransport": "true",
        "aws:UserAgent": call.user_agent,
        "aws:userid": call.caller.principal_id,
        "aws:ViaAWSService": "true" if call.invoked_by else "false",
    }
    if call.caller.user_name:
        context["aws:username"] = call.caller.user_name
    if call.invoked_by:
        context |= {
            "aws:CalledVia": [call.invoked_by],
            "aws:CalledViaFirst": call.invoked_by,
            "aws:CalledViaLast": call.invoked_by,
        }
    else:
        context["aws:SourceIp"] = call.source_ip
    return context


def _owner(resource: str, call: Call) -> str:
    """The account that a resource is in: many ARNs do not say it, and then it is the caller's."""
    return (resource.split(":", 5) + [""] * 5)[4] or call.caller.account


@functools.cache
def table(service: str) -> Mapping[str, Any]:
    """A service's file; empty where there is none."""
    path = files("tracer.rehearse") / "needs" / f"{service}.json"
    document: Mapping[str, Any] = json.loads(path.read_bytes()) if path.is_file() else {}
    return document


def services() -> list[str]:
    """The services that have a file."""
    folder = files("tracer.rehearse") / "needs"
    return sorted(item.name.removesuffix(".json") for item in folder.iterdir() if item.name.endswith(".json"))


def _needs(row: Mapping[str, Any], call: Call, state: State) -> Iterator[Need]:
    wanted = row.get("when", [])
    for item in _items(row, call):
        if not all(_holds(path, call, item) for path in ([wanted] if isinstance(wanted, str) else wanted)):
            continue
        if "unless" in row and _holds(row["unless"], call, item):
            continue
        yield Need(
            action=row["action"],
            resource=_resource(row, call, item, state),
            context={**_context(row, call, item, state), **_tags(row, call)},
            unchecked=row.get("unchecked", False),
        )


def _holds(condition: str, call: Call, item: object) -> bool:
    """Whether what a path names is there; or is the value behind its `=`."""
    path, equals, wanted = condition.partition("=")
    value = value_of(path, call, item)
    return value == wanted if equals else bool(value)


def _items(row: Mapping[str, Any], call: Call) -> list[object]:
    """What the row is repeated for; once, for nothing, where it has no `each`."""
    if "each" not in row:
        return [None]
    items = value_of(row["each"], call)
    if isinstance(items, Mapping):
        return list(items.values())
    return items if isinstance(items, list) else []


def _resource(row: Mapping[str, Any], call: Call, item: object, state: State) -> str:
    template = table(call.service).get("resources", {}).get(row["resource"], row["resource"])
    try:
        return filled(template, call, state, item)
    except Absent as absent:
        raise RehearseError(
            f"{call.name} came without {absent}, which the resource of {row['action']} is made of",
            f"see its row in tracer/rehearse/needs/{call.service}.json",
        ) from None


def _context(row: Mapping[str, Any], call: Call, item: object, state: State) -> dict[str, str]:
    context = {}
    for key, template in row.get("context", {}).items():
        try:
            context[key] = filled(template, call, state, item)
        except Absent:
            continue  # AWS does not fill the key either
    return context


def _tags(row: Mapping[str, Any], call: Call) -> dict[str, str | Sequence[str]]:
    """`aws:RequestTag/KEY` and `aws:TagKeys`. Tags are a map, or a list of keys and values, as services spell them."""
    tags = value_of(row["tags"], call) if "tags" in row else None
    if isinstance(tags, list):
        pairs = [{name.lower().removeprefix("tag"): value for name, value in tag.items()} for tag in tags]
        tags = {pair["key"]: pair["value"] for pair in pairs}
    if not isinstance(tags, Mapping) or not tags:
        return {}
    return {**{f"aws:RequestTag/{key}": str(value) for key, value in tags.items()}, "aws:TagKeys": sorted(tags)}
