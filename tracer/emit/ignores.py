"""`sift`: what a run did and a policy shall not allow, left out on purpose and never in silence.

A file of ignores, JSON or (where its name ends in `.toml`) TOML, says what and why:

    [[ignore]]
    action = "s3:DeleteBucket"              # or a pattern, s3:Delete*
    resource = "arn:aws:s3:::orders-*"      # which must cover all of the permission's; not given: any
    reason = "the bucket outlives the service"

In JSON it is {"ignore": [{"action": ...}, ...]}. What was left out for each entry and why, and what other statements
grant all the same, becomes a finding; so does an entry that nothing answers to.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tracer.errors import UsageError
from tracer.model.action import Action, InvalidAction
from tracer.model.arn import ArnPattern
from tracer.model.finding import Finding
from tracer.model.permission import Permission, UsedPermission

_EXAMPLE: Final = (
    'write {"ignore": [{"action": "s3:DeleteBucket", "reason": "why it is left out"}]}, or the same as TOML'
)
_SHOWN: Final = 20
"""How many permissions or events a finding names before it counts the rest."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """One entry: the permissions that it means, and why they are left out."""

    action: Action
    resource: ArnPattern
    reason: str

    def concerns(self, permission: Permission) -> bool:
        """Whether `permission` is one of those."""
        return self.action.covers(permission.action) and self.resource.covers(permission.resource)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry, and the permissions that were left out for it."""

    ignore: Ignore
    permissions: tuple[UsedPermission, ...] = field(default=())

    def finding(self, granted: Sequence[UsedPermission]) -> Finding:
        """What to tell of it; `granted` are those of its permissions that the policy allows all the same."""
        reason = f"(reason: {self.ignore.reason})"
        if not self.permissions:
            return Finding(
                "IGNORED",
                f"nothing in the trace answers to the ignore {self.ignore.action} on {self.ignore.resource} {reason}",
            )
        message = f"left out as asked: {_listed(self.permissions)} {reason}"
        if granted:
            message += f"; other statements grant all the same: {_listed(granted)}"
        events = dict.fromkeys(event for used in self.permissions for event in used.evidence.events)
        count = sum(used.evidence.count for used in self.permissions)
        return Finding("IGNORED", message, count=count, events=tuple(events)[:_SHOWN])


def sift(
    permissions: Iterable[UsedPermission], ignores: Iterable[Ignore]
) -> tuple[tuple[UsedPermission, ...], tuple[LeftOut, ...]]:
    """What stays of `permissions`, and for each of `ignores` what was left out: by the first one that means it."""
    ignores = tuple(ignores)
    kept: list[UsedPermission] = []
    left_out: list[list[UsedPermission]] = [[] for _ in ignores]
    for used in permissions:
        places = (place for place, ignore in enumerate(ignores) if ignore.concerns(used.permission))
        place = next(places, None)
        (kept if place is None else left_out[place]).append(used)
    return tuple(kept), tuple(LeftOut(ignore, tuple(group)) for ignore, group in zip(ignores, left_out, strict=True))


def load_ignores(name: str) -> tuple[Ignore, ...]:
    """The entries of the file `name`. Raises UsageError where it cannot be read, or an entry lacks its reason."""
    try:
        text = Path(name).read_text(encoding="utf-8-sig")
        document = tomllib.loads(text) if name.endswith(".toml") else json.loads(text)
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}", "name a file of ignores") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} is no {'TOML' if name.endswith('.toml') else 'JSON'}: {error}", _EXAMPLE) from error
    entries = document.get("ignore") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise UsageError(f"{name} holds no list named ignore", _EXAMPLE)
    return tuple(_ignore(entry, f"entry {number} of {name}") for number, entry in enumerate(entries, 1))


def _ignore(entry: Any, where: str) -> Ignore:  # noqa: ANN401
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise UsageError(f"{where} is no table of texts", _EXAMPLE)
    unknown = sorted(entry.keys() - {"action", "resource", "reason"})
    if unknown:
        raise UsageError(f"{where} holds {unknown[0]!r}, which is unknown", _EXAMPLE)
    if not entry.get("reason", "").strip():
        raise UsageError(f"{where} has no reason", "say why the permission is left out: whoever reads the policy asks")
    try:
        action = Action(entry.get("action", ""))
    except InvalidAction as error:
        raise UsageError(f"{where}: {error}", "write service:Name, or a pattern: s3:Delete*") from error
    return Ignore(action, ArnPattern(entry.get("resource", "*")), entry["reason"].strip())


def _listed(permissions: Sequence[UsedPermission]) -> str:
    lines = list(dict.fromkeys(f"{used.permission.action} on {used.permission.resource}" for used in permissions))
    rest = len(lines) - _SHOWN
    return ", ".join(lines[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
