"""`--boundary`: who may make roles may make none that can do more than a permissions boundary allows.

A deploy that makes roles needs actions with which its holder could give himself any permission: make a role, write its
policy, use it. The cure that AWS describes is a condition on these actions: they are allowed only on roles and users
that carry a certain boundary
(https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate).
Permissions and baseline are narrowed alike before they are merged, so that the self-check proves what is written. A
baseline that grants such an action by a wildcard (`iam:*`) is left as it is: it lets its holder take the boundary away,
and a condition would only look like a cure. `tracer.emit.risks` tells it.

Removing is not narrowed: a role that was made without the boundary can still be taken away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from tracer.emit.build import with_sid
from tracer.errors import EmitError, UsageError
from tracer.model.action import Action
from tracer.model.permission import UsedPermission
from tracer.model.policy import Conditions, Statement

KEY: Final = "iam:PermissionsBoundary"

GIVING: Final = frozenset(
    Action(f"iam:{name}")
    for name in (
        "AttachRolePolicy",
        "AttachUserPolicy",
        "CreateRole",
        "CreateUser",
        "PutRolePermissionsBoundary",
        "PutRolePolicy",
        "PutUserPermissionsBoundary",
        "PutUserPolicy",
        "UpdateAssumeRolePolicy",
    )
)
"""The actions that give a role or a user something, of those that AWS has the condition key for
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html)."""

_POLICY: Final = re.compile(r"arn:[a-z-]+:iam::(?:[0-9]{12}|aws):policy/[\w+=,.@/-]+")


def boundary_condition(arn: str) -> Conditions:
    """The condition that `--boundary ARN` asks for. Raises UsageError where `arn` is no managed policy's."""
    if not _POLICY.fullmatch(arn):
        raise UsageError(
            f"--boundary: {arn!r} is not the ARN of a managed policy",
            "write arn:aws:iam::ACCOUNT:policy/NAME",
        )
    return Conditions.of("StringEquals", KEY, arn)


def bounded(lines: Iterable[UsedPermission], arn: str) -> tuple[UsedPermission, ...]:
    """`lines`, those that give a role or a user something under the condition that it has the boundary `arn`.

    Raises:
        UsageError: `arn` is no managed policy's.
        EmitError: the run gave a role another boundary.
    """
    condition = boundary_condition(arn)
    return tuple(_bounded(line, condition) if line.permission.action in GIVING else line for line in lines)


def _bounded(line: UsedPermission, condition: Conditions) -> UsedPermission:
    permission = line.permission
    try:
        return replace(line, permission=replace(permission, conditions=permission.conditions | condition))
    except ValueError as error:
        raise EmitError(
            f"--boundary: the run used {permission.action} on {permission.resource} with another boundary: {error}",
            "give the boundary that the run used, or leave the option out",
        ) from error


def bounded_baseline(statements: Iterable[Statement], arn: str) -> tuple[Statement, ...]:
    """`statements`, each Allow that names such actions in two: these under the condition, and the others as before."""
    condition = boundary_condition(arn)
    return tuple(piece for statement in statements for piece in _pieces(statement, condition))


def _pieces(statement: Statement, condition: Conditions) -> Iterator[Statement]:
    giving = tuple(text for text in statement.actions if Action(text) in GIVING)
    if statement.effect == "Deny" or not giving or any(key == KEY for _, key, _ in statement.conditions.items):
        yield statement
        return
    rest = tuple(text for text in statement.actions if text not in giving)
    if rest:
        yield replace(statement, actions=rest)
    narrowed = replace(statement, actions=giving, conditions=statement.conditions | condition)
    yield with_sid(narrowed) if rest else narrowed
