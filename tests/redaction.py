"""A trace without what its records were about: names, accounts, ids and times give way to others, always the same ones.

What a policy grants, and how its statements are cut, stays as it was; so a golden policy of a real trail can be kept
where the trail itself must not be.
"""

from __future__ import annotations

import functools
import hashlib
import re
import uuid
from dataclasses import replace
from typing import Final

from tracer.model.arn import ArnPattern
from tracer.model.permission import Evidence, UsedPermission, Widening
from tracer.model.policy import Conditions
from tracer.model.trace import RunFacts, Trace
from tracer.reference import table

ACCOUNT: Final = "123456789012"
TIME: Final = "2026-11-24T08:00:00Z"
_ARN: Final = re.compile(r"arn:aws[a-z-]*:[^\s,\"]*")
_NAME: Final = re.compile(r"name-[0-9a-f]{6}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_ENDING: Final = re.compile(r"(-?[*?]+)$")


def redacted(trace: Trace) -> Trace:
    """`trace` about somebody else."""
    permissions = [_permission(used) for used in trace.permissions]
    return Trace(
        run=RunFacts(
            principals=tuple(map(_arn, trace.run.principals)),
            accounts=(ACCOUNT,),
            regions=trace.run.regions,
            partition=trace.run.partition,
        ),
        permissions=tuple(sorted(permissions, key=lambda used: used.permission.sort_key)),
        findings=tuple(
            replace(one, message=_ARN.sub(lambda found: _arn(found.group()), one.message), events=_events(one.events))
            for one in trace.findings
        ),
        accounting=trace.accounting,
    )


def anonymous(text: str) -> str:
    """A redacted text in which all names are one: which kinds of resources it is about."""
    return _NAME.sub("NAME", text)


def _permission(used: UsedPermission) -> UsedPermission:
    one, evidence = used.permission, used.evidence
    time = TIME if evidence.count else None
    return UsedPermission(
        replace(
            one,
            principal=_arn(one.principal),
            resource=ArnPattern(_arn(one.resource.text)),
            conditions=Conditions(
                tuple((operator, key, tuple(map(_arn, values))) for operator, key, values in one.conditions.items)
            ),
        ),
        Evidence(evidence.count, time, time, _events(evidence.events)),
        tuple(sorted({Widening(step.part, _name(step.before), step.after, step.rule) for step in used.widened})),
    )


def _arn(text: str) -> str:
    """An ARN with other names in it; what is none, and what AWS itself named, stays."""
    parts = text.split(":", 5)
    if len(parts) < 6 or parts[4] == "aws":
        return text
    kinds = _kinds(parts[2])
    parts[4] = ACCOUNT if parts[4] else ""
    parts[5] = "".join(
        piece if piece in kinds or not re.search(r"\w", piece) else _name(piece)
        for piece in re.split(r"([/:])", parts[5])
    )
    return ":".join(parts)


@functools.cache
def _kinds(service: str) -> frozenset[str]:
    """The words that the service's ARN formats spell out."""
    found = table.service(service)
    templates = [text for texts in found.resource_types.values() for text in texts] if found else []
    return frozenset(word for text in templates for word in re.split(r"[/:]", text) if "$" not in word)


def _name(text: str) -> str:
    """Another name, with the same wildcards at its end."""
    name, *ending = _ENDING.split(text)[:2]
    if not name:
        return text
    digest = hashlib.sha256(name.encode())
    other = str(uuid.UUID(bytes=digest.digest()[:16])) if _UUID.fullmatch(name) else f"name-{digest.hexdigest()[:6]}"
    return other + "".join(ending)


def _events(events: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_name, events))
