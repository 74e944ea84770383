"""`tracer rehearse`: runs a deploy under a policy, in an account on this machine, before the policy is attached."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import click

from tracer.cli.completion import FileName
from tracer.cli.inputs import read_policies
from tracer.cli.options import Settings, command
from tracer.cli.output import deliver, say, show
from tracer.emit.build import build
from tracer.emit.grants import Grant
from tracer.errors import UsageError
from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.policy import Conditions, Policy
from tracer.reduce.generalize import Generalizer
from tracer.report.rehearsal import Told, rehearsed

if TYPE_CHECKING:
    from tracer.rehearse.account import Account
    from tracer.rehearse.rehearsal import Rehearsal

ACCOUNT: Final = "123456789012"
"""The account's number where nothing names one."""

REGION: Final = "us-east-1"
"""The region where nothing names one."""

_OWNER: Final = re.compile(r"arn:[^:]*:[^:]*:[^:]*:(\d{12}):")
"""The account in an ARN."""


@command(
    "tracer rehearse --policy out/deployer.json -- serverless deploy",
    "tracer rehearse --policy deployer.json --rounds 5 -- make deploy",
    own=(
        click.Argument(["words"], nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD..."),
        click.Option(
            ["--policy", "policies"], metavar="FILE", type=FileName(), multiple=True, required=True,
            help="A policy of the user who deploys. Repeatable: all of them together are what he holds.",
        ),
        click.Option(
            ["--before"], metavar="CMD",
            help="A shell command that first makes, as the account's root, what the deploy expects to be there: a "
            "bucket, a parameter, a network.",
        ),
        click.Option(
            ["--rounds"], metavar="N", type=click.IntRange(1, 20), default=1,
            help="Where something is refused, try again with it added, in a fresh account, up to N times in all. "
            "Default: 1.",
        ),
    ),
)  # fmt: skip
def rehearse(
    settings: Settings, words: tuple[str, ...], policies: tuple[str, ...], before: str | None, rounds: int
) -> int:
    """Run a deploy under a policy, in an account on this machine, and say what it was refused.

    CMD runs as it would otherwise, but for its environment: AWS's tools and SDKs, Serverless 3 too, find an empty
    account on this machine, in which a user holds the policies and nothing else. What was refused is told, whether CMD
    failed for it or went on, with the statements that would allow it; -o writes those down as a policy.

    A rehearsal proves less than a deploy. The account is simulated, and empty at the start. Which calls CloudFormation
    makes for a resource is written down in tracer, from AWS's documentation; what is not written down ends the
    rehearsal with an error, and is never guessed. Policies of the organization, of resources and of VPC endpoints are
    not there, nor are quotas; roles are taken to trust who assumes them, and functions are not run.

    Needs `pip install 'cloudtrail-tracer[rehearse]'`. The exit code is 1 where CMD failed, and with --strict where
    anything was refused; 2 where the account could not judge a call.
    """
    from tracer.rehearse.account import Account

    given = read_policies(policies)
    with Account.start([sys.executable, "-m", "tracer.cli.decide"], number=_account(settings, given)) as account:
        stage = Stage(account, words, before, settings)
        outcomes, missing = _rounds(stage, given, rounds)
    show(rehearsed(Told(shlex.join(words), outcomes, missing)))
    if missing.statements and settings.output:
        deliver(settings.output, [missing.to_json().encode()], "missing.json")
    return int(any(one.hard or (settings.strict and one.refusals) for one in outcomes))


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a command is rehearsed: all that is the same in each round."""

    account: Account
    words: tuple[str, ...]
    before: str | None
    settings: Settings

    def rehearse(self, policies: Iterable[Policy]) -> Rehearsal:
        """One round."""
        from tracer.collect.child import run_child
        from tracer.rehearse.rehearsal import rehearse as rehearse_once

        return rehearse_once(
            self.account,
            [policy.to_dict() for policy in policies],
            partial(run_child, self.words),
            os.environ,
            region=self.settings.regions[0] if self.settings.regions else os.environ.get("AWS_REGION", REGION),
            before=partial(run_child, ["sh", "-c", self.before]) if self.before else None,
        )


def _rounds(stage: Stage, given: Sequence[Policy], rounds: int) -> tuple[list[Rehearsal], Policy]:
    """The rounds, until nothing is refused any more, and a policy of what was missing in all of them."""
    outcomes: list[Rehearsal] = []
    grants: list[Grant] = []
    while len(outcomes) < rounds:
        say(f"tracer: rehearsing at {stage.account.endpoint}" + (f", round {len(outcomes) + 1}" if rounds > 1 else ""))
        outcome = stage.rehearse([*given, Policy(build(grants))] if grants else given)
        outcomes.append(outcome)
        if not outcome.refusals:
            break
        grants += _grants(outcome, stage.settings)
    return outcomes, Policy(build(grants))


def _grants(outcome: Rehearsal, settings: Settings) -> Iterator[Grant]:
    """What would have allowed each refusal, for the next run's generated names too."""
    general = Generalizer(settings.resources, settings.service, settings.stage, outcome.stacks)
    for refusal in outcome.refusals:
        conditions = Conditions()
        for key, value in refusal.conditions.items():
            conditions |= Conditions.of("ArnEquals" if value.startswith("arn:") else "StringEquals", key, value)
        resource, _ = general(ArnPattern(refusal.resource))
        yield Grant(Action(refusal.action), resource, general.conditions(conditions))


def _account(settings: Settings, policies: Iterable[Policy]) -> str:
    """The account that the policies are for: the one that is asked for, or the one that their ARNs name.

    Raises:
        UsageError: they name several.
    """
    if settings.accounts:
        return settings.accounts[0]
    resources = [text for policy in policies for one in policy.statements for text in one.resources]
    named = sorted({found[1] for text in resources if (found := _OWNER.match(text))})
    if len(named) > 1:
        raise UsageError(f"the policies name several accounts: {', '.join(named)}", "say with --account which it is")
    return named[0] if named else ACCOUNT


rehearse.allow_interspersed_args = False  # what follows CMD is CMD's, also without a `--`
