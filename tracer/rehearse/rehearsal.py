"""One rehearsal: a fresh account, a user who holds the policies and nothing else, the command, and what was refused.

A refusal is *hard* where the command failed, and *soft* where it went on and ended well: a deploy tool may swallow an
AccessDenied, skip a step and say nothing. Both are told, because a policy that lets a deploy pass while it skips a step
is not the policy that was wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from tracer.errors import RehearseError
from tracer.rehearse.account import Account, Denied, Made
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
    operation: str
    """What was called when it was missed, the first time."""
    via: str | None
    """The service that called it for the user."""
    explicit: bool
    """A statement denies it; otherwise none allows it."""
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
    lenient: bool = False,
) -> Rehearsal:
    """Run a command as a user who holds these policies, in an account that is emptied for it.

    Args:
        account: the account.
        policies: the policies of the user.
        run: runs the command.
        inherited: the environment that the command's is made of.
        region: the region that its tools talk to.
        before: makes what the command expects to be there, as the account's root.
        lenient: let what is refused go on all the same, and only write it down.

    Raises:
        RehearseError: the account could not judge or do something, so that nothing is proved; or `before` failed.
    """
    account.reset(lenient=lenient)
    root = account.root()
    if before and before(account.environment(root, inherited, region)):
        raise RehearseError("the command that was to set the stage failed", "its own words stand above")
    key = account.user(USER, policies)
    code = run(account.environment(key, inherited, region))
    failures = dict.fromkeys(account.failures())
    if failures:
        told = "".join(f"\n  {failure}" for failure in failures)
        raise RehearseError(f"the local account cannot do all that was asked of it:{told}", "this proves nothing")
    calls = [made for made in account.calls() if made.judged_as != root.arn]
    return Rehearsal(code, len(calls), tuple(_refusals(calls)), tuple(_stacks(calls)))


def _stacks(calls: Iterable[Made]) -> list[str]:
    resources = [need.resource for made in calls for need in made.needs]
    return sorted(
        {text.split("/")[1] for text in resources if ":cloudformation:" in text and ":stack/" in text} - {"*"}
    )


def _refusals(calls: Iterable[Made]) -> list[Refusal]:
    """The refusals, one for each action, resource and condition, in the order in which they came."""
    found: dict[tuple[object, ...], list[Refusal]] = {}
    for made in calls:
        for denied in made.refused:
            one = _refusal(made, denied)
            found.setdefault((one.action, one.resource, *sorted(one.conditions.items())), []).append(one)
    return [replace(same[0], count=len(same)) for same in found.values()]


def _refusal(made: Made, denied: Denied) -> Refusal:
    need = next(one for one in made.needs if (one.action, one.resource) == (denied.action, denied.resource))
    called = f"{made.service} {made.operation}"
    return Refusal(need.action, need.resource, _stated(need), called, made.via, denied.explicit, 1)


def _stated(need: Need) -> dict[str, str]:
    return {key: value for key in STATED if isinstance(value := need.context.get(key), str)}
