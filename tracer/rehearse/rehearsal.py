"""One rehearsal: a fresh account, a user who holds the policies and nothing else, the command, and what was refused.

A refusal is *hard* where the command failed, and *soft* where it went on and ended well: a deploy tool may swallow an
AccessDenied, skip a step and say nothing. Both are told, because a policy that lets a deploy pass while it skips a step
is not the policy that was wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tracer.errors import RehearseError
from tracer.rehearse.account import Account, Made
from tracer.rehearse.judge import Need

USER: Final = "rehearsal"
"""The name of the user who rehearses."""

STATED: Final = ("iam:PassedToService", "iam:AWSServiceName", "iam:PolicyARN", "iam:PermissionsBoundary")
"""The condition keys that are stated of a refused need: what the call was about, and not merely how it was made."""

Run = Callable[[Mapping[str, str]], int]
"""Runs a command in an environment; gives its exit code."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was not allowed."""

    action: str
    resource: str
    conditions: Mapping[str, str]
    """By condition key, its value in the calls."""
    message: str
    """AWS's, of the first such call."""
    via: str | None
    """The service that made the call for the user."""
    count: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came of it."""

    exit_code: int
    """The command's."""
    calls: int
    refusals: tuple[Refusal, ...]
    stacks: tuple[str, ...]
    """The names of the CloudFormation stacks that it asked for."""

    @property
    def hard(self) -> bool:
        """Whether the command failed."""
        return self.exit_code != 0


def rehearse(
    account: Account,
    policies: Sequence[Mapping[str, Any]],
    run: Run,
    inherited: Mapping[str, str],
    *,
    region: str,
    before: Run | None = None,
) -> Rehearsal:
    """Run a command as a user who holds these policies, in an account that is emptied for it.

    Args:
        account: the account.
        policies: the policies of the user.
        run: runs the command.
        inherited: the environment that the command's is made of.
        region: the region that its tools talk to.
        before: makes what the command expects to be there, as the account's root.

    Raises:
        RehearseError: the account could not judge or do something, so that nothing is proved; or `before` failed.
    """
    account.reset()
    if before and before(account.environment(account.root(), inherited, region)):
        raise RehearseError("the command that was to set the stage failed", "its own words stand above")
    key = account.user(USER, policies)
    code = run(account.environment(key, inherited, region))
    failures = dict.fromkeys(account.failures())
    if failures:
        told = "".join(f"\n  {failure}" for failure in failures)
        raise RehearseError(f"the local account cannot do all that was asked of it:{told}", "this proves nothing")
    calls = [made for made in account.calls() if made.judged_as != account.root().arn]
    return Rehearsal(code, len(calls), tuple(_refusals(calls)), tuple(_stacks(calls)))


def _stacks(calls: Iterable[Made]) -> list[str]:
    resources = [need.resource for made in calls for need in made.needs]
    return sorted(
        {text.split("/")[1] for text in resources if ":cloudformation:" in text and ":stack/" in text} - {"*"}
    )


def _refusals(calls: Iterable[Made]) -> list[Refusal]:
    """The refusals, one for each action, resource and condition, in the order in which they came."""
    found: dict[tuple[object, ...], list[tuple[Made, Need]]] = {}
    for made in calls:
        if made.denied:
            need = _need(made, made.denied.action, made.denied.resource)
            stated = tuple(sorted(_stated(need).items()))
            found.setdefault((need.action, need.resource, stated), []).append((made, need))
    return [_refusal(same) for same in found.values()]


def _refusal(same: Sequence[tuple[Made, Need]]) -> Refusal:
    made, need = same[0]
    message = made.denied.message if made.denied else ""
    return Refusal(need.action, need.resource, _stated(need), message, made.via, len(same))


def _need(made: Made, action: str, resource: str) -> Need:
    return next(need for need in made.needs if (need.action, need.resource) == (action, resource))


def _stated(need: Need) -> dict[str, str]:
    return {key: value for key in STATED if isinstance(value := need.context.get(key), str)}
