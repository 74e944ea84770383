"""`tracer rehearse`: runs a deploy under a policy, in an account on this machine, before the policy is attached."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from tracer.model.permission import ResourcesMode
from tracer.model.policy import Conditions, Policy
from tracer.reduce.generalize import Generalizer
from tracer.report.rehearsal import Attempt, Told, rehearsed

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
    "tracer rehearse --policy deployer.json --once --strict -- make deploy remove",
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
            ["--once"], is_flag=True,
            help="Run CMD once, also where something is refused.",
        ),
    ),
)  # fmt: skip
def rehearse(
    settings: Settings, words: tuple[str, ...], policies: tuple[str, ...], before: str | None, *, once: bool
) -> int:
    """Run a deploy under a policy, in an account on this machine, and say what it was refused.

    CMD runs as it would otherwise, but for its environment: AWS's tools and SDKs, Serverless 3 too, find an empty
    account on this machine, in which a user holds the policies and nothing else. What was refused is told: `hard` where
    CMD failed, `soft` where it went on.

    Where something was refused, CMD runs twice more: with nothing refused, to see all that is missing, and under the
    policies with that added. What is missing is printed as statements, and written to -o.

    A rehearsal proves less than a deploy. The account is simulated, and empty at the start. Which calls CloudFormation
    makes for a resource is written down in tracer, from AWS's documentation; what is not written down ends the
    rehearsal with an error, and is never guessed. Policies of the organization, of resources and of VPC endpoints are
    not there, nor are quotas; roles are taken to trust who assumes them, and functions are not run.

    Needs `pip install 'cloudtrail-tracer[rehearse]'`. The exit code is 1 where CMD failed under the policies,
    and with --strict where anything was refused; 2 where the account could not judge a call.
    """
    from tracer.rehearse.account import Account

    if settings.dry_run:
        raise UsageError("tracer rehearse runs the command, so there is no --dry-run of it", "leave --dry-run out")
    given = read_policies(policies)
    judge = [sys.executable, "-P", "-m", "tracer.cli.decide"]
    with Account.start(judge, number=_account(settings, given)) as account:
        told = _rehearsed(Stage(account, words, before, settings), given, once=once)
    show(rehearsed(told))
    if told.missing.statements and settings.output:
        deliver(settings.output, [told.missing.to_json().encode()], "missing.json")
    first = told.attempts[0].outcome
    return int(first.exit_code != 0 or (settings.strict and bool(first.refusals)))


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a command is rehearsed: all that is the same in each round."""

    account: Account
    words: tuple[str, ...]
    before: str | None
    settings: Settings

    def rehearse(self, policies: Iterable[Policy], *, lenient: bool = False) -> Rehearsal:
        """Run the command once."""
        from tracer.collect.child import run_child
        from tracer.rehearse.rehearsal import rehearse as rehearse_once

        say(f"tracer: rehearsing at {self.account.endpoint}{', with nothing refused' if lenient else ''}")
        return rehearse_once(
            self.account,
            [policy.to_dict() for policy in policies],
            partial(run_child, self.words, alone=False),
            os.environ,
            region=self.settings.regions[0] if self.settings.regions else os.environ.get("AWS_REGION", REGION),
            before=partial(run_child, ["sh", "-c", self.before], alone=False) if self.before else None,
            lenient=lenient,
        )


def _rehearsed(stage: Stage, given: Sequence[Policy], *, once: bool) -> Told:
    """The attempts: under the policies; where something was refused, with nothing refused, to see all that is missing,
    and under the policies with that added.
    """
    command = shlex.join(stage.words)
    outcome = stage.rehearse(given)
    attempts = [Attempt("under the policy", outcome)]
    if once or not outcome.refusals:
        return Told(command, attempts, Policy(build(_grants(stage, [outcome]))))
    lenient = stage.rehearse(given, lenient=True)
    attempts.append(Attempt("with nothing refused", lenient, lenient=True))
    missing = Policy(build(_grants(stage, [outcome, lenient])))
    if missing.statements:
        attempts.append(Attempt("with what is missing added", stage.rehearse([*given, missing])))
    return Told(command, attempts, missing)


def _grants(stage: Stage, outcomes: Iterable[Rehearsal]) -> Iterator[Grant]:
    """What would have allowed the refusals, for the next run's generated names too. Against a Deny nothing helps."""
    exact = stage.settings.resources is ResourcesMode.EXACT
    for outcome in outcomes:
        general = Generalizer(ResourcesMode.EXACT if exact else ResourcesMode.NAMES, stacks=outcome.stacks)
        for refusal in outcome.refusals:
            if not refusal.explicit:
                resource, _ = general(ArnPattern(refusal.resource))
                yield Grant(Action(refusal.action), resource, general.conditions(_conditions(refusal.conditions)))


def _conditions(values: Mapping[str, str]) -> Conditions:
    conditions = Conditions()
    for key, value in values.items():
        conditions |= Conditions.of("ArnEquals" if value.startswith("arn:") else "StringEquals", key, value)
    return conditions


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
